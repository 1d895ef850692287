"""Another beta takes the place of one that is refused, once: driven without a socket."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.conversation import (
    AGENTS,
    AT_ODDS,
    HAND_OVER,
    MCP,
    MCP_2026,
    OAUTH,
    OK,
    PLAIN,
    RESEND,
    STORES,
    UNNAMED,
    USES_MCP,
    A,
    B,
    C,
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
from betamw.core.policy import FallbackPolicy

OLD, OLDER = "stand-in-2025-01-01", "stand-in-2024-01-01"
MCP_2025 = "mcp-client-2025-04-04"
COMPACT = "compact-2026-09-04"
TO_OLD = {"substitutes": {B: OLD}}


def ended(call):
    """What came of a call, after a look at what must always hold."""
    assert_told_truly(call)
    usage = call.usage()
    return usage.sent, dict(usage.substituted), dict(usage.dropped)


# One call.


def test_a_substitute_goes_in_the_place_of_the_refused_beta(world):
    """In the header the order is kept; nothing was dropped."""
    call = world.call(A, B, C, **TO_OLD)
    send(call)
    assert (RESEND, f"{A},{OLD},{C}") == (call.receive(named(B)), call.rewrite())
    call.attempts += 1
    assert HAND_OVER is call.receive(OK)
    call.finish(200)
    assert ((A, OLD, C), {B: OLD}, {}) == ended(call)
    assert ("recovered", (A, B, C)) == (call.outcome, call.usage().merged)


def test_a_substitute_that_another_hand_takes_out(world):
    """What it stood for has gone out in no shape: it was dropped, for the reason that it was refused for."""
    call = world.call(A, B, **TO_OLD)
    send(call)
    assert (RESEND, f"{A},{OLD}") == (call.receive(named(B)), call.rewrite())
    call.attempts += 1
    call.overhear((A,), sent=True)
    call.receive(OK)
    call.finish(200)
    assert ((A,), {}, {B: "rejected"}) == ended(call)
    later = world.call(A, B, **TO_OLD)
    send(later)
    later.overhear((A,), sent=True)
    assert ((A,), {}, {B: "remembered"}) == ended(later)


def test_a_substitute_beside_what_it_was_to_stand_for(world):
    """Another hand has put the refused beta back: both went out, and both are told as wanted."""
    call = world.call(A, B, **TO_OLD)
    send(call)
    call.receive(named(B))
    assert f"{A},{OLD}" == call.rewrite()
    call.attempts += 1
    call.overhear((f"{A},{OLD},{B}",), sent=True)
    usage = call.usage()
    assert ((A, OLD, B), {}, {}) == (usage.sent, dict(usage.substituted), dict(usage.dropped))
    assert (A, B, OLD) == usage.merged  # of another's order nothing is said


def test_the_lesson_is_about_the_refused_beta(world):
    """The substitute has helped; it is not held against it."""
    converse(world.call(A, B, **TO_OLD), named(B), OK)
    assert ((B,), [MemoryLearned(betas=(B,), ttl_s=100.0)]) == (world.held, world.events(MemoryLearned))


@pytest.mark.parametrize(
    ("beta", "sent"),
    [
        (MCP_2026, (MCP,)),
        (MCP, (MCP_2025,)),
        (MCP_2025, ()),  # there is none that is older
        (COMPACT, ()),  # another API than the older date
        (A, ()),  # the only one of its family
        ("made-up-2030-01-01", ()),
    ],
)
def test_the_next_older_date_of_the_family(world, beta, sent):
    """As the catalog knows it; without one the beta is dropped."""
    call = world.call(beta, substitutes="older")
    converse(call, named(beta), OK)
    assert sent == ended(call)[0]


def test_by_default_nothing_takes_the_place_of_a_refused_beta(world):
    """It is dropped."""
    call = world.call(MCP_2026, A)
    converse(call, named(MCP_2026), OK)
    assert ((A,), {}, {MCP_2026: "rejected"}) == ended(call)


def test_a_substitute_that_is_refused_too_is_dropped(world):
    """Once is enough: it has no substitute itself, though the catalog knows an older one. Both lessons are learned."""
    call = world.call(A, MCP_2026, substitutes="older")
    assert [RESEND, RESEND, HAND_OVER] == converse(call, named(MCP_2026), named(MCP), OK)
    assert ((A,), {}, {MCP_2026: "rejected"}) == ended(call)
    assert {MCP_2026, MCP} == set(world.held)
    assert [(MCP_2026,), (MCP,)] == [event.betas_rejected for event in world.events(BetaRejected)]


@pytest.mark.parametrize("on_unnamed", ["split", "drop_all"])
def test_a_substitute_that_is_refused_without_a_name_goes_too(world, on_unnamed):
    """The last resend carries neither it nor what it stands for."""
    call = world.call(A, B, OAUTH, on_unnamed=on_unnamed, **TO_OLD)
    assert [RESEND, RESEND, HAND_OVER] == converse(call, named(B), UNNAMED, OK)
    assert ((OAUTH,), {}, {A: "rejected", B: "rejected"}) == ended(call)


def test_a_substitute_takes_part_in_the_search(world):
    """It is the culprit, and found; what was known to be good stays. Then the refused beta is dropped."""
    server = Server({OLD}, {B})
    calls = [world.dialogue(server, A, B, C, **TO_OLD).run() for _ in range(6)]
    assert [True] * 6 == [call.answered for call in calls]
    assert ({B, OLD}, (A, C)) == (set(world.held), calls[-1].exchange.sent)
    assert [1] == [len(call.sends) for call in calls[-1:]]


def test_a_substitute_that_is_in_the_header_already_is_not_sent_twice(world):
    """The refused beta is dropped."""
    call = world.call(OLD, A, B, **TO_OLD)
    converse(call, named(B), OK)
    assert ((OLD, A), {}, {B: "rejected"}) == ended(call)


def test_a_substitute_that_was_refused_before_in_the_call_is_not_sent_again(world):
    """It was in the header itself."""
    call = world.call(OLD, A, B, **TO_OLD)
    converse(call, named(OLD), named(B), OK)
    assert ((A,), {}, {OLD: "rejected", B: "rejected"}) == ended(call)


def test_a_substitute_that_is_known_to_be_refused_is_not_sent(world):
    """From earlier calls."""
    world.refused(OLD)
    call = world.call(A, B, **TO_OLD)
    converse(call, named(B), OK)
    assert ((A,), {}, {B: "rejected"}) == ended(call)


def test_one_substitute_for_two(world):
    """It goes once, in the place of the first."""
    call = world.call(A, C, B, substitutes={A: OLD, B: OLD})
    converse(call, named(A, B), OK)
    assert ((OLD, C), {A: OLD}, {B: "rejected"}) == ended(call)


def test_betas_that_stand_in_for_each_other(world):
    """The one that was refused does not come back."""
    call = world.call(A, substitutes={A: B, B: A})
    converse(call, named(A), named(B), OK)
    assert ((), {}, {A: "rejected"}) == ended(call)


@pytest.mark.parametrize("policy", [{"required": {B}}, {"droppable_sources": ()}], ids=["required", "not droppable"])
def test_what_may_not_be_dropped_is_not_substituted(world, policy):
    """The refusal is the caller's; and what is remembered goes as it is."""
    call = world.call(A, B, **TO_OLD, **policy)
    assert [HAND_OVER] == converse(call, named(B))
    world.refused(B)
    assert world.call(A, B, **TO_OLD, **policy).rewrite() is None


