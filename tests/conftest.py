"""What holds for all tests: a busy machine makes none of them fail, and none turns betamw off for another."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from support.client import Client, open_client

from betamw.middlewares import switch
from betamw.testing import SimulatedApi

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(autouse=True)
def _nothing_turned_off(monkeypatch):
    """What is turned off stays so for the rest of the process, as far as `betamw.usage` is concerned."""
    monkeypatch.setattr(switch, "_headers", set())


@pytest_asyncio.fixture
async def api() -> AsyncIterator[SimulatedApi]:
    """An API that refuses nothing; a test says `api.refuse(...)`."""
    async with SimulatedApi() as simulated:
        yield simulated


@pytest.fixture
def client(api: SimulatedApi) -> Callable[..., AbstractAsyncContextManager[Client]]:
    """Makes sessions with a chain for the simulated API, in an `async with`; takes what `open_client` takes."""
    return partial(open_client, api)
