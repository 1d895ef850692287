"""All that is counted: sums of integers, least and greatest values, sets of bounded size. Order is no matter."""

from heapq import nlargest, nsmallest
from typing import Final

import attrs

from betamw.catalog import CATALOG
from betamw.logs.counting.bounded import Bounded, Key
from betamw.logs.counting.histogram import Histogram
from betamw.logs.counting.timegrid import UNITS, UNTIMED, Series, add_to, coarsened, unit_for
from betamw.logs.summary import OUTCOMES

MOST_BETAS: Final = 200
MOST_ENDPOINTS: Final = 100
MOST_PLACES: Final = 4000
MOST_ORIGINS_OF_INPUT: Final = 20
MOST_INVARIANTS: Final = 100
TOGETHER: Final = 3
"""So many refusals that nothing was accepted after are a change, and no accident."""
_CALLS_SHOWN: Final = 5


@attrs.define
class Standing:
    """Whether a beta is accepted, somewhere or at all.

    Attributes:
        accepted: Calls that sent it and were good.
        missing: Calls that it was missing from because it was refused: then, earlier, or with another in its place.
        named: Replies that named it.
        unnamed: Calls that dropped it, less the replies that named it before a resend: without unnamed refusals these
            are the same.
        last_accepted: When such a call was written.
        last_missing: The latest few times.
    """

    accepted: int = 0
    missing: int = 0
    named: int = 0
    unnamed: int = 0
    last_accepted: float | None = None
    last_missing: tuple[float, ...] = ()

    @property
    def rejected(self) -> int:
        """Replies that refused it, by name or not."""
        return self.named + max(0, self.unnamed)

    def merge(self, other: "Standing") -> None:
        """Add what another has counted."""
        self.accepted += other.accepted
        self.missing += other.missing
        self.named += other.named
        self.unnamed += other.unnamed
        self.last_accepted = latest(self.last_accepted, other.last_accepted)
        self.miss_at(other.last_missing)

    def miss_at(self, times: tuple[float, ...]) -> None:
        """Keep the latest times at which it was missing."""
        self.last_missing = tuple(nlargest(TOGETHER, (*self.last_missing, *times)))

    @property
    def missing_since(self) -> bool:
        """Whether it was missing from several calls since it was accepted last."""
        last = self.last_accepted
        return last is not None and len(self.last_missing) == TOGETHER and self.last_missing[-1] > last


@attrs.define
class BetaCounts:
    """What became of one beta; the fields are those of `BetaRow`."""

    asked: int = 0
    requested: int = 0
    scoped: int = 0
    injected: int = 0
    remembered: int = 0
    policy: int = 0
    substituted: int = 0
    first: float | None = None
    last: float | None = None
    last_rejected: float | None = None
    standing: Standing = attrs.Factory(Standing)
    sent: Series = attrs.Factory(dict)
    accepted: Series = attrs.Factory(dict)
    missing: Series = attrs.Factory(dict)
    named: Series = attrs.Factory(dict)
    unnamed: Series = attrs.Factory(dict)

    def merge(self, other: "BetaCounts") -> None:
        """Add what another has counted, in buckets of the same length."""
        for count in ("asked", "requested", "scoped", "injected", "remembered", "policy", "substituted"):
            setattr(self, count, getattr(self, count) + getattr(other, count))
        self.first = earliest(self.first, other.first)
        self.last = latest(self.last, other.last)
        self.last_rejected = latest(self.last_rejected, other.last_rejected)
        self.standing.merge(other.standing)
        for series in ("sent", "accepted", "missing", "named", "unnamed"):
            add_to(getattr(self, series), getattr(other, series))

    def coarsen(self, factor: int) -> None:
        """Make the buckets longer."""
        for series in ("sent", "accepted", "missing", "named", "unnamed"):
            setattr(self, series, coarsened(getattr(self, series), factor))

    def rejected(self) -> Series:
        """Replies that refused it. What a call dropped after a reply that named it is not counted once more."""
        series, ahead = dict(self.named), 0
        for bucket, unnamed in sorted(self.unnamed.items()):
            ahead += unnamed
            if ahead > 0:
                add_to(series, {bucket: ahead})
                ahead = 0
        return series


@attrs.define
class EndpointCounts:
    """The calls to one endpoint of one origin; the fields are those of `EndpointRow`.

    Most calls send nothing again, so that what they took with resends and without is the same: `plain`.
    """

    calls: int = 0
    resends: int = 0
    recovered: int = 0
    failed: int = 0
    plain: Histogram = attrs.Factory(Histogram)
    resent: Histogram = attrs.Factory(Histogram)
    less_overhead: Histogram = attrs.Factory(Histogram)

    def merge(self, other: "EndpointCounts") -> None:
        """Add what another has counted."""
        for count in ("calls", "resends", "recovered", "failed"):
            setattr(self, count, getattr(self, count) + getattr(other, count))
        for histogram in ("plain", "resent", "less_overhead"):
            getattr(self, histogram).merge(getattr(other, histogram))