def test_what_the_endpoint_requires_is_not_substituted(world):
    """Without it the call has no meaning."""
    call = world.start(world.exchange(A), FallbackPolicy(**TO_OLD))
    call.want((B,), "endpoint", frozenset({B}))
    assert [HAND_OVER] == converse(call, named(B))


def test_what_the_caller_has_removed_takes_no_place(world):
    """`override(remove=...)` holds for substitutes too."""
    call = world.start(world.exchange(f"{A},{B}"), FallbackPolicy(**TO_OLD))
    call.remove((OLD,))
    converse(call, named(B), OK)
    assert ((A,), {}, {B: "rejected"}) == ended(call)


def test_what_lost_a_conflict_takes_no_place(world):
    """The endpoint refuses it together with another one that goes."""
    call = world.start(world.exchange(f"{AGENTS},{B}", place=AT_ODDS, default=[STORES]))
    call._policy = FallbackPolicy(substitutes={B: STORES})
    converse(call, named(B), OK)
    assert ((AGENTS,), {}, {B: "rejected", STORES: "policy"}) == ended(call)


@pytest.mark.parametrize(("status", "learned"), [(400, ()), (404, ()), (500, (B,))])
def test_a_substitute_that_does_not_help(world, status, learned):
    """As with a drop: a 400 or 404 of another kind shows that it was of no use."""
    call = world.call(A, B, **TO_OLD)
    converse(call, named(B), answer(status))
    assert_told_truly(call)
    assert learned == world.held


