"""How a call's story looks: times and plain words, for a terminal of any width, a pipe and a log file."""

import datetime as dt
from typing import Final

from rich.console import Console
from rich.text import Text

from betamw.cli.labelled import print_labelled
from betamw.logs.story import Story, Tone

_STYLES: Final[dict[Tone, str]] = {"plain": "", "good": "green", "warning": "yellow", "bad": "red"}
_TIME, _LABEL = 12, 12


def draw(console: Console, story: Story) -> None:
    """Write a story to a console. What the log says must have been made plain before."""
    began = "at a time that the log does not say" if story.began is None else f"{_utc(story.began)} UTC"
    console.print(Text.assemble((f"call {story.call}", "bold cyan"), (f"  {began}", "dim")), overflow="fold")
    start = None if story.began is None else story.began.timestamp()
    told = label = None
    for step in story.steps:
        time = "" if step.at is None or start is None else f"+{max(step.at - start, 0.0):.3f} s"
        shown = "" if step.label == label else step.label
        if time and time == told and not shown:
            time = ""
        told, label = time or told, step.label
        text = step.text.encode(console.encoding, "backslashreplace").decode(console.encoding)
        print_labelled(
            console, f"{time:>{_TIME}}  {shown:<{_LABEL}}", Text(text, _STYLES[step.tone]), _TIME + _LABEL + 2
        )


def _utc(when: dt.datetime) -> str:
    return when.astimezone(dt.UTC).isoformat(" ", "milliseconds").removesuffix("+00:00")
