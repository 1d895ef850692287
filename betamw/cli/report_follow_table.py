"""What `betamw report --follow` shows: what fits on the screen of a report, the most important first."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import attrs
from rich.console import Console, Group, RenderableType
from rich.text import Text

from betamw.logs.reading.follow import Tail
from betamw.logs.story import Step, Tone
from betamw.logs.summary import Summary
from betamw.logs.views import sentences, tables
from betamw.logs.views.drawing import fitting
from betamw.logs.views.escaping import plain
from betamw.logs.views.figures import counted
from betamw.logs.views.over_time import ASCII, BLOCKS, sparkline
from betamw.logs.views.tables import Grid

_STYLES: Final[dict[Tone, str]] = {"plain": "", "good": "green", "warning": "yellow", "bad": "red"}
_LONGEST_SPARKLINE: Final = 24
_LEFT: Final = 1
"""A line of the screen that stays empty, so that nothing scrolls."""


@attrs.frozen
class _Section:
    """A part of the screen: its rows, how many lines it takes beside them, and how it looks with some of its rows."""

    rows: int
    beside: int
    drawn: Callable[[int], RenderableType]


def screen(console: Console, summary: Summary, tails: Sequence[Tail], notes: Iterable[Step]) -> RenderableType:
    """The screen, in as many lines as the console has, or fewer."""
    head = Text("\n").join(
        Text.assemble(*((plain(t), style) for t, style in line)) for line in sentences.headline(summary)
    )
    above = len(console.render_lines(head, pad=False)) + 1
    sections = _sections(console, summary, tuple(reversed(list(notes))))
    given = _allot(console.height - _LEFT - above, sections)
    return Group(
        head, _status(tails), *(section.drawn(rows) for section, rows in zip(sections, given, strict=True) if rows)
    )


def _allot(room: int, sections: Sequence[_Section]) -> list[int]:
    """How many rows each section gets: one more for each in turn, for as long as there is room."""
    given = [0] * len(sections)
    while True:
        before = room
        for place, section in enumerate(sections):
            cost = 1 if given[place] else 1 + section.beside
            if given[place] < section.rows and cost <= room:
                given[place] += 1
                room -= cost
        if room == before:
            return given


def _sections(console: Console, summary: Summary, notes: Sequence[Step]) -> list[_Section]:
    ascii_only = console.options.ascii_only
    glyphs = ASCII if ascii_only else BLOCKS
    width = min(console.width // 6, _LONGEST_SPARKLINE)
    betas = tables.betas(summary, lambda row: sparkline(row, width, glyphs))
    endpoints = tables.endpoints(summary)
    findings = [Text(f"{number}. {finding.text}") for number, finding in enumerate(summary.findings, 1)]
    return [
        _table(console, betas, len(summary.betas) + summary.betas_left_out),
        _listed("act on this", [Text(plain(text.plain, ascii_only=ascii_only, most=1000)) for text in findings]),
        _listed("lately", [_note(note, ascii_only=ascii_only) for note in notes]),
        _table(console, endpoints, len(summary.endpoints) + summary.endpoints_left_out),
    ]


def _table(console: Console, grid: Grid, total: int) -> _Section:
    def drawn(rows: int) -> RenderableType:
        shown = attrs.evolve(grid, rows=grid.rows[:rows])
        told = sum(row[0] != tables.WITHOUT_RESENDS for row in shown.rows)
        left_out = f" ({told} of {total})" if told < total else ""
        first = attrs.evolve(shown.columns[0], title=f"{shown.columns[0].title}{left_out}")
        shown = attrs.evolve(shown, columns=(first, *shown.columns[1:]))
        # Each row is one line, as `_allot` counts them: what is more than the screen has would be cut off below.
        drawn = fitting(console, shown, console.width, ascii_only=console.options.ascii_only, folds=False)[1]
        return Group(Text(), drawn)

    return _Section(len(grid.rows), 3, drawn)


def _listed(title: str, lines: Sequence[Text]) -> _Section:
    def drawn(rows: int) -> RenderableType:
        for line in lines:
            line.no_wrap, line.overflow = True, "ellipsis"
        left_out = f" ({rows} of {len(lines)})" if rows < len(lines) else ""
        return Group(Text(), Text(f"{title}{left_out}", "bold cyan"), *lines[:rows])

    return _Section(len(lines), 2, drawn)


def _note(note: Step, *, ascii_only: bool) -> Text:
    when = "" if note.at is None else f"{dt.datetime.fromtimestamp(note.at, dt.UTC):%H:%M:%S}"
    text = f"{when:<8}  {note.label:<8}  {note.text}"
    return Text(plain(text, ascii_only=ascii_only, most=1000), _STYLES[note.tone])


def _status(tails: Sequence[Tail]) -> Text:
    """What is followed, and what is the matter with it."""
    told = [f"{plain(tail.file)} {tail.problem}" for tail in tails if tail.problem]
    what = plain(tails[0].file) if len(tails) == 1 and not told else counted(len(tails), "file")
    said = "; ".join(["^C ends", "times are UTC", f"following {what}", *told])
    return Text(said, "dim", no_wrap=True, overflow="ellipsis")
