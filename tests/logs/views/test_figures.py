"""Figures as people read them."""

import datetime as dt

import pytest
from logs.summaries import START, at

from betamw.logs.views.figures import Times, counted, seconds, share, span


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0 ms"),
        (0.0001, "<1 ms"),
        (0.0009, "<1 ms"),
        (0.6412, "641 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (9.994, "9.99 s"),
        (9.996, "10.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min"),
        (192.4, "3 min 12 s"),
        (3599.9, "1 h"),
        (11_520, "3 h 12 min"),
        (86_400 * 2 + 3 * 3600, "2 d 3 h"),
        (86_400 * 12_000, "12,000 d"),
    ],
)
def test_seconds(value, expected):
    """Three digits, or the two greatest units; nothing is rounded to 60 of a unit."""
    assert expected == seconds(value)


@pytest.mark.parametrize(("size", "expected"), [(10, "10 s"), (900, "15 min"), (10_800, "3 h"), (7 * 86_400, "7 d")])
def test_span(size, expected):
    """The length of a bucket."""
    assert expected == span(size)


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(1, 3, "33.3 %"), (9_999, 10_000, "99.9 %"), (7, 7, "100 %"), (0, 7, "0.0 %"), (1, 100_000, "<0.1 %")],
)
def test_share(part, whole, expected):
    """It is 100 % only where it is all, and 0.0 % only where it is none."""
    assert expected == share(part, whole)


@pytest.mark.parametrize(("count", "expected"), [(0, "0 calls"), (1, "1 call"), (12_480, "12,480 calls")])
def test_counted(count, expected):
    """One, or many with separators."""
    assert expected == counted(count, "call")


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (at(0.1), "00:00:00"),
        (at(23), "00:00"),
        (at(24), "11-01 00:00"),
        (at(24 * 90), "2026-11-01 00:00"),
    ],
)
def test_times(until, expected):
    """A time goes without the part that all have in common."""
    assert expected == Times.between(START, until).short(START)


def test_times_are_utc():
    """An offset is taken off."""
    there = START.astimezone(dt.timezone(dt.timedelta(hours=5)))

    assert "11-01 00:00" == Times.between(START, at(48)).short(there)


@pytest.mark.parametrize(
    ("until", "size", "expected"),
    [(at(48), 86_400, "2026-11-01"), (at(48), 3600, "11-01 00:00"), (at(1), 30, "00:00:00")],
)
def test_times_of_buckets(until, size, expected):
    """The beginning of a bucket is as fine as the bucket."""
    assert expected == Times.between(START, until).of_bucket(START, size)
