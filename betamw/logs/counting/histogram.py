"""Durations in buckets whose length grows with them, so that a percentile is right to the same percentage anywhere.

Facts: a number in single precision (IEEE 754 binary32) is written as its sign, 8 bits of exponent and 23 bits of
mantissa, so its upper 16 bits tell its power of two and in which 128th above that it lies: a bucket whose middle is
within 0.4 percent of all that is in it.
"""

import sys
from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import attrs

from betamw.logs.counting.numbers import within
from betamw.logs.summary import Percentiles

_SHORTEST, _LONGEST = 2.0**-13, 2.0**14
"""Seconds, from an eighth of a millisecond to some hours: what is shorter or longer counts as these."""

_STEPS: Final = 128
_UPPER: Final = 1 if sys.byteorder == "little" else 0


def _buckets_of(seconds: Sequence[float]) -> Counter[int]:
    """How many there are in which bucket, without a step of Python for each."""
    return Counter(memoryview(array("f", seconds)).cast("B").cast("H")[_UPPER::2])


_FIRST: Final = min(_buckets_of([_SHORTEST]))
_BUCKETS: Final = min(_buckets_of([_LONGEST])) - _FIRST + 1


@attrs.define
class Histogram:
    """How often there was which duration, in a space that does not grow."""

    counts: "array[int] | None" = None

    def add_all(self, seconds: Sequence[float | None]) -> None:
        """Count durations; what is no number, or below zero, is no duration."""
        durations = within(seconds, _SHORTEST, _LONGEST)
        if durations:
            counts = self._some()
            for bucket, times in _buckets_of(durations).items():
                counts[bucket - _FIRST] += times

    def _some(self) -> "array[int]":
        if self.counts is None:
            self.counts = array("Q", bytes(8 * _BUCKETS))
        return self.counts

    def merge(self, *others: "Histogram") -> None:
        """Add what others have counted."""
        for other in others:
            if other.counts is not None:
                self.counts = array("Q", map(int.__add__, self._some(), other.counts))

    def percentiles(self) -> Percentiles | None:
        """The duration that so many percent of the calls did not exceed; None where there is none."""
        if self.counts is None:
            return None
        sums = list(accumulate(self.counts))
        p50, p95, p99 = (_middle(_first_with(sums, -(-sums[-1] * percent // 100))) for percent in (50, 95, 99))
        return Percentiles(p50=p50, p95=p95, p99=p99)


def _first_with(sums: list[int], rank: int) -> int:
    return next(bucket for bucket, below in enumerate(sums) if below >= rank)


def _middle(bucket: int) -> float:
    power, step = divmod(bucket, _STEPS)
    return float(f"{_SHORTEST * 2.0**power * (1 + (step + 0.5) / _STEPS):.4g}")
