"""From what is found in a line to a `Record`: text, and numbers of another type, are made into what the field holds."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

from betamw.logs.record import CALL, Names, Record

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

_OF_CALLS: Final = frozenset(
    {"attempts", "outcome", "duration_s", "resend_overhead_s", "sdk_retry_count", "http_request_method"}
)
_OF_OTHERS: Final = frozenset(
    {
        "attempt",
        "rejection_rule",
        "action",
        "reason",
        "betas",
        "ttl_s",
        "result",
        "problem",
        "origin",
        "length",
        "hook",
        "gen_ai_request_model",
    }
)
_NOTHING: Final = (None, "", "None", "null")
_QUOTES: Final = " \t'\""
_BRACKETS: Final = {"[]", "()"}
_FEW_DIGITS: Final = 6
_LISTS_KEPT, _LONGEST_KEPT = 512, 512
"""What is kept of lists that were read takes half a megabyte at most, whatever is in a log."""


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
    values: dict[str, Any]
    try:
        values = {name: _READ[name](value) for name, value in found.items() if name in _READ and value not in _NOTHING}
    except (TypeError, ValueError, OverflowError):
        values = _readable(event, found)
    record = Record(event=event, at=at, **values)
    if not is_whole(record):
        raise Unreadable(lacking if values else MISSING)
    return record


def _readable(event: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """What can be read where not all can: a value of the wrong type is none of ours in a field of other events only."""
    values: dict[str, Any] = {}
    for name, value in found.items():
        if name in _READ and value not in _NOTHING:
            try:
                values[name] = _READ[name](value)
            except (TypeError, ValueError, OverflowError):
                if name not in (_OF_OTHERS if event == CALL else _OF_CALLS):
                    raise Unreadable(WRONG) from None
    return values


def _text(value: Any) -> str:
    if value.__class__ is str and value.isascii():
        return value
    if value.__class__ is not str and isinstance(value, bool | Mapping | list):
        raise TypeError
    text = str(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()  # JSON may hold half of a pair


def _number(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not 0 <= number <= LONGEST_TIME:  # NaN neither
        raise ValueError
    return number


def _count(value: Any) -> int:
    if value.__class__ is str and len(value) <= _FEW_DIGITS and value.isascii() and value.isdigit():
        return int(value)
    number = _number(value)
    if not number.is_integer():
        raise ValueError
    return int(number)


def _sends(value: Any) -> int:
    if (count := _count(value)) > MOST_SENDS:
        raise ValueError
    return count


def _names(value: Any) -> Names:
    if isinstance(value, str):
        return _listed(value) if len(value) <= _LONGEST_KEPT else _listed.__wrapped__(value)
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise TypeError
    return tuple(map(_text, value))


@lru_cache(_LISTS_KEPT)
def _listed(text: str) -> Names:
    """The names in a list that was written as text; most lists of a log are like one before."""
    if text == "[]":
        return ()
    inner = text[1:-1] if text[0] + text[-1] in _BRACKETS else text
    return tuple(name for item in inner.split(",") if (name := item.strip(_QUOTES)))


_BY_TYPE: Final[dict[Any, Callable[[Any], Any]]] = {
    str: _text,
    str | None: _text,
    int: _count,
    int | None: _count,
    float | None: _number,
    Names: _names,
}
_READ: Final = {
    field.name: _BY_TYPE[field.type] for field in msgspec.structs.fields(Record) if field.name not in {"event", "at"}
} | {"attempts": _sends}
