"""What the tests of the middlewares share: a simulated API, and a session with a chain for it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest
import pytest_asyncio
from support.client import Client, open_client

from betamw.testing import SimulatedApi


@pytest_asyncio.fixture
async def api() -> AsyncIterator[SimulatedApi]:
    """An API that refuses nothing; a test says `api.refuse(...)`."""
    async with SimulatedApi() as simulated:
        yield simulated


@pytest.fixture
def client(api: SimulatedApi) -> Callable[..., AbstractAsyncContextManager[Client]]:
    """Makes sessions with a chain for the simulated API, in an `async with`; takes what `open_client` takes."""
    return partial(open_client, api)
