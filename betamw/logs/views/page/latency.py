"""Latency with and without resends as figures, on one logarithmic scale."""

import math
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from betamw.logs.summary import EndpointRow, Summary
from betamw.logs.views.figures import seconds
from betamw.logs.views.page.columns import Tick

MOST_LATENCIES: Final = 10

_STEPS: Final = (1, 2, 5)
_MOST_TICKS: Final = 5
_CLOSE: Final = 0.05
"""Percentiles come from a histogram and are not exact: what differs by less is not told as a cost."""


@attrs.frozen(kw_only=True)
class Span:
    """Three percentiles on the scale, in percent of its length."""

    p50: float
    p95: float
    p99: float


@attrs.frozen(kw_only=True)
class Latency:
    """An endpoint with and without resends."""

    row: EndpointRow
    told: str
    cost: str
    pairs: dict[str, Span]


@attrs.frozen(kw_only=True)
class Latencies:
    """How long calls take, on one logarithmic scale."""

    rows: list[Latency]
    ticks: list[Tick]
    left_out: int


def latencies(summary: Summary) -> Latencies | None:
    """Latency with and without resends; None where no call says how long it took."""
    timed = [row for row in summary.endpoints if row.with_resends and row.without_resends]
    shown = timed[:MOST_LATENCIES]
    if not shown:
        return None
    scale = _Scale.of(value for row in shown for each in _both(row).values() for value in each)
    return Latencies(
        rows=[_latency(row, scale) for row in shown],
        ticks=list(scale.ticks()),
        left_out=len(timed) - len(shown),
    )


def _both(row: EndpointRow) -> dict[str, tuple[float, float, float]]:
    pairs = {"with": row.with_resends, "without": row.without_resends}
    return {name: (each.p50, each.p95, each.p99) for name, each in pairs.items() if each}


def _latency(row: EndpointRow, scale: "_Scale") -> Latency:
    both = _both(row)
    told = "; ".join(
        f"{name} resends p50 {seconds(p50)}, p95 {seconds(p95)}, p99 {seconds(p99)}"
        for name, (p50, p95, p99) in both.items()
    )
    costs = [
        f"+{seconds(slow - fast)} at {name}"
        for name, slow, fast in zip(("p50", "p95", "p99"), both["with"], both["without"], strict=True)
        if slow - fast > _CLOSE * slow
    ]
    pairs = {
        name: Span(**dict(zip(("p50", "p95", "p99"), map(scale.at, each), strict=True))) for name, each in both.items()
    }
    return Latency(
        row=row,
        told=told,
        cost=", ".join(costs) or ("less than 5 % more" if row.resends else "no resends"),
        pairs=pairs,
    )


@attrs.frozen
class _Scale:
    """Seconds as percent of an axis, logarithmic."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "_Scale":
        some = [value for value in values if value > 0] or [1.0]
        return cls(min(some) / 1.25, max(some) * 1.25)

    def at(self, value: float) -> float:
        clipped = min(max(value, self.low), self.high)
        return 100 * math.log(clipped / self.low) / math.log(self.high / self.low)

    def ticks(self) -> Iterator[Tick]:
        tens = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for steps in (_STEPS, (1,)):
            values = [step * 10.0**ten for ten in tens for step in steps if self.low <= step * 10.0**ten <= self.high]
            if len(values) <= _MOST_TICKS:
                break
        for value in values:
            yield Tick(at=self.at(value) / 100, text=f"{value:g} s" if value >= 1 else f"{1000 * value:g} ms")
