"""`python -m benchmarks.soak`: many calls, many in flight, faults mixed in; ends with 1 when a promise is broken."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import show
from benchmarks.soak.report import report
from benchmarks.soak.run import Settings, soak


def main() -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="4,000 calls in place of 100,000")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--calls", type=int, help="how many")
    parser.add_argument("--in-flight", type=int, default=500, help="calls at a time; default: 500")
    parser.add_argument("--connections", type=int, default=100, help="the pool's limit; default: 100")
    parser.add_argument("--seed", type=int, default=20261122, help="decides on all that is drawn")
    parser.add_argument("--keep", type=Path, help="leave the books in this directory, which is made")
    given = parser.parse_args()
    settings = Settings(
        calls=given.calls or (4_000 if given.quick else 100_000),
        in_flight=given.in_flight,
        connections=given.connections,
        seed=given.seed,
    )
    with tempfile.TemporaryDirectory(prefix="soak-") as temporary:
        directory = Path(temporary)
        if given.keep is not None:
            directory = given.keep
            directory.mkdir(parents=True, exist_ok=True)
        result = report(settings, asyncio.run(soak(settings, directory)), directory)
    return show(result, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
