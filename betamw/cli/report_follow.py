"""`betamw report --follow`: logs as they grow, in a table that stays in its place, or line by line in a pipe."""

import datetime as dt
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

import attrs
import click
from rich.console import Console
from rich.live import Live

from betamw.cli.report_follow_table import screen
from betamw.logs.note import note_of
from betamw.logs.reading.follow import Tail
from betamw.logs.selection import Selection
from betamw.logs.story import Step
from betamw.logs.tally import Tally
from betamw.logs.views import sentences
from betamw.logs.views.escaping import plain

_PAUSE: Final = 0.5
_NOTHING_READ: Final = 2
_MOST_NOTES: Final = 50
_SHARE: Final = 4
"""The table may take a part of the time: what it took, so many times over, until it is made anew."""


@attrs.define(eq=False)
class Following:
    """The files that are followed, and what came of them.

    Attributes:
        tails: The files.
        tally: The counts.
        notes: The last events of note.
    """

    tails: tuple[Tail, ...]
    tally: Tally
    notes: deque[Step] = attrs.field(init=False, factory=lambda: deque(maxlen=_MOST_NOTES))

    def read(self) -> Iterator[Step | None]:
        """Read what was added since the last time; for each event that counts, what there is to note of it."""
        for tail in self.tails:
            for record in tail.records():
                if self.tally.selection.matches(record):
                    self.tally.add(record)
                    note = note_of(record)
                    if note is not None:
                        self.notes.append(note)
                    yield note

    @property
    def behind(self) -> bool:
        """Whether there is more to read at once."""
        return any(tail.behind for tail in self.tails)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return all(tail.ended for tail in self.tails)


def follow(files: Sequence[str], selection: Selection | None = None, *, check: bool = False) -> int:
    """Show what the files tell, and go on as they grow, until ^C; returns the exit code.

    A file may come later, and be rotated in any way. It ends by itself where nothing will be added: to standard input
    that is closed, to compressed files. The exit code is 0, and 2 where nothing could be read then.
    """
    following = Following(tuple(map(Tail, files)), Tally(selection or Selection(), check=check))
    console = Console(highlight=False)
    try:
        with _ending_well():
            if console.is_terminal and not console.is_dumb_terminal:
                _show(console, following)
            else:
                _tell(following)
    except KeyboardInterrupt:  # that is how one leaves
        pass
    finally:
        for tail in following.tails:
            tail.close()
    if console.is_terminal and not console.is_dumb_terminal:
        console.print(screen(console, following.tally.summary(following.tails), following.tails, following.notes))
    return _NOTHING_READ if following.ended and not any(map(_was_read, following.tails)) else 0


def _was_read(tail: Tail) -> bool:
    return bool(tail.events) or tail.problem is None


@contextmanager
def _ending_well() -> Iterator[None]:
    """Leave the terminal as it was when this process is asked to end, too; what is ignored, as by nohup, stays so."""

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    asked = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in asked}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(console: Console, following: Following) -> None:
    """The table, made anew where something has changed."""
    shown: object = None
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            for _ in following.read():
                pass
            state = console.size, [(tail.lines, tail.problem) for tail in following.tails]
            began = time.monotonic()
            if state != shown:
                shown = state
                summary = following.tally.summary(following.tails)
                live.update(screen(console, summary, following.tails, following.notes), refresh=True)
            if following.ended:
                return
            took = time.monotonic() - began
            time.sleep(min(took, _PAUSE) if following.behind else max(_PAUSE, _SHARE * took))


def _tell(following: Following) -> None:
    """The headline of what is there, then a line for each event of note; in the end the headline anew."""
    said, problems = "", dict[str, str | None]()
    try:
        while not following.ended or following.behind:
            for note in following.read():
                if note is not None and said:
                    _say(line_of(note))
            for tail in following.tails:
                if problems.get(tail.file) != tail.problem:
                    problems[tail.file] = tail.problem
                    _complain(tail)
            if not said and not following.behind:
                said = _headline(following)
                _say(said)
            if not following.behind and not following.ended:
                time.sleep(_PAUSE)
    finally:
        if (last := _headline(following)) != said:
            _say(last)


def _complain(tail: Tail) -> None:
    said = "is followed" if tail.problem is None else tail.problem
    click.echo(f"betamw report: {plain(tail.file)}: {said}", err=True)


def line_of(note: Step) -> str:
    """An event of note in one line, without a colour."""
    when = "" if note.at is None else dt.datetime.fromtimestamp(note.at, dt.UTC).isoformat("T", "milliseconds")
    return f"{when.removesuffix('+00:00')}{'Z' if when else '-'} {note.label} {note.text}"


def _headline(following: Following) -> str:
    summary = following.tally.summary(following.tails)
    return " ".join("".join(text for text, _ in line) for line in sentences.headline(summary))


def _say(text: str) -> None:
    """Write a line at once, whoever reads it."""
    click.echo(text.encode(sys.stdout.encoding, "backslashreplace").decode(sys.stdout.encoding))
    sys.stdout.flush()
