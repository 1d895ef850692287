"""How the page writes what differs from text: figures and times that programs can read, and labels of axes.

Facts: escaping for HTML does nothing about characters that are not seen but change what is (bidirectional overrides,
controls), and a surrogate cannot be written as UTF-8 at all: so texts go through `plain` before.
"""

import datetime as dt
from typing import Any, Final

from markupsafe import Markup, escape

from betamw.logs.summary import Finding
from betamw.logs.views.escaping import plain
from betamw.logs.views.figures import Times, seconds

_LONGEST: Final = 400
_LONGEST_PROSE: Final = 1200
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)  # not `%b`: the locale's
_SHORT: Final = dt.timedelta(days=1)
_SOME_DAYS: Final = dt.timedelta(days=3)
_LONG: Final = dt.timedelta(days=300)


def visible(value: Any) -> Any:
    """A text of the outside as the page may have it; what is not a text, or is HTML already, stays."""
    return plain(value, most=_LONGEST) if isinstance(value, str) and not isinstance(value, Markup) else value


def prose(finding: Finding) -> Markup:
    """What a finding says; what stands in backticks is code, unless they may be those of a name in it."""
    text = plain(finding.text, most=_LONGEST_PROSE)
    if "`" in f"{finding.beta}{finding.value}":
        return escape(text)
    parts = enumerate(text.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(part) if odd % 2 else part for odd, part in parts)


def duration(value: float) -> Markup:
    """A duration that programs can sort by."""
    return Markup('<data value="{}">{}</data>').format(f"{value:.6g}", seconds(value))


def moment(value: dt.datetime) -> str:
    """When, to the minute; to the second if that says more."""
    return value.strftime("%Y-%m-%d %H:%M:%S" if value.second else "%Y-%m-%d %H:%M")


def when_in(value: dt.datetime | None, times: Times) -> Markup | str:
    """When, in a table, where there is no room for what all times have in common."""
    return "" if value is None else when_told(value, times.short(value))


def when_told(value: dt.datetime, text: str) -> Markup:
    """When, for people in these words, and for programs."""
    return Markup('<time datetime="{}">{}</time>').format(value.strftime("%Y-%m-%dT%H:%M:%SZ"), text)


def tick(value: dt.datetime, span: dt.timedelta, step: float) -> str:
    """When, as short as an axis of this span can have it, in steps of so many seconds."""
    clock = value.strftime("%H:%M" if step >= 60 else "%H:%M:%S")  # noqa: PLR2004
    day = f"{_MONTHS[value.month - 1]} {value.day}"
    if span < _SHORT:
        return clock
    if span < _SOME_DAYS:
        return f"{day} {clock}"
    return day if span < _LONG else f"{_MONTHS[value.month - 1]} {value.year}"
