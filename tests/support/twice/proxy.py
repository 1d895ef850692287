"""A forward proxy: passes on what is asked of it, and tunnels for CONNECT."""

import asyncio
from contextlib import suppress
from typing import Self

import attrs
from yarl import URL


@attrs.define(eq=False)
class Proxy:
    """The proxy; in an `async with` it listens on 127.0.0.1.

    Attributes:
        url: Its URL.
        asked: The first line of each request to the proxy itself.
    """

    url: str = ""
    asked: list[bytes] = attrs.field(factory=list)
    _tasks: set[asyncio.Task[None]] = attrs.field(factory=set)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: asyncio.StreamWriter | None = None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(head.partition(b"\r\n")[0])
            method, target, _ = head.decode("latin-1").split(" ", 2)
            url = URL(f"https://{target}" if method == "CONNECT" else target)
            answers, upstream = await asyncio.open_connection(url.host, url.port)
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            else:  # one connection serves one origin: what follows goes the same way, absolute URL and all
                upstream.write(head)
            await asyncio.gather(_pump(reader, upstream), _pump(answers, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for end in (writer, upstream):
                if end is not None:
                    end.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()
