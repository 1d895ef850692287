"""Part (b): whole calls over one kept-alive connection, to a server on this machine in its own process.

Measured: the CPU time of the client's process for a call, from its arguments to the parsed message; user and system
time, so the sockets' share is in it. Not measured: the server's time, waiting, making the connection, TLS (which would
add to both sides of a ratio).

Twice: with the smallest call there is, and with an ordinary one, a conversation of 10 KiB.
The same message goes out with the same betas in every contestant. aiohttp-retry adds retries, and the official SDK much
more (types, retries, its own headers): what they cost gives the scale. The hand-written middleware of part (a) shows
how much of it is due to any such middleware with a log event: here the kernel and the event loop run in between and the
caches are cold, so the same code takes longer than in part (a), two to three times where this was written.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import attrs
from aiohttp import ClientSession

import betamw
from benchmarks import logs
from benchmarks.hand_written import hand_written, log_only
from benchmarks.measure import Contestant, Race, progress, race
from benchmarks.scenarios import DEFAULT, FROM_CALLER, HEADER, MAIN, conversation, message

BARE: Final = "bare session"
QUIET: Final = "chain, logs at WARNING"
JSON: Final = "chain, JSON logs"
HAND_WRITTEN: Final = "hand-written, JSON logs"
LOG_ONLY: Final = "one ready event, JSON logs"
RETRY: Final = "aiohttp-retry"
SDK: Final = "official SDK"

BODIES: Final[dict[str, dict[str, Any]]] = {"a greeting": message("Hello, Claude"), "a conversation": conversation()}
"""What is sent: the smallest call there is, and an ordinary one."""

_Call = Callable[[], Awaitable[str]]
"""Makes one call; gives the betas that the server saw."""


@attrs.frozen
class Client:
    """A contestant: its name, how logging is set up for it, and its call."""

    name: str
    set_up: logs.Setup
    call: _Call

    def contestant(self) -> Contestant:
        """Make it ready for the race."""

        async def prepare(calls: int) -> Callable[[], Awaitable[None]]:
            self.set_up()
            await self.call()  # the batch finds the connection warm

            async def run() -> None:
                for _ in range(calls):
                    await self.call()

            return run

        return Contestant(self.name, prepare)


def _post(session: Any, url: str, body: dict[str, Any], *betas: str) -> _Call:
    """A call as an application makes it, by something that has the methods of a `ClientSession`."""
    headers = {**MAIN.headers, HEADER: ",".join(betas)}

    async def call() -> str:
        async with session.post(f"{url}/v1/messages", json=body, headers=headers) as response:
            text: str = (await response.json())["content"][0]["text"]
            return text

    return call


async def _retry(stack: AsyncExitStack, url: str, body: dict[str, Any]) -> _Call:
    from aiohttp_retry import ExponentialRetry, RetryClient  # noqa: PLC0415  may not be installed

    session = await stack.enter_async_context(ClientSession())
    return _post(RetryClient(session, retry_options=ExponentialRetry(attempts=3)), url, body, FROM_CALLER, DEFAULT)


async def _sdk(stack: AsyncExitStack, url: str, body: dict[str, Any]) -> _Call:
    """The official SDK on aiohttp, with betas of its own."""
    from anthropic import AsyncAnthropic  # noqa: PLC0415  may not be installed
    from httpx_aiohttp.httpx2 import AiohttpTransport, Httpx2AiohttpClient  # noqa: PLC0415  likewise

    session = await stack.enter_async_context(ClientSession())
    http_client = Httpx2AiohttpClient(transport=AiohttpTransport(client=lambda: session))
    client = await stack.enter_async_context(AsyncAnthropic(api_key="not-a-key", base_url=url, http_client=http_client))

    async def call() -> str:
        answer = await client.beta.messages.create(**body, betas=[FROM_CALLER, DEFAULT])
        block = answer.content[0]
        text: str = block.text if block.type == "text" else block.type
        return text

    return call


async def _bare(stack: AsyncExitStack, url: str, body: dict[str, Any]) -> _Call:
    return _post(await stack.enter_async_context(ClientSession()), url, body, FROM_CALLER, DEFAULT)


async def _chain(stack: AsyncExitStack, url: str, body: dict[str, Any]) -> _Call:
    chain = betamw.chain(DEFAULT, api=betamw.Api(url))
    return _post(await stack.enter_async_context(ClientSession(middlewares=chain)), url, body, FROM_CALLER)


async def _hand_written(stack: AsyncExitStack, url: str, body: dict[str, Any]) -> _Call:
    logs.json_lines()  # its logger is bound when it is made
    return _post(
        await stack.enter_async_context(ClientSession(middlewares=(hand_written(url, DEFAULT),))),
        url,
        body,
        FROM_CALLER,
    )


async def _log_only(stack: AsyncExitStack, url: str, body: dict[str, Any]) -> _Call:
    logs.json_lines()  # as above
    session = await stack.enter_async_context(ClientSession(middlewares=(log_only(),)))
    return _post(session, url, body, FROM_CALLER, DEFAULT)


_CLIENTS: Final[dict[str, tuple[logs.Setup, Callable[[AsyncExitStack, str, dict[str, Any]], Awaitable[_Call]]]]] = {
    BARE: (logs.unconfigured, _bare),
    QUIET: (logs.warnings_only, _chain),
    JSON: (logs.json_lines, _chain),
    HAND_WRITTEN: (logs.json_lines, _hand_written),
    LOG_ONLY: (logs.json_lines, _log_only),
    RETRY: (logs.unconfigured, _retry),
    SDK: (logs.unconfigured, _sdk),
}


async def _clients(stack: AsyncExitStack, url: str, body: dict[str, Any]) -> tuple[list[Client], dict[str, str]]:
    """The contestants, and those that are skipped, with what is missing."""
    clients, skipped = [], {}
    for name, (set_up, make) in _CLIENTS.items():
        try:
            clients.append(Client(name, set_up, await make(stack, url, body)))
        except ModuleNotFoundError as error:
            skipped[name] = f"no module {error.name}"
    return clients, skipped


async def _check(clients: Sequence[Client]) -> list[str]:
    """Make one call each; returns what is wrong with the betas that the server saw."""
    wrong = []
    for client in clients:
        client.set_up()
        if (seen := await client.call()) != MAIN.wire:
            wrong.append(f"{client.name}: the server saw {seen!r}, not {MAIN.wire!r}")
    return wrong


@asynccontextmanager
async def _server() -> AsyncIterator[str]:
    """Run the server in a process of its own; gives its URL."""
    script = Path(__file__).with_name("server.py")
    process = await asyncio.create_subprocess_exec(sys.executable, script, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.stdin.close()
        await process.wait()


@attrs.frozen
class Outcome:
    """What came of it: the races by what is sent, or what was wrong; and who did not take part, with the reason."""

    races: dict[str, Race]
    wrong: list[str]
    skipped: dict[str, str]


async def measure(rounds: int, calls: int) -> Outcome:
    """Check that all contestants send the same betas, then let them race."""
    races: dict[str, Race] = {}
    async with _server() as url:
        for name, body in BODIES.items():
            progress(f"loopback: {name}")
            async with AsyncExitStack() as stack:
                clients, skipped = await _clients(stack, url, body)
                if wrong := await _check(clients):
                    return Outcome({}, wrong, skipped)
                races[name] = await race([client.contestant() for client in clients], rounds=rounds, calls=calls)
    return Outcome(races, [], skipped)
