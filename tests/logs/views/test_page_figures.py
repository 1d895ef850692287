"""The drawings of the page: where each mark stands."""

import datetime as dt

import attrs
import pytest
from logs.summaries import START, beta_row, endpoint_row, summary
from logs.views.page_summaries import DAY, HOUR, maximal, timeline

from betamw.logs.summary import Percentiles
from betamw.logs.views.page.betas import MOST_BARS, MOST_DAYS, MOST_STRIPS, bars, heat_map
from betamw.logs.views.page.columns import columns
from betamw.logs.views.page.latency import latencies
from betamw.logs.views.page.outcomes import MOST_COLUMNS, outcomes

ONE = (1, 0, 0, 0, 0)


def over(count: int, seconds: int = HOUR, start: dt.datetime = START, **changes):
    """A summary with so many moments."""
    return summary(bucket_seconds=seconds, timeline=timeline(*[ONE] * count, seconds=seconds, start=start), **changes)


@pytest.mark.parametrize(
    ("count", "seconds", "expected"),
    [
        (1, HOUR, "hour"),
        (72, HOUR, "hour"),
        (73, HOUR, "day"),
        (60, DAY, "day"),
        (61, DAY, "2 days"),
        (4, 7 * DAY, "week"),
        (120, 7 * DAY, "2 weeks"),
        (61, 5 * DAY, "10 days"),
    ],
)
def test_columns_by_day(count, seconds, expected):
    """More than three days are shown day by day, a shorter log as it was counted, a long one by some days."""
    assert expected == columns(over(count, seconds), 100 if count == 72 else MOST_DAYS, by_day=True).each


def test_days_begin_at_midnight():
    """A day's column holds the moments of that day, also the first, which is but a part of one."""
    cols = columns(over(24 * 4, start=START + dt.timedelta(hours=18)), MOST_DAYS, by_day=True)
    assert [6, 24, 24, 24, 18] == cols.sums([1] * 96)


def test_columns_lose_nothing():
    """Taken together, figures keep their sum."""
    cols = columns(over(200), 90)
    assert (67, sum(range(200))) == (len(cols), sum(cols.sums(range(200))))


def test_days_are_labelled_where_they_begin():
    """The labels of some days stand at their midnights, and the first is left out where it is but a part of a day."""
    cols = columns(over(24 * 4, start=START + dt.timedelta(hours=18)), 96)
    assert [("Nov 2", 6), ("Nov 3", 30), ("Nov 4", 54), ("Nov 5", 78)] == [
        (tick.text, round(tick.at * 96)) for tick in cols.ticks
    ]


@pytest.mark.parametrize(
    ("count", "seconds", "expected"),
    [
        (4, 10, ["00:00:00", "00:00:10", "00:00:20", "00:00:30"]),
        (4, HOUR, ["00:00", "01:00", "02:00", "03:00"]),
        (2, DAY, ["Nov 1 00:00", "Nov 2 00:00"]),
        (44, HOUR, ["Nov 1 00:00", "Nov 1 15:00", "Nov 2 06:00"]),
        (400, DAY, ["Nov 2026", "Mar 2027", "Jul 2027"]),
        (40, HOUR, ["Nov 1 00:00", "Nov 1 14:00", "Nov 2 04:00"]),
    ],
)
def test_labels_are_short(count, seconds, expected):
    """A label says what differs over the span of the log, and no more; side by side they have room on a phone."""
    assert expected == [tick.text for tick in columns(over(count, seconds), 400).ticks]


def test_stacked():
    """Bars of one column stand on each other, and are as high as their counts on the scale."""
    drawn = outcomes(summary(bucket_seconds=HOUR, timeline=timeline((6, 2, 1, 1, 0))))
    assert [("ok", 0.4, 0.6), ("recovered", 0.2, 0.2), ("rejected", 0.1, 0.1), ("error", 0.0, 0.1)] == [
        (name, *(round(figure, 9) for figure in (bar.y, bar.height))) for name, (bar,) in drawn.panels[0].bars.items()
    ]


@pytest.mark.parametrize(
    ("highest", "expected"),
    [(0, "1"), (1, "1"), (5, "5"), (6, "6"), (11, "15"), (99, "100"), (101, "150"), (2401, "2,500")],
)
def test_scale(highest, expected):
    """The scale ends at a round number that nothing is above."""
    drawn = outcomes(summary(bucket_seconds=HOUR, timeline=timeline((highest, 0, 0, 0, 0))))
    assert expected == drawn.panels[0].ticks[-1].text


