"""Outcomes over time as figures: where each bar stands. The template only writes them down.

Facts: SVG takes percentages for `x`, `y`, `width` and `height`, so a drawing without a `viewBox` is as wide as the page
lets it be while its text and its hatching keep their size.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from betamw.logs.summary import OUTCOMES, Outcome, Summary
from betamw.logs.views.figures import number
from betamw.logs.views.page.columns import Columns, Tick, columns

MOST_COLUMNS: Final = 90

_STEPS: Final = (1, 2, 5, 10, 20, 50)
_MOST_LINES: Final = 5


@attrs.frozen
class Bar:
    """A part of a stacked column: `x` and `width` in percent of the drawing, `y` and `height` as parts of it."""

    x: float
    y: float
    width: float
    height: float


@attrs.frozen(kw_only=True)
class Panel:
    """Stacked columns of some of the outcomes, over time."""

    title: str
    told: str
    bars: dict[Outcome, list[Bar]]
    ticks: list[Tick]


@attrs.frozen(kw_only=True)
class Outcomes:
    """Outcomes over time: all calls, and those that were not simply good, at a scale of their own."""

    columns: Columns
    hints: list[str]
    panels: list[Panel]

    @property
    def room(self) -> int:
        """What the longest label takes, so that the panels stand one below the other."""
        return 7 * max(len(tick.text) for panel in self.panels for tick in panel.ticks) + 6


def outcomes(summary: Summary) -> Outcomes | None:
    """Outcomes over time; None where nothing has a time."""
    cols = columns(summary, MOST_COLUMNS)
    if cols is None:
        return None
    counts: dict[Outcome, list[int]] = {
        name: cols.sums([getattr(each, name) for each in summary.timeline]) for name in OUTCOMES
    }
    hints = []
    for place in range(len(cols)):
        said = [f"{number(counts[name][place])} {name}" for name in OUTCOMES if counts[name][place]]
        hints.append(f"{cols.name(place)}: {', '.join(said) or 'no calls'}")
    panels = [_panel("All calls", counts, OUTCOMES)]
    if any(counts["ok"]) and any(any(counts[name]) for name in OUTCOMES[1:]):
        panels.append(_panel("All but ok", counts, OUTCOMES[1:]))
    return Outcomes(columns=cols, hints=hints, panels=panels)


def _panel(title: str, counts: dict[Outcome, list[int]], names: Sequence[Outcome]) -> Panel:
    tall = [sum(column) for column in zip(*(counts[name] for name in names), strict=True)]
    step = _step(max(tall))
    top = max(1, -(-max(tall) // step)) * step
    bars: dict[Outcome, list[Bar]] = {name: [] for name in names}
    width = 100 / len(tall)
    for place in range(len(tall)):
        below = 0
        for name in names:
            count = counts[name][place]
            below += count
            if count:
                bars[name].append(Bar(place * width, 1 - below / top, width, count / top))
    said = ", ".join(f"{number(sum(counts[name]))} {name}" for name in names if any(counts[name]))
    return Panel(
        title=title,
        told=f"{said or 'no calls'}; at most {number(max(tall))} at a time.",
        bars={name: drawn for name, drawn in bars.items() if drawn},
        ticks=[Tick(at=1 - at / top, text=number(at)) for at in range(step, top + 1, step)],
    )


def _step(highest: int) -> int:
    """The distance of grid lines: 1, 2 or 5 and zeros, for at most five of them."""
    tens: int = 10 ** max(0, len(str(highest)) - 2)
    return next(step * tens for step in _STEPS if highest <= _MOST_LINES * step * tens)
