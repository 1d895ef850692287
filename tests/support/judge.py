"""A server that answers as a test says, whatever the path, and is reached under any name."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import attrs
from aiohttp import web

from betamw.testing import ReceivedRequest

OLD, GOOD, DEFAULT = "context-1m-2025-08-07", "files-api-2025-04-14", "interleaved-thinking-2025-05-14"
BETA = "anthropic-beta"


def unexpected(*betas: str) -> dict[str, Any]:
    """The body of a refusal that names betas."""
    named = ", ".join(f"`{beta}`" for beta in betas)
    message = f"Unexpected value(s) {named} for the `{BETA}` header. Please try again without the header."
    return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}


UNNAMED = {"message": "invalid beta flag"}
Judge = Callable[[ReceivedRequest], Any]


def refusing(*betas: str) -> Judge:
    """Refuse these by name."""

    def judge(request: ReceivedRequest) -> Any:
        refused = [beta for beta in request.betas if beta in betas]
        return unexpected(*refused) if refused else None

    return judge


def refusing_unnamed(*betas: str) -> Judge:
    """Refuse these, without saying which."""
    return lambda request: UNNAMED if set(betas).intersection(request.betas) else None


@attrs.define
class Court:
    """A server on loopback; `judge` may be changed while it runs."""

    judge: Judge
    port: int = 0
    requests: list[ReceivedRequest] = attrs.field(factory=list)
    replies: list[str] = attrs.field(factory=list)

    @property
    def base_url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sent(self) -> list[tuple[str, ...]]:
        """The betas of each request."""
        return [request.betas for request in self.requests]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """None is a good reply, a JSON value a 400, a response itself."""
        received = await ReceivedRequest.read(request, BETA)
        self.requests.append(received)
        verdict = self.judge(received)
        if not isinstance(verdict, web.StreamResponse):
            verdict = web.json_response({}) if verdict is None else web.json_response(verdict, status=400)
        self.replies.append(f"{verdict.reason} {verdict.headers} {getattr(verdict, 'text', '')}")
        return verdict


@asynccontextmanager
async def court(judge: Judge = lambda _: None) -> AsyncIterator[Court]:
    """Run one."""
    running = Court(judge)
    app = web.Application(client_max_size=0)
    app.router.add_route("*", "/{path:.*}", running.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True, max_field_size=2**22)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        running.port = runner.addresses[0][1]
        yield running
    finally:
        await runner.cleanup()


class ToLoopback(aiohttp.abc.AbstractResolver):
    """Every name is this machine."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[Any]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass
