"""Timing contestants fairly on a noisy machine: CPU time, in rounds, each with a batch of every contestant.

Measured is the CPU time of this process (`time.process_time`), so waiting costs nothing, and neither does a neighbour
that takes the processor away. It does take cache and clock speed away, so a single figure means little: a ratio is
formed within each round, where both of its sides had the same neighbours, and the median of the ratios is what counts.

The garbage collector stays on, for what a contestant leaves behind is part of its cost. What was there before is
frozen, and every batch starts with nothing to collect.
"""

import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

import attrs

_SEED: Final = 20261122


@attrs.frozen
class Contestant:
    """One way to make the call.

    Attributes:
        name: What the tables call it.
        prepare: Is awaited before each batch, outside of the time, with the number of calls; gives the batch to run.
    """

    name: str
    prepare: Callable[[int], Awaitable[Callable[[], Awaitable[None]]]]


@attrs.frozen
class Ratio:
    """How many times another's cost: the median, the least and the greatest of the rounds."""

    median: float
    least: float
    greatest: float


@attrs.frozen
class Race:
    """What came out: for each contestant its microseconds of CPU per call, one figure for each round."""

    rounds: dict[str, list[float]]

    def microseconds(self, name: str) -> float:
        """The median of a contestant's rounds."""
        return statistics.median(self.rounds[name])

    def added(self, name: str, baseline: str) -> float:
        """The median of what a contestant costs more than another in the same round, in microseconds."""
        return statistics.median(a - b for a, b in zip(self.rounds[name], self.rounds[baseline], strict=True))

    def ratio(self, name: str, baseline: str) -> Ratio:
        """How many times as much as another a contestant costs in the same round."""
        ratios = [a / b for a, b in zip(self.rounds[name], self.rounds[baseline], strict=True)]
        return Ratio(statistics.median(ratios), min(ratios), max(ratios))

    def to_json(self) -> dict[str, Any]:
        """All medians, and the ratio of each contestant to each other."""
        return {
            name: {
                "microseconds": round(self.microseconds(name), 3),
                "ratios": {
                    other: {key: round(value, 4) for key, value in attrs.asdict(self.ratio(name, other)).items()}
                    for other in self.rounds
                    if other != name
                },
            }
            for name in self.rounds
        }


async def race(contestants: Sequence[Contestant], *, rounds: int, calls: int) -> Race:
    """Let the contestants run `rounds` batches of `calls` calls each, in a new random order in every round."""
    order = list(contestants)
    shuffle = random.Random(_SEED).shuffle  # noqa: S311  an order, not a secret
    took: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    gc.collect()
    gc.freeze()
    try:
        for number in range(rounds + 1):
            shuffle(order)
            for contestant in order:
                seconds = await _batch(contestant, calls)
                if number:  # the first round warms the caches up
                    took[contestant.name].append(seconds / calls * 1e6)
    finally:
        gc.unfreeze()
    return Race(took)


async def _batch(contestant: Contestant, calls: int) -> float:
    run = await contestant.prepare(calls)
    gc.collect()
    started = time.process_time()
    await run()
    return time.process_time() - started


def progress(line: str) -> None:
    """Tell on stderr what is being done, so that stdout holds results only."""
    print(line, file=sys.stderr, flush=True)


class Shown(Protocol):
    """What a program has found out."""

    wrong: list[str]

    def to_json(self) -> dict[str, Any]:
        """As one document."""
        ...

    def text(self) -> str:
        """As tables."""
        ...


def show(report: Shown, *, as_json: bool) -> int:
    """Print the results, and on stderr what is wrong; returns the exit code."""
    print(json.dumps(report.to_json(), indent=2) if as_json else report.text())
    for wrong in report.wrong:
        print(f"wrong: {wrong}", file=sys.stderr)
    return 1 if report.wrong else 0
