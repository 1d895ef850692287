"""attrs validators that say what was wrong, what was given and what is allowed."""

from collections.abc import Callable
from typing import Any, Final

import attrs

from betamw.core.errors import ConfigError

_LARGEST: Final = 1.7976931348623157e308  # of all floats; an int may be beyond it, and `math.isfinite` raises

Validator = Callable[[object, "attrs.Attribute[Any]", Any], None]


def at_least(minimum: int) -> Validator:
    """A whole number, not below `minimum`."""

    def validate(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            msg = f"{attribute.name} must be an int >= {minimum}, got {value!r}"
            raise ConfigError(msg)

    return validate


def seconds(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """A duration: a finite number above zero."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LARGEST:
        msg = f"{attribute.name} must be a number of seconds > 0, got {value!r}"
        raise ConfigError(msg)


def boolean(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """True or False, and nothing that is only truthy."""
    if not isinstance(value, bool):
        msg = f"{attribute.name} must be True or False, got {value!r}"
        raise ConfigError(msg)


def one_of(*allowed: object, not_yet: tuple[object, ...] = ()) -> Validator:
    """One of the values; those of `not_yet` are promised for a later release and say so."""

    def validate(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if value in allowed:
            return
        wrong = "is not supported yet, it" if value in not_yet else "is not allowed, it"
        msg = f"{attribute.name}={value!r} {wrong} must be one of {', '.join(map(repr, allowed))}"
        raise ConfigError(msg)

    return validate
