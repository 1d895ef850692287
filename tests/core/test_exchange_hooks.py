"""The policy's hook and its strictness, driven without a socket."""

import pytest
from support.conversation import (
    CONTEXT,
    HAND_OVER,
    HAND_OVER_FIRST,
    MCP,
    MCP_2026,
    OAUTH,
    OK,
    RESEND,
    UNNAMED,
    USES_CONTEXT,
    USES_MCP,
    A,
    B,
    C,
    World,
    answer,
    assert_told_truly,
    converse,
    named,
    send,
)

from betamw.core.action import Action
from betamw.core.errors import ConfigError
from betamw.core.events import BetaRejected, HookFailed, MemoryLearned
from betamw.core.reply import Decision

OLD = "stand-in-2025-01-01"


def answering(*actions):
    """A hook that gives one answer after the other, and the rejections that it was asked about."""
    asked, answers = [], iter(actions)

    def hook(rejection):
        asked.append(rejection)
        return next(answers)

    return hook, asked


def reasons(world):
    """Why refusals were resent, or not."""
    return [event.reason for event in world.events(BetaRejected)]


# What it is asked.


def test_the_hook_is_asked_about_each_refusal(world):
    """With the betas that it names, in the order sent, and with none where it names none."""
    hook, asked = answering(None, None, None)
    converse(world.call(A, B, C, on_rejection=hook), named(B, A), UNNAMED, OK)
    assert [((A, B), "unexpected-value", True), ((), "invalid-flag", False)] == [
        (rejection.betas, rejection.rule, rejection.named) for rejection in asked
    ]


@pytest.mark.parametrize("reply", [OK, answer(400), answer(500), named("never-sent-2025-01-01")])
def test_the_hook_is_not_asked_about_other_replies(world, reply):
    """They refuse no beta that was sent."""
    hook, asked = answering()
    converse(world.call(A, on_rejection=hook), reply)
    assert [] == asked


def test_with_the_fallback_off_the_hook_is_not_asked(world):
    """The refusal is read and told, and nothing else."""
    hook, asked = answering()
    assert [HAND_OVER] == converse(world.call(A, enabled=False, on_rejection=hook), named(A))
    assert ([], ["fallback_off"]) == (asked, reasons(world))


# What it answers.


@pytest.mark.parametrize("action", [None, Action.drop()], ids=["None", "drop()"])
def test_an_answer_that_adds_nothing(world, action):
    """What the reply refuses is dropped."""
    hook, _ = answering(action)
    call = world.call(A, B, on_rejection=hook)
    assert [RESEND, HAND_OVER] == converse(call, named(A), OK)
    assert ((B,), (A,), []) == (call.sent, world.held, world.events(HookFailed))


@pytest.mark.parametrize("reply", [named(A), UNNAMED], ids=["named", "unnamed"])
@pytest.mark.parametrize("on_unnamed", ["split", "drop_all", "give_up"])
def test_the_hook_may_say_which(world, reply, on_unnamed):
    """These are dropped, and learned as it helps; what was not sent is passed over. Told is what a reply names."""
    hook, _ = answering(Action.drop(C, "never-sent-2025-01-01", B))
    call = world.call(A, B, C, on_unnamed=on_unnamed, on_rejection=hook)
    assert [RESEND, HAND_OVER] == converse(call, reply, OK)
    assert ((A,), {B: "rejected", C: "rejected"}, {B, C}) == (call.sent, call.usage().dropped, set(world.held))
    read = (B, C) if reply is UNNAMED else (A,)
    assert [read] == [event.betas_rejected for event in world.events(BetaRejected)]
    assert_told_truly(call)


@pytest.mark.parametrize("status", [400, 500])
def test_what_the_hook_drops_in_vain_is_no_lesson(world, status):
    """The reply did not name it, and nothing shows that leaving it out has helped."""
    hook, _ = answering(Action.drop(B))
    call = world.call(A, B, C, on_rejection=hook)
    converse(call, named(A), answer(status))
    assert () == world.held


def test_what_the_hook_drops_beside_the_culprit_is_no_lesson(world):
    """The server goes on to refuse what it has named from the beginning."""
    hook, _ = answering(Action.drop(B))
    call = world.call(A, B, on_rejection=hook)
    converse(call, named(A), named(A))
    assert () == world.held


