"""Durations in buckets that grow by the same factor, so that a percentile is right to the same percentage anywhere.

Facts: with a factor of `(1 + e) / (1 - e)` the middle of a bucket is within `e` of all that is in it (DDSketch,
https://arxiv.org/abs/1908.10693).
"""

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import attrs

from betamw.logs.counting.numbers import all_within
from betamw.logs.summary import Percentiles

_ERROR: Final = 0.0095
"""Less than one percent by what rounding to four digits adds."""

_SHORTEST, _LONGEST = 1e-4, 1e5
"""Seconds: what is shorter or longer counts as these."""

_PER_FACTOR: Final = 1 / math.log((1 + _ERROR) / (1 - _ERROR))
_FIRST: Final = math.floor(math.log(_SHORTEST) * _PER_FACTOR)
_BUCKETS: Final = math.floor(math.log(_LONGEST) * _PER_FACTOR) - _FIRST + 1


def _none() -> "array[int]":
    return array("Q", bytes(8 * _BUCKETS))


@attrs.define
class Histogram:
    """How often there was which duration, in a space that does not grow."""

    _counts: "array[int]" = attrs.Factory(_none)

    def add_all(self, seconds: Sequence[float | None]) -> None:
        """Count durations; what is no number, or below zero, is no duration."""
        if not all_within(seconds, _SHORTEST, _LONGEST):
            durations = (each for each in seconds if each is not None and 0.0 <= each < math.inf)
            seconds = [min(max(each, _SHORTEST), _LONGEST) for each in durations]
        log, factor = math.log, _PER_FACTOR
        for bucket, times in Counter([int(log(each) * factor - _FIRST) for each in seconds]).items():
            self._counts[bucket] += times

    def merge(self, *others: "Histogram") -> None:
        """Add what others have counted."""
        for other in others:
            self._counts = array("Q", map(int.__add__, self._counts, other._counts))

    def percentiles(self) -> Percentiles | None:
        """The duration that so many percent of the calls did not exceed; None where there is none."""
        sums = list(accumulate(self._counts))
        if not sums[-1]:
            return None
        p50, p95, p99 = (_middle(_first_with(sums, -(-sums[-1] * percent // 100))) for percent in (50, 95, 99))
        return Percentiles(p50=p50, p95=p95, p99=p99)


def _first_with(sums: list[int], rank: int) -> int:
    return next(bucket for bucket, below in enumerate(sums) if below >= rank)


def _middle(bucket: int) -> float:
    lower = math.exp((bucket + _FIRST) / _PER_FACTOR)
    return float(f"{lower * (1 + _ERROR):.4g}")
