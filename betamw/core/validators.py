"""attrs validators that say what was wrong, what was given and what is allowed."""

import re
from collections.abc import Callable
from typing import Any, Final

import attrs

from betamw.core.errors import ConfigError
from betamw.core.telling import shown

_LARGEST: Final = 1.7976931348623157e308  # of all floats; an int may be beyond it, and `math.isfinite` raises

Validator = Callable[[object, "attrs.Attribute[Any]", Any], None]


def at_least(minimum: int) -> Validator:
    """A whole number, not below `minimum`."""

    def validate(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            msg = f"{attribute.name} must be an int >= {minimum}, got {shown(value)}"
            raise ConfigError(msg)
        if value < minimum:
            msg = f"{attribute.name} must be >= {minimum}, got {shown(value)}"
            raise ConfigError(msg)

    return validate


def _is_duration(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and 0 <= value <= _LARGEST


def seconds(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """A duration: a finite number above zero."""
    if not _is_duration(value) or value == 0:
        msg = f"{attribute.name} must be a finite number of seconds > 0, got {shown(value)}"
        raise ConfigError(msg)


def seconds_or_zero(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """A duration that may be zero."""
    if not _is_duration(value):
        msg = f"{attribute.name} must be a finite number of seconds >= 0, got {shown(value)}"
        raise ConfigError(msg)


def boolean(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """True or False, and nothing that is only truthy."""
    if not isinstance(value, bool):
        msg = f"{attribute.name} must be True or False, got {shown(value)}"
        raise ConfigError(msg)


def one_of(*allowed: object) -> Validator:
    """One of the values."""

    def validate(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if value not in allowed:
            msg = f"{attribute.name}={shown(value)} is not allowed, it must be one of {', '.join(map(repr, allowed))}"
            raise ConfigError(msg)

    return validate


def instance_of(kind: type, *, or_none: bool = False) -> Validator:
    """A value of this class, in the words of our own errors."""
    allowed = f"of class {kind.__name__} or None" if or_none else f"of class {kind.__name__}"

    def validate(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if not isinstance(value, kind) and not (or_none and value is None):
            msg = f"{attribute.name} must be {allowed}, got {shown(value)}"
            raise ConfigError(msg)

    return validate


def callable_(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """Something that can be called."""
    if not callable(value):
        msg = f"{attribute.name} must be callable, got {shown(value)}"
        raise ConfigError(msg)


_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_TAKEN: Final = frozenset(
    {"accept", "accept-encoding", "anthropic-version", "authorization", "connection", "content-encoding"}
    | {"content-length", "content-type", "cookie", "expect", "host", "proxy-authorization", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "user-agent", "x-api-key"}
)
"""Headers whose value a list of betas would break, or betray."""


def header_name(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """What can name a beta header: an RFC 9110 token, and none that means something else."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        msg = f"{attribute.name} must be the name of a header (RFC 9110 token), got {shown(value)}"
        raise ConfigError(msg)
    if value.lower() in _TAKEN:
        msg = f"{attribute.name} must be the name of a header for betas, got {value}, which means something else"
        raise ConfigError(msg)
