"""How a reply goes wrong on its way: connections that break, messages that are none, servers that take their time.

Facts: a connection that is closed with SO_LINGER 0 is reset (RST) instead of ended (FIN). What a client has received
before the reset it can still read. A reply is complete by its framing (RFC 9112, section 6.3), whatever is in it.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal, get_args

import attrs
from aiohttp import web

from betamw.core import validators
from betamw.testing.delivery import Delivery, Reply, until_cancelled

Fault = Literal[
    "reset",
    "hang-up",
    "reset-after-headers",
    "cut",
    "half-json",
    "surplus",
    "slow-headers",
    "drip",
    "garbage",
    "interim-flood",
    "endless-interim",
    "no-answer",
    "late-close",
]

FAULTS: Final[tuple[Fault, ...]] = get_args(Fault)
"""The names that `SimulatedApi.fail_next` takes. Where a time is said, it is `seconds` long.

- `"reset"`, `"hang-up"`: the connection is reset (RST) or closed before a byte of the reply.
- `"garbage"`: bytes that are no HTTP, then the connection is closed.
- `"no-answer"`, `"endless-interim"`: nothing, or interim (1xx) responses, until the client goes away.
- `"reset-after-headers"`, `"cut"`: the connection is reset after the head of the reply, or closed in the middle of its
  body: it is shorter than its Content-Length, or its last chunk is missing.
- `"half-json"`: half of the body, as a message that is complete.
- `"surplus"`: the reply, and after a time bytes beyond its length: what is sent next on this connection meets them.
- `"slow-headers"`, `"drip"`: the reply comes after a time; or its body in pieces of at most 64 bytes, a time between
  them.
- `"interim-flood"`: 300 interim responses (100, 102 and 103), then the reply.
- `"late-close"`: the reply; the connection, which the client may keep alive, is closed unannounced after a time.
"""

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)  # l_onoff, l_linger: see socket(7)
_GARBAGE: Final = b"\x16\x03\x01 this is no HTTP\r\n\r\n"
_SURPLUS: Final = b"surplus\r\n\r\n"
_INTERIM: Final = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
)
_TIMES: Final = 100
_BUFFERED: Final = 64 * 1024


@attrs.frozen
class Failure:
    """A fault that waits for its request.

    Attributes:
        fault: One of `FAULTS`.
        seconds: How long the time is that some of them take.
    """

    fault: Fault = attrs.field(validator=validators.one_of(*FAULTS))
    seconds: float = attrs.field(validator=validators.seconds_or_zero)

    async def send(self, delivery: Delivery, request: web.Request, reply: Reply) -> web.StreamResponse:
        """Send the reply, as far as that goes; where it does not, this ends by being cancelled."""
        transport = request.transport
        if transport is None:
            msg = "the client has gone away"
            raise ConnectionResetError(msg)
        if (breaks := _INSTEAD.get(self.fault)) is not None:
            await breaks(transport)
            return await until_cancelled()
        await self._hold_up(transport)
        reply = delivery.encoded(_halved(reply) if self.fault == "half-json" else reply)
        if self.fault == "drip":
            delivery = attrs.evolve(delivery, drip=self.seconds)
        elif self.fault in _CUT:
            delivery = attrs.evolve(delivery, cut=_size(reply) // 2 if self.fault == "cut" else 0)
        response = await delivery.send(request, reply)
        await self._go_on(transport, response)
        return response

    async def _hold_up(self, transport: asyncio.Transport) -> None:
        """What happens before the reply."""
        if self.fault == "slow-headers":
            await asyncio.sleep(self.seconds)
        elif self.fault == "interim-flood":
            transport.write(_INTERIM * _TIMES)
        elif self.fault == "reset-after-headers":
            _reset_on_close(transport)

    async def _go_on(self, transport: asyncio.Transport, response: web.StreamResponse) -> None:
        """What happens after it."""
        if self.fault in _CUT:
            transport.close()  # a reply that has no body was not cut
        elif self.fault == "late-close":
            asyncio.get_running_loop().call_later(self.seconds, transport.close)
        elif self.fault == "surplus":
            await response.write_eof()
            await asyncio.sleep(self.seconds)
            transport.write(_SURPLUS)


async def _reset(transport: asyncio.Transport) -> None:
    _reset_on_close(transport)
    transport.abort()


async def _hang_up(transport: asyncio.Transport) -> None:
    transport.close()


async def _talk_nonsense(transport: asyncio.Transport) -> None:
    transport.write(_GARBAGE)
    transport.close()


async def _keep_silent(transport: asyncio.Transport) -> None:
    """No reply comes."""


async def _flood(transport: asyncio.Transport) -> None:
    while True:
        if transport.get_write_buffer_size() < _BUFFERED:
            transport.write(_INTERIM * _TIMES)
        await asyncio.sleep(0.01)


_INSTEAD: Final[Mapping[Fault, Callable[[asyncio.Transport], Awaitable[None]]]] = {
    "reset": _reset,
    "hang-up": _hang_up,
    "garbage": _talk_nonsense,
    "no-answer": _keep_silent,
    "endless-interim": _flood,
}
"""The faults in which no reply is sent."""

_CUT: Final = frozenset({"reset-after-headers", "cut"})


def _reset_on_close(transport: asyncio.Transport) -> None:
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


def _size(reply: Reply) -> int:
    return sum(map(len, reply.pieces))


def _halved(reply: Reply) -> Reply:
    return attrs.evolve(reply, pieces=(b"".join(reply.pieces)[: _size(reply) // 2],))
