"""The body's fields that belong to a refused beta: kept, or stripped with it. Driven without a socket."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.conversation import (
    CONTEXT,
    HAND_OVER,
    HAND_OVER_FIRST,
    MCP,
    MCP_2026,
    OK,
    PLAIN,
    RESEND,
    UNNAMED,
    USES_CONTEXT,
    USES_MCP,
    A,
    B,
    Server,
    World,
    answer,
    assert_told_truly,
    converse,
    named,
    send,
)

from betamw.core.body import fields_lost
from betamw.core.events import BetaRejected

STRIP = {"paired_fields": "strip"}
BARE = b'{"model": "m"}'
MCP_FIELDS = b'"mcp_servers": [{}], "tools": [{"type": "mcp_toolset"}]'
USES_BOTH = b'{"model": "m", ' + MCP_FIELDS + b', "context_management": {"edits": []}, "x": 1.50}'
BOTH = ("mcp_servers", "tools.0", "context_management")
DEMANDS = b'{"model": "m", ' + MCP_FIELDS + b', "tool_choice": {"type": "any"}}'  # a tool that only the beta allows
DEMANDS_BOTH = DEMANDS[:-1] + b', "context_management": {"edits": []}}'


def sent(call):
    """One attempt: the header, the body (None for the caller's own) and the fields that it lacks."""
    send(call)
    return call.sent, call.body, call.stripped


# The policy.


@pytest.mark.parametrize(("paired", "strips"), [("keep", False), ("strip", True)])
def test_the_policy_says_whether_fields_may_go(world, paired, strips):
    """The shell need not ask for a body otherwise."""
    assert strips is world.call(A, paired_fields=paired).strips


def test_without_a_fallback_no_field_goes(world):
    """There is no policy yet."""
    assert (False, None, ()) == ((call := world.exchange(A)).strips, call.body, call.stripped)


@pytest.mark.parametrize(("beta", "body"), [(CONTEXT, USES_CONTEXT), (MCP, USES_MCP)])
def test_fields_are_kept_by_default(world, beta, body):
    """The call is not resent, and the body stays the caller's."""
    call = world.call(beta, A, body=body)
    assert [HAND_OVER] == converse(call, named(beta))
    assert (["paired_field"], None, ()) == (
        [event.reason for event in world.events(BetaRejected)],
        call.body,
        call.stripped,
    )


# A refusal: header and fields go together.


@pytest.mark.parametrize(
    ("beta", "body", "fields"),
    [(CONTEXT, USES_CONTEXT, ("context_management",)), (MCP, USES_MCP, ("mcp_servers", "tools.0"))],
)
def test_header_and_fields_go_together_in_one_resend(world, beta, body, fields):
    """What remains of the body is the caller's."""
    call = world.call(A, beta, body=body, **STRIP)
    first = sent(call)
    assert RESEND is call.receive(named(beta))
    assert (((A, beta), None, ()), ((A,), BARE, fields)) == (first, sent(call))
    assert HAND_OVER is call.receive(OK)
    call.finish(200)
    assert ("recovered", fields, 2) == (call.outcome, call.usage().body_fields_stripped, call.usage().attempts)


def test_the_fields_that_went_are_told_after_the_call(world):
    """The body itself is let go."""
    call = world.call(CONTEXT, body=USES_CONTEXT, **STRIP)
    converse(call, named(CONTEXT), OK)
    assert (None, ("context_management",)) == (call.body, call.stripped)


def test_a_body_that_does_not_use_the_field_is_left_alone(world):
    """It goes out as it is."""
    call = world.call(CONTEXT, body=USES_MCP, **STRIP)
    send(call)
    call.receive(named(CONTEXT))
    assert ((), None, ()) == sent(call)


@pytest.mark.parametrize("body", [b"", b"--boundary", b"[", b"null"])
def test_a_body_that_has_no_fields_is_left_alone(world, body):
    """There is nothing in it that could be refused."""
    call = world.call(CONTEXT, body=body, **STRIP)
    send(call)
    call.receive(named(CONTEXT))
    assert ((), None, ()) == sent(call)


def test_the_fields_of_two_betas_refused_at_once(world):
    """All go, in document order; the rest is as the caller wrote it."""
    call = world.call(CONTEXT, MCP, body=USES_BOTH, **STRIP)
    send(call)
    call.receive(named(CONTEXT, MCP))
    assert ((), b'{"model": "m", "x": 1.50}', BOTH) == sent(call)


def test_the_fields_of_two_betas_refused_one_by_one(world):
    """The second resend lacks both."""
    call = world.call(CONTEXT, MCP, body=USES_BOTH, **STRIP)
    send(call)
    call.receive(named(CONTEXT))
    assert (b'{"model": "m", ' + MCP_FIELDS + b', "x": 1.50}', ("context_management",)) == sent(call)[1:]
    call.receive(named(MCP))
    assert ((), b'{"model": "m", "x": 1.50}', BOTH) == sent(call)


def test_a_field_that_another_beta_allows_stays(world):
    """The later MCP beta includes the earlier one; when it is refused too, the fields go."""
    call = world.call(MCP, MCP_2026, body=USES_MCP, **STRIP)
    send(call)
    call.receive(named(MCP))
    assert ((MCP_2026,), None, ()) == sent(call)
    call.receive(named(MCP_2026))
    assert ((), BARE, ("mcp_servers", "tools.0")) == sent(call)


def test_a_field_that_a_substitute_allows_stays(world):
    """Nothing has to be stripped then; when the substitute is refused too, it has."""
    call = world.call(MCP, body=USES_MCP, substitutes={MCP: MCP_2026}, **STRIP)
    send(call)
    call.receive(named(MCP))
    assert ((MCP_2026,), None, ()) == sent(call)
    call.receive(named(MCP_2026))
    assert ((), BARE, ("mcp_servers", "tools.0")) == sent(call)


def test_a_body_that_cannot_be_sent_without_the_fields(world):
    """It demands the call of a tool that would go: the caller gets the refusal."""
    call = world.call(MCP, body=DEMANDS, **STRIP)
    assert [HAND_OVER] == converse(call, named(MCP))
    assert (["paired_field"], "rejected", ()) == (
        [event.reason for event in world.events(BetaRejected)],
        call.outcome,
        world.held,
    )


def test_of_two_named_betas_both_go_or_none(world):
    """The one whose fields cannot go would be refused again."""
    call = world.call(CONTEXT, MCP, body=DEMANDS_BOTH, **STRIP)
    assert [HAND_OVER] == converse(call, named(CONTEXT, MCP))
    assert ["paired_field"] == [event.reason for event in world.events(BetaRejected)]


def test_a_resend_without_the_fields_that_does_not_help(world):
    """A 400 of another kind: the first reply is the caller's, and nothing is learned."""
    call = world.call(CONTEXT, body=USES_CONTEXT, **STRIP)
    assert [RESEND, HAND_OVER_FIRST] == converse(call, named(CONTEXT), answer(400))
    assert () == world.held


# An unnamed refusal.


@pytest.mark.parametrize("on_unnamed", ["split", "drop_all"])
def test_an_unnamed_refusal_takes_the_fields_of_all_that_goes(world, on_unnamed):
    """But the beta whose fields have to stay goes along; the others' fields go for all that."""
    call = world.call(A, CONTEXT, MCP, body=DEMANDS_BOTH, on_unnamed=on_unnamed, max_resends=1, **STRIP)
    send(call)
    assert RESEND is call.receive(UNNAMED)
    assert ((MCP,), DEMANDS, ("context_management",)) == sent(call)


def test_fields_come_back_with_their_beta(world):
    """What a search leaves out of one send may go in the next."""
    call = world.call(A, B, CONTEXT, body=USES_CONTEXT, on_unnamed="split", max_resends=5, **STRIP)
    sends = []
    for reply in (UNNAMED, UNNAMED, UNNAMED, UNNAMED, OK):
        sends.append(sent(call))
        call.receive(reply)
    call.finish(200)
    assert [((CONTEXT in betas), None if CONTEXT in betas else BARE) for betas, _, _ in sends] == [
        (not stripped, body) for _, body, stripped in sends
    ]
    assert [True, False, False, True, False] == [CONTEXT in betas for betas, _, _ in sends]


def test_a_search_finds_a_beta_with_fields(world):
    """They go with it, and come back when it turns out to be good."""
    server = Server({A, CONTEXT})
    calls = [world.dialogue(server, A, B, CONTEXT, MCP, body=USES_BOTH, **STRIP).run() for _ in range(8)]
    assert [True] * 8 == [call.answered for call in calls]
    assert ({A, CONTEXT}, (B, MCP), ("context_management",)) == (
        set(world.held),
        calls[-1].exchange.sent,
        calls[-1].exchange.stripped,
    )


# What is remembered.


def test_the_next_call_lacks_the_fields_from_the_start(world):
    """One send, no refusal."""
    converse(world.call(CONTEXT, body=USES_CONTEXT, **STRIP), named(CONTEXT), OK)
    call = world.call(A, CONTEXT, body=USES_CONTEXT, **STRIP)
    assert ((A,), BARE, ("context_management",)) == sent(call)
    call.receive(OK)
    call.finish(200)
    assert ("ok", {CONTEXT: "remembered"}) == (call.outcome, call.usage().dropped)


def test_what_is_remembered_goes_where_its_fields_cannot(world):
    """As with a refusal: a body that demands them is sent as it is."""
    world.refused(MCP, CONTEXT)
    call = world.call(MCP, CONTEXT, body=DEMANDS_BOTH, **STRIP)
    assert ((MCP,), DEMANDS, ("context_management",)) == sent(call)


def test_with_keep_the_fields_of_what_is_remembered_stay(world):
    """And so does the beta."""
    world.refused(CONTEXT)
    assert ((CONTEXT,), None, ()) == sent(world.call(CONTEXT, body=USES_CONTEXT))


def test_a_beta_of_another_hand_brings_no_fields_back(world):
    """It was sent without them; the record says what went out."""
    world.refused(CONTEXT)
    call = world.call(A, CONTEXT, body=USES_CONTEXT, **STRIP)
    send(call)
    call.overhear((f"{A},{CONTEXT}",), sent=True)
    assert ((A, CONTEXT), ("context_management",), {}) == (call.sent, call.stripped, call.usage().dropped)


def test_without_a_memory_fields_go_too():
    """They are this call's own affair."""
    world = World(memory=None)
    call = world.call(CONTEXT, body=USES_CONTEXT, **STRIP)
    send(call)
    call.receive(named(CONTEXT))
    assert ((), BARE, ("context_management",)) == sent(call)


# Whatever happens.

BETAS = (A, B, CONTEXT, MCP, MCP_2026)
SOME = st.sets(st.sampled_from(BETAS))


@given(
    wants=st.lists(st.lists(st.sampled_from(BETAS), unique=True), min_size=1, max_size=4),
    server=st.builds(Server, SOME, SOME),
    body=st.sampled_from([PLAIN, USES_CONTEXT, USES_MCP, USES_BOTH, DEMANDS, DEMANDS_BOTH]),
    policy=st.fixed_dictionaries(
        {
            "paired_fields": st.sampled_from(["keep", "strip"]),
            "on_unnamed": st.sampled_from(["split", "drop_all"]),
            "substitutes": st.sampled_from(["never", "older", {MCP: MCP_2026}]),
        }
    ),
)
@settings(max_examples=150)
def test_no_field_goes_out_without_a_beta_that_allows_it(wants, server, body, policy):
    """Whatever is refused, remembered or searched; and what is told to be stripped is not in the body."""
    world = World()
    for betas in wants:
        call = world.call(*betas, body=body, **policy)
        decision = RESEND
        while decision is RESEND:
            sends, went, stripped = sent(call)
            rest = went or body
            lack = {"sent": (*betas, *sends), "dropped": set(betas) - set(sends)}
            assert () == fields_lost(rest, method="POST", template="/v1/messages", **lack)
            assert bool(stripped) == (went is not None)
            assert stripped == () or policy["paired_fields"] == "strip"
            assert json.loads(rest)["model"] == "m"
            decision = call.receive(reply := server.reply(sends))
        call.finish(reply.status)
        assert_told_truly(call)
        assert stripped == call.usage().body_fields_stripped
