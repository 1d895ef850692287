"""Who wants what: added from all sides, in whatever order, as often as they like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from betamw.core.wants import Wants

SAID = st.tuples(
    st.lists(st.sampled_from("abcd"), max_size=3, unique=True).map(tuple),
    st.sampled_from(["request", "override", "default", "endpoint"]),
)


def wants(*said, conflicts=()):
    """Wants, as they were said."""
    all_wants = Wants(conflicts)
    for betas, source in said:
        all_wants.add(tuple(betas), source)
    return all_wants


def test_nothing_is_wanted_at_first():
    """An empty plan."""
    empty = wants()
    assert ((), (), (), ()) == (empty.plan.requested, empty.plan.scoped, empty.plan.injected, empty.plan.merged)


def test_each_source_has_its_list():
    """Requested is the caller's, scoped the override's, injected the defaults' and the endpoint's."""
    all_wants = wants(("d", "endpoint"), ("c", "default"), ("b", "override"), ("a", "request"))
    assert (("a",), ("b",), ("c", "d")) == (all_wants.plan.requested, all_wants.plan.scoped, all_wants.plan.injected)


@pytest.mark.parametrize(
    ("said", "injected"),
    [
        ([("ab", "default")], "ab"),
        ([("ab", "endpoint")], "ab"),
        ([("bc", "endpoint"), ("ab", "default")], "abc"),
    ],
)
def test_injected_is_the_union_of_defaults_and_needs(said, injected):
    """The defaults come first, a beta in both stands once."""
    assert tuple(injected) == wants(*said).plan.injected


def test_a_source_may_say_more():
    """Two middlewares of a kind add up, in the order of the chain."""
    assert ("b", "a", "c") == wants(("ba", "default"), ("ac", "default")).plan.injected


@given(said=st.lists(SAID, max_size=5))
def test_saying_it_twice_changes_nothing(said):
    """A resend runs the inner middlewares again, and they say the same again."""
    assert wants(*said).plan == wants(*said, *said).plan


def test_the_plan_is_made_anew_only_when_something_changed():
    """Asking twice, saying it twice and saying nothing cost nothing."""
    all_wants = wants(("ab", "default"))
    plan = all_wants.plan
    all_wants.add(("a", "b"), "default")
    all_wants.add((), "request")
    all_wants.restore("x")
    assert plan is all_wants.plan


def test_what_comes_later_is_in_the_plan():
    """A plan that was looked at is no obstacle."""
    all_wants = wants(("a", "default"))
    assert ("a",) == all_wants.plan.merged
    all_wants.add(("b",), "request")
    assert ("b", "a") == all_wants.plan.merged


def test_what_is_removed_is_not_in_the_plan():
    """Whether it is asked for before or after, and by any iterable."""
    all_wants = wants(("ab", "request"))
    all_wants.remove(beta for beta in "bc")
    all_wants.add(("c", "d"), "default")
    assert (("a", "d"), ("b", "c")) == (all_wants.plan.merged, all_wants.plan.policy_drops)


def test_what_is_restored_is_wanted_again():
    """Only that; the rest stays removed."""
    all_wants = wants(("abc", "request"))
    all_wants.remove("ab")
    all_wants.restore("ax")
    assert (("a", "c"), ("b",)) == (all_wants.plan.merged, all_wants.plan.policy_drops)


def test_what_an_endpoint_requires_is_required():
    """With the source goes what of it is required."""
    all_wants = wants()
    all_wants.add(("a", "b"), "endpoint", frozenset({"b"}))
    assert frozenset({"b"}) == all_wants.plan.required


def test_requirements_add_up():
    """Two tables of rules, two requirements."""
    all_wants = wants()
    all_wants.add(("a",), "endpoint", frozenset({"a"}))
    all_wants.add(("b",), "endpoint", frozenset({"b"}))
    assert frozenset({"a", "b"}) == all_wants.plan.required


def test_a_requirement_that_comes_later_counts():
    """One table suggests the beta, the next one requires the very same: it must not be dropped."""
    all_wants = wants()
    all_wants.add(("a",), "endpoint")
    all_wants.add(("a",), "endpoint", frozenset({"a"}))
    assert frozenset({"a"}) == all_wants.plan.required


def test_conflicts_are_those_of_the_endpoint():
    """The place's pairs are in the plan."""
    all_wants = wants(("a", "request"), ("b", "default"), conflicts=(("a", "b"),))
    assert (("a",), ("b",)) == (all_wants.plan.merged, all_wants.plan.policy_drops)


@given(said=st.lists(SAID, max_size=6), order=st.randoms(use_true_random=False))
def test_the_order_of_the_middlewares_does_not_change_who_is_first(said, order):
    """Whichever source speaks first, the set that is sent and who asked for it are the same."""
    shuffled = list(said)
    order.shuffle(shuffled)
    one, other = wants(*said).plan, wants(*shuffled).plan
    assert one.sources == other.sources
    assert set(one.merged) == set(other.merged)
