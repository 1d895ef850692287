"""The plan: what is meant to be sent, who asked for it, and what the policy takes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from betamw.core.header import union
from betamw.core.plan import _removals, adding, plan_at

SOURCES = ("request", "override", "default", "endpoint")
KEY = "sk-ant-api03-0123456789"
AB = (("a", "b"),)
NAMES = st.lists(st.sampled_from("abcdef"), max_size=4, unique=True).map(tuple)
SETS = st.frozensets(st.sampled_from("abcdef"), max_size=3)
PAIRS = st.lists(st.lists(st.sampled_from("abcdef"), min_size=2, max_size=2, unique=True).map(tuple), max_size=3)
ASKED = dict.fromkeys(SOURCES, NAMES)
SAID = st.tuples(st.lists(st.sampled_from("abcd"), max_size=3, unique=True).map(tuple), st.sampled_from(SOURCES))
CASES = st.fixed_dictionaries({**ASKED, "required": SETS, "removed": SETS, "conflicts": PAIRS.map(tuple)})


def planned(required="", removed="", conflicts=(), **asked):
    """Make a plan; each source asks for betas of one letter."""
    plan = plan_at(tuple(conflicts))
    for source, betas in asked.items():
        plan = adding(plan, tuple(betas), source)
    return adding(plan, (), "endpoint", frozenset(required)).removing(removed)


# Sources and order.


@pytest.mark.parametrize(
    ("asked", "merged"),
    [
        ({}, ""),
        ({"request": "ab"}, "ab"),
        ({"endpoint": "a", "default": "b", "override": "c", "request": "d"}, "dcba"),
        ({"request": "ba", "override": "ac", "default": "cd", "endpoint": "de"}, "bacde"),
        ({"override": "z", "default": "yz", "endpoint": "xyz"}, "zyx"),
    ],
)
def test_sources_have_their_say_in_order(asked, merged):
    """The caller's header, the override, the chain, the endpoint; the first mention keeps its place."""
    assert tuple(merged) == planned(**asked).merged


@pytest.mark.parametrize(
    ("asked", "source"),
    [
        (SOURCES, "request"),
        (SOURCES[1:], "override"),
        (SOURCES[2:], "default"),
        (SOURCES[3:], "endpoint"),
        (("request", "endpoint"), "request"),
        (("override", "default"), "override"),
    ],
)
def test_the_first_to_ask_is_the_source(asked, source):
    """Of several that ask for one beta, the one with the first say is noted."""
    assert {"a": source} == planned(**dict.fromkeys(asked, "a")).sources


def test_the_sources_are_read_only():
    """A plan is shared by calls that are alike, so nobody may write in it."""
    with pytest.raises(TypeError):
        planned(request="a").sources["a"] = "default"


def test_calls_that_are_alike_share_a_plan():
    """The same wants give the same object."""
    assert planned(request="ab", default="c") is planned(request="ab", default="c")


# Removal.


def test_what_is_removed_is_a_policy_drop():
    """Whoever asked for it, it does not go out, and it is told in the order of the merge."""
    made = planned(request="a", override="b", default="c", endpoint="d", removed="dca")
    assert (("b",), ("a", "c", "d")) == (made.merged, made.policy_drops)


def test_what_nobody_asked_for_is_no_drop():
    """Removing a beta that is not there is nothing to tell."""
    assert () == planned(request="a", removed="x").policy_drops


def test_what_is_removed_still_has_its_source():
    """Who asked for it is known."""
    assert {"a": "request"} == planned(request="a", removed="a").sources


def test_a_required_beta_can_be_removed_by_hand():
    """`override(remove=...)` is the user's word, and what does not go out is not required either."""
    made = planned(request="b", endpoint="a", required="a", removed="a")
    assert (("b",), ("a",), frozenset()) == (made.merged, made.policy_drops, made.required)


def test_what_is_required_but_not_asked_for_is_nothing():
    """Required is a property of what is sent."""
    assert frozenset({"a"}) == planned(endpoint="a", required="ax").required


# Conflicts: a pair that the endpoint refuses together.


