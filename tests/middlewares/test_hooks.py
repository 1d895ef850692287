"""FallbackPolicy(on_rejection=...): whoever makes the chain has a say in what becomes of a refusal."""

import pytest

import betamw
from betamw import Action

OLD, GOOD, OTHER = "context-1m-2025-08-07", "files-api-2025-04-14", "interleaved-thinking-2025-05-14"


@pytest.fixture
def hooked(client):
    """Makes sessions with a chain that asks a hook."""

    def make(hook, **settings):
        policy = betamw.FallbackPolicy(on_rejection=hook, **settings.pop("policy", {}))
        return client(policy=policy, **settings)

    return make


def told(c):
    """What the chain did about each refusal, and why."""
    return [(event["action"], event["reason"]) for event in c.events("betamw.beta.rejected")]


async def test_the_hook_is_told_of_the_refusal(hooked, api):
    """Once for each refusing reply, with what it names; None leaves the rest to the policy."""
    asked = []
    api.refuse(OLD, GOOD)
    api.one_at_a_time = True
    async with hooked(asked.append) as c:
        got = await c.call(f"{OLD},{GOOD},{OTHER}")
        assert (200, [(OLD,), (GOOD,)]) == (got.status, [rejection.betas for rejection in asked])
        assert [True, True] == [isinstance(rejection, betamw.Rejection) for rejection in asked]


async def test_it_is_not_asked_of_other_replies(hooked, api):
    """A 400 about something else, and a call inside `override(fallback=False)`, are none of its business."""
    asked = []
    async with hooked(asked.append) as c:
        api.respond_next(400, {"error": {"message": "max_tokens: wrong"}})
        await c.call(OLD)
        api.refuse(OLD)
        with betamw.override(fallback=False):
            await c.call(OLD)
        assert [] == asked


async def test_drop_names_what_a_reply_does_not(hooked, api):
    """Who knows the server need not search."""
    api.refuse(OLD)
    api.dialect = "bedrock"
    async with hooked(lambda _: Action.drop(OLD)) as c:
        got = await c.call(f"{GOOD},{OLD},{OTHER}")
        await c.call(f"{GOOD},{OLD},{OTHER}")
        assert (200, [(GOOD, OLD, OTHER), (GOOD, OTHER), (GOOD, OTHER)]) == (got.status, c.sent)
        assert [[OLD]] == [event["betas_rejected"] for event in c.events("betamw.beta.rejected")]


async def test_drop_without_names_is_as_no_answer(hooked, api):
    """What the reply refuses is dropped."""
    api.refuse(OLD)
    async with hooked(lambda _: Action.drop()) as c:
        assert (200, (GOOD,)) == ((got := await c.call(f"{GOOD},{OLD}")).status, got.usage.sent)


async def test_what_was_not_sent_cannot_be_dropped(hooked, api):
    """It is passed over."""
    api.refuse(OLD)
    async with hooked(lambda _: Action.drop("elsewhere-2026-01-01")) as c:
        assert (200, (GOOD,)) == ((got := await c.call(f"{GOOD},{OLD}")).status, got.usage.sent)


async def test_substitute_puts_another_in_its_place(hooked, api):
    """As the policy's own substitutes do, told and remembered alike."""
    api.refuse(OLD)
    async with hooked(lambda _: Action.substitute({OLD: OTHER})) as c:
        got = await c.call(f"{OLD},{GOOD}")
        assert (200, [(OLD, GOOD), (OTHER, GOOD)], {OLD: OTHER}) == (got.status, c.sent, dict(got.usage.substituted))


async def test_give_up_hands_the_reply_over(hooked, api):
    """Nothing is resent or learned."""
    api.refuse(OLD)
    async with hooked(lambda _: Action.give_up()) as c:
        got = await c.call(OLD)
        await c.call(OLD)
        assert (400, "rejected", [(OLD,), (OLD,)]) == (got.status, got.usage.outcome, c.sent)
        assert [("give_up", "hook")] * 2 == told(c)


async def test_not_a_rejection_is_an_error_like_any_other(hooked, api):
    """The reply was misread: no event about betas, nothing dropped."""
    api.refuse(OLD)
    async with hooked(lambda _: Action.not_a_rejection()) as c:
        got = await c.call(OLD)
        assert (400, "error", [], 1) == (got.status, got.usage.outcome, told(c), len(c.sent))
        assert [("error", "invalid_request_error")] == [(e["outcome"], e["error_type"]) for e in c.events()]


async def test_not_a_rejection_of_a_resend_shows_that_dropping_did_not_help(hooked, api):
    """Then the caller gets the first refusal, as for every 400 that is about something else."""
    api.refuse(OLD, GOOD)
    api.one_at_a_time = True
    async with hooked(lambda rejection: Action.not_a_rejection() if GOOD in rejection.betas else None) as c:
        got = await c.call(f"{OLD},{GOOD}")
        assert (400, True, []) == (got.status, OLD.encode() in got.body, c.events("betamw.memory.learned"))


async def test_the_hook_cannot_drop_what_is_required(hooked, api):
    """The policy's own settings still hold."""
    api.refuse("oauth-2025-04-20")
    async with hooked(lambda _: Action.drop("oauth-2025-04-20")) as c:
        assert (400, [("give_up", "required")]) == ((await c.call("oauth-2025-04-20")).status, told(c))


async def test_a_strict_policy_raises_unless_it_was_no_rejection(hooked, api):
    """The hook is asked first."""
    api.refuse(OLD, GOOD)
    answer = {(GOOD,): Action.not_a_rejection()}
    async with hooked(lambda rejection: answer.get(rejection.betas), policy={"strict": True}) as c:
        assert 400 == (await c.call(GOOD)).status
        with pytest.raises(betamw.BetaRejectedError):
            await c.call(OLD)


def raising(_rejection):
    msg = "sk-ant-api03-THE-SECRET"
    raise LookupError(msg)


@pytest.mark.parametrize(("hook", "error"), [(raising, "LookupError"), (lambda _: "drop", "TypeError")])
async def test_a_broken_hook_is_told_and_passed_over(hooked, api, hook, error):
    """The call goes on as if there was none; the event names the class of the error, not its text."""
    api.refuse(OLD)
    async with hooked(hook) as c:
        got = await c.call(f"{GOOD},{OLD}")
        (event,) = c.events("betamw.hook.failed")
        assert (200, (GOOD,), "recovered") == (got.status, got.usage.sent, got.usage.outcome)
        assert ("on_rejection", error, "warning", c.events()[0]["betamw_call"]) == (
            event["hook"],
            event["error_type"],
            event["log_level"],
            event["betamw_call"],
        )
        assert False is ("SECRET" in str(c.capture.entries))
