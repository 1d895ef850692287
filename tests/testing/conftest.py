"""What the tests of the simulated API share: a session without middlewares, and a short way to send with it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import attrs
import pytest
import pytest_asyncio
from multidict import CIMultiDict, CIMultiDictProxy

from betamw.testing import SimulatedApi


@attrs.frozen(eq=False)
class Got:
    """A reply, read to its end."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    decoded: Any

    @property
    def message(self) -> str:
        """The message of the API's error envelope."""
        return str(self.decoded["error"]["message"])


Send = Callable[..., Awaitable[Got]]


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client without middlewares."""
    async with aiohttp.ClientSession() as client:
        yield client


@pytest.fixture
def send(session: aiohttp.ClientSession) -> Send:
    """A call of the API with one beta header line for each text, read to its end."""

    async def send_to(
        api: SimulatedApi, *lines: str, path: str = "/v1/messages", method: str = "POST", **more: Any
    ) -> Got:
        headers = CIMultiDict(more.pop("headers", {}))
        for line in lines:
            headers.add("anthropic-beta", line)
        if method == "POST" and "data" not in more:
            more.setdefault("json", {"model": "claude-opus-5", "max_tokens": 8, "messages": []})
        async with session.request(method, api.base_url + path, headers=headers, **more) as response:
            body = await response.read()
            decoded = await response.json() if body and response.content_type == "application/json" else None
            return Got(response.status, response.headers, body, decoded)

    return send_to
