"""A reply refuses "a beta flag" and names none: the search for it over several calls, driven without a socket."""

import random

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.conversation import (
    CONTEXT,
    HAND_OVER_FIRST,
    OAUTH,
    OK,
    RESEND,
    SCOPE,
    UNNAMED,
    USES_CONTEXT,
    Dialogue,
    Server,
    World,
    answer,
    assert_told_truly,
    converse,
    named,
    send,
)

from betamw.core.events import BetaRejected, MemoryExpired, MemoryHit, MemoryLearned, MemoryReprobed
from betamw.core.memory import Verdicts

EIGHT = tuple(f"{letter}-2025-01-01" for letter in "abcdefgh")
THREE = EIGHT[:3]
BETAS = st.sets(st.sampled_from(EIGHT))


def drawn(seed):
    """A source of draws that are the same each time."""
    return random.Random(seed)  # noqa: S311  draws, no secrets


def knowledge(world):
    """All that the memory holds: the verdicts, and what the search knows."""
    return set(world.memory.verdicts()), world.search


def until_known(world, server, betas, **policy):
    """The same call, made until there is nothing more to find out: it is good at once, with nothing left in doubt."""
    calls = []
    while not calls or len(calls[-1].sends) > 1 or world.search["suspects"]:
        calls.append(world.dialogue(server, *betas, **policy).run())
        assert len(calls) <= 3 * len(betas) + 2
    return calls


# What it costs.


@pytest.mark.parametrize(
    ("count", "culprits", "most"), [(8, 4, 9.0), (8, 1, 3.0), (13, 3, 8.0)], ids=["4 of 8", "1 of 8", "3 of 13"]
)
def test_the_promise(count, culprits, most):
    """So many refused sends on average, at most two in a call; every call is answered, the set exact, no innocent out.

    And the log is true, call by call.
    """
    draws, refused, betas = drawn(5), 0, tuple(f"beta-{number}" for number in range(count))
    for _ in range(200):
        world, server = World(), Server(draws.sample(betas, culprits))
        calls = until_known(world, server, betas)
        for call in calls:
            assert (True, True) == (call.answered, call.refused <= 2)
            assert_told_truly(call.exchange)
        refused += sum(call.refused for call in calls)
        after = world.dialogue(server, *betas).run()
        assert [tuple(beta for beta in betas if beta not in server.culprits)] == after.sends
        assert server.culprits == set(world.held)
        assert server.culprits == {beta for event in world.events(MemoryLearned) for beta in event.betas}
    assert refused / 200 <= most


@pytest.mark.parametrize("resends", [1, 2, 3, 5])
def test_every_call_is_answered_whatever_the_number_of_resends(resends):
    """One is enough; no call makes more, and the set is found with any."""
    draws = drawn(6)
    for _ in range(40):
        world, server = World(), Server(draws.sample(EIGHT, draws.randint(0, 8)))
        for call in until_known(world, server, EIGHT, max_resends=resends):
            assert (True, True) == (call.answered, len(call.sends) <= resends + 1)
        assert server.culprits == set(world.held)


@pytest.mark.parametrize("resends", [1, 2, 3, 5])
def test_the_last_resend_carries_only_what_is_known_to_be_good(resends):
    """By the calls before it: a call that gets that far is not refused once more."""
    draws = drawn(7)
    for _ in range(40):
        world, server = World(), Server(draws.sample(EIGHT, 4))
        for _ in range(12):
            good = world.search["good"]
            sends = world.dialogue(server, *EIGHT, max_resends=resends).run().sends
            assert len(sends) <= resends or set(sends[-1]) <= set(good)


def test_without_a_resend_the_refusal_is_the_callers(world):
    """Nothing is learned, and the suspects of others stay at home."""
    call = world.dialogue(Server(EIGHT[:1]), *THREE, max_resends=0).run()
    assert (400, ["max_resends"]) == (call.status, [event.reason for event in world.events(BetaRejected)])
    assert ((), []) == (world.held, world.search["suspects"])


# One call.


