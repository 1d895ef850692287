"""`python -m benchmarks.isolation`: what it costs to find out which betas are refused by a reply that names none.

Two parts. *Draws*: culprits drawn at random, the same call made until the exact set is known; ours beside halving and
one by one. *Providers*: simulated from tests/facts/provider_support.json, each of whose columns lists betas and whether
the provider takes them; 50 calls want all of a column's betas, beside systems that do not search.

How the providers are modelled: a beta is refused if its cell is empty, or holds another name (a gateway would rename
it, we send what the caller wrote). `oauth-*` comes with a credential, not with a feature: it is not sent. The static
allow-list is one release old: it holds what the provider takes, but for betas dated in the month (31 days) before the
newest date in the table. That a release takes a month, and that the list is else right, are assumptions; a list that
still held a beta which a provider has given up would fail on every call. "Refused elsewhere" puts last what a provider
further up has refused. (What the catalog calls retired, legacy or superseded is not put last: with these providers that
saves a refused send in twenty and costs a third more betas missed.)
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import mean
from typing import Any, Final

import attrs

from benchmarks.measure import show
from benchmarks.searchers import (
    AllowList,
    Answer,
    DropAll,
    Enumerate,
    Isolation,
    Searcher,
    Server,
    Splitting,
    halves,
    singles,
)
from betamw.core.beta import Beta

_FACTS: Final = Path(__file__).parents[1] / "tests" / "facts" / "provider_support.json"
_CALLS: Final = 50
_RELEASE: Final = timedelta(days=31)
_MOST_REFUSED: Final = 2
_MOST_CALLS: Final = 200
_CASES: Final = ((8, 4, 9.0), (8, 1, 3.0), (13, 3, 8.0))
"""Betas, culprits, and how many refused sends are promised at most on average."""

_OURS: Final = "isolation"
_HINTS: Final = (0.7, 0.15)
"""The share of culprits, and of innocents, that are suspicious in the draws with hints."""


_HEAD: Final = "answered  sends  refused  settled lost/call"
_LEGEND: Final = """\
draws: refused sends and calls until the exact set is known; lost: innocent betas missing in the answers until then.
providers: in 50 calls; settled: after so many calls nothing is refused and nothing innocent missing (50: never)."""


@attrs.frozen
class Draws:
    """What a searcher needed, on average over the draws, until the exact set was known."""

    betas: int
    culprits: int
    searcher: str
    refused: float
    refused_most: int
    calls: float
    lost: float


@attrs.frozen
class Provider:
    """What 50 calls to a provider came to. `settled`: so many it took; `lost`: innocents missing in each."""

    provider: str
    betas: int
    culprits: int
    dialect: str
    searcher: str
    answered: int
    sends: int
    refused: int
    settled: int
    lost: float


@attrs.define
class Report:
    """All that was found out."""

    draws: list[Draws] = attrs.Factory(list)
    providers: list[Provider] = attrs.Factory(list)
    wrong: list[str] = attrs.Factory(list)

    def check(self, answer: Answer, what: str) -> None:
        """Hold a call to what every call is promised."""
        if answer.carried is None:
            self.wrong.append(f"{what}: a call was not answered")
        if answer.refused > _MOST_REFUSED:
            self.wrong.append(f"{what}: {answer.refused} refused sends in a call")

    def hold(self, draws: Draws, limit: float) -> None:
        """Hold our averages to the promise."""
        if draws.searcher.startswith(_OURS) and draws.refused > limit:
            what = f"{draws.culprits} of {draws.betas}, {draws.searcher}"
            self.wrong.append(f"{what}: {draws.refused:.2f} refused sends, promised are {limit}")

    def hold_to_the_end(self, answers: Sequence[Answer], server: Server, betas: Sequence[str], what: str) -> None:
        """Hold calls to a provider to what is promised of each, and of the last."""
        for answer in answers:
            self.check(answer, what)
        if _missing(answers[-1], server, betas):
            self.wrong.append(f"{what}: an innocent beta is still missing")

    def to_json(self) -> dict[str, Any]:
        """One document with all figures."""
        return attrs.asdict(self)

    def text(self) -> str:
        """The tables."""
        lines = [f"{'culprits':<10} {'searcher':<28} {'refused':>8} {'(most)':>7} {'calls':>6} {'lost':>6}"]
        lines += [
            f"{f'{row.culprits} of {row.betas}':<10} {row.searcher:<28} {row.refused:8.2f} "
            f"{f'({row.refused_most})':>7} {row.calls:6.1f} {row.lost:6.1f}"
            for row in self.draws
        ]
        lines += ["", f"{'provider':<17} {'refuses':<9} {'dialect':<8} {'searcher':<28} " + _HEAD]
        lines += [
            f"{row.provider:<17} {f'{row.culprits} of {row.betas}':<9} {row.dialect:<8} {row.searcher:<28} "
            f"{row.answered:8} {row.sends:6} {row.refused:8} {row.settled:8} {row.lost:9.2f}"
            for row in self.providers
        ]
        return "\n".join([*lines, "", _LEGEND])


# Draws.


def _contestants(
    draw: random.Random, betas: Sequence[str], culprits: frozenset[str]
) -> dict[str, Isolation | Splitting]:
    told = {beta for beta in betas if draw.random() < _HINTS[beta not in culprits]}
    return {
        _OURS: Isolation(),
        f"{_OURS}, hints": Isolation(tuple(told)),
        "halving": Splitting(halves),
        "one by one": Splitting(singles),
    }


def _search(searcher: Isolation | Splitting, server: Server, betas: Sequence[str]) -> Iterator[Answer]:
    """Make calls until the exact set is known."""
    for _ in range(_MOST_CALLS):
        if searcher.knows(betas):
            return
        yield searcher.call(server, betas)


def _missing(answer: Answer, server: Server, betas: Sequence[str]) -> int:
    return len(betas) - len(server.culprits) - len(answer.carried or ())


def measure_draws(report: Report, draws: int) -> None:
    """Draw culprits, and let each searcher find them."""
    draw = random.Random(20261120)  # noqa: S311  the same draws each time
    for count, bad, limit in _CASES:
        betas = [f"beta-{number}" for number in range(count)]
        found: dict[str, list[tuple[int, int, int]]] = {}
        for _ in range(draws):
            server = Server(frozenset(draw.sample(betas, bad)))
            for name, searcher in _contestants(draw, betas, server.culprits).items():
                answers = list(_search(searcher, server, betas))
                for answer in answers:
                    report.check(answer, f"{bad} of {count}, {name}")
                if searcher.verdicts != server.culprits:
                    report.wrong.append(f"{bad} of {count}, {name}: {searcher.verdicts} for {set(server.culprits)}")
                lost = sum(_missing(answer, server, betas) for answer in answers)
                found.setdefault(name, []).append((sum(answer.refused for answer in answers), len(answers), lost))
        for name, results in found.items():
            refused, calls, lost_ = zip(*results, strict=True)
            figures = Draws(count, bad, name, mean(refused), max(refused), mean(calls), mean(lost_))
            report.draws.append(figures)
            report.hold(figures, limit)


# Providers.


def _columns() -> Iterator[tuple[str, tuple[str, ...], frozenset[str]]]:
    """Each provider, the betas of its column, and those it refuses."""
    table: Mapping[str, Any] = json.loads(_FACTS.read_text(encoding="utf-8"))
    for provider, column in table.items():
        if isinstance(column, dict):
            betas = tuple(beta for beta in column if not beta.startswith("oauth-"))
            yield provider, betas, frozenset(beta for beta in betas if column[beta] != beta)


def _allowed(betas: Sequence[str], culprits: frozenset[str], newest: date) -> frozenset[str]:
    dates = {beta: Beta.parse(beta).date for beta in betas if beta not in culprits}
    return frozenset(beta for beta, day in dates.items() if day is None or day < newest - _RELEASE)


def measure_providers(report: Report) -> None:
    """Make the calls to each provider, in both dialects, in each way."""
    columns = list(_columns())
    days = (Beta.parse(beta).date for _, betas, _ in columns for beta in betas)
    newest = max(day for day in days if day is not None)
    refused_before: set[str] = set()
    for provider, betas, culprits in columns:
        for dialect in ("unnamed", "named"):
            server = Server(culprits, named=dialect == "named")
            searchers: dict[str, Searcher] = {
                _OURS: Isolation(),
                f"{_OURS}, refused elsewhere": Isolation(tuple(refused_before)),
                "drop everything": DropAll(),
                "enumerate, cap 32": Enumerate(),
                "allow-list, a release old": AllowList(_allowed(betas, culprits, newest)),
            }
            for name, searcher in searchers.items():
                answers = [searcher.call(server, betas) for _ in range(_CALLS)]
                report.providers.append(_provider(answers, server, betas, provider, name))
                if name.startswith(_OURS):
                    report.hold_to_the_end(answers, server, betas, f"{provider}, {dialect}")
        refused_before |= culprits


def _provider(answers: Sequence[Answer], server: Server, betas: Sequence[str], provider: str, name: str) -> Provider:
    return Provider(
        provider=provider,
        betas=len(betas),
        culprits=len(server.culprits),
        dialect="named" if server.named else "unnamed",
        searcher=name,
        answered=sum(answer.carried is not None for answer in answers),
        sends=sum(answer.sends for answer in answers),
        refused=sum(answer.refused for answer in answers),
        settled=max(
            (at for at, answer in enumerate(answers, 1) if answer.refused or _missing(answer, server, betas)), default=0
        ),
        lost=mean(_missing(answer, server, betas) for answer in answers),
    )


def main() -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.isolation", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="200 draws of each case in place of 1000")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    arguments = parser.parse_args()
    report = Report()
    measure_draws(report, 200 if arguments.quick else 1000)
    measure_providers(report)
    return show(report, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
