"""Waiting for what has no event."""

import asyncio


async def until(condition, seconds=10.0):
    """Let other tasks run until the condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.001)