def test_a_call_that_searches(world):
    """Refused, it tries a row that should pass; what it left out was refused in this call."""
    call = world.dialogue(Server(EIGHT[-1:]), *EIGHT).run()
    assert [EIGHT, EIGHT[:2]] == call.sends
    assert (EIGHT[2:], ()) == (call.exchange.dropped("rejected"), call.exchange.dropped("remembered"))
    assert ("recovered", 2) == (call.exchange.outcome, call.exchange.attempts)


def test_a_call_that_is_refused_twice_goes_without_all_that_is_not_known_to_be_good(world):
    """On a cold memory that is everything."""
    call = world.dialogue(Server(EIGHT), *EIGHT).run()
    assert ([EIGHT, EIGHT[:2], ()], True) == (call.sends, call.answered)


def test_the_next_call_goes_on_with_the_search(world):
    """What it leaves out at first was refused earlier."""
    server = Server(EIGHT[-1:])
    world.dialogue(server, *EIGHT).run()
    call = world.dialogue(server, *EIGHT).run()
    assert 1 == len(call.sends)
    assert (tuple(beta for beta in EIGHT if beta not in call.sends[0]), ()) == (
        call.exchange.dropped("remembered"),
        call.exchange.dropped("rejected"),
    )
    assert "ok" == call.exchange.outcome


def test_a_suspect_that_is_put_back_by_a_resend_was_not_dropped(world):
    """The next row may hold what the last one left out: the log tells of the last send."""
    server = Server(EIGHT[:1])
    calls = until_known(world, server, EIGHT, max_resends=5)
    for call in calls:
        assert_told_truly(call.exchange)
        assert set(EIGHT) - set(call.sends[-1]) == set(call.exchange.usage().dropped)
    back = [
        set(later) - set(former) for call in calls for former, later in zip(call.sends, call.sends[1:], strict=False)
    ]
    assert any(back)


def test_one_beta_alone_is_the_culprit(world):
    """It takes one refusal, and is told as learned."""
    call = world.dialogue(Server(EIGHT[:1]), EIGHT[0]).run()
    assert ([EIGHT[:1], ()], EIGHT[:1]) == (call.sends, world.held)
    assert [MemoryLearned(betas=EIGHT[:1], ttl_s=100.0)] == world.events(MemoryLearned)


def test_a_hit_is_told_once_for_what_the_search_leaves_out(world):
    """However often the header is written."""
    server = Server(EIGHT[-1:])
    world.dialogue(server, *EIGHT).run()
    world.told.clear()
    call = world.dialogue(server, *EIGHT)
    call.exchange.rewrite()
    call.exchange.reconsider()
    call.run()
    assert [call.exchange.dropped("remembered")] == [event.betas for event in world.events(MemoryHit)]


def test_a_call_whose_body_is_a_stream_does_not_search(world):
    """It would be the caller who gets the refusal: the suspects stay at home, for the next call to try."""
    server = Server(EIGHT[-1:])
    world.dialogue(server, *EIGHT).run()
    call = world.dialogue(server, *EIGHT)
    call.exchange._request.replayable = False
    call.run()
    assert [tuple(world.search["good"])] == call.sends
    assert len(world.dialogue(server, *EIGHT).run().sends[0]) > len(call.sends[0])


def test_the_suspects_are_not_left_out_for_ever_where_no_call_may_search(world):
    """A search that learns nothing for as long as a verdict holds is over, however many calls were good meanwhile."""
    world.dialogue(Server(EIGHT[-1:]), *EIGHT).run()
    for _ in range(3):
        world.now += 40.0
        world.dialogue(Server(), *EIGHT, max_resends=0).run()
    assert [EIGHT] == world.dialogue(Server(), *EIGHT, max_resends=0).run().sends


def test_a_search_goes_on_where_the_merge_is_inside_of_the_fallback(world):
    """The header is written once before it is known which betas the call wants."""
    server = Server(EIGHT[-1:])
    world.dialogue(server, *EIGHT).run()
    call = Dialogue(world.call(on_unnamed="split"), server)
    call.exchange.rewrite()
    call.exchange.want(EIGHT, "default")
    call.run()
    assert set(call.sends[0]) > set(EIGHT[:2])


