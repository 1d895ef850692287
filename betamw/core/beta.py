"""A beta's name.

Facts: most names are `family-YYYY-MM-DD` (`files-api-2025-04-14`), but the list is open and some are not
(`tool_use:logging=false`, `claude-code-20250219`). Case matters. What a name cannot hold is what would break the
header around it: a comma, whitespace, a control character, a quotation mark, anything that is not ASCII.
"""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Final, Self

import attrs

from betamw.core.errors import ConfigError, InvalidBetaError
from betamw.core.telling import discreet, shown

_NAME: Final = re.compile(r"[!#-+\--~]+")  # visible ASCII but '"' (0x22) and ',' (0x2C)
_DATED: Final = re.compile(r"(.+)-([0-9]{4})-([0-9]{2})-([0-9]{2})")
_SHOWN: Final = 64


def is_beta_name(name: object) -> bool:
    """Whether `name` can stand in a beta header."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def validated(name: str, *, where: str = "a beta name") -> str:
    """Return `name`, or raise `InvalidBetaError` that says where it was given and shows it escaped and cut."""
    if is_beta_name(name):
        return name
    if not isinstance(name, str):
        msg = f"{where} must be one name, a string, got {shown(name, _SHOWN)}"
        raise InvalidBetaError(msg)
    given = shown(name, _SHOWN)
    if given.endswith("..."):
        given = f"{given} ({len(name)} characters)"
    msg = f"{where} must be visible ASCII without comma, whitespace or quotation mark, got {given}"
    raise InvalidBetaError(msg)


def validated_all(names: Iterable[str], *, where: str) -> tuple[str, ...]:
    """Return the names without repeats, in order; a single string is refused, for it is an iterable of letters."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        msg = f"{where} must be an iterable of beta names, got {type(names).__name__}"
        raise ConfigError(msg)
    return tuple(dict.fromkeys(validated(name, where=where) for name in names))


@attrs.frozen(field_transformer=discreet)
class Beta:
    """A beta's name and what it says: `Beta.parse("files-api-2025-04-14")`.

    Attributes:
        name: The name as it goes on the wire.
        family: The name without its date: `files-api`. A name off the pattern is its own family.
        date: The date in the name, None for a name off the pattern.
    """

    name: str
    family: str
    date: dt.date | None

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read a name; raises `InvalidBetaError` for one that cannot stand in a header."""
        validated(name)
        if match := _DATED.fullmatch(name):
            family, *ymd = match.groups()
            try:
                return cls(name, family, dt.date(*map(int, ymd)))
            except ValueError:  # digits, but no day of the calendar: 2025-02-30
                pass
        return cls(name, name, None)
