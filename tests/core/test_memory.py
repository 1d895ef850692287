"""The memory: verdicts with an expiry, one probe at a time, suspicions, bounded. Time is an argument here."""

import asyncio
import random
import tracemalloc

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from betamw.core.errors import ConfigError
from betamw.core.memory import NOTHING, Recall, Scope, Verdict, Verdicts
from betamw.memory import RejectionMemory


class Caller:
    """Stands for a call."""


ONE, TWO, THREE = CALLERS = Caller(), Caller(), Caller()

API = "https://api.anthropic.com"
HERE = Scope(API, "/v1/messages", "claude-x", "me")
ELSEWHERE = [
    Scope("https://relay.example", "/v1/messages", "claude-x", "me"),
    Scope(API, "/v1/files", "claude-x", "me"),
    Scope(API, "/v1/messages", "claude-y", "me"),
    Scope(API, "/v1/messages", None, "me"),
    Scope(API, "/v1/messages", "claude-x", "you"),
]


def memory(*betas, max_entries=10):
    """A memory that learned the betas at 0 seconds; verdicts hold for 100, leases for 10."""
    verdicts = Verdicts(remember_for=100.0, max_entries=max_entries, probe_lease=10.0)
    verdicts.learn(HERE, betas, 0.0)
    return verdicts


# A verdict and where it holds.


def test_nothing_is_known_at_first():
    """An empty memory has nothing to say."""
    empty = memory()
    assert (0, (), False, NOTHING) == (
        len(empty),
        empty.verdicts(),
        ((API, "/v1/messages") in empty.places),
        empty.recall(HERE, ["a"], 0.0, holder=ONE),
    )


def test_what_was_refused_is_left_out():
    """Those of the betas asked for that are held, in the order asked."""
    assert Recall(left_out=("b", "a")) == memory("a", "b", "c").recall(HERE, ["b", "x", "a"], 50.0, holder=ONE)


@pytest.mark.parametrize("scope", ELSEWHERE)
def test_a_verdict_holds_in_its_scope_only(scope):
    """Another origin, endpoint, model or account may accept what this one refuses."""
    assert NOTHING == memory("a").recall(scope, ["a"], 0.0, holder=ONE)


@pytest.mark.parametrize("name", ["A", "a ", "aa", ""])
def test_a_verdict_holds_for_its_beta_only(name):
    """Names are compared as they are."""
    assert NOTHING == memory("a").recall(HERE, [name], 0.0, holder=ONE)


def test_the_verdicts_can_be_listed():
    """With their expiry on the memory's clock, the least used first."""
    held = memory("a", "b")
    held.recall(HERE, ["a"], 1.0, holder=ONE)
    assert (Verdict(HERE, "b", 100.0), Verdict(HERE, "a", 100.0)) == held.verdicts()


def test_an_expired_verdict_is_still_listed():
    """Until a probe has decided."""
    held = memory("a")
    held.recall(HERE, ["a"], 1000.0, holder=ONE)
    assert (Verdict(HERE, "a", 100.0),) == held.verdicts()


def test_learning_again_starts_anew():
    """A second refusal counts from now on."""
    held = memory("a")
    held.learn(HERE, ["a"], 60.0)
    assert (Verdict(HERE, "a", 160.0),) == held.verdicts()


@pytest.mark.parametrize(
    ("origin", "endpoint", "known"),
    [
        (API, "/v1/messages", True),
        (API, "/v1/files", False),
        ("https://relay.example", "/v1/messages", False),
    ],
)
def test_whether_anything_is_known_of_an_endpoint(origin, endpoint, known):
    """Without asking for the model or the credential."""
    assert known == ((origin, endpoint) in memory("a").places)


# Expiry and probes.


@pytest.mark.parametrize(("now", "probed"), [(0.0, False), (99.999, False), (100.0, True), (10_000.0, True)])
def test_a_verdict_expires(now, probed):
    """It holds for `remember_for` seconds, the last instant not included."""
    expected = Recall(probing=("a",)) if probed else Recall(left_out=("a",))
    assert expected == memory("a").recall(HERE, ["a"], now, holder=ONE)


def test_each_verdict_expires_on_its_own():
    """One call may leave a beta out and probe another."""
    held = memory("a")
    held.learn(HERE, ["b"], 50.0)
    assert Recall(left_out=("b",), probing=("a",)) == held.recall(HERE, ["b", "a"], 120.0, holder=ONE)


