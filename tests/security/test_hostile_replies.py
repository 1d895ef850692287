"""Replies that are bombs, lies or floods: what they cost, and that the caller sees what it sees without us."""

import asyncio
import importlib
import tracemalloc
import zlib
from functools import lru_cache

import aiohttp
import pytest
from support.client import BODY
from support.judge import BETA, GOOD, OLD
from support.raw import REFUSAL, raw_server, reply

import betamw
from betamw.middlewares.reply import LONGEST

BOMB = 16 * 2**20
COMPRESSORS = {
    "gzip": lambda data: zlib.compress(data, 9, 31),
    "deflate": lambda data: zlib.compress(data, 9),
    "br": lambda data: importlib.import_module("brotli").compress(data),
    "zstd": lambda data: importlib.import_module("backports.zstd").compress(data),
}


@lru_cache
def bomb(coding):
    """A refusal with a great deal of space before it."""
    return COMPRESSORS[coding](b" " * BOMB + REFUSAL)


async def peak(url, middlewares, *, decompress):
    """The most memory that a call takes which does not read its reply."""
    async with aiohttp.ClientSession(middlewares=middlewares, auto_decompress=decompress) as session:
        tracemalloc.start()
        async with session.post(url, json=BODY, headers={BETA: OLD}) as response:
            await asyncio.sleep(0.05)  # what arrives by itself
            status = response.status
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return status, most


@pytest.mark.parametrize("decompress", [True, False])
@pytest.mark.parametrize("coding", COMPRESSORS)
async def test_a_bomb_is_not_unpacked(coding, decompress):
    """A reply of a few KiB that is 16 MiB: beside a plain session it takes a few times what may be read of it."""
    if coding in {"br", "zstd"}:
        pytest.importorskip({"br": "brotli", "zstd": "backports.zstd"}[coding])
    packed = bomb(coding)
    refusal = reply(packed, b"400 Bad Request", b"Content-Encoding: " + coding.encode())
    async with raw_server(lambda _: refusal) as server:
        url = f"{server.base_url}/v1/messages"
        chain = betamw.chain(api=betamw.Api(server.base_url))
        await peak(url, chain, decompress=decompress)  # what is made once
        status, bare = await peak(url, (), decompress=decompress)
        assert (400, True) == (status, (with_chain := await peak(url, chain, decompress=decompress))[0] == 400)
    assert with_chain[1] < bare + 8 * LONGEST
    assert 3 == len(server.heads)  # nobody has understood it


HUGE = b"x-a: " + b"a" * 2**20
STRANGE = {
    "a huge header": reply(b"{}", b"400 Bad Request", HUGE),
    "no end of headers": reply(b"{}", b"400 Bad Request", *[b"x-%d: y" % n for n in range(50_000)]),
    "a long status": reply(b"{}", b"400 " + b"a" * 2**20),
    "too short": (reply(REFUSAL, b"400 Bad Request", length=len(REFUSAL) + 100), None),
    "half a JSON": reply(REFUSAL[:40], b"400 Bad Request"),
    "a length that is none": reply(REFUSAL, b"400 Bad Request", b"Content-Length: -1"),
    "two lengths": reply(REFUSAL, b"400 Bad Request", b"Content-Length: 3"),
    "chunks that are none": b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + REFUSAL,
    "a chunk that is huge": (b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n" + REFUSAL, None),
    "not what its coding says": reply(REFUSAL, b"400 Bad Request", b"Content-Encoding: gzip"),
    "garbage": (b"\0" * 100, None),
}


async def outcome(url, middlewares):
    """What the caller sees: the reply and its body, or the error."""
    async with aiohttp.ClientSession(middlewares=middlewares) as session:
        try:
            async with session.post(url, json=BODY, headers={BETA: GOOD}) as response:
                return response.status, await response.read()
        except aiohttp.ClientError as error:
            return type(error)


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
async def test_a_strange_reply_is_what_it_is_without_us(strange):
    """Aiohttp's limits are the limits; what is no refusal of what was sent, or cannot be read, is the caller's."""
    async with raw_server(lambda _: strange) as server:
        url = f"{server.base_url}/v1/messages"
        async with asyncio.timeout(10):
            bare = await outcome(url, ())
            assert bare == await outcome(url, betamw.chain(api=betamw.Api(server.base_url)))
        assert 2 == len(server.heads)


async def test_a_flood_of_interim_replies_changes_nothing():
    """A refusal is read, and the call resent, after ten thousand early hints, as after none."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 10_000

    def answer(head):
        return hints + (reply(REFUSAL, b"400 Bad Request") if OLD.encode() in head else reply())

    async with raw_server(answer) as server:
        chain = betamw.chain(api=betamw.Api(server.base_url))
        async with aiohttp.ClientSession(middlewares=chain) as session:
            headers = {BETA: f"{GOOD},{OLD}"}
            async with session.post(f"{server.base_url}/v1/messages", json=BODY, headers=headers) as response:
                assert (200, (GOOD,), 2) == (response.status, betamw.usage(response).sent, len(server.heads))


async def test_a_length_that_lies_answers_no_other_call():
    """What comes after a refusal as if it were the answer to the resend is not taken for it."""
    forged = reply(b'{"forged": true}')

    def answer(head):
        return reply(REFUSAL, b"400 Bad Request") + forged if OLD.encode() in head else reply(b'{"true": 1}')

    async with raw_server(answer) as server:
        chain = betamw.chain(api=betamw.Api(server.base_url))
        async with aiohttp.ClientSession(middlewares=chain) as session:
            async with session.post(f"{server.base_url}/v1/messages", json=BODY, headers={BETA: OLD}) as response:
                assert (200, b'{"true": 1}') == (response.status, await response.read())
