"""Counts over time in the width of a line: sparklines, bars, and fewer, longer stretches of time."""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, Literal

import attrs

from betamw.logs.summary import BetaRow, Moment, Summary

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_NICE: Final = (
    *(10, 30),
    *(size * _MINUTE for size in (1, 2, 5, 10, 15, 30)),
    *(size * _HOUR for size in (1, 2, 3, 6, 12)),
    *(size * _DAY for size in (1, 2, 7, 14, 28, 56, 112, 364)),
)
_MOST_MOMENTS: Final = 20
Part = Literal["ok", "recovered", "failed", "cancelled"]
PARTS: Final[tuple[Part, ...]] = ("ok", "recovered", "failed", "cancelled")
"""What a bar is made of; `failed` are the calls that ended `rejected` or `error`."""


@attrs.frozen
class Glyphs:
    """What sparklines and bars are drawn with: each part of a bar looks different without colours, too."""

    levels: str
    refused: str
    parts: str
    ascii_only: bool
    nothing: str = " "

    def part(self, part: Part) -> str:
        """One cell of that part of a bar."""
        return self.parts[PARTS.index(part)]


BLOCKS: Final = Glyphs("▁▂▃▄▅▆▇█", "×", "█▓▒░", ascii_only=False)  # noqa: RUF001  the sign is meant
ASCII: Final = Glyphs("_,-=+*%#", "x", "#+x.", ascii_only=True)


def sparkline(row: BetaRow, width: int, glyphs: Glyphs) -> str:
    """How often a beta was sent, in cells as high as its own maximum; marked is where it was refused more than sent."""
    sent, refused = _squeezed(row.sent_over_time, width), _squeezed(row.rejected_over_time, width)
    most = max(sent, default=0)
    return "".join(_cell(*means, most, glyphs) for means in zip(sent, refused, strict=True)).rstrip()


def legend(glyphs: Glyphs) -> str:
    """How to read a sparkline."""
    low, high = glyphs.levels[0], glyphs.levels[-1]
    return f"over time: sent, from {low} to {high}; {glyphs.refused} refused more often than sent"


def _cell(sent: float, refused: float, most: float, glyphs: Glyphs) -> str:
    if refused > sent:
        return glyphs.refused
    return glyphs.levels[max(round(sent / most * len(glyphs.levels)), 1) - 1] if sent else glyphs.nothing


def _squeezed(counts: Sequence[int], width: int) -> list[float]:
    """Means of neighbours, at most so many: sums would be higher where one more of them falls into a cell."""
    among = min(len(counts), width)
    cuts = [place * len(counts) // among for place in range(among)] + [len(counts)] if among else []
    return [sum(counts[start:end]) / (end - start) for start, end in pairwise(cuts)]


def longer(summary: Summary) -> tuple[int, tuple[Moment, ...]]:
    """The timeline in at most some twenty stretches, and how many seconds each one takes.

    They begin at whole multiples since 1970, as the finer ones do.
    """
    size = summary.bucket_seconds
    sizes = [nice for nice in _NICE if nice > size and nice % size == 0]
    moments = summary.timeline
    while len(moments) > _MOST_MOMENTS:
        size = sizes.pop(0) if sizes else size * 2
        moments = tuple(_sums(summary.timeline, size))
    return size, moments


def _sums(timeline: Iterable[Moment], size: int) -> Iterable[Moment]:
    sums: dict[int, dict[str, int]] = {}
    for moment in timeline:
        counts = attrs.asdict(moment, filter=attrs.filters.exclude("start"))
        had = sums.setdefault(int(moment.start.timestamp()) // size * size, dict.fromkeys(counts, 0))
        for name, count in counts.items():
            had[name] += count
    return (Moment(start=dt.datetime.fromtimestamp(start, dt.UTC), **counts) for start, counts in sums.items())


def parts(moment: Moment) -> dict[Part, int]:
    """The calls of a stretch of time, in the parts of its bar."""
    return {
        "ok": moment.ok,
        "recovered": moment.recovered,
        "failed": moment.rejected + moment.error,
        "cancelled": moment.cancelled,
    }


def cells(counts: dict[Part, int], most: int, width: int) -> dict[Part, int]:
    """How many cells of a bar each part takes; a bar of `most` calls takes them all, and what is there takes one."""
    total = sum(counts.values())
    room = max(-(-total * width // most), sum(map(bool, counts.values()))) if total else 0
    taken: dict[Part, int] = {part: max(count * room // total, 1) for part, count in counts.items() if count}
    if taken:
        largest = max(taken, key=lambda part: taken[part])
        taken[largest] = max(taken[largest] + room - sum(taken.values()), 1)
    return taken