def test_one_probe_at_a_time():
    """While one call probes, the others still leave the beta out; it sends the beta however often it asks."""
    held = memory("a")
    assert [Recall(probing=("a",)), Recall(left_out=("a",)), NOTHING, Recall(left_out=("a",))] == [
        held.recall(HERE, ["a"], 100.0 + second, holder=holder) for second, holder in enumerate((ONE, TWO, ONE, THREE))
    ]


@pytest.mark.parametrize(("now", "probed"), [(109.999, False), (110.0, True), (500.0, True)])
def test_a_lease_expires(now, probed):
    """A probe that never comes back does not block the next one for longer than its lease."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0, holder=ONE)
    expected = Recall(probing=("a",)) if probed else Recall(left_out=("a",))
    assert expected == held.recall(HERE, ["a"], now, holder=TWO)


def test_the_next_probe_has_a_lease_of_its_own():
    """The lease counts from the probe that took it, and the one that was given up leaves the beta out like others."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0, holder=ONE)
    held.recall(HERE, ["a"], 110.0, holder=TWO)
    assert [Recall(left_out=("a",))] * 2 == [held.recall(HERE, ["a"], 119.0, holder=who) for who in (ONE, THREE)]


def test_a_probe_that_comes_back_late_may_probe_again():
    """If nobody else is at it."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0, holder=ONE)
    assert Recall(probing=("a",)) == held.recall(HERE, ["a"], 150.0, holder=ONE)


def test_a_call_that_may_not_probe_leaves_the_beta_out():
    """And takes no lease: the next one may."""
    held = memory("a")
    assert [Recall(left_out=("a",)), Recall(probing=("a",))] == [
        held.recall(HERE, ["a"], 100.0, holder=ONE, may_probe=may_probe) for may_probe in (False, True)
    ]


def test_a_neutral_release_lets_the_next_call_probe():
    """A probe that found out nothing (a 500, a cancellation) leaves the verdict as it was."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0, holder=ONE)
    held.release(HERE, ["a", "never-heard-of"], holder=ONE)
    assert ((Verdict(HERE, "a", 100.0),), Recall(probing=("a",))) == (
        held.verdicts(),
        held.recall(HERE, ["a"], 101.0, holder=TWO),
    )


def test_a_late_release_does_not_end_the_lease_of_the_next():
    """It is another's by then."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0, holder=ONE)
    held.recall(HERE, ["a"], 110.0, holder=TWO)
    held.release(HERE, ["a"], holder=ONE)
    assert Recall(left_out=("a",)) == held.recall(HERE, ["a"], 111.0, holder=THREE)


def test_holders_are_told_apart_by_identity():
    """Two calls may be equal."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0, holder=[])
    assert Recall(left_out=("a",)) == held.recall(HERE, ["a"], 101.0, holder=[])


def test_a_release_brings_back_no_verdict_that_holds():
    """Releasing what was never leased changes nothing."""
    held = memory("a")
    held.release(HERE, ["a"], holder=ONE)
    assert Recall(left_out=("a",)) == held.recall(HERE, ["a"], 50.0, holder=ONE)


def test_a_probe_that_was_refused_is_a_new_verdict():
    """Learning ends the lease and starts the time anew."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0, holder=ONE)
    assert ("a",) == held.learn(HERE, ["a"], 101.0)
    assert [Recall(left_out=("a",)), Recall(probing=("a",))] == [
        held.recall(HERE, ["a"], now, holder=ONE) for now in (200.9, 201.0)
    ]


def test_a_probe_that_is_being_resent_keeps_its_lease():
    """From the refusal on it counts anew, and nobody else probes until it is known whether the resend helps."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0, holder=ONE)
    held.suspect(HERE, ["a"], 109.0, holder=ONE)
    assert Recall(left_out=("a",)) == held.recall(HERE, ["a"], 118.0, holder=TWO)


def test_another_call_may_bring_what_a_probe_is_to_find_out():
    """Its lesson counts for the probe too, which has nothing to release then."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0, holder=ONE)
    held.learn(HERE, ["a"], 101.0)
    left_out = held.recall(HERE, ["a"], 102.0, holder=ONE)
    held.release(HERE, ["a"], holder=ONE)
    assert (Recall(left_out=("a",)), (Verdict(HERE, "a", 201.0),)) == (left_out, held.verdicts())


def test_a_probe_that_was_accepted_ends_the_verdict():
    """Then nobody leaves the beta out any more."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0, holder=ONE)
    assert (("a",), NOTHING) == (held.clear(HERE, ["a"]), held.recall(HERE, ["a"], 100.0, holder=TWO))


