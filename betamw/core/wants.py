"""Who wants what in one call."""

from collections.abc import Iterable
from typing import Final

import attrs

from betamw.core.header import union
from betamw.core.plan import Plan, plan
from betamw.core.policy import SOURCES, Source

_NOTHING: Final[dict[Source, tuple[str, ...]]] = dict.fromkeys(SOURCES, ())


@attrs.define(eq=False)
class Wants:
    """The wants as they come in, from the middlewares in whatever order, and the plan made of them."""

    conflicts: tuple[tuple[str, str], ...]
    _asked: dict[Source, tuple[str, ...]] = attrs.field(init=False, factory=_NOTHING.copy)
    _required: frozenset[str] = attrs.field(init=False, default=frozenset())
    _removed: frozenset[str] = attrs.field(init=False, default=frozenset())
    _plan: Plan | None = attrs.field(init=False, default=None)

    def add(self, betas: tuple[str, ...], source: Source, required: frozenset[str] = frozenset()) -> None:
        """`source` asks for `betas`; saying it twice changes nothing."""
        known = self._asked[source]
        if betas and (betas != known or not required <= self._required):
            self._asked[source] = union(known, betas) if known else betas
            self._required |= required
            self._plan = None

    def remove(self, betas: Iterable[str]) -> None:
        """`betas` are not wanted, whoever asks for them."""
        self._removed = self._removed.union(betas)
        self._plan = None

    def restore(self, betas: Iterable[str]) -> None:
        """`betas` are wanted again."""
        if self._removed:
            self._removed = self._removed.difference(betas)
            self._plan = None

    @property
    def plan(self) -> Plan:
        """What is meant to be sent, by all that is known so far."""
        if self._plan is None:
            self._plan = plan(*self._asked.values(), self._required, self._removed, self.conflicts)
        return self._plan
