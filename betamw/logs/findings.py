"""Act on this: what in the counts somebody should do something about.

A false alarm is worse than silence. So nothing is said of what was neither accepted nor refused (an overloaded server,
a cancelled call), nor of what happened once. A beta has one finding, the strongest: it is not "refused since noon"
where it is another endpoint, asked since noon, that never took it. And where only calls of some outcomes were selected,
nothing is said about what is accepted.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final, get_args

import attrs

from betamw.catalog import CATALOG
from betamw.core.explanation.facts_at import facts_at
from betamw.logs.counting.counts import BetaCounts, Counts, Standing
from betamw.logs.counting.kinds import GOOD
from betamw.logs.selection import Selection
from betamw.logs.summary import Dimension, Finding, Kind, Status

STATUSES: Final[dict[str, Status]] = {"retired": "retired", "superseded": "superseded", "deprecated": "deprecated"}
"""The catalog's statuses that ask for something to be done."""

_KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_TWICE: Final = 2
_CLUSTER: Final = 5
_ACCEPTED_AT_MOST: Final = 10
"""Refused somewhere: at most one call in so many that sent it there was good."""
_DIMENSIONS: Final[tuple[Dimension, ...]] = ("origin", "endpoint", "model")
"""What explains most comes first: a provider has endpoints of its own."""
_ASKING: Final = {
    "request": "the caller's own header (the `betas=` of an SDK)",
    "override": "`override(add=...)`",
    "injected": "the chain's betas or an endpoint rule",
}
_ELSEWHERE: Final = {
    "origin": "an `Api` for that origin with a chain of its own that does not ask for it",
    "endpoint": "an endpoint rule or `override(...)` for the calls that need it",
    "model": "`override(...)` for the calls whose model takes it",
}
_REFUSED_BY: Final = {"origin": "by one origin", "endpoint": "at one endpoint", "model": "by one model"}
_IN_PLACE_OF: Final = {"injected": "a default for all", "request": "the caller's own header"}

Place = tuple[Dimension, str, Standing]


def findings(counts: Counts, selection: Selection) -> tuple[Finding, ...]:
    """What to act on, by kind, then by the number of calls that it concerns."""
    places: dict[str, list[Place]] = {}
    for (beta, dimension, value), standing in counts.places.items().items():
        for known in _DIMENSIONS:
            if dimension == known:
                places.setdefault(beta, []).append((known, value, standing))
    judging = not selection.outcomes or selection.outcomes.issuperset(GOOD)
    found = list(_invalid(counts))
    for (beta,), each in counts.betas.items().items():
        about = _Beta(beta, each, places.get(beta, []))
        finding = (about.refused() if judging else None) or about.on_its_way_out()
        if finding is not None:
            found.append(finding)
    return tuple(
        sorted(found, key=lambda each: (_KINDS.index(each.kind), -each.calls, each.beta or "", each.value or ""))
    )


def _invalid(counts: Counts) -> Iterator[Finding]:
    for (origin,), invalid in counts.invalid.items().items():
        text = (
            f"{_number(invalid.count, 'name')} in the anthropic-beta header ({origin}) cannot be a beta and did not go "
            "out. Look at the code that sets the header: a quotation mark, a space or something pasted by mistake?"
        )
        yield Finding(kind="invalid_input", beta=None, text=text, calls=invalid.count, value=origin)


