"""What `betamw config check`, `show` and `schema` take."""

import json

import click

from betamw.cli.config_show import InForce
from betamw.config.environment import unknown_variables
from betamw.config.load import Loaded, load
from betamw.config.problems import Problems
from betamw.config.shape import json_schema
from betamw.core.errors import ConfigError

_INVALID = 2
_path = click.argument("path", required=False)


@click.group(epilog="Example:  betamw config check betamw.toml")
def config() -> None:
    """Configuration by a TOML file and the environment.

    Without a PATH it is the file that BETAMW_CONFIG names, and without that, the environment alone.
    """


@config.command(epilog="Example:  betamw config check pyproject.toml", short_help="Say all that is wrong.")
@_path
def check(path: str | None) -> int:
    """Say all that is wrong with a file and the environment.

    One line on stderr for each problem, and exit code 2. A variable BETAMW_... that is not known is a problem here; a
    program that calls betamw.chain() does not mind it.
    """
    problems = Problems()
    loaded = _load(path, problems)
    unknown_variables(problems)
    if loaded is None or problems.lines:
        return _complain(problems)
    names = [loaded.name or "no file", *loaded.variables.values()]
    click.echo(f"OK: {', '.join(names)}{' (everything is turned off)' if loaded.config.disable else ''}")
    return 0


@config.command(epilog="Example:  betamw config show --json betamw.toml", short_help="Print what is in force.")
@_path
@click.option("--json", "json_", is_flag=True, help="Print JSON, with the sources beside the values.")
def show(path: str | None, *, json_: bool) -> int:
    """Print what is in force, and where each value comes from.

    File, environment and defaults together, as TOML that can be used as a file.
    """
    problems = Problems()
    loaded = _load(path, problems)
    if loaded is None:
        return _complain(problems)
    found = InForce.of(loaded)
    click.echo(found.as_json() if json_ else found.as_toml(), nl=False)
    return 0


@config.command(epilog="Example:  betamw config schema > betamw.schema.json", short_help="Print the JSON Schema.")
def schema() -> None:
    """Print the JSON Schema of a file with a table [betamw].

    Editors with a TOML language server (Taplo, Even Better TOML) check and complete a file that begins with the line
    "#:schema ./betamw.schema.json".
    """
    click.echo(json.dumps(json_schema(), indent=2))


def _load(path: str | None, problems: Problems) -> Loaded | None:
    try:
        return load(path)
    except ConfigError as error:
        problems.lines += str(error).splitlines()
        return None


def _complain(problems: Problems) -> int:
    for line in problems.lines:
        click.echo(line, err=True)
    return _INVALID
