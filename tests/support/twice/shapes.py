"""What the body of a reply is made of, how it is encoded, and how its end is told."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable
from itertools import repeat
from types import SimpleNamespace
from typing import Any, Final

import brotli
from backports import zstd

WAIT: Final = SimpleNamespace(what="until the reader has said that it has got so far")
Pieces = Iterable[Any]

KIB: Final = 1024
_EVENTS: Final[list[dict[str, Any]]] = [
    {"type": "message_start", "message": {"id": "msg_1", "content": [], "usage": {"input_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
    {"type": "message_stop"},
]
CODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "two times gzip": lambda data: gzip.compress(data[:50], mtime=0) + gzip.compress(data[50:], mtime=0),
    "bare deflate": lambda data: zlib.compress(data, wbits=-zlib.MAX_WBITS),
    "br": brotli.compress,
    "zstd": zstd.compress,
}

# How the end of a body is told: header lines, and the pieces as they go out.


def with_length(pieces: Pieces) -> tuple[list[bytes], Pieces]:
    pieces = list(pieces)
    return [b"Content-Length: %d" % sum(len(piece) for piece in pieces if piece is not WAIT)], pieces


def in_chunks(pieces: Pieces, trailers: bytes = b"") -> Pieces:
    for piece in pieces:
        yield piece if piece is WAIT else b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n" + trailers + b"\r\n"


def chunked(pieces: Pieces) -> tuple[list[bytes], Pieces]:
    return [b"Transfer-Encoding: chunked"], in_chunks(pieces)


def trailed(pieces: Pieces) -> tuple[list[bytes], Pieces]:
    return [b"Transfer-Encoding: chunked", b"Trailer: X-Sum"], in_chunks(pieces, b"X-Sum: 7\r\nSet-Cookie: late=1\r\n")


def until_eof(pieces: Pieces) -> tuple[list[bytes], Pieces]:
    return [b"Connection: close"], pieces


def without_body(_: Pieces) -> tuple[list[bytes], Pieces]:
    return [], ()


# What becomes of the document that is answered.


def whole(document: bytes) -> Pieces:
    return [document]


def in_pieces(document: bytes) -> Pieces:
    return [document[start : start + 50] for start in range(0, len(document), 50)]


def empty(_: bytes) -> Pieces:
    return []


def one_byte(_: bytes) -> Pieces:
    return [b"7"]


def utf_16(document: bytes) -> Pieces:
    return [document.decode().encode("utf-16")]


def latin_1(_: bytes) -> Pieces:
    return ["Sch\u00f6n".encode("latin-1")]


def padded(size: int, piece: int = 16 * KIB) -> Callable[[bytes], Pieces]:
    def pad(document: bytes) -> Pieces:
        whole = document + b" " * (size - len(document))
        return [whole[start : start + piece] for start in range(0, size, piece)]

    return pad


def as_events(_: bytes) -> Pieces:
    start, *others = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in _EVENTS]
    return [start, WAIT, *others]


def waiting(document: bytes) -> Pieces:
    return [document[:30], WAIT, document[30:]]


def at_first(document: bytes) -> Pieces:
    return [WAIT, document]


def endless(document: bytes) -> Pieces:
    yield document
    yield from repeat((b"x" * 999 + b"\n") * 16)