@pytest.mark.parametrize(
    ("asked", "required", "merged"),
    [
        ({"request": "a", "default": "b"}, "", "a"),
        ({"request": "b", "default": "a"}, "", "b"),
        ({"request": "b", "override": "a"}, "", "b"),
        ({"request": "b", "endpoint": "a"}, "a", "b"),
        ({"override": "b", "default": "a"}, "", "b"),
        ({"override": "b", "endpoint": "a"}, "a", "b"),
        ({"default": "b", "endpoint": "a"}, "a", "a"),
        ({"default": "b", "endpoint": "a"}, "", "b"),
        ({"default": "ba"}, "", "b"),
        ({"override": "ba"}, "", "b"),
        ({"endpoint": "ba"}, "ab", "b"),
        ({"request": "bx", "default": "ya"}, "", "bxy"),
    ],
)
def test_who_wins_a_conflict(asked, required, merged):
    """The caller's header, then the override, then what is required, then who came first."""
    made = planned(**asked, required=required, conflicts=AB)
    assert tuple(merged) == made.merged
    assert {"a", "b"}.difference(merged) == set(made.policy_drops)


def test_both_from_the_caller_are_left_alone():
    """A header that the caller wrote itself is between the caller and the server."""
    made = planned(request="ba", conflicts=AB)
    assert (("b", "a"), ()) == (made.merged, made.policy_drops)


def test_both_from_the_caller_are_left_alone_where_others_ask_too():
    """That a default asks for one of them as well changes nothing."""
    assert ("a", "b") == planned(request="ab", default="b", endpoint="a", required="a", conflicts=AB).merged


@pytest.mark.parametrize("asked", [{"request": "a"}, {"endpoint": "b"}, {}])
def test_one_of_a_pair_alone_is_no_conflict(asked):
    """Both have to be asked for."""
    assert () == planned(**asked, conflicts=AB).policy_drops


def test_what_is_removed_takes_no_part_in_a_conflict():
    """The other one may stay."""
    made = planned(request="a", default="b", removed="a", conflicts=AB)
    assert (("b",), ("a",)) == (made.merged, made.policy_drops)


def test_the_loser_of_one_conflict_takes_no_part_in_the_next():
    """What goes already makes nothing else go."""
    made = planned(request="a", default="bc", conflicts=(("a", "b"), ("b", "c")))
    assert (("a", "c"), ("b",)) == (made.merged, made.policy_drops)


@pytest.mark.parametrize("asked", [{"request": "b", "endpoint": "a"}, {"override": "b", "endpoint": "a"}])
def test_who_takes_the_place_of_a_required_beta_is_required(asked):
    """The endpoint needs one of the two, so the one that is left is not dropped by a fallback either."""
    assert frozenset({"b"}) == planned(**asked, required="a", conflicts=AB).required


def test_who_wins_against_a_beta_that_is_not_required_is_not_required():
    """Nothing to inherit."""
    assert frozenset() == planned(request="b", default="a", conflicts=AB).required


def test_the_pair_may_be_written_either_way():
    """A conflict has no direction."""
    asked = {"request": "a", "default": "b"}
    assert planned(**asked, conflicts=(("b", "a"),)).merged == planned(**asked, conflicts=AB).merged


# Whatever is asked.


@given(case=CASES)
def test_the_plan_is_the_union_less_what_the_policy_takes_out(case):
    """Merged and dropped are the union of all sources, each in its order, and have nothing in common."""
    made = planned(**case)
    asked = union(*(case[source] for source in SOURCES))
    assert tuple(beta for beta in asked if beta not in made.policy_drops) == made.merged
    assert tuple(beta for beta in asked if beta not in made.merged) == made.policy_drops
    assert set(asked) == made.sources.keys()
    assert case["removed"].isdisjoint(made.merged)


@given(case=CASES)
def test_of_a_pair_in_conflict_one_is_left(case):
    """Both go out only where the caller itself asks for both; and both are lost only to something else."""
    made = planned(**case)
    for pair in case["conflicts"]:
        if set(pair) <= set(made.merged):
            assert set(pair) <= set(case["request"])


@given(case=CASES)
def test_without_conflicts_only_what_is_removed_goes(case):
    """The policy takes out nothing on its own account."""
    made = planned(**{**case, "conflicts": ()})
    assert case["removed"].issuperset(made.policy_drops)
    assert case["required"].intersection(made.merged) == made.required


@given(case=CASES)
def test_no_conflict_costs_the_caller_a_beta(case):
    """A beta of the caller's header is taken out only by its removal."""
    assert set(case["request"]).intersection(planned(**case).policy_drops) <= case["removed"]


@given(case=CASES)
def test_what_is_required_is_sent_or_replaced(case):
    """A required beta that is asked for goes out, or what it lost to is required in its place."""
    made = planned(**case)
    needed = case["required"].intersection(made.sources).difference(case["removed"])
    assert needed.intersection(made.merged) <= made.required
    assert bool(made.required) >= bool(needed)


# The wants come from all sides, in whatever order, as often as they like.


def wants(*said, conflicts=()):
    """The plan made of wants, as they were said."""
    plan = plan_at(conflicts)
    for betas, source in said:
        plan = adding(plan, tuple(betas), source)
    return plan


