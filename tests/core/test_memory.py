"""The memory: verdicts with an expiry, one probe at a time, bounded. Time is an argument here."""

import time

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from betamw.core.errors import ConfigError
from betamw.core.memory import NOTHING, Recall, Scope, Verdict, Verdicts
from betamw.memory import RejectionMemory

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
        empty.recall(HERE, ["a"], 0.0),
    )


def test_what_was_refused_is_left_out():
    """Those of the betas asked for that are held, in the order asked."""
    assert Recall(left_out=("b", "a")) == memory("a", "b", "c").recall(HERE, ["b", "x", "a"], 50.0)


@pytest.mark.parametrize("scope", ELSEWHERE)
def test_a_verdict_holds_in_its_scope_only(scope):
    """Another origin, endpoint, model or account may accept what this one refuses."""
    assert NOTHING == memory("a").recall(scope, ["a"], 0.0)


@pytest.mark.parametrize("name", ["A", "a ", "aa", ""])
def test_a_verdict_holds_for_its_beta_only(name):
    """Names are compared as they are."""
    assert NOTHING == memory("a").recall(HERE, [name], 0.0)


def test_the_verdicts_can_be_listed():
    """With their expiry on the memory's clock, the least used first."""
    held = memory("a", "b")
    held.recall(HERE, ["a"], 1.0)
    assert (Verdict(HERE, "b", 100.0), Verdict(HERE, "a", 100.0)) == held.verdicts()


def test_an_expired_verdict_is_still_listed():
    """Until a probe has decided."""
    held = memory("a")
    held.recall(HERE, ["a"], 1000.0)
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
    assert expected == memory("a").recall(HERE, ["a"], now)


def test_each_verdict_expires_on_its_own():
    """One call may leave a beta out and probe another."""
    held = memory("a")
    held.learn(HERE, ["b"], 50.0)
    assert Recall(left_out=("b",), probing=("a",)) == held.recall(HERE, ["b", "a"], 120.0)


def test_one_probe_at_a_time():
    """While one call probes, the others still leave the beta out."""
    held = memory("a")
    assert [Recall(probing=("a",))] + [Recall(left_out=("a",))] * 3 == [
        held.recall(HERE, ["a"], 100.0 + second) for second in range(4)
    ]


@pytest.mark.parametrize(("now", "probed"), [(109.999, False), (110.0, True), (500.0, True)])
def test_a_lease_expires(now, probed):
    """A probe that never comes back does not block the next one for longer than its lease."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0)
    expected = Recall(probing=("a",)) if probed else Recall(left_out=("a",))
    assert expected == held.recall(HERE, ["a"], now)


def test_the_next_probe_has_a_lease_of_its_own():
    """The lease counts from the probe that took it."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0)
    held.recall(HERE, ["a"], 110.0)
    assert Recall(left_out=("a",)) == held.recall(HERE, ["a"], 119.0)


def test_a_neutral_release_lets_the_next_call_probe():
    """A probe that found out nothing (a 500, a cancellation) leaves the verdict as it was."""
    held = memory("a")
    lease = held.recall(HERE, ["a"], 100.0).leased_until
    held.release(HERE, "a", lease)
    held.release(HERE, "never-heard-of", lease)
    assert ((Verdict(HERE, "a", 100.0),), Recall(probing=("a",))) == (held.verdicts(), held.recall(HERE, ["a"], 101.0))


def test_a_release_brings_back_no_verdict_that_holds():
    """Releasing what was never leased changes nothing."""
    held = memory("a")
    held.release(HERE, "a", 110.0)
    assert Recall(left_out=("a",)) == held.recall(HERE, ["a"], 50.0)


def test_a_probe_that_was_refused_is_a_new_verdict():
    """Learning ends the lease and starts the time anew."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0)
    held.learn(HERE, ["a"], 101.0)
    assert [Recall(left_out=("a",)), Recall(probing=("a",))] == [
        held.recall(HERE, ["a"], now) for now in (200.9, 201.0)
    ]


def test_a_probe_that_was_accepted_ends_the_verdict():
    """Then nobody leaves the beta out any more."""
    held = memory("a")
    held.recall(HERE, ["a"], 100.0)
    assert (("a",), NOTHING) == (held.clear(HERE, ["a"]), held.recall(HERE, ["a"], 100.0))


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
    held.recall(HERE, ["a"], 1.0)
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
        ("remember_for", 0, "remember_for must be a number of seconds > 0, got 0"),
        ("remember_for", float("inf"), "remember_for must be a number of seconds > 0, got inf"),
        ("probe_lease", -1, "probe_lease must be a number of seconds > 0, got -1"),
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


# The public one.


def test_the_defaults():
    """An hour, 4096 verdicts, a minute's lease, the monotonic clock."""
    held = RejectionMemory()
    assert (3600.0, 4096, 60.0, time.monotonic) == (
        held.remember_for,
        held.max_entries,
        held.probe_lease,
        held.clock,
    )