def test_an_action_is_one_of_four():
    """Made by hand it is checked like by its methods."""
    with pytest.raises(ConfigError, match="kind='ignore' is not allowed, it must be one of 'drop', 'substitute'"):
        Action("ignore")


def test_an_answer_about_betas_that_were_not_sent(world):
    """It is as good as none: what the reply refuses is dropped."""
    hook, _ = answering(Action.drop("never-sent-2025-01-01"))
    call = world.call(A, B, on_rejection=hook)
    assert [RESEND, HAND_OVER] == converse(call, named(A), OK)
    assert (B,) == call.sent


@pytest.mark.parametrize(
    ("beta", "body", "reason"), [(OAUTH, b"", "required"), (CONTEXT, USES_CONTEXT, "paired_field")]
)
def test_the_hook_cannot_drop_what_must_stay(world, beta, body, reason):
    """The policy, the endpoint and the body have the last word."""
    hook, _ = answering(Action.drop(beta))
    assert [HAND_OVER] == converse(world.call(A, beta, body=body, on_rejection=hook), named(A))
    assert ([reason], ()) == (reasons(world), world.held)


def test_the_hook_cannot_resend_more_often_than_the_policy(world):
    """It is asked about the last refusal all the same."""
    hook, asked = answering(Action.drop(A), Action.drop(B))
    assert [RESEND, HAND_OVER] == converse(world.call(A, B, C, max_resends=1, on_rejection=hook), named(A), named(B))
    assert (2, ["dropped", "max_resends"]) == (len(asked), reasons(world))


@pytest.mark.parametrize("reply", [named(B), named(A), UNNAMED], ids=["that one", "another", "unnamed"])
def test_the_hook_may_put_another_in_its_place(world, reply):
    """Of the beta that it says, whatever the policy's own substitutes are."""
    hook, _ = answering(Action.substitute({B: OLD}))
    call = world.call(A, B, C, substitutes={B: "another-2025-01-01"}, on_rejection=hook)
    assert [RESEND, HAND_OVER] == converse(call, reply, OK)
    assert ((A, OLD, C), {B: OLD}, {}, (B,)) == (
        call.sent,
        call.usage().substituted,
        call.usage().dropped,
        world.held,
    )
    assert_told_truly(call)


def test_a_substitute_of_the_hooks_is_for_its_call(world):
    """The next one knows that the beta is refused, and has the policy's substitutes only."""
    hook, _ = answering(Action.substitute({B: OLD}))
    converse(world.call(A, B, on_rejection=hook), named(B), OK)
    assert A == world.call(A, B).rewrite()


def test_a_substitute_of_the_hooks_may_allow_the_field(world):
    """Then the call can go on."""
    hook, _ = answering(Action.substitute({MCP: MCP_2026}))
    call = world.call(MCP, body=USES_MCP, on_rejection=hook)
    assert [RESEND, HAND_OVER] == converse(call, named(MCP), OK)
    assert (MCP_2026,) == call.sent


def test_a_substitute_of_the_hooks_that_is_refused_is_dropped(world):
    """Once is enough, also for the hook: what would take its place has no place."""
    hook, _ = answering(Action.substitute({B: OLD}), Action.substitute({OLD: C}))
    call = world.call(A, B, on_rejection=hook)
    assert [RESEND, RESEND, HAND_OVER] == converse(call, named(B), named(OLD), OK)
    assert ((A,), {B: "rejected"}) == (call.sent, call.usage().dropped)


@pytest.mark.parametrize("reply", [named(A), UNNAMED], ids=["named", "unnamed"])
def test_the_hook_may_give_up(world, reply):
    """The caller gets the refusal, and nothing is learned."""
    hook, _ = answering(Action.give_up())
    call = world.call(A, B, on_rejection=hook)
    assert [HAND_OVER] == converse(call, reply)
    assert (["hook"], "rejected", (), {}) == (reasons(world), call.outcome, world.held, call.usage().dropped)