def test_a_beta_known_to_be_good_is_no_suspect(world):
    """A new beta beside good ones, refused: the culprit is known at once."""
    server = Server(EIGHT[:1])
    until_known(world, server, THREE)
    call = world.dialogue(Server(EIGHT[:1] + EIGHT[7:]), *THREE, EIGHT[7]).run()
    assert ([(*THREE[1:], EIGHT[7]), THREE[1:]], {EIGHT[0], EIGHT[7]}) == (call.sends, set(world.held))


# What must go along.

KEEP = EIGHT[2]


@pytest.mark.parametrize(
    "policy", [{"required": {KEEP}}, {"droppable_sources": {"request"}}], ids=["required", "not droppable"]
)
@given(culprits=BETAS, resends=st.integers(1, 3))
@settings(max_examples=40)
def test_what_may_not_be_dropped_always_goes_along(policy, culprits, resends):
    """In every send; the search among the others ends with the exact set all the same."""
    world, server = World(), Server(culprits - {KEEP})
    for _ in range(16):
        call = Dialogue(world.call(*EIGHT[:2], *EIGHT[3:], on_unnamed="split", max_resends=resends, **policy), server)
        call.exchange.want((KEEP,), "default")
        call.run()
        assert (True, True) == (call.answered, all(KEEP in sent for sent in call.sends))
        assert_told_truly(call.exchange)
    assert server.culprits == set(world.held)


@given(culprits=st.sets(st.sampled_from(EIGHT[:5])))
@settings(max_examples=40)
def test_a_beta_whose_field_is_in_the_body_always_goes_along(culprits):
    """Without it the field is the next 400."""
    world, server, betas = World(), Server(culprits), (*EIGHT[:5], CONTEXT)
    for _ in range(10):
        call = world.dialogue(server, *betas, body=USES_CONTEXT).run()
        assert (True, True) == (call.answered, all(CONTEXT in sent for sent in call.sends))
    assert culprits == set(world.held)


@pytest.mark.parametrize("kept", [{"required": {KEEP}}, {"body": USES_CONTEXT}], ids=["required", "paired"])
def test_a_culprit_that_must_go_along_is_never_blamed_on_the_others(world, kept):
    """No resend can help, so each call ends with a refusal, and nothing is learned."""
    beta = CONTEXT if "body" in kept else KEEP
    for _ in range(4):
        call = world.dialogue(Server([beta]), *EIGHT[:2], beta, **kept).run()
        assert (400, "rejected") == (call.status, call.exchange.outcome)
        assert beta in call.sends[-1]
    assert ((), [], []) == (world.held, world.search["suspects"], world.events(MemoryLearned))


def test_what_goes_in_spite_of_a_doubt_is_good_once_it_was_accepted(world):
    """A suspect that the next call must send."""
    server = Server(EIGHT[:1])
    world.dialogue(server, *THREE).run()
    call = world.dialogue(server, *THREE, required={THREE[2]}).run()
    assert THREE[2] in call.sends[0]
    assert THREE[2] in world.search["good"]


# Without a memory.


@given(culprits=BETAS, resends=st.integers(1, 5))
@settings(max_examples=40)
def test_a_call_without_a_memory_is_recovered_all_the_same(culprits, resends):
    """By halves, in its own few resends; nothing is told of a memory, and the next call knows nothing."""
    world, server = World(memory=None), Server(culprits)
    for _ in range(2):
        call = world.dialogue(server, *EIGHT, max_resends=resends).run()
        assert (True, EIGHT) == (call.answered, call.sends[0])
        assert len(call.sends) <= resends + 1
        assert_told_truly(call.exchange)
    assert {BetaRejected} >= {type(event) for event in world.told}


# A resend that fails teaches nothing.

FAILURES = [answer(status) for status in (400, 404, 422, 429, 500)]


