"""What was learned: verdicts with an expiry, and one probe at a time once they have expired.

Facts: a beta is refused for an origin, an endpoint, a model and an account (its credential), seldom for all of them,
so that is where a verdict holds. A verdict grows old: providers add betas. When it has expired, one call sends the beta
again (a probe, under a lease, so that a probe which never comes back does not block the next) while the others still
leave it out.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

import attrs

from betamw.core import validators

_FREE: Final = float("-inf")


@attrs.frozen
class Scope:
    """Where a verdict holds.

    Attributes:
        origin: `https://api.anthropic.com`, with the base URL's path where it has one.
        endpoint: The url template, `/v1/messages`.
        model: The model in the JSON body, None where there is none.
        credential: A keyed hash of what authenticates the request; never the secret.
    """

    origin: str
    endpoint: str
    model: str | None
    credential: str


@attrs.frozen
class Verdict:
    """A beta is refused in a scope, until `expires_at` on the memory's clock (seconds)."""

    scope: Scope
    beta: str
    expires_at: float


@attrs.define
class _Entry:
    expires_at: float
    leased_until: float = _FREE


@attrs.frozen
class Recall:
    """What the memory says of the betas that a call is about to send.

    Attributes:
        left_out: Refused as far as is known.
        probing: Expired; this call sends them to see, and must report what came of it.
        leased_until: The end of its lease on them.
    """

    left_out: tuple[str, ...] = ()
    probing: tuple[str, ...] = ()
    leased_until: float = attrs.field(default=_FREE, eq=False)


NOTHING: Final = Recall()


@attrs.define(eq=False)
class Verdicts:
    """The verdicts, bounded: the one that was of no use for longest goes first. Times are seconds, and arguments."""

    remember_for: float = attrs.field(default=3600.0, validator=validators.seconds)
    max_entries: int = attrs.field(default=4096, validator=validators.at_least(1))
    probe_lease: float = attrs.field(default=60.0, validator=validators.seconds)
    _entries: OrderedDict[tuple[Scope, str], _Entry] = attrs.field(init=False, factory=OrderedDict)
    places: dict[tuple[str, str], int] = attrs.field(init=False, factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self._entries)

    def recall(self, scope: Scope, betas: Iterable[str], now: float, *, may_probe: bool = True) -> Recall:
        """Say which of the betas to leave out; takes the lease of those that this call is to probe, if it may."""
        left_out, probing, leased_until = [], [], now + self.probe_lease
        for beta in betas:
            entry = self._entries.get((scope, beta))
            if entry is None:
                continue
            self._entries.move_to_end((scope, beta))
            if not may_probe or now < entry.expires_at or now < entry.leased_until:
                left_out.append(beta)
            else:
                entry.leased_until = leased_until
                probing.append(beta)
        return Recall(tuple(left_out), tuple(probing), leased_until) if left_out or probing else NOTHING

    def learn(self, scope: Scope, betas: Iterable[str], now: float) -> tuple[str, ...]:
        """The betas are refused in this scope from now on, and a lease on them ends; returns those that are news."""
        news = []
        for beta in betas:
            key = (scope, beta)
            held = self._entries.get(key)
            if held is None:
                self._count(scope, 1)
            if held is None or held.expires_at <= now:
                news.append(beta)
            self._entries[key] = _Entry(now + self.remember_for)
            self._entries.move_to_end(key)
        while len(self._entries) > self.max_entries:
            (oldest, _), _ = self._entries.popitem(last=False)
            self._count(oldest, -1)
        return tuple(news)

    def clear(self, scope: Scope, betas: Iterable[str]) -> tuple[str, ...]:
        """The betas were accepted in this scope: forget what was held against them; returns those there were."""
        cleared = tuple(beta for beta in betas if self._entries.pop((scope, beta), None) is not None)
        self._count(scope, -len(cleared))
        return cleared

    def release(self, scope: Scope, beta: str, leased_until: float) -> None:
        """A probe said nothing about the beta: the next call may probe it, unless one does already."""
        entry = self._entries.get((scope, beta))
        if entry is not None and entry.leased_until == leased_until:
            entry.leased_until = _FREE

    def forget(self, beta: str | None = None) -> int:
        """Forget the verdicts on a beta everywhere, or all of them; returns how many there were."""
        doomed = [key for key in self._entries if beta is None or key[1] == beta]
        for scope, name in doomed:
            self.clear(scope, (name,))
        return len(doomed)

    def verdicts(self) -> tuple[Verdict, ...]:
        """All that is held, the least used first. Expired ones stand here until a probe has decided."""
        return tuple(Verdict(scope, beta, entry.expires_at) for (scope, beta), entry in self._entries.items())

    def _count(self, scope: Scope, change: int) -> None:
        place = (scope.origin, scope.endpoint)
        if left := self.places.get(place, 0) + change:
            self.places[place] = left
        else:
            self.places.pop(place, None)
