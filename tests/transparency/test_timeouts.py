"""Timeouts strike as they do without a chain, and the total covers all attempts."""

import asyncio

import aiohttp
from support.twice.both import calls, differences_apart
from support.twice.scenes import play
from support.twice.settings import SETTINGS


async def test_timeouts():
    """The caller gets the same error at the same place, and what came before it."""
    # A total timeout during the look has tests of its own, in test_deadline.py: aiohttp gives out nothing of a stream
    # after it, and the error that the caller then meets has no CancelledError for a cause.
    settings = [name for name in SETTINGS if "the look" in name and name != "a total timeout during the look"]
    product = calls(
        ["200 that never comes", "400 that stalls", "400 that stalls at once"],
        modes=["a beta that is taken", "recovered", "handed over after a vain resend"],
        settings=settings,
        ways=["all that comes"],
    )

    async with asyncio.timeout(60):
        assert [] == await differences_apart(product)


async def test_the_total_covers_all_attempts(stage):
    """Time that the refusal took is not given to the resend again."""
    loop, refused = asyncio.get_running_loop(), []

    async def slow_to_refuse(request, handler):
        response = await handler(request)
        refused.append(response.status)
        await asyncio.sleep(0.9)
        return response

    async def scene(caller):
        started = loop.time()
        await caller.read(
            "200 that never comes",
            middlewares=(*stage.chain(caller.mode), slow_to_refuse),
            timeout=aiohttp.ClientTimeout(total=1),
        )
        return loop.time() - started

    took, _ = await play(stage, "recovered", scene, chained=True)
    assert [400] == refused
    assert took < 1.8
