"""One call, driven without a socket: what goes out, what is dropped, what is learned, and what is told of it."""

import json

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.conversation import (
    AGENTS,
    AT_ODDS,
    CONTEXT,
    HAND_OVER,
    HAND_OVER_FIRST,
    MCP,
    MCP_2026,
    MESSAGES,
    OAUTH,
    OK,
    PLAIN,
    RESEND,
    SCOPE,
    STORES,
    UNNAMED,
    USES_CONTEXT,
    USES_MCP,
    A,
    B,
    C,
    World,
    answer,
    converse,
    error,
    named,
    send,
)

from betamw.core.events import BetaRejected, InputInvalid, MemoryExpired, MemoryHit, MemoryLearned, MemoryReprobed
from betamw.core.exchange import Exchange
from betamw.core.header import read_header, union
from betamw.core.policy import SOURCES, FallbackPolicy
from betamw.core.reply import Reply

# The header.


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ((), {}),
        (("a",), {}),
        (("a,b",), {}),
        ((" a ,, b\t,",), {}),
        (("a", "b"), {}),
        (("a", ""), {}),
        (("a, b",), {"default": "ba", "endpoint": "a", "override": "b"}),
    ],
)
def test_a_header_that_the_merge_does_not_change_is_left_byte_for_byte(world, lines, asked):
    """Whatever its layout: nothing is written."""
    assert world.exchange(*lines, **asked).rewrite() is None


@pytest.mark.parametrize(
    ("lines", "asked", "value"),
    [
        ((), {"default": "a"}, "a"),
        ((), {"endpoint": "d", "default": "c", "override": "b"}, "b,c,d"),
        (("a",), {"default": "b"}, "a,b"),
        (("b", "a"), {"default": "cb"}, "b,a,c"),
        ((" a ,, ",), {"override": "b"}, "a,b"),
        (("a,a",), {}, "a"),
        (("a", "a"), {}, "a"),
        (("a, b c",), {}, "a"),
        (('a,"b"',), {"default": "b"}, "a,b"),
    ],
)
def test_a_header_that_changes_is_one_line(world, lines, asked, value):
    """Joined by commas, in the order of the merge."""
    assert value == world.exchange(*lines, **asked).rewrite()


@pytest.mark.parametrize("lines", [("",), (" , ",), ("a b",), ("", "\x00")])
def test_a_header_without_a_beta_is_deleted(world, lines):
    """An empty value is itself refused by the API."""
    assert "" == world.exchange(*lines).rewrite()


def test_a_header_whose_betas_are_all_removed_is_deleted(world):
    """No beta, no header."""
    exchange = world.exchange("a, b")
    exchange.remove(("a", "b"))
    assert "" == exchange.rewrite()


@pytest.mark.parametrize("lines", [("a,a",), ("",), ("b c",), ("a",)])
def test_what_was_written_is_not_written_again(world, lines):
    """The second middleware finds nothing to do."""
    exchange = world.exchange(*lines, default="d")
    exchange.rewrite()
    assert exchange.rewrite() is None


def test_a_pair_in_conflict_is_resolved(world):
    """For the caller's header, at an endpoint that refuses the two together."""
    exchange = world.exchange(AGENTS, place=AT_ODDS, endpoint=[STORES])
    assert (None, {STORES: "policy"}) == (exchange.rewrite(), exchange.usage().dropped)


def test_invalid_names_are_left_out_and_told_by_their_length(world):
    """The caller's request still goes, and no value reaches a log."""
    exchange = world.exchange("a, b c", "\x00\x01\x02\x03,a")
    assert ("a", [3, 4]) == (exchange.rewrite(), [event.length for event in world.events(InputInvalid)])


def test_an_invalid_name_is_told_as_the_callers(world):
    """With a problem and an origin from closed sets."""
    world.exchange("caf\xe9")
    assert [InputInvalid(problem="invalid_beta_name", origin="request", length=4)] == world.told


def test_a_header_full_of_invalid_names_makes_ten_events(world):
    """One header cannot flood a log."""
    world.exchange(",".join(f"no name {number}" for number in range(1000)))
    assert 10 == len(world.told)


# Another's hand on the header.


def test_what_another_hand_adds_counts_as_the_callers(world):
    """A middleware of somebody else's is the caller's code."""
    exchange = world.exchange("a", default="b")
    exchange.rewrite()
    exchange.overhear(("a,b,x",))
    assert (("a", "x"), "request", "a,x,b") == (
        exchange.plan.requested,
        exchange.plan.sources["x"],
        exchange.rewrite(),
    )


def test_what_another_hand_takes_out_stays_out(world):
    """It is told as the policy's drop."""
    exchange = world.exchange("a", default="bc")
    exchange.rewrite()
    exchange.overhear(("a, c",))
    assert (None, {"b": "policy"}) == (exchange.rewrite(), exchange.usage().dropped)


def test_what_another_hand_puts_back_is_wanted_again(world):
    """The last word is with who has the header last."""
    exchange = world.exchange("a, b")
    exchange.remove(("b",))
    exchange.rewrite()
    exchange.overhear(("a,b",))
    assert (None, ("a", "b"), {}) == (exchange.rewrite(), exchange.plan.merged, exchange.usage().dropped)


def test_what_another_hand_deletes_is_gone(world):
    """No lines, no betas; and nothing left to write."""
    exchange = world.exchange("a")
    exchange.overhear(())
    assert (None, (), ("a",)) == (exchange.rewrite(), exchange.plan.merged, exchange.dropped("policy"))


