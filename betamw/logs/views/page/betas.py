"""What became of betas as figures: the cells of the heat map, the bars of refusals.

Facts: a `path` knows no percentages, but is stretched to its drawing by `preserveAspectRatio="none"`; one path for all
cells of a colour is a tenth of the size of their rectangles.
"""

import math
from typing import Final

import attrs
from markupsafe import Markup

from betamw.logs.summary import BetaRow, Summary
from betamw.logs.views.figures import counted
from betamw.logs.views.page.columns import Columns, columns

MOST_DAYS: Final = 60
MOST_STRIPS: Final = 24
MOST_BARS: Final = 12
LEVELS: Final = 5


@attrs.frozen(kw_only=True)
class Strip:
    """A beta's row of the heat map, in units of a column's width and a tenth of its height.

    Attributes:
        told: What is to be seen, in words.
        levels: The path of the cells of each level, from the fewest calls to the most: lines as broad as the strip.
        refused: The path of what was refused, as a part of each cell from below.
    """

    row: BetaRow
    told: str
    levels: dict[int, Markup]
    refused: Markup


@attrs.frozen(kw_only=True)
class HeatMap:
    """Betas by day, or by shorter stretches where the log is short."""

    columns: Columns
    strips: list[Strip]
    left_out: int


def heat_map(summary: Summary) -> HeatMap | None:
    """What was sent and refused, by beta and day; None where nothing has a time or no beta."""
    cols = columns(summary, MOST_DAYS, by_day=True)
    rows = [row for row in summary.betas if any(row.sent_over_time) or any(row.rejected_over_time)]
    if cols is None or not rows:
        return None
    refused_most = sorted((row for row in rows if row.rejected), key=lambda row: -row.rejected)[: MOST_STRIPS // 2]
    kept = [*refused_most, *(row for row in rows if row not in refused_most)][:MOST_STRIPS]
    rows_kept = [row for row in rows if row in kept]
    cells = [(row, cols.sums(row.sent_over_time), cols.sums(row.rejected_over_time)) for row in rows_kept]
    most = max(max(sent) for _, sent, _ in cells)
    return HeatMap(
        columns=cols,
        strips=[_strip(row, sent, refused, most, cols) for row, sent, refused in cells],
        left_out=len(rows) - len(rows_kept),
    )


def _strip(row: BetaRow, sent: list[int], refused: list[int], most: int, cols: Columns) -> Strip:
    levels: dict[int, str] = {}
    marks = ""
    for place, (good, bad) in enumerate(zip(sent, refused, strict=True)):
        if good:
            level = math.ceil(LEVELS * math.sqrt(good / most))
            levels[level] = levels.get(level, "") + f"M{place} 5h.9"
        if bad:
            height = max(2, round(10 * bad / (good + bad)))
            marks += f"M{place} {10 - height}h.9v{height}h-.9z"
    drawn = {level: Markup(path) for level, path in sorted(levels.items())}  # noqa: S704  ours, and longer than names
    busy = [place for place, count in enumerate(sent) if count]
    worst = max(range(len(refused)), key=refused.__getitem__)
    words = [f"sent in {counted(sum(sent), 'call')}"]
    if busy:
        words.append(f"from {cols.name(busy[0])} to {cols.name(busy[-1])}")
    if refused[worst]:
        words.append(f"{counted(sum(refused), 'refusal')}, most in {cols.name(worst)}")
    return Strip(row=row, told=", ".join(words), levels=drawn, refused=Markup(marks))  # noqa: S704  likewise


@attrs.frozen(kw_only=True)
class Bars:
    """Refusing replies for each beta, most first; `left_out` more betas, with so many replies."""

    rows: list[tuple[BetaRow, float]]
    left_out: int
    left_out_replies: int


def bars(summary: Summary) -> Bars:
    """Which betas are refused how often."""
    refused = sorted((row for row in summary.betas if row.rejected), key=lambda row: -row.rejected)
    shown, rest = refused[:MOST_BARS], refused[MOST_BARS:]
    return Bars(
        rows=[(row, 100 * row.rejected / refused[0].rejected) for row in shown],
        left_out=len(rest),
        left_out_replies=sum(row.rejected for row in rest),
    )
