"""A server of bytes: what it answers need not be HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import attrs

from support.judge import OLD

REFUSAL = b'{"error":{"message":"Unexpected value(s) `%s` for the `anthropic-beta` header"}}' % OLD.encode()


def reply(body: bytes = b"{}", status: bytes = b"200 OK", *headers: bytes, length: int | None = None) -> bytes:
    """A reply, with a length of its own choosing."""
    length = len(body) if length is None else length
    lines = [b"HTTP/1.1 " + status, b"Content-Type: application/json", b"Content-Length: %d" % length, *headers]
    return b"\r\n".join([*lines, b"", body])


@attrs.define(eq=False)
class RawServer:
    """Answers each request with bytes; what ends with `None` is cut there."""

    answer: Callable[[bytes], bytes | tuple[bytes, None]]
    heads: list[bytes] = attrs.field(factory=list)
    base_url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        answer: bytes | tuple[bytes, None] = b""
        while isinstance(answer, bytes):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if b"content-length: " in head:
                await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
            self.heads.append(head)
            answer = self.answer(head)
            writer.write(answer if isinstance(answer, bytes) else answer[0])
            await writer.drain()


@asynccontextmanager
async def raw_server(answer: Callable[[bytes], bytes | tuple[bytes, None]]) -> AsyncIterator[RawServer]:
    """Run one: `answer` is given the head of a request, in small letters."""
    running, tasks = RawServer(answer), list[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await running.serve(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=2**24)
    async with server:
        running.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield running
        server.close()
        await asyncio.wait_for(asyncio.gather(*tasks), 5)  # the client has gone
