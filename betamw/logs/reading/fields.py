"""From what is found in a line to a `Record`: text, and numbers of another type, are made into what the field holds."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from betamw.logs.record import Names, Record

CALL: Final = "betamw.request"
PREFIX: Final = "betamw."
KNOWN: Final = (
    r"betamw\.(?:request|beta\.rejected|memory\.(?:learned|hit|expired|reprobed)|input\.invalid|hook\.failed)"
)

Reason = Literal[
    "it is cut, or two lines ran into one",
    "the fields are missing",
    "a field has the wrong type",
    "longer than 1 MiB",
]
CUT: Final[Reason] = "it is cut, or two lines ran into one"
MISSING: Final[Reason] = "the fields are missing"
WRONG: Final[Reason] = "a field has the wrong type"
TOO_LONG: Final[Reason] = "longer than 1 MiB"

TIMES: Final = (
    *("timestamp", "@timestamp", "ts", "time", "asctime", "_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP", "date"),
    *("receiveTimestamp", "created"),
)
"""Keys of the time, the best first; those after `asctime` are journald's, Fluent Bit's, Google's and `logging`'s."""

LONGEST_TIME: Final = 1e9
MOST_SENDS: Final = 1_000_000
"""What is more than these is damage, and would spoil a sum."""

_FIELDS: Final = {
    field.name: field.type for field in msgspec.structs.fields(Record) if field.name not in {"event", "at"}
}
_OF_CALLS: Final = frozenset(
    {"attempts", "outcome", "duration_s", "resend_overhead_s", "sdk_retry_count", "http_request_method"}
)
_OF_OTHERS: Final = frozenset(
    {"attempt", "rejection_rule", "action", "reason", "betas", "ttl_s", "result", "problem", "origin", "length", "hook"}
)
_BOUND: Final = frozenset({"gen_ai_request_model"})
_NOTHING: Final = frozenset({"", "None", "null"})
_QUOTES: Final = " \t'\""
_BRACKETS: Final = re.compile(r"\s*[\[(](.*)[\])]\s*", re.DOTALL)


class Unreadable(Exception):
    """A line that looks like ours, and why it cannot be read."""

    def __init__(self, reason: Reason) -> None:
        self.reason: Reason = reason
        super().__init__(reason)


def is_ours(name: object) -> bool:
    """Whether this is the name of an event of ours, of this version or a later one."""
    return isinstance(name, str) and name.startswith(PREFIX) and " " not in name


def is_whole(record: Record) -> bool:
    """Whether the fields are there that no event is without."""
    return bool(record.betamw_call) and (bool(record.outcome) or record.event != CALL)


def record_of(event: str, at: float | None, found: Mapping[str, Any], lacking: Reason = MISSING) -> Record:
    """The event of this name with the fields that are found.

    Raises:
        Unreadable: A field of this event is of the wrong type, or what no event is without is `lacking`.
    """
    bound = _BOUND | (_OF_OTHERS if event == CALL else _OF_CALLS)
    values: dict[str, Any] = {}
    for name in _FIELDS.keys() & found.keys():
        try:
            value = _value(_FIELDS[name], found[name])
        except (ValueError, OverflowError):
            if name in bound:  # the application's own: it is no field of this event
                continue
            raise Unreadable(WRONG) from None
        if value is not None:
            values[name] = value
    record = Record(event=event, at=at, **values)
    if not is_whole(record):
        raise Unreadable(lacking if values else MISSING)
    return record


def _value(kind: Any, value: Any) -> Any:
    """The value as this type; None for none."""
    if value is None or (isinstance(value, str) and value in _NOTHING):
        return None
    if kind == Names:
        return _names(value)
    if isinstance(value, bool | Mapping | list):
        raise ValueError  # noqa: TRY004 -- of one class with what `float` raises
    if kind in {str, str | None}:
        return str(value).encode("utf-8", "replace").decode()  # JSON may hold half of a surrogate pair
    number = float(value)
    if not math.isfinite(number) or number < 0 or number > LONGEST_TIME:
        raise ValueError
    if kind in {float, float | None}:
        return number
    if not number.is_integer():
        raise ValueError
    return int(number)


def _names(value: Any) -> Names:
    if isinstance(value, str):
        inner = found[1] if (found := _BRACKETS.fullmatch(value)) else value
        value = [name for item in inner.split(",") if (name := item.strip(_QUOTES))]
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError
    return tuple(name.encode("utf-8", "replace").decode() for name in value)
