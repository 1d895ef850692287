"""Counting events: exactly, in any order, in parts, and in constant space."""

import pickle
import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.records import START, call, count, logs, percentile, refusal

from betamw.logs.counting.counts import MOST_BETAS, MOST_ENDPOINTS
from betamw.logs.selection import Selection
from betamw.logs.tally import Tally


def summed(records, **settings):
    tally = Tally(**settings)
    tally.add_all(records)
    return tally.summary()


COUNTS = ["asked", "requested", "scoped", "injected", "sent", "accepted", "remembered", "rejected"]


@given(log=logs)
def test_betas_are_counted(log):
    """Each figure of each beta is what counting the calls one by one gives."""
    expected = {beta: {name: counts[name] for name in COUNTS} for beta, counts in count(log).items()}

    rows = {row.beta: {name: getattr(row, name) for name in COUNTS} for row in summed(log).betas}

    assert expected == rows


@given(log=logs)
def test_headline_is_counted(log):
    """Calls, resends and how calls ended."""
    calls = [record for record in log if record.event == "betamw.request"]
    outcomes = Counter(record.outcome for record in calls)
    seconds = sum(record.resend_overhead_s or 0.0 for record in calls)

    summary = summed(log)
    headline = summary.headline

    assert outcomes == Counter(summary.outcomes)
    assert (
        len(calls),
        sum(record.attempts - 1 for record in calls),
        outcomes["recovered"],
        outcomes["rejected"] + outcomes["error"],
        sum(bool(record.betas_dropped_remembered) for record in calls),
        sum(record.at is None for record in calls),
    ) == (
        headline.calls,
        headline.resends,
        headline.recovered,
        headline.failed,
        headline.resends_saved,
        headline.untimed,
    )
    assert headline.resend_seconds == pytest.approx(seconds, abs=1e-6 * len(calls))


@given(log=logs)
def test_times_are_kept(log):
    """When a beta was seen first and last, accepted and refused last."""
    seen = defaultdict(lambda: ([], [], []))
    for record in log:
        if record.at is None:
            continue
        for beta in {*record.betas_requested, *record.betas_scoped, *record.betas_injected, *record.betas_rejected}:
            seen[beta][0].append(record.at)
        for beta in record.betas_sent if record.outcome in {"ok", "recovered"} else ():
            seen[beta][1].append(record.at)
        for beta in {*record.betas_rejected, *record.betas_dropped_rejected}:
            seen[beta][2].append(record.at)
    expected = {
        beta: (min(at), max(at), max(accepted, default=None), max(rejected, default=None))
        for beta, (at, accepted, rejected) in seen.items()
    }

    rows = {
        row.beta: tuple(
            None if at is None else at.timestamp()
            for at in (row.first_seen, row.last_seen, row.last_accepted, row.last_rejected)
        )
        for row in summed(log).betas
        if row.first_seen is not None
    }

    assert expected.keys() == rows.keys()
    for beta, times in expected.items():
        assert rows[beta] == pytest.approx(times, abs=1e-5)


@given(log=logs)
def test_endpoints_are_counted(log):
    """Calls of each endpoint, and percentiles within one percent, with resends and without."""
    calls = defaultdict(list)
    for record in log:
        if record.event == "betamw.request":
            origin = record.server_address + (f":{record.server_port}" if record.server_port else "")
            calls[origin, record.url_template].append(record)

    rows = {(row.origin, row.url_template): row for row in summed(log).endpoints}

    assert {place: len(there) for place, there in calls.items()} == {place: row.calls for place, row in rows.items()}
    for place, there in calls.items():
        timed = [record for record in there if record.duration_s is not None]
        for found, took in (
            (rows[place].with_resends, [record.duration_s for record in timed]),
            (rows[place].without_resends, [record.duration_s - (record.resend_overhead_s or 0.0) for record in timed]),
        ):
            assert (found is None) == (not took)
            if found is not None:
                exact = [percentile(took, percent) for percent in (50, 95, 99)]
                assert [found.p50, found.p95, found.p99] == pytest.approx(exact, rel=0.01)