def test_the_layout_of_another_hand_is_left_alone(world):
    """Only what it says counts."""
    exchange = world.exchange("a", default="b")
    exchange.rewrite()
    exchange.overhear((" a", "b ,"))
    assert exchange.rewrite() is None


def test_a_repeat_of_another_hand_is_written_out(world):
    """Unless it has to be."""
    exchange = world.exchange("a")
    exchange.overhear(("a, a",))
    assert "a" == exchange.rewrite()


def test_what_went_out_by_another_hand_was_sent(world):
    """A middleware between the fallback and the socket changed the header: the record says what went out."""
    call = world.call(A)
    send(call)
    call.overhear((f"{B}, {A}",), sent=True)
    assert (B, A) == call.sent


def test_a_refused_beta_that_another_hand_sends_again_was_not_dropped(world):
    """The record says what went out, not what was meant to."""
    call = world.call(A, B)
    send(call)
    call.receive(named(A))
    send(call)
    call.overhear((f"{B},{A}",), sent=True)
    assert ((B, A), {}) == (call.usage().sent, call.usage().dropped)


def test_a_refused_beta_that_another_hand_puts_back_before_the_resend_stays_out(world):
    """A middleware further out has no say any more in what was refused."""
    call = world.call(A, B)
    send(call)
    call.receive(named(A))
    call.rewrite()
    call.overhear((f"{A},{B}",))
    assert B == call.rewrite()


def test_what_another_hand_sent_was_not_dropped_by_a_conflict(world):
    """A pair in conflict that went out because of another's hand: both are told as sent, neither as dropped."""
    call = world.start(world.exchange(place=AT_ODDS, default=[STORES]))
    send(call)
    call.overhear((f"{STORES},{AGENTS}",), sent=True)
    assert ((STORES, AGENTS), {}) == (call.usage().sent, call.usage().dropped)


# Middlewares in another order.


def test_a_merge_after_the_fallback_cannot_put_a_refused_beta_back(world):
    """The header is always rendered from the exchange."""
    call = world.call(A)
    send(call)
    call.receive(named(A))
    send(call)
    call.want((A, B), "default")
    assert B == call.rewrite()


def test_what_a_merge_after_the_fallback_adds_was_sent(world):
    """It goes out, so the record has to say so."""
    call = world.call(A)
    send(call)
    call.want((B,), "default")
    assert (f"{A},{B}", (A, B)) == (call.rewrite(), call.usage().sent)


def test_what_a_merge_after_the_fallback_adds_can_be_refused(world):
    """It went out, so it can be blamed, dropped, and the call recovers."""
    call = world.call()
    send(call)
    call.want((A, B), "default")
    call.rewrite()
    assert RESEND is call.receive(named(A))


def test_what_a_merge_after_the_fallback_removes_was_not_sent(world):
    """`override(remove=...)` is applied after the fallback has counted the attempt."""
    call = world.call(A, B)
    send(call)
    call.remove((A,))
    call.rewrite()
    assert ((B,), {A: "policy"}) == (call.usage().sent, call.usage().dropped)


def test_only_one_fallback_takes_part(world):
    """A second one asks first."""
    exchange = world.exchange()
    before = exchange.falls_back
    world.start(exchange)
    assert (False, True) == (before, exchange.falls_back)


def test_without_a_fallback_a_refusal_is_handed_over(world):
    """Whoever shows a reply to an exchange without a fallback gets it back."""
    exchange = world.exchange(A)
    assert [HAND_OVER] == converse(exchange, named(A))
    assert ["fallback_off"] == [event.reason for event in world.events(BetaRejected)]


# A refusal: drop and resend.


@pytest.mark.parametrize(
    ("betas", "refused", "value"),
    [((A, B, C), (A,), f"{B},{C}"), ((A, B, C), (C, A), B), ((A,), (A,), ""), ((A, B), (B, "never-sent"), A)],
)
@pytest.mark.parametrize("status", [400, 422])
def test_a_named_beta_is_left_out_of_the_resend(world, betas, refused, value, status):
    """Those that were sent and are refused, and no others; with the last beta the header goes."""
    call = world.call(*betas)
    send(call)
    assert (RESEND, value) == (call.receive(named(*refused, status=status)), call.rewrite())


def test_a_recovered_call(world):
    """Who asked, what was sent in the end, what was dropped."""
    call = world.call(A, B)
    converse(call, named(A), OK)
    usage = call.usage()
    assert ("recovered", 2, (A, B), (B,), {A: "rejected"}) == (
        usage.outcome,
        usage.attempts,
        usage.merged,
        usage.sent,
        dict(usage.dropped),
    )


def test_each_refusal_drops_more(world):
    """Servers that name one at a time."""
    call = world.call(A, B, C)
    assert [RESEND, RESEND, HAND_OVER] == converse(call, named(A), named(B), OK)
    assert ((C,), {A: "rejected", B: "rejected"}) == (call.usage().sent, call.usage().dropped)


@pytest.mark.parametrize(("max_resends", "attempts"), [(0, 1), (1, 2), (2, 3), (3, 3), (100, 3)])
def test_a_call_is_resent_max_resends_times(world, max_resends, attempts):
    """Then the caller gets the refusal."""
    call = world.call(A, B, C, max_resends=max_resends)
    replies = [named(A), named(B), named(C)][:attempts]
    if attempts == 3 and max_resends > 2:
        replies.append(OK)
    converse(call, *replies)
    assert min(max_resends, 3) + 1 == call.attempts
    assert ("recovered" if max_resends >= 3 else "rejected") == call.outcome