@pytest.mark.parametrize("failure", [*FAILURES, None, "cancelled"], ids=lambda reply: getattr(reply, "status", reply))
@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.parametrize("refusals", [1, 2])
def test_a_resend_that_failed_teaches_nothing(world, failure, before, refusals):
    """Neither a verdict nor anything for the search; and what was suspected is suspected no more."""
    server = Server(EIGHT[2:4])
    for _ in range(before):
        world.dialogue(server, *EIGHT).run()
    held, shown = knowledge(world), world.dialogue(Server(), *EIGHT)
    send(shown.exchange)
    shown.cancel()
    call = world.call(*EIGHT, on_unnamed="split")
    replies = [UNNAMED] * refusals
    for reply in replies:
        send(call)
        assert RESEND is call.receive(reply)
    send(call)
    if isinstance(failure, str | None):
        call.finish(None, cancelled=failure == "cancelled")
    else:
        decision = call.receive(failure)
        assert (failure.status in {400, 404, 422}) == (decision is HAND_OVER_FIRST)
        call.finish(failure.status)
    assert held == knowledge(world)
    after = world.dialogue(Server(), *EIGHT)
    send(after.exchange)
    assert shown.exchange.sent == after.exchange.sent


@pytest.mark.parametrize("refused", [named(EIGHT[0]), UNNAMED], ids=["named", "unnamed"])
def test_a_resend_that_is_not_answered_teaches_nothing(world, refused):
    """No connection could be had for it: the caller gets the first reply."""
    call = world.call(*THREE, on_unnamed="split")
    send(call)
    call.receive(refused)
    send(call)
    call.unanswered()
    call.finish(400)
    assert ((set(), {"good": [], "suspects": [], "groups": [], "found": []}), "rejected") == (
        knowledge(world),
        call.outcome,
    )
    assert [THREE] == world.dialogue(Server(), *THREE).run().sends


# Servers that make it hard.


@attrs.define
class Fickle:
    """Answers as it is drawn: refuses that share, naming a beta in some, and fails in other ways."""

    draws: random.Random
    share: float
    names: float = 0.0
    fails: float = 0.0

    def reply(self, sent):
        """A reply that has nothing to do with what was sent."""
        if self.draws.random() < self.fails:
            return answer(self.draws.choice([400, 404, 422, 429, 500]))
        if not sent or self.draws.random() >= self.share:
            return OK
        return named(self.draws.choice(sent)) if self.draws.random() < self.names else UNNAMED


@given(
    seed=st.integers(0, 999),
    share=st.floats(0, 1),
    names=st.sampled_from([0.0, 0.3, 1.0]),
    fails=st.sampled_from([0.0, 0.3]),
    resends=st.sampled_from([0, 1, 2, 5]),
)
@settings(max_examples=80)
def test_a_server_that_refuses_at_random(seed, share, names, fails, resends):
    """Each call ends in time, the log is true; and when the server has come to its senses, all goes again."""
    world = World()
    server = Fickle(drawn(seed), share, names, fails)
    for _ in range(12):
        held = knowledge(world)
        call = world.dialogue(server, *EIGHT, max_resends=resends).run()
        assert len(call.sends) <= resends + 1
        assert_told_truly(call.exchange)
        if call.status != 200 and not names:
            assert held == knowledge(world)
    world.now += 200.0
    world.dialogue(Server(), *EIGHT).run()
    assert [EIGHT] == world.dialogue(Server(), *EIGHT).run().sends
    assert () == world.held


@pytest.mark.parametrize("resends", [0, 1, 2, 5])
@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_server_that_refuses_every_call_whatever_is_sent(world, resends, before):
    """The caller gets the refusal, after so many resends as there are and no more; nothing is learned."""
    for _ in range(before):
        world.dialogue(Server(EIGHT[:2]), *EIGHT).run()
    held = knowledge(world)
    for _ in range(5):
        call = world.dialogue(Fickle(drawn(1), 1.0), *EIGHT, OAUTH, max_resends=resends).run()
        assert (400, True) == (call.status, len(call.sends) <= resends + 1)
        assert "rejected" == call.exchange.outcome
    assert held == knowledge(world)


