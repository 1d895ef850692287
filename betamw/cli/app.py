"""The commands together, and how they end: bad input is one line on stderr and exit code 2, never a traceback."""

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Final

import click

import betamw
from betamw.cli.config_command import config
from betamw.cli.demo_command import demo
from betamw.cli.explain_command import explain
from betamw.cli.probe_command import probe
from betamw.cli.report_command import report

USAGE_ERROR: Final = 2
INTERRUPTED: Final = 130
"""What a shell reports of a program that ^C has stopped."""


class _Commands(click.Group):
    """Puts the command's name before what it complains of."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError:  # knows its command
            raise
        except (betamw.BetaError, click.ClickException) as error:
            text = error.format_message() if isinstance(error, click.ClickException) else str(error)
            msg = f"{ctx.command_path} {ctx.invoked_subcommand}: {text}"
            raise click.ClickException(msg) from error


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  betamw demo",
)
@click.version_option(betamw.__version__, prog_name="betamw", message="%(prog)s %(version)s")
def app() -> None:
    """Betas of the Claude API, sent by the aiohttp client middlewares of betamw."""


app.add_command(demo)
app.add_command(config)
app.add_command(explain)
app.add_command(probe)
app.add_command(report)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `arguments` are by default those of this process.

    A command returns its exit code, or raises a `click.ClickException` or one of our own errors for what the user can
    mend: the text goes to stderr.
    """
    if sys.stdout is not None:
        return _run(arguments)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):  # it is closed, as by `>&-`
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        status = app.main(arguments, prog_name="betamw", standalone_mode=False)
        sys.stdout.flush()  # here, where a closed pipe can still be told apart
    except click.exceptions.NoArgsIsHelpError as error:
        return _fail(error.format_message())
    except click.UsageError as error:
        command = "betamw" if error.ctx is None else error.ctx.command_path
        return _fail(f"{command}: {error.format_message()} (see {command} --help)")
    except click.ClickException as error:
        return _fail(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is left, which is written at exit
        # Whoever reads a pipe may have enough, as `head` does; a disk that is full is worth a word.
        return 1 if isinstance(error, BrokenPipeError) else _fail(f"betamw: {error.strerror}")
    return status if isinstance(status, int) else 0


def _fail(text: str) -> int:
    click.echo(text, err=True)
    return USAGE_ERROR
