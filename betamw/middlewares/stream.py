"""The stream of a body: what has come is taken out of it and put into a fresh one, that reads the same.

Facts: a `StreamReader` cannot be looked into. But reading what is there never suspends. One that is broken gives its
error at once, and no more of what came before it; so its error is taken off first. That, and the place where a read
would wait, are not public in aiohttp; `tests/middlewares/test_reply.py` guards them.
"""

from asyncio import AbstractEventLoop, get_running_loop
from typing import Any, Final

from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol

_NO_ERROR: Final[Any] = None


class _Still(BaseProtocol):
    """Nothing comes any more that could be paused."""

    def pause_reading(self) -> None:
        """Pause nothing, when the stream is fed over its limit."""

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002  aiohttp's signature
        """Resume nothing."""


class _Broken(StreamReader):
    """A stream in which whoever has read all that came meets the break."""

    __slots__ = ("_break",)

    def __init__(self, error: BaseException, protocol: BaseProtocol, limit: int, loop: AbstractEventLoop) -> None:
        super().__init__(protocol, limit, loop=loop)
        self._break = error

    def exception(self) -> BaseException | None:
        return self._break

    async def _wait(self, func_name: str) -> None:  # noqa: ARG002  aiohttp's signature
        raise self._break

    async def wait_eof(self) -> None:
        raise self._break


async def renewed(content: StreamReader) -> tuple[StreamReader, bytes]:
    """A fresh stream in place of one that is at its end or broken, and what is in it; never suspends."""
    error = content.exception()
    if error is not None:
        content.set_exception(_NO_ERROR)
        content.feed_eof()
    chunks = await _take(content)
    loop, limit = get_running_loop(), content.get_read_buffer_limits()[0]
    stream = (
        StreamReader(_Still(loop), limit, loop=loop) if error is None else _Broken(error, _Still(loop), limit, loop)
    )
    _feed(stream, chunks)
    if error is None:
        stream.feed_eof()
    stream.total_bytes = content.total_bytes  # another may have read some of it before
    # What came over the wire, where it was compressed; since aiohttp 3.14.
    if (compressed := getattr(content, "total_compressed_bytes", None)) is not None:
        stream.total_compressed_bytes = compressed
    return stream, b"".join(data for data, _ in chunks)


async def _take(content: StreamReader) -> list[tuple[bytes, bool]]:
    """All chunks of a stream at its end, each with whether an HTTP chunk ends there."""
    chunks: list[tuple[bytes, bool]] = []
    while True:
        data, ends = await content.readchunk()
        if not data and not ends:
            return chunks
        chunks.append((data, ends))


def _feed(stream: StreamReader, chunks: list[tuple[bytes, bool]]) -> None:
    if any(ends for _, ends in chunks):
        stream.begin_http_chunk_receiving()
    for data, ends in chunks:
        stream.feed_data(data)
        if ends:
            stream.end_http_chunk_receiving()