@given(first=BETAS, then=BETAS, calls=st.integers(0, 5))
@settings(max_examples=50)
def test_a_server_whose_set_changes_during_the_search(first, then, calls):
    """It ends; what the new set does not hold goes again when its verdict is over, and then the set is exact."""
    world, server = World(), Server(first)
    for _ in range(calls):
        world.dialogue(server, *EIGHT).run()
    server.culprits = then
    for call in until_known(world, server, EIGHT):
        assert len(call.sends) <= 3
        assert call.answered or call.refused == 3
    assert then <= set(world.held)
    world.now += 100.0
    until_known(world, server, EIGHT)
    assert then == set(world.held)


@pytest.mark.parametrize("resends", [1, 2, 3, 5])
def test_good_ones_that_are_refused_during_a_search_cost_one_call_at_the_most(world, resends):
    """Its last resend is refused too, and teaches nothing; the next call begins with the good ones, and goes without.

    If it began with a row of suspects again, each call would end with a refusal for as long as the search lasts.
    """
    server = Server(EIGHT[:1])
    while not world.search["good"]:
        world.dialogue(server, *EIGHT, max_resends=resends).run()
    server.culprits = {world.search["good"][0]}
    calls = [world.dialogue(server, *EIGHT, max_resends=resends).run() for _ in range(12)]
    assert [call.answered for call in calls].count(False) <= 1
    world.now += 100.0
    until_known(world, server, EIGHT, max_resends=resends)
    assert server.culprits == set(world.held)


def test_good_ones_that_are_refused_once_are_taken_back_at_once(world):
    """They were, and are accepted by the next call: the search goes on."""
    server = Server(EIGHT[:1])
    for _ in range(2):
        world.dialogue(server, *EIGHT).run()
    good = tuple(beta for beta in EIGHT if beta in world.search["good"])
    world.dialogue(Fickle(drawn(1), 1.0), *EIGHT).run()
    sends = [world.dialogue(server, *EIGHT).run().sends[0] for _ in range(2)]
    assert (good, True) == (sends[0], set(good) < set(sends[1]))


def test_doubts_are_of_no_concern_to_calls_that_want_other_betas(world):
    """One that does not send all of the good ones that were refused searches as before."""
    server = Server(EIGHT[:1])
    for _ in range(2):
        world.dialogue(server, *EIGHT).run()
    good = tuple(beta for beta in EIGHT if beta in world.search["good"])
    world.dialogue(Fickle(drawn(1), 1.0), *EIGHT).run()
    call = world.dialogue(server, *(beta for beta in EIGHT if beta != good[0])).run()
    assert set(call.sends[0]) > set(good[1:])


@given(unnamed=BETAS, by_name=BETAS, resends=st.sampled_from([0, 1, 2, 5]))
@settings(max_examples=50)
def test_a_server_that_names_some_and_others_not(unnamed, by_name, resends):
    """It always ends, no innocent is blamed; two resends, one for each kind, and the exact set is found."""
    world, server = World(), Server(unnamed, by_name)
    culprits = unnamed | by_name
    for _ in range(30):
        call = world.dialogue(server, *EIGHT, max_resends=resends).run()
        assert len(call.sends) <= resends + 1
        assert set(world.held) <= culprits
        assert culprits.isdisjoint(world.search["good"])
        assert_told_truly(call.exchange)
    if resends > 1:
        assert culprits == set(world.held)
        assert [tuple(beta for beta in EIGHT if beta not in culprits)] == call.sends


@given(unnamed=st.sets(st.sampled_from(EIGHT), min_size=1), by_name=st.sets(st.sampled_from(EIGHT), min_size=1))
@settings(max_examples=60)
def test_a_call_that_meets_both_kinds_of_replies_is_answered(unnamed, by_name):
    """All names come in one reply, which leaves a resend for the rest."""
    world, server = World(), Server(unnamed, by_name)
    for _ in range(10):
        assert world.dialogue(server, *EIGHT).run().answered


