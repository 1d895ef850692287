"""When a line was written, whatever its clock wrote.

Facts: ISO 8601 comes with `Z`, an offset or nothing (UTC is meant then), with a comma or a point before up to nine
digits; RFC 3164 (syslog, `journalctl`) leaves out the year; epochs are told apart by their size: seconds have ten
digits before the point until 2286, milliseconds thirteen, microseconds sixteen, nanoseconds nineteen.
"""

import datetime as dt
import math
import re
from typing import Final

_EPOCHS: Final = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
_ISO: Final = re.compile(
    r"(?<![\d-])(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?:[:.]\d\d)?)([.,]\d{1,9})? ?(Z|UTC|[+-]\d\d:?\d\d)?(?![\d:])"
)
_SYSLOG: Final = re.compile(r"\b([A-Z][a-z]{2}) ([ 0-3]?\d) (\d\d:\d\d:\d\d)(\.\d{1,9})?(?!\d)")
_UNIX: Final = re.compile(r"^(\d{10}\.\d{1,9})(?![\w.])")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY: Final = 86400.0
_SECOND: Final = 1_000_000_000
"""In nanoseconds, of which a Timestamp has less; JSON may hold a number that no float takes."""

LATEST: Final = 253_000_000_000.0
"""In the year 9987. What is later, or before 1970, is no time of a log, and might not go into a `datetime` again."""


def seconds(value: object) -> float | None:
    """The time in a field: ISO 8601, or an epoch as a number or in digits; None for anything else."""
    match value:
        case bool():
            return None
        case int() | float():
            return _epoch(value)
        case str():
            return _written(value.strip())
        case {"seconds": whole, **rest} if isinstance(
            whole, int | str
        ):  # a protobuf Timestamp, as Google's agents take
            nanos = rest.get("nanos", 0)
            at = seconds(whole)
            return at + nanos / 1e9 if at is not None and isinstance(nanos, int) and 0 <= nanos < _SECOND else at
        case _:
            return None


def seconds_before(text: str, now: float) -> float | None:
    """The last time in what stands before a message; one without a year is the last such before `now`."""
    if found := [*_ISO.finditer(text)]:
        return _iso(found[-1])
    if named := _SYSLOG.search(text):
        return _without_year(named, now)
    if counted := _UNIX.search(text):
        return _epoch(float(counted[1]))
    return None


def _sane(at: float) -> float | None:
    return at if 0 < at < LATEST else None


def _epoch(value: float) -> float | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return next((value / unit for limit, unit in _EPOCHS if 0 < value < limit), None)


def _written(text: str) -> float | None:
    try:  # most times are such; without a zone it may be a number, too
        if (when := dt.datetime.fromisoformat(text)).tzinfo is not None:
            return _sane(when.timestamp())
    except (ValueError, OverflowError):
        pass
    if found := _ISO.fullmatch(text):
        return _iso(found)
    try:
        return _epoch(float(text))
    except ValueError:
        return None


def _iso(found: re.Match[str]) -> float | None:
    # structlog's own default writes `00:00.02` for minutes and seconds in older versions
    text = found[1] if found[1][16:17] != "." else f"{found[1][:16]}:{found[1][17:]}"
    zone = found[3] or ""
    try:
        when = dt.datetime.fromisoformat(text + ("+00:00" if zone in {"", "Z", "UTC"} else zone))
        return _sane(when.timestamp() + (float(f"0.{found[2][1:]}") if found[2] else 0.0))
    except (ValueError, OverflowError):
        return None


def _without_year(found: re.Match[str], now: float) -> float | None:
    name, day, clock, fraction = found.groups()
    if name not in _MONTHS:
        return None
    latest = dt.datetime.fromtimestamp(now + _DAY, dt.UTC)
    for year in range(latest.year, latest.year - 8, -1):  # as far back as the 29th of February may be
        try:
            when = dt.datetime.fromisoformat(f"{year}-{_MONTHS.index(name) + 1:02}-{int(day):02}T{clock}+00:00")
        except ValueError:
            continue
        if when <= latest:
            return when.timestamp() + float(fraction or 0)
    return None