def test_a_reply_that_names_no_beta_that_was_sent_is_none_of_our_business(world):
    """A relay added it."""
    assert [HAND_OVER] == converse(world.call(A), named("added-by-a-relay-2025-01-01"))


@pytest.mark.parametrize(
    "reply",
    [
        OK,
        Reply(status=200, body=named(A).body),
        Reply(status=301),
        named(A, status=401),
        named(A, status=403),
        named(A, status=404),
        named(A, status=429),
        named(A, status=500),
        answer(400),
        answer(422),
        Reply(status=400),
        Reply(status=400, body=b""),
        Reply(status=400, body=b"\xff\x00"),
        attrs.evolve(named(A), content_type="text/html"),
    ],
)
def test_a_reply_that_refuses_no_beta_is_handed_over(world, reply):
    """With nothing dropped, nothing learned, nothing told."""
    call = world.call(A)
    assert [HAND_OVER] == converse(call, reply)
    assert ({}, (), []) == (call.usage().dropped, world.held, world.told)


def test_a_refusal_of_a_header_by_another_name(world):
    """The header's name is the API's."""
    exchange = world.start(Exchange(world.told.append, MESSAGES.plan, "POST", MESSAGES, "openai-beta"))
    exchange.want((A,), "default")
    send(exchange)
    text = f"Unexpected value(s) `{A}` for the `openai-beta` header."
    assert RESEND is exchange.receive(error(400, text))


# A refusal: nothing can be dropped.


@pytest.mark.parametrize(
    ("reason", "policy"),
    [
        ("max_resends", {"max_resends": 0}),
        ("required", {"required": {"files-*"}}),
        ("required", {"required": {A}}),
        ("source_not_droppable", {"droppable_sources": {"default", "endpoint", "override"}}),
    ],
)
@pytest.mark.parametrize("reply", [named(A), UNNAMED], ids=["named", "unnamed"])
def test_what_the_policy_forbids_is_not_dropped(world, reason, policy, reply):
    """The caller gets the refusal, and the event says why."""
    assert_stands(world, world.call(A, **policy), reply, reason)


def assert_stands(world, call, reply, reason):
    """The refusal is handed over, for this reason, and nothing came of it."""
    assert [HAND_OVER] == converse(call, reply)
    assert [("give_up", reason)] == [(event.action, event.reason) for event in world.events(BetaRejected)]
    assert ("rejected", 1, {}, ()) == (call.outcome, call.attempts, call.usage().dropped, world.held)


def test_what_the_credential_needs_is_not_dropped(world):
    """By default `oauth-*`: without it a Bearer token is worth nothing."""
    assert_stands(world, world.call(OAUTH), named(OAUTH), "required")


def test_what_the_endpoint_requires_is_not_dropped(world):
    """Without it the call has no meaning."""
    exchange = world.start(world.exchange())
    exchange.want((A,), "endpoint", frozenset({A}))
    assert_stands(world, exchange, named(A), "required")


def test_what_the_endpoint_requires_is_not_dropped_though_the_caller_asks_too(world):
    """Required is required, whoever was first."""
    exchange = world.start(world.exchange(A))
    exchange.want((A,), "endpoint", frozenset({A}))
    assert_stands(world, exchange, named(A), "required")


def test_what_stands_in_for_a_required_beta_is_not_dropped(world):
    """The caller's one of a pair in conflict took the place of the one that the endpoint requires."""
    exchange = world.start(world.exchange(AGENTS, place=AT_ODDS))
    exchange.want((STORES,), "endpoint", frozenset({STORES}))
    converse(exchange, named(AGENTS))
    assert ["required"] == [event.reason for event in world.events(BetaRejected)]


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_that_is_not_droppable(world, source):
    """Whichever it is."""
    exchange = world.exchange(**{source: [A]})
    world.start(exchange, FallbackPolicy(droppable_sources=set(SOURCES) - {source}))
    assert_stands(world, exchange, named(A), "source_not_droppable")


def test_with_the_fallback_off_a_refusal_stands(world):
    """`override(fallback=False)`: it is read and told, and nothing else."""
    assert_stands(world, world.call(A, enabled=False), named(A), "fallback_off")


def test_an_unnamed_refusal_may_stand(world):
    """`on_unnamed="give_up"`."""
    assert_stands(world, world.call(A, B, on_unnamed="give_up"), UNNAMED, "unnamed")


@pytest.mark.parametrize("reply", [named(A), UNNAMED], ids=["named", "unnamed"])
def test_a_body_that_cannot_be_sent_twice(world, reply):
    """A stream is gone."""
    assert_stands(world, world.call(A), attrs.evolve(reply, replayable=False), "body_not_replayable")


@pytest.mark.parametrize(("beta", "body"), [(CONTEXT, USES_CONTEXT), (MCP, USES_MCP)])
@pytest.mark.parametrize("unnamed", [False, True])
def test_a_beta_whose_field_is_in_the_body(world, beta, body, unnamed):
    """Without the beta its field is the next 400."""
    assert_stands(world, world.call(beta, body=body), UNNAMED if unnamed else named(beta), "paired_field")


def test_a_beta_whose_field_is_not_in_the_body_can_go(world):
    """The pair is of this beta and that field."""
    assert [RESEND, HAND_OVER] == converse(world.call(CONTEXT, body=USES_MCP), named(CONTEXT), OK)


def test_a_beta_whose_field_another_one_allows_can_go(world):
    """The later MCP beta includes the earlier one."""
    call = world.call(MCP, MCP_2026, body=USES_MCP)
    assert [RESEND, HAND_OVER] == converse(call, named(MCP), OK)
    assert (MCP_2026,) == call.sent


