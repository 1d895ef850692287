"""A configuration as it is in force, and where each of its values comes from."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs
import msgspec
import tomli_w

from betamw.config.load import Loaded
from betamw.config.shape import Settings
from betamw.core.telling import discreet, holds_key, in_place_of
from betamw.middlewares.api import ENVIRONMENT

_DEFAULT: Final = "default"


@attrs.frozen(field_transformer=discreet)
class InForce:
    """All values in the shape of a file's table, and their sources.

    Attributes:
        values: By key; of `policy` and `memory`, which are tables, with all of their keys.
        sources: By key, that of a table's with the table's before it: a variable, the file, or `default`.
    """

    values: Mapping[str, Any]
    sources: Mapping[str, str]

    @classmethod
    def of(cls, loaded: Loaded) -> "InForce":
        """What was loaded, and the defaults for the rest."""
        given, values, sources = {**loaded.settings}, _usual(loaded), {}
        if loaded.path is not None and "catalog" in given:  # what is printed may be put elsewhere
            given["catalog"] = str((loaded.path.parent / given["catalog"]).absolute())
        for key, value in given.items():
            is_table = isinstance(value, dict)
            values[key] = values[key] | value if is_table else value
            for name in [f"{key}.{name}" for name in value] if is_table else [key]:
                sources[name] = loaded.variables.get(name, loaded.name)
        if "base_url" not in given and os.environ.get(ENVIRONMENT):
            sources["base_url"] = ENVIRONMENT
        return cls(_tellable(values), sources)

    def as_json(self) -> str:
        """The values under `betamw`, the sources of those that are no defaults under `from`."""
        return f"{json.dumps({'betamw': self.values, 'from': self.sources}, indent=2)}\n"

    def as_toml(self) -> str:
        """A file that says the same, with the source behind each value."""
        return "".join(self._table("betamw", "", self.values))

    def _table(self, header: str, prefix: str, table: Mapping[str, Any]) -> Iterator[str]:
        yield f"[{header}]\n"
        for key, value in table.items():
            if not isinstance(value, dict) and not _is_tables(value):
                yield f"{tomli_w.dumps({key: value}).rstrip()}  # {self._source(f'{prefix}{key}')}\n"
        for key, value in table.items():
            if isinstance(value, dict):
                yield "\n"
                yield from self._table(f"{header}.{key}", f"{prefix}{key}.", value)
            elif _is_tables(value):
                for item in value:
                    yield f"\n[[{header}.{key}]]  # {self._source(key)}\n{tomli_w.dumps(item)}"

    def _source(self, name: str) -> str:
        """Of a value, or of the one that it is in."""
        found = (source for key, source in self.sources.items() if f"{name}.".startswith(f"{key}."))
        return next(found, _DEFAULT)


def _usual(loaded: Loaded) -> dict[str, Any]:
    """The defaults, as far as they depend on nothing but the environment and the catalog."""
    usual: dict[str, Any] = msgspec.to_builtins(Settings())
    base_urls = [*loaded.config.api.base_url]
    usual["base_url"] = base_urls if len(base_urls) > 1 else base_urls[0]
    usual["policy"]["required"] = sorted(loaded.config.policy.required)
    return usual


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _tellable(value: Any) -> Any:
    """A value without what looks like a key."""
    if isinstance(value, dict):
        return {_tellable(key): _tellable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_tellable(item) for item in value]
    return in_place_of(value) if isinstance(value, str) and holds_key(value) else value
