"""Kinds of events: calls and refusals that are alike in all but their times are counted at once."""

import math
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Final

import attrs

from betamw.core.telling import holds_key, in_place_of, name_told
from betamw.logs.counting.counts import REFUSALS, BetaCounts, Counts, EndpointCounts, Standing, earliest, latest
from betamw.logs.counting.timegrid import UNITS, Series, add_to, coarsened, times_of
from betamw.logs.record import Names
from betamw.logs.selection import Selection

call_kind: Final = attrgetter(
    *("server_address", "server_port", "url_template", "gen_ai_request_model", "outcome", "attempts"),
    *("betas_requested", "betas_scoped", "betas_injected", "betas_sent"),
    *("betas_dropped_rejected", "betas_dropped_remembered", "betas_dropped_policy", "betas_substituted"),
)
CallKind = tuple[str, int | None, str, str | None, str, int, Names, Names, Names, Names, Names, Names, Names, Names]
refusal_kind: Final = attrgetter(
    "server_address", "server_port", "url_template", "gen_ai_request_model", "betas_rejected", "action"
)
RefusalKind = tuple[str, int | None, str, str | None, Names, str | None]

GOOD: Final = ("ok", "recovered")
FAILED: Final = ("rejected", "error")
_LONGEST_PLACE: Final = 255


@attrs.define
class Gathered:
    """What calls of a kind differ in: when they were written, and how long they took, with and in resends."""

    ats: list[float | None] = attrs.Factory(list)
    durations: list[float | None] = attrs.Factory(list)
    resent: list[tuple[float | None, float]] = attrs.Factory(list)


def place_told(text: str) -> str:
    """An origin, a template or a model, as it may be told."""
    return text if len(text) <= _LONGEST_PLACE and not holds_key(text) else in_place_of(text)


def space_of(kind: Iterable[object]) -> int:
    """How many events of a kind take as much space as the kind itself, roughly."""
    texts = (text for part in kind for text in (part if isinstance(part, tuple) else (part,)) if isinstance(text, str))
    return 4 + sum(50 + len(text) for text in texts) // 100


@attrs.define
class Times:
    """When events of a kind were written: by bucket, and in order."""

    series: Series
    ordered: list[float]

    @classmethod
    def of(cls, ats: list[float | None], unit: int) -> "Times":
        """Of some events; the buckets are of length `UNITS[unit]`."""
        return cls(*times_of(ats, UNITS[unit]))

    @property
    def first(self) -> float | None:
        """The first of them."""
        return self.ordered[0] if self.ordered else None

    @property
    def last(self) -> float | None:
        """The last of them."""
        return self.ordered[-1] if self.ordered else None


@attrs.define
class Places:
    """Where events of a kind happened, and how each beta stands there and at all."""

    counts: Counts
    origin: str
    template: str
    model: str | None

    @classmethod
    def of(cls, counts: Counts, kind: CallKind | RefusalKind) -> "Places":
        """From the beginning of a kind."""
        address, port, template, model = kind[:4]
        origin = place_told(address if port is None else f"{address}:{port}")
        return cls(counts, origin, place_told(template), None if model is None else place_told(model))

    def standings(self, beta: str, found: BetaCounts) -> list[Standing]:
        """All that is to be told what happened to a beta."""
        places = [("endpoint", self.template), ("origin", self.origin)]
        if self.model is not None:
            places.append(("model", self.model))
        there = (self.counts.places.at((beta, *place)) for place in places)
        return [found.standing, *(standing for standing in there if standing is not None)]


