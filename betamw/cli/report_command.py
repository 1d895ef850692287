"""What `betamw report` takes, and how it ends."""

import datetime as dt
from typing import Final

import click
from rich.console import Console

from betamw.cli.report_bar import bar
from betamw.cli.report_options import (
    STANDARD,
    betas_given,
    check_combination,
    check_files,
    endpoints_given,
    known_betas,
    known_endpoints,
    page_path,
    time_given,
)
from betamw.cli.report_output import FAIL_ON, Output, print_report, tell_problems, verdict, write_page
from betamw.logs.selection import Selection
from betamw.logs.summarize import summarize
from betamw.logs.summary import OUTCOMES

_OK, _NOTHING_READ = 0, 2
_EPILOG: Final = """\
Times are ISO 8601, in UTC where they have no offset (a date is its first moment), or how long ago: 90m, 2h, 3d.
Patterns are those of a shell: 'files-api-*', '/v1/files*'.

Exit codes: 0 all is well, 1 what --fail-on or --check looks for was found, 2 wrong usage, or no file could be
read, 130 interrupted.

\b
Examples:  betamw report app.log app.log.1.gz
           kubectl logs deploy/api | betamw report - --since 2h --beta 'files-api-*'
           betamw report app.log --fail-on rejected --md >> "$GITHUB_STEP_SUMMARY"
"""


@click.command(epilog=_EPILOG, short_help="Read logs back: which betas are in use, and what they cost.")
@click.argument("files", metavar="FILE... | -", nargs=-1, type=click.Path(allow_dash=True))
@click.option("--since", callback=time_given, metavar="TIME", help="Only events of then or later.")
@click.option("--until", callback=time_given, metavar="TIME", help="Only events before.")
@click.option(
    "--beta",
    "betas",
    callback=betas_given,
    shell_complete=known_betas,
    metavar="NAME",
    multiple=True,
    help="Only what has to do with this beta, or with those of a pattern. Repeatable.",
)
@click.option(
    "--endpoint",
    "endpoints",
    callback=endpoints_given,
    shell_complete=known_endpoints,
    metavar="PATH",
    multiple=True,
    help="Only this endpoint, or those of a pattern. Repeatable.",
)
@click.option(
    "--outcome",
    "outcomes",
    type=click.Choice(OUTCOMES),
    multiple=True,
    metavar="OUTCOME",
    help=f"Only calls that ended so: {', '.join(OUTCOMES)}. Repeatable.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document (docs/report.schema.json says what is in it)."
)
@click.option("--md", "as_markdown", is_flag=True, help="Print Markdown, for a CI summary or an issue.")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    callback=page_path,
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Write a page to look at, too; - prints it instead of the text.",
)
@click.option("--check", is_flag=True, help="Check what must always hold of the events; exit with 1 where it does not.")
@click.option(
    "--fail-on",
    "fail_on",
    type=click.Choice(FAIL_ON),
    metavar="WHAT",
    multiple=True,
    help="Exit with 1 where a beta was refused, recovered from or not (rejected), calls ended rejected or in an error "
    "(failed), or lines could not be read (unreadable). Repeatable.",
)
@click.option("--follow", is_flag=True, help="Show a live table, and go on reading what is appended.")
@click.option("--call", metavar="ID", help="Tell the story of one call, by its betamw_call or a request-id.")
@click.option("--install-lnav", is_flag=True, help="Install betamw's format for the log viewer lnav, and read nothing.")
@click.option("--processes", type=click.IntRange(1), hidden=True)
@click.pass_context
def report(  # noqa: PLR0913  one argument for each option
    ctx: click.Context,
    *,
    files: tuple[str, ...],
    since: dt.datetime | None,
    until: dt.datetime | None,
    betas: tuple[str, ...],
    endpoints: tuple[str, ...],
    outcomes: tuple[str, ...],
    as_json: bool,
    as_markdown: bool,
    page: str | None,
    check: bool,
    fail_on: tuple[str, ...],
    follow: bool,
    call: str | None,
    install_lnav: bool,
    processes: int | None,
) -> int:
    """Read structured logs back: which betas are in use, what they cost, and what to act on.

    FILE is the output of structlog or logging (JSON, key=value, console), also as Docker, Kubernetes, journald and
    Google Cloud wrap it, plain or compressed (.gz, .zst), with other programs' lines between; - is standard input.
    """
    check_combination(ctx)
    if install_lnav:
        return _install_lnav()
    check_files(files, page)
    selection = _selection(since, until, betas, endpoints, outcomes)
    if call is not None:
        return _tell_call(call, files, as_json_array=as_json)
    if follow:
        return _follow(files, selection, check=check)
    if page == STANDARD and (as_json or as_markdown):
        msg = f"--html - does not go together with {'--json' if as_json else '--md'}: both are printed"
        raise click.UsageError(msg)
    with bar(Console(stderr=True)) as tell:
        summary = summarize(files, selection, check=check, processes=processes, tell=tell)
    if not tell_problems(summary):
        return _NOTHING_READ
    written = "" if page in {None, STANDARD} else write_page(str(page), summary)
    output: Output = "json" if as_json else "md" if as_markdown else "html" if page == STANDARD else "text"
    print_report(summary, output)
    if written:
        raise click.ClickException(written)
    return verdict(summary, fail_on)


def _selection(
    since: dt.datetime | None,
    until: dt.datetime | None,
    betas: tuple[str, ...],
    endpoints: tuple[str, ...],
    outcomes: tuple[str, ...],
) -> Selection:
    if since and until and since >= until:
        msg = f"--since must be before --until, got {_second(since)} and {_second(until)}"
        raise click.UsageError(msg)
    return Selection(
        since=None if since is None else since.timestamp(),
        until=None if until is None else until.timestamp(),
        betas=betas,
        endpoints=endpoints,
        outcomes=frozenset(outcomes),
    )


def _second(at: dt.datetime) -> str:
    return at.isoformat(timespec="seconds")


def _install_lnav() -> int:
    from betamw.logs.lnav import install  # noqa: PLC0415  as below: what is not asked for is not imported

    click.echo(f"installed: {install()}")
    return _OK


def _tell_call(call: str, files: tuple[str, ...], *, as_json_array: bool) -> int:
    from betamw.cli.report_call import tell_call  # noqa: PLC0415

    return tell_call(call, files, as_json_array=as_json_array)


def _follow(files: tuple[str, ...], selection: Selection, *, check: bool) -> int:
    from betamw.cli.report_follow import follow  # noqa: PLC0415

    return follow(files, selection, check=check)
