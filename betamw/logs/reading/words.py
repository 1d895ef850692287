"""Lines that are no JSON: key=value, logfmt, the console's, and what only names an event of ours.

Facts: `KeyValueRenderer` writes values as Python does, `LogfmtRenderer` in double quotes where they hold spaces,
`ConsoleRenderer` bare where it can, after time, `[level]` and the event itself. A formatter of `logging` that knows
nothing of `extra` writes the event's name alone.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from betamw.logs.reading.fields import CUT, KNOWN, MISSING, TIMES, Unreadable, is_ours, record_of
from betamw.logs.reading.times import seconds, seconds_before
from betamw.logs.record import Record

NAMES: Final = ("event", "message", "msg")

# Whatever is opened and not closed takes the rest of the line: what is cut there is seen, and no line takes long.
_QUOTED: Final = r"""'(?:[^'\\]++|\\.)*+(?:'|$)|"(?:[^"\\]++|\\.)*+(?:"|$)"""
_PAIR: Final = re.compile(rf"(?<!\S)([\w@][\w.@-]*)=(\[(?:{_QUOTED}|[^\[\]'\"]++)*+(?:\]|$)|{_QUOTED}|\S*)", re.DOTALL)
_CLOSED: Final = re.compile(r"""(?:\[(?:'[^'\\]*+'|"[^"\\]*+"|[^\[\]'"]++)*+\]|'[^'\\]*+'|"[^"\\]*+"|[^\['"\s]\S*+)?""")
_LIST: Final = " betas_"
_LONGEST_KEPT: Final = 1000
_KEPT: Final = 256
"""The lists of so many lines are kept, as most lines have those of one before: that is a megabyte or two at most."""
_CLOSING: Final = {"[": "]", "'": "'", '"': '"'}
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_EVENT: Final = re.compile(r"(?<!\S)\[?(betamw\.[a-z]+(?:[._][a-z]+)*)(?=[\]\s]|$)")
_ENDING: Final = re.compile(r"\]?\s*(?:\[[\w.-]+\]\s*)?$")  # the logger's name
_AFTER: Final = re.compile(
    r"(?:^|[\]:|>)\d-]|\d[TZ]|\b(?:debug|info|warn|warning|error|critical|betamw|utc))[\s:|-]*$", re.IGNORECASE
)
_MARKS: Final = "]:|>)-0123456789"
_NEAR: Final = 200
_LOGGED: Final = re.compile(r"\b(?:debug|info|warn|warning|error|critical|betamw)\b", re.IGNORECASE)
_KNOWN: Final = re.compile(KNOWN)
_ALONE: Final = re.compile(rf"(?:^|[\s:|\]-])({KNOWN})\]?\s*(?=$|[(\[{{])")
_OF_JSON: Final = re.compile(
    rf""""betamw_schema\\*"\s*:|"(?:event|message|msg)\\*"\s*:\s*\\*"{KNOWN}\\*"|(?<!\S)betamw_schema=\d"""
)


def message_in(pairs: dict[str, str]) -> str | None:
    """A line of ours that is the message of another program's."""
    for key in NAMES:
        if key in pairs and " " in (text := pairs[key]) and "betamw" in text:
            return text
    return None


def pairs_in(text: str) -> tuple[dict[str, str], int]:
    """What stands as key=value in a line, and where that begins.

    Raises:
        Unreadable: The last value is cut.
    """
    first = _PAIR.search(text)
    if first is None:
        return {}, len(text)
    begin = first.start()
    pairs: dict[str, str] = {}
    start, end = _lists_in(text, begin)
    rest = begin
    if start < end <= start + _LONGEST_KEPT and (lists := _alone(text[start:end])):
        before = _PAIR.findall(text[:start], begin)
        if not before or _CLOSED.fullmatch(before[-1][1]):
            _add(pairs, before)
            pairs |= lists
            rest = end
    _add(pairs, _PAIR.findall(text, rest))
    return pairs, begin


def _lists_in(text: str, begin: int) -> tuple[int, int]:
    """Where the lists of an event stand, which are next to each other whatever the order: with the space before."""
    start = text.find(_LIST, begin)
    after = text.find("=", text.find("=", text.rfind(_LIST)) + 1) if start > 0 else 0
    return start, text.rfind(" ", 0, after) if after > 0 else len(text)


@lru_cache(_KEPT)
def _alone(part: str) -> dict[str, str]:
    """The pairs in a part of a line, if they are the same whatever stands before and after it; else none."""
    found = _PAIR.findall(part)
    pairs: dict[str, str] = {}
    if all(_CLOSED.fullmatch(value) for _, value in found):
        _add(pairs, found)
    return pairs


def _add(pairs: dict[str, str], found: Iterable[tuple[str, str]]) -> None:
    for key, written in found:
        value = written
        closing = _CLOSING.get(value[:1])
        if closing is not None:
            if (len(value) == 1 or value[-1] != closing) and "betamw_call" in pairs:
                raise Unreadable(CUT)
            if closing != "]":
                value = value[1:-1] if "\\" not in value else _ESCAPED.sub(r"\1", value[1:-1])
        pairs[key] = value


def event_in(text: str, pairs: dict[str, str], begin: int, outer: float | None, now: float) -> Record | None:
    """The event that a line of text is.

    Raises:
        Unreadable: It is one, and is not all there.
    """
    name = next((pairs[key] for key in NAMES if key in pairs and is_ours(pairs[key])), None)
    start = text[:begin]
    token = _EVENT.search(start) if name is None else None
    if token and _ENDING.match(start, token.end()) and _leads(start[: token.start()]):
        name = token[1]
        start = start[: token.start()]
    if name is None:
        blame(text)
        return None
    if not pairs.keys() & {"betamw_call", "betamw_schema"}:
        if _KNOWN.fullmatch(name):
            raise Unreadable(MISSING)
        return None
    at = next((at for key in TIMES if key in pairs and (at := seconds(pairs[key])) is not None), None)
    if at is None:
        at = seconds_before(start, now)
    return record_of(name, outer if at is None else at, pairs, CUT)


def _leads(before: str) -> bool:
    """Whether what comes next is where a formatter puts the message; a long row of dashes must not take long."""
    last = before.rstrip()[-1:]
    return last in _MARKS or _AFTER.search(before, max(0, len(before) - _NEAR)) is not None


def blame(text: str) -> None:
    """Pass what is another program's.

    Raises:
        Unreadable: It is clearly meant as one of our events.
    """
    if _OF_JSON.search(text):
        raise Unreadable(CUT)
    if (
        (alone := _ALONE.search(text))
        and (text == alone[1] or _LOGGED.search(text[: alone.start(1)]))
        and _leads(text[: alone.start(1)])
    ):
        raise Unreadable(MISSING)