@given(
    calls=st.lists(st.tuples(st.lists(st.sampled_from(EIGHT), unique=True), st.integers(0, 3)), max_size=12),
    unnamed=BETAS,
    by_name=st.sets(st.sampled_from(EIGHT), max_size=2),
    keep=st.sets(st.sampled_from(EIGHT), max_size=2),
)
@settings(max_examples=100)
def test_the_log_is_true_whatever_the_calls_want(calls, unnamed, by_name, keep):
    """What was sent, dropped and learned, over calls with different betas; what is told is what the memory holds."""
    world, server = World(), Server(unnamed, by_name)
    for betas, resends in calls:
        world.told.clear()
        held = set(world.held)
        call = world.dialogue(server, *betas, max_resends=resends, required=keep).run()
        assert_told_truly(call.exchange)
        assert keep.isdisjoint(call.exchange.usage().dropped)
        assert len(call.sends) == call.exchange.attempts == len(call.replies)
        told = {beta for event in world.events(MemoryLearned) for beta in event.betas}
        assert set(world.held) - held == told
        assert set(world.held) <= unnamed | by_name
        hits = {beta for event in world.events(MemoryHit) for beta in event.betas}
        assert set(call.exchange.dropped("remembered")) <= hits
        first = {beta for beta in betas if beta not in call.sends[0]}
        assert first <= hits
        assert len(world.events(BetaRejected)) == call.refused


# Calls that overlap.


@attrs.define
class Crowd:
    """Calls with the same betas to one server, stepped in any order; notes who sends what is in doubt."""

    world: World
    server: Server
    betas: tuple
    live: list = attrs.Factory(list)
    done: list = attrs.Factory(list)
    doubts: set = attrs.Factory(set)
    searchers: set = attrs.Factory(set)

    def begin(self):
        """One more call."""
        self.live.append(self.world.dialogue(self.server, *self.betas))

    def step(self, call):
        """One send or one reply."""
        call.step()
        sent, known = call.sends[-1], set(self.world.held)
        if call.under_way:
            if self.doubts.intersection(sent) - known:
                self.searchers.add(call)
        elif call.replies[-1] is OK:
            self.doubts -= set(sent)
        else:
            self.doubts |= set(sent) - set(self.world.search["good"])
        self.doubts -= known
        if call.over:
            self.live.remove(call)
            self.searchers.discard(call)
            self.done.append(call)


@given(culprits=BETAS, moves=st.lists(st.integers(-3, 9), max_size=60))
@settings(max_examples=60)
def test_one_call_at_a_time_searches(culprits, moves):
    """The others go without the suspects, none waits, each is answered with two refused sends at the most."""
    crowd = Crowd(World(), Server(culprits), EIGHT)
    for move in [*moves, *range(100)]:
        if move < 0 or (not crowd.live and move < 10):
            crowd.begin()
        elif crowd.live:
            crowd.step(crowd.live[move % len(crowd.live)])
        assert len(crowd.searchers) <= 1
        assert set(crowd.world.held) <= culprits
        assert culprits.isdisjoint(crowd.world.search["good"])
    for call in crowd.done:
        assert (True, True) == (call.answered, call.refused <= 2)
        assert_told_truly(call.exchange)
    if not crowd.live:
        until_known(crowd.world, crowd.server, EIGHT)
        assert culprits == set(crowd.world.held)


@given(
    unnamed=BETAS,
    by_name=st.sets(st.sampled_from(EIGHT), max_size=2),
    wants=st.lists(st.lists(st.sampled_from(EIGHT), unique=True, min_size=1), min_size=1, max_size=8),
    moves=st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["step"] * 8 + ["cancel"])), max_size=40),
)
@example(  # a suspicion that ends while a call is under way which has left the beta out
    unnamed={EIGHT[2]},
    by_name={EIGHT[0], EIGHT[1]},
    wants=[[EIGHT[0]], [*EIGHT[:3]]],
    moves=[(0, "step"), (0, "step"), (1, "step"), (0, "cancel")],
)
@settings(max_examples=100)
def test_calls_with_different_betas_may_overlap_and_be_cancelled(unnamed, by_name, wants, moves):
    """No innocent is blamed, no call is sent more often than its policy says, and the next ones find the exact set."""
    world, server = World(), Server(unnamed, by_name)
    calls = [world.dialogue(server, *betas) for betas in wants]
    culprits = unnamed | by_name
    for number, move in moves:
        call = calls[number % len(calls)]
        if not call.over:
            call.step() if move == "step" else call.cancel()
        assert set(world.held) <= culprits
        assert culprits.isdisjoint(world.search["good"])
    for call in calls:
        if not call.over:
            call.run()
        assert len(call.sends) <= 3
        if call.status is not None:
            assert call.answered
            assert_told_truly(call.exchange)
    until_known(world, server, EIGHT)
    assert culprits == set(world.held)
    assert [tuple(beta for beta in EIGHT if beta not in culprits)] == world.dialogue(server, *EIGHT).run().sends


