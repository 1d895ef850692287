"""JSON that is decoded straight into a record: what nearly all lines of ours are, so this is what decides the speed.

Facts: structlog's `JSONRenderer` writes our fields, then `event`, `level` and `timestamp`; a decoder is fastest where
the fields of its type come in the order of the data. Docker's json-file writes `log`, `stream` and `time`.
"""

import datetime as dt
from typing import Annotated, Final, Literal

import msgspec

from betamw.logs.reading.fields import LONGEST_TIME, MOST_SENDS, is_ours, is_whole
from betamw.logs.reading.times import LATEST, seconds
from betamw.logs.record import CALL, Record

Seconds = Annotated[float, msgspec.Meta(ge=0, le=LONGEST_TIME)]
_Attempts = Annotated[int, msgspec.Meta(ge=0, le=MOST_SENDS)]


# Fields that must be there override such as need not be, and a literal overrides a text: nobody writes to a record.
class Call(Record, gc=False, kw_only=True):
    """The event `betamw.request` as structlog writes it, with nothing that needs a second look."""

    betamw_call: Annotated[str, msgspec.Meta(min_length=1)]  # pyright: ignore[reportGeneralTypeIssues]
    attempts: _Attempts = 1
    outcome: Annotated[str, msgspec.Meta(min_length=1)]  # pyright: ignore[reportGeneralTypeIssues]
    duration_s: Seconds | None = None
    resend_overhead_s: Seconds | None = None
    http_response_status_code: int | None = None
    anthropic_request_id: str | None = None
    event: Literal["betamw.request"]  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]
    timestamp: Annotated[dt.datetime, msgspec.Meta(tz=True)]


class _Other(Record, gc=False, kw_only=True):
    """Any other event as structlog writes it."""

    betamw_call: Annotated[str, msgspec.Meta(min_length=1)]  # pyright: ignore[reportGeneralTypeIssues]
    attempts: _Attempts = 1
    duration_s: Seconds | None = None
    resend_overhead_s: Seconds | None = None
    event: str  # pyright: ignore[reportGeneralTypeIssues]
    timestamp: Annotated[dt.datetime, msgspec.Meta(tz=True)]


class _Line(Record, gc=False, kw_only=True):
    """Any event, by any formatter."""

    attempts: _Attempts = 1
    duration_s: Seconds | None = None
    resend_overhead_s: Seconds | None = None
    event: str = ""
    timestamp: str | float | None = None
    message: str | None = None
    msg: str | None = None
    time: str | float | None = None
    ts: str | float | None = None
    asctime: str | None = None
    at_timestamp: str | float | None = msgspec.field(default=None, name="@timestamp")


class Docker(msgspec.Struct, gc=False):
    """Docker's wrapping of a whole line, or of its last piece."""

    log: str
    stream: str
    time: str


decode_call: Final = msgspec.json.Decoder(Call).decode
"""Decodes a line; `timestamp` is yet to be made into `at`."""

_decode_other: Final = msgspec.json.Decoder(_Other).decode
_decode_line: Final = msgspec.json.Decoder(_Line).decode
decode_docker: Final = msgspec.json.Decoder(Docker).decode
_OF_DOCKER: Final = {b'{"log":', '{"log":'}


def direct_call(line: bytes | str) -> Record | None:
    """The call that an object is as structlog writes it; None for all else."""
    try:
        call = decode_call(line)
        call.at = at = call.timestamp.timestamp()
    except (ValueError, RecursionError):  # ValueError: also what msgspec raises
        return None
    return call if 0.0 < at < LATEST else None


def direct(line: bytes | str, outer: object = None) -> Record | None:
    """The event that an object is; None where it takes a closer look to know. `outer` is the time of its wrapping."""
    if line[:7] in _OF_DOCKER:
        try:
            wrapping = decode_docker(line)
        except (ValueError, RecursionError):
            return None
        return direct(wrapping.log, wrapping.time) if wrapping.log[-1:] == "\n" else None
    # To fail costs more than to look.
    is_call = (b'"duration_s"' in line) if isinstance(line, bytes) else ('"duration_s"' in line)
    return (direct_call(line) if is_call else _direct_other(line)) or _second_look(line, outer)


def _direct_other(line: bytes | str) -> Record | None:
    try:
        other = _decode_other(line)
        other.at = at = other.timestamp.timestamp()
    except (ValueError, RecursionError):
        return None
    return other if 0.0 < at < LATEST and is_ours(other.event) and other.event != CALL else None


def _second_look(line: bytes | str, outer: object) -> Record | None:
    try:
        found = _decode_line(line)
    except (ValueError, RecursionError):
        return None
    found.event = found.event or found.message or found.msg or ""
    if not is_ours(found.event) or not is_whole(found):
        return None
    stamps = (found.timestamp, found.at_timestamp, found.ts, found.time, found.asctime, outer)
    found.at = next((at for at in map(seconds, stamps) if at is not None), None)
    return found if found.at is not None else None
