"""FallbackPolicy(substitutes=...): another beta takes the place of a refused one."""

import asyncio

import pytest

import betamw

NEW, OLD, GOOD = "server-side-fallback-2026-07-01", "server-side-fallback-2026-06-01", "files-api-2025-04-14"
MAPPING = {"mine-2026-02-02": "mine-2026-01-01"}
MINE, MINE_BEFORE = "mine-2026-02-02", "mine-2026-01-01"


@pytest.fixture
def substituting(client):
    """Makes sessions with a chain that puts `substitutes` in place."""

    def make(substitutes, *betas, **settings):
        policy = betamw.FallbackPolicy(substitutes=substitutes, **settings.pop("policy", {}))
        return client(*betas, policy=policy, **settings)

    return make


@pytest.mark.parametrize(("substitutes", "refused", "instead"), [("older", NEW, OLD), (MAPPING, MINE, MINE_BEFORE)])
async def test_a_substitute_goes_in_the_place_of_the_refused_one(substituting, api, substitutes, refused, instead):
    """In the resend, and from then on at once; the event and `usage` tell both names."""
    api.refuse(refused)
    async with substituting(substitutes) as c:
        for attempts in (2, 1):
            got = await c.call(f"a,{refused},b")
            event = c.events()[-1]
            assert (200, attempts, {refused: instead}) == (got.status, got.usage.attempts, dict(got.usage.substituted))
            assert ([refused], [instead]) == (event["betas_substituted"], event["betas_substitutes"])
            assert (["a", refused, "b"], ["a", instead, "b"]) == (event["betas_merged"], event["betas_sent"])
            assert ([], []) == (event["betas_dropped_rejected"], event["betas_dropped_remembered"])
        assert [("a", refused, "b"), ("a", instead, "b"), ("a", instead, "b")] == c.sent


async def test_a_substitute_that_is_refused_too_is_dropped(substituting, api):
    """Once is enough: an older one yet is not tried. The next call has neither."""
    api.refuse("user-profiles-*")
    async with substituting("older") as c:
        got = await c.call("user-profiles-2026-09-04,x")
        await c.call("user-profiles-2026-09-04,x")
        assert [("user-profiles-2026-09-04", "x"), ("user-profiles-2026-08-18", "x"), ("x",), ("x",)] == c.sent
        assert (200, {"user-profiles-2026-09-04": "rejected"}, {}) == (
            got.status,
            dict(got.usage.dropped),
            dict(got.usage.substituted),
        )


@pytest.mark.parametrize(
    ("refused", "asked"),
    [(NEW, f"{NEW},{OLD}"), (GOOD, GOOD), ("compact-2026-09-04", "compact-2026-09-04"), (OLD, OLD)],
    ids=["goes anyway", "no family", "another API", "the oldest"],
)
async def test_where_nothing_can_take_its_place_it_is_dropped(substituting, api, refused, asked):
    """No beta goes twice, and none that is another API than the refused one."""
    api.refuse(refused)
    async with substituting("older") as c:
        got = await c.call(asked)
        kept = tuple(beta for beta in asked.split(",") if beta != refused)
        assert (200, kept, {refused: "rejected"}) == (got.status, got.usage.sent, dict(got.usage.dropped))


async def test_never_is_the_default(client, api):
    """A newer date need not mean the same: who wants an older one says so."""
    api.refuse(NEW)
    async with client() as c:
        assert () == (await c.call(NEW)).usage.sent


async def test_what_an_endpoint_requires_has_no_substitute(substituting, api):
    """Without it the call has no meaning."""
    api.refuse("managed-agents-2026-04-01")
    async with substituting({"managed-agents-2026-04-01": "managed-agents-2025-01-01"}) as c:
        assert (400, 1) == ((await c.call(path="/v1/agents", method="GET")).status, len(c.sent))


