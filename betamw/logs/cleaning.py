"""Records as they may be shown: what is in a log was written by anybody."""

from typing import Any, Final

from betamw.logs.record import Record
from betamw.logs.views.escaping import plain

_LAST: Final = 253402300800.0
"""The beginning of the year 10000."""


def cleaned(record: Record) -> Record:
    """The record as it may be shown: each text in one line, none that is a key, and no time that no calendar has."""
    values: dict[str, Any] = {}
    for name in Record.__struct_fields__:
        match getattr(record, name):
            case str(text):
                values[name] = plain(text)
            case tuple(names):
                values[name] = tuple(map(plain, names))
            case value:
                values[name] = value
    if record.at is not None and not 0 <= record.at < _LAST:
        values["at"] = None
    return Record(**values)
