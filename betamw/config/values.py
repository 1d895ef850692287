"""The values of a file, each tried by itself on the class that takes it.

So the texts are those that the same mistake has in code, and all mistakes are found.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from betamw.config.problems import Problems
from betamw.config.settings import Config, Pin
from betamw.config.tables import items_of
from betamw.core.endpoint import EndpointRule
from betamw.core.policy import FallbackPolicy
from betamw.memory import RejectionMemory
from betamw.middlewares.api import FIRST_PARTY, Api

_Make = Callable[..., object]


def _else(make: _Make, **good: Any) -> _Make:
    """Makes one of what is given, and else of what is good."""

    def made(**given: Any) -> object:
        return make(**good | given)

    return made


_VALUES: Final[Mapping[str, _Make]] = {
    **dict.fromkeys(("betas", "remove"), _else(Config, api=Api(FIRST_PARTY))),
    **dict.fromkeys(("base_url", "header"), _else(Api, base_url=FIRST_PARTY)),
}
_TABLES: Final[Mapping[str, _Make]] = {"policy": FallbackPolicy, "memory": RejectionMemory}
_ARRAYS: Final[Mapping[str, _Make]] = {
    "endpoint": _else(EndpointRule, path="/v1", betas=()),
    "pin": _else(Pin, beta="a"),
}


def check_values(settings: Mapping[str, Any], where: str, problems: Problems) -> None:
    """Try each value of a file that has the right type."""
    for key, value in settings.items():
        at = f"{where}.{key}"
        if key in _VALUES:
            _try(_VALUES[key], key, value, at, problems)
        elif key in _TABLES:
            _try_each(_TABLES[key], value, at, problems)
        elif key in _ARRAYS:
            for place, table in items_of(value, at):
                _try_each(_ARRAYS[key], table, place, problems)


def _try_each(make: _Make, table: Mapping[str, Any], at: str, problems: Problems) -> None:
    for key, value in table.items():
        _try(make, key, value, f"{at}.{key}", problems)


def _try(make: _Make, key: str, value: Any, at: str, problems: Problems) -> None:
    """Make one with this value; of several in an array or a table, with each."""
    parts: list[tuple[str, Any]] = [(at, value)]
    if isinstance(value, list) and value:
        parts = [(place, [item]) for place, item in items_of(value, at) if isinstance(item, str)]
    elif isinstance(value, dict):
        named = zip(items_of(value, at), value.items(), strict=True)
        parts = [(place, {name: item}) for (place, _), (name, item) in named if isinstance(item, str)]
    for place, part in parts:
        with problems.at(place):
            make(**{key: part})