@pytest.mark.parametrize(("counts", "expected"), [((5, 0, 0, 0, 0), 1), ((0, 0, 5, 0, 0), 1), ((5, 1, 0, 0, 0), 2)])
def test_second_panel(counts, expected):
    """What was not simply good has a scale of its own, where there is anything of it beside what was."""
    drawn = outcomes(summary(bucket_seconds=HOUR, timeline=timeline(counts)))
    assert expected == len(drawn.panels)


def test_hints():
    """Each column says its time and what was in it."""
    drawn = outcomes(summary(bucket_seconds=HOUR, timeline=timeline((1200, 3, 0, 0, 0), (0, 0, 0, 0, 0))))
    assert ["2026-11-01 00:00: 1,200 ok, 3 recovered", "2026-11-01 01:00: no calls"] == drawn.hints


def test_cells():
    """A cell is darker the more calls there were; from below it is refused as far as its part was."""
    row = beta_row("a-2025-01-01", sent_over_time=(100, 9, 0, 0), rejected_over_time=(0, 9, 7, 0), rejected=16)
    (strip,) = heat_map(over(4, betas=(row,))).strips
    assert ({2: "M1 5h.9", 5: "M0 5h.9"}, "M1 5h.9v5h-.9zM2 0h.9v10h-.9z") == (strip.levels, strip.refused)


def test_strips_keep_what_is_refused():
    """Where there are more betas than rows, those that are refused most are kept, in the order of the table."""
    asked = [beta_row(f"asked-{place}", sent_over_time=(9,), rejected_over_time=(0,)) for place in range(40)]
    refused = beta_row("refused", sent_over_time=(0,), rejected_over_time=(2,), rejected=2)
    drawn = heat_map(over(1, betas=(*asked, refused)))
    names = [strip.row.beta for strip in drawn.strips]
    assert ([*(f"asked-{place}" for place in range(MOST_STRIPS - 1)), "refused"], 41 - MOST_STRIPS) == (
        names,
        drawn.left_out,
    )


def test_bars():
    """The beta that is refused most has the whole length, the others in proportion; the rest is counted."""
    rows = [beta_row(f"beta-{place}", rejected=place) for place in range(MOST_BARS + 3)]
    drawn = bars(summary(betas=tuple(rows)))
    assert (("beta-14", 100.0), 2, 1 + 2) == (
        (drawn.rows[0][0].beta, drawn.rows[0][1]),
        drawn.left_out,
        drawn.left_out_replies,
    )


def test_latency_is_paired():
    """With resends is as far to the right of without as it took longer; both share one scale."""
    slow, fast = Percentiles(p50=1, p95=10, p99=100), Percentiles(p50=1, p95=1, p99=1)
    (drawn,) = latencies(summary(endpoints=(endpoint_row("/", with_resends=slow, without_resends=fast),))).rows
    places = drawn.pairs["with"]
    assert (drawn.pairs["without"].p99, places.p95 - places.p50) == pytest.approx((places.p50, places.p99 - places.p95))


@pytest.mark.parametrize(("p95", "expected"), [(0.25, "+50 ms at p95"), (0.205, "less than 5 % more")])
def test_cost_of_resends(p95, expected):
    """What resends cost is told where it is more than the histogram may be wrong by."""
    fast = Percentiles(p50=0.1, p95=0.2, p99=0.3)
    row = endpoint_row("/", resends=3, with_resends=attrs.evolve(fast, p95=p95), without_resends=fast)
    (drawn,) = latencies(summary(endpoints=(row,))).rows
    assert expected == drawn.cost


def test_no_resends():
    """Where nothing was sent again, that is said: not that it made no difference."""
    (drawn,) = latencies(summary(endpoints=(endpoint_row("/", resends=0),))).rows
    assert "no resends" == drawn.cost


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 0.3, ["100 ms", "200 ms"]),
        (0.05, 60, ["100 ms", "1 s", "10 s"]),
        (1, 1, ["1 s"]),
        (0, 0, ["1 s"]),
    ],
)
def test_latency_scale(low, high, expected):
    """The scale has a few round numbers, as many as there is room for."""
    taken = Percentiles(p50=low, p95=high, p99=high)
    drawn = latencies(summary(endpoints=(endpoint_row("/", with_resends=taken, without_resends=taken),)))
    assert expected == [tick.text for tick in drawn.ticks]


def test_most():
    """However much there is, no drawing has more marks than can be seen."""
    told = maximal()
    drawn = (outcomes(told).columns, heat_map(told).columns, heat_map(told).strips, bars(told).rows)
    limits = (MOST_COLUMNS, MOST_DAYS, MOST_STRIPS, MOST_BARS)
    assert [] == [len(each) for each, limit in zip(drawn, limits, strict=True) if len(each) > limit]