# Suspicions.


def suspected(*holders):
    """A memory in which these calls have seen the beta refused at 0 seconds; a lease lasts for 10."""
    held = memory()
    for holder in holders:
        held.suspect(HERE, ["a"], 0.0, holder=holder)
    return held


@pytest.mark.parametrize(("now", "left_out"), [(0.0, True), (9.999, True), (10.0, False)])
def test_others_leave_out_what_a_call_suspects(now, left_out):
    """For as long as it can be at it; the call itself knows better what to send."""
    held = suspected(ONE)
    expected = Recall(left_out=("a",)) if left_out else NOTHING
    assert (NOTHING, expected) == tuple(held.recall(HERE, ["a"], now, holder=holder) for holder in (ONE, TWO))


def test_a_suspicion_is_no_verdict():
    """It is not listed, refuses nothing, is not refused elsewhere and not forgotten; but it counts, and shows."""
    held = suspected(ONE)
    expected = ((), False, False, 1, True, 0)
    assert expected == (
        held.verdicts(),
        held.refuses(HERE, "a", 1.0),
        "a" in held.refused_elsewhere(ELSEWHERE[1]),
        len(held),
        (API, "/v1/messages") in held.places,
        held.forget("a"),
    )
    assert 0 == len(held)


def test_a_suspicion_ends_with_the_last_of_those_who_have_it():
    """One of them that gives up says nothing about the others."""
    held, seen = suspected(ONE, TWO), []
    for holder in (ONE, ONE, TWO):
        held.release(HERE, ["a"], holder=holder)
        seen.append(held.recall(HERE, ["a"], 1.0, holder=THREE))
    assert [Recall(left_out=("a",))] * 2 + [NOTHING] == seen
    assert (0, {}) == (len(held), held.places)


def test_who_is_given_up_ends_no_suspicion_of_others():
    """Each has its own time."""
    held = suspected(ONE)
    held.suspect(HERE, ["a"], 5.0, holder=TWO)
    assert [Recall(left_out=("a",)), NOTHING] == [held.recall(HERE, ["a"], now, holder=THREE) for now in (14.999, 15.0)]


def test_who_was_given_up_holds_nothing_any_more():
    """When the others have come back, the suspicion is over."""
    held = suspected(ONE)
    held.suspect(HERE, ["a"], 5.0, holder=TWO)
    held.recall(HERE, ["a"], 12.0, holder=THREE)
    held.release(HERE, ["a"], holder=TWO)
    assert (0, {}) == (len(held), held.places)


def test_suspecting_again_counts_from_now():
    """The second refusal of a call, too, is to be borne out by a resend."""
    held = suspected(ONE)
    held.suspect(HERE, ["a"], 9.0, holder=ONE)
    assert Recall(left_out=("a",)) == held.recall(HERE, ["a"], 18.0, holder=TWO)


def test_a_suspicion_becomes_a_verdict():
    """With the first resend that shows it; who gives up afterwards changes nothing."""
    held = suspected(ONE, TWO)
    news = held.learn(HERE, ["a"], 1.0)
    held.release(HERE, ["a"], holder=TWO)
    assert (("a",), (Verdict(HERE, "a", 101.0),)) == (news, held.verdicts())
    assert [Recall(left_out=("a",))] * 3 == [held.recall(HERE, ["a"], 2.0, holder=holder) for holder in CALLERS]


def test_a_success_ends_a_suspicion():
    """The beta was accepted, so what was it? No verdict was held."""
    held = suspected(ONE)
    assert ((), NOTHING) == (held.clear(HERE, ["a"]), held.recall(HERE, ["a"], 1.0, holder=TWO))


def test_a_verdict_that_holds_is_not_suspected():
    """There is nothing to wait for."""
    held = memory("a")
    held.suspect(HERE, ["a"], 1.0, holder=ONE)
    assert (Recall(left_out=("a",)), 1) == (held.recall(HERE, ["a"], 2.0, holder=ONE), len(held))


