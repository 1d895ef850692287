"""What of the outside may be told: in a log, a `repr`, the text of an error, a file, the key of a cache.

Facts: what stands in a beta header, or where a model's name is meant, was written by somebody else, and now and then it
is a key that was pasted into the wrong place. Keys have beginnings to know them by (`sk-ant-`, `eyJ`, `AKIA`), also
after other words (`x-api-key=sk-ant-...`). One that looks like a name cannot be told from a name.
"""

import datetime as dt
import enum
import re
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any, Final

import attrs

LONGEST_LIST: Final = 50
"""Names of one list that are told."""

_OURS: Final = f"{__name__.partition('.')[0]}."
_MOST_KEPT: Final = 128
_MOST_SHOWN: Final = 100
_KEY: Final = (
    r"(?<![A-Za-z0-9])(?:[sS][kK][-_]|eyJ|A[KS]IA|ABSK|bedrock-api-key-|AIza|ya29\.|gh[pousr]_|github_pat_|xox[a-z]-)"
)
_HOLDS_KEY: Final = re.compile(_KEY)
_TOLD: Final = re.compile(rf"(?!.*{_KEY})[A-Za-z0-9][A-Za-z0-9._:=-]{{0,127}}")
_WORD: Final = re.compile(r"[^\s'\"(\[{,]+")
_TO_QUERY: Final = re.compile(r"[^?#]*[?#]")


def holds_key(text: str) -> bool:
    """Whether something in a text looks like a key: of an API or a cloud, a token, a JWT."""
    return _HOLDS_KEY.search(text) is not None


def without_key(text: str) -> str:
    """The text of an error, or that it cannot be told."""
    return "what looks like a key cannot stand there" if holds_key(text) else text


def may_be_told(name: str) -> bool:
    """Whether a name looks like one: short, plain, and no key."""
    return _TOLD.fullmatch(name) is not None


def may_be_kept(names: Collection[str]) -> bool:
    """Whether a cache may hold names after the call that they came with: only such as may be told, and not too many."""
    return len(names) <= _MOST_KEPT and all(map(may_be_told, names))


def in_place_of(name: str) -> str:
    """What is told in place of a name that may not be."""
    return f"<invalid len={len(name)}>"


def name_told(name: str) -> str:
    """A name as it may be told."""
    return name if may_be_told(name) else in_place_of(name)


def shown(value: object, most: int = _MOST_SHOWN) -> str:
    """A value as the text of an error shows it: escaped and cut, without userinfo and query, and no key at all."""
    text = ascii(value)
    if holds_key(text):
        return f"a value of class {type(value).__name__} that holds what looks like a key"
    text = _WORD.sub(_without_credentials, text)
    return text if len(text) <= most else f"{text[:most]}..."


def _without_credentials(word: re.Match[str]) -> str:
    """What may be a URL, without its query, and without what stands before the host."""
    text = word[0]
    if "://" in text and (to_query := _TO_QUERY.match(text)):
        text = f"{to_query[0]}..."
    userinfo, at, rest = text.rpartition("@")
    return f"...@{rest}" if at and ":" in userinfo else text


def told(value: object) -> str:
    """The `repr` of a value, without what may not be told: names are checked, what is not ours is only called."""
    match value:
        case str():
            text = repr(value) if may_be_told(value) or not value else in_place_of(value)
        case bytes():
            text = f"<{len(value)} bytes>"
        case Mapping():
            text = f"{{{_listed(f'{told(key)}: {told(value[key])}' for key in value)}}}"
        case tuple():
            text = f"({_listed(map(told, value))}{',' * (len(value) == 1)})"
        case list() | set() | frozenset():
            text = f"[{_listed(map(told, value))}]"
        case None | bool() | int() | float() | enum.Enum() | dt.date():
            text = repr(value)
        case _:
            ours = attrs.has(type(value)) and type(value).__module__.startswith(_OURS)
            text = repr(value) if ours else f"<{type(value).__name__}>"
    return text


def _listed(items: Iterable[str]) -> str:
    rest = iter(items)
    first = ", ".join(islice(rest, LONGEST_LIST))
    return first if next(rest, None) is None else f"{first}, ..."


def discreet(_cls: type, fields: "list[attrs.Attribute[Any]]") -> "list[attrs.Attribute[Any]]":
    """Make the `repr` of an attrs class safe to be written down: `@attrs.define(field_transformer=discreet)`."""
    return [field.evolve(repr=told) if field.repr is True else field for field in fields]
