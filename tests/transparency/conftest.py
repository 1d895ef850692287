"""What these tests share: where a call can be made twice."""

from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import EMPTY_PAYLOAD
from support.twice.both import Stage, open_stage


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    """A server, a proxy before it, and the sessions that make calls to them."""
    await EMPTY_PAYLOAD.readchunk()  # one stream that all empty replies share; it answers differently the first time
    async with open_stage() as opened:
        yield opened
