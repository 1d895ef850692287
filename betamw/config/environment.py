"""The variables of the environment that configure. One that is empty counts as not set."""

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from betamw.config.problems import Problems, key_name, nearest
from betamw.core.beta import validated
from betamw.core.header import elements
from betamw.middlewares.switch import DISABLE, on_or_off

_PREFIX: Final = "BETAMW_"
CONFIG: Final = "BETAMW_CONFIG"
"""The path of a configuration file."""


def _betas(text: str) -> list[str]:
    return elements([text])


VARIABLES: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = MappingProxyType(
    {
        "BETAMW_BETAS": ("betas", _betas),
        "BETAMW_REMOVE": ("remove", _betas),
        "BETAMW_FALLBACK": ("fallback", on_or_off),
        DISABLE: ("disable", on_or_off),
    }
)
"""The variables that take the place of a key of the file, with that key and how they are read."""


def variable(name: str) -> str:
    """A variable of the environment, empty where it is not set."""
    return os.environ.get(name, "").strip()


def read_environment(problems: Problems) -> dict[str, tuple[str, Any]]:
    """What the environment sets, by the file's key: the variable and the value."""
    found: dict[str, tuple[str, Any]] = {}
    for name, (key, read) in VARIABLES.items():
        if text := variable(name):
            with problems.at(where(name)):
                value = read(text)
                found[key] = name, value
                for beta in value if isinstance(value, list) else ():
                    with problems.at(where(name)):
                        validated(beta)
    return found


def where(name: str) -> str:
    """A variable as the place of a problem."""
    return f"{name} in the environment"


def unknown_variables(problems: Problems) -> None:
    """Complain of variables that look like ours: they do nothing."""
    known = [CONFIG, *VARIABLES]
    for name in sorted(os.environ.keys() - known):
        if name.startswith(_PREFIX):
            near = nearest(name.removeprefix(_PREFIX), [name.removeprefix(_PREFIX) for name in known])
            problems.add(where(key_name(name)), f"is not known, {near} (after {_PREFIX})")