@pytest.mark.parametrize(
    ("betas", "body", "policy", "reason"),
    [
        ((A, OAUTH), PLAIN, {}, "required"),
        ((A, B), PLAIN, {"required": {B}}, "required"),
        ((A, CONTEXT), USES_CONTEXT, {}, "paired_field"),
    ],
)
def test_of_the_named_betas_all_go_or_none(world, betas, body, policy, reason):
    """What stays would be refused again, so a resend without the others is of no use."""
    assert_stands(world, world.call(*betas, body=body, **policy), named(*betas), reason)


# An unnamed refusal.


def test_an_unnamed_refusal_drops_all_that_may_go(world):
    """With `drop_all`; what is required stays."""
    call = world.call(A, OAUTH, B)
    assert [RESEND, HAND_OVER] == converse(call, UNNAMED, OK)
    assert ((OAUTH,), "recovered") == (call.sent, call.outcome)


def test_an_unnamed_refusal_drops_only_what_the_body_can_do_without(world):
    """The beta whose field is used stays; the culprit may be another one."""
    call = world.call(A, CONTEXT, body=USES_CONTEXT)
    assert [RESEND, HAND_OVER] == converse(call, UNNAMED, OK)
    assert ((CONTEXT,), (A,)) == (call.sent, world.held)


def test_an_unnamed_refusal_of_what_must_stay_is_the_end(world):
    """All else has gone already."""
    call = world.call(A, OAUTH)
    assert [RESEND, HAND_OVER] == converse(call, UNNAMED, UNNAMED)
    assert ("rejected", (), ["dropped", "required"]) == (
        call.outcome,
        world.held,
        [event.reason for event in world.events(BetaRejected)],
    )


# What is learned.

FIRST = [RESEND, HAND_OVER_FIRST]
LAST = [RESEND, HAND_OVER]


@pytest.mark.parametrize(
    ("replies", "learned", "decisions"),
    [
        *(([named(A), answer(status)], (A,), LAST) for status in (200, 204, 302, 401, 403, 413, 429, 500, 529)),
        *(([named(A), answer(status)], (), FIRST) for status in (400, 404, 422)),
        *(([UNNAMED, answer(status)], (A, B, C), LAST) for status in (200, 204)),
        *(([UNNAMED, answer(status)], (), LAST) for status in (101, 302, 401, 403, 413, 429, 500, 529)),
        *(([UNNAMED, answer(status)], (), FIRST) for status in (400, 404, 422)),
        ([named(A), named(B), OK], (A, B), [RESEND, *LAST]),
        ([named(A), named(B), answer(500)], (A, B), [RESEND, *LAST]),
        ([named(A), named(B), answer(400)], (A,), [RESEND, *FIRST]),
        ([named(A), UNNAMED, OK], (A, B, C), [RESEND, *LAST]),
        ([named(A), UNNAMED, answer(500)], (A,), [RESEND, *LAST]),
        ([named(A), UNNAMED, answer(400)], (), [RESEND, *FIRST]),
        ([named(A), named(B), named(C)], (A, B), [RESEND, RESEND, HAND_OVER]),
        ([answer(400)], (), [HAND_OVER]),
        ([answer(500)], (), [HAND_OVER]),
    ],
)
def test_a_lesson_is_learned_when_the_resend_shows_that_it_helped(world, replies, learned, decisions):
    """Named: any answer but a 400, 404 or 422 of another kind. Unnamed: only a good one. A second name confirms one."""
    call = world.call(A, B, C)
    assert decisions == converse(call, *replies)
    assert learned == world.held
    assert learned == tuple(beta for event in world.events(MemoryLearned) for beta in event.betas)


def test_a_refusal_that_is_handed_over_at_once_teaches_nothing(world):
    """Nobody has seen whether dropping helps."""
    converse(world.call(A, max_resends=0), named(A))
    assert () == world.held


def test_a_named_refusal_of_what_must_stay_does_not_confirm_an_unnamed_one(world):
    """That the second refusal names another beta says nothing of those that were dropped on suspicion."""
    assert [RESEND, HAND_OVER] == converse(world.call(A, OAUTH), UNNAMED, named(OAUTH))
    assert () == world.held


def test_a_named_refusal_of_what_must_stay_confirms_a_named_one(world):
    """The first beta is refused for certain."""
    assert [RESEND, HAND_OVER] == converse(world.call(A, OAUTH), named(A), named(OAUTH))
    assert (A,) == world.held


def test_a_resend_that_is_not_answered_teaches_nothing(world):
    """The first refusal is handed over."""
    call = world.call(A)
    send(call)
    call.receive(named(A))
    send(call)
    call.unanswered()
    call.finish(400)
    assert ("rejected", 2, ()) == (call.outcome, call.attempts, world.held)


def test_a_call_without_a_memory_falls_back_all_the_same():
    """`memory=None` turns learning off, and nothing else."""
    world = World(memory=None)
    call = world.call(A, B)
    assert [RESEND, RESEND, HAND_OVER] == converse(call, named(A), named(B), OK)
    assert ("recovered", [BetaRejected, BetaRejected]) == (call.outcome, [type(event) for event in world.told])


# What is remembered.


def test_what_was_learned_is_left_out_of_the_next_call(world):
    """The lesson is paid for once."""
    converse(world.call(A, B), named(A), OK)
    call = world.call(A, B)
    converse(call, OK)
    usage = call.usage()
    assert ("ok", 1, (B,), {A: "remembered"}) == (usage.outcome, usage.attempts, usage.sent, usage.dropped)
    assert [MemoryHit(betas=(A,))] == world.events(MemoryHit)


