"""Counts over time in the width of a line."""

import datetime as dt
import itertools

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs.summaries import beta_row, moment, summary

from betamw.logs.views.over_time import ASCII, BLOCKS, PARTS, cells, longer, sparkline


def drawn(sent, refused=None, width=24, glyphs=BLOCKS):
    row = beta_row("a", sent_over_time=tuple(sent), rejected_over_time=tuple(refused or [0] * len(sent)))
    return sparkline(row, width, glyphs)


@pytest.mark.parametrize(
    ("sent", "refused", "expected"),
    [
        ([], [], ""),
        ([0, 0], [0, 0], ""),
        ([1, 2, 4, 8], [0, 0, 0, 0], "▁▂▄█"),
        ([1, 1000], [0, 0], "▁█"),
        ([0, 5, 0], [0, 0, 0], " █"),
        ([8, 0, 2], [0, 3, 2], "█×▂"),  # noqa: RUF001  the sign is meant
        ([0, 0], [1, 0], "×"),  # noqa: RUF001  the sign is meant
    ],
)
def test_sparkline(sent, refused, expected):
    """A cell is as high as what was sent, the least is seen; what was refused more than sent is marked."""
    assert expected == drawn(sent, refused)


def test_sparkline_squeezed():
    """An even flow is drawn even where the moments do not divide by the cells."""
    assert "█" * 20 == drawn([100] * 56, width=20)


def test_sparkline_ascii():
    """There is one for terminals without blocks."""
    assert "_-#x" == drawn([1, 3, 8, 0], [0, 0, 0, 1], glyphs=ASCII)


@given(st.integers(1, 300), st.sampled_from([10, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 604_800, 123]))
def test_longer(count, size):
    """At most some twenty stretches, aligned, in order, and no call is lost."""
    first = dt.datetime.fromtimestamp(size * 7_777, dt.UTC)
    timeline = tuple(
        attrs.evolve(moment(0, error=number), start=first + dt.timedelta(seconds=size * number))
        for number in range(count)
    )

    merged, moments = longer(summary(bucket_seconds=size, timeline=timeline))

    assert len(moments) <= 20
    assert sum(range(count)) == sum(each.error for each in moments)
    if count > 20:
        assert {0} == {each.start.timestamp() % merged for each in moments}
        steps = {(after.start - before.start).total_seconds() for before, after in itertools.pairwise(moments)}
        assert {merged} == steps


def test_longer_keeps_a_short_one():
    """A timeline that fits is shown as it is."""
    short = summary(timeline=tuple(moment(number) for number in range(20)))

    assert (short.bucket_seconds, short.timeline) == longer(short)


@given(
    st.fixed_dictionaries({part: st.integers(0, 10_000) for part in PARTS}), st.integers(4, 60), st.integers(0, 9_000)
)
def test_cells(counts, width, more):
    """What is there takes a cell, what is not takes none, and a bar is never longer than its room."""
    total = sum(counts.values())

    taken = cells(counts, max(total + more, 1), width)

    assert {part for part in PARTS if counts[part]} == set(taken)
    assert all(count >= 1 for count in taken.values())
    assert sum(taken.values()) <= width
    if total and not more:
        assert width == sum(taken.values())