@given(log=logs)
def test_timeline_is_counted(log):
    """Each moment holds the calls of its time, and each row of betas has a figure for each moment."""
    summary = summed(log)
    unit = summary.bucket_seconds
    expected = Counter(
        (record.at // unit * unit, record.outcome or "refusals") for record in log if record.at is not None
    )

    moments = {
        (moment.start.timestamp(), name): getattr(moment, name)
        for moment in summary.timeline
        for name in (*summary.outcomes, "refusals")
        if getattr(moment, name)
    }

    assert expected == moments
    assert {len(summary.timeline)} >= {len(row.sent_over_time) for row in summary.betas}
    assert all(sum(row.sent_over_time) <= row.sent for row in summary.betas)


@given(log=logs, parts=st.integers(1, 4), dice=st.randoms(use_true_random=False), often=st.sampled_from([1, 3, 20_000]))
def test_order_and_parts_do_not_matter(log, parts, dice, often):
    """However events are ordered and split up, and however often they are counted, the summary is the same."""
    expected = summed(log)
    shuffled = dice.sample(log, len(log))
    tallies = []
    for part in range(parts):
        tally = Tally()
        tally._left = often
        for record in shuffled[part::parts]:
            tally.add(record)
            tally._left = min(tally._left, often)
        tallies.append(tally)
    first, *others = dice.sample(tallies, parts)
    for other in others:
        first.merge(other)

    assert expected == first.summary()


@pytest.mark.parametrize("turned", [False, True])
def test_a_long_log_and_a_short_one_add_up(turned):
    """Counted in buckets of different length, whichever of the two is added to the other."""
    long = [call(START + day * 86_400, betas_requested=("mine-1",)) for day in range(300)]
    short = [refusal(START + at * 10, betas_rejected=("mine-1",)) for at in range(50)]
    first, second = Tally(), Tally()
    first.add_all(short if turned else long)
    second.add_all(long if turned else short)
    first.counts()
    first.merge(second)

    assert summed([*long, *short]) == first.summary()


def hostile(number):
    """Events that are all different in all that can differ."""
    return [
        call(
            START + at * 1000.0,
            server_address=f"host-{at}.example",
            url_template=f"/v{at}",
            gen_ai_request_model=f"model-{at}",
            betas_requested=(f"beta-{at}", "files-api-2025-04-14"),
            betas_dropped_rejected=(f"beta-{at}",),
            duration_s=at / 7,
            resend_overhead_s=at / 70,
            attempts=2,
        )
        for at in range(number)
    ]


def test_order_does_not_matter_above_the_caps():
    """Of more names than are kept, the same ones are, and what is left out is counted: the known one stays."""
    log = hostile(700)
    expected = summed(log)
    shuffled = random.Random(3).sample(log, len(log))  # noqa: S311  an order, not a secret
    first, second = Tally(), Tally()
    first.add_all(shuffled[:300])
    second.add_all(shuffled[300:])
    second.merge(first)

    assert expected == second.summary()
    assert (MOST_BETAS, 701 - MOST_BETAS) == (len(expected.betas), expected.betas_left_out)
    assert (MOST_ENDPOINTS, 700 - MOST_ENDPOINTS) == (len(expected.endpoints), expected.endpoints_left_out)
    assert 700 == next(row.asked for row in expected.betas if row.beta == "files-api-2025-04-14")


def test_space_is_bounded():
    """A log in which everything is always new takes no more space when it goes on."""
    tally, sizes = Tally(), []
    for start in (0, 9000, 11_000):
        number = 2000 if start else 9000
        tally.add_all(
            call(
                START + at * 1e4,
                server_address=f"h{at}",
                betas_requested=(f"b-{at}",),
                betas_dropped_rejected=(f"b-{at}",),
            )
            for at in range(start, start + number)
        )
        tally.summary()
        sizes.append(len(pickle.dumps(tally)))

    assert sizes[2] <= 1.03 * sizes[1]


@pytest.mark.parametrize("event", ["calls", "refusals"])
def test_what_is_gathered_is_bounded(event):
    """What is all new is counted before it takes much space, also where a log has nothing else."""
    tally = Tally()
    for at in range(40_000):
        if event == "calls":
            tally.add(call(START + at, betas_requested=(f"b-{at}",)))
        else:
            tally.add(refusal(START + at, betas_rejected=(f"b-{at}",)))
        if not at % 1000:
            assert len(tally._calls) + len(tally._refusals) < 10_000


def test_names_that_may_not_be_told_are_not():
    """A key where a beta, an origin or a model is meant does not get into the summary."""
    key = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz"
    log = [
        call(START + at, betas_requested=(key,), server_address=key, url_template=key, gen_ai_request_model=key)
        for at in range(9)
    ]

    assert key not in repr(summed(log))


@pytest.mark.parametrize("at", [float("nan"), float("inf"), -1.0, 1e300])
def test_what_is_no_time_is_untimed(at):
    """A time that no clock shows is none."""
    summary = summed([call(at), call(START)])

    assert 1 == summary.headline.untimed
    assert summary.since == summary.until


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, None])
def test_what_is_no_duration_is_left_out(seconds):
    """A duration that cannot be makes no percentile wrong."""
    summary = summed([call(duration_s=seconds), call(duration_s=2.0)])

    assert summary.endpoints[0].with_resends.p99 == pytest.approx(2.0, rel=0.01)