def test_a_header_whose_betas_are_all_remembered_is_deleted(world):
    """No beta, no header."""
    world.refused(A, B)
    assert "" == world.call(A, B).rewrite()


def test_the_memory_is_asked_once_for_each_beta(world):
    """However often the header is rendered, also for those that come later."""
    world.refused(A, B)
    call = world.call(A, C)
    call.rewrite()
    call.want((B,), "default")
    call.rewrite()
    call.rewrite()
    assert [MemoryHit(betas=(A,)), MemoryHit(betas=(B,))] == world.told


@pytest.mark.parametrize(
    ("beta", "body", "policy"),
    [
        (CONTEXT, USES_CONTEXT, {}),
        (MCP, USES_MCP, {}),
        (OAUTH, PLAIN, {}),
        (A, PLAIN, {"required": {"files-api-*"}}),
        (A, PLAIN, {"droppable_sources": ()}),
    ],
)
def test_what_must_go_goes_though_it_is_remembered(world, beta, body, policy):
    """The same betas that a refusal does not drop are not dropped from memory either."""
    world.refused(beta)
    call = world.call(beta, body=body, **policy)
    assert (None, [], {}) == (call.rewrite(), world.told, call.usage().dropped)


def test_what_the_endpoint_requires_goes_though_it_is_remembered(world):
    """Another key may not have had it, or the rule is newer than the lesson."""
    world.refused(A)
    exchange = world.start(world.exchange())
    exchange.want((A, B), "endpoint", frozenset({A}))
    assert f"{A},{B}" == exchange.rewrite()


def test_what_turns_out_to_be_required_goes_though_it_was_left_out_before(world):
    """With the endpoint rules inside of the fallback: the header is rendered once before the requirement is known."""
    world.refused(A)
    call = world.call(A, B)
    send(call)
    call.want((A,), "endpoint", frozenset({A}))
    call.rewrite()
    assert {} == call.usage().dropped


def test_of_what_is_remembered_only_what_the_body_uses_goes(world):
    """The others are left out."""
    world.refused(A, CONTEXT)
    call = world.call(A, CONTEXT, body=USES_CONTEXT)
    assert (CONTEXT, {A: "remembered"}) == (call.rewrite(), call.usage().dropped)


def test_with_the_fallback_off_nothing_is_remembered(world):
    """`override(fallback=False)`: nothing is left out, and no probe is begun."""
    world.expired(A)
    call = world.call(A, enabled=False)
    assert [HAND_OVER] == converse(call, OK)
    assert ((A,), [], (A,)) == (call.sent, world.told, world.held)


def test_a_success_clears_the_betas_that_it_carried(world):
    """A beta that went out in spite of its verdict, and was accepted."""
    world.refused(CONTEXT, A)
    converse(world.call(CONTEXT, body=USES_CONTEXT), OK)
    assert (A,) == world.held


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_an_error_clears_nothing(world, status):
    """It says nothing of the betas."""
    world.refused(CONTEXT)
    converse(world.call(CONTEXT, body=USES_CONTEXT), answer(status))
    assert (CONTEXT,) == world.held


def test_a_success_after_a_drop_keeps_the_lesson(world):
    """The beta that was dropped was not carried."""
    converse(world.call(A, B), named(A), OK)
    assert (A,) == world.held


def test_what_was_refused_in_this_call_stays_so_though_it_was_learned_meanwhile(world):
    """A second refusal teaches the first lesson; the beta was refused here and now, not remembered."""
    call = world.call(A, B)
    converse(call, named(A), named(B), OK)
    assert ({A: "rejected", B: "rejected"}, []) == (call.usage().dropped, world.events(MemoryHit))


def test_what_was_refused_in_two_calls_at_once_is_recovered_in_both(world):
    """While one call is under way, another one learns the same; both were refused, dropped the beta and recovered."""
    one, other = world.call(A, B), world.call(A, B)
    for reply in (named(A), OK):
        send(one)
        send(other)
        one.receive(reply)
        other.receive(reply)
    one.finish(200)
    other.finish(200)
    assert [("recovered", {A: "rejected"})] * 2 == [(call.outcome, call.usage().dropped) for call in (one, other)]
    assert [] == world.events(MemoryHit)


# Probes: a verdict has expired.


def test_a_probe_that_is_accepted(world):
    """The beta is back."""
    world.expired(A)
    call = world.call(A, B)
    assert [HAND_OVER] == converse(call, OK)
    assert [MemoryExpired(betas=(A,)), MemoryReprobed(betas=(A,), result="accepted")] == world.told
    assert ((A, B), "ok", ()) == (call.sent, call.outcome, world.held)


def test_a_probe_that_is_refused(world):
    """The call recovers, the verdict is new."""
    world.expired(A)
    call = world.call(A, B)
    assert [RESEND, HAND_OVER] == converse(call, named(A), OK)
    assert [MemoryReprobed(betas=(A,), result="refused")] == world.events(MemoryReprobed)
    assert ("recovered", [200.0]) == (call.outcome, [verdict.expires_at for verdict in world.memory.verdicts()])


