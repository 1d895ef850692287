"""What `betamw probe` takes, and how it ends."""

import asyncio
import os
import sys
from fnmatch import fnmatchcase
from math import inf
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

import betamw
from betamw.cli.probe_asking import REPEATS, Inquiry
from betamw.cli.probe_request import COUNT_TOKENS, Question, make_question
from betamw.cli.probe_result import as_json, as_toml, table
from betamw.core.header import elements
from betamw.core.probe.probing import Probe
from betamw.core.telling import in_place_of, may_be_told

_ALL_ACCEPTED, _NOT_ALL, _STOPPED, _INTERRUPTED = 0, 1, 2, 130
_PIPE_WIDTH: Final = 120
_EPILOG: Final = """\
Exit codes: 0 all are accepted, 1 some are not, or not together, 2 bad input or no answer to be had, 130
interrupted. What is known by then is printed in any case.

Example:  betamw probe --beta context-1m-2025-08-07 --beta effort-2025-11-24
"""


@click.command(epilog=_EPILOG)
@click.option("--base-url", metavar="URL", help="Whom to ask. Default: ANTHROPIC_BASE_URL, else the API itself.")
@click.option("--beta", "given", metavar="NAME", multiple=True, help="Ask about this beta; may be given many times.")
@click.option("--catalog", is_flag=True, help="Ask about every beta that the catalog knows.")
@click.option(
    "--endpoint", metavar="'METHOD PATH'", default=COUNT_TOKENS, help=f"What to ask. Default: {COUNT_TOKENS}."
)
@click.option("--model", metavar="NAME", help="For which model. Default: claude-opus-5.")
@click.option("--body", type=click.Path(path_type=Path), help="A file with the JSON to send, for other endpoints.")
@click.option("--header-name", metavar="NAME", default="anthropic-beta", help="The header that betas go in.")
@click.option("--timeout", metavar="SECONDS", type=float, default=60.0, help="For each request. Default: 60.")
@click.option("--yes", is_flag=True, help="Send requests that cost something or change something.")
@click.option("--json", "output", flag_value="json", help="Print one JSON document.")
@click.option("--toml", "output", flag_value="toml", help="Print a configuration that leaves out what is refused.")
def probe(  # noqa: PLR0913  one argument for each option
    *,
    base_url: str | None,
    given: tuple[str, ...],
    catalog: bool,
    endpoint: str,
    model: str | None,
    body: Path | None,
    header_name: str,
    timeout: float,
    yes: bool,
    output: str | None,
) -> int:
    """Ask a server which betas it takes, with few requests.

    The first request carries all betas. Those that a refusal names are out at once; where it names none, smaller groups
    are asked. By default each request counts the tokens of a greeting, which costs nothing. The key is taken from
    ANTHROPIC_API_KEY (or ANTHROPIC_AUTH_TOKEN) and never shown; redirects are not followed.
    """
    if not 0 < timeout < inf:
        msg = f"--timeout must be a number of seconds > 0, got {timeout}"
        raise click.UsageError(msg)
    api = betamw.Api(header=header_name) if base_url is None else betamw.Api(base_url, header=header_name)
    asked = _given(given)
    question = make_question(api, endpoint, model, body)
    required = question.required
    if catalog:
        asked += tuple(beta for beta in api.catalog.betas if beta not in (*asked, *required) and _is_feature(api, beta))
    if not asked:
        msg = "nothing to ask about: give --beta NAME, or --catalog"
        raise click.UsageError(msg)
    progress = Probe(asked, required, question.conflicts)
    if question.cost and not yes:
        msg = f"each of up to {progress.at_most + REPEATS} requests {question.cost}: add --yes if that is meant"
        raise click.UsageError(msg)
    return _run(question, progress, timeout, output)


def _given(names: tuple[str, ...]) -> tuple[str, ...]:
    betas = elements(names)
    for beta in betas:
        if not may_be_told(beta):
            got = in_place_of(beta)
            msg = f"--beta must be a beta's name, at most 128 of A-Z a-z 0-9 . _ : = - and no key, got {got}"
            raise click.UsageError(msg)
        if betas.count(beta) > 1:
            msg = f"--beta {beta} is there more than once"
            raise click.UsageError(msg)
    return tuple(betas)


def _is_feature(api: betamw.Api, beta: str) -> bool:
    """Not what belongs to a credential: that is refused, or required, for reasons of its own."""
    return not any(fnmatchcase(beta, pattern) for pattern in api.catalog.required)


def _run(question: Question, probe: Probe, timeout: float, output: str | None) -> int:
    click.echo(_announced(question, probe), err=True)
    interrupted = False
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=len(probe.betas))

        def tell() -> None:
            bar.update(task, completed=len(probe.findings), description=_counted(inquiry.requests, "request"))

        inquiry = Inquiry(question, probe, timeout, tell)
        try:
            asyncio.run(inquiry.run())
        except KeyboardInterrupt:
            interrupted = True
            probe.stop("interrupted")
    _show(question, probe, inquiry.requests, output)
    verdicts = [probe.finding(beta).verdict for beta in probe.betas]
    if probe.findings:
        counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts))
        click.echo(f"{_counted(inquiry.requests, 'request')}: {counts}", err=True)
    if probe.stopped:
        click.echo(f"betamw probe: {probe.stopped}", err=True)
        return _INTERRUPTED if interrupted else _STOPPED
    return _ALL_ACCEPTED if set(verdicts) == {"accepted"} and not probe.clash else _NOT_ALL


def _announced(question: Question, probe: Probe) -> str:
    """What is going to happen."""
    model = f" for {question.model}" if question.model else ""
    cost = f"; each {question.cost}" if question.cost else ""
    return (
        f"Asking {question.origin} about {_counted(len(probe.betas), 'beta')}: {question.endpoint}{model}, at most "
        f"{_counted(probe.at_most, 'request')} (and {REPEATS} repeats, if it is busy){cost}."
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _show(question: Question, probe: Probe, requests: int, output: str | None) -> None:
    """Print the result; a table of nothing is none."""
    if output == "json":
        click.echo(as_json(question, probe, requests))
    elif not probe.findings:
        return
    elif output == "toml":
        click.echo(as_toml(question, probe))
    else:
        piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
        console = Console(highlight=False, width=_PIPE_WIDTH if piped else None)
        console.print(table(question, probe, console))
