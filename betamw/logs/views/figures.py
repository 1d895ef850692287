"""Figures as people read them: counts with separators, seconds in a readable unit, times as short as the log allows."""

import datetime as dt
from typing import Final

import attrs

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_UNITS: Final = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s"))
_DATE, _SECOND = slice(0, 10), slice(11, 19)
_FEW_MINUTES: Final = dt.timedelta(minutes=10)


def number(count: int) -> str:
    """A count, `12,480`."""
    return f"{count:,}"


def some(count: int) -> str:
    """A count in a table: nothing where there is none, so that what is there stands out."""
    return number(count) if count else ""


def counted(count: int, what: str) -> str:
    """A count of things, `1 call`, `12,480 calls`."""
    return f"{number(count)} {what}{'' if count == 1 else 's'}"


def share(part: int, whole: int) -> str:
    """A share in percent, rounded down: 100 % means all, 0.0 % none."""
    if part == whole:
        return "100 %"
    tenths = part * 1000 // whole
    return f"{tenths / 10:.1f} %" if tenths or not part else "<0.1 %"


def seconds(value: float) -> str:
    """Seconds with three digits, or with two units: `641 ms`, `1.21 s`, `12.9 s`, `3 min 12 s`, `2 d 3 h`."""
    if value < 0.9995:  # noqa: PLR2004  what is nearer to 1 is shown as 1.00 s
        return f"{value * 1000:.0f} ms" if value >= 0.001 or not value else "<1 ms"  # noqa: PLR2004  likewise
    if value < _MINUTE - 0.05:
        return f"{value:.2f} s" if value < 9.995 else f"{value:.1f} s"  # noqa: PLR2004  likewise
    return span(round(value))


def span(whole: int) -> str:
    """Whole seconds in the two greatest units that they have: `6 h`, `1 d 12 h`."""
    for place, (size, unit) in enumerate(_UNITS):
        if whole >= size:
            rest = _UNITS[place + 1] if size > 1 else (whole + 1, "")
            less = whole % size // rest[0]
            return f"{number(whole // size)} {unit}{f' {less} {rest[1]}' if less else ''}"
    return "0 s"


@attrs.frozen
class Times:
    """How times are written: without what all times of a log have in common. They are UTC; the report says so once."""

    part: slice

    @classmethod
    def between(cls, since: dt.datetime | None, until: dt.datetime | None) -> "Times":
        """For a log that begins and ends then."""
        begin = 0
        if since and until and since.year == until.year:
            begin = 5
        if since and until and since.date() == until.date():
            return cls(_SECOND if until - since < _FEW_MINUTES else slice(11, 16))
        return cls(slice(begin, 16))

    def short(self, at: dt.datetime | None) -> str:
        """A time in a table."""
        return "" if at is None else _utc(at)[self.part]

    def of_bucket(self, start: dt.datetime, size: int) -> str:
        """The beginning of a stretch of time of so many seconds."""
        if size % _DAY == 0:
            return _utc(start)[_DATE]
        return _utc(start)[slice(self.part.start, 19) if size < _MINUTE else self.part]


def ends(since: dt.datetime, until: dt.datetime) -> tuple[str, str]:
    """When a log begins and ends, in a sentence: to the minute, `2026-11-01 14:03`, to the second where it is short."""
    length = 19 if until - since < _FEW_MINUTES else 16
    return _utc(since)[:length], _utc(until)[:length]


def _utc(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(sep=" ")