@pytest.mark.parametrize(
    "replies", [[answer(500)], [answer(429)], [answer(400)], [named(A), answer(400)], [UNNAMED, answer(500)]]
)
def test_a_probe_that_finds_nothing_out(world, replies):
    """Neither good nor a lesson: the next call probes."""
    world.expired(A)
    converse(world.call(A, B), *replies)
    assert [MemoryReprobed(betas=(A,), result="unknown")] == world.events(MemoryReprobed)
    assert (A,) == world.memory.recall(SCOPE, [A], world.now, holder="next").probing


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_probe_that_ends_in_an_exception(world, cancelled):
    """A cancellation or a timeout frees the lease."""
    world.expired(A)
    call = world.call(A)
    send(call)
    call.finish(None, cancelled=cancelled)
    assert [MemoryReprobed(betas=(A,), result="unknown")] == world.events(MemoryReprobed)
    assert (A,) == world.memory.recall(SCOPE, [A], world.now, holder="next").probing


def test_while_one_call_probes_the_others_go_without(world):
    """One probe at a time."""
    world.expired(A)
    probe, other = world.call(A, B), world.call(A, B)
    assert (None, B) == (probe.rewrite(), other.rewrite())


def test_a_resend_is_no_second_probe(world):
    """The call that probes keeps its lease over its resends."""
    world.expired(A)
    call = world.call(A, B)
    send(call)
    call.receive(named(B))
    assert (A, [MemoryExpired(betas=(A,))]) == (call.rewrite(), world.events(MemoryExpired))


# How it ends.


@pytest.mark.parametrize(
    ("replies", "outcome"),
    [
        ([OK], "ok"),
        ([answer(204)], "ok"),
        ([answer(302)], "ok"),
        ([answer(400)], "error"),
        ([answer(500)], "error"),
        ([named(A), OK], "recovered"),
        ([UNNAMED, answer(302)], "recovered"),
        ([named(A), answer(400)], "rejected"),
        ([named(A), answer(404)], "rejected"),
        ([named(A), answer(500)], "error"),
        ([named(A), answer(429)], "error"),
        ([named(OAUTH)], "rejected"),
    ],
)
def test_the_outcome(world, replies, outcome):
    """Ok, recovered (good after a drop), rejected, or error."""
    call = world.call(A, B, OAUTH)
    converse(call, *replies)
    assert outcome == call.usage().outcome


@pytest.mark.parametrize(("cancelled", "outcome"), [(False, "error"), (True, "cancelled")])
@pytest.mark.parametrize("resent", [False, True])
def test_a_call_that_ends_in_an_exception(world, cancelled, outcome, resent):
    """Whatever came before."""
    call = world.call(A)
    send(call)
    if resent:
        call.receive(named(A))
        send(call)
    call.finish(None, cancelled=cancelled)
    assert outcome == call.outcome


def test_a_call_that_is_over_holds_on_to_nothing(world):
    """A response may live long; its request's body need not."""
    call = world.call(A)
    converse(call, OK)
    assert (None, None) == (call._request, call._memory)


def test_a_call_that_is_over_tells_nobody(world):
    """Whoever listened may be gone."""
    call = world.call(A)
    converse(call, OK)
    call.overhear(("no name",))
    assert [] == world.told


# What is told.


def test_the_event_of_a_refusal(world):
    """One for each reply that refuses: what was sent then, and what became of it."""
    converse(world.call(A, B, OAUTH), named(A, request_id="req_1"), named(OAUTH, status=422))
    assert [
        BetaRejected(
            betas_rejected=(A,),
            betas_sent=(A, B, OAUTH),
            attempt=1,
            http_response_status_code=400,
            error_type="invalid_request_error",
            rejection_rule="unexpected-value",
            action="resend",
            reason="dropped",
            anthropic_request_id="req_1",
            gen_ai_request_model="m",
        ),
        BetaRejected(
            betas_rejected=(OAUTH,),
            betas_sent=(B, OAUTH),
            attempt=2,
            http_response_status_code=422,
            error_type="invalid_request_error",
            rejection_rule="unexpected-value",
            action="give_up",
            reason="required",
            anthropic_request_id=None,
            gen_ai_request_model="m",
        ),
    ] == world.events(BetaRejected)


@pytest.mark.parametrize(
    ("body", "model"), [(b'{"model": "m-1"}', "m-1"), (b'{"model": "sk-ant-x"}', None), (b"", None)]
)
def test_a_refusal_is_told_with_the_model_that_was_asked(world, body, model):
    """A beta may be refused for one model only; the refused request's body is looked into, a good one's is not."""
    converse(world.call(A, body=body), named(A), OK)
    assert [model] == [event.gen_ai_request_model for event in world.events(BetaRejected)]


def test_an_unnamed_refusal_is_told_without_names(world):
    """It blames nobody."""
    converse(world.call(A, B), UNNAMED, OK)
    assert [()] == [event.betas_rejected for event in world.events(BetaRejected)]


@pytest.mark.parametrize("said", [None, "", "<nil>", "sk-ant-secret", "two words", 5, ["a"]], ids=repr)
def test_an_error_type_that_is_none_is_told_by_its_status(world, said):
    """What comes from outside is checked before it is told."""
    body = json.loads(named(A).body)
    body["error"]["type"] = said
    converse(world.call(A), attrs.evolve(named(A), body=json.dumps(body).encode()), OK)
    assert ["400"] == [event.error_type for event in world.events(BetaRejected)]


@pytest.mark.parametrize("request_id", ["", "two words", "req_1\r\nx: y", "x" * 129, "sk-ant-secret"], ids=repr)
def test_a_request_id_that_is_none_is_not_told(world, request_id):
    """Nor is what looks like a key."""
    converse(world.call(A), named(A, request_id=request_id), OK)
    assert [None] == [event.anthropic_request_id for event in world.events(BetaRejected)]


