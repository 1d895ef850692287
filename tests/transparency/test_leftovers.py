"""A reply that is thrown away leaves nothing behind: no connection, no task, no memory.

`BETAMW_REFUSED_CALLS=10000` makes as many calls as the issue asks for; what leaks with each call shows in fewer, too.
"""

import asyncio
import gc
import os
import sys
import weakref

import aiohttp
import pytest
import structlog
from support.twice.both import BODY
from support.twice.server import KEPT, OLD

import betamw

CALLS = int(os.environ.get("BETAMW_REFUSED_CALLS", "800"))


class Replies:
    """A middleware further in: remembers each response as long as somebody else does."""

    def __init__(self):
        self.alive = weakref.WeakSet()
        self.count = 0

    async def __call__(self, request, handler):
        response = await handler(request)
        self.alive.add(response)
        self.count += 1
        return response


def drop(_logger, _level, _event):
    raise structlog.DropEvent


# pytest keeps what goes to `logging`.
LOGGER = structlog.wrap_logger(None, processors=[drop])


def sizes():
    """The objects that the garbage collector knows, all blocks of memory, and the tasks."""
    gc.collect()
    return len(gc.get_objects()), sys.getallocatedblocks(), len(asyncio.all_tasks())


async def call_often(session, url, times):
    for _ in range(times):
        async with session.post(url, json=BODY, headers={"anthropic-beta": f"{OLD},{KEPT}"}) as response:
            assert (await response.read(), response.status)[0]


@pytest.mark.parametrize(
    ("route", "memory", "tasks"),
    [
        pytest.param("refused/200", None, 5, id="recovered"),
        pytest.param("refusal/400 chunked", None, 5, id="in vain"),
        pytest.param("refusal/400 gzip", betamw.RejectionMemory(), 1, id="in vain, with a memory"),
        pytest.param("discarded/400 until EOF", None, 5, id="hung up on"),
    ],
)
async def test_nothing_is_left_of_refused_calls(stage, route, memory, tasks):
    """Every call is refused and sent again; between the first fifth of them and the last nothing has grown."""
    stage.server.forgetful = True
    replies, url = Replies(), f"{stage.server.url}/{route}"
    chain = (*betamw.chain(api=betamw.Api(stage.server.url), memory=memory, logger=LOGGER), replies)
    connector, grown = aiohttp.TCPConnector(limit=tasks), []
    async with aiohttp.ClientSession(middlewares=chain, connector=connector) as session:
        for fifths in (1, 4):
            async with asyncio.TaskGroup() as group:
                for _ in range(tasks):
                    group.create_task(call_often(session, url, CALLS * fifths // 5 // tasks))
            stage.server.connections.clear()
            grown.append(sizes())

        assert (2 * CALLS, 0) == (replies.count, len(replies.alive))
        # Less than one thing per call: the loop keeps some cancelled timers for a while, as without a chain.
        assert all(after - before < CALLS * 4 // 5 for before, after in zip(*grown, strict=True)), grown
        assert stage.server.open <= tasks


async def test_responses_go_without_the_collectors_help(stage):
    """Neither what was thrown away nor what was handed over waits in a cycle for the garbage collector."""
    replies = Replies()
    chain = (*betamw.chain(api=betamw.Api(stage.server.url), memory=None, logger=LOGGER), replies)
    gc.disable()
    try:
        async with aiohttp.ClientSession(middlewares=chain) as session:
            for route in ("refused/200", "refusal/400 chunked"):
                await call_often(session, f"{stage.server.url}/{route}", 20)
            await asyncio.sleep(0)
            assert (80, 0) == (replies.count, len(replies.alive))
    finally:
        gc.enable()
