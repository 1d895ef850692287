"""From a file to records, as a stream."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from betamw.core.telling import shown
from betamw.logs.reading.fields import Unreadable
from betamw.logs.reading.line import NEEDLE, LineParser
from betamw.logs.record import Record

_CHUNK: Final = 1 << 18
_FIRST: Final = 3
_EXCERPT: Final = 200


@attrs.define
class Unread:
    """Lines that could not be read for one reason: how many, and the first few with their numbers."""

    lines: int = 0
    first: list[tuple[int, str]] = attrs.field(factory=list)


@attrs.define
class Reader:
    """Reads a file, or a part of it; nothing it meets there is raised.

    Attributes:
        file: Its path.
        start, end: Which bytes of it; from `split`.
        lines: Lines so far, of any kind; `events` those that are ours.
        problem: Why nothing could be read, or only a part; None where all is well.
        unreadable: What looks like ours and could not be read, by reason; line numbers are from 1, from `start`.
        at_byte: How far it has come, in bytes of the file as stored.
    """

    file: str
    start: int = 0
    end: int | None = None
    lines: int = attrs.field(init=False, default=0)
    events: int = attrs.field(init=False, default=0)
    problem: str | None = attrs.field(init=False, default=None)
    unreadable: dict[str, Unread] = attrs.field(init=False, factory=dict)
    at_byte: int = attrs.field(init=False, default=0)

    def records(self) -> Iterator[Record]:
        """The events, in the order of the lines."""
        parse = LineParser().record
        for lines in self._blocks():
            self.lines += len(lines)
            for number, line in enumerate(lines, self.lines - len(lines) + 1):
                if NEEDLE in line:
                    try:
                        record = parse(line)
                    except Unreadable as error:
                        self._count(error.reason, number, line)
                    else:
                        if record is not None:
                            self.events += 1
                            yield record

    def _count(self, reason: str, number: int, line: bytes) -> None:
        unread = self.unreadable.setdefault(reason, Unread())
        unread.lines += 1
        if len(unread.first) < _FIRST:
            unread.first.append((number, shown(line[:_EXCERPT].decode("utf-8", "replace"))))

    def _blocks(self) -> Iterator[list[bytes]]:
        rest = b""
        try:
            with Path(self.file).open("rb", buffering=0) as file:
                file.seek(self.at_byte or self.start)
                self.at_byte = self.start
                while chunk := file.read(_CHUNK if self.end is None else min(_CHUNK, self.end - self.at_byte)):
                    self.at_byte += len(chunk)
                    lines = (rest + chunk).split(b"\n")
                    rest = lines.pop()
                    yield lines
        except OSError as error:
            self.problem = (error.strerror or type(error).__name__).lower()
        if rest:
            yield [rest]


def split(file: str, parts: int) -> list[tuple[int, int | None]]:
    """Where a large plain file may be cut."""
    del file, parts
    return [(0, None)]
