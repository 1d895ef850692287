"""The figures."""

import statistics
from collections import Counter
from pathlib import Path
from typing import Any, Final

import attrs

from benchmarks.report import environment
from benchmarks.soak import audit
from benchmarks.soak.books import EVENTS, OUTCOMES, SENDS, Event, Outcome, Send, by_call, read
from benchmarks.soak.plan import FAULTS, calm_scopes, draw_call
from benchmarks.soak.run import Settings, Watched

_FLAT: Final = 3.0
"""MiB by which resident memory may have grown between the second and the last quarter of the run."""
_ENOUGH: Final = 5000
"""Calls from which on everything must have happened."""


@attrs.define
class Report:
    """All that was found out."""

    settings: Settings
    watched: Watched
    calls: Counter[str] = attrs.Factory(Counter)
    latency_ms: dict[str, dict[str, float]] = attrs.Factory(dict)
    wrong: list[str] = attrs.Factory(list)

    @property
    def resident(self) -> tuple[float, float, float]:
        """MiB: the medians of the second and of the last quarter, and the most."""
        found, quarter = self.watched.resident, len(self.watched.resident) // 4
        if not quarter:
            return 0.0, 0.0, 0.0
        return statistics.median(found[quarter : 2 * quarter]), statistics.median(found[-quarter:]), max(found)

    def to_json(self) -> dict[str, Any]:
        """One document with all figures."""
        watched = attrs.asdict(self.watched)
        return {
            "environment": environment(),
            "settings": attrs.asdict(self.settings),
            "calls_per_second": round(self.settings.calls / self.watched.seconds, 1),
            "calls": dict(self.calls),
            "latency_ms": self.latency_ms,
            "resident_mib": dict(zip(("warm", "end", "most"), self.resident, strict=True)),
            "resident": [round(x, 1) for x in self.watched.resident],
            "watched": {name: value for name, value in watched.items() if name not in {"resident", "wrong"}},
            "wrong": self.wrong,
        }

    def text(self) -> str:
        """The tables."""
        watched, server = self.watched, self.watched.server
        warm, end, most = self.resident
        lines = [
            f"{self.settings.calls} calls, {self.settings.in_flight} in flight over at most "
            f"{self.settings.connections} connections, seed {self.settings.seed}",
            f"{watched.seconds:.1f} s, {self.settings.calls / watched.seconds:.0f} calls/s; CPU: client "
            f"{watched.cpu:.1f} s, server {server['cpu']:.1f} s",
            "",
            *(f"{name:<34} {number:8}" for name, number in self.calls.items()),
            "",
            *(
                f"{name:<34} p50 {ms['p50']:8.1f} ms   p99 {ms['p99']:8.1f} ms   ({ms['calls']:.0f} calls)"
                for name, ms in self.latency_ms.items()
            ),
            "",
            *(f"fault: {name:<27} {number:8}" for name, number in sorted(server["faults"].items())),
            "",
            f"resident memory, MiB: {warm:.1f} after warm-up, {end:.1f} in the end, {most:.1f} at most",
            f"tasks: {watched.tasks} at most, {watched.tasks_left} left",
            f"connections: {server['accepted']} made, {server['open']} kept alive in the end, {server['busy']} in use; "
            f"open files: {watched.files} at most, {watched.files_left} left",
            f"memory: {watched.entries} entries at most, {watched.leases} leases held in the end",
            "",
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
    with_resend: list[float] = []
    without: list[float] = []
    for case in audit.cases(calls, outcomes, events, sends, findings):
        audit.check(case, findings)
        _count(result.calls, case)
        if case.outcome.read == "whole":
            (with_resend if case.end.attempts > 1 else without).append(case.outcome.took * 1000)
    result.latency_ms = {"latency without resend": _latency(without), "latency with resend": _latency(with_resend)}
    _count_events(result.calls, events)
    unknown = {*events, *sends, *outcomes}.difference(range(settings.calls + watched.calm))
    if unknown:
        findings.add("something that belongs to no call", sorted(unknown)[:10])
    warm, end, _ = result.resident
    watched.hold(end <= warm + _FLAT, f"resident memory has grown from {warm:.1f} to {end:.1f} MiB")
    if settings.calls >= _ENOUGH:
        _hold_coverage(result)
    result.wrong = [*watched.wrong, *findings.lines()]
    return result


def _count(figures: Counter[str], case: audit.Case) -> None:
    outcome, end = case.outcome, case.end
    seen = "reply" if outcome.status else "cancelled" if outcome.error == "CancelledError" else "exception"
    figures[f"caller: {seen}"] += 1
    figures[f"caller: reply read: {outcome.read}"] += bool(outcome.status)
    figures["caller: timed out"] += outcome.error == "TimeoutError"
    figures[f"outcome: {end.outcome}"] += 1
    figures["resends"] += end.attempts - 1
    figures["first reply handed over"] += case.got() not in (None, case.last) if outcome.status else 0
    figures["sends refused"] += sum(send.refuses for send in case.sends)
    figures["sends that reached the server"] += len(case.sends)
    figures["sent again by aiohttp (GET)"] += len(case.ends) - 1


def _count_events(figures: Counter[str], events: dict[int, list[Event]]) -> None:
    for told in events.values():
        for event in told:
            if event.event == "betamw.memory.reprobed":
                figures[f"probes: {event.result}"] += len(event.betas)
            elif event.event == "betamw.memory.learned":
                figures["betas learned"] += len(event.betas)
            elif event.event == "betamw.beta.rejected" and event.reason != "dropped":
                figures[f"given up: {event.reason}"] += 1


def _latency(took: list[float]) -> dict[str, float]:
    if len(took) < 2:  # noqa: PLR2004  no quantiles of less
        return {"p50": 0.0, "p99": 0.0, "calls": len(took)}
    cuts = statistics.quantiles(took, n=100)
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1), "calls": len(took)}


def _hold_coverage(result: Report) -> None:
    """A soak in which something never happened says nothing about it."""
    happened = result.watched.server["faults"]
    missing = [name for name in FAULTS if name not in happened]
    wanted = [f"outcome: {name}" for name in ("ok", "recovered", "rejected", "error", "cancelled")]
    wanted += [f"caller: reply read: {name}" for name in ("whole", "part", "nothing", "broken")]
    wanted += ["probes: refused", "probes: accepted", "first reply handed over", "caller: timed out"]
    missing += [name for name in wanted if not result.calls[name]]
    result.watched.hold(not missing, f"never happened: {', '.join(missing)}")
