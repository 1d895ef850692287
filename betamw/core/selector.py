"""Which part of a JSON body is this? A small language of paths, parsed once, when the catalog is read.

    speed                                            the key "speed"
    output_config.task_budget                        a key in an object
    tools[]                                          every element of a list
    tools[type=computer_20250124|bash_20241022]      the elements that are objects with one of these types
    messages[role=system].content[type=tool_addition][!tool.type=tool_definition]
    context_management{!edits}                       the object itself, when it passes the filter
    thinking.display=updates                         the key, when its value is this string
    fallback_credit_token:string                     the key, when its value is of this JSON type

The grammar (RFC 5234 style; nothing in it may be padded with spaces):

    selector = step *("." step) [check]
    step     = key ["[]" / 1*("[" filter "]") / 1*("{" filter "}")]
    filter   = ["!"] key *("." key) [check]      ; without a check: the key is there, whatever it holds, null included
    check    = "=" word *("|" word)              ; a string, one of these
             / ":" ("array" / "object" / "string")
    key      = word
    word     = 1*(ALPHA / DIGIT / "_" / "-")

A filter is asked of an object: anything else fails it, one that starts with "!" too. What a selector selects is what
would have to be taken out of the body: the key, or the element of the list. A body of another shape has none of it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final, Self

import attrs

from betamw.core.errors import ConfigError

Path = tuple[str | int, ...]
"""Where in a JSON body: `("messages", 1, "clear_at")`."""
Node = tuple[Path, object]

_TYPES: Final[Mapping[str, type]] = {"array": list, "object": dict, "string": str}
_WORD: Final = r"[A-Za-z0-9_-]+"
_CHECK: Final = rf"=({_WORD}(?:\|{_WORD})*)|:({'|'.join(_TYPES)})"
_FILTER: Final = re.compile(rf"(!?)({_WORD}(?:\.{_WORD})*)(?:{_CHECK})?")
_BRACKETS: Final = r"\[\]|(?:\[[^\[\]{}]+\])+|(?:\{[^\[\]{}]+\})+"
_STEP: Final = re.compile(rf"({_WORD})({_BRACKETS})?")
_SELECTOR: Final = re.compile(rf"({_WORD}(?:{_BRACKETS})?(?:\.{_WORD}(?:{_BRACKETS})?)*)(?:{_CHECK})?")
_MISSING: Final = object()


@attrs.frozen
class _Key:
    """From an object to the value of one key."""

    name: str

    def __call__(self, nodes: Iterator[Node]) -> Iterator[Node]:
        for path, value in nodes:
            if isinstance(value, dict) and self.name in value:
                yield (*path, self.name), value[self.name]


@attrs.frozen
class _Elements:
    """From a list to its elements."""

    def __call__(self, nodes: Iterator[Node]) -> Iterator[Node]:
        for path, value in nodes:
            if isinstance(value, list):
                for index, element in enumerate(value):
                    yield (*path, index), element


@attrs.frozen
class _Check:
    """Whether a value is one of some strings, or of a JSON type; without either, whether it is there."""

    words: frozenset[str] | None
    json_type: str | None

    @classmethod
    def parse(cls, words: str, json_type: str) -> Self:
        return cls(frozenset(words.split("|")) if words else None, json_type or None)

    def holds(self, value: object) -> bool:
        if self.words is not None:
            return isinstance(value, str) and value in self.words
        if self.json_type is not None:
            return isinstance(value, _TYPES[self.json_type])
        return value is not _MISSING

    def __call__(self, nodes: Iterator[Node]) -> Iterator[Node]:
        return (node for node in nodes if self.holds(node[1]))


@attrs.frozen
class _Filter:
    """The objects of which a check does (or does not) hold for the value under some keys."""

    keys: tuple[str, ...]
    check: _Check
    negated: bool

    @classmethod
    def parse(cls, text: str) -> Self | None:
        if match := _FILTER.fullmatch(text):
            return cls(tuple(match[2].split(".")), _Check.parse(match[3], match[4]), negated=bool(match[1]))
        return None

    def passes(self, value: object) -> bool:
        if not isinstance(value, dict):
            return False
        found: object = value
        for key in self.keys:
            found = found.get(key, _MISSING) if isinstance(found, dict) else _MISSING
        return self.check.holds(found) is not self.negated

    def __call__(self, nodes: Iterator[Node]) -> Iterator[Node]:
        return (node for node in nodes if self.passes(node[1]))


_Step = _Key | _Elements | _Filter | _Check


def _signs(step: _Step) -> list[tuple[str, ...]]:
    """The strings that stand in each JSON text in which a step finds something: of each tuple, one."""
    match step:
        case _Key(name):
            return [(name,)]
        case _Check(words) if words:
            return [tuple(sorted(words))]
        case _Filter(keys, check, False):
            return [*((key,) for key in keys), *_signs(check)]
    return []


@attrs.frozen
class Selector:
    """A parsed selector: `Selector.parse("tools[type=computer_20250124]")`.

    Attributes:
        text: As it was written.
    """

    text: str
    _steps: tuple[_Step, ...] = attrs.field(repr=False, eq=False)
    _signs: tuple[tuple[bytes, ...], ...] = attrs.field(repr=False, eq=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a selector; raises `ConfigError` that shows the text and the part that is wrong."""
        if not (match := _SELECTOR.fullmatch(text)):
            msg = f"a selector is keys with brackets, joined by dots, like 'tools[type=x].name', got {text!r}"
            raise ConfigError(msg)
        steps: list[_Step] = []
        for key, brackets in _STEP.findall(match[1]):
            steps.append(_Key(key))
            if brackets[:1] == "[":
                steps.append(_Elements())
            steps += map(partial(_filter, selector=text), re.findall(r"[^\[\]{}]+", brackets))
        if match[2] or match[3]:
            steps.append(_Check.parse(match[2], match[3]))
        signs = dict.fromkeys(sign for step in steps for sign in _signs(step))
        return cls(text, tuple(steps), tuple(tuple(f'"{word}"'.encode() for word in sign) for sign in signs))

    def may_be_in(self, holds: Callable[[bytes], bool]) -> bool:
        """Whether a JSON text can hold what is selected, going by the words in it: False is certain.

        `holds` says whether the text holds some bytes. A word that is spelled with escapes is not found.
        """
        return all(any(map(holds, sign)) for sign in self._signs)

    def find(self, body: object) -> Iterator[Node]:
        """What is selected in a decoded JSON value, in document order: its path and its value. Never raises."""
        nodes: Iterator[Node] = iter([((), body)])
        for step in self._steps:
            nodes = step(nodes)
        return nodes

    def select(self, body: object) -> Iterator[Path]:
        """The paths of what is selected, in document order. Never raises."""
        return (path for path, _ in self.find(body))


def _filter(text: str, selector: str) -> _Filter:
    if (parsed := _Filter.parse(text)) is None:
        msg = f"a filter is a key, 'key=word|word' or 'key:type', perhaps with '!' before, got {text!r} in {selector!r}"
        raise ConfigError(msg)
    return parsed
