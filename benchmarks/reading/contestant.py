"""One contestant, in a process of its own: `python -m benchmarks.reading.contestant NAME FILE` prints JSON.

Nothing is imported before it is needed, so that each one's memory is its own.
"""

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

_HALF: Final = """
import json, sys
path, start = sys.argv[1], int(sys.argv[2])
lines = 0
with open(path, "rb") as file:
    file.seek(start)
    for line in file:
        try:
            json.loads(line)
        except ValueError:
            continue
        lines += 1
print(lines)
"""
_NEEDS: Final = {
    "summarize": ["betamw.logs.summarize"],
    "summarize_twice": ["betamw.logs.summarize"],
    "duckdb": ["duckdb", "benchmarks.reading.log"],
}
"""What is imported before the time is taken."""
_CALL: Final = {
    "event": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "server_address": "VARCHAR",
    "url_template": "VARCHAR",
    "outcome": "VARCHAR",
    "duration_s": "DOUBLE",
    "resend_overhead_s": "DOUBLE",
}


def loads(path: str) -> dict[str, Any]:
    """The plain loop."""
    lines = 0
    with Path(path).open("rb") as file:
        for line in file:
            try:
                json.loads(line)
            except ValueError:
                continue
            lines += 1
    return {"json": lines}


def _loop(path: str, start: int, end: float) -> int:
    lines, at = 0, start
    with Path(path).open("rb") as file:
        file.seek(start)
        for line in file:
            at += len(line)
            if at > end:
                break
            try:
                json.loads(line)
            except ValueError:
                continue
            lines += 1
    return lines


def loads_twice(path: str) -> dict[str, Any]:
    """The plain loop over the first half; another process has the second one."""
    with Path(path).open("rb") as file:
        file.seek(Path(path).stat().st_size // 2)
        file.readline()
        middle = file.tell()
    command = [sys.executable, "-c", _HALF, path, str(middle)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:  # noqa: S603  our own words
        lines = _loop(path, 0, middle)
        return {"json": lines + int(other.communicate()[0])}


def _summary(path: str, processes: int) -> dict[str, Any]:
    from betamw.logs.summarize import summarize  # noqa: PLC0415

    summary = summarize([path], processes=processes)
    return {
        "outcomes": {name: count for name, count in summary.outcomes.items() if count},
        "lines": summary.sources[0].lines,
        "unreadable": summary.headline.unreadable,
        "betas": {
            f"{name} {row.beta}": count
            for row in summary.betas
            for name in ("requested", "injected", "sent")
            if (count := getattr(row, name))
        },
        "p50": {row.url_template: row.with_resends.p50 for row in summary.endpoints if row.with_resends},
    }


def summarize(path: str) -> dict[str, Any]:
    """Ours, in one process."""
    return _summary(path, 1)


def summarize_twice(path: str) -> dict[str, Any]:
    """Ours, in two."""
    return _summary(path, 2)


def duckdb(path: str) -> dict[str, Any]:
    """The same figures from SQL: betas of each list, percentiles of endpoints, outcomes by the hour."""
    import duckdb as module  # noqa: PLC0415

    from benchmarks.reading.log import LISTS  # noqa: PLC0415

    columns = _CALL | {f"betas_{name}": "VARCHAR[]" for name in LISTS}
    shape = json.dumps({name: ["VARCHAR"] if kind == "VARCHAR[]" else kind for name, kind in columns.items()})
    read = ", ".join(f"{name}: '{kind}'" for name, kind in (columns | {"log": "VARCHAR"}).items())
    database = module.connect(config={"threads": 2})
    database.execute(
        f"CREATE TABLE lines AS SELECT * FROM read_json(?, format='newline_delimited', ignore_errors=true, "  # noqa: S608
        f"columns={{{read}}}) WHERE event = 'betamw.request' OR log LIKE '%betamw.request%'",
        [path],
    )
    database.execute(
        f"CREATE TABLE calls AS SELECT {', '.join(columns)} FROM lines WHERE log IS NULL UNION ALL BY NAME "  # noqa: S608
        f"SELECT unnest(from_json(log, '{shape}')) FROM lines WHERE log IS NOT NULL"
    )
    betas = " UNION ALL ".join(
        f"SELECT '{name}' AS list, beta, count(*), min(timestamp), max(timestamp) "  # noqa: S608
        f"FROM (SELECT unnest(betas_{name}) AS beta, timestamp FROM calls) GROUP BY beta"
        for name in LISTS
    )
    found = database.execute(betas).fetchall()
    percentiles = database.execute(
        "SELECT url_template, quantile_disc(duration_s, [0.5, 0.95, 0.99]), "
        "quantile_disc(duration_s - coalesce(resend_overhead_s, 0), [0.5, 0.95, 0.99]), count(*) "
        "FROM calls GROUP BY server_address, url_template"
    ).fetchall()
    moments = database.execute(
        "SELECT time_bucket(INTERVAL 1 HOUR, timestamp), outcome, count(*) FROM calls GROUP BY ALL"
    ).fetchall()
    outcomes: dict[str, int] = {}
    for _, outcome, count in moments:
        outcomes[outcome] = outcomes.get(outcome, 0) + count
    return {
        "outcomes": outcomes,
        "betas": {f"{name} {beta}": count for name, beta, count, *_ in found},
        "p50": {template: durations[0] for template, durations, *_ in percentiles},
    }


def _peak() -> float:
    """The most memory that this process ever had, in MiB."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024


def _others_peak() -> float:
    import resource  # noqa: PLC0415

    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    """Run one of them."""
    name, path = sys.argv[1:]
    run = globals()[name]
    for module in _NEEDS.get(name, ()):
        importlib.import_module(module)
    started = time.perf_counter()
    found = run(path)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "mib": _peak(), "others_mib": _others_peak(), "found": found}))


if __name__ == "__main__":
    main()
