"""Calls that overlap on a cold memory: what one has read, the others know at once. Driven without a socket."""

import random

import pytest
from support.conversation import (
    HAND_OVER_FIRST,
    OK,
    RESEND,
    UNNAMED,
    A,
    B,
    C,
    Dialogue,
    Server,
    answer,
    assert_told_truly,
    named,
    send,
)

from betamw.core.events import BetaRejected, MemoryHit, MemoryLearned

REFUSALS = pytest.mark.parametrize("refusal", [named(A), UNNAMED], ids=["named", "unnamed"])


def refused(world, refusal, *betas, **policy):
    """A call that has read a refusal, and is about to resend."""
    call = world.call(*betas, **{"on_unnamed": "split", **policy})
    send(call)
    assert RESEND is call.receive(refusal)
    return call


# Once a refusal was read.


@REFUSALS
def test_a_call_that_begins_leaves_the_beta_out(world, refusal):
    """For the reason that it is remembered; nothing is learned yet."""
    refused(world, refusal, A)
    call = world.call(A, B, on_unnamed="split")
    assert (B, {A: "remembered"}, [MemoryHit(betas=(A,))]) == (
        call.rewrite(),
        call.usage().dropped,
        world.events(MemoryHit),
    )
    assert () == world.held


@REFUSALS
def test_a_call_that_waits_for_a_connection_leaves_the_beta_out(world, refusal):
    """It was ready to be sent; told of the news it considers once more."""
    waiting = world.call(A, B, on_unnamed="split")
    assert waiting.rewrite() is None
    refused(world, refusal, A)
    waiting.reconsider()
    assert (B, {A: "remembered"}) == (waiting.rewrite(), waiting.usage().dropped)


def test_a_call_that_knew_something_already_considers_once_more(world):
    """Only when it is told to: asking the memory costs something."""
    world.refused(C)
    waiting = world.call(A, B, C)
    assert f"{A},{B}" == waiting.rewrite()
    refused(world, named(A), A)
    assert waiting.rewrite() is None
    waiting.reconsider()
    assert B == waiting.rewrite()
    assert [MemoryHit(betas=(C,)), MemoryHit(betas=(A,))] == world.events(MemoryHit)


@REFUSALS
def test_a_call_refused_in_flight_goes_without_all_that_is_known_by_then(world, refusal):
    """Both are known by the time that the second one is refused."""
    first, second = world.call(A, B), world.call(A, B)
    send(first)
    send(second)
    first.receive(named(B))
    send(first)
    first.receive(OK)
    assert (RESEND, "") == (second.receive(refusal), second.rewrite())


def test_what_goes_after_a_refusal_in_flight_is_told_for_what_it_is(world):
    """Refused here, or remembered from the other call."""
    first, second = world.call(A, B), world.call(A, B)
    send(first)
    send(second)
    first.receive(named(B))
    second.receive(named(A))
    send(second)
    second.receive(OK)
    second.finish(200)
    assert {A: "rejected", B: "remembered"} == second.usage().dropped
    assert_told_truly(second)


@REFUSALS
def test_the_call_that_was_refused_does_not_recall_its_own_suspicion(world, refusal):
    """What it leaves out was refused here."""
    call = refused(world, refusal, A)
    send(call)
    assert ({A: "rejected"}, []) == (call.usage().dropped, world.events(MemoryHit))


# The suspicion ends.


@REFUSALS
@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_resend_that_does_not_help_ends_it(world, refusal, status):
    """The next call sends the beta again."""
    call = refused(world, refusal, A)
    send(call)
    assert HAND_OVER_FIRST is call.receive(answer(status))
    call.finish(400)
    assert (None, ()) == (world.call(A, on_unnamed="split").rewrite(), world.held)


@REFUSALS
@pytest.mark.parametrize("cancelled", [False, True])
def test_a_call_that_ends_in_an_exception_ends_it(world, refusal, cancelled):
    """Before the resend or in it."""
    call = refused(world, refusal, A)
    call.finish(None, cancelled=cancelled)
    assert (None, ()) == (world.call(A, on_unnamed="split").rewrite(), world.held)


@REFUSALS
def test_a_resend_that_was_not_answered_ends_it(world, refusal):
    """No connection could be had for it."""
    call = refused(world, refusal, A)
    send(call)
    call.unanswered()
    call.finish(400)
    assert world.call(A, on_unnamed="split").rewrite() is None


@REFUSALS
def test_a_call_that_hangs_ends_it_by_and_by(world, refusal):
    """After as long as a probe may take."""
    refused(world, refusal, A)
    world.now = 9.9
    before = world.call(A, on_unnamed="split").rewrite()
    world.now = 10.0
    assert ("", None) == (before, world.call(A, on_unnamed="split").rewrite())


@REFUSALS
def test_a_resend_that_helps_makes_it_a_verdict(world, refusal):
    """Learned and told once."""
    call = refused(world, refusal, A)
    send(call)
    call.receive(OK)
    call.finish(200)
    assert ((A,), [(A,)]) == (world.held, [event.betas for event in world.events(MemoryLearned)])


def test_a_beta_that_another_call_had_accepted_is_not_suspected_any_more(world):
    """It was in flight, and is good."""
    other = world.call(A)
    send(other)
    refused(world, named(A), A)
    other.receive(OK)
    assert world.call(A).rewrite() is None


def test_what_may_not_be_dropped_is_not_suspected(world):
    """The refusal is the caller's, and says nothing to others."""
    call = world.call(A, required={A})
    send(call)
    call.receive(named(A))
    assert world.call(A).rewrite() is None


def test_without_a_memory_no_call_knows_of_another(world):
    """Each reads its own refusal."""
    world.memory = None
    refused(world, named(A), A)
    assert world.call(A).rewrite() is None


# Two hundred at once.


@pytest.mark.parametrize("server", [Server(named={A}), Server({A})], ids=["named", "unnamed"])
@pytest.mark.parametrize("in_flight", [1, 20, 200])
def test_a_cold_burst(world, server, in_flight):
    """Each call is answered; after the first refusal was read none sends the beta that has not been sent yet."""
    draws = random.Random(8)  # noqa: S311  draws, no secrets
    calls = [Dialogue(world.call(A, B, C, on_unnamed="split"), server) for _ in range(200)]
    for call in calls[:in_flight]:
        call.step()
    calls[0].step()
    live = calls[:]
    while live:
        call = draws.choice(live)
        if not call.step():
            live.remove(call)
    assert all(call.answered for call in calls)
    for call in calls[in_flight:]:
        assert (1, False) == (len(call.sends), A in call.sends[0])
    for call in calls:
        assert call.refused <= 2
        assert_told_truly(call.exchange)
    assert in_flight <= len(world.events(BetaRejected)) <= in_flight + (2 if server.culprits else 0)


def test_what_a_call_went_without_does_not_come_back_in_its_resend(world):
    """The suspicion may have ended meanwhile; but a resend is there to be answered, not to try things."""
    other = refused(world, named(A), A)
    call = world.call(A, B, C, on_unnamed="split")
    send(call)
    other.finish(None, cancelled=True)
    call.receive(named(B))
    assert C == call.rewrite()
