"""The parts of a tally: names of which a bounded number is kept, durations, and time in buckets."""

import pickle
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.records import percentile

from betamw.logs.counting.bounded import Bounded, Distinct, hash_of
from betamw.logs.counting.counts import Tallied
from betamw.logs.counting.histogram import Histogram
from betamw.logs.counting.timegrid import MOST, UNITS, UNTIMED, coarsened, times_of, unit_for, window

DAY = 86400


def known(key):
    return key[0].startswith("known")


def bounded(names, most=5):
    kept = Bounded(most, Tallied, known)
    for name in names:
        if (value := kept.at((name,))) is not None:
            value.count += 1
    return kept


names = st.lists(st.sampled_from([f"{kind}-{n}" for kind in ("known", "other") for n in range(60)]), max_size=300)


@given(ours=names, theirs=names)
def test_the_same_names_are_kept_in_any_order(ours, theirs):
    """Those that are known and then those of the lowest hash, with all of their counts, and the rest is counted."""
    counts = Counter((*ours, *theirs))
    kept = sorted(counts, key=lambda name: (not name.startswith("known"), hash_of((name,))))[:5]

    merged = bounded(ours)
    merged.merge(bounded(reversed(theirs)), Tallied.merge)

    assert {(name,): counts[name] for name in kept} == {key: value.count for key, value in merged.items().items()}
    assert len(counts) - len(kept) == merged.left_out


def test_the_hash_is_the_same_everywhere():
    """Processes must agree on it; Python's own is another one in each."""
    assert 18_430_760_664_675_395_319 == hash_of(("files-api-2025-04-14",))


@pytest.mark.parametrize(("number", "error"), [(0, 0), (4096, 0), (4097, 0.05), (12_000, 0.05)])
def test_distinct(number, error):
    """Few are counted exactly, many within some percent, however often each comes."""
    distinct, other = Distinct(), Distinct()
    for at in range(number):
        distinct.add(hash_of((str(at),)))
        (other if at % 3 else distinct).add(hash_of((str(at),)))
    distinct.merge(other)

    assert distinct.count() == pytest.approx(number, rel=error)


durations = st.lists(st.floats(2**-13, 2**14), min_size=1)


@given(ours=durations, theirs=st.lists(st.floats(2**-13, 2**14)))
def test_percentiles(ours, theirs):
    """Each is within one percent of the duration that so many percent did not exceed."""
    histogram, other = Histogram(), Histogram()
    histogram.add_all(ours)
    other.add_all(theirs)
    histogram.merge(other)

    found = histogram.percentiles()

    exact = [percentile([*ours, *theirs], percent) for percent in (50, 95, 99)]
    assert [found.p50, found.p95, found.p99] == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize(("seconds", "counts_as"), [(0.0, 2**-13), (1e-9, 2**-13), (1e300, 2**14)])
def test_extreme_durations(seconds, counts_as):
    """What is shorter or longer than anything sensible counts as the shortest or longest there is."""
    histogram = Histogram()
    histogram.add_all([seconds])

    assert histogram.percentiles().p50 == pytest.approx(counts_as, rel=0.01)


def test_a_histogram_without_durations():
    """Nothing took no time."""
    assert None is Histogram().percentiles()


def test_units_lie_within_each_other():
    """A bucket of one length is wholly within one of the next, so that counts can be made coarser."""
    assert [0] * (len(UNITS) - 1) == [longer % unit for unit, longer in pairwise(UNITS)]


@given(st.lists(st.integers(0, 10**9), unique=True, max_size=400))
def test_the_unit_is_the_shortest_that_fits(buckets):
    """At most so many buckets hold anything, and with the next shorter length there would be more."""
    unit = unit_for(set(buckets), 0)

    def filled(index):
        return len({bucket // (UNITS[index] // UNITS[0]) for bucket in buckets})

    assert filled(unit) <= MOST
    assert unit == 0 or filled(unit - 1) > MOST


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (range(0, 600, 5), 10),
        (range(0, 3600, 5), 60),
        (range(0, DAY, 60), 900),
        (range(0, 7 * DAY, 600), 3600),
        (range(0, 365 * DAY, 3600), 7 * DAY),
        ([*range(0, 3600, 5), 1_600_000_000], 60),  # a clock that is wrong
        ([0, 5, 10, 100 * DAY], DAY),  # not enough to tell which is wrong
    ],
)
def test_window(seconds, expected):
    """What is shown: the shortest length with which nearly all is in so many buckets in a row."""
    series, _ = times_of([1_700_006_400.0 + at if at < 10**9 else float(at) for at in seconds], UNITS[0])
    unit = unit_for(series.keys(), 0)

    shown = window(coarsened(series, UNITS[unit] // UNITS[0]), unit)

    assert expected == shown.seconds
    assert shown.buckets <= MOST


def test_window_of_nothing():
    """Nothing is shown of events that do not say when."""
    series, _ = times_of([None, None], UNITS[0])

    assert ({UNTIMED: 2}, 0) == (series, window(series, 0).buckets)


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e5)), max_size=50))
def test_times(ats):
    """Each event is in the bucket of its time."""
    series, ordered = times_of(ats, 60)

    assert Counter(UNTIMED if at is None else int(at // 60) for at in ats) == series
    assert sorted(at for at in ats if at is not None) == ordered


def test_counts_can_be_sent_to_another_process():
    """What a process has counted arrives whole."""
    kept = bounded(["a", "b", "a"])

    assert kept == pickle.loads(pickle.dumps(kept))  # noqa: S301  our own