async def test_a_substitute_keeps_the_field_of_the_body_open(substituting, api):
    """The older one knows the field too: header and body still belong together, so the call is resent."""
    api.refuse(NEW)
    body = {"model": "m", "fallbacks": [{"model": "n"}]}
    async with substituting("older") as c:
        got = await c.call(NEW, json=body)
        assert (200, [(NEW,), (OLD,)], {"fallbacks", "model"}) == (got.status, c.sent, {*api.requests[-1].json()})


async def test_a_field_that_the_substitute_does_not_know_is_stripped(substituting, api):
    """`fallbacks: "default"` came with the newer one."""
    api.refuse(NEW)
    async with substituting("older", policy={"paired_fields": "strip"}) as c:
        got = await c.call(NEW, json={"model": "m", "fallbacks": "default"})
        assert (200, (OLD,), {"model": "m"}) == (got.status, got.usage.sent, api.requests[-1].json())
        assert ("fallbacks",) == got.usage.body_fields_stripped


async def test_a_search_ends_with_the_substitute(substituting, api):
    """Once the culprit is known its substitute goes in its place."""
    api.refuse(MINE)
    api.dialect = "bedrock"
    async with substituting(MAPPING) as c:
        got = [await c.call(f"a,{MINE},b") for _ in range(6)]
        assert ({200}, ("a", MINE_BEFORE, "b")) == ({each.status for each in got}, got[-1].usage.sent)


async def test_a_refused_substitute_after_a_search(substituting, api):
    """Every call is answered, and in the end neither goes out."""
    api.refuse(MINE, MINE_BEFORE)
    api.dialect = "bedrock"
    async with substituting(MAPPING) as c:
        got = [await c.call(f"a,{MINE},b") for _ in range(10)]
        assert ({200}, ("a", "b")) == ({each.status for each in got}, got[-1].usage.sent)
        assert max(each.usage.attempts for each in got) <= 3


async def test_a_burst_gets_the_substitute(substituting, api):
    """Calls that are refused together resend with it together."""
    api.refuse(NEW)
    async with substituting("older") as c:
        got = await asyncio.gather(*(c.call(NEW) for _ in range(30)))
        assert ({200}, {(OLD,)}) == ({each.status for each in got}, {each.usage.sent for each in got})


async def test_an_expired_lesson_tries_the_newer_one_again(substituting, api):
    """The substitute is for as long as the refusal is believed."""
    now = [0.0]
    api.refuse(NEW)
    async with substituting("older", memory=betamw.RejectionMemory(remember_for=60, clock=lambda: now[0])) as c:
        await c.call(NEW)
        now[0] = 61.0
        api.accept(NEW)
        await c.call(NEW)
        assert [(NEW,), (OLD,), (NEW,)] == c.sent


@pytest.mark.parametrize("refused", ["a", "b", "ab"])
async def test_a_search_does_not_count_on_a_substitute(substituting, api, refused):
    """A suspect has none yet: where the body needs it, it goes along in every send."""
    api.refuse(*refused)
    api.dialect = "bedrock"
    body = {"model": "m", "fallbacks": [{"model": "n"}]}
    async with substituting("older") as c:
        got = [await c.call(f"a,{NEW},b", json=body) for _ in range(6)]
        kept = tuple(beta for beta in ("a", NEW, "b") if beta not in refused)
        assert ({200}, kept) == ({each.status for each in got}, got[-1].usage.sent)


async def test_where_the_body_needs_all_that_was_sent_there_is_no_search(substituting, api):
    """An unnamed refusal leaves nothing to try: a resend would be the same again."""
    api.refuse(NEW)
    api.dialect = "bedrock"
    async with substituting("older") as c:
        got = await c.call(NEW, json={"model": "m", "fallbacks": [{"model": "n"}]})
        (event,) = c.events("betamw.beta.rejected")
        assert (400, 1, "give_up", "paired_field") == (got.status, len(c.sent), event["action"], event["reason"])
