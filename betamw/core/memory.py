"""What was learned: verdicts with an expiry, one probe at a time once they have expired, and the searches under way.

Facts: a beta is refused for an origin, an endpoint, a model and an account (its credential), seldom for all of them,
so that is where a verdict holds. A verdict grows old: providers add betas. When it has expired, one call sends the beta
again (a probe, under a lease, so that a probe which never comes back does not block the next) while the others still
leave it out. A refusal that was read and is not yet borne out by a resend is a suspicion: for as long as one of the
calls that have read it is at it, others leave the beta out too. What the user has pinned is left out whatever comes.

A name that may not be told, for it could be a key that was taken for one, is not held here: what a call finds out about
it ends with the call.
"""

from collections.abc import Container, Iterable
from math import inf
from typing import Final

import attrs

from betamw.core import validators
from betamw.core.isolation import Search
from betamw.core.pins import Pins
from betamw.core.scope import Scope
from betamw.core.searches import Searches
from betamw.core.shelf import AT_ONCE, Held, Shelf
from betamw.core.telling import discreet, may_be_told

__all__ = ["NOTHING", "Recall", "Scope", "Verdict", "Verdicts"]


@attrs.frozen(field_transformer=discreet)
class Verdict:
    """A beta is refused in a scope, until `expires_at` on the memory's clock (seconds).

    For a pin that is `math.inf`, the scope's credential is None, and so is what else the pin holds for any of.
    """

    scope: Scope
    beta: str
    expires_at: float


@attrs.frozen(field_transformer=discreet)
class Recall:
    """What the memory says of the betas that a call is about to send.

    Attributes:
        left_out: Refused as far as is known.
        probing: Expired; this call sends them to see, and must report what came of it.
    """

    left_out: tuple[str, ...] = ()
    probing: tuple[str, ...] = ()


NOTHING: Final = Recall()
_fixed: Final = attrs.setters.frozen


def _new_shelf(memory: "Verdicts") -> Shelf:
    return Shelf(memory.max_entries)


def _new_searches(memory: "Verdicts") -> Searches:
    return Searches(memory._shelf, memory.remember_for, memory.probe_lease)  # noqa: SLF001  a part of it


