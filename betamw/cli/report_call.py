"""`betamw report --call ID`: the story of one call."""

import datetime as dt
import os
import sys
from collections.abc import Sequence
from typing import Final

import click
import msgspec
from rich.console import Console

from betamw.cli.report_call_text import draw
from betamw.core.telling import shown
from betamw.logs.lookup import Found, look_up
from betamw.logs.record import CALL, Record
from betamw.logs.story import Story
from betamw.logs.views.escaping import plain
from betamw.logs.views.figures import counted

NOT_FOUND: Final = 1
_NOTHING_READ: Final = 2
_AROUND: Final = " \t\r\n'\",.\u2026"
"""What comes along when an id is copied, also from where it is cut off."""
_PIPE_WIDTH: Final = 120
_NOTHING_TOLD: Final = Record()
_LISTS_OF_A_CALL: Final = frozenset(
    name for name in Record.__struct_fields__ if name.startswith("betas_") and name != "betas_rejected"
)


def tell_call(wanted: str, files: Sequence[str], *, as_json_array: bool = False) -> int:
    """Tell the story of the calls of an id on stdout; returns the exit code: 1 where there is none.

    2 where none of the files could be read. What is the matter with a file goes to stderr.
    """
    wanted = wanted.strip(_AROUND)
    if not wanted:
        msg = "--call must be a betamw_call or an anthropic_request_id, got an empty text"
        raise click.UsageError(msg)
    found = look_up(wanted, files)
    for file, problem in found.problems:
        click.echo(f"betamw report: {plain(file)}: {problem}", err=True)
    if not found.stories:
        if as_json_array:
            click.echo("[]")
        click.echo(f"betamw report: {_not_found(wanted, found)}", err=True)
        return _NOTHING_READ if len(found.problems) == len(files) and not found.lines else NOT_FOUND
    if as_json_array:
        click.echo(_as_json(found.stories))
    else:
        piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
        _tell(Console(highlight=False, width=_PIPE_WIDTH if piped else None), found)
    if found.left_out:
        click.echo(f"betamw report: {counted(found.left_out, 'more event')} left out", err=True)
    return 0


def _tell(console: Console, found: Found) -> None:
    if len(found.stories) > 1:
        console.print(f"{counted(len(found.stories), 'call')} with a reply of this id.\n")
    for number, story in enumerate(found.stories):
        if number:
            console.print()
        draw(console, story)


def _not_found(wanted: str, found: Found) -> str:
    text = f"no call and no reply has the id {shown(wanted)}: looked at {counted(found.events, 'event')} of betamw in "
    text += f"{counted(found.lines, 'line')}."
    if found.near:
        text += f" Is it one of {', '.join(found.near)}?"
    return text


def _as_json(stories: tuple[Story, ...]) -> str:
    """The events of the stories as one JSON array: a field that an event does not have is left out of it."""
    events = [_fields(event) for story in stories for event in story.events]
    return msgspec.json.format(msgspec.json.encode(events)).decode()


def _fields(event: Record) -> dict[str, object]:
    at = None if event.at is None else dt.datetime.fromtimestamp(event.at, dt.UTC)
    told: dict[str, object] = {"event": event.event, "at": at, "betamw_call": event.betamw_call}
    for name in Record.__struct_fields__:
        value = getattr(event, name)
        of_a_call = event.event == CALL and (name in _LISTS_OF_A_CALL or name == "attempts")
        if name not in told and (of_a_call or value != getattr(_NOTHING_TOLD, name)):
            told[name] = value
    return told
