r"""From one line to a `Record`, whatever wrote the line and whatever it was wrapped in.

Facts: structlog's JSON is decoded straight into the record. All else goes a longer way: Docker's json-file wraps a line
as `{"log": "...\n", "stream": ..., "time": ...}` and cuts it at 16 KiB, the pieces but the last without the newline;
containerd and CRI-O write `<time> stdout F <line>`, with `P` for such pieces; Compose, kubectl, journald and syslog put
something before it; Google, CloudWatch, journald and shippers put it into a field of an object of their own, journald
as an array of bytes where it holds what cannot be printed.
"""

import json
import re
import time
from contextlib import suppress
from typing import Any, Final

import attrs

from betamw.logs.reading.direct import direct
from betamw.logs.reading.fields import TIMES, TOO_LONG, Unreadable, is_ours, record_of
from betamw.logs.reading.source import LONGEST
from betamw.logs.reading.times import seconds, seconds_before
from betamw.logs.reading.words import NAMES, blame, event_in, message_in, pairs_in
from betamw.logs.record import Record

NEEDLE: Final = b"betamw"

_PIECE: Final = 16_000  # Docker cuts at 16,384 bytes
_MOST_STREAMS: Final = 8
_DEEPEST: Final = 8
_TO_JSON: Final = 4096
_DOCKER: Final = frozenset({"log", "stream", "time", "attrs"})
_WRAPPERS: Final = (
    *("log", "message", "msg", "MESSAGE", "jsonPayload", "textPayload", "@message", "line", "body", "_raw", "event"),
    *("record", "data", "fields", "result"),
)
_NESTED: Final = ("extra", "betamw", "labels", "fields", "attributes", "context", "data")
_COLOUR: Final = re.compile(r"(?:\x1b|#033|\^\[)\[[0-9;]*[A-Za-z]")
_CRI: Final = re.compile(
    r"([^{]{0,200}?)(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?::[\w:]*)? ?"
)
_JSON: Final = re.compile(r"\{\s*\"")
_BYTES: Final = re.compile(rb"98, ?101, ?116, ?97, ?109, ?119")
_PIECE_OF: Final = re.compile(rb"[^{]{0,250}?(?:\{\"log\":(?!.*\\n\",)|std(?:out|err) P[ :])")
_WRAPPED: Final = re.compile(rb"\{\"log\": ?\"|\bstd(?:out|err) [FP][ :]|\"MESSAGE\" ?:")
_OUTSET: Final = 4096
_TO_STREAM: Final = 300


def is_wrapped(head: bytes) -> bool:
    """Whether lines of this beginning of a log may come in pieces, or as bytes: then `may_be_piece` is to be asked."""
    return _WRAPPED.search(head) is not None


def may_be_piece(line: bytes) -> bool:
    """Whether a line that does not hold `NEEDLE` may yet be a part of one of ours."""
    return _PIECE_OF.match(line) is not None or (b"MESSAGE" in line and _BYTES.search(line) is not None)


