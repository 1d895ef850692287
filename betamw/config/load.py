"""`load_config`: the file, the environment on top, and one error that lists all that is wrong with them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from betamw.catalog import CATALOG
from betamw.config.environment import CONFIG, read_environment, variable
from betamw.config.file import as_path, prefix_of, read_catalog, read_file
from betamw.config.problems import Problems, file_name
from betamw.config.settings import Config, Pin
from betamw.config.shape import Settings
from betamw.config.tables import read_table
from betamw.config.values import check_values
from betamw.core.catalog import Catalog
from betamw.core.endpoint import EndpointRule
from betamw.core.errors import at
from betamw.core.policy import FallbackPolicy
from betamw.core.telling import discreet
from betamw.middlewares.api import Api


@attrs.frozen(eq=False, field_transformer=discreet)
class Loaded:
    """A configuration, and where it comes from.

    Attributes:
        config: What it says.
        path: Its file, None without one.
        name: What problems call the file, empty without one.
        settings: What is set, by the keys of the file.
        variables: The variables of the environment that set some of it, by those keys.
    """

    config: Config
    path: Path | None
    name: str
    settings: Mapping[str, Any]
    variables: Mapping[str, str]


def load_config(path: str | os.PathLike[str] | None = None) -> Config:
    """Read the configuration of a file, and of the environment on top of it.

    Args:
        path: A TOML file with a table `[betamw]`, in a `pyproject.toml` with a table `[tool.betamw]`. By default the
            one that `BETAMW_CONFIG` names; without that, none: nothing is searched.

    `BETAMW_BETAS`, `BETAMW_REMOVE` (both as in the header), `BETAMW_FALLBACK` and `BETAMW_DISABLE` (on or off) take the
    place of what the file says; an empty one counts as not set. Raises `ConfigError` with a line for each problem: file
    or variable, key, what was expected and what was given.
    """
    return load(path).config


def load(path: object = None, api: Api | None = None) -> Loaded:
    """Read a configuration, for that API if one is given."""
    problems = Problems()
    file, label = _file(path)
    settings, catalog = _from_file(file, label, problems) if file is not None else ({}, CATALOG)
    found = read_environment(problems)
    settings |= {key: value for key, (_, value) in found.items()}
    problems.complain()
    if isinstance(api, Api) and "catalog" not in settings:
        catalog = api.catalog
    if api is None:
        api = Api(**{key: settings[key] for key in ("base_url", "header") if key in settings}, catalog=catalog)
    with at(label):
        config = _config(settings, catalog, api)
    return Loaded(config, file, label, settings, {key: name for key, (name, _) in found.items()})


def _file(path: object) -> tuple[Path | None, str]:
    """The file to read, and what problems are to call it."""
    if path is not None:
        file = as_path(path)
        return file, file_name(str(file))
    if not (given := variable(CONFIG)):
        return None, ""
    return Path(given), f"{CONFIG}={file_name(given)}"


def _from_file(file: Path, label: str, problems: Problems) -> tuple[dict[str, Any], Catalog]:
    given, where, catalog = read_file(file, label, problems), prefix_of(file), CATALOG
    problems = problems.within(label)
    settings = read_table(given, Settings, where, problems)
    check_values(settings, where, problems)
    if "catalog" in settings:
        path = file.parent / settings["catalog"]
        with problems.at(f"{where}.catalog: {file_name(str(path))}"):
            catalog = read_catalog(path)
    return settings, catalog


def _config(settings: Mapping[str, Any], catalog: Catalog, api: Api) -> Config:
    """Make it of settings that have been checked one by one."""
    rules = catalog.rules if settings.get("catalog_rules", True) else ()
    return Config(
        **{key: settings[key] for key in ("betas", "remove", "fallback", "disable") if key in settings},
        **settings.get("memory", {}),
        api=api,
        endpoints=(*rules, *(EndpointRule(**rule) for rule in settings.get("endpoint", ()))),
        policy=FallbackPolicy(**{"required": catalog.required, **settings.get("policy", {})}),
        pins=tuple(Pin(**pin) for pin in settings.get("pin", ())),
    )
