"""From one line to a `Record`, whatever wrote the line and whatever it was wrapped in.

Facts: structlog's JSON is decoded straight into the record. All else goes a longer way: Docker's json-file wraps a line
as `{"log": "...\\n", "stream": ..., "time": ...}` and cuts it at 16 KiB, the pieces but the last without the newline;
containerd and CRI-O write `<time> stdout F <line>`, with `P` for such pieces; Compose, kubectl, journald and syslog put
something before it; Google, CloudWatch, journald and shippers put it into a field of an object of their own.
"""

import datetime as dt
import time
from typing import Final

import attrs
import msgspec

from betamw.logs.reading.fields import CALL, PREFIX, TOO_LONG, Unreadable, is_ours, is_whole
from betamw.logs.reading.times import seconds
from betamw.logs.record import Record

NEEDLE: Final = b"betamw"
LONGEST: Final = 1 << 20


class _Line(Record, gc=False, kw_only=True):
    """A record, with what else an object on a line may hold. Its fields come as structlog writes them, its own last."""

    event: str = ""
    timestamp: str | float | None = None
    message: str | None = None
    msg: str | None = None
    log: str | None = None
    stream: str | None = None
    time: str | float | None = None
    ts: str | float | None = None
    asctime: str | None = None
    at_timestamp: str | float | None = msgspec.field(default=None, name="@timestamp")


_from_iso: Final = dt.datetime.fromisoformat
_decode: Final = msgspec.json.Decoder(_Line).decode


@attrs.define
class LineParser:
    """Reads lines one after the other, with the state that a line in pieces needs.

    Attributes:
        now: For times without a year, in seconds since 1970.
    """

    now: float = attrs.field(factory=time.time)
    pieces: dict[str, str] = attrs.field(init=False, factory=dict)

    def record(self, line: bytes) -> Record | None:
        """The event on this line, None for a line of another program.

        Raises:
            Unreadable: It looks like one of ours.
        """
        try:
            found = _decode(line)
        except (ValueError, RecursionError):
            return self._unusual(line)
        if found.betamw_call and (found.outcome or found.event != CALL) and found.event[:7] == PREFIX:
            try:
                when = _from_iso(found.timestamp)  # type: ignore[arg-type]  # what is no text is for the longer way
                if when.tzinfo is not None:
                    found.at = when.timestamp()
                    return found
            except (TypeError, ValueError, OverflowError):
                pass
        return self._aliased(found) or self._unusual(line)

    def _aliased(self, found: _Line) -> Record | None:
        found.event = found.event or found.message or found.msg or ""
        if not is_ours(found.event) or not is_whole(found):
            return None
        stamps = (found.timestamp, found.at_timestamp, found.ts, found.time, found.asctime)
        found.at = next((at for at in map(seconds, stamps) if at is not None), None)
        return found

    def _unusual(self, line: bytes) -> Record | None:
        if len(line) > LONGEST:
            raise Unreadable(TOO_LONG)
        return None