@attrs.frozen
class _Beta:
    name: str
    counts: BetaCounts
    places: list[Place]

    def refused(self) -> Finding | None:
        """What is the matter with a beta that servers refuse."""
        if not self.counts.standing.accepted:
            return self._never()
        clusters = [cluster for cluster in map(self._cluster, _DIMENSIONS) if cluster is not None]
        for _, _, there in clusters:
            if _hardly_accepted(there):
                return self._clustered(*clusters[0])
        if self.counts.standing.missing_since:
            return self._since()
        return self._clustered(*clusters[0]) if clusters else None

    def _never(self) -> Finding | None:
        standing = self.counts.standing
        calls = max(standing.missing, standing.rejected)
        if calls < _TWICE:
            return None
        text = f"{self.name} was never accepted: {_number(standing.rejected, 'reply')} refused it"
        if standing.missing > standing.rejected:
            text += f", and {_number(standing.missing, 'call')} went without it"
        doubt = "" if standing.named else " No reply named it, so another beta of the same calls may be the reason."
        return self._finding("never_accepted", f"{text}.{doubt} {self._stop_asking()}", calls)

    def _since(self) -> Finding | None:
        last = self.counts.standing.last_accepted
        if last is None:
            return None
        since = dt.datetime.fromtimestamp(last, dt.UTC)
        text = (
            f"{self.name} was accepted until {since:%Y-%m-%d %H:%M} UTC and not since. {self._catalog_says()}"
            f"{self._ask_no_more('If it does not come back, take')}"
        )
        return attrs.evolve(self._finding("refused_since", text, self._missing_since(last)), since=since)

    def _missing_since(self, last: float) -> int:
        """Calls without it since then: all of the later buckets, and the latest few of the same one."""
        accepted = max(self.counts.accepted)
        later = sum(count for bucket, count in self.counts.missing.items() if bucket > accepted)
        return max(later, sum(at > last for at in self.counts.standing.last_missing))

    def _cluster(self, dimension: Dimension) -> Place | None:
        """The place where nearly all refusals were, while the beta is accepted at another."""
        there = [place for place in self.places if place[0] == dimension]
        worst = max(there, key=lambda place: (place[2].rejected, place[1]), default=None)
        if worst is None or worst[2].rejected < max(_CLUSTER, -(-self.counts.standing.rejected * 9 // 10)):
            return None
        standing = worst[2]
        accepted = sum(place[2].accepted for place in there)
        if not accepted:
            return None
        last = max((place[2].last_accepted or 0.0 for place in there if place is not worst), default=0.0)
        gone = standing.missing_since and last > standing.last_missing[-1]
        return worst if accepted > standing.accepted and (_hardly_accepted(standing) or gone) else None

    def _clustered(self, dimension: Dimension, value: str, there: Standing) -> Finding:
        standing = self.counts.standing
        elsewhere = standing.accepted - there.accepted
        text = (
            f"{self.name} is refused {_REFUSED_BY[dimension]}, {value} ({there.rejected:,} of "
            f"{_number(standing.rejected, 'refusal')}), while {_number(elsewhere, 'other call')} that sent it "
            f"{'was' if elsewhere == 1 else 'were'} good. "
            f"Ask for it only where it is taken: {self._elsewhere(dimension)}."
        )
        calls = max(there.rejected, there.missing)
        return attrs.evolve(self._finding("clustered", text, calls), dimension=dimension, value=value)

    def _elsewhere(self, dimension: Dimension) -> str:
        """Who may ask for it instead, and instead of whom: only of those who do ask now."""
        those = [_IN_PLACE_OF[source] for source in self._asked_by() if source in _IN_PLACE_OF]
        instead = f", in place of {_listed(those)}" if those and dimension != "origin" else ""
        return f"{_ELSEWHERE[dimension]}{instead}"

    def on_its_way_out(self) -> Finding | None:
        """What the catalog says of a beta that is still asked for, and not only to be removed by a policy."""
        known = CATALOG.betas.get(self.name)
        status = None if known is None else STATUSES.get(known.status)
        calls = self.counts.asked - self.counts.policy
        if status is None or calls <= 0:
            return None
        text = f"{self.name} is still asked for in {_number(calls, 'call')}. {self._stop_asking()}"
        return self._finding(status, text, calls)

    def _asked_by(self) -> dict[str, int]:
        asked = zip(_ASKING, (self.counts.requested, self.counts.scoped, self.counts.injected), strict=True)
        return {source: calls for source, calls in asked if calls}

    def _stop_asking(self) -> str:
        return f"{self._catalog_says()}{self._ask_no_more('Take')}"

    def _ask_no_more(self, take: str) -> str:
        asked = self._asked_by()
        places = [_ASKING[source] for source in sorted(asked, key=lambda source: -asked[source])]
        if not places:
            return "Nobody asks for it now."
        return f"{take} it out of {_listed(places)}, or `override(remove=...)` it."

    def _catalog_says(self) -> str:
        known, facts = CATALOG.betas.get(self.name), facts_at(self.name, "", CATALOG)
        if known is None or facts is None or known.status not in STATUSES:
            return ""
        detail = f" ({known.detail})" if known.detail else ""
        named = facts.successor is None or facts.successor in known.detail
        successor = "" if named else f"; {facts.successor} takes its place"
        return f"The catalog calls it {known.status}{detail}{successor}. "

    def _finding(self, kind: Kind, text: str, calls: int) -> Finding:
        return Finding(kind=kind, beta=self.name, text=text, calls=calls, asked_by=self._asked_by())


def _hardly_accepted(standing: Standing) -> bool:
    return standing.accepted * _ACCEPTED_AT_MOST <= max(standing.missing, standing.rejected)


def _number(count: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def _listed(items: Iterable[str]) -> str:
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last
