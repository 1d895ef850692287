"""A configuration file, as far as the table that is ours."""

import os
import tomllib
from pathlib import Path
from typing import Any, Final

from betamw.catalog import Catalog
from betamw.config.problems import Problems, key_name
from betamw.core.errors import ConfigError
from betamw.core.telling import shown
from betamw.text_file import read_text

PYPROJECT: Final = "pyproject.toml"


def as_path(path: object) -> Path:
    """The path of a file; raises `ConfigError` for what is none."""
    given = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if not isinstance(given, str) or not given or "\0" in given:
        msg = f"config must be a Config or the path of a TOML file, got {shown(path)}"
        raise ConfigError(msg)
    return Path(given)


def prefix_of(path: Path) -> str:
    """What our keys begin with in this file."""
    return "tool.betamw" if path.name == PYPROJECT else "betamw"


def read_file(path: Path, label: str, problems: Problems) -> object:
    """Our table of a file, which problems are to call by its label."""
    with problems.at(label):
        found: dict[str, Any] = _toml(read_text(path))
        root = _table(found, "tool") if path.name == PYPROJECT else found
        if "betamw" in root:
            return root["betamw"]
        wanted = prefix_of(path)
        raise ConfigError(f"must have a table [{wanted}], {_instead(path, found)}")  # noqa: EM102, TRY003  said once
    return {}


def read_catalog(path: Path) -> Catalog:
    """A catalog of the user's own."""
    text = read_text(path)
    _toml(text)  # says more of where it is wrong
    return Catalog.from_toml(text)


def _instead(path: Path, found: dict[str, Any]) -> str:
    if path.name != PYPROJECT:
        if "betamw" in _table(found, "tool"):
            return f"got [tool.betamw], which is for a {PYPROJECT}"
        return f"got {', '.join(map(key_name, found))} at the top" if found else "got nothing"
    return "got [betamw] without tool." if "betamw" in found else "add it, or name another file"


def _table(of: dict[str, Any], key: str) -> dict[str, Any]:
    table = of.get(key)
    return table if isinstance(table, dict) else {}


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"must be TOML: {error}"
        raise ConfigError(msg) from None