def test_the_hook_may_give_up_later(world):
    """A second refusal confirms the first lesson."""
    hook, _ = answering(None, Action.give_up())
    assert [RESEND, HAND_OVER] == converse(world.call(A, B, on_rejection=hook), named(A), named(B))
    assert (["dropped", "hook"], (A,)) == (reasons(world), world.held)


def test_the_hook_may_say_that_it_is_no_refusal(world):
    """The caller gets the reply as an error like any other: nothing is told of betas, nothing learned."""
    hook, asked = answering(Action.not_a_rejection())
    call = world.call(A, B, on_rejection=hook)
    assert [HAND_OVER] == converse(call, named(A))
    assert (1, "error", [], (), {}) == (len(asked), call.outcome, world.told, world.held, call.usage().dropped)


def test_a_resend_whose_reply_is_no_refusal_did_not_help(world):
    """It is a 400 about something else: the first reply is the caller's, and nothing is learned."""
    hook, _ = answering(None, Action.not_a_rejection())
    call = world.call(A, B, on_rejection=hook)
    assert [RESEND, HAND_OVER_FIRST] == converse(call, named(A), named(B))
    assert ("rejected", ()) == (call.outcome, world.held)


@pytest.mark.parametrize("wrong", ["drop", 5], ids=repr)
@pytest.mark.parametrize("on_unnamed", ["split", "drop_all"])
def test_a_wrong_answer_is_told_and_counts_as_none(world, wrong, on_unnamed):
    """For each refusal."""
    hook, _ = answering(wrong, wrong)
    call = world.call(A, B, on_unnamed=on_unnamed, on_rejection=hook)
    assert [RESEND, RESEND, HAND_OVER] == converse(call, named(A), UNNAMED, OK)
    assert [HookFailed(hook="on_rejection", error_type="TypeError")] * 2 == world.events(HookFailed)
    assert {A, B} == set(world.held)


def test_an_exception_is_told_and_counts_as_no_answer(world):
    """Before the refusal itself; no text of it."""

    def hook(rejection):
        return {}["sk-ant-secret"]

    assert [RESEND, HAND_OVER] == converse(world.call(A, on_rejection=hook), named(A), OK)
    assert [HookFailed, BetaRejected, MemoryLearned] == [type(event) for event in world.told]
    assert "KeyError" == world.told[0].error_type


# Strictness.


@pytest.mark.parametrize("reply", [named(A), UNNAMED], ids=["named", "unnamed"])
def test_a_strict_policy_raises(world, reply):
    """Nothing is resent or learned, whatever else the policy says."""
    call = world.call(A, B, strict=True, substitutes={A: OLD})
    send(call)
    assert Decision.RAISE is call.receive(reply)
    call.finish(400)
    assert (["strict"], "rejected", (), {}) == (reasons(world), call.outcome, world.held, call.usage().dropped)
    assert (() if reply is UNNAMED else (A,)) == call.rejected


def test_a_strict_policy_leaves_nothing_out(world):
    """Though the memory knows; and a success clears nothing from it."""
    world.refused(A)
    call = world.call(A, B, strict=True)
    assert [HAND_OVER] == converse(call, OK)
    assert ((A, B), [], (A,)) == (call.sent, world.told, world.held)


def test_a_strict_policy_asks_its_hook(world):
    """Which may say that the reply was misread."""
    hook, _ = answering(Action.not_a_rejection())
    assert [HAND_OVER] == converse(world.call(A, strict=True, on_rejection=hook), named(A))
    assert [] == world.told


def test_a_strict_policy_with_the_fallback_off_raises_nothing(world):
    """`override(fallback=False)` is for this call."""
    assert [HAND_OVER] == converse(world.call(A, strict=True, enabled=False), named(A))
    assert ["fallback_off"] == reasons(world)


def test_a_strict_policy_suspects_nobody(world):
    """Other calls, of a chain that shares the memory, send the beta."""
    call = world.call(A, strict=True)
    send(call)
    call.receive(named(A))
    assert world.call(A).rewrite() is None


def test_the_refused_betas_are_kept_for_the_error():
    """Those of the last refusal, without a memory too."""
    world = World(memory=None)
    call = world.call(A, B)
    converse(call, named(A), named(B), OK)
    assert (B,) == call.rejected
