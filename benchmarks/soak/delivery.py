"""How a reply goes out, fault by fault: what is written, with which pauses, and how the connection ends."""

import enum
import gzip
import json
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.soak.books import HEAD, NOTHING, WHOLE, Send


class End(enum.Enum):
    """What becomes of the connection."""

    CLOSE = "closed"
    RESET = "reset"


Step = bytes | float | End
"""Something to write, seconds to wait, or the end of the connection; without one it is kept alive."""

UNANSWERED: Final[dict[str, Sequence[Step]]] = {
    "reset before headers": (End.RESET,),
    "garbage": (b"\x16\x03\x01 SSH-2.0 220 ready\r\n\r\n", End.CLOSE),
}
STATUSES: Final = {"429": 429, "500": 500, "529": 529, "bad request": 400, "not found": 404}
ENDLESS: Final = frozenset({"endless 400", "slow endless 400"})
_SEEN: Final = {
    "reset after headers": (NOTHING, HEAD),
    "reset after reply": (NOTHING, WHOLE),
    "cut body": (HEAD, HEAD),
    "too short": (HEAD, HEAD),
    "bad gzip": (HEAD, HEAD),
    **dict.fromkeys(ENDLESS, (HEAD, HEAD)),
}
_LAST_CHUNK: Final = b"0\r\n\r\n"
_BLAH: Final = b'{"type":"error","error":{"type":"invalid_request_error","message":"' + b"blah " * 50
_FOR_EVER: Final[Sequence[Step]] = (0.05, b"5\r\nblah \r\n") * 60
"""The rest of an endless reply, until the server has enough."""


def error(fault: str) -> bytes:
    """The body of a reply with one of `STATUSES`."""
    kind = "invalid_request_error" if fault == "bad request" else "some_error"
    return json.dumps({"type": "error", "error": {"type": kind, "message": "max_tokens: must be at least 1"}}).encode()


def seen(fault: str) -> tuple[int, int]:
    """How much of the reply the client sees at least, and at most."""
    return _SEEN.get(fault, (WHOLE, WHOLE))


def steps(send: Send, body: bytes) -> Sequence[Step]:
    """How the reply with this body goes out."""
    return _DELIVERIES.get(send.fault, _whole)(send, body)


def _head(send: Send, length: int | None, more: str = "") -> bytes:
    framing = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    lines = f"content-type: application/json\r\n{more}request-id: {send.id}\r\n{framing}"
    return f"HTTP/1.1 {send.status} X\r\n{lines}\r\n\r\n".encode()


def _whole(send: Send, body: bytes) -> Sequence[Step]:
    return (_head(send, len(body)) + body,)


def _gzip(send: Send, body: bytes) -> Sequence[Step]:
    packed = gzip.compress(body, 1)
    return (_head(send, len(packed), "content-encoding: gzip\r\n") + packed,)


def _bad_gzip(send: Send, body: bytes) -> Sequence[Step]:
    packed = b"\x1f\x8b\x08" + b"\xff" * (1 + len(body))
    return (_head(send, len(packed), "content-encoding: gzip\r\n") + packed,)


def _chunked(send: Send, body: bytes) -> Sequence[Step]:
    return (_head(send, None) + b"".join(map(_chunk, _pieces(body))) + _LAST_CHUNK,)


def _drip(send: Send, body: bytes) -> Sequence[Step]:
    first, *others = _pieces(body)
    return (_head(send, len(body)), 0.02, first, *(step for piece in others for step in (0.02, piece)))


def _pieces(body: bytes) -> list[bytes]:
    length = 1 + len(body) // 3
    return [body[at : at + length] for at in range(0, len(body), length)]


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


_DELIVERIES: Final[dict[str, Callable[[Send, bytes], Sequence[Step]]]] = {
    "reset after headers": lambda send, body: (_head(send, len(body)), End.RESET),
    "reset after reply": lambda send, body: (*_whole(send, body), End.RESET),
    "cut body": lambda send, body: (_head(send, len(body)) + body[: len(body) // 2], End.CLOSE),
    "too short": lambda send, body: (_head(send, len(body) + 1) + body, End.CLOSE),
    "slow headers": lambda send, body: (0.05 + send.call % 4 * 0.05, *_whole(send, body)),
    "dripping body": _drip,
    "close after reply": lambda send, body: (*_whole(send, body), End.CLOSE),
    "gzip": _gzip,
    "chunked": _chunked,
    "bad gzip": _bad_gzip,
    "endless 400": lambda send, _: (_head(send, None) + _chunk(_BLAH * 1000), *_FOR_EVER, End.RESET),
    "slow endless 400": lambda send, _: (_head(send, None) + _chunk(_BLAH), *_FOR_EVER, End.RESET),
}
