"""A refusal that comes before the upload has ended: the body is sent again whole, or the refusal is handed on."""

import asyncio
import io
import threading

import aiohttp
import pytest
from support.client import open_client
from support.hasty import OLD
from support.uploads import AIOHTTP, EDITS, HEAD, REWOUND, Desk, form
from support.wire import refusal, wire_server

import betamw

CONTENT = b"".join(b"%09d\n" % number for number in range(2_000_000))
HANDED_ON = 400, refusal(OLD), ["body_not_replayable"]
IN_MEMORY = {
    "bytes": lambda desk: desk.content,
    "BytesIO": lambda desk: io.BytesIO(desk.content),
    "form with BytesIO": lambda desk: form(a="1", file=io.BytesIO(desk.content)),
}
FILES = {"file": Desk.opened, "form with a file": lambda desk: form(a="1", file=desk.opened())}

pytestmark = pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")


@pytest.fixture
def desk(tmp_path):
    """Makes large bodies."""
    with Desk(tmp_path, CONTENT) as made:
        yield made


def one_connection():
    return {"connector": aiohttp.TCPConnector(limit=1), "timeout": aiohttp.ClientTimeout(total=20)}


def outcome(got, client):
    return got.status, got.body, [event["reason"] for event in client.events("betamw.beta.rejected")]


@pytest.mark.parametrize(("early", "pause"), [("reads", 0.0), ("ignores", 0.0), ("ignores", 0.05), ("closes", 0.0)])
@pytest.mark.parametrize("kind", IN_MEMORY)
async def test_what_is_in_memory_is_sent_again_whole(desk, kind, early, pause):
    """Over the only connection; the first one is aborted, and does not go on with what nobody wants."""
    async with wire_server(early=early, pause=pause) as server, open_client(server, session=one_connection()) as c:
        got = await c.call(OLD, data=IN_MEMORY[kind](desk))
        resent = AIOHTTP >= REWOUND or kind == "bytes"
        assert ((200, b"{}", ["dropped"]) if resent else HANDED_ON) == outcome(got, c)
        first, *more = server.requests
        assert (False, [True] * resent) == (first.whole, [each.whole and CONTENT in each.body for each in more])


async def test_what_is_stripped_of_a_large_body_is_sent_whole():
    """The body that takes its place is not mixed up with the one that was cut."""
    beta, large = "context-management-2025-06-27", b'"x": "' + CONTENT.replace(b"\n", b"-") + b'"}'
    whole = HEAD + EDITS + large
    async with wire_server(beta=beta, early="ignores") as server:
        chain = {"policy": betamw.FallbackPolicy(paired_fields="strip"), "session": one_connection()}
        async with open_client(server, **chain) as c:
            got = await c.call(beta, data=whole)
        assert ((200, b"{}", ["dropped"]), [HEAD + large]) == (outcome(got, c), server.bodies)


@pytest.mark.parametrize("kind", ["file", "form with a file", "async generator"])
@pytest.mark.parametrize("early", ["reads", "ignores", "closes"])
async def test_what_is_being_read_is_not_sent_again(desk, kind, early):
    """One request, which the server has in part, and its reply."""
    makers = {**FILES, "async generator": Desk.generated}
    async with wire_server(early=early) as server, open_client(server, session=one_connection()) as c:
        got = await c.call(OLD, data=makers[kind](desk))
        assert (HANDED_ON, 1) == (outcome(got, c), len(server.requests))


@pytest.mark.skipif(AIOHTTP < REWOUND, reason="a file is never sent again")
@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("when", ["in two parts", "seen late"])
async def test_a_file_whose_upload_was_cut_is_not_sent_again(desk, kind, when):
    """Also where the refusal comes in parts, or a middleware further in takes its time after it."""

    async def slow(request, handler):
        response = await handler(request)
        for _ in range(9):
            await asyncio.sleep(0)
        return response

    inside, pause = ([slow], 0.0) if when == "seen late" else ([], 0.05)
    async with wire_server(early="ignores", pause=pause) as server:
        async with open_client(server, middlewares=lambda **scope: (*betamw.chain(**scope), *inside)) as c:
            got = await c.call(OLD, data=FILES[kind](desk))
        assert (HANDED_ON, 1) == (outcome(got, c), len(server.requests))


class Slow(io.BufferedReader):
    """A file whose second piece does not come before somebody seeks in it, or a test has ended."""

    def __init__(self, path):
        super().__init__(io.FileIO(path))
        self.pieces, self.shared, self.free, self.came = 0, False, threading.Event(), threading.Event()

    def read(self, size=-1):
        self.pieces += 1
        if self.pieces != 2:
            return super().read(size)
        self.free.wait(10)
        self.came.set()
        return super().read(size) if self.shared else b""

    def seek(self, *where):
        if self.pieces >= 2 and not self.came.is_set():
            self.shared = True
            self.free.set()
            self.came.wait(10)
        return super().seek(*where)


@pytest.mark.skipif(AIOHTTP < REWOUND, reason="a file is never sent again")
async def test_no_thread_reads_a_file_that_is_sent_again(desk):
    """It would move the place where the next piece is read: a body that begins in the middle, and ends too early."""
    path = desk.folder / "slow"
    path.write_bytes(CONTENT)
    with Slow(path) as file:
        async with wire_server(early="ignores", pause=0.05) as server, open_client(server) as c:
            got = await c.call(OLD, data=file)
        file.free.set()
        assert (False, 400) == (file.shared, got.status)
