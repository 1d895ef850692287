"""MergeMiddleware: one header from all who want a say."""

import asyncio

import aiohttp
import pytest

import betamw
from betamw.testing import SimulatedApi

A, B, C = "files-api-2025-04-14", "context-management-2025-06-27", "interleaved-thinking-2025-05-14"


def raw_lines(api: SimulatedApi) -> list[tuple[str, str]]:
    """The beta header lines of the last request, as on the wire."""
    return [line for line in api.requests[-1].raw_headers if line[0].lower() == "anthropic-beta"]


async def test_defaults_follow_the_callers(client):
    """The caller's betas come first, the chain's after them, in one line."""
    async with client(B, C) as c:
        await c.call(A)
        assert [("anthropic-beta", f"{A},{B},{C}")] == raw_lines(c.api)


async def test_first_mention_keeps_its_place(client):
    """A beta asked for twice goes once, where it was asked for first."""
    async with client(A, B) as c:
        await c.call(f"{C},{B}")
        assert [(C, B, A)] == c.sent


async def test_all_lines_of_the_header_count(client):
    """Several lines of the header are one list."""
    async with client(C) as c:
        await c.call(A, B)
        assert [("anthropic-beta", f"{A},{B},{C}")] == raw_lines(c.api)


async def test_any_spelling_of_the_header_counts(client):
    """The header is found in any case."""
    async with client(B) as c:
        await c.call(headers={"Anthropic-BETA": A})
        assert [(A, B)] == c.sent


@pytest.mark.parametrize("line", [f"{A}, {B}", f" {A} ,\t{B},", f",{A}", A])
async def test_a_header_that_needs_no_change_is_left_byte_for_byte(client, line):
    """Whitespace and empty elements mean nothing, so a header that already says it all stays as it was written."""
    async with client() as c:
        await c.call(headers={"Anthropic-Beta": line})
        assert [("Anthropic-Beta", line.strip(" \t"))] == raw_lines(c.api)


async def test_lines_that_need_no_change_stay_apart(client):
    """Two lines that say it all stay two lines."""
    async with client() as c:
        await c.call(A, B)
        assert [("anthropic-beta", A), ("anthropic-beta", B)] == raw_lines(c.api)


async def test_repeats_vanish(client):
    """The SDK sends a beta twice when it is asked for twice; it goes out once."""
    async with client() as c:
        await c.call(f"{A},{A}")
        assert [("anthropic-beta", A)] == raw_lines(c.api)


@pytest.mark.parametrize("line", ["", ",", " , ,\t"])
async def test_an_empty_header_is_not_sent(client, line):
    """The API refuses an empty header (`betas=[]` of the SDK makes one), so it goes without."""
    async with client() as c:
        got = await c.call(line)
        assert (200, []) == (got.status, raw_lines(c.api))


async def test_case_matters_in_a_name(client):
    """Two names that differ by case are two names."""
    async with client(A.upper()) as c:
        await c.call(A)
        assert [(A, A.upper())] == c.sent


@pytest.mark.parametrize("bad", ['a"b', "caf\u00e9", "a b", "a\tb", "x" * 10 + "\u200b"])
async def test_an_invalid_name_is_left_out_and_told(client, bad):
    """What cannot be a beta is left out of the caller's header; the good ones go, and an event gives its length."""
    async with client() as c:
        await c.call(f"{A},{bad}")
        told = [(e["problem"], e["origin"], e["length"]) for e in c.events("betamw.input.invalid")]
        assert ([(A,)], [("invalid_beta_name", "request", len(bad))]) == (c.sent, told)


async def test_override_adds_after_the_caller(client):
    """`override(add=...)` stands between the caller's header and the defaults."""
    async with client(C) as c:
        with betamw.override(add=[B]):
            got = await c.call(A)
        assert ([(A, B, C)], (B,)) == (c.sent, got.usage.scoped)


