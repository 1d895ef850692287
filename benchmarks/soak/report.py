"""The figures."""

import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from benchmarks.report import environment
from benchmarks.soak import audit
from benchmarks.soak.books import EVENTS, OUTCOMES, SENDS, Event, Outcome, Send, by_call, read
from benchmarks.soak.plan import FAULTS, draw_call
from benchmarks.soak.run import ENTRIES, Settings, Watched

_GROWN: Final = 1.1
"""How many times as large resident memory may be in the last quarter of the run as in the second."""
_MORE: Final = 1.05
"""Likewise, how many blocks of memory Python holds: exact, but without those that are larger than 512 bytes."""
_ENOUGH: Final = 4000
"""Calls from which on everything must have happened."""
_HAPPENS: Final = (
    *(f"outcome {name}" for name in ("ok", "recovered", "rejected", "error", "cancelled")),
    *(f"reply read: {name}" for name in ("whole", "part", "nothing", "broken")),
    *(f"caller: {name}" for name in ("reply", "exception", "timed out", "cancelled")),
    *(f"probes: {name}" for name in ("accepted", "refused", "unknown")),
    *(f"given up: {name}" for name in ("body_not_replayable", "paired_field")),
    "first reply handed over",
    "sent again by aiohttp (GET)",
)


@attrs.define
class Report:
    """All that was found out."""

    settings: Settings
    watched: Watched
    calls: Counter[str] = attrs.Factory(Counter)
    latency_ms: dict[str, dict[str, float]] = attrs.Factory(dict)
    wrong: list[str] = attrs.Factory(list)

    def to_json(self) -> dict[str, Any]:
        """One document with all figures."""
        watched = attrs.asdict(self.watched)
        return {
            "environment": environment(),
            "settings": attrs.asdict(self.settings),
            "calls_per_second": round(self.settings.calls / self.watched.seconds, 1),
            "calls": dict(self.calls),
            "latency_ms": self.latency_ms,
            **watched,
            "resident": _quarters(self.watched.resident),
            "blocks": _quarters(self.watched.blocks),
            "wrong": self.wrong,
        }

    def text(self) -> str:
        """The tables."""
        watched, server, settings = self.watched, self.watched.server, self.settings
        memory, blocks = _quarters(watched.resident), _quarters(watched.blocks)
        lines = [
            ", ".join(f"{name} {value}" for name, value in environment().items()),
            "",
            f"{settings.calls} calls, {settings.in_flight} in flight over at most {settings.connections} connections",
            f"seed {settings.seed}, {watched.seconds:.1f} s, {settings.calls / watched.seconds:.0f} calls/s",
            f"CPU: client {watched.cpu:.1f} s, server {server['cpu']:.1f} s",
            "",
            *(f"{name:<30} {number:8}" for name, number in sorted(self.calls.items())),
            "",
        ]
        lines += [
            f"latency {name:<16} p50 {ms['p50']:7.1f} ms  p99 {ms['p99']:7.1f} ms  ({ms['calls']:.0f} calls)"
            for name, ms in self.latency_ms.items()
        ]
        faults = server["faults"]
        lines += ["", f"{'fault':<30} {'first':>8} {'resend':>8}"]
        lines += [f"{name:<30} {faults.get(name, 0):8} {faults.get(f'{name}, resend', 0):8}" for name in FAULTS]
        lines += [
            "",
            f"resident memory: {memory['second']:.1f} MiB after warm-up, {memory['last']:.1f} MiB in the end",
            f"blocks of Python's: {blocks['second']:.0f} after warm-up, {blocks['last']:.0f} in the end",
            f"tasks: {watched.tasks} at most, {watched.tasks_left} left",
            f"connections: {server['accepted']} made, {server['open']} kept alive in the end, {server['busy']} in use",
            f"open files: {watched.files} at most, {watched.files_left} left",
            f"memory: {watched.entries} entries at most, {watched.leases} leases held in the end",
            f"wrong: {len(self.wrong)}",
        ]
        return "\n".join(lines)


