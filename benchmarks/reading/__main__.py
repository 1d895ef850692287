"""`python -m benchmarks.reading`: what it costs to read logs back. Needs `pip install 'betamw[bench]'`."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any, Final

import attrs

from benchmarks.measure import progress, show
from benchmarks.reading.log import Book, write
from benchmarks.report import Target, environment

PLAIN, PLAIN_2, OURS, OURS_2, DUCKDB = "loads", "loads_twice", "summarize", "summarize_twice", "duckdb"
_TITLES: Final = {
    PLAIN: "json.loads of each line",
    PLAIN_2: "json.loads, two processes",
    OURS: "summarize",
    OURS_2: "summarize, two processes",
    DUCKDB: "DuckDB read_json, two threads",
}
_OF_CALLS: Final = ("requested", "injected", "sent")
_MEMORY: Final = 64.0


@attrs.define
class Report:
    """All that was found out."""

    lines: int
    mib: float
    seconds: dict[str, list[float]] = attrs.Factory(dict)
    memory: dict[str, float] = attrs.Factory(dict)
    wrong: list[str] = attrs.Factory(list)

    def ratios(self, name: str, baseline: str) -> list[float]:
        """What a contestant took in each round, in times of another."""
        return [a / b for a, b in zip(self.seconds[name], self.seconds[baseline], strict=True)]

    def targets(self) -> list[Target]:
        """What is to be reached: ratios of the best rounds, and memory."""
        pairs = ((OURS, PLAIN, 0.7), (OURS_2, PLAIN_2, 0.7), (OURS_2, DUCKDB, 1.5))
        return [
            *(
                Target(f"{_TITLES[a]} / {_TITLES[b]}", limit, min(self.seconds[a]) / min(self.seconds[b]))
                for a, b, limit in pairs
            ),
            *(Target(f"{name}, MiB", _MEMORY, mib) for name, mib in self.memory.items()),
        ]

    def to_json(self) -> dict[str, Any]:
        """One document."""
        return {
            "environment": environment(),
            "lines": self.lines,
            "mib": round(self.mib, 1),
            "seconds": {name: [round(each, 3) for each in rounds] for name, rounds in self.seconds.items()},
            "memory_mib": {name: round(mib, 1) for name, mib in self.memory.items()},
            "wrong": self.wrong,
            "targets": [
                attrs.asdict(target) | {"reached": round(target.reached, 4), "met": target.met}
                for target in self.targets()
            ],
        }

    def text(self) -> str:
        """The tables."""
        head = f"{self.lines:,} lines, {self.mib:.0f} MiB".ljust(34)
        rows = [f"{head} {'seconds':>8} {'us/line':>8}   x json.loads with as many processes"]
        rows.append("-" * len(rows[0]))
        for name, rounds in self.seconds.items():
            baseline = PLAIN if name in {PLAIN, OURS} else PLAIN_2
            ratios = self.ratios(name, baseline)
            spread = f"{median(ratios):6.2f} ({min(ratios):.2f}..{max(ratios):.2f})"
            rows.append(f"{_TITLES[name]:<34} {min(rounds):8.2f} {min(rounds) / self.lines * 1e6:8.2f}   {spread}")
        versions = ", ".join(f"{name} {value}" for name, value in environment().items())
        return "\n\n".join([versions, "\n".join(rows), "\n".join(map(str, self.targets()))])


def _run(name: str, path: Path) -> dict[str, Any]:
    """Let a contestant read a log, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.reading.contestant", name, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603  our own words
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _check(name: str, found: dict[str, Any], book: Book) -> Iterable[str]:
    """What a contestant has got wrong. SQL reads the lines that are JSON; ours reads all."""
    if name in {PLAIN, PLAIN_2}:
        expected: dict[str, Any] = {"json": book.json}
    else:
        outcomes, betas = (book.in_json, book.betas_in_json) if name == DUCKDB else (book.outcomes, book.betas)
        expected = {"outcomes": dict(outcomes), "betas": {k: n for k, n in betas.items() if k.startswith(_OF_CALLS)}}
        if name != DUCKDB:
            expected |= {"lines": book.lines, "unreadable": 0}
    for what, value in expected.items():
        got = found[what]
        if what == "betas":
            got = {key: count for key, count in got.items() if key.startswith(_OF_CALLS)}
        if got != value:
            yield f"{_TITLES[name]}: {what} are {got}, not {value}"


def _measure(report: Report, path: Path, book: Book, rounds: int) -> None:
    found: dict[str, Any] = {}
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}")
        for name in _TITLES:
            result = _run(name, path)
            report.seconds.setdefault(name, []).append(result["seconds"])
            found[name] = result["found"]
            if name in {OURS, OURS_2}:
                for whose in ("mib", "others_mib") if name == OURS_2 else ("mib",):
                    what = f"memory, {_TITLES[name]}{', the other one' if whose == 'others_mib' else ''}"
                    report.memory[what] = max(report.memory.get(what, 0.0), result[whose])
            if not number:
                report.wrong += _check(name, found[name], book)
    if found[OURS] != found[OURS_2]:
        report.wrong.append("one process and two do not tell the same")
    for template, exact in found[DUCKDB]["p50"].items():
        if abs(found[OURS]["p50"].get(template, 0.0) / exact - 1) > 0.02:  # noqa: PLR2004  1 %, and a few calls more
            report.wrong.append(f"the median of {template} is {found[OURS]['p50'].get(template)}, not {exact}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reading",
        description="What it takes to read a log of mixed lines and sum it up, beside json.loads of each line and "
        "beside SQL. Compare ratios, not seconds. Ends with 1 when a contestant counts wrong; a target that is not met "
        "is told, and no failure.",
    )
    parser.add_argument("--quick", action="store_true", help="50,000 lines, twice: rough figures, in some seconds")
    parser.add_argument("--lines", type=_positive, help="lines of the log; a million by default")
    parser.add_argument("--rounds", type=_positive, help="rounds, of which the best counts; 5 by default")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    return parser.parse_args()


def _positive(text: str) -> int:
    if text.isdecimal() and int(text):
        return int(text)
    msg = f"must be a number from 1 on, got {text!r}"
    raise argparse.ArgumentTypeError(msg)


def main() -> int:
    """Run it; returns the exit code."""
    arguments = _arguments()
    lines = arguments.lines or (50_000 if arguments.quick else 1_000_000)
    rounds = arguments.rounds or (2 if arguments.quick else 5)
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.log"), Path(folder, "large.log")
        progress(f"writing {lines:,} lines")
        write(small, max(1, lines // 10))
        book = write(large, lines)
        report = Report(lines, large.stat().st_size / (1 << 20))
        report.memory["memory, summarize, a tenth of the log"] = _run(OURS, small)["mib"]
        _measure(report, large, book, rounds)
    return show(report, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