@attrs.define
class Broken:
    """How often an invariant did not hold, and the first few calls: by time, then by id."""

    calls: int = 0
    first: tuple[tuple[float, str], ...] = ()

    def add(self, calls: int, first: tuple[tuple[float, str], ...]) -> None:
        """Count more."""
        self.calls += calls
        self.first = tuple(nsmallest(_CALLS_SHOWN, {*self.first, *first}))

    def merge(self, other: "Broken") -> None:
        """Add what another has counted."""
        self.add(other.calls, other.first)


@attrs.define
class Tallied:
    """A number."""

    count: int = 0

    def merge(self, other: "Tallied") -> None:
        """Add another."""
        self.count += other.count


def known_beta(key: Key) -> bool:
    """Whether the catalog knows the beta that a key begins with."""
    return key[0] in CATALOG.betas


def _known_endpoint(key: Key) -> bool:
    return key[1] in _TEMPLATES


def _anything(_key: Key) -> bool:
    return False


_TEMPLATES: Final = frozenset(CATALOG.url_templates)
REFUSALS: Final = "refusals"
HAPPENINGS: Final = (*OUTCOMES, REFUSALS)


def _moments() -> dict[str, Series]:
    return {happening: {} for happening in HAPPENINGS}


@attrs.define
class Counts:
    """The counts of some events.

    Attributes:
        unit: The index in `UNITS` of the length of all buckets.
        events: All events by time, `moments` by what they tell: calls by outcome, and replies that refused betas.
        first: When the first of them was written.
        last: When the last one was.
        betas: By name.
        places: How a beta stands somewhere: by its name, a dimension and a value of it.
        endpoints: By origin and template.
        invalid: Names that were left out because they cannot be betas, by where they came from.
        broken: By invariant.
    """

    unit: int = 0
    events: Series = attrs.Factory(dict)
    moments: dict[str, Series] = attrs.Factory(_moments)
    first: float | None = None
    last: float | None = None
    calls: int = 0
    untimed: int = 0
    resends: int = 0
    resend_microseconds: int = 0
    resends_saved: int = 0
    betas: Bounded[BetaCounts] = attrs.Factory(lambda: Bounded(MOST_BETAS, BetaCounts, known_beta))
    places: Bounded[Standing] = attrs.Factory(lambda: Bounded(MOST_PLACES, Standing, known_beta))
    endpoints: Bounded[EndpointCounts] = attrs.Factory(lambda: Bounded(MOST_ENDPOINTS, EndpointCounts, _known_endpoint))
    invalid: Bounded[Tallied] = attrs.Factory(lambda: Bounded(MOST_ORIGINS_OF_INPUT, Tallied, _anything))
    broken: Bounded[Broken] = attrs.Factory(lambda: Bounded(MOST_INVARIANTS, Broken, _anything))

    def coarsen_to(self, unit: int) -> None:
        """Make all buckets as long as `UNITS[unit]`, if they are shorter."""
        if unit <= self.unit:
            return
        factor = UNITS[unit] // UNITS[self.unit]
        self.unit = unit
        self.events = coarsened(self.events, factor)
        self.moments = {happening: coarsened(series, factor) for happening, series in self.moments.items()}
        for beta in self.betas.items().values():
            beta.coarsen(factor)

    def fit(self) -> None:
        """Make the buckets so long that there are not too many."""
        self.coarsen_to(unit_for(self.events.keys() - {UNTIMED}, self.unit))

    def merge(self, other: "Counts") -> None:
        """Add what another has counted; the other is not to be used any more."""
        other.coarsen_to(self.unit)
        self.coarsen_to(other.unit)
        add_to(self.events, other.events)
        for happening, series in other.moments.items():
            add_to(self.moments[happening], series)
        self.first, self.last = earliest(self.first, other.first), latest(self.last, other.last)
        for count in ("calls", "untimed", "resends", "resend_microseconds", "resends_saved"):
            setattr(self, count, getattr(self, count) + getattr(other, count))
        self.betas.merge(other.betas, BetaCounts.merge)
        self.places.merge(other.places, Standing.merge)
        self.endpoints.merge(other.endpoints, EndpointCounts.merge)
        self.invalid.merge(other.invalid, Tallied.merge)
        self.broken.merge(other.broken, Broken.merge)
        self.fit()


def earliest(*times: float | None) -> float | None:
    """The first of some times; None is no time."""
    return min((time for time in times if time is not None), default=None)


def latest(*times: float | None) -> float | None:
    """The last of some times; None is no time."""
    return max((time for time in times if time is not None), default=None)