def test_usage(world):
    """The call as its caller may see it."""
    exchange = world.exchange(A, override=[B], default=[C], endpoint=[OAUTH, A])
    exchange.remove((B,))
    world.start(exchange)
    converse(exchange, named(C), OK)
    assert {
        "requested": (A,),
        "scoped": (B,),
        "injected": (C, OAUTH, A),
        "merged": (A, C, OAUTH),
        "sent": (A, OAUTH),
        "sources": {A: "request", B: "override", C: "default", OAUTH: "endpoint"},
        "dropped": {C: "rejected", B: "policy"},
        "substituted": {},
        "body_fields_stripped": (),
        "attempts": 2,
        "outcome": "recovered",
    } == {**attrs.asdict(exchange.usage(), recurse=False), "sources": dict(exchange.usage().sources)}


def test_the_drops_of_one_reason_are_in_the_order_of_the_merge(world):
    """However the server lists them."""
    call = world.call(A, B, C)
    converse(call, named(C), named(A), OK)
    assert (A, C) == call.dropped("rejected")


# Whatever happens.

BETAS = (A, B, C, OAUTH, CONTEXT, MCP, STORES, AGENTS)
SOME = st.lists(st.sampled_from(BETAS), max_size=4, unique=True).map(tuple)
POLICIES = st.builds(
    FallbackPolicy,
    max_resends=st.integers(0, 3),
    on_unnamed=st.sampled_from(["drop_all", "give_up"]),
    required=st.sampled_from([frozenset({"oauth-*"}), frozenset(), frozenset({"*-api-*", C})]),
    droppable_sources=st.frozensets(st.sampled_from(SOURCES), min_size=2),
)
# A number stands for a refusal of one of the betas that were sent, whichever these are then.
REPLIES = st.one_of(
    st.integers(0, 3),
    st.integers(0, 3),
    st.builds(lambda betas, status: named(*betas, status=status), SOME.filter(bool), st.sampled_from([400, 422])),
    st.just(UNNAMED),
    st.sampled_from([200, 204, 302, 400, 401, 404, 422, 429, 500]).map(answer),
    st.builds(Reply, status=st.sampled_from([400, 422]), body=st.binary(max_size=20), replayable=st.booleans()),
)


@attrs.define
class Scene:
    """A call with all that can happen to it."""

    header: tuple
    override: tuple
    default: tuple
    endpoint: tuple
    required: tuple
    removed: tuple
    policy: FallbackPolicy
    body: bytes
    replayable: bool
    enabled: bool
    learned: tuple
    age: float
    replies: list


SCENES = st.builds(
    Scene,
    header=SOME,
    override=SOME,
    default=SOME,
    endpoint=SOME,
    required=SOME,
    removed=SOME.map(lambda betas: betas[:2]),
    policy=POLICIES,
    body=st.sampled_from([PLAIN, USES_CONTEXT, USES_MCP, b""]),
    replayable=st.booleans() | st.just(value=True),
    enabled=st.booleans() | st.just(value=True),
    learned=SOME,
    age=st.sampled_from([0.0, 50.0, 100.0]),
    replies=st.lists(REPLIES, min_size=4, max_size=4),
)


@attrs.define
class Shell:
    """What the middlewares do to a request, with a tuple of lines for its header. It notes what the server gets."""

    scene: Scene
    world: World
    exchange: Exchange
    lines: tuple
    got: list = attrs.Factory(list)

    @classmethod
    def open(cls, scene, place):
        """A call that begins, in a world that has learned what the scene says."""
        world = World(now=scene.age)
        world.memory.learn(attrs.evolve(SCOPE, model="m" if scene.body else None), scene.learned, 0.0)
        lines = (",".join(scene.header),) if scene.header else ()
        return cls(scene, world, world.exchange(*lines, place=place), lines)

    def render(self):
        """Write the header as the exchange wants it."""
        value = self.exchange.rewrite()
        if value is not None:
            self.lines = (value,) if value else ()

    def merge(self):
        """Say what is wanted, and write the header."""
        scene, exchange = self.scene, self.exchange
        exchange.want(scene.override, "override")
        exchange.remove(scene.removed)
        exchange.want(scene.default, "default")
        exchange.want(scene.endpoint, "endpoint", frozenset(scene.required).intersection(scene.endpoint))
        self.render()

    def run(self, *, merge_inside):
        """The call, from its start to its end."""
        replies = []
        if not merge_inside:
            self.merge()
        self.start()
        for reply in self.scene.replies:
            self.render()
            self.exchange.attempts += 1
            if merge_inside:
                self.merge()
            self.got.append(read_header(self.lines)[0])
            replies.append(self.reply(reply))
            decision = self.exchange.receive(replies[-1])
            if decision is not RESEND:
                break
        kept = replies[0] if decision is HAND_OVER_FIRST else replies[-1]
        self.exchange.finish(kept.status)
        return kept

    def reply(self, reply):
        """What the server says to what it got."""
        if isinstance(reply, int):
            reply = named(*self.got[-1][reply % len(self.got[-1]) :][:1]) if self.got[-1] else OK
        return attrs.evolve(reply, replayable=self.scene.replayable)

    def start(self):
        """The fallback takes part."""
        self.world.start(self.exchange, self.scene.policy, self.scene.body, enabled=self.scene.enabled)


def played(scene, *, merge_inside=False):
    """The scene, played to its end: the shell and the reply that the caller gets."""
    shell = Shell.open(scene, AT_ODDS)
    return shell, shell.run(merge_inside=merge_inside)


