"""Clients that use aiohttp as their transport read `content` only; what they make of it is the same with the chain."""

import asyncio
import ssl

import anthropic
import httpx
import httpx2
import httpx_aiohttp
import pytest
from httpx_aiohttp.httpx2 import AiohttpTransport, Httpx2AiohttpClient
from support.twice.both import BODY, asked
from support.twice.kinds import KINDS
from support.twice.modes import MODES
from support.twice.reading import taken, tried
from support.twice.scenes import play
from support.twice.seen import plain

NO_TLS = ssl.create_default_context()  # the transports would make one each, which takes its time
LOOKS = ["a beta that is taken", "remembered", "recovered", "recovered from it", "handed over"]
LOOKS += ["handed over after a vain resend", "another origin"]
MESSAGE = {"model": "claude-opus-5", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}


async def differences(stage, kinds, modes, play_scene):
    """Where the two differ: what they read, the requests behind it, the connections."""
    found = []
    for kind in kinds:
        for mode in (mode for mode in modes if MODES[mode].suits(KINDS[kind])):
            outcomes = []
            for chained in (False, True):
                given, connections = await play_scene(kind, mode, chained)
                ends = MODES[mode].resends and KINDS[kind].closes
                requests = asked(stage.server.requests, MODES[mode])
                outcomes.append((given, requests, None if ends else connections))
            if outcomes[0] != outcomes[1]:
                found.append((mode, kind, *outcomes))
    return found


# httpx: each way to read a response, as a line.
HTTPX = {
    "read": lambda r: r.aread(),
    "bytes": lambda r: joined(r.aiter_bytes()),
    "raw": lambda r: joined(r.aiter_raw()),
    "lines": lambda r: taken(r.aiter_lines()),
    "leave": lambda r: r.aclose(),
}
LIBRARIES = {
    "httpx": (
        httpx,
        lambda session: httpx.AsyncClient(transport=httpx_aiohttp.AiohttpTransport(NO_TLS, client=session)),
    ),
    "httpx2": (httpx2, lambda session: Httpx2AiohttpClient(transport=AiohttpTransport(NO_TLS, client=lambda: session))),
}


async def joined(pieces):
    return b"".join(await taken(pieces))


@pytest.mark.parametrize("way", HTTPX)
@pytest.mark.parametrize("library", LIBRARIES)
async def test_httpx(stage, library, way):
    """Status, reason, headers, body or exception are the same, and so is the request."""
    module, client_of = LIBRARIES[library]

    async def play_scene(kind, mode, chained):
        async def scene(caller):
            url = f"{stage.server.url}/{caller.mode.route}/{kind}"
            headers = [*caller.mode.headers(chained=chained).items()]
            async with client_of(caller.session) as client:
                try:
                    async with client.stream("POST", url, json=BODY, headers=headers) as response:
                        read = await tried(lambda: HTTPX[way](response))
                        head = response.status_code, response.reason_phrase, response.headers.raw
                        return head, read, await tried(response.aread), [str(cookie) for cookie in client.cookies.jar]
                except (module.HTTPError, module.InvalidURL, UnicodeError) as error:  # they are strict readers
                    return error

        return await play(stage, mode, scene, chained=chained)

    kinds = [name for name, kind in KINDS.items() if kind.ways == "whole" and not kind.leaves]
    kinds = kinds[:: 2 if way == "raw" else 6]
    assert [] == await differences(stage, kinds, LOOKS, play_scene)


# The official SDK: each way to make a call, as a line.
async def _events(client, proceed):
    stream = await client.messages.create(**MESSAGE, stream=True)
    first = await anext(stream, None)
    proceed()
    return first and first.to_dict(), [event.to_dict() async for event in stream]


async def _raw(client, proceed):
    response = await client.messages.with_raw_response.create(**MESSAGE)
    return response.http_response.content, response.request_id


async def _streamed(client, proceed):
    async with client.messages.with_streaming_response.create(**MESSAGE) as response:
        return await joined(response.iter_bytes(10))


async def _message(client, proceed):
    message = await client.messages.create(**MESSAGE)
    return message.to_dict(), message._request_id


SDK = {"create": _message, "stream": _events, "raw": _raw, "streamed": _streamed}


def told(error):
    """All that the SDK's error says."""
    response = getattr(error, "response", None)
    more = response and (response.status_code, response.headers.raw, response.content)
    return (
        type(error),
        str(error),
        getattr(error, "body", 0),
        getattr(error, "request_id", 0),
        more,
        plain(error.__cause__),
    )


@pytest.mark.parametrize("way", SDK)
async def test_the_sdk(stage, way):
    """A message, its events and its id, or the same exception with message, body and request id."""

    async def play_scene(kind, mode, chained):
        async def scene(caller):
            sdk = anthropic.AsyncAnthropic(
                api_key="k",
                base_url=f"{stage.server.url}/{caller.mode.route}/{kind}",
                max_retries=0,
                default_headers=dict(caller.mode.headers(chained=chained)),
                http_client=Httpx2AiohttpClient(transport=AiohttpTransport(NO_TLS, client=lambda: caller.session)),
            )
            async with sdk as client:
                try:
                    return await SDK[way](client, stage.server.proceed)
                except (anthropic.AnthropicError, httpx2.HTTPError) as error:
                    return told(error)

        return await play(stage, mode, scene, chained=chained)

    kinds = ["200 as events"] if way == "stream" else ["200", "200 gzip"]
    kinds += ["400", "400 gzip", "400 gzip chunked", "400 br", "400 zstd", "400 chunked", "400 until EOF", "400 empty"]
    kinds += ["400 of 64 KiB and a byte", "400 in the wrong coding", "404", "422", "429", "500", "500 gzip", "529"]
    async with asyncio.timeout(60):
        assert [] == await differences(stage, kinds, LOOKS, play_scene)