def test_the_clock_is_the_users():
    """So that a test need not sleep."""
    assert 42.0 == RejectionMemory(clock=lambda: 42.0).clock()


def test_settings_may_be_given_by_position():
    """In the order of the documentation."""
    held = RejectionMemory(60.0, 7, 5.0, lambda: 42.0)
    assert (60.0, 7, 5.0, 42.0) == (held.remember_for, held.max_entries, held.probe_lease, held.clock())


def test_the_clock_can_be_called():
    """A clock that is none fails at once, not in the first call that is refused."""
    with pytest.raises(ConfigError, match="clock must be callable, got 5"):
        RejectionMemory(clock=5)


def test_memories_are_not_equal_by_what_they_hold():
    """Two chains share a memory, or they do not."""
    assert RejectionMemory() != RejectionMemory()


# Against a model: whatever happens in whatever order.

SCOPES = st.sampled_from([HERE, *ELSEWHERE[:3]])
BETAS = st.lists(st.sampled_from("abcd"), max_size=3, unique=True)
REMEMBER_FOR, LEASE, MOST = 100.0, 10.0, 5


class Held:
    """What a plain reading of the promises says of one verdict."""

    def __init__(self, now):
        self.expires_at, self.leased_until = now + REMEMBER_FOR, float("-inf")


class MemoryMachine(RuleBasedStateMachine):
    """The memory beside a dictionary that keeps its promises one by one; the dictionary's order is that of use."""

    def __init__(self):
        super().__init__()
        self.memory = Verdicts(remember_for=REMEMBER_FOR, max_entries=MOST, probe_lease=LEASE)
        self.model, self.now, self.leases = {}, 0.0, {}

    @rule(seconds=st.sampled_from([0.5, LEASE / 2, LEASE, REMEMBER_FOR / 2, REMEMBER_FOR]))
    def wait(self, seconds):
        """Time goes by."""
        self.now += seconds

    @rule(scope=SCOPES, betas=BETAS)
    def learn(self, scope, betas):
        """Betas are refused."""
        self.memory.learn(scope, betas, self.now)
        for beta in betas:
            self.model.pop((scope, beta), None)
            self.model[scope, beta] = Held(self.now)
        while len(self.model) > MOST:
            self.model.pop(next(iter(self.model)))

    @rule(scope=SCOPES, betas=BETAS)
    def recall(self, scope, betas):
        """A call is about to send betas: each is fine, left out, or probed by this call alone."""
        said = self.memory.recall(scope, betas, self.now)
        left_out, probing = [], []
        for beta in (beta for beta in betas if (scope, beta) in self.model):
            held = self.model[scope, beta] = self.model.pop((scope, beta))
            if self.now >= max(held.expires_at, held.leased_until):
                held.leased_until = self.now + LEASE
                probing.append(beta)
            else:
                left_out.append(beta)
        assert Recall(tuple(left_out), tuple(probing)) == said
        self.leases |= {(scope, beta): said.leased_until for beta in probing}

    @rule(scope=SCOPES, beta=st.sampled_from("abcd"), late=st.booleans())
    def release(self, scope, beta, late):
        """A probe found out nothing; if it is late, its lease was over and another's is not touched."""
        lease = self.leases.get((scope, beta), 0.0) - late
        self.memory.release(scope, beta, lease)
        held = self.model.get((scope, beta))
        if held and held.leased_until == lease:
            held.leased_until = float("-inf")

    @rule(scope=SCOPES, betas=BETAS)
    def clear(self, scope, betas):
        """A good call carried betas."""
        expected = tuple(beta for beta in betas if self.model.pop((scope, beta), None))
        assert expected == self.memory.clear(scope, betas)

    @rule(beta=st.sampled_from(["a", "b", None]))
    def forget(self, beta):
        """The user wants to start anew."""
        doomed = [key for key in self.model if beta in (None, key[1])]
        for key in doomed:
            del self.model[key]
        assert len(doomed) == self.memory.forget(beta)

    @invariant()
    def is_bounded(self):
        """Never more than was allowed."""
        assert len(self.memory) <= MOST

    @invariant()
    def holds_what_it_promised(self):
        """The same verdicts, in the same order of use."""
        expected = [Verdict(*key, held.expires_at) for key, held in self.model.items()]
        assert expected == list(self.memory.verdicts())

    @invariant()
    def shows_where_it_holds_something(self):
        """`places` says what `verdicts()` shows, for every endpoint."""
        places = {(verdict.scope.origin, verdict.scope.endpoint) for verdict in self.memory.verdicts()}
        for scope in (HERE, *ELSEWHERE):
            place = (scope.origin, scope.endpoint)
            assert (place in places) == (place in self.memory.places)


TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