@attrs.define
class Counting:
    """Adds kinds of events to counts."""

    counts: Counts
    selection: Selection
    _told: dict[str, str | None] = attrs.Factory(dict)

    def _names(self, names: Names) -> set[str]:
        """The betas that were asked about, as they may be told."""
        told = self._told
        for name in names:
            if name not in told:
                beta = name_told(name)
                told[name] = beta if self.selection.wants(name) else None
        return {wanted for name in names if (wanted := told[name]) is not None}

    def add(self, calls: Mapping[CallKind, Gathered], refusals: Mapping[RefusalKind, list[float | None]]) -> None:
        """Add kinds of events. Their times come first, for these tell how long the buckets must be."""
        unit = self.counts.unit
        of_calls = [Times.of(gathered.ats, unit) for gathered in calls.values()]
        of_refusals = [Times.of(ats, unit) for ats in refusals.values()]
        for times in (*of_calls, *of_refusals):
            add_to(self.counts.events, times.series)
        self.counts.fit()
        if (factor := UNITS[self.counts.unit] // UNITS[unit]) > 1:
            for times in (*of_calls, *of_refusals):
                times.series = coarsened(times.series, factor)
        for (kind, gathered), times in zip(calls.items(), of_calls, strict=True):
            self._calls(kind, gathered, times)
        for (refused, ats), times in zip(refusals.items(), of_refusals, strict=True):
            self._refusals(refused, len(ats), times)

    def _seen(self, times: Times, happening: str) -> None:
        counts = self.counts
        counts.first, counts.last = earliest(counts.first, times.first), latest(counts.last, times.last)
        if happening in counts.moments:
            add_to(counts.moments[happening], times.series)

    def _calls(self, kind: CallKind, gathered: Gathered, times: Times) -> None:
        outcome, attempts = kind[4], kind[5]
        counts, number = self.counts, len(gathered.ats)
        resends, remembered = max(0, attempts - 1), kind[11] or (kind[13] and attempts == 1)
        counts.calls += number
        counts.untimed += number - len(times.ordered)
        counts.resends += number * resends
        counts.resends_saved += number if remembered else 0
        overheads = [in_resends for _, in_resends in gathered.resent if 0.0 <= in_resends < math.inf]
        counts.resend_microseconds += sum(round(overhead * 1e6) for overhead in overheads)
        self._seen(times, outcome)
        if self.selection.outcomes and kind[10]:  # the refusals themselves do not know the call's outcome
            add_to(counts.moments[REFUSALS], times.series)
        places = Places.of(counts, kind)
        if (endpoint := counts.endpoints.at((places.origin, places.template))) is not None:
            endpoint.calls += number
            endpoint.resends += number * resends
            endpoint.recovered += number * (outcome == "recovered")
            endpoint.failed += number * (outcome in FAILED)
            _add_durations(endpoint, gathered)
        self._betas(kind, times, number, places)

    def _betas(self, kind: CallKind, times: Times, number: int, places: Places) -> None:
        requested, scoped, injected, sent, rejected, remembered, policy, substituted = map(self._names, kind[6:])
        asked, missing = requested | scoped | injected, rejected | remembered | substituted
        for beta in asked | missing | sent | policy:
            if (found := self.counts.betas.at((beta,))) is None:
                continue
            found.asked += number * (beta in asked)
            found.requested += number * (beta in requested)
            found.scoped += number * (beta in scoped)
            found.injected += number * (beta in injected)
            found.remembered += number * (beta in remembered)
            found.policy += number * (beta in policy)
            found.substituted += number * (beta in substituted)
            found.first, found.last = earliest(found.first, times.first), latest(found.last, times.last)
            standings = places.standings(beta, found)
            if beta in sent:
                add_to(found.sent, times.series)
                if kind[4] in GOOD:
                    _accepted(found, standings, times, number)
            if beta in missing:
                _missing(found, standings, times, number)
            if beta in rejected:
                _dropped(found, standings, times, number)

    def _refusals(self, kind: RefusalKind, number: int, times: Times) -> None:
        names, action = kind[4:]
        places = Places.of(self.counts, kind)
        self._seen(times, REFUSALS)
        for beta in self._names(names):
            if (found := self.counts.betas.at((beta,))) is None:
                continue
            found.first, found.last = earliest(found.first, times.first), latest(found.last, times.last)
            found.last_rejected = latest(found.last_rejected, times.last)
            add_to(found.named, times.series)
            if action == "resend":
                add_to(found.unnamed, times.series, -1)
            if action != "resend":
                add_to(found.missing, times.series)
            for standing in places.standings(beta, found):
                standing.named += number
                standing.unnamed -= number * (action == "resend")
                if action != "resend":  # it is the call's last word
                    standing.miss_at(tuple(times.ordered[-3:]))


def _accepted(found: BetaCounts, standings: list[Standing], times: Times, number: int) -> None:
    add_to(found.accepted, times.series)
    for standing in standings:
        standing.accepted += number
        standing.last_accepted = latest(standing.last_accepted, times.last)


def _missing(found: BetaCounts, standings: list[Standing], times: Times, number: int) -> None:
    add_to(found.missing, times.series)
    for standing in standings:
        standing.missing += number
        standing.miss_at(tuple(times.ordered[-3:]))


def _dropped(found: BetaCounts, standings: list[Standing], times: Times, number: int) -> None:
    found.last_rejected = latest(found.last_rejected, times.last)
    add_to(found.unnamed, times.series)
    for standing in standings:
        standing.unnamed += number


def _add_durations(endpoint: EndpointCounts, gathered: Gathered) -> None:
    endpoint.plain.add_all(gathered.durations)
    resent = [pair for pair in gathered.resent if pair[0] is not None and pair[1] <= pair[0]]
    endpoint.resent.add_all([duration for duration, _ in resent])
    endpoint.less_overhead.add_all([(duration or 0.0) - overhead for duration, overhead in resent])
