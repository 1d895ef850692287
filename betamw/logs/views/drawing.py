"""Tables of texts on a console: what does not fit goes, the least important first, and the reader is told."""

from collections.abc import Sequence
from typing import Final

from rich import box
from rich.console import Console, JustifyMethod
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from betamw.core.beta import Beta, is_beta_name
from betamw.logs.views import tables
from betamw.logs.views.escaping import plain
from betamw.logs.views.over_time import ASCII, BLOCKS
from betamw.logs.views.tables import Grid

_HIGHEST_RANK: Final = 9
_ENOUGH: Final = 2
"""Rather than go without a column of this rank or below, names stand on two lines."""
_BLANK: Final = "    \n"
_ASCII_RULE: Final = box.Box(f"{_BLANK * 2} -- \n{_BLANK * 5}", ascii=True)  # what rich takes instead has bars between
_UNLIMITED: Final = 10_000
_NARROWEST_NAME: Final = 18
_STYLES: Final = {
    "rejected": "red",
    "error": "red",
    "failed": "red",
    "recovered": "yellow",
    "remembered": "yellow",
    "catalog": "yellow",
    tables.OVER_TIME: "green",
}


def fitting(console: Console, grid: Grid, room: int, *, ascii_only: bool, folds: bool = True) -> tuple[Grid, Table]:
    """A grid with as many columns as there is room for, and its table; `folds` where lines cost less than columns."""
    shown, drawn = grid, table(grid, room, ascii_only=ascii_only)
    tries = [(rank, False) for rank in range(_HIGHEST_RANK, _ENOUGH - 1 if folds else -1, -1)]
    for rank, narrow in [*tries, *((rank, True) for rank in range(_HIGHEST_RANK, -1, -1))]:
        shown = grid.within(rank)
        drawn = table(shown, room, ascii_only=ascii_only, narrow=narrow)
        if width(console, drawn) <= room:
            break
    return shown, drawn


def width(console: Console, drawn: Table) -> int:
    """How wide a table would like to be."""
    return Measurement.get(console, console.options.update(max_width=_UNLIMITED), drawn).maximum


def table(
    grid: Grid, room: int, *, ascii_only: bool, narrow: bool = False, bars: Sequence[Text] | None = None
) -> Table:
    """A grid's table, with a last column of bars where there are some."""
    ruled = _ASCII_RULE if ascii_only else box.SIMPLE_HEAD
    drawn = Table(
        box=ruled, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), header_style="dim", border_style="dim"
    )
    for column in grid.columns:
        longest = max(room // 2, _NARROWEST_NAME) if column.names else None
        justify: JustifyMethod = "right" if column.right else "left"
        drawn.add_column(column.title, justify=justify, overflow="fold", max_width=longest, no_wrap=not column.names)
    if bars is not None:
        drawn.add_column("", no_wrap=True)
    for place, row in enumerate(grid.rows):
        cells = [
            _cell(column.title, plain(text, ascii_only=ascii_only), narrow=narrow and column.names)
            for column, text in zip(grid.columns, row, strict=True)
        ]
        style = "dim" if row[0] == tables.WITHOUT_RESENDS else ""
        drawn.add_row(*cells, *(bars[place : place + 1] if bars is not None else ()), style=style)
    return drawn


def folded(name: str) -> str:
    """A beta's name with its date below its family, so that neither is broken."""
    parsed = Beta.parse(name) if is_beta_name(name) else None
    return f"{parsed.family}-\n{parsed.date}" if parsed and parsed.date else name


def _cell(title: str, text: str, *, narrow: bool) -> Text:
    cell = Text(folded(text) if narrow else text, _STYLES.get(title, ""))
    if title == tables.OVER_TIME:
        cell.highlight_words([BLOCKS.refused, ASCII.refused], "red")
    return cell