def test_an_expired_verdict_that_is_refused_is_not_probed_meanwhile():
    """A call that was on its way when the verdict was learned has found out what a probe would."""
    held = memory("a")
    held.suspect(HERE, ["a"], 100.0, holder=ONE)
    left_out = held.recall(HERE, ["a"], 101.0, holder=TWO)
    held.release(HERE, ["a"], holder=ONE)
    assert (Recall(left_out=("a",)), Recall(probing=("a",))) == (left_out, held.recall(HERE, ["a"], 102.0, holder=TWO))


def test_a_probe_that_gives_up_does_not_end_the_suspicion_of_another():
    """The next probe waits for both."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0, holder=ONE)
    held.suspect(HERE, ["a"], 101.0, holder=TWO)
    held.release(HERE, ["a"], holder=ONE)
    assert Recall(left_out=("a",)) == held.recall(HERE, ["a"], 102.0, holder=THREE)


# What is asked for each beta.


@pytest.mark.parametrize(
    ("scope", "beta", "now", "refused"),
    [
        (HERE, "a", 99.0, True),
        (HERE, "a", 100.0, False),
        (HERE, "b", 0.0, False),
        (ELSEWHERE[0], "a", 0.0, False),
    ],
)
def test_whether_a_beta_is_refused(scope, beta, now, refused):
    """As long as the verdict has not expired."""
    assert refused == memory("a").refuses(scope, beta, now)


def test_what_is_refused_elsewhere():
    """At another endpoint or model, expired or not, refused here or not; and no longer when that is cleared."""
    held = memory("a", "b")
    held.learn(ELSEWHERE[1], ["b", "c"], 500.0)
    held.suspect(ELSEWHERE[1], ["d"], 500.0, holder=ONE)
    seen = [[beta in held.refused_elsewhere(scope) for beta in "abcd"] for scope in (HERE, *ELSEWHERE[1:3])]
    assert [[False, True, True, False], [True, True, False, False], [True, True, True, False]] == seen
    held.clear(ELSEWHERE[1], ["b"])
    assert "b" not in held.refused_elsewhere(HERE)
    assert None not in held.refused_elsewhere(HERE)


KEYS = ["sk-ant-api03-x", "a/b", "x" * 129]


@pytest.mark.parametrize("name", KEYS, ids=["key", "odd", "long"])
def test_a_name_that_may_not_be_told_is_not_held(name):
    """It could be a key: no verdict, no suspicion; the others of the same refusal are."""
    held = memory()
    assert (("a",), True) == (held.learn(HERE, [name, "a"], 0.0), held.suspect(HERE, [name, "b"], 0.0, holder=ONE))
    assert (2, ["a"]) == (len(held), [verdict.beta for verdict in held.verdicts()])


@pytest.mark.parametrize("other", [ELSEWHERE[0], ELSEWHERE[4]], ids=["origin", "credential"])
def test_what_others_are_refused_raises_no_suspicion(other):
    """What another origin refuses, or refuses to another account, is nothing to go by."""
    assert ("a" in memory("a").refused_elsewhere(other)) is False


@pytest.mark.parametrize(("now", "news"), [(50.0, ("b",)), (100.0, ("a", "b"))])
def test_what_is_news(now, news):
    """What was not known, or not any more."""
    assert news == memory("a").learn(HERE, ["a", "b", "b"], now)


# Forgetting.


def test_clear_tells_what_there_was():
    """Of the betas that a good call carried, those that something was held against."""
    held = memory("a", "b")
    assert (("b",), (Verdict(HERE, "a", 100.0),)) == (held.clear(HERE, ["x", "b"]), held.verdicts())


@pytest.mark.parametrize("scope", ELSEWHERE)
def test_clear_holds_in_its_scope_only(scope):
    """What one model accepts says nothing of another."""
    held = memory("a")
    assert ((), 1) == (held.clear(scope, ["a"]), len(held))


@pytest.mark.parametrize(("beta", "count", "left"), [("a", 2, 1), ("b", 1, 2), ("x", 0, 3), (None, 3, 0)])
def test_forget(beta, count, left):
    """A beta everywhere, or all there is."""
    held = memory("a", "b")
    held.learn(ELSEWHERE[0], ["a"], 0.0)
    assert (count, left) == (held.forget(beta), len(held))


def test_an_endpoint_is_known_while_a_verdict_is_left():
    """Whatever model or account it is for."""
    held = memory("a")
    held.learn(ELSEWHERE[2], ["a"], 0.0)
    known = [((API, "/v1/messages") in held.places)]
    for scope in (HERE, ELSEWHERE[2]):
        held.clear(scope, ["a"])
        known.append((API, "/v1/messages") in held.places)
    assert [True, True, False] == known


# Bounds.


def test_the_least_used_goes_first():
    """Being asked for is use; being listed is not."""
    held = memory("a", "b", "c", max_entries=3)
    held.recall(HERE, ["a"], 1.0, holder=ONE)
    held.verdicts()
    held.learn(HERE, ["d"], 2.0)
    assert ["c", "a", "d"] == [verdict.beta for verdict in held.verdicts()]


def test_learning_again_is_use():
    """The oldest lesson is not the first to go once it was learned again."""
    held = memory("a", "b", max_entries=2)
    held.learn(HERE, ["a"], 1.0)
    held.learn(HERE, ["c"], 2.0)
    assert ["a", "c"] == [verdict.beta for verdict in held.verdicts()]


def test_one_lesson_larger_than_the_memory():
    """The last ones stay."""
    assert ["d", "e"] == [verdict.beta for verdict in memory(*"abcde", max_entries=2).verdicts()]


def test_an_endpoint_whose_last_verdict_went_is_not_known():
    """Making room is forgetting, too."""
    held = memory("a", max_entries=1)
    held.learn(ELSEWHERE[1], ["a"], 0.0)
    assert (False, True) == (((API, "/v1/messages") in held.places), ((API, "/v1/files") in held.places))


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("remember_for", 0, "remember_for must be a finite number of seconds > 0, got 0"),
        ("remember_for", float("inf"), "remember_for must be a finite number of seconds > 0, got inf"),
        ("probe_lease", -1, "probe_lease must be a finite number of seconds > 0, got -1"),
        ("max_entries", 0, "max_entries must be >= 1, got 0"),
        ("max_entries", None, "max_entries must be an int >= 1, got None"),
    ],
)
@pytest.mark.parametrize("kind", [Verdicts, RejectionMemory])
def test_settings_are_checked(kind, name, value, error):
    """A memory without bounds or without expiry is a mistake."""
    with pytest.raises(ConfigError) as caught:
        kind(**{name: value})
    assert error == str(caught.value)


def test_what_is_asked_for_is_not_thrown_away():
    """A suspicion and a search are of use like a verdict, and make room like one."""
    held = memory("a", max_entries=3)
    held.begin_search(HERE, 1.0)
    held.suspect(HERE, ["b"], 1.0, holder=ONE)
    held.recall(HERE, ["a"], 1.0, holder=TWO)
    held.search(HERE, 1.0)
    held.learn(HERE, ["c"], 1.0)
    assert (3, False) == (len(held), held.recall(HERE, ["b"], 1.0, holder=TWO) != NOTHING)
    held.learn(HERE, ["d"], 1.0)
    assert ["c", "d"] == [verdict.beta for verdict in held.verdicts()]
    assert held.search(HERE, 1.0) is not None


def test_a_bound_cannot_be_moved():
    """What is held was held under it."""
    with pytest.raises(attrs.exceptions.FrozenAttributeError):
        memory().max_entries = 5


def test_an_empty_memory_is_a_memory():
    """`memory or another` does not take the other."""
    assert [True, True] == [bool(memory()), bool(memory("a"))]


def test_a_million_keys():
    """Whatever they are: the memory is full, and takes no more room than it did when it was first full."""
    held = Verdicts(max_entries=1000)
    betas, sizes = [f"beta-{number}" for number in range(250)], []
    for number in range(1000):
        scope = Scope(API, f"/v1/{number}", f"model-{number}", "me")
        if number == 900:  # to trace all of it takes long, and what grows goes on growing
            tracemalloc.start()
        for offset in range(4):
            chunk = [f"{beta}-{offset}" for beta in betas]
            if offset % 2:
                held.learn(scope, chunk, float(number))
            else:
                held.suspect(scope, chunk, float(number), holder=Caller())
            held.begin_search(scope, float(number))
        if number in (920, 999):
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert (1000, 1000) == (len(held), sum(held.places.values()))
    assert len(held.places) <= 1000
    assert sizes[1] < 1.1 * sizes[0]


# At the same time.


async def test_thousands_of_tasks():
    """Each beta has one prober at a time, whatever the others do; when all are over nobody is at anything."""
    held, probing, clock = memory("a", "b", "c"), {}, [100.0]
    draw = random.Random(1)  # noqa: S311  a draw, no secret

    async def call():
        me = Caller()
        await asyncio.sleep(0)
        recall = held.recall(HERE, ["a", "b", "c", "d"], clock[0], holder=me)
        for beta in recall.probing:
            assert beta not in probing
            probing[beta] = me
        clock[0] += 0.0001  # all of it takes less time than a lease
        await asyncio.sleep(0)
        refused = [beta for beta in "abcd" if beta not in recall.left_out and draw.random() < 0.5]
        held.suspect(HERE, refused, clock[0], holder=me)
        await asyncio.sleep(0)
        for beta in recall.probing:
            del probing[beta]
        if draw.random() < 0.1:
            held.clear(HERE, [beta for beta in recall.probing if beta not in refused])
            held.learn(HERE, refused, clock[0] - 90.0)
        held.release(HERE, [*recall.probing, *refused], holder=me)

    await asyncio.gather(*(call() for _ in range(5000)))
    probing.clear()
    assert all(not thing.leases for _, _, thing in held._shelf)
    held.forget()
    assert (0, {}, {}) == (len(held), held.places, held._shelf.lasting)


# Against a model: whatever happens in whatever order.

SCOPES = st.sampled_from([HERE, *ELSEWHERE[:3], ELSEWHERE[4]])
BETAS = st.lists(st.sampled_from("abcd"), max_size=3, unique=True)
HOLDERS = st.sampled_from(CALLERS)
REMEMBER_FOR, LEASE, MOST = 100.0, 10.0, 5


@attrs.define
class Thing:
    """What a plain reading of the promises says of one verdict, or of one suspicion, which never expires."""

    expires_at: float | None = None
    leases: dict = attrs.field(factory=dict)

    def is_at_it(self, holder, now):
        return now < self.leases.get(holder, 0.0)

    def give_up(self, now):
        self.leases = {holder: until for holder, until in self.leases.items() if now < until}


class MemoryMachine(RuleBasedStateMachine):
    """The memory beside a dictionary that keeps its promises one by one; the dictionary's order is that of use."""

    def __init__(self):
        super().__init__()
        self.memory = Verdicts(remember_for=REMEMBER_FOR, max_entries=MOST, probe_lease=LEASE)
        self.model, self.now, self.pins = {}, 0.0, {}

    def use(self, key, thing=None):
        """The dictionary's thing, or this one, goes to its end."""
        thing = thing or self.model.get(key)
        self.model.pop(key, None)
        if thing:
            self.model[key] = thing
        while len(self.model) > MOST:
            self.model.pop(next(iter(self.model)))
        return thing

    def is_pinned(self, scope, beta):
        return any(
            pin[0] == beta and all(a in (None, b) for a, b in zip(pin[1:], scope_fields(scope), strict=True))
            for pin in self.pins
        )

    @rule(seconds=st.sampled_from([0.5, LEASE / 2, LEASE, REMEMBER_FOR / 2, REMEMBER_FOR]))
    def wait(self, seconds):
        """Time goes by."""
        self.now += seconds

    @rule(scope=SCOPES, betas=BETAS)
    def learn(self, scope, betas):
        """Betas are refused."""
        news = []
        for beta in betas:
            thing = self.model.get((scope, beta))
            if not thing or thing.expires_at is None or thing.expires_at <= self.now:
                news.append(beta)
            self.use((scope, beta), Thing(self.now + REMEMBER_FOR))
        assert tuple(news) == self.memory.learn(scope, betas, self.now)

    @rule(scope=SCOPES, betas=BETAS, holder=HOLDERS)
    def suspect(self, scope, betas, holder):
        """A call has seen betas refused."""
        self.memory.suspect(scope, betas, self.now, holder=holder)
        for beta in betas:
            thing = self.use((scope, beta)) or self.use((scope, beta), Thing())
            if thing.expires_at is None or thing.expires_at <= self.now:
                thing.leases[holder] = self.now + LEASE

    @rule(scope=SCOPES, betas=BETAS, holder=HOLDERS, may_probe=st.booleans())
    def recall(self, scope, betas, holder, may_probe):
        """A call is about to send betas: each is fine, left out, or probed by this call alone."""
        left_out, probing = [], []
        for beta in betas:
            if self.is_pinned(scope, beta):
                left_out.append(beta)
            elif thing := self.use((scope, beta)):
                if thing.is_at_it(holder, self.now):
                    continue
                thing.give_up(self.now)
                if thing.expires_at is None and not thing.leases:
                    del self.model[scope, beta]
                elif thing.leases or self.now < thing.expires_at or not may_probe:
                    left_out.append(beta)
                else:
                    thing.leases[holder] = self.now + LEASE
                    probing.append(beta)
        expected = Recall(tuple(left_out), tuple(probing))
        assert expected == self.memory.recall(scope, betas, self.now, holder=holder, may_probe=may_probe)

    @rule(scope=SCOPES, betas=BETAS, holder=HOLDERS)
    def release(self, scope, betas, holder):
        """A call found out nothing; if it is late, its lease was over and another's is not touched."""
        self.memory.release(scope, betas, holder=holder)
        for beta in betas:
            thing = self.model.get((scope, beta), Thing())
            if thing.leases.pop(holder, None) is not None and thing.expires_at is None and not thing.leases:
                del self.model[scope, beta]

    @rule(scope=SCOPES, betas=BETAS)
    def clear(self, scope, betas):
        """A good call carried betas."""
        gone = {beta: self.model.pop((scope, beta), Thing()) for beta in betas}
        expected = tuple(beta for beta, thing in gone.items() if thing.expires_at is not None)
        assert expected == self.memory.clear(scope, betas)

    @rule(beta=st.sampled_from("abcd"), where=SCOPES, wide=st.tuples(st.booleans(), st.booleans(), st.booleans()))
    def pin(self, beta, where, wide):
        """The user knows better."""
        fields = [None if any_ else field for any_, field in zip(wide, scope_fields(where), strict=True)]
        pin = (beta, *fields)
        if len(self.pins) < MOST or pin in self.pins:
            self.pins[pin] = None
            self.memory.pin(beta, origin=fields[0], endpoint=fields[1], model=fields[2])

    @rule(beta=st.sampled_from(["a", "b", None]))
    def forget(self, beta):
        """The user wants to start anew."""
        pins = [pin for pin in self.pins if beta in (None, pin[0])]
        doomed = [key for key in self.model if beta in (None, key[1])]
        verdicts = [thing for key in doomed if (thing := self.model.pop(key)).expires_at is not None]
        for pin in pins:
            del self.pins[pin]
        assert len(pins) + len(verdicts) == self.memory.forget(beta)

    @invariant()
    def holds_what_it_promised(self):
        """The same verdicts, in the same order of use, after the pins; no more than was allowed."""
        listed = self.memory.verdicts()
        expected = [
            Verdict(*key, thing.expires_at) for key, thing in self.model.items() if thing.expires_at is not None
        ]
        assert expected == list(listed[len(self.pins) :])
        assert {(v.beta, *scope_fields(v.scope)) for v in listed[: len(self.pins)]} == self.pins.keys()
        assert len(self.model) == len(self.memory)

    @invariant()
    def answers_as_it_lists(self):
        """Whether a beta is refused, here or elsewhere, is what the list says."""
        for scope in (HERE, *ELSEWHERE):
            elsewhere = {
                beta
                for (other, beta), thing in self.model.items()
                if other != scope and thing.expires_at is not None
                if (other.origin, other.credential) == (scope.origin, scope.credential)
            }
            for beta in "abcd":
                thing = self.model.get((scope, beta), Thing())
                fresh = thing.expires_at is not None and self.now < thing.expires_at
                assert (fresh or self.is_pinned(scope, beta)) == self.memory.refuses(scope, beta, self.now)
                assert (beta in elsewhere) == (beta in self.memory.refused_elsewhere(scope))

    @invariant()
    def shows_where_it_holds_something(self):
        """`places` has an endpoint as long as anything is held there, `pins` is true as long as there is one."""
        assert {(scope.origin, scope.endpoint) for scope, _ in self.model} == self.memory.places.keys()
        assert bool(self.pins) == bool(self.memory.pins)


def scope_fields(scope):
    """What a pin can hold for."""
    return scope.origin, scope.endpoint, scope.model


TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = settings(max_examples=100, stateful_step_count=40)


def test_a_suspicion_is_news_once():
    """Whoever suspects the same after it tells the others nothing new, and neither does a verdict."""
    held = memory("known")
    said = [held.suspect(HERE, betas, 0.0, holder=betas) for betas in (["new"], ["new", "known"], ["known"], ["newer"])]
    assert [True, False, False, True] == said