def test_without_a_memory_there_are_substitutes_too():
    """They need none."""
    world = World(memory=None)
    call = world.call(A, B, **TO_OLD)
    converse(call, named(B), OK)
    assert ((A, OLD), {B: OLD}, {}) == ended(call)


# The body.


def test_a_substitute_that_allows_the_field(world):
    """The later beta includes the earlier one, so the call can go on."""
    call = world.call(MCP, body=USES_MCP, substitutes={MCP: MCP_2026})
    assert [RESEND, HAND_OVER] == converse(call, named(MCP), OK)
    assert ((MCP_2026,), {MCP: MCP_2026}, {}) == ended(call)


def test_a_substitute_that_does_not_allow_the_field(world):
    """The call is not resent."""
    call = world.call(MCP, body=USES_MCP, substitutes={MCP: OLD})
    assert [HAND_OVER] == converse(call, named(MCP))
    assert ["paired_field"] == [event.reason for event in world.events(BetaRejected)]


@pytest.mark.parametrize("on_unnamed", ["split", "drop_all"])
def test_what_is_only_suspected_gets_no_substitute_and_keeps_its_field(world, on_unnamed):
    """The beta goes along in every send: nothing would take its place."""
    call = world.call(A, MCP, body=USES_MCP, on_unnamed=on_unnamed, substitutes={MCP: MCP_2026})
    assert [RESEND, HAND_OVER] == converse(call, UNNAMED, OK)
    assert ((MCP,), {}, {A: "rejected"}) == ended(call)


def test_a_beta_that_keeps_a_field_for_one_that_was_refused_stays(world):
    """Two allow the field: one was refused, the other is remembered, so that it has to go."""
    call = world.call(MCP, MCP_2026, body=USES_MCP)
    send(call)
    call.receive(named(MCP))
    world.refused(MCP_2026)
    assert MCP_2026 == call.rewrite()


# The next calls.


def test_what_is_remembered_is_substituted_at_once(world):
    """No refusal; told as a hit, and as nothing dropped."""
    converse(world.call(A, B, **TO_OLD), named(B), OK)
    world.told.clear()
    call = world.call(C, B, A, **TO_OLD)
    assert [HAND_OVER] == converse(call, OK)
    assert ((C, OLD, A), {B: OLD}, {}) == ended(call)
    assert ("ok", 1, [MemoryHit(betas=(B,))]) == (call.outcome, call.attempts, world.told)


def test_when_both_are_remembered_the_beta_is_dropped(world):
    """At once."""
    world.refused(B, OLD)
    call = world.call(A, B, **TO_OLD)
    converse(call, OK)
    assert ((A,), {}, {B: "remembered"}) == ended(call)


def test_a_substitute_refused_in_the_next_call(world):
    """It is dropped, and the beta was left out because it was remembered."""
    world.refused(B)
    call = world.call(A, B, **TO_OLD)
    converse(call, named(OLD), OK)
    assert ((A,), {}, {B: "remembered"}) == ended(call)
    assert {B, OLD} == set(world.held)


def test_a_culprit_that_a_search_has_found_is_substituted_by_the_next_call(world):
    """In the search itself nothing takes a place."""
    server = Server({B})
    first = world.dialogue(server, B, **TO_OLD).run()
    assert [(B,), ()] == first.sends
    assert [(OLD,)] == world.dialogue(server, B, **TO_OLD).run().sends


def test_what_was_dropped_with_all_is_substituted_by_the_next_call(world):
    """It is remembered like any other."""
    converse(world.call(A, B, **TO_OLD), UNNAMED, OK)
    assert OLD == world.call(A, B, **TO_OLD).rewrite()


