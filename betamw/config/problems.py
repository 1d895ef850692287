"""All that is wrong with a configuration, told at once."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Final

import attrs

from betamw.core.errors import BetaError, ConfigError
from betamw.core.telling import discreet, holds_key, in_place_of, shown, without_key

_BARE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def key_name(key: str) -> str:
    """A key as it may be told."""
    if holds_key(key):
        return in_place_of(key)
    return key if _BARE.fullmatch(key) else shown(key)


def file_name(path: str) -> str:
    """The name of a file as it may be told."""
    if holds_key(path):
        return in_place_of(path)
    return path if path.isprintable() else shown(path)


def nearest(name: str, known: Iterable[str]) -> str:
    """What to write in place of an unknown name."""
    known = [*map(key_name, known)]
    if near := get_close_matches(name, known, n=1):
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(known)}"


@attrs.define(eq=False, field_transformer=discreet)
class Problems:
    """Lines that each say where something is wrong, what was expected and what was given.

    Attributes:
        lines: What was found so far.
        prefix: What the places begin with.
    """

    lines: list[str] = attrs.field(factory=list)
    prefix: str = ""

    def within(self, place: str) -> "Problems":
        """The same, for what is in a file."""
        return Problems(self.lines, f"{self.prefix}{place}: ")

    def add(self, where: str, text: object) -> None:
        """Something is wrong there."""
        self.lines.append(f"{self.prefix}{where}: {without_key(str(text))}")

    @contextmanager
    def at(self, where: str) -> Iterator[None]:
        """An error of ours in the block is a problem there."""
        try:
            yield
        except BetaError as error:
            self.add(where, error)

    def complain(self) -> None:
        """Raise one `ConfigError` with all of them, if there are any."""
        if self.lines:
            raise ConfigError("\n".join(self.lines))
