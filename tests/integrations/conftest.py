"""What the tests of the official SDK share: a simulated API, and the SDK's client with the chain for it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anthropic
import attrs
import pytest
from structlog.testing import LogCapture
from support.client import capturing_logger

from betamw.integrations.anthropic import http_client
from betamw.testing import SimulatedApi


@attrs.frozen(eq=False)
class Sdk:
    """The SDK's client, its simulated API, and the events of the chain."""

    api: SimulatedApi
    client: anthropic.AsyncAnthropic
    capture: LogCapture

    @property
    def sent(self) -> list[tuple[str, ...]]:
        """The betas of each request, as the server saw them."""
        return [request.betas for request in self.api.requests]

    def events(self, name: str = "betamw.request") -> list[dict[str, Any]]:
        """The events of this name, in order."""
        return [event for event in self.capture.entries if event["event"] == name]


@pytest.fixture
def sdk(api: SimulatedApi) -> Callable[..., AbstractAsyncContextManager[Sdk]]:
    """Makes clients of the SDK in an `async with`; takes default betas, `client` for the SDK's settings, and ours."""

    @asynccontextmanager
    async def open_sdk(*betas: str, client: dict[str, Any] | None = None, **settings: Any) -> AsyncIterator[Sdk]:
        capture = LogCapture()
        made = http_client(*betas, logger=capturing_logger(capture), **settings)
        given = {"api_key": "k", "base_url": api.base_url, "max_retries": 0, **(client or {})}
        async with anthropic.AsyncAnthropic(http_client=made, **given) as opened:
            yield Sdk(api, opened, capture)

    return open_sdk
