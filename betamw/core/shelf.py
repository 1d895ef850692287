"""Where the memory keeps what it holds, of whatever kind: one bound for all, and the counts that are asked for."""

from collections import OrderedDict
from collections.abc import Container, Iterator
from typing import Any, Final

import attrs

from betamw.core.lease import Leases
from betamw.core.scope import Scope
from betamw.core.telling import discreet

AT_ONCE: Final = float("-inf")
"""The expiry of what lasts only as long as somebody is at it."""


@attrs.define(eq=False, field_transformer=discreet)
class Held:
    """A thing that is held, and who is at it.

    Attributes:
        expires_at: When it is too old to be believed.
        leases: Who is at it.
    """

    expires_at: float
    leases: Leases = attrs.field(init=False, factory=Leases)

    @property
    def lasts(self) -> bool:
        """Whether it is here when nobody is at it."""
        return self.expires_at != AT_ONCE


@attrs.define(eq=False, field_transformer=discreet)
class Shelf:
    """Things by scope and beta; without a beta, what is held of the scope. The least used goes first.

    Attributes:
        most: Things kept at most.
        places: How many there are by origin and endpoint.
        lasting: How many there are that last, by origin, credential and beta.
    """

    most: int
    places: dict[tuple[str | None, str | None], int] = attrs.field(init=False, factory=dict)
    lasting: dict[tuple[str | None, str | None, str], int] = attrs.field(init=False, factory=dict)
    _things: OrderedDict[tuple[Scope, str | None], Held] = attrs.field(init=False, factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._things)

    def __iter__(self) -> Iterator[tuple[Scope, str | None, Held]]:
        """All there is, the least used first. Things may be dropped on the way."""
        return iter([(scope, beta, held) for (scope, beta), held in self._things.items()])

    def look(self, scope: Scope, beta: str | None = None) -> Held | None:
        """What is held there."""
        return self._things.get((scope, beta))

    def use(self, scope: Scope, beta: str | None = None) -> Held | None:
        """What is held there, and is of use."""
        held = self._things.get((scope, beta))
        if held is not None:
            self._things.move_to_end((scope, beta))
        return held

    def put(self, scope: Scope, beta: str | None, held: Held) -> None:
        """Hold this in place of what was held there; where there is no room, the least used goes."""
        self.drop(scope, beta)
        self._things[scope, beta] = held
        self._count(scope, beta, held, 1)
        if len(self._things) > self.most:
            self.drop(*next(iter(self._things)))

    def drop(self, scope: Scope, beta: str | None = None) -> Held | None:
        """Hold nothing there; returns what was."""
        held = self._things.pop((scope, beta), None)
        if held is not None:
            self._count(scope, beta, held, -1)
        return held

    def elsewhere(self, scope: Scope) -> Container[str]:
        """The betas of which something lasting is held in other scopes of the same origin and credential."""
        return _Elsewhere(self, scope)

    def _count(self, scope: Scope, beta: str | None, held: Held, change: int) -> None:
        _add(self.places, (scope.origin, scope.endpoint), change)
        if beta is not None and held.lasts:
            _add(self.lasting, (scope.origin, scope.credential, beta), change)


@attrs.frozen(eq=False)
class _Elsewhere(Container[str]):
    shelf: Shelf
    scope: Scope

    def __contains__(self, beta: object) -> bool:
        if not isinstance(beta, str):
            return False
        scope, held = self.scope, self.shelf.look(self.scope, beta)
        lasting = self.shelf.lasting.get((scope.origin, scope.credential, beta), 0)
        return lasting > (held is not None and held.lasts)


def _add(counts: dict[Any, int], key: object, change: int) -> None:
    if left := counts.get(key, 0) + change:
        counts[key] = left
    else:
        del counts[key]