def report(settings: Settings, watched: Watched, directory: Path) -> Report:
    """Compare the books."""
    result, findings = Report(settings, watched), audit.Findings()
    events = by_call(read(directory, EVENTS, Event), "soak_call")
    sends = by_call(read(directory, SENDS, Send))
    outcomes = by_call(read(directory, OUTCOMES, Outcome))
    calls = (draw_call(settings.seed, number) for number in range(settings.calls))
    took: dict[str, list[float]] = {"without resend": [], "with resend": []}
    for case in audit.cases(calls, outcomes, events, sends, findings):
        audit.check(case, findings)
        _count(result.calls, case)
        if case.outcome.read == "whole":
            took["with resend" if case.end.attempts > 1 else "without resend"].append(case.outcome.took)
    result.latency_ms = {name: _latency(seconds) for name, seconds in took.items()}
    _count_events(result.calls, events)
    if unknown := {*events, *sends, *outcomes}.difference(range(settings.calls + watched.calm)):
        findings.add("something that belongs to no call", sorted(unknown)[:10])
    _hold_flat(watched)
    if settings.calls >= _ENOUGH:
        missing = [fault for fault in FAULTS if fault not in watched.server["faults"]]
        missing += [name for name in _HAPPENS if not result.calls[name]]
        missing += ["a memory that is full"] if watched.entries < ENTRIES else []
        watched.hold(not missing, f"never happened, so that nothing is said about it: {', '.join(missing)}")
    result.wrong = [*watched.wrong, *findings.lines()]
    return result


def _count(figures: Counter[str], case: audit.Case) -> None:
    outcome, end = case.outcome, case.end
    if outcome.status:
        figures["caller: reply"] += 1
        figures[f"reply read: {outcome.read}"] += 1
        figures["first reply handed over"] += case.got() is not case.last
    else:
        figures["caller: cancelled" if outcome.error == "CancelledError" else "caller: exception"] += 1
    figures["caller: timed out"] += outcome.error == "TimeoutError"
    figures[f"outcome {end.outcome}"] += 1
    figures["resends"] += end.attempts - 1
    figures["sends refused"] += sum(send.refuses for send in case.sends)
    figures["sends"] += len(case.sends)
    figures["sent again by aiohttp (GET)"] += len(case.ends) - 1


def _count_events(figures: Counter[str], events: dict[int, list[Event]]) -> None:
    for told in events.values():
        for event in told:
            if event.event == "betamw.memory.reprobed":
                figures[f"probes: {event.result}"] += 1
            elif event.event == "betamw.memory.learned":
                figures["learned"] += len(event.betas)
            elif event.event == audit.REJECTED and event.reason != "dropped":
                figures[f"given up: {event.reason}"] += 1


def _latency(took: Sequence[float]) -> dict[str, float]:
    if len(took) < 2:  # noqa: PLR2004  of fewer there are no quantiles
        return {"p50": 0.0, "p99": 0.0, "calls": len(took)}
    cuts = statistics.quantiles(took, n=100)
    return {"p50": round(cuts[49] * 1000, 1), "p99": round(cuts[98] * 1000, 1), "calls": len(took)}


def _quarters(seen: Sequence[float]) -> dict[str, float]:
    """The medians of the second quarter of the run, when all is warm, and of the last; and the most."""
    quarter = max(1, len(seen) // 4)
    second, last = seen[quarter : 2 * quarter] or [0.0], seen[-quarter:] or [0.0]
    return {"second": statistics.median(second), "last": statistics.median(last), "most": max(seen, default=0.0)}


def _hold_flat(watched: Watched) -> None:
    memory, blocks = _quarters(watched.resident), _quarters(watched.blocks)
    grown = f"resident memory has grown from {memory['second']:.1f} to {memory['last']:.1f} MiB"
    watched.hold(memory["last"] <= memory["second"] * _GROWN, grown)
    more = f"Python holds {blocks['last']:.0f} blocks of memory, and held {blocks['second']:.0f} before"
    watched.hold(blocks["last"] <= blocks["second"] * _MORE, more)