@attrs.define
class LineParser:
    """Reads lines one after the other, with the state that a line in pieces needs.

    Attributes:
        now: For times without a year, in seconds since 1970.
        pieces: The lines that are not whole yet, by the stream that they come in.
    """

    now: float = attrs.field(factory=time.time)
    pieces: dict[str, str] = attrs.field(init=False, factory=dict)

    def record(self, line: bytes) -> Record | None:
        """The event on this line, None for a line of another program.

        Raises:
            Unreadable: It looks like one of ours.
        """
        if not (NEEDLE in line or self.pieces or may_be_piece(line)):
            return None
        if not self.pieces and line[:1] == b"{" and (record := direct(line)) is not None:
            return record
        if len(line) > LONGEST + 1:
            _too_long(line[:_OUTSET].decode("utf-8", "replace"))
            return None
        return self._text(line.decode("utf-8", "replace"), None, 0)

    def rest(self) -> None:
        """The log ends here.

        Raises:
            Unreadable: In the middle of one of our lines.
        """
        pieces = [*self.pieces.values()]
        self.pieces.clear()
        for text in pieces:
            blame(text)

    def _text(self, text: str, outer: float | None, depth: int) -> Record | None:
        """The event in a line, or in what a line wraps; `outer` is the time of the wrapping."""
        if "[" in text and ("\x1b[" in text or "#033[" in text or "^[[" in text):
            text = _COLOUR.sub("", text)
        text = text.lstrip("\0\t\r\n \ufeff").rstrip("\0\r\n")  # a piece may end with a space
        if depth > _DEEPEST:
            return None
        if " std" in text[:_TO_STREAM] and (cri := _CRI.match(text)):
            before, at, stream, tag = cri.groups()
            whole = self._joined(before + stream, text[cri.end() :], last=tag == "F")
            return None if whole is None else self._text(whole, seconds(at), depth + 1)
        if start := _JSON.search(text, 0, _TO_JSON):
            with suppress(ValueError, RecursionError):
                return self._json(text[: start.start()], text[start.start() :], outer, depth)
        return self._words(text, outer, depth) if "betamw" in text else None

    def _json(self, before: str, body: str, outer: float | None, depth: int) -> Record | None:
        """The event in an object, with what stands before it on the line."""
        if not self.pieces and (record := direct(body)) is not None:
            return record
        at = seconds_before(before, self.now) if before else None
        if at is not None:
            outer = at
        if not self.pieces and outer is not None and (record := direct(body, outer)) is not None:
            return record
        return self._object(json.loads(body), outer, depth, before)

    def _words(self, text: str, outer: float | None, depth: int) -> Record | None:
        """The event that is no JSON, or in a field of a line that is none."""
        pairs, begin = pairs_in(text)
        if not (message := message_in(pairs)):
            return event_in(text, pairs, begin, outer, self.now)
        at = next((at for key in TIMES if (at := seconds(pairs.get(key))) is not None), outer)
        return self._text(message, at, depth + 1)

    def _object(self, found: dict[str, Any], outer: float | None, depth: int, before: str = "") -> Record | None:
        """The event that an object is, or that it wraps."""
        if depth > _DEEPEST:
            return None
        at = next((at for key in TIMES if (at := seconds(found.get(key))) is not None), outer)
        if isinstance(log := found.get("log"), str) and "stream" in found and found.keys() <= _DOCKER:
            return self._docker(log, before + str(found["stream"]), at, depth + 1)
        name = next((name for key in NAMES if is_ours(name := found.get(key))), None)
        if name is not None:
            nested = [more for key in _NESTED if isinstance(more := found.get(key), dict)]
            flat: dict[str, Any] = {}
            for more in (*nested, found):
                flat |= more
            return record_of(name, at, flat)
        for key in _WRAPPERS:
            record = self._wrapped(found.get(key), at, depth + 1)
            if record is not None:
                return record
        return None

    def _wrapped(self, value: Any, at: float | None, depth: int) -> Record | None:
        if isinstance(value, list):
            try:
                value = bytes(value).decode("utf-8", "replace")
            except (TypeError, ValueError):
                return None
        if isinstance(value, dict):
            return self._object(value, at, depth)
        return self._text(value, at, depth) if isinstance(value, str) else None

    def _docker(self, log: str, stream: str, at: float | None, depth: int) -> Record | None:
        last = log.endswith("\n")
        if not last and len(log) < _PIECE:  # shippers leave out the newline of a whole line, too
            try:
                if (record := self._text(log, at, depth)) is not None:
                    return record
            except Unreadable:
                pass
        whole = self._joined(stream, log, last=last)
        return None if whole is None else self._text(whole, at, depth)

    def _joined(self, stream: str, text: str, *, last: bool) -> str | None:
        """The whole line, if this is the last of its pieces."""
        whole = self.pieces.pop(stream, "") + text
        if last:
            return whole
        if len(self.pieces) >= _MOST_STREAMS:
            del self.pieces[next(iter(self.pieces))]
        self.pieces[stream] = whole[: LONGEST + 2]
        return None


def _too_long(outset: str) -> None:
    try:
        blame(outset)
    except Unreadable:
        raise Unreadable(TOO_LONG) from None
