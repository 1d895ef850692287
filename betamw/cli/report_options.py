"""The values of the options of `betamw report`: checked before a line is read, and completed by the shell."""

import datetime as dt
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

from betamw.core.catalog import CATALOG
from betamw.core.endpoint import OTHER
from betamw.core.telling import shown
from betamw.logs.views.escaping import plain

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_AGO: Final = re.compile(rf"(\d+(?:\.\d+)?)\s*([{''.join(_UNITS)}])")
_HTML: Final = b"<!doctype html"
_FILES: Final = "FILE"
_SELECTING: Final = frozenset({"--since", "--until", "--beta", "--endpoint", "--outcome"})
_GOES_WITH: Final = {
    "--install-lnav": frozenset[str](),
    "--call": frozenset({_FILES, "--json"}),
    "--follow": _SELECTING | {_FILES, "--check"},
    "--json": (_ANY := _SELECTING | {_FILES, "--html", "--check", "--fail-on", "--processes", "--call"}),
    "--md": _ANY - {"--call"},
}
STANDARD: Final = "-"
"""Standard input where a file is read, standard output where one is written."""


def time_given(ctx: click.Context, param: click.Parameter, value: str | None) -> dt.datetime | None:
    """A time in ISO 8601, in UTC where it has no offset, or how long ago it was."""
    if value is None:
        return None
    try:
        if ago := _AGO.fullmatch(value.strip()):
            return dt.datetime.now(dt.UTC) - dt.timedelta(seconds=float(ago[1]) * _UNITS[ago[2]])
        at = dt.datetime.fromisoformat(value.strip())
        return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        like = "must be a time, like 2026-11-01 or 2026-11-01T14:30Z, or how long ago, like 90m, 2h or 3d"
        msg = f"{like}, got {shown(value)}"
    raise click.BadParameter(msg, ctx, param)


def betas_given(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Names of betas, or patterns."""
    for value in values:
        if not value.strip() or not value.isprintable():
            msg = f"must be a beta's name, or a pattern like 'files-api-*', got {shown(value)}"
            raise click.BadParameter(msg, ctx, param)
    return tuple(value.strip() for value in values)


def endpoints_given(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """URL templates, or patterns."""
    for value in values:
        if not value.startswith(("/", "*", "?", "[")) and value != OTHER:
            like = f"must begin with a slash, like /v1/messages or '/v1/files*', or be {OTHER}"
            msg = f"{like}, got {shown(value)}"
            raise click.BadParameter(msg, ctx, param)
    return values


def known_betas(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """For the shell: the names in the catalog that begin so."""
    return [name for name in sorted(CATALOG.betas) if name.startswith(incomplete)]


def known_endpoints(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """For the shell: the templates in the catalog that begin so."""
    return [template for template in CATALOG.url_templates if template.startswith(incomplete)]


def page_path(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Where the page goes: nothing is overwritten that is no page, as a log would be, were its name taken for it."""
    if value is None or value == STANDARD:
        return value
    path = Path(value)
    wrong = ""
    if path.exists():
        wrong = _why_not_overwritten(path)
    elif not path.parent.is_dir():
        wrong = f"there is no directory {plain(str(path.parent))}"
    if not wrong and not os.access(Path(os.path.realpath(path)).parent, os.W_OK):  # `resolve` raises for a loop
        wrong = "its directory cannot be written to"
    if wrong:
        msg = f"{plain(value)}: {wrong}"
        raise click.BadParameter(msg, ctx, param)
    return value


def _why_not_overwritten(path: Path) -> str:
    if not path.is_file():
        return "is not a file"
    try:
        with path.open("rb") as file:
            begin = file.read(len(_HTML)).lower()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return "" if begin in {b"", _HTML} else "is there and is no page: it would be overwritten"


def check_combination(ctx: click.Context) -> None:
    """Raise `click.UsageError` for options that make no sense together."""
    given = {
        param.opts[0] if isinstance(param, click.Option) else _FILES
        for param in ctx.command.params
        if ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
    }
    for option, others in _GOES_WITH.items():
        if option in given and (wrong := sorted(given - others - {option})):
            msg = f"{option} does not go together with {', '.join(wrong)}"
            raise click.UsageError(msg)


def check_files(files: Sequence[str], page: str | None) -> None:
    """Raise `click.UsageError` where there is no file, or one twice."""
    if not files:
        msg = f"no FILE is given; {STANDARD} reads standard input"
        raise click.UsageError(msg)
    whole = [file if file == STANDARD else os.path.realpath(file) for file in files]
    for file, path in zip(files, whole, strict=True):
        if whole.count(path) > 1:
            msg = f"{plain(file)} is given more than once: its events would be counted as often"
            raise click.UsageError(msg)
    if page not in {None, STANDARD} and os.path.realpath(str(page)) in whole:
        msg = f"--html {plain(str(page))} is one of the files to read"
        raise click.UsageError(msg)
