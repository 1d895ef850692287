"""How callers read a reply: `WAYS`, a table for each sort of reply, with a line for each way.

A way takes the response, and what to say so that a server goes on that waits for its reader. Where the network's timing
decides into which pieces a body falls, it joins them, or waits until all is there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import ClientResponse

from support.twice.reading import (
    Step,
    all_there,
    arrived,
    cancelled,
    counted,
    first_then_all,
    http_chunks,
    in_context,
    in_turn,
    joined,
    taken,
    told_of_eof,
    two_readers,
    until_nothing,
    waiting_for_eof,
)

Way = Callable[[ClientResponse, Step], Awaitable[object]]

_GONE: Final[dict[str, Way]] = {
    "leave": lambda r, go: in_turn(),
    "release": lambda r, go: in_turn(lambda: bool(r.release()), r.read, r.content.read),
    "close": lambda r, go: in_turn(r.close, r.read, r.content.read),
}
_WHOLE: Final[dict[str, Way]] = _GONE | {
    "read": lambda r, go: r.read(),
    "text": lambda r, go: r.text(),
    "text in Latin-1": lambda r, go: r.text("latin-1"),
    "text with replacements": lambda r, go: r.text(errors="replace"),
    "json": lambda r, go: r.json(),
    "json of any type": lambda r, go: r.json(content_type=None),
    "json in Latin-1": lambda r, go: r.json(encoding="latin-1", loads=str, content_type=None),
    "read twice": lambda r, go: in_turn(r.read, r.read),
    "text after read": lambda r, go: in_turn(r.read, r.text),
    "json after text": lambda r, go: in_turn(r.text, r.json),
    "read after content.read": lambda r, go: in_turn(r.content.read, r.read, r.text),
    "content.read after read": lambda r, go: in_turn(r.read, r.content.read, r.content.readany),
    "read after a part": lambda r, go: in_turn(lambda: r.content.readexactly(1), r.read),
    "content.read": lambda r, go: r.content.read(),
    "content.read twice": lambda r, go: in_turn(r.content.read, r.content.read),
    "content.read(0)": lambda r, go: in_turn(lambda: r.content.read(0), r.content.read),
    "content.read(3)": lambda r, go: in_turn(lambda: there(r), *[lambda: r.content.read(3)] * 3),
    "readexactly": lambda r, go: in_turn(lambda: r.content.readexactly(9), r.content.read),
    "readexactly too many": lambda r, go: in_turn(lambda: r.content.readexactly(10**6), r.content.read),
    "readuntil": lambda r, go: in_turn(*[lambda: r.content.readuntil(b'"')] * 3, r.content.read),
    "readuntil what is not there": lambda r, go: in_turn(lambda: r.content.readuntil(b"\0"), r.content.read),
    "readline": lambda r, go: in_turn(*[r.content.readline] * 3),
    "lines": lambda r, go: taken(r.content),
    "lines, then read": lambda r, go: in_turn(lambda: taken(r.content, 2), r.read),
    "readany": lambda r, go: until_nothing(r.content.readany),
    "readany when all is there": lambda r, go: in_turn(lambda: there(r), *[r.content.readany] * 2),
    "iter_chunks when all is there": lambda r, go: http_chunks(r),
    "iter_chunks after a part": lambda r, go: in_turn(
        lambda: there(r), lambda: r.content.readexactly(7), lambda: http_chunks(r)
    ),
    "iter_chunked(4)": lambda r, go: joined(r.content.iter_chunked(4)),
    "iter_chunked(4) when all is there": lambda r, go: in_turn(
        lambda: there(r), lambda: taken(r.content.iter_chunked(4))
    ),
    "iter_chunked(16384)": lambda r, go: joined(r.content.iter_chunked(16384)),
    "iter_any": lambda r, go: joined(r.content.iter_any()),
    "iter_chunks": lambda r, go: joined(r.content.iter_chunks()),
    "read_nowait": lambda r, go: all_there(r),
    "what the stream tells": lambda r, go: counted(r),
    "on_eof": lambda r, go: told_of_eof(r),
    "wait_eof": lambda r, go: waiting_for_eof(r),
    "two readers": lambda r, go: two_readers(r),
    "in a context": lambda r, go: in_context(r),
    "release after read": lambda r, go: in_turn(r.read, lambda: bool(r.release()), r.read, r.text, r.content.read),
    "close after a part": lambda r, go: in_turn(lambda: r.content.readexactly(1), r.close, r.content.read),
    "wait_for_close": lambda r, go: in_turn(r.wait_for_close, r.read),
    "raise_for_status": lambda r, go: in_turn(r.raise_for_status, r.read),
    "raise_for_status after read": lambda r, go: in_turn(r.read, r.raise_for_status, r.text),
    "get_encoding": lambda r, go: in_turn(r.get_encoding, r.read, r.get_encoding),
    "in a task": lambda r, go: asyncio.create_task(r.read()),
    "with a timeout": lambda r, go: asyncio.wait_for(r.content.read(), 30),
}
_BIG: Final[dict[str, Way]] = _GONE | {
    "read": lambda r, go: r.read(),
    "content.read": lambda r, go: r.content.read(),
    "iter_chunked": lambda r, go: joined(r.content.iter_chunked(2**16)),
    "iter_any": lambda r, go: joined(r.content.iter_any()),
    "iter_chunks": lambda r, go: joined(r.content.iter_chunks()),
    "readexactly": lambda r, go: in_turn(*[lambda: r.content.readexactly(2**18)] * 3),
}
_ENDLESS: Final[dict[str, Way]] = _GONE | {
    "readexactly": lambda r, go: in_turn(*[lambda: r.content.readexactly(10**5)] * 3),
    "lines": lambda r, go: taken(r.content, 900),
    "readuntil": lambda r, go: in_turn(*[lambda: r.content.readuntil(b"x\n")] * 99),
    "iter_chunked": lambda r, go: joined(r.content.iter_chunked(1000), 10**6),
    "iter_any": lambda r, go: joined(r.content.iter_any(), 10**6),
    "iter_chunks": lambda r, go: joined(r.content.iter_chunks(), 10**6),
}
_LATE: Final[dict[str, Way]] = _GONE | {
    "read": lambda r, go: in_turn(go, r.read),
    "json": lambda r, go: in_turn(go, r.json),
    "content.read": lambda r, go: in_turn(go, r.content.read),
    "iter_any": lambda r, go: in_turn(go, lambda: joined(r.content.iter_any())),
    "iter_chunks when all is there": lambda r, go: in_turn(go, lambda: http_chunks(r)),
}
_STREAM: Final[dict[str, Way]] = _LATE | {
    "readexactly": lambda r, go: first_then_all(lambda: r.content.readexactly(9), go, r),
    "readuntil": lambda r, go: first_then_all(lambda: r.content.readuntil(b"e"), go, r),
    "readline": lambda r, go: first_then_all(r.content.readline, go, r),
    "readany": lambda r, go: first_then_all(r.content.readany, go, r),
    "readchunk": lambda r, go: first_then_all(r.content.readchunk, go, r),
    "lines": lambda r, go: first_then_all(lambda: taken(r.content, 1), go, r),
    "iter_chunked": lambda r, go: first_then_all(lambda: taken(r.content.iter_chunked(5), 4), go, r),
    "iter_any": lambda r, go: first_then_all(lambda: joined(r.content.iter_any(), 9), go, r),
    "iter_chunks": lambda r, go: first_then_all(lambda: taken(r.content.iter_chunks(), 1), go, r),
    "a read that is cancelled": cancelled,
    "close in the middle": lambda r, go: in_turn(lambda: r.content.readexactly(9), r.close, r.content.read, r.read),
}
_STALLED: Final[dict[str, Way]] = {
    "read": lambda r, go: in_turn(r.read, r.read),
    "content.read": lambda r, go: in_turn(r.content.read, r.content.read),
    "iter_any": lambda r, go: in_turn(lambda: joined(r.content.iter_any()), r.content.readany),
    "all that comes": lambda r, go: in_turn(*[r.content.readany] * 3),
}
WAYS: Final = {
    "whole": _WHOLE,
    "big": _BIG,
    "endless": _ENDLESS,
    "late": _LATE,
    "stream": _STREAM,
    "stalled": _STALLED,
}


async def there(response: ClientResponse) -> None:
    """Wait for the whole body."""
    await arrived(response)
