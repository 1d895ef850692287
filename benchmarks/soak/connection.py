"""One connection to the server of the soak: as much of HTTP/1.1 as the client needs, cheaply."""

import asyncio
import re
import struct
import zlib
from collections.abc import Callable, Sequence
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, Final, Protocol

import attrs

from benchmarks.soak.books import Send
from benchmarks.soak.delivery import End, Step

_CALL: Final = re.compile(rb"\r\nsoak-call: *(\d+)")
_SCOPE: Final = re.compile(rb"\r\nsoak-scope: *([^\r]*)")
_CRC: Final = re.compile(rb"\r\nsoak-crc: *(\d+)")
_BETAS: Final = re.compile(rb"\r\nanthropic-beta: *([^\r]*)", re.IGNORECASE)
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNK: Final = re.compile(rb"([0-9a-f]+)\r\n", re.IGNORECASE)
_LAST_CHUNK: Final = b"0\r\n\r\n"  # in no body that the client sends
_DAWDLED: Final = 0.1
"""Seconds for which the rest of a request that was answered early is not taken."""
_LINGER_NOT: Final = struct.pack("ii", 1, 0)  # a reset in place of an orderly end


class Served(Protocol):
    """What a connection tells, and asks."""

    def opened(self, connection: "Connection") -> None:
        """It is there."""

    def closed(self, connection: "Connection") -> None:
        """It is gone."""

    def arrived(self, send: Send) -> bool:
        """The head of a request is here; whether to answer without waiting for its body."""

    def answer(self, send: Send) -> Sequence[Step]:
        """What the client gets."""

    def done(self, send: Send) -> None:
        """No more will become of the request."""


@attrs.define(eq=False)
class Connection(asyncio.Protocol):
    """Takes requests, one after the other, and answers them."""

    server: Served
    _transport: asyncio.Transport = attrs.field(init=False)
    _received: bytes = b""
    _send: Send | None = None
    _length: int | None = None
    _told_crc: int = 0
    _body_is_here: bool = False
    _answered: bool = False
    _playing: "asyncio.Task[None] | None" = None

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._send is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.server.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  it does not matter why
        """End, with what was under way as it is."""
        if self._playing is not None:
            self._playing.cancel()
        self._done()
        self.server.closed(self)

    def data_received(self, data: bytes) -> None:
        """Take in some of a request, or the end of one and the next."""
        self._received += data
        while True:
            if self._send is None:
                head, end, rest = self._received.partition(b"\r\n\r\n")
                if not end:
                    return
                self._received = rest
                self._begin(head)
            if self._send is None or self._body_is_here or not self._take_body(self._send):
                return

    def _begin(self, head: bytes) -> None:
        value = b",".join(_BETAS.findall(head)).decode()
        betas = tuple(beta.strip() for beta in value.split(",")) if value else ()
        scope = _found(_SCOPE, head, bytes.decode, "")
        self._send = Send(_found(_CALL, head, int, -1), 0, scope, betas)
        self._length = _found(_LENGTH, head, int, None if b"chunked" in head else 0)
        self._told_crc = _found(_CRC, head, int, 0)
        self._body_is_here = self._answered = False
        if self.server.arrived(self._send):
            if self._length is None or self._length > len(self._received):
                self._transport.pause_reading()
                asyncio.get_running_loop().call_later(_DAWDLED, self._transport.resume_reading)
            self._answer(self._send)

    def _take_body(self, send: Send) -> bool:
        length = self._length
        if length is None:
            end = self._received.find(_LAST_CHUNK)
            length = -1 if end < 0 else end + len(_LAST_CHUNK)
        if not 0 <= length <= len(self._received):
            return False
        body, self._received = self._received[:length], self._received[length:]
        send.crc = zlib.crc32(body if self._length is not None else _joined(body))
        send.intact = self._told_crc in {0, send.crc}
        self._body_is_here = True
        if self._answered:
            self._done()
        else:
            self._answer(send)
        return True

    def _answer(self, send: Send) -> None:
        self._answered = True
        steps = self.server.answer(send)
        if any(isinstance(step, float) for step in steps):
            self._playing = asyncio.get_running_loop().create_task(self._play(steps))
        else:
            self._write(steps)

    async def _play(self, steps: Sequence[Step]) -> None:
        begin = 0
        for at, step in enumerate(steps):
            if isinstance(step, float):
                for written in steps[begin:at]:
                    assert isinstance(written, bytes)
                    self._transport.write(written)
                await asyncio.sleep(step)
                begin = at + 1
        self._playing = None
        self._write(steps[begin:])

    def _write(self, steps: Sequence[Step]) -> None:
        """Write all that is left of a reply."""
        for step in steps:
            if isinstance(step, bytes):
                self._transport.write(step)
            elif step is End.RESET:
                self._transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, _LINGER_NOT)
                self._transport.abort()
            else:
                self._transport.close()
        if self._body_is_here and not self._transport.is_closing():
            self._done()

    def _done(self) -> None:
        if self._send is not None:
            self.server.done(self._send)
            self._send = None


def _found(pattern: re.Pattern[bytes], head: bytes, convert: Callable[[bytes], Any], default: Any) -> Any:
    found = pattern.search(head)
    return default if found is None else convert(found[1])


def _joined(chunked: bytes) -> bytes:
    at, parts = 0, []
    while (size := _CHUNK.match(chunked, at)) is not None and (length := int(size[1], 16)):
        parts.append(chunked[size.end() : size.end() + length])
        at = size.end() + length + 2
    return b"".join(parts)