def test_a_wrong_clock_does_not_hide_the_rest():
    """One event of 1970 among many of today: the timeline is that of today, and all are counted."""
    log = [call(START + at) for at in range(300)]

    summary = summed([*log, call(5.0)])

    assert 301 == summary.headline.calls
    assert 10 == summary.bucket_seconds
    assert 300 == sum(moment.ok for moment in summary.timeline)


def test_outcomes_select_calls_only():
    """With outcomes, refusals are counted from what the calls dropped."""
    log = [
        refusal(betas_rejected=("mine-1",)),
        call(betas_requested=("mine-1",), betas_dropped_rejected=("mine-1",), outcome="recovered", attempts=2),
        call(betas_requested=("mine-1",)),
    ]

    summary = summed(log, selection=Selection(outcomes={"recovered"}))

    assert (1, 1, 1) == (summary.headline.calls, summary.betas[0].rejected, summary.timeline[0].refusals)


def test_betas_select_rows():
    """With betas, the table is about these, for of others only a part of the calls was seen."""
    log = [call(betas_requested=("mine-1", "other-1")), call(betas_requested=("other-1",))]

    summary = summed(log, selection=Selection(betas=("mine-*",)))

    assert (1, ["mine-1"]) == (summary.headline.calls, [row.beta for row in summary.betas])


@given(log=logs, since=st.floats(START, START + 1e6))
def test_selected_events_are_those_that_count(log, since):
    """Counting what is selected is counting with the selection."""
    selection = Selection(since=since, until=since + 1e6, endpoints=("/v1/m*",))

    assert summed([record for record in log if selection.matches(record)]) == summed(log, selection=selection)


def test_check():
    """With `check`, what the events promise and do not keep is counted, with the first few calls by time."""
    log = [
        call(START - at, betamw_call=f"call-{at}", betas_dropped_rejected=("mine-1",), betas_merged=("mine-1",))
        for at in range(9)
    ]

    violations = summed(log, check=True).violations

    assert None is summed(log).violations
    assert () == summed([call(http_response_status_code=200)], check=True).violations
    assert {9} == {violation.calls for violation in violations}
    assert {tuple(f"call-{at}" for at in (8, 7, 6, 5, 4))} == {violation.first for violation in violations}


def test_substitutes():
    """What went out in place of another was asked for by nobody, and is accepted; the other is not."""
    old, new = "mine-2", "mine-1"
    log = [
        call(
            betas_requested=(old,),
            betas_substituted=(old,),
            betas_substitutes=(new,),
            betas_sent=(new,),
            outcome="recovered",
            attempts=2,
        )
    ]

    rows = {row.beta: (row.asked, row.substituted, row.sent, row.accepted) for row in summed(log).betas}

    assert {old: (1, 1, 0, 0), new: (0, 0, 1, 1)} == rows
