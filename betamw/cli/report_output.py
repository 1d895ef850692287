"""Where the report of `betamw report` goes, what goes to stderr beside it, and the exit code."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

import click
from rich.console import Console

from betamw.logs.summary import Summary
from betamw.logs.views import text
from betamw.logs.views.escaping import plain
from betamw.logs.views.figures import counted
from betamw.logs.views.json import as_json
from betamw.logs.views.markdown import markdown

Output = Literal["text", "json", "md", "html"]
FAIL_ON: Final = ("rejected", "failed", "unreadable")
_OK, _FAILED = 0, 1
_PIPE_WIDTH: Final = 120
_MOST_NAMED: Final = 3


def tell_problems(summary: Summary) -> bool:
    """Say on stderr what is the matter with files, and return whether anything could be read of one."""
    for source in summary.sources:
        if source.problem:
            click.echo(f"betamw report: {plain(source.file)}: {plain(source.problem)}", err=True)
    return any(source.events or not source.problem for source in summary.sources)


def write_page(file: str, summary: Summary) -> str:
    """Put the page in place at once, so that nobody sees half of one; returns what went wrong."""
    path = Path(os.path.realpath(file))  # what a link leads to, so that the link stays; `resolve` raises for a loop
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text(_page(summary), "utf-8", "backslashreplace")
        half.replace(path)
    except OSError as error:
        with suppress(OSError):  # of which there may be nothing
            half.unlink()
        return f"--html {plain(file)}: {error.strerror}"
    click.echo(f"betamw report: wrote {plain(file)}", err=True)
    return ""


def print_report(summary: Summary, what: Output) -> None:
    """Print it on stdout, in ASCII where that takes nothing else; into a pipe as wide as a log may be."""
    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    console = Console(highlight=False, width=_PIPE_WIDTH if piped else None)
    match what:
        case "json":
            click.echo(as_json(summary))
        case "md":
            click.echo(markdown(summary, ascii_only=console.options.ascii_only), nl=False)
        case "html":
            click.echo(_page(summary).encode("utf-8", "backslashreplace"), nl=False)  # as it says of itself
        case _:
            text.draw(console, summary)


def verdict(summary: Summary, fail_on: tuple[str, ...]) -> int:
    """The exit code, and where it is 1 a line that says why."""
    found = [*(words for kind, words in _found(summary) if kind in {*fail_on, "check"})]
    if found:
        click.echo(f"betamw report: {'; '.join(found)}", err=True)
    return _FAILED if found else _OK


def _found(summary: Summary) -> Iterator[tuple[str, str]]:
    told = summary.headline
    refused = [row.beta for row in summary.betas if row.rejected]
    unnamed = told.recovered + summary.outcomes.get("rejected", 0)
    if refused:
        names = ", ".join(plain(beta) for beta in refused[:_MOST_NAMED])
        names += ", ..." if len(refused) > _MOST_NAMED else ""
        yield "rejected", f"{counted(len(refused), 'beta')} {'was' if len(refused) == 1 else 'were'} refused ({names})"
    elif unnamed:
        yield "rejected", f"{counted(unnamed, 'call')} had a beta refused"
    if told.failed:
        yield "failed", f"{counted(told.failed, 'call')} failed"
    if told.unreadable:
        yield "unreadable", f"{counted(told.unreadable, 'line')} could not be read"
    if summary.violations:
        count = len(summary.violations)
        yield "check", f"{counted(count, 'invariant')} {'does' if count == 1 else 'do'} not hold"


def _page(summary: Summary) -> str:
    from betamw.logs.views.page import page  # noqa: PLC0415  what makes a page is imported where one is wanted

    return page(summary)