def test_nothing_is_wanted_at_first():
    """An empty plan."""
    empty = wants()
    assert ((), (), (), ()) == (empty.requested, empty.scoped, empty.injected, empty.merged)


def test_each_source_has_its_list():
    """Requested is the caller's, scoped the override's, injected the defaults' and the endpoint's."""
    plan = wants(("d", "endpoint"), ("c", "default"), ("b", "override"), ("a", "request"))
    assert (("a",), ("b",), ("c", "d")) == (plan.requested, plan.scoped, plan.injected)


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
    assert tuple(injected) == wants(*said).injected


def test_a_source_may_say_more():
    """Two middlewares of a kind add up, in the order of the chain."""
    assert ("b", "a", "c") == wants(("ba", "default"), ("ac", "default")).injected


@given(said=st.lists(SAID, max_size=5))
def test_saying_it_twice_changes_nothing(said):
    """A resend runs the inner middlewares again, and they say the same again."""
    assert wants(*said).wants == wants(*said, *said).wants


def test_a_plan_is_made_only_when_something_changed():
    """Asking twice, saying it twice and saying nothing cost nothing."""
    plan = adding(wants(("ab", "default")), ("a", "b"), "default")
    plan = adding(plan, (), "request").restoring("x")
    assert wants(("ab", "default")) is plan


def test_what_comes_later_is_in_the_plan():
    """A plan that was looked at is no obstacle."""
    plan = wants(("a", "default"))
    assert ("a",) == plan.merged
    plan = adding(plan, ("b",), "request")
    assert ("b", "a") == plan.merged


def test_what_is_removed_is_not_in_the_plan():
    """Whether it is asked for before or after, and by any iterable."""
    plan = wants(("ab", "request"))
    plan = plan.removing(beta for beta in "bc")
    plan = adding(plan, ("c", "d"), "default")
    assert (("a", "d"), ("b", "c")) == (plan.merged, plan.policy_drops)


def test_what_is_restored_is_wanted_again():
    """Only that; the rest stays removed."""
    plan = wants(("abc", "request"))
    plan = plan.removing("ab")
    plan = plan.restoring("ax")
    assert (("a", "c"), ("b",)) == (plan.merged, plan.policy_drops)


def test_what_an_endpoint_requires_is_required():
    """With the source goes what of it is required."""
    plan = wants()
    plan = adding(plan, ("a", "b"), "endpoint", frozenset({"b"}))
    assert frozenset({"b"}) == plan.required


def test_requirements_add_up():
    """Two tables of rules, two requirements."""
    plan = wants()
    plan = adding(plan, ("a",), "endpoint", frozenset({"a"}))
    plan = adding(plan, ("b",), "endpoint", frozenset({"b"}))
    assert frozenset({"a", "b"}) == plan.required


def test_a_requirement_that_comes_later_counts():
    """One table suggests the beta, the next one requires the very same: it must not be dropped."""
    plan = wants()
    plan = adding(plan, ("a",), "endpoint")
    plan = adding(plan, ("a",), "endpoint", frozenset({"a"}))
    assert frozenset({"a"}) == plan.required


def test_conflicts_are_those_of_the_endpoint():
    """The place's pairs are in the plan."""
    plan = wants(("a", "request"), ("b", "default"), conflicts=(("a", "b"),))
    assert (("a",), ("b",)) == (plan.merged, plan.policy_drops)


@given(said=st.lists(SAID, max_size=6), order=st.randoms(use_true_random=False))
def test_the_order_of_the_middlewares_does_not_change_who_is_first(said, order):
    """Whichever source speaks first, the set that is sent and who asked for it are the same."""
    shuffled = list(said)
    order.shuffle(shuffled)
    one, other = wants(*said), wants(*shuffled)
    assert one.sources == other.sources
    assert set(one.merged) == set(other.merged)


@pytest.mark.parametrize(("asked", "removed"), [((), (KEY,)), ((KEY,), ("a",)), ((), tuple(map(str, range(200))))])
def test_what_may_be_a_secret_is_in_no_cache(asked, removed):
    """A plan with names that may not be told, or very many, is made anew each time, and gone with its call."""
    plan = adding(plan_at(), asked, "request")
    before = len(_removals)
    made = plan.removing(removed)

    assert (before, frozenset(removed)) == (len(_removals), made.wants.removed)


def test_calls_that_remove_alike_share_a_plan():
    """What a configuration removes, it removes from every call."""
    plan = adding(plan_at(), ("a", "b"), "default")

    assert plan.removing(("b",)) is plan.removing(("b",))
