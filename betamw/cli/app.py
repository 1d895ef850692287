"""The commands, and what they take."""

from typing import Annotated

import aiohttp
import typer
from rich.console import Console

import betamw
from betamw.cli.demo import run_demo

app = typer.Typer(
    help="Betas of the Claude API, sent by the aiohttp client middlewares of betamw.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  typer's signature
    if wanted:
        typer.echo(f"betamw {betamw.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Betas of the Claude API, sent by the aiohttp client middlewares of betamw."""


@app.command(epilog="Example:  betamw demo --all-fields")
def demo(
    *,
    all_fields: Annotated[
        bool, typer.Option("--all-fields", help="Show every field of the log events, those that repeat themselves too.")
    ] = False,
) -> None:
    """Walk through what the middlewares do, against a simulated API on this machine.

    Real requests over real HTTP, about a second, no key and no network needed. Each step shows the log events as they
    are written and what arrived at the server, and checks both: the exit code is 1 where something is off.
    """
    try:
        failed = run_demo(Console(highlight=False), all_fields=all_fields)
    except (aiohttp.ClientError, OSError) as error:
        typer.echo(f"betamw demo: cannot go on: {error}", err=True)
        raise typer.Exit(1) from error
    if failed:
        raise typer.Exit(1)