async def test_override_removes_from_anyone(client):
    """`override(remove=...)` takes a beta out, whoever asked for it, and the log says so."""
    async with client(C) as c:
        with betamw.override(remove=[A, C]):
            got = await c.call(f"{A},{B}")
        assert ([(B,)], {A: "policy", C: "policy"}) == (c.sent, dict(got.usage.dropped))


async def test_overrides_nest_and_the_inner_wins(client):
    """An inner block has the last word, and only inside."""
    async with client() as c:
        with betamw.override(add=[A], remove=[B]):
            with betamw.override(add=[B], remove=[A]):
                await c.call(f"{A},{B},{C}")
            await c.call(f"{B},{C}")
        await c.call(B)
        assert [(B, C), (C, A), (B,)] == c.sent


async def test_an_override_reaches_the_tasks_started_inside(client):
    """A task started inside of the block keeps the override; a task beside it has none."""
    async with client() as c:
        with betamw.override(add=[A]):
            inside = asyncio.create_task(c.call(path="/v1/messages?inside"))
        outside = asyncio.create_task(c.call(path="/v1/messages?outside"))
        await asyncio.gather(inside, outside)
        assert {"inside": (A,), "outside": ()} == {next(iter(r.query)): r.betas for r in c.api.requests}


async def test_what_another_middleware_adds_is_the_callers(api, client):
    """A beta that other code puts into the header on its way (an authentication, say) goes out and is not lost."""

    async def authenticate(request, handler):
        request.headers["anthropic-beta"] = f"{request.headers['anthropic-beta']},oauth-2025-04-20"
        return await handler(request)

    def with_authentication(*, api, logger):
        log, merge, endpoint, fallback = betamw.chain(B, api=api, logger=logger)
        return log, authenticate, merge, endpoint, fallback

    async with client(middlewares=with_authentication) as c:
        got = await c.call(A)
        assert ([(A, "oauth-2025-04-20", B)], (A, "oauth-2025-04-20")) == (c.sent, got.usage.requested)


async def test_what_another_middleware_takes_out_stays_out(client):
    """A beta that other code takes out of the header does not come back, and counts as dropped by policy."""

    async def censor(request, handler):
        del request.headers["anthropic-beta"]
        return await handler(request)

    def censored(*, api, logger):
        log, merge, endpoint, fallback = betamw.chain(api=api, logger=logger)
        return log, merge, censor, endpoint, fallback

    async with client(middlewares=censored) as c:
        got = await c.call(A)
        assert ([()], {A: "policy"}) == (c.sent, dict(got.usage.dropped))


async def test_what_goes_out_below_the_chain_is_what_is_told(client):
    """A middleware below the whole chain may change the header; `sent` is what went out."""

    async def meddle(request, handler):
        request.headers["anthropic-beta"] = f"{A},{C}"
        return await handler(request)

    def meddled(*, api, logger):
        return *betamw.chain(api=api, logger=logger), meddle

    async with client(middlewares=meddled) as c:
        got = await c.call(f"{A},{B}")
        assert ([(A, C)], (A, C)) == (c.sent, got.usage.sent)


@pytest.mark.parametrize("name", ["", "a,b", "a b", "a\r\nx-evil: 1", "\u00e4", 'a"', "\x00"])
def test_a_default_that_is_no_beta_fails_at_construction(name):
    """A default is checked when the middleware is made."""
    with pytest.raises(betamw.InvalidBetaError, match="must be visible ASCII"):
        betamw.MergeMiddleware(name)


async def test_alone_on_a_session(api):
    """The middleware works by itself."""
    merge = betamw.MergeMiddleware(B, api=betamw.Api(api.base_url))
    async with aiohttp.ClientSession(middlewares=(merge,)) as session:
        async with session.get(f"{api.base_url}/v1/models", headers={"anthropic-beta": A}) as response:
            assert ((A, B), 1) == (betamw.usage(response).sent, betamw.usage(response).attempts)