def assert_the_log_is_true(shell):
    """What `log_events.md` says must always hold."""
    usage = shell.exchange.usage()
    by_reason = {reason: shell.exchange.dropped(reason) for reason in ("rejected", "remembered", "policy")}
    dropped = [beta for betas in by_reason.values() for beta in betas]
    asked = union(usage.requested, usage.scoped, usage.injected)
    assert tuple(beta for beta in asked if beta not in by_reason["policy"]) == usage.merged
    assert tuple(beta for beta in usage.merged if beta not in dropped) == usage.sent
    assert shell.got[-1] == usage.sent
    assert len(set(dropped)) == len(dropped)
    assert {beta: reason for reason, betas in by_reason.items() for beta in betas} == usage.dropped
    assert len(shell.got) == usage.attempts
    assert usage.attempts > 1 or not by_reason["rejected"]
    assert set(shell.got[0]) - set(shell.got[-1]) == set(by_reason["rejected"])
    hits = {beta for hit in shell.world.events(MemoryHit) for beta in hit.betas}
    later = set(shell.exchange.plan.required)  # left out at first, then asked for by a rule inside of the fallback
    assert hits - set(by_reason["policy"]) - later == set(by_reason["remembered"]) - later


@given(scene=SCENES)
@settings(max_examples=200)
def test_the_log_is_always_true(scene):
    """Merged is the union less the policy's drops, sent is that less the others, and the lists are disjoint."""
    shell, _ = played(scene)
    assert_the_log_is_true(shell)


@given(scene=SCENES)
@settings(max_examples=200)
def test_the_log_is_always_true_with_the_merge_inside_of_the_fallback(scene):
    """Any subset of the middlewares works, in any order."""
    shell, _ = played(scene, merge_inside=True)
    assert_the_log_is_true(shell)


@given(scene=SCENES)
@settings(max_examples=200)
def test_what_may_not_be_dropped_never_is(scene):
    """Not what the endpoint or the policy requires, nor what a source that is not droppable was the first to want."""
    exchange = played(scene)[0].exchange
    for beta in exchange.dropped("rejected") + exchange.dropped("remembered"):
        assert beta not in exchange.plan.required
        assert not scene.policy.requires(beta)
        assert exchange.plan.sources[beta] in scene.policy.droppable_sources


@given(scene=SCENES)
@settings(max_examples=100)
def test_a_call_is_never_sent_too_often(scene):
    """At most `max_resends` more, none when the body is gone or the fallback off."""
    exchange = played(scene)[0].exchange
    most = scene.policy.max_resends if scene.replayable and scene.enabled else 0
    assert 1 <= exchange.attempts <= most + 1


@given(scene=SCENES)
@settings(max_examples=100)
def test_the_outcome_says_what_the_caller_got(scene):
    """A good reply is ok or recovered, by whether something was refused; any other is an error or a refusal."""
    shell, kept = played(scene)
    good = "recovered" if shell.exchange.dropped("rejected") else "ok"
    assert shell.exchange.outcome in ({good} if kept.status < 400 else {"error", "rejected"})


@given(scene=SCENES)
@settings(max_examples=100)
def test_no_field_is_left_without_its_beta(scene):
    """A beta that was sent for a field of the body is not dropped in the course of the call."""
    exchange = played(scene)[0].exchange
    dropped = exchange.dropped("rejected") + exchange.dropped("remembered")
    assert scene.body != USES_CONTEXT or CONTEXT not in dropped
    assert scene.body != USES_MCP or MCP not in dropped


@given(refuses=SOME, asked=SOME, one_by_one=st.booleans())
def test_a_server_that_names_what_it_refuses_is_learned_exactly(refuses, asked, one_by_one):
    """Sent until it is good: what is held then was asked for and is refused, and no innocent is held."""
    world = World()
    call = world.call(*asked, max_resends=10, required=())
    for _ in range(11):
        send(call)
        guilty = tuple(beta for beta in call.sent if beta in refuses)
        if call.receive(named(*guilty[: 1 if one_by_one else None]) if guilty else OK) is not RESEND:
            break
    call.finish(200)
    assert set(asked) & set(refuses) == set(world.held)
    assert tuple(beta for beta in asked if beta not in refuses) == call.sent


HANDS = st.lists(st.tuples(SOME, st.booleans()), min_size=4, max_size=4)


@given(scene=SCENES, hands=HANDS)
@settings(max_examples=200)
def test_the_log_is_true_whatever_another_hand_does(scene, hands):
    """Other middlewares may write any header before or after the fallback: the sets told are those that went out."""
    shell = Shell.open(scene, MESSAGES)
    shell.merge()
    shell.start()
    for reply, (betas, after) in zip(scene.replies, hands, strict=True):
        if not after:
            shell.lines = betas
            shell.exchange.overhear(betas)
        shell.render()
        shell.exchange.attempts += 1
        if after:
            shell.lines = betas
            shell.exchange.overhear(betas, sent=True)
        shell.got.append(read_header(shell.lines)[0])
        if shell.exchange.receive(shell.reply(reply)) is not RESEND:
            break
    shell.exchange.finish(200)
    usage = shell.exchange.usage()
    assert set(read_header(shell.lines)[0]) == set(usage.sent)
    assert set(usage.merged) - set(usage.dropped) == set(usage.sent)
    assert set(union(usage.requested, usage.scoped, usage.injected)) == set(usage.merged) | set(
        shell.exchange.dropped("policy")
    )
