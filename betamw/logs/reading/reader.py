"""From a file to records, as a stream.

The lines that have nothing of ours are the many, so they cost the least: a block without our name is not even split,
and a line without it is passed over. Only where lines may come in pieces, or as bytes, is each one looked at.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final, cast

import attrs

from betamw.logs.reading.direct import direct_call
from betamw.logs.reading.excerpt import excerpt
from betamw.logs.reading.fields import Unreadable
from betamw.logs.reading.line import NEEDLE, LineParser, may_be_piece
from betamw.logs.reading.repeats import Repeat, Repeats
from betamw.logs.reading.source import Source
from betamw.logs.reading.spans import is_binary, is_in_pieces
from betamw.logs.record import Record

_FIRST: Final = 3


@attrs.define
class Unread:
    """Lines that could not be read for one reason: how many, and the first few with their numbers."""

    lines: int = 0
    first: list[tuple[int, str]] = attrs.field(factory=list)

    def add(self, number: int, line: bytes) -> None:
        """Count a line, and keep its beginning if it is one of the first."""
        self.lines += 1
        if len(self.first) < _FIRST:
            self.first.append((number, excerpt(line)))


@attrs.define
class Reader:
    """Reads a file, or a part of it; nothing that it meets there is raised.

    Attributes:
        file: Its path, `-` for standard input.
        start, end: Which bytes of it; from `split`.
        tell: Is called now and then with the number of bytes that were read since.
        lines: Lines so far, of any kind; `events` those that are ours.
        problem: Why nothing could be read, or only a part; None where all is well.
        unreadable: What looks like ours and could not be read, by reason; lines are counted from 1, from `start` on.
        at_byte: How far it has come, in bytes of the file as stored.
    """

    file: str
    start: int = 0
    end: int | None = None
    tell: Callable[[int], None] | None = None
    lines: int = attrs.field(init=False, default=0)
    events: int = attrs.field(init=False, default=0)
    problem: str | None = attrs.field(init=False, default=None)
    unreadable: dict[str, Unread] = attrs.field(init=False, factory=dict)
    at_byte: int = attrs.field(init=False, default=0)

    def records(self) -> Iterator[Record]:
        """The events, in the order of their lines."""
        return cast("Iterator[Record]", self._read(direct_call))

    def records_and_repeats(self, repeats: Repeats | None = None) -> Iterator[Record | Repeat]:
        """The events, in the order of their lines; a call like an earlier one may come as a repeat of that.

        `repeats` are those of other parts of the log, to go on with.
        """
        repeats = repeats or Repeats()
        repeats.missed = 0
        return self._read(repeats.find, repeats)

    def _read(
        self, find: Callable[[bytes], Record | Repeat | None], repeats: Repeats | None = None
    ) -> Iterator[Record | Repeat]:
        source, parser = Source(self.file, self.start, self.end), LineParser()
        blocks = source.blocks()
        head = next(blocks, b"")
        in_pieces = is_in_pieces(next(Source(self.file).blocks(), b"") if self.start else head)
        pieces, number, events, line = parser.pieces, 0, 0, b""
        block: bytes | None = head
        while block is not None:
            if self.tell is not None:
                self.tell(source.at_byte - (self.at_byte or self.start))
            self.at_byte = source.at_byte
            if NEEDLE in block or pieces or in_pieces:
                for number, line in enumerate(BytesIO(block), number + 1):  # noqa: B020 -- it counts on
                    if NEEDLE in line or pieces or (in_pieces and may_be_piece(line)):
                        record = (None if pieces else find(line)) or self._parsed(parser, number, line)
                        if record is not None:
                            events += 1
                            yield record
            else:
                number += block.count(b"\n") + (block[-1:] not in b"\n")
            self.lines, self.events = number, events
            if repeats is not None and not repeats.pays(events):
                find, repeats = direct_call, None
            block = next(blocks, None)
        try:
            parser.rest()
        except Unreadable as error:
            self._count(error, number, line)
        self.at_byte, self.problem = source.at_byte, source.problem
        if not (self.problem or self.events or self.start) and is_binary(head):
            self.problem = "is no text"

    def _parsed(self, parser: LineParser, number: int, line: bytes) -> Record | None:
        try:
            return parser.record(line)
        except Unreadable as error:
            self._count(error, number, line)
            return None

    def _count(self, error: Unreadable, number: int, line: bytes) -> None:
        self.unreadable.setdefault(error.reason, Unread()).add(number, line)