@attrs.define(eq=False, field_transformer=discreet)
class Verdicts:
    """The verdicts, suspicions and searches, `max_entries` in all: what was of no use for longest goes first.

    Times are seconds, and arguments. Who asks, or has something to tell, is a `holder`: the object that stands for one
    call, kept alive until it has told what came of what it was at, or somebody else has found its lease over.

    Attributes:
        hash_key: The key under which credentials are hashed for this memory's scopes.
        pins: What the user has pinned; false where that is nothing.
    """

    remember_for: float = attrs.field(default=3600.0, validator=validators.seconds, on_setattr=_fixed)
    max_entries: int = attrs.field(default=4096, validator=validators.at_least(1), on_setattr=_fixed)
    probe_lease: float = attrs.field(default=60.0, validator=validators.seconds, on_setattr=_fixed)
    hash_key: bytes = attrs.field(init=False, default=b"", repr=False)
    pins: Pins = attrs.field(init=False, factory=Pins, repr=False)
    _shelf: Shelf = attrs.field(init=False, default=attrs.Factory(_new_shelf, takes_self=True), repr=False)
    _searches: Searches = attrs.field(init=False, default=attrs.Factory(_new_searches, takes_self=True), repr=False)
    places: dict[tuple[str | None, str | None], int] = attrs.field(
        init=False, default=attrs.Factory(lambda self: self._shelf.places, takes_self=True), repr=False
    )
    """Where something is held, by origin and endpoint: elsewhere, without `pins`, no call need find out its scope."""

    def __len__(self) -> int:
        """What counts towards `max_entries`."""
        return len(self._shelf)

    def __bool__(self) -> bool:
        """An empty memory is a memory: `memory or another` shall not take the other."""
        return True

    # Before a call.

    def recall(
        self, scope: Scope, betas: Iterable[str], now: float, *, holder: object, may_probe: bool = True
    ) -> Recall:
        """Say which of the betas to leave out; takes the lease of those that this call is to probe, if it may.

        What this call is at already, as a probe or because it has suspected the beta itself, is not left out.
        """
        left_out, probing = [], []
        for beta in betas:
            if self.pins and self.pins.holds(scope, beta):
                left_out.append(beta)
                continue
            held = self._shelf.use(scope, beta)
            if held is None or held.leases.has(holder, now):
                continue
            if now < held.expires_at or held.leases.others(holder, now):
                left_out.append(beta)
            elif not held.lasts:  # a suspicion that nobody has come back to
                self._shelf.drop(scope, beta)
            elif not may_probe:
                left_out.append(beta)
            else:
                held.leases.take(holder, now + self.probe_lease)
                probing.append(beta)
        return Recall(tuple(left_out), tuple(probing)) if left_out or probing else NOTHING

    def refuses(self, scope: Scope, beta: str, now: float) -> bool:
        """Whether the beta is pinned, or a verdict is held against it that has not expired."""
        return self._is_fresh(scope, beta, now) or (bool(self.pins) and self.pins.holds(scope, beta))

    def refused_elsewhere(self, scope: Scope) -> Container[str]:
        """The betas that verdicts, be they expired, are held against in other scopes of the same origin and credential.

        Of other origins and accounts nothing is known here, not even what to suspect first.
        """
        return self._shelf.elsewhere(scope)

    # After a reply.

    def suspect(self, scope: Scope, betas: Iterable[str], now: float, *, holder: object) -> bool:
        """The betas were refused just now: until `holder` knows whether leaving them out helps, others do so too.

        Any number of calls may suspect the same: it ends when the last of them has released it, or when one has learned
        or cleared it. The probe of a verdict that has expired goes on like this when it is refused. Returns whether
        nothing was held against one of them before.
        """
        news = False
        for beta in filter(may_be_told, betas):
            held = self._shelf.use(scope, beta)
            if held is None:
                news = True
                held = Held(AT_ONCE)
                self._shelf.put(scope, beta, held)
            if now >= held.expires_at:
                held.leases.take(holder, now + self.probe_lease)
        return news

    def learn(self, scope: Scope, betas: Iterable[str], now: float) -> tuple[str, ...]:
        """The betas are refused in this scope from now on, all leases on them end; returns those that are news."""
        news = []
        for beta in filter(may_be_told, betas):
            if not self._is_fresh(scope, beta, now):
                news.append(beta)
            self._shelf.put(scope, beta, Held(now + self.remember_for))
        return tuple(news)

    def clear(self, scope: Scope, betas: Iterable[str]) -> tuple[str, ...]:
        """The betas were accepted in this scope: forget what was held against them; returns those that had verdicts.

        A pin stays.
        """
        return tuple([beta for beta in betas if (held := self._shelf.drop(scope, beta)) is not None and held.lasts])

    def release(self, scope: Scope, betas: Iterable[str], *, holder: object) -> None:
        """What `holder` was to find out about the betas, it has not: a verdict may be probed by the next call."""
        for beta in betas:
            held = self._shelf.look(scope, beta)
            if held is not None and held.leases.end(holder) and not held.leases and not held.lasts:
                self._shelf.drop(scope, beta)

    # The user's.

    def pin(
        self, beta: str, *, origin: str | None = None, endpoint: str | None = None, model: str | None = None
    ) -> None:
        """Leave the beta out from now on, in every scope that agrees, until it is forgotten. The origin is a scope's.

        Raises `InvalidBetaError` and `ConfigError`: see `Pins.add`.
        """
        self.pins.add(beta, (origin, endpoint, model), self.max_entries)

    def forget(self, beta: str | None = None) -> int:
        """Forget all that is held against a beta, or against any; returns how many verdicts and pins there were."""
        count = self.pins.forget(beta)
        for scope, name, held in self._shelf:
            if name is not None and beta in (None, name):
                count += held.lasts
                self._shelf.drop(scope, name)
        self._searches.forget(beta)
        return count

    def verdicts(self) -> tuple[Verdict, ...]:
        """The pins, then the verdicts, the least used first. Expired ones stand here until a probe has decided."""
        pins = (Verdict(Scope(*where, None), beta, inf) for beta, pinned in self.pins.items() for where in pinned)
        held = (Verdict(scope, beta, held.expires_at) for scope, beta, held in self._shelf if beta and held.lasts)
        return (*pins, *held)

    # Searches.

    def search(self, scope: Scope, now: float) -> Search | None:
        """The search in a scope, if there is one.

        Its suspects are given up when no call that had the lease has come to a good end for `remember_for`: where none
        may search, they must not be left out for ever. What is known to be good stays.
        """
        return self._searches.find(scope, now)

    def begin_search(self, scope: Scope, now: float) -> Search:
        """The search in a scope, a new one where there is none."""
        return self._searches.begin(scope, now)

    def may_search(self, scope: Scope, now: float, *, holder: object) -> bool:
        """Take the lease of the search in a scope, if it is free: one call at a time sends suspects."""
        return self._searches.take(scope, now, holder=holder)

    def searched(self, scope: Scope, now: float, *, holder: object) -> None:
        """A call has come to a good end: its lease, if it had it, is free, and the search is fresh."""
        self._searches.end(scope, holder=holder, learned_at=now)

    def stop_search(self, scope: Scope, *, holder: object) -> None:
        """A call has come to its end, and has found out nothing: the next one may search."""
        self._searches.end(scope, holder=holder)

    # Saved.

    def hold(self, verdict: Verdict) -> None:
        """Take in a verdict as it is."""
        self._shelf.put(verdict.scope, verdict.beta, Held(verdict.expires_at))

    def searches(self) -> Iterable[tuple[Scope, Search, float]]:
        """The searches and when they expire, the least used first."""
        return self._searches

    def go_on(self, scope: Scope, search: Search, expires_at: float) -> None:
        """Take in a search as it is."""
        self._searches.hold(scope, search, expires_at)

    def _is_fresh(self, scope: Scope, beta: str, now: float) -> bool:
        held = self._shelf.look(scope, beta)
        return held is not None and now < held.expires_at
