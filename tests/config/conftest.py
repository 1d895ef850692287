"""What the tests of the configuration share: an environment without any, a file, a simulated API."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from support.client import Client, open_client

from betamw.testing import SimulatedApi


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch) -> None:
    """No variable of ours."""
    for name in os.environ:
        if name.startswith("BETAMW_") or name == "ANTHROPIC_BASE_URL":
            monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path, monkeypatch) -> Callable[..., Path]:
    """Writes a file, and gives its path, which is relative."""
    monkeypatch.chdir(tmp_path)

    def write(text: str | bytes, name: str = "betamw.toml") -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest_asyncio.fixture
async def api() -> AsyncIterator[SimulatedApi]:
    """An API that refuses nothing; a test says `api.refuse(...)`."""
    async with SimulatedApi() as simulated:
        yield simulated


@pytest.fixture
def client(api: SimulatedApi) -> Callable[..., AbstractAsyncContextManager[Client]]:
    """Makes sessions with a chain for the simulated API; takes what `open_client` takes."""
    return partial(open_client, api)