def test_two_calls_that_are_refused_at_once(world):
    """One searches; the other goes without all that is not known to be good."""
    server = Server(EIGHT[-1:])
    one, other = world.dialogue(server, *EIGHT), world.dialogue(server, *EIGHT)
    for _ in range(4):
        for call in (one, other):
            call.step()
    assert ([EIGHT, EIGHT[:2]], [EIGHT, ()]) == (one.sends, other.sends)


def test_a_searcher_that_hangs_is_relieved_when_its_lease_is_over(world):
    """The next call that is refused may search."""
    server = Server(EIGHT[-1:])
    world.dialogue(server, *EIGHT).step()
    hung = world.dialogue(server, *EIGHT)
    for _ in range(3):
        hung.step()
    world.now += 10.0
    call = world.dialogue(server, *EIGHT).run()
    assert [EIGHT, EIGHT[:2]] == call.sends


# A verdict that has expired.


def test_a_probe_that_is_refused_without_a_name(world):
    """The beta is beside good ones: it is the culprit again."""
    server = Server(EIGHT[:1])
    until_known(world, server, THREE)
    world.now += 100.0
    world.told.clear()
    call = world.dialogue(server, *THREE, max_resends=5).run()
    assert (True, THREE, {EIGHT[0]}) == (call.answered, call.sends[0], {*world.held})
    assert [MemoryExpired(betas=EIGHT[:1])] == world.events(MemoryExpired)
    assert "unknown" not in {event.result for event in world.events(MemoryReprobed)}


def test_a_probe_in_a_search_that_is_accepted(world):
    """The beta is back, and good."""
    until_known(world, Server(EIGHT[:1]), THREE)
    world.now += 100.0
    call = world.dialogue(Server(), *THREE).run()
    assert ([THREE], (), [MemoryReprobed(betas=EIGHT[:1], result="accepted")]) == (
        call.sends,
        world.held,
        world.events(MemoryReprobed),
    )


# The bounds of the memory.


def test_a_search_that_the_memory_has_dropped_meanwhile_does_no_harm(world):
    """The call is answered; what it has found out is learned."""
    server = Server(EIGHT[:1])
    call = world.dialogue(server, EIGHT[0])
    for _ in range(2):
        call.step()
    world.memory.forget()
    call.run()
    assert (True, EIGHT[:1]) == (call.answered, world.held)


def test_a_memory_of_one_entry(world):
    """Whatever it forgets, every call is answered and nobody is blamed for another."""
    world.memory, server = Verdicts(max_entries=1, remember_for=100.0), Server(EIGHT[:2])
    for _ in range(20):
        call = world.dialogue(server, *EIGHT).run()
        assert (True, True) == (call.answered, set(world.held) <= server.culprits)


def test_another_scope_is_searched_for_itself(world):
    """What is refused for one model says nothing of another; it is only tried last."""
    server = Server(EIGHT[:1])
    until_known(world, server, EIGHT)
    call = world.dialogue(server, *EIGHT, body=b'{"model": "n"}').run()
    assert [EIGHT] == call.sends[:1]
    assert EIGHT[0] not in call.sends[1]
    assert {"m"} == {verdict.scope.model for verdict in world.memory.verdicts()}
    assert SCOPE == world.memory.verdicts()[0].scope


def test_dropping_all_is_another_policy(world):
    """No search, though one is under way in the scope: what may go goes, and is learned when that helps."""
    call = world.call(*THREE)
    converse(call, UNNAMED, OK)
    assert (THREE, []) == (world.held, world.search["suspects"])
