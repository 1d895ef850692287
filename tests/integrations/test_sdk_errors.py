"""An error that is not about betas is, with the chain, the error that the SDK gives with its own aiohttp client."""

import re
from contextlib import asynccontextmanager, nullcontext

import anthropic
import httpx2
import pytest

from betamw.integrations.anthropic import http_client
from betamw.testing import FAULTS, SimulatedApi

CALL = {"model": "claude-opus-5", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}
BETA = "interleaved-thinking-2025-05-14"
UNTIMELY = {"surplus", "late-close"}  # strike the next request, or not
NO_ANSWER = {"no-answer", "endless-interim"}  # only a timeout is their end
PATIENCE = httpx2.Timeout(60, read=0.2)


async def create(client):
    return (await client.messages.create(**CALL)).to_dict()


async def raw(client):
    response = await client.beta.messages.with_raw_response.create(**CALL, betas=[BETA])
    return told(response.http_response), (await response.parse()).to_dict()


async def stream(client):
    async with client.messages.stream(**CALL) as events:
        return [event.to_dict() async for event in events]


async def pieces(client):
    async with client.messages.with_streaming_response.create(**CALL) as response:
        return [piece async for piece in response.iter_bytes(7)]


WAYS = [create, raw, stream, pieces]


def told(response):
    """All that a response says."""
    headers = [line for line in response.headers.raw if line[0].lower() != b"date"]
    return response.status_code, response.reason_phrase, headers, response.content


def error_of(error):
    """All that an error of the SDK says, and those behind it."""
    response = getattr(error, "response", None)
    cause = error.__cause__ or error.__context__
    return (
        type(error),
        re.sub(r"127\.0\.0\.1(:|', )\d+", "...", str(error)),
        getattr(error, "body", None),
        getattr(error, "request_id", None),
        response is not None and told(response),
        cause and error_of(cause),
    )


async def outcomes(made, script, ways, settings):
    """What becomes of a call by this client, in each of the ways."""
    found = []
    async with SimulatedApi() as api:
        settings = {"api_key": "k", "base_url": api.base_url, "max_retries": 0, **settings}
        async with anthropic.AsyncAnthropic(http_client=made, **settings) as client:
            for way in ways:
                async with script(api):
                    try:
                        found.append(await way(client))
                    except Exception as error:  # noqa: BLE001  what it is gets compared
                        found.append(error_of(error))
    return found


async def both(script, *ways, **settings):
    """What becomes of it without the chain and with it."""
    plain = await outcomes(anthropic.DefaultAioHttpClient(), script, ways or WAYS, settings)
    return plain, await outcomes(http_client(BETA), script, ways or WAYS, settings)


def error_text(kind, message="for another reason"):
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


REPLIES = {
    "invalid request": (400, error_text("invalid_request_error", "max_tokens: must be greater than 0")),
    "another header": (400, error_text("invalid_request_error", "anthropic-version: header is required")),
    "no key": (401, error_text("authentication_error", "invalid x-api-key")),
    "not allowed": (403, error_text("permission_error")),
    "not found": (404, error_text("not_found_error", "model: claude-nonexistent")),
    "conflict": (409, error_text("invalid_request_error")),
    "too large": (413, error_text("request_too_large")),
    "unprocessable": (422, error_text("invalid_request_error")),
    "rate limit": (429, error_text("rate_limit_error")),
    "broken": (500, error_text("api_error")),
    "bad gateway": (502, b"<html><h1>502 Bad Gateway</h1></html>"),
    "overloaded": (529, error_text("overloaded_error")),
    "a teapot": (418, b""),
    "no JSON": (400, b"{not json"),
    "no text": (400, b"\xff\xfe\x00"),
    "long": (400, error_text("invalid_request_error", "x" * 200_000)),
    "an answer that is none": (200, b"{not json"),
    "an empty answer": (200, b""),
}


@pytest.mark.parametrize("encoding", [None, "gzip"])
@pytest.mark.parametrize("reply", REPLIES)
async def test_a_reply(reply, encoding):
    """Class, text, body and id of the error, and status, header and bytes of its response, in each way to call."""
    status, body = REPLIES[reply]

    @asynccontextmanager
    async def script(api):
        api.encoding = encoding
        api.respond_next(status, body, {"request-id": "req_1"})
        yield

    plain, chained = await both(script)

    assert plain == chained


@pytest.mark.parametrize("status", [None, 400])
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in NO_ANSWER | UNTIMELY])
async def test_a_fault(fault, status):
    """A connection that breaks, or a reply that is none, before, in and after the body."""

    @asynccontextmanager
    async def script(api):
        api.fail_next(fault, status, seconds=0.001)
        yield

    plain, chained = await both(script)

    assert plain == chained


async def test_a_timeout():
    """A reply that does not come is an `APITimeoutError`."""

    @asynccontextmanager
    async def script(api):
        api.fail_next("no-answer")
        yield

    plain, chained = await both(script, create, timeout=PATIENCE)

    assert plain == chained
    assert anthropic.APITimeoutError is plain[0][0]


async def test_no_connection():
    """A refused connection is an `APIConnectionError`, and no timeout."""
    plain, chained = await both(SimulatedApi.down)

    assert plain == chained
    assert {anthropic.APIConnectionError} == {error for error, *_ in plain}


async def test_a_connection_that_breaks_while_it_is_read():
    """What comes out of a stream that breaks off is the same, whichever library the SDK reads with."""

    @asynccontextmanager
    async def script(api):
        api.drip = 0.001
        api.fail_next("cut")
        yield

    plain, chained = await both(script, stream, pieces)

    assert plain == chained
    assert 2 * [httpx2.ReadError] == [error for error, *_ in plain]


@pytest.mark.parametrize("base_url", ["ftp://127.0.0.1", "http://", "/v1", "http://127.0.0.1:99999", "http://a b"])
async def test_a_url_that_is_none(base_url):
    """What is wrong with it is said as without the chain."""
    plain, chained = await both(lambda _: nullcontext(), create, base_url=base_url)

    assert plain == chained
