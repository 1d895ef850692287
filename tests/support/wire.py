"""A server that records what comes over the wire byte for byte, also where only a part of a body came."""

import asyncio
import hashlib
import json
import re
from contextlib import asynccontextmanager, suppress

import attrs

from support.hasty import OLD

REPLY = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def refusal(beta):
    message = f"Unexpected value(s) `{beta}` for the `anthropic-beta` header"
    return json.dumps({"error": {"type": "invalid_request_error", "message": message}}).encode()


@attrs.define
class OnWire:
    """A request: its head, what came of its body, in chunks of which sizes, and whether that is all of it."""

    head: bytes
    chunks: list[int] = attrs.field(factory=list, repr=False)
    body: bytearray = attrs.field(factory=bytearray, repr=False)
    whole: bool = False

    def header(self, name):
        found = re.search(rb"(?im)^%s: *(.*?)\r$" % name.encode(), self.head)
        return found and found[1]

    def compared(self, *but):
        """All that can be told from another request, without some headers."""
        other = tuple(f"{name}:".encode() for name in but)
        lines = [line for line in self.head.split(b"\r\n") if not line.lower().startswith(other)]
        return lines, self.chunks, hashlib.sha256(self.body).hexdigest(), self.whole


@attrs.define
class WireServer:
    """Answers 400 where the head holds the beta, else 200.

    Attributes:
        beta: What is refused.
        early: The refusal does not wait for the body, and then the server "reads" on, "ignores" the rest, or "closes".
        pause: Seconds between the head and the body of a refusal.
        location: Where to redirect, by 307, what is not refused and went elsewhere.
        base_url: Where it listens.
        requests: What came, in the order of the heads.
    """

    beta: str = OLD
    early: str | None = None
    pause: float = 0.0
    location: str = ""
    base_url: str = ""
    requests: list[OnWire] = attrs.field(factory=list)

    @property
    def bodies(self):
        """The bodies that came to their end."""
        return [bytes(each.body) for each in self.requests if each.whole]

    async def serve(self, reader, writer):
        """Serve a connection."""
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._answer(reader, writer):
                    pass
        except asyncio.CancelledError:
            pass  # the end of the test; said aloud, asyncio's server would complain of it
        finally:
            writer.transport.abort()

    async def _answer(self, reader, writer):
        request = OnWire(await reader.readuntil(b"\r\n\r\n"))
        self.requests.append(request)
        refused = self.beta.encode() in request.head
        hasty = refused and self.early is not None
        if not hasty:
            if request.header("expect") is not None:
                await _invite(reader, writer)
            await _read(reader, request)
        if self.location and not refused and self.location.encode() not in request.head:
            head = b"HTTP/1.1 307 Go\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
            writer.write(head % self.location.encode())
            return True
        body = refusal(self.beta) if refused else b"{}"
        writer.write(REPLY % (b"400 Bad Request" if refused else b"200 OK", len(body)))
        if refused and self.pause:
            await asyncio.sleep(self.pause)
        writer.write(body)
        await writer.drain()
        if hasty and self.early == "reads":
            await _read(reader, request)
        elif hasty and self.early == "ignores":
            await asyncio.Event().wait()
        return not hasty


@asynccontextmanager
async def wire_server(**settings):
    server, tasks = WireServer(**settings), []

    async def serve(reader, writer):
        tasks.append(asyncio.current_task())
        await server.serve(reader, writer)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20)
    server.base_url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


async def _invite(reader, writer):
    """Send `100 Continue`; whoever has not waited for it is cut off."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.02):
            await reader.read(1)
            raise ConnectionAbortedError
    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _read(reader, request):
    """Read a body to its end, recording each byte as it comes."""
    if (length := request.header("content-length")) is not None:
        await _take(reader, request, int(length))
    elif request.header("transfer-encoding") == b"chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            request.chunks.append(size)
            await _take(reader, request, size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    request.whole = True


async def _take(reader, request, length):
    while length:
        data = await reader.read(min(length, 2**18))
        if not data:
            raise ConnectionAbortedError
        request.body += data
        length -= len(data)
