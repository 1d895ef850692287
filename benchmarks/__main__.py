"""`python -m benchmarks`: print what the chain costs. Needs `pip install 'betamw[bench]'`."""

import argparse
import asyncio
import sys
from typing import Final

from benchmarks import loopback, model, stub
from benchmarks.measure import show
from benchmarks.report import Report

_FULL: Final = {"stub": (41, 500), "loopback": (41, 150), "model": (41, 500)}
_QUICK: Final = {"stub": (9, 200), "loopback": (9, 60), "model": (9, 200)}
"""Rounds, and calls in a batch of each contestant."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="CPU time of the chain: (a) alone, with a stub in place of the network, (b) in whole calls to a "
        "server on this machine; and (c) of finding the model in a body. Compare ratios, not microseconds. Ends with 1 "
        "when a contestant does not do its job; a target that is not met is told, and no failure.",
    )
    parser.add_argument("--only", choices=tuple(_FULL), help="run this part only")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: rough figures, in some seconds")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> Report:
    settings = _QUICK if arguments.quick else _FULL
    report = Report({part: {"rounds": rounds, "calls": calls} for part, (rounds, calls) in settings.items()})
    parts = settings.keys() if arguments.only is None else {arguments.only}
    if "stub" in parts:
        report.wrong += await stub.check()
        if not report.wrong:
            report.stub = await stub.measure(*settings["stub"])
    if "loopback" in parts:
        outcome = await loopback.measure(*settings["loopback"])
        report.loopback, report.skipped = outcome.races, outcome.skipped
        report.wrong += outcome.wrong
    if "model" in parts:
        report.model = await model.measure(*settings["model"])
    return report


def main() -> int:
    """Run what was asked for; returns the exit code."""
    arguments = _arguments()
    report = asyncio.run(_run(arguments))
    return show(report, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
