"""Lines that are no JSON: key=value, logfmt, the console's, and what only names an event of ours.

Facts: `KeyValueRenderer` writes values as Python does, `LogfmtRenderer` in double quotes where they hold spaces,
`ConsoleRenderer` bare where it can, after time, `[level]` and the event itself. A formatter of `logging` that knows
nothing of `extra` writes the event's name alone.
"""

import re
from typing import Final

from betamw.logs.reading.fields import CUT, KNOWN, MISSING, TIMES, Unreadable, is_ours, record_of
from betamw.logs.reading.times import seconds, seconds_before
from betamw.logs.record import Record

NAMES: Final = ("event", "message", "msg")

# Whatever is opened and not closed takes the rest of the line: what is cut there is seen, and no line takes long.
_QUOTED: Final = r"""'(?:[^'\\]++|\\.)*+(?:'|$)|"(?:[^"\\]++|\\.)*+(?:"|$)"""
_PAIR: Final = re.compile(rf"(?<!\S)([\w@][\w.@-]*)=(\[(?:{_QUOTED}|[^\[\]'\"]++)*+(?:\]|$)|{_QUOTED}|\S*)", re.DOTALL)
_CLOSING: Final = {"[": "]", "'": "'", '"': '"'}
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_EVENT: Final = re.compile(r"(?<!\S)\[?(betamw\.[a-z]+(?:[._][a-z]+)*)(?=[\]\s]|$)")
_ENDING: Final = re.compile(r"\]?\s*(?:\[[\w.-]+\]\s*)?$")  # the logger's name
_AFTER: Final = re.compile(
    r"(?:^|[\]:|>)\d-]|\d[TZ]|\b(?:debug|info|warn|warning|error|critical|betamw|utc))[\s:|-]*$", re.IGNORECASE
)
_NEAR: Final = 200
_LOGGED: Final = re.compile(r"\b(?:debug|info|warn|warning|error|critical|betamw)\b", re.IGNORECASE)
_KNOWN: Final = re.compile(KNOWN)
_ALONE: Final = re.compile(rf"(?:^|[\s:|\]-])({KNOWN})\]?\s*(?=$|[(\[{{])")
_OF_JSON: Final = re.compile(
    rf""""betamw_schema\\*"\s*:|"(?:event|message|msg)\\*"\s*:\s*\\*"{KNOWN}\\*"|(?<!\S)betamw_schema=\d"""
)


def message_in(pairs: dict[str, str]) -> str | None:
    """A line of ours that is the message of another program's."""
    return next((text for key in NAMES if " " in (text := pairs.get(key, "")) and "betamw" in text), None)


def pairs_in(text: str) -> tuple[dict[str, str], int]:
    """What stands as key=value in a line, and where that begins.

    Raises:
        Unreadable: The last value is cut.
    """
    first = _PAIR.search(text)
    if first is None:
        return {}, len(text)
    pairs: dict[str, str] = {}
    for key, found in _PAIR.findall(text, first.start()):
        value = found
        closing = _CLOSING.get(value[:1])
        if closing is not None:
            if (len(value) == 1 or value[-1] != closing) and "betamw_call" in pairs:
                raise Unreadable(CUT)
            if closing != "]":
                value = value[1:-1] if "\\" not in value else _ESCAPED.sub(r"\1", value[1:-1])
        pairs[key] = value
    return pairs, first.start()


def event_in(text: str, pairs: dict[str, str], begin: int, outer: float | None, now: float) -> Record | None:
    """The event that a line of text is.

    Raises:
        Unreadable: It is one, and is not all there.
    """
    name = next((pairs[key] for key in NAMES if is_ours(pairs.get(key))), None)
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
    at = next((at for key in TIMES if (at := seconds(pairs.get(key))) is not None), None)
    if at is None:
        at = seconds_before(start, now)
    return record_of(name, outer if at is None else at, pairs, CUT)


def _leads(before: str) -> bool:
    """Whether what comes next is where a formatter puts the message; a long row of dashes must not take long."""
    return _AFTER.search(before, max(0, len(before) - _NEAR)) is not None


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
