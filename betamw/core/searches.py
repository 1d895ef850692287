"""The searches for culprits that no reply names: one for each scope, and one call at a time that sends suspects."""

from collections.abc import Iterator
from typing import Final

import attrs

from betamw.core.isolation import Search
from betamw.core.scope import Scope
from betamw.core.shelf import Held, Shelf
from betamw.core.telling import discreet

_THE_SEARCH: Final = None
"""It is held of a scope, not of one beta."""


@attrs.define(eq=False, field_transformer=discreet)
class Searched(Held):
    """A search; when it expires it has tested its suspects in vain for so long that these are sent again."""

    search: Search


@attrs.define(eq=False, field_transformer=discreet)
class Searches:
    """The searches under way.

    Attributes:
        shelf: Where they are, beside other things.
        remember_for: Seconds after which suspects that no call has got to test are suspects no more: where no call may
            search, or none comes to its end, they must not be left out for ever.
        lease: Seconds after which a call that searches, and has not come back, is given up.
    """

    shelf: Shelf
    remember_for: float
    lease: float

    def find(self, scope: Scope, now: float) -> Search | None:
        """The search in a scope, if there is one."""
        held = self._held(scope)
        if held is None:
            return None
        if now >= held.expires_at:
            held.search.give_up()
            held.expires_at = now + self.remember_for
            if not (held.search.good or held.search.found):
                self.shelf.drop(scope, _THE_SEARCH)
                return None
        return held.search

    def begin(self, scope: Scope, now: float) -> Search:
        """The search in a scope, a new one where there is none."""
        search = self.find(scope, now)
        if search is None:
            search = Search()
            self.hold(scope, search, now + self.remember_for)
        return search

    def take(self, scope: Scope, now: float, *, holder: object) -> bool:
        """Take the lease of the search in a scope, if there is one and nobody else is at it."""
        held = self._held(scope)
        if held is None or held.leases.others(holder, now):
            return False
        held.leases.take(holder, now + self.lease)
        return True

    def end(self, scope: Scope, *, holder: object, learned_at: float | None = None) -> None:
        """The lease is over; if this call had it, its suspects have been tested at that time."""
        held = self._held(scope)
        if held is not None and held.leases.end(holder) and learned_at is not None:
            held.expires_at = learned_at + self.remember_for

    def hold(self, scope: Scope, search: Search, expires_at: float) -> None:
        """Go on with a search that was saved."""
        self.shelf.put(scope, _THE_SEARCH, Searched(expires_at, search))

    def __iter__(self) -> Iterator[tuple[Scope, Search, float]]:
        """The searches and when they expire, the least used first."""
        return ((scope, held.search, held.expires_at) for scope, _, held in self.shelf if isinstance(held, Searched))

    def forget(self, beta: str | None) -> None:
        """Forget what they know of a beta, or all of them."""
        for scope, _, held in self.shelf:
            if isinstance(held, Searched):
                if beta is None:
                    self.shelf.drop(scope, _THE_SEARCH)
                else:
                    held.search.forget(beta)

    def _held(self, scope: Scope) -> Searched | None:
        held = self.shelf.use(scope, _THE_SEARCH)
        return held if isinstance(held, Searched) else None
