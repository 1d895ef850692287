"""FallbackPolicy(strict=True): a refusal is an error, and nothing goes on without a beta."""

import asyncio
import copy
import pickle
from contextlib import AsyncExitStack

import aiohttp
import pytest
from support.hasty import OLD, hasty_server

import betamw

GOOD = "files-api-2025-04-14"
STRICT = betamw.FallbackPolicy(strict=True)
SECRET = "sk-ant-api03-THE-SECRET"


@pytest.fixture
def strict(client):
    """Makes sessions with a strict chain."""
    return lambda *betas, **settings: client(*betas, **{"policy": STRICT} | settings)


async def refusal(c, *lines, **more):
    """The error of a call that is refused."""
    with pytest.raises(betamw.BetaRejectedError) as caught:
        await c.call(*lines, **more)
    return caught.value


async def test_a_refusal_raises(strict, api):
    """It is an error of betamw and of aiohttp, and tells what the reply said; nothing was resent."""
    api.refuse(OLD)
    async with strict() as c:
        error = await refusal(c, f"{GOOD},{OLD}")
        assert (True, True) == (isinstance(error, betamw.BetaError), isinstance(error, aiohttp.ClientResponseError))
        assert (400, (OLD,), (GOOD, OLD), 1) == (error.status, error.rejected, error.sent, len(c.sent))
        assert (True, "req_000000000000000000000001") == (b"Unexpected value" in error.body, error.request_id)
        assert error.request_id == error.headers["request-id"]
        assert ("POST", f"{GOOD},{OLD}") == (error.request_info.method, error.request_info.headers["anthropic-beta"])


async def test_a_refusal_that_names_none_raises_too(strict, api):
    """Then `rejected` is empty, and one of those sent is meant."""
    api.refuse(OLD)
    api.dialect = "bedrock"
    async with strict() as c:
        error = await refusal(c, f"{GOOD},{OLD}")
        assert ((), (GOOD, OLD)) == (error.rejected, error.sent)
        assert f"the server refuses one of {GOOD}, {OLD}" == error.message


@pytest.mark.parametrize("decompress", [True, False])
async def test_the_body_is_decoded(strict, api, decompress):
    """Also where it came compressed, and the session does not decompress."""
    api.refuse(OLD)
    api.encoding = "gzip"
    async with strict(session={"auto_decompress": decompress}) as c:
        error = await refusal(c, OLD)
        assert b'{"type":"error"' == error.body[:15]


async def test_other_errors_are_handed_over(strict, api):
    """A 400 that refuses no beta is a reply like any other."""
    api.respond_next(400, {"error": {"message": "max_tokens: wrong"}})
    async with strict() as c:
        assert (400, "error") == ((got := await c.call(OLD)).status, got.usage.outcome)


async def test_nothing_is_left_out_or_learned(strict, client, api):
    """What another chain has learned goes out all the same, and a refusal teaches nothing."""
    api.refuse(OLD)
    memory = betamw.RejectionMemory()
    async with client(memory=memory) as lenient, strict(memory=memory) as c:
        await refusal(c, OLD)
        assert ((), 0) == (memory.verdicts(), len(memory))
        await lenient.call(OLD)
        await refusal(c, OLD)
        assert [(OLD,), (OLD,), (), (OLD,)] == c.sent


async def test_override_hands_the_reply_over(strict, api):
    """Inside `override(fallback=False)` nobody raises: the caller wants the reply."""
    api.refuse(OLD)
    async with strict() as c:
        with betamw.override(fallback=False):
            got = await c.call(OLD)
        (event,) = c.events("betamw.beta.rejected")
        assert (400, True, "fallback_off") == (got.status, b"Unexpected value" in got.body, event["reason"])


async def test_the_text_tells_no_secret(strict, api):
    """Neither a header, nor a body, nor the query; aiohttp's own `repr` shows the headers of the request."""
    api.refuse(OLD, "sk-*")
    async with strict() as c:
        secrets = {"headers": {"x-api-key": SECRET}, "path": f"/v1/messages?key={SECRET}", "json": {"model": SECRET}}
        error = await refusal(c, f"{OLD},{SECRET}", **secrets)
        shown = f"400, message='the server refuses {OLD}, <invalid len=23>', url='{api.base_url}/v1/messages'"
        assert (shown, f"BetaRejectedError({shown})") == (str(error), repr(error))


