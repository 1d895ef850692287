"""Time in buckets that only ever become longer: a count of a few days and one of a year take the same space.

The buckets are of one length everywhere, begin at 1970 UTC, and lie wholly within those of the next length. That length
is the shortest with which at most `MOST` of them hold anything. So it depends on the events and not on their order; and
a clock that is wrong by decades, which fills one bucket more, makes nothing coarser.

What is shown is another question, for there no bucket may be left out between the first and the last: `window` looks
for the shortest length with which nearly all events lie within `MOST` buckets in a row. The few that a wrong clock has
put elsewhere are left out of the timeline, and counted everywhere else.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import attrs

from betamw.logs.counting.numbers import in_order

MOST: Final = 200
UNTIMED: Final = -1
"""The bucket of events that do not say when: the same for every length."""

LAST: Final = 253_402_300_799.0
"""The end of the year 9999, the last that `datetime` knows; a time beyond it, or before 1970, is none."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
UNITS: Final = (
    *(10, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY),
    *(7 * 4**power * _DAY for power in range(7)),  # the longest, 78 years, are less than `MOST` up to the year 10,000
)
_FEW: Final = 100
"""One event in so many may lie outside of the window."""

Series = dict[int, int]
"""Bucket -> how often."""


def add_to(series: Series, more: Mapping[int, int], times: int = 1) -> None:
    """Add the counts of one series to another."""
    for bucket, count in more.items():
        series[bucket] = series.get(bucket, 0) + count * times


def coarsened(series: Mapping[int, int], factor: int) -> Series:
    """The same in buckets that are `factor` times as long."""
    coarse: Series = {}
    for bucket, count in series.items():
        coarse[bucket // factor] = coarse.get(bucket // factor, 0) + count
    return coarse


def unit_for(buckets: AbstractSet[int], unit: int) -> int:
    """The index in `UNITS` of the shortest length with which few enough buckets hold anything; `unit` is theirs."""
    for coarser in range(unit, len(UNITS)):
        factor = UNITS[coarser] // UNITS[unit]
        if len({bucket // factor for bucket in buckets}) <= MOST:
            return coarser
    return len(UNITS) - 1


@attrs.frozen
class Window:
    """The buckets that are shown.

    Attributes:
        factor: How many of the counted buckets make one that is shown.
        seconds: Its length.
        first: The number of the first one that is shown.
        buckets: How many are shown.
    """

    factor: int
    seconds: int
    first: int
    buckets: int

    def of(self, series: Mapping[int, int]) -> tuple[int, ...]:
        """The counts of a series, one for each bucket that is shown."""
        shown = [0] * self.buckets
        for bucket, count in series.items():
            if bucket != UNTIMED and 0 <= (at := bucket // self.factor - self.first) < self.buckets:
                shown[at] += count
        return tuple(shown)


def window(events: Mapping[int, int], unit: int) -> Window:
    """What to show of a series with all events, whose buckets have the length `UNITS[unit]`."""
    timed = {bucket: count for bucket, count in events.items() if bucket != UNTIMED}
    total = sum(timed.values())
    found = Window(1, UNITS[unit], 0, 0)
    if not total:
        return found
    for coarser in range(unit, len(UNITS)):
        factor = UNITS[coarser] // UNITS[unit]
        held, first, last = _fullest(sorted(coarsened(timed, factor).items()))
        found = Window(factor, UNITS[coarser], first, last - first + 1)
        if (total - held) * _FEW <= total:
            break
    return found


def _fullest(buckets: list[tuple[int, int]]) -> tuple[int, int, int]:
    """How many events the fullest `MOST` buckets in a row hold, with the first and the last that hold any."""
    held, start, best = 0, 0, (0, 0, 0)
    for bucket, count in buckets:
        held += count
        while buckets[start][0] <= bucket - MOST:
            held -= buckets[start][1]
            start += 1
        best = max(best, (held, buckets[start][0], bucket))
    return best


def times_of(ats: Sequence[float | None], seconds: int) -> tuple[Series, list[float]]:
    """In which buckets events were written, and their times in order; what is no time is untimed."""
    ordered = in_order(ats, 0.0, LAST)
    series: Series = {UNTIMED: len(ats) - len(ordered)} if len(ordered) < len(ats) else {}
    start = 0
    while start < len(ordered):
        bucket = int(ordered[start] // seconds)
        end = bisect_left(ordered, (bucket + 1) * seconds, start)
        series[bucket] = end - start
        start = end
    return series, ordered
