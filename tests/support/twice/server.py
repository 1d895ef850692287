"""A server on bare sockets: what comes in is kept as it was on the wire, what goes out is written byte by byte.

Its paths are `/ROUTE/KIND`. The route says when it refuses `OLD`, the kind how it answers:

- `plain`: answers everything
- `refused`: refuses `OLD` in the usual way, and answers what comes without it
- `refusal`: refuses `OLD` in a reply of the kind, and knows nothing (404) of what comes without it
- `discarded`: refuses `OLD` in a reply of the kind, and answers in the usual way what comes without it
"""

import asyncio
import json
import re
import ssl
from contextlib import suppress
from typing import Final, Self
from urllib.parse import unquote

import attrs

from support.twice.kinds import AWAY, KINDS, Kind
from support.twice.shapes import WAIT

OLD: Final = "context-1m-2025-08-07"
KEPT: Final = "files-api-2025-04-14"


def _document(message: str) -> bytes:
    """An error of the API, in several lines."""
    error = {"type": "invalid_request_error", "message": message}
    return json.dumps({"type": "error", "error": error, "request_id": "req_1"}, indent=1).encode() + b"\n"


REFUSAL: Final = _document(f"Unexpected value(s) `{OLD}` for the `anthropic-beta` header.")
ANSWER: Final = _document("max_tokens: Field required")
_USUAL: Final = Kind(200)
_REFUSED: Final = Kind(400, headers=(b"Set-Cookie: refused=1",))
_UNKNOWN: Final = Kind(404, headers=(b"Set-Cookie: unknown=1",))
_CHALLENGE: Final = Kind(
    401, headers=(b'WWW-Authenticate: Digest realm="r", qop="auth", nonce="n", algorithm=SHA-256',)
)
_HEADER: Final = re.compile(rb"^([^:\r\n]+): *([^\r\n]*)\r\n", re.MULTILINE)


@attrs.define(eq=False)
class Request:
    """A request as it was on the wire."""

    raw: bytes
    aside: bool = False
    """Whether its answer is for no caller's eyes: a refusal that is recovered from, or the 404 of a vain resend."""


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, hasty: bool = False) -> bytes:
    """The next request, head and body; raises `IncompleteReadError` when there is none.

    A `hasty` server answers `OLD` instead of saying `100 Continue`, and notes it when the body does not wait for that.
    """
    raw = await reader.readuntil(b"\r\n\r\n")
    headers = {name.lower(): value.lower() for name, value in _HEADER.findall(raw)}
    if b"expect" in headers:
        if hasty and OLD.encode() in raw:
            return raw
        if hasty:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    raw += b"(too early)" + await reader.readexactly(1)
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get(b"transfer-encoding") == b"chunked":
        while not raw.endswith(b"\r\n0\r\n\r\n"):
            raw += await reader.readuntil(b"\r\n")
            raw += await reader.readexactly(int(raw.rsplit(b"\r\n", 2)[-2], 16) + 2)
    return raw + await reader.readexactly(int(headers.get(b"content-length", 0)))


@attrs.define(eq=False)
class Server:
    """The server; in an `async with` it listens on 127.0.0.1.

    Attributes:
        tls: For a server that speaks TLS.
        away: The base URL of another origin, to redirect to.
        connections: The requests of each connection that came in since the last `clear`.
        url: Its base URL.
        failures: What went wrong in itself.
        hasty: Whether it refuses before the body comes, where the client waits for that.
        forgetful: Whether requests are not kept.
    """

    tls: ssl.SSLContext | None = None
    away: str = ""
    hasty: bool = False
    forgetful: bool = False
    connections: list[list[Request]] = attrs.field(factory=list)
    _permits: asyncio.Semaphore = attrs.field(factory=lambda: asyncio.Semaphore(0))
    url: str = ""
    failures: list[BaseException] = attrs.field(factory=list)
    _tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = attrs.field(factory=dict)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.tls)
        self.url = f"http{'s' if self.tls else ''}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task, writer in self._tasks.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert [] == self.failures

    def clear(self) -> None:
        """Start anew."""
        self.connections.clear()
        self._permits = asyncio.Semaphore(0)

    def proceed(self) -> None:
        """Go on with the replies that wait for their reader."""
        for _ in range(9):
            self._permits.release()

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._tasks)

    @property
    def requests(self) -> list[Request]:
        """All requests, connection by connection."""
        return [request for connection in self.connections for request in connection]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks[task] = writer
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task).transport.abort()
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failures.append(error)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection: list[Request] = []
        self.connections.append(connection)
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                request = Request(await read_request(reader, writer, hasty=self.hasty))
                if not self.forgetful:
                    connection.append(request)
                if await self._answer(request, reader, writer):
                    break
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _answer(self, request: Request, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection ends with this."""
        kind, document = self._judge(request)
        head, pieces = kind.render(document)
        if kind.held:
            await self._permits.acquire()
        writer.write(head.replace(AWAY, self.away.encode()))
        if not request.raw.startswith(b"HEAD "):
            for piece in pieces:
                if piece is WAIT:
                    await self._permits.acquire()
                else:
                    writer.write(piece)
                    await writer.drain()
        return kind.closes

    def _judge(self, request: Request) -> tuple[Kind, bytes]:
        head = request.raw.partition(b"\r\n\r\n")[0]
        target = head.split(b" ", 2)[1].decode()
        path, _, query = target.partition("?")
        if query == "digest" and b"\r\nAuthorization: Digest" not in head:
            request.aside = True
            return _CHALLENGE, ANSWER
        route, name = re.search(r"/(\w+)/([^/]+)", path.removeprefix(self.url)).groups()
        kind, old = KINDS[unquote(name)], OLD.encode() in head
        request.aside = (route, old) in {("refused", True), ("refusal", False), ("discarded", True)}
        if route == "refused" and old:
            return _REFUSED, REFUSAL
        if route == "refusal":
            return (kind, REFUSAL) if old else (_UNKNOWN, ANSWER)
        if route == "discarded":
            return (kind, REFUSAL) if old else (_USUAL, ANSWER)
        return kind, ANSWER
