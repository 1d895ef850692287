"""Where a large file may be cut, for several processes to read it."""

import os
import stat
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Final

from betamw.logs.reading.fields import Unreadable
from betamw.logs.reading.line import LineParser, is_wrapped
from betamw.logs.reading.source import STDIN, is_plain

SMALLEST: Final = 4 << 20
"""Bytes of a part that are worth a process."""

_HEAD: Final = 1 << 16
_BEFORE: Final = 1 << 17
_AFTER: Final = 1 << 21
_BINARY: Final = 1 << 10


def is_in_pieces(head: bytes) -> bool:
    """Whether lines may come in pieces, by the first block of a log, which is the same whoever reads which part."""
    return is_wrapped(head[:_HEAD])


def is_binary(head: bytes) -> bool:
    """Whether this is no text; zeros in front are what rotation leaves."""
    return b"\0" in head.lstrip(b"\0")[:_BINARY] or (bool(head) and not head.strip(b"\0"))


def split(file: str, parts: int) -> list[tuple[int, int | None]]:
    """Where a large plain file may be cut into up to so many parts, each from one byte to before another.

    Each begins with a line, and none ends between the pieces of one. A file that is small, compressed, no regular file
    or cannot be read is one part.
    """
    with suppress(OSError, ValueError):
        status = Path(file).stat() if file != STDIN else None
        if status is not None and stat.S_ISREG(status.st_mode):
            with Path(file).open("rb", buffering=0) as opened:
                head = opened.read(_HEAD)
                if is_plain(head) and not is_binary(head):
                    return _spans(
                        opened.fileno(),
                        status.st_size,
                        min(parts, status.st_size // SMALLEST),
                        in_pieces=is_in_pieces(head),
                    )
    return [(0, None)]


def _spans(opened: int, size: int, parts: int, *, in_pieces: bool) -> list[tuple[int, int | None]]:
    wanted = (size * part // parts for part in range(1, parts))
    cuts = sorted({cut for target in wanted if (cut := _cut(opened, target, in_pieces=in_pieces)) is not None})
    return [*zip([0, *cuts], [*cuts, None], strict=True)]


def _cut(opened: int, target: int, *, in_pieces: bool) -> int | None:
    """The first place from `target` on where a line ends and no other is begun."""
    begin = max(0, target - _BEFORE) if in_pieces else target
    data = os.pread(opened, target - begin + _AFTER, begin)
    parser, at = LineParser(), begin
    for number, line in enumerate(BytesIO(data)):
        at += len(line)
        if not line.endswith(b"\n"):
            return None
        if number and in_pieces:
            with suppress(Unreadable):
                parser.record(line)
        if at > target and not parser.pieces:
            return at
    return None
