"""Counting events as they come in, in constant space.

Most calls are like many others: the same endpoint, the same betas, the same outcome. So calls are gathered by all that
makes them equal, with nothing but their times and durations kept apart, and what became of each beta is counted once
for all of a kind. That is done every so many events, and when the counts are asked for.
"""

import math
from collections.abc import Iterable
from typing import Final

import attrs

from betamw.core.telling import name_told
from betamw.logs.counting.counts import Counts, earliest, latest
from betamw.logs.counting.kinds import CallKind, Counting, Gathered, RefusalKind, call_kind, refusal_kind, space_of
from betamw.logs.counting.rows import Read, summary_of
from betamw.logs.reading.repeats import Like, Repeat
from betamw.logs.record import CALL, INVALID, REFUSAL, Record
from betamw.logs.selection import Selection
from betamw.logs.summary import Summary

_MOST_GATHERED: Final = 30_000
"""So many events are gathered before they are counted; one of a new kind stands for as many as it takes space."""


@attrs.define
class Tally:
    """Counts the events that are selected. What comes out depends neither on their order nor on how they are split up.

    Attributes:
        selection: Which events count.
        check: Whether to look for events that break an invariant of the log's.
    """

    selection: Selection = attrs.Factory(Selection)
    check: bool = False
    _counts: Counts = attrs.Factory(Counts)
    _calls: dict[CallKind, Gathered] = attrs.Factory(dict)
    _alike: dict[Like, Gathered] = attrs.Factory(dict)
    _refusals: dict[RefusalKind, list[float | None]] = attrs.Factory(dict)
    _left: int = _MOST_GATHERED

    def add(self, record: Record) -> None:
        """Count an event."""
        self.add_all((record,))

    @property
    def takes_repeats(self) -> bool:
        """Whether a call may also come as the repeat of another: where nobody looks at each one."""
        return self.selection.everything and not self.check

    def add_all(self, records: Iterable[Record | Repeat]) -> None:
        """Count events, as they come; repeats only if it takes them."""
        matches = None if self.selection.everything else self.selection.matches
        alike, left, check = self._alike, self._left, self.check
        for record in records:
            gathered = None
            if isinstance(record, Repeat):
                gathered = alike.get(record.like)
                if gathered is None:
                    gathered, space = self._gathered(record.like.call)
                    alike[record.like] = gathered
                    left -= space
            elif matches is not None and not matches(record):
                continue
            elif record.event == CALL:
                gathered, space = self._gathered(record)
                left -= space
            else:
                left -= self._happened(record)
            if gathered is not None:
                gathered.ats.append(record.at)
                if record.resend_overhead_s is None:
                    gathered.durations.append(record.duration_s)
                else:
                    gathered.resent.append((record.duration_s, record.resend_overhead_s))
                left -= 1
            if check and isinstance(record, Record):
                self._check(record)
            if left <= 0:
                self._count()
                left = self._left
        self._left = left

    def _gathered(self, call: Record) -> tuple[Gathered, int]:
        """Where calls of this kind are gathered, and how much space that takes anew."""
        kind = call_kind(call)
        if (gathered := self._calls.get(kind)) is not None:
            return gathered, 0
        gathered = self._calls[kind] = Gathered()
        return gathered, space_of(kind)

    def _happened(self, record: Record) -> int:
        """Count an event that is no call."""
        if record.event == INVALID:
            self._invalid(record)
        return self._refused(record) if record.event == REFUSAL else 0

    def _refused(self, record: Record) -> int:
        kind = refusal_kind(record)
        ats = self._refusals.get(kind)
        new = ats is None
        if ats is None:
            ats = self._refusals[kind] = []
        ats.append(record.at)
        return 1 + new * space_of(kind)

    def _invalid(self, record: Record) -> None:
        counts = self._counts
        counts.first, counts.last = earliest(counts.first, record.at), latest(counts.last, record.at)
        if (invalid := self._counts.invalid.at((name_told(record.origin or "unknown"),))) is not None:
            invalid.count += 1

    def _check(self, record: Record) -> None:
        from betamw.logs.invariants import violations  # noqa: PLC0415  only where somebody asks for it

        first = ((math.inf if record.at is None else record.at, name_told(record.betamw_call)),)
        for invariant in violations(record):
            if (broken := self._counts.broken.at((invariant,))) is not None:
                broken.add(1, first)

    def merge(self, other: "Tally") -> None:
        """Add what another has counted; the other is not to be used any more."""
        self._counts.merge(other.counts())

    def counts(self) -> Counts:
        """What was counted so far."""
        self._count()
        return self._counts

    def summary(self, readers: Iterable[Read] = ()) -> Summary:
        """All that a report tells; with what was read, in order. Spans of one file follow each other."""
        return summary_of(self.counts(), self.selection, readers, checked=self.check)

    def _count(self) -> None:
        Counting(self._counts, self.selection).add(self._calls, self._refusals)
        self._calls.clear()
        self._alike.clear()
        self._refusals.clear()
        self._left = _MOST_GATHERED
