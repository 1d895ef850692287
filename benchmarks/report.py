"""What is shown: a table for each race, and the targets."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import attrs

from benchmarks import loopback, model, stub
from benchmarks.measure import Race
from benchmarks.scenarios import MAIN

_PACKAGES: Final = ("aiohttp", "structlog", "orjson", "attrs", "msgspec", "yarl", "aiohttp-retry", "anthropic")


@attrs.frozen
class Target:
    """A figure that is to be reached, mostly a ratio.

    Attributes:
        name: What is compared with what.
        limit: It may be this at most.
        reached: The median of the rounds.
    """

    name: str
    limit: float
    reached: float

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.reached <= self.limit

    def __str__(self) -> str:
        return f"target: {self.name} <= {self.limit:.2f}: {self.reached:.3f}, {'met' if self.met else 'NOT met'}"


@attrs.define
class Report:
    """All that was found out; a part that was not run is missing."""

    settings: dict[str, Any]
    stub: dict[str, Race] = attrs.Factory(dict)
    loopback: dict[str, Race] = attrs.Factory(dict)
    model: Race | None = None
    skipped: dict[str, str] = attrs.Factory(dict)
    wrong: list[str] = attrs.Factory(list)

    def targets(self) -> list[Target]:
        """The targets of the parts that were run."""
        targets = []
        if race := self.stub.get(MAIN.name):
            reached = race.ratio(stub.JSON, stub.HAND_WRITTEN).median
            targets.append(Target(f"stub, {MAIN.name}: {stub.JSON} / {stub.HAND_WRITTEN}", 2.0, reached))
        for name, race in self.loopback.items():
            for chain in (loopback.QUIET, loopback.JSON):
                reached = race.ratio(chain, loopback.BARE).median
                targets.append(Target(f"loopback, {name}: {chain} / {loopback.BARE}", 1.1, reached))
        if self.model is not None:
            targets.append(Target(f"{model.FINDING}, microseconds", 20.0, self.model.microseconds(model.FINDING)))
        return targets

    def to_json(self) -> dict[str, Any]:
        """One document with all medians and ratios."""
        return {
            "environment": environment(),
            "settings": self.settings,
            "wrong": self.wrong,
            "stub": {name: race.to_json() for name, race in self.stub.items()},
            "loopback": {name: race.to_json() for name, race in self.loopback.items()},
            "model": None if self.model is None else self.model.to_json(),
            "skipped": self.skipped,
            "targets": [
                attrs.asdict(target) | {"reached": round(target.reached, 4), "met": target.met}
                for target in self.targets()
            ],
        }

    def text(self) -> str:
        """The tables."""
        blocks = [", ".join(f"{name} {value}" for name, value in environment().items())]
        for name, race in self.stub.items():
            blocks.append(_table(f"stub, {name}", race, stub.NOTHING, (stub.NO_OP, stub.HAND_WRITTEN)))
        for name, race in self.loopback.items():
            blocks.append(_table(f"loopback, {name}", race, loopback.BARE, (loopback.BARE, loopback.HAND_WRITTEN)))
        if self.model is not None:
            blocks.append(_table("a 10 KiB body", self.model, model.LOADING, (model.LOADING,)))
        if self.skipped:
            blocks.append("\n".join(f"skipped: {name} ({reason})" for name, reason in self.skipped.items()))
        blocks.append("\n".join(map(str, self.targets())))
        return "\n\n".join(blocks)


def environment() -> dict[str, Any]:
    """What it ran on; a package that is not there has no version."""
    found: dict[str, Any] = {"python": platform.python_version(), "cpus": os.cpu_count()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def _table(title: str, race: Race, nothing: str, baselines: Sequence[str]) -> str:
    """Lines of: median microseconds per call, what it adds, its ratios with the least and greatest of the rounds."""
    head = f"{title:<44} {'us/call':>8} {'added':>8}" + "".join(f"  {'x ' + name:<26}" for name in baselines)
    lines = [head.rstrip(), "-" * len(head)]
    for name in race.rounds:
        line = f"{name:<44} {race.microseconds(name):8.2f} {race.added(name, nothing):8.2f}"
        for baseline in baselines:
            ratio = race.ratio(name, baseline)
            line += f"  {ratio.median:6.2f} {f'({ratio.least:.2f}..{ratio.greatest:.2f})':<19}"
        lines.append(line.rstrip())
    return "\n".join(lines)