async def test_it_travels_between_processes(strict, api):
    """A pickle holds all that it says but what is of this process, and the headers with the credential."""
    api.refuse(OLD)
    async with strict() as c:
        error = await refusal(c, OLD, headers={"x-api-key": SECRET})
        pickled = pickle.dumps(error)
        there = pickle.loads(pickled)  # noqa: S301  our own
        assert False is (SECRET.encode() in pickled)
        assert (type(error), str(error), error.headers) == (type(there), str(there), there.headers)
        assert (error.request_info._replace(headers=there.request_info.headers), {}, ()) == (
            there.request_info,
            dict(there.request_info.headers),
            there.history,
        )
        own = ("status", "message", "rejected", "sent", "request_id", "body")
        assert [getattr(error, name) for name in own] == [getattr(there, name) for name in own]


async def test_a_copy_of_it_can_be_pickled_again(strict, api):
    """What arrived can be sent on."""
    api.refuse(OLD)
    async with strict() as c:
        error = await refusal(c, OLD)
        assert str(error) == str(pickle.loads(pickle.dumps(copy.copy(error))))  # noqa: S301  our own


async def test_the_connection_is_given_back(strict, api):
    """With a single connection the next call has it, and none is left in use."""
    api.refuse(OLD)
    connector = aiohttp.TCPConnector(limit=1)
    async with strict(session={"connector": connector}) as c:
        async with asyncio.timeout(5):
            for _ in range(5):
                await refusal(c, OLD)
            got = await c.call(GOOD)
        assert (200, 0, 1) == (got.status, len(connector._acquired), sum(map(len, connector._conns.values())))


@pytest.mark.parametrize("kind", ["text", "file"])
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_refusal_in_the_middle_of_the_upload(tmp_path, kind):
    """The upload ends with it, and the next call has the only connection there may be."""
    path = tmp_path / "large"
    path.write_bytes(b"0123456789" * 2_000_000)
    async with hasty_server() as (url, bodies), AsyncExitStack() as stack:
        chain, connector = betamw.chain(api=betamw.Api(url), policy=STRICT), aiohttp.TCPConnector(limit=1)
        session = await stack.enter_async_context(aiohttp.ClientSession(middlewares=chain, connector=connector))
        data = path.read_text() if kind == "text" else stack.enter_context(path.open("rb"))
        async with asyncio.timeout(10):
            with pytest.raises(betamw.BetaRejectedError):
                await session.post(url, data=data, headers={"anthropic-beta": OLD})
            async with session.post(url, data=b"next") as response:
                assert (200, [b"next"]) == (response.status, bodies)


async def test_a_body_that_can_be_sent_once(strict, api):
    """It is no matter here: nothing would be resent."""

    async def body():
        yield b"{}"

    api.refuse(OLD)
    async with strict() as c:
        error = await refusal(c, OLD, data=body())
        assert (400, ["strict"]) == (error.status, [e["reason"] for e in c.events("betamw.beta.rejected")])


async def test_the_events_of_a_strict_refusal(strict, api):
    """A reply came and was refused: the call's event tells of it as if it had been handed over."""
    api.refuse(OLD)
    async with strict() as c:
        await refusal(c, f"{GOOD},{OLD}")
        (rejected,), (event,) = c.events("betamw.beta.rejected"), c.events()
        assert ("give_up", "strict", [OLD]) == (rejected["action"], rejected["reason"], rejected["betas_rejected"])
        assert ("rejected", 400, "invalid_request_error", "req_000000000000000000000001", 1, [GOOD, OLD]) == (
            event["outcome"],
            event["http_response_status_code"],
            event["error_type"],
            event["anthropic_request_id"],
            event["attempts"],
            event["betas_sent"],
        )


async def test_the_type_of_an_error_without_one_is_its_status(strict, api):
    """As for every reply."""
    api.refuse(OLD)
    api.dialect = "bedrock"
    async with strict() as c:
        await refusal(c, OLD)
        assert [("rejected", "400")] == [(e["outcome"], e["error_type"]) for e in c.events()]


async def test_a_retry_further_out_may_catch_it(strict, api):
    """It sees the request as the caller made it."""
    api.refuse(OLD)
    seen = []

    async def once_more(request, handler):
        try:
            return await handler(request)
        except betamw.BetaRejectedError as error:
            seen.append(error.rejected)
            api.accept(OLD)
            return await handler(request)

    def chain(*, api, logger):
        return once_more, *betamw.chain(api=api, logger=logger, policy=STRICT)

    async with strict(middlewares=chain) as c:
        got = await c.call(OLD)
        assert (200, [(OLD,)], [(OLD,), (OLD,)]) == (got.status, seen, c.sent)
        assert ["rejected", "ok"] == [e["outcome"] for e in c.events()]
