"""The searches that the memory holds: one for each scope, one call at a time at it, suspects not left out for ever."""

import pytest

from betamw.core.isolation import Search
from betamw.core.memory import Scope, Verdicts

HERE = Scope("https://api.anthropic.com", "/v1/messages", "claude-x", "me")
THERE = Scope("https://api.anthropic.com", "/v1/messages", "claude-x", "you")
PLACE = ("https://api.anthropic.com", "/v1/messages")


class Caller:
    """Stands for a call."""


ONE, TWO = Caller(), Caller()


def memory(**settings):
    """A memory that remembers for 100 seconds, with leases of 10."""
    return Verdicts(remember_for=100.0, probe_lease=10.0, **settings)


def begun(*, good="g", **settings):
    """A memory with a search that began at 0 seconds, and suspects a and b."""
    held = memory(**settings)
    search = held.begin_search(HERE, 0.0)
    search.good.update(dict.fromkeys(good))
    search.suspects.update(dict.fromkeys("ab"))
    search.groups.append(frozenset("ab"))
    return held


def test_there_is_no_search_at_first():
    """Nor does asking begin one."""
    held = memory()
    assert (None, 0, False) == (held.search(HERE, 0.0), len(held), held.may_search(HERE, 0.0, holder=ONE))


def test_a_search_is_of_its_scope():
    """All calls there get the same one, those elsewhere another."""
    held = memory()
    search = held.begin_search(HERE, 0.0)
    assert [search] * 2 == [held.search(HERE, 1.0), held.begin_search(HERE, 2.0)]
    assert held.search(THERE, 1.0) is None
    assert held.begin_search(THERE, 1.0) is not search


def test_a_search_shows_where_it_is():
    """So that calls there ask the memory, which lists it as no verdict."""
    held = begun()
    assert (True, 1, ()) == (PLACE in held.places, len(held), held.verdicts())


# One call at a time.


def test_one_call_at_a_time_searches():
    """It may ask as often as it likes."""
    held = begun()
    assert [True, True, False] == [held.may_search(HERE, 1.0, holder=holder) for holder in (ONE, ONE, TWO)]


@pytest.mark.parametrize(("now", "free"), [(10.999, False), (11.0, True)])
def test_a_searcher_that_does_not_come_back_is_given_up(now, free):
    """When its lease is over."""
    held = begun()
    held.may_search(HERE, 1.0, holder=ONE)
    assert free == held.may_search(HERE, now, holder=TWO)


@pytest.mark.parametrize(
    "end", [Verdicts.stop_search, lambda held, scope, holder: held.searched(scope, 2, holder=holder)]
)
@pytest.mark.parametrize(("holder", "free"), [(ONE, True), (TWO, False)])
def test_the_lease_ends_with_the_call_that_has_it(end, holder, free):
    """And with no other, whether it has found out something or not."""
    held = begun()
    held.may_search(HERE, 1.0, holder=ONE)
    end(held, HERE, holder=holder)
    assert free == held.may_search(HERE, 3.0, holder=TWO)


def test_the_end_of_a_call_may_come_after_that_of_the_search():
    """It was forgotten meanwhile."""
    held = begun()
    held.may_search(HERE, 1.0, holder=ONE)
    held.forget()
    held.searched(HERE, 2.0, holder=ONE)
    held.stop_search(HERE, holder=ONE)
    assert (0, None) == (len(held), held.search(HERE, 2.0))


# Not for ever.


@pytest.mark.parametrize(("now", "suspects"), [(99.9, ["a", "b"]), (100.0, [])])
def test_suspects_that_nobody_tests_are_given_up(now, suspects):
    """Where no call may search they would be left out for ever; what is good stays good."""
    held = begun()
    search = held.search(HERE, now)
    assert (suspects, ["g"]) == ([*search.suspects], [*search.good])
    assert bool(suspects) == bool(search.groups)


def test_a_search_that_knows_nothing_goes():
    """With the suspects, and the next one begins anew."""
    held = begun(good="")
    assert (None, 0, {}) == (held.search(HERE, 100.0), len(held), held.places)


def test_a_search_with_results_stays():
    """What was found tells how likely others are culprits."""
    held = begun(good="")
    held.search(HERE, 0.0).found["c"] = None
    assert ["c"] == [*held.search(HERE, 100.0).found]


@pytest.mark.parametrize(("searching", "suspects"), [(ONE, 2), (TWO, 0)])
def test_only_a_searcher_keeps_suspects_under_suspicion(searching, suspects):
    """Others send none of them, and their good ends say nothing of them."""
    held = begun()
    held.may_search(HERE, 90.0, holder=searching)
    held.searched(HERE, 91.0, holder=ONE)
    assert suspects == len(held.search(HERE, 150.0).suspects)


def test_a_searcher_that_found_out_nothing_keeps_no_suspects():
    """Or a server that answers 500 to all that is sent would do so."""
    held = begun()
    held.may_search(HERE, 90.0, holder=ONE)
    held.stop_search(HERE, holder=ONE)
    assert 0 == len(held.search(HERE, 100.0).suspects)


def test_what_is_given_up_is_given_a_new_time():
    """Suspects of a later refusal are as fresh as it is."""
    held = begun()
    held.search(HERE, 100.0).suspects["c"] = None
    assert ["c"] == [*held.search(HERE, 199.0).suspects]
    assert [] == [*held.search(HERE, 200.0).suspects]


# Bounds, and forgetting.


@pytest.mark.parametrize("most", [1, 2, 5])
def test_searches_are_bounded(most):
    """Together with the verdicts, and what was just begun is there."""
    held = memory(max_entries=most)
    for number in range(20):
        scope = HERE if number % 2 else Scope("o", f"/{number}", None, "me")
        search = held.begin_search(scope, 0.0)
        assert held.search(scope, 0.0) is search
        held.learn(scope, [f"beta-{number}"], 0.0)
        assert f"beta-{number}" == held.verdicts()[-1].beta
        assert most >= len(held) == sum(held.places.values())


def test_to_ask_for_a_search_is_to_use_it():
    """The one that nobody asks for goes first."""
    held = begun(max_entries=2)
    held.begin_search(THERE, 1.0)
    held.search(HERE, 2.0)
    held.learn(HERE, ["x"], 3.0)
    assert (True, True) == (held.search(HERE, 4.0) is not None, held.search(THERE, 4.0) is None)


def test_forget_ends_all_searches():
    """They are no verdicts, and do not count as such."""
    held = begun()
    assert (0, 0, {}) == (held.forget(), len(held), held.places)


def test_forget_a_beta_in_a_search():
    """It is sent again; of the group that it was in nothing is known any more, the others stay what they were."""
    held = begun()
    held.search(HERE, 0.0).found["f"] = None
    for beta in ("a", "g", "f", "x"):
        held.forget(beta)
    assert Search(suspects={"b": None}).to_json() == held.search(HERE, 1.0).to_json()
