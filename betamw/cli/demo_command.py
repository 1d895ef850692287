"""What `betamw demo` takes."""

import aiohttp
import click
from rich.console import Console

from betamw.cli.demo import run_demo


@click.command(epilog="Example:  betamw demo --all-fields")
@click.option(
    "--all-fields", is_flag=True, help="Show every field of the log events, those that repeat themselves too."
)
def demo(*, all_fields: bool) -> int:
    """Walk through what the middlewares do, against a simulated API on this machine.

    Real requests over real HTTP, about a second, no key and no network needed. Each step shows the log events as they
    are written and what arrived at the server, and checks both: the exit code is 1 where something is off.
    """
    try:
        failed = run_demo(Console(highlight=False), all_fields=all_fields)
    except (aiohttp.ClientError, OSError) as error:
        click.echo(f"betamw demo: cannot go on: {error}", err=True)
        return 1
    return 1 if failed else 0
