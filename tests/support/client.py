"""A session with a chain, its simulated API, and the events it writes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import attrs
import structlog
from multidict import CIMultiDict
from structlog.testing import LogCapture

import betamw
from betamw.testing import SimulatedApi

BODY = {"model": "claude-opus-5", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}


@attrs.frozen(eq=False)
class Got:
    """A reply, read to its end as a transport does: through `content`."""

    status: int
    body: bytes
    response: aiohttp.ClientResponse

    @property
    def usage(self) -> betamw.BetaUsage:
        """What became of the betas."""
        return betamw.usage(self.response)


@attrs.frozen(eq=False)
class Client:
    """A session with a chain, its simulated API, and its events."""

    api: SimulatedApi
    session: aiohttp.ClientSession
    capture: LogCapture

    async def call(self, *lines: str, path: str = "/v1/messages", method: str = "POST", **more: Any) -> Got:
        """Make a call with one beta header line for each text."""
        headers = CIMultiDict(more.pop("headers", {}))
        for line in lines:
            headers.add("anthropic-beta", line)
        if method == "POST" and "data" not in more:
            more.setdefault("json", BODY)
        async with self.session.request(method, self.api.base_url + path, headers=headers, **more) as response:
            return Got(response.status, await response.content.read(), response)

    @property
    def sent(self) -> list[tuple[str, ...]]:
        """The betas of each request, as the server saw them."""
        return [request.betas for request in self.api.requests]

    def events(self, name: str = "betamw.request") -> list[dict[str, Any]]:
        """The events of this name, in order."""
        return [event for event in self.capture.entries if event["event"] == name]


def capturing_logger(capture: LogCapture, level: str = "debug") -> Any:
    """A structlog logger that writes nothing and keeps everything from this level on."""
    return structlog.wrap_logger(
        None, processors=[capture], wrapper_class=structlog.make_filtering_bound_logger(level), context_class=dict
    )


@asynccontextmanager
async def open_client(
    api: SimulatedApi, *betas: str, middlewares: Any = None, session: dict[str, Any] | None = None, **chain: Any
) -> AsyncIterator[Client]:
    """Attach `betamw.chain(*betas, **chain)`, or what `middlewares(api=..., logger=...)` makes, to a session."""
    capture = LogCapture()
    scope = {"api": betamw.Api(api.base_url), "logger": capturing_logger(capture)}
    attached = middlewares(**scope) if middlewares else betamw.chain(*betas, **scope, **chain)
    async with aiohttp.ClientSession(middlewares=attached, **(session or {})) as opened:
        yield Client(api, opened, capture)
