"""Time as columns: moments of the timeline taken together, so that a drawing has as many as it has room for."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import attrs

from betamw.logs.summary import Summary
from betamw.logs.views.page.wording import moment, tick

_DAY: Final = 86400
_DAYS_TO_SEE: Final = 3
_TICKS: Final = 4
_CHARACTER: Final = 0.025
"""What a character of a label takes of an axis where it is shortest, on a phone: they stand side by side there, too."""


@attrs.frozen(kw_only=True)
class Tick:
    """A label on an axis, at a part of its length."""

    at: float
    text: str


@attrs.frozen(kw_only=True)
class Columns:
    """Neighbouring moments taken together.

    Attributes:
        starts: When each column begins.
        cuts: Where each begins in `Summary.timeline`, and its end.
        seconds: How long each is.
    """

    starts: tuple[dt.datetime, ...]
    cuts: tuple[int, ...]
    seconds: float

    def __len__(self) -> int:
        return len(self.starts)

    def sums(self, figures: Sequence[int]) -> list[int]:
        """Figures of moments as figures of columns."""
        return [sum(figures[start:end]) for start, end in zip(self.cuts, self.cuts[1:], strict=False)]

    def name(self, place: int) -> str:
        """A column in words."""
        start = self.starts[place]
        return start.strftime("%Y-%m-%d") if self.seconds == _DAY else moment(start)

    @property
    def each(self) -> str:
        """What one column is."""
        for unit, word in ((7 * _DAY, "week"), (_DAY, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
            if self.seconds >= unit and not (word == "week" and self.seconds % unit):
                count = self.seconds / unit
                return word if count == 1 else f"{count:.3g} {word}s"
        return "moment"

    @property
    def ticks(self) -> Iterator[Tick]:
        """A few labels, where the first column begins that each one is of: a day, a month."""
        span = self.starts[-1] - self.starts[0] + dt.timedelta(seconds=self.seconds)
        labels = [tick(start, span, self.seconds) for start in self.starts]
        changes = [place for place, text in enumerate(labels) if not place or text != labels[place - 1]]
        if changes[2:] and 2 * changes[1] < changes[2] - changes[1]:
            del changes[0]  # it is but a part of its day, and in the way of the next
        wide = max(map(len, labels)) * _CHARACTER
        ticks = min(_TICKS, int(1 / (wide + _CHARACTER)))
        for place in changes[:: -(-len(changes) // ticks)]:
            if place == changes[0] or place / len(self) + wide <= 1:
                yield Tick(at=place / len(self), text=labels[place])


def columns(summary: Summary, most: int, *, by_day: bool = False) -> Columns | None:
    """The timeline in at most so many columns; by day where it is some days long. None if nothing has a time."""
    moments = summary.timeline
    if not moments:
        return None
    length = summary.bucket_seconds
    if by_day and length <= _DAY and (moments[-1].start - moments[0].start).days >= _DAYS_TO_SEE:
        days = [
            [place for place, _ in group] for _, group in groupby(enumerate(moments), lambda one: one[1].start.date())
        ]
        firsts, length = [day[0] for day in days], _DAY
    else:
        firsts = list(range(len(moments)))
    together = -(-len(firsts) // most)
    firsts = firsts[::together]
    return Columns(
        starts=tuple(moments[place].start for place in firsts),
        cuts=(*firsts, len(moments)),
        seconds=length * together,
    )