def test_a_substitute_whose_verdict_has_expired_is_probed(world):
    """By a call that could go on without it."""
    world.expired(OLD)
    world.refused(B)
    call = world.call(A, B, **TO_OLD)
    converse(call, OK)
    assert ((A, OLD), {B: OLD}, {}) == ended(call)
    assert [MemoryExpired(betas=(OLD,))] == world.events(MemoryExpired)
    assert [MemoryReprobed(betas=(OLD,), result="accepted")] == world.events(MemoryReprobed)


@pytest.mark.parametrize("resends", [0, 1])
def test_a_substitute_is_not_probed_by_the_last_send(world, resends):
    """It would be the caller who gets the refusal."""
    world.expired(OLD)
    call = world.call(A, B, max_resends=resends, **TO_OLD)
    if resends:
        send(call)
        call.receive(named(B))
    else:
        world.refused(B)
    assert A == call.rewrite()


def test_a_beta_whose_verdict_has_expired_is_sent_itself(world):
    """Its substitute is not needed, if it is accepted."""
    world.expired(B)
    call = world.call(A, B, **TO_OLD)
    converse(call, OK)
    assert ((A, B), {}, {}) == ended(call)


# Another's hand.


def test_a_substitute_that_another_hand_takes_out_stays_out(world):
    """And the refused beta does not come back."""
    world.refused(B)
    call = world.call(A, B, **TO_OLD)
    send(call)
    call.overhear((A,), sent=True)
    assert (None, (A,)) == (call.rewrite(), call.sent)


def test_a_refused_beta_that_another_hand_sends_was_not_substituted(world):
    """The record says what went out."""
    world.refused(B)
    call = world.call(A, B, **TO_OLD)
    send(call)
    call.overhear((f"{A},{B}",), sent=True)
    assert ((A, B), {}, {}) == (call.usage().sent, call.usage().substituted, call.usage().dropped)


# Whatever happens.

BETAS = (A, B, C, MCP, MCP_2026, MCP_2025, OLD, OLDER, OAUTH)
SOME = st.sets(st.sampled_from(BETAS))
MAPS = st.dictionaries(st.sampled_from(BETAS), st.sampled_from(BETAS), max_size=4).map(
    lambda names: {old: new for old, new in names.items() if old != new}
)


@given(
    wants=st.lists(st.lists(st.sampled_from(BETAS), unique=True), min_size=1, max_size=6),
    server=st.builds(Server, SOME, SOME),
    policy=st.fixed_dictionaries(
        {
            "substitutes": st.one_of(st.just("older"), MAPS),
            "on_unnamed": st.sampled_from(["split", "drop_all", "give_up"]),
            "max_resends": st.integers(0, 4),
        }
    ),
    body=st.sampled_from([PLAIN, USES_MCP]),
    removed=st.sampled_from([(), (OLD,), (MCP, B)]),
)
@settings(max_examples=200)
def test_the_log_is_true_whatever_is_substituted(wants, server, policy, body, removed):
    """Sent is merged less the drops with substitutes in place; no innocent is held, what was removed never goes."""
    world = World()
    for betas in wants:
        exchange = world.call(*betas, body=body, **policy)
        exchange.remove(removed)
        call = Dialogue(exchange, server).run()
        assert_told_truly(exchange)
        for sent in call.sends:
            assert len(set(sent)) == len(sent)
            assert set(removed).isdisjoint(sent)
        for old, new in exchange.usage().substituted.items():
            assert new == exchange._policy.substitute(old, exchange.place.catalog)
            assert old != OAUTH
        if policy["on_unnamed"] == "split":
            assert set(world.held) <= server.named | server.culprits
        assert len(call.sends) <= policy["max_resends"] + 1


@given(by_name=SOME, unnamed=SOME, substitutes=st.one_of(st.just("older"), MAPS))
@settings(max_examples=50)
def test_in_the_end_no_send_is_refused(by_name, unnamed, substitutes):
    """Whatever takes whose place: the calls come to an end of their search, and are good at once."""
    by_name, unnamed = by_name - {OAUTH}, unnamed - {OAUTH}
    world, server = World(), Server(unnamed, by_name)
    for _ in range(25):
        call = world.dialogue(server, *BETAS[:6], OAUTH, substitutes=substitutes).run()
    assert (True, 1) == (call.answered, len(call.sends))
