"""A log that grows: what is there, then what is added, whoever rotates it meanwhile.

Facts: a log is rotated by renaming it and creating another (`RotatingFileHandler`, logrotate's `create`), by copying it
and cutting it to nothing (`copytruncate`), or by deleting it. A renamed file may still be written to, until its writer
has noticed. A cut one may have grown beyond its former length before somebody looks: then its beginning is another.
A writer that does not append goes on where it was, with NUL bytes before; nothing is lost to who goes on there too.
What two rotations between two looks have taken away altogether is not found again.
"""

import os
import select
import stat
import sys
from collections.abc import Iterator
from typing import Final

import attrs

from betamw.logs.reading import LineParser, Reader, Unread, Unreadable
from betamw.logs.reading.line import NEEDLE, may_be_piece
from betamw.logs.reading.source import LONGEST, is_plain
from betamw.logs.reading.spans import is_in_pieces
from betamw.logs.record import Record

_CHUNK: Final = 1 << 18
_AT_ONCE: Final = 1 << 22
"""Bytes that are read before somebody else has a turn."""
_HEAD: Final = 256
_BOM: Final = b"\xef\xbb\xbf"
_NO_FILE: Final = -1


@attrs.define(eq=False)
class Tail:
    """Follows one file; what is the matter with it is told, and looked at anew each time.

    Attributes:
        file: Its path; `-` is standard input.
        lines: Complete lines so far, of any kind; `events` those that are ours.
        problem: Why nothing can be read at present, None where all is well.
        unreadable: What looks like ours and could not be read, by reason, as of a `Reader`.
        behind: Whether there was more to read the last time.
        ended: Whether nothing will be added: standard input is closed, or the file is a compressed one.
    """

    file: str
    start: int = attrs.field(init=False, default=0)
    lines: int = attrs.field(init=False, default=0)
    events: int = attrs.field(init=False, default=0)
    problem: str | None = attrs.field(init=False, default=None)
    unreadable: dict[str, Unread] = attrs.field(init=False, factory=dict)
    behind: bool = attrs.field(init=False, default=True)
    ended: bool = attrs.field(init=False, default=False)
    _parser: LineParser = attrs.field(init=False, factory=LineParser)
    _descriptor: int = attrs.field(init=False, default=_NO_FILE)
    _at: int = attrs.field(init=False, default=0)
    _head: bytes = attrs.field(init=False, default=b"")
    _rest: bytes = attrs.field(init=False, default=b"")
    _in_pieces: bool = attrs.field(init=False, default=False)

    def records(self) -> Iterator[Record]:
        """The events that were added since the last time, or some of them where that is much."""
        self.behind = False
        if self.ended or (self._descriptor == _NO_FILE and not self._open()):
            return
        if self._at == 0 and (once := self._read_once()) is not None:
            yield from once
            return
        yield from self._added()
        if self.ended:
            yield from self._last_line()
        elif not self.behind and self._is_replaced():
            yield from self._added()  # until the very last moment
            yield from self._last_line()
            self.close()
            self.behind = self._open()

    def close(self) -> None:
        """Read no more."""
        if self._descriptor > 0:
            os.close(self._descriptor)
        self._descriptor, self._at, self._head, self._rest = _NO_FILE, 0, b"", b""

    def _open(self) -> bool:
        try:
            # A pipe that nobody writes to yet must not be waited for.
            self._descriptor = 0 if self.file == "-" else os.open(self.file, os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            self.problem = "is not there (yet)"
        except OSError as error:
            self.problem = (error.strerror or type(error).__name__).lower()
        else:
            self.problem = None
            if self.file == "-" and sys.stdin is None:
                self.problem, self.ended = "is closed", True
        return self.problem is None

    def _read_once(self) -> Iterator[Record] | None:
        """The events of a file that does not grow line by line; None for all others."""
        if not self._is_regular or is_plain(self._peek(_HEAD)):
            return None
        self.ended = True
        reader = Reader(self.file)

        def records() -> Iterator[Record]:
            yield from reader.records()
            self.lines, self.events = reader.lines, reader.events
            self.problem, self.unreadable = reader.problem, reader.unreadable

        return records()

    @property
    def _is_regular(self) -> bool:
        return stat.S_ISREG(os.fstat(self._descriptor).st_mode)

    def _peek(self, length: int) -> bytes:
        return os.pread(self._descriptor, length, 0)

    def _is_replaced(self) -> bool:
        """Whether there is another file of this name by now; where there is none the old one may still be written."""
        try:
            return self.file != "-" and not os.path.samestat(os.stat(self.file), os.fstat(self._descriptor))  # noqa: PTH116
        except OSError:
            return False

    def _added(self) -> Iterator[Record]:
        if self._is_regular and self._is_cut():
            yield from self._last_line()
            self._at, self._head = os.lseek(self._descriptor, 0, os.SEEK_SET), b""
        until = self._at + _AT_ONCE
        while chunk := self._read():
            if len(self._head) < _HEAD and self._at == len(self._head):
                self._head += chunk[: _HEAD - len(self._head)]
            if self._at == 0:
                self._in_pieces = is_in_pieces(chunk)
                chunk = chunk.removeprefix(_BOM)
                self._at += len(_BOM) if self._head.startswith(_BOM) else 0
            self._at += len(chunk)
            lines = chunk.split(b"\n")
            lines[0] = self._rest + lines[0]
            self._rest = lines.pop()[: LONGEST + 2]  # of a line without an end no more is needed, nor kept
            yield from self._lines(lines)
            if self._at >= until:
                self.behind = True
                return

    def _is_cut(self) -> bool:
        """Whether what was read is gone, and another file is in its place under the same inode."""
        size = os.fstat(self._descriptor).st_size
        if size < self._at:
            return True
        if (head := self._peek(len(self._head))) == self._head:
            return False
        if head.startswith(b"\0"):  # its writer goes on where it was
            self._head = head
            return False
        return True

    def _read(self) -> bytes:
        try:
            if self.file == "-" and not select.select([0], [], [], 0)[0]:
                return b""
            chunk = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:  # a named pipe with nothing in it
            return b""
        except OSError as error:
            self.problem, chunk = (error.strerror or type(error).__name__).lower(), b""
        else:
            self.problem = None
        if not chunk and self.file == "-":
            self.ended = True
        return chunk

    def _last_line(self) -> Iterator[Record]:
        """The line that has no end, once nothing will be added to it."""
        rest, self._rest = self._rest, b""
        yield from self._lines([rest] if rest else [])

    def _lines(self, lines: list[bytes]) -> Iterator[Record]:
        for line in lines:
            self.lines += 1
            if not (NEEDLE in line or self._parser.pieces or (self._in_pieces and may_be_piece(line))):
                continue
            try:
                record = self._parser.record(line.lstrip(b"\0"))
            except Unreadable as error:
                self.unreadable.setdefault(error.reason, Unread()).add(self.lines, line)
            else:
                if record is not None:
                    self.events += 1
                    yield record
