"""Servers that refuse betas, and ways to find out which: ours, plain ones to compare with, and some without a search.

A searcher makes calls that want the same betas and tells what came of each. `Isolation.call` is the only place that
knows how the core is driven.
"""

from collections.abc import Callable, Collection, Sequence
from itertools import combinations, islice
from typing import Final, Protocol

import attrs

from betamw.core.isolation import Search, Trial

_CAP: Final = 32


@attrs.frozen
class Server:
    """Refuses what carries a culprit; with `named` it says which."""

    culprits: frozenset[str]
    named: bool = False

    def refuses(self, sent: Collection[str]) -> bool:
        """Whether the reply is a 400."""
        return not self.culprits.isdisjoint(sent)

    def names(self, sent: Collection[str]) -> frozenset[str]:
        """The betas that its reply names: none in the unnamed dialect."""
        return self.culprits.intersection(sent) if self.named else frozenset()


@attrs.frozen
class Answer:
    """What came of a call: how many of its sends were refused, and what the accepted one carried, if there was one."""

    refused: int
    carried: tuple[str, ...] | None

    @property
    def sends(self) -> int:
        """All sends."""
        return self.refused + (self.carried is not None)


class Searcher(Protocol):
    """A way to make calls to one server."""

    def call(self, server: Server, betas: Sequence[str]) -> Answer:
        """Make one call that wants `betas`."""
        ...


def _without(betas: Sequence[str], out: Collection[str]) -> tuple[str, ...]:
    return tuple(beta for beta in betas if beta not in out)


def _nothing(_beta: str) -> bool:
    return False


@attrs.define
class Isolation:
    """The core's search, with the verdicts in a set."""

    suspicious: Callable[[str], bool] = _nothing
    resends: int = 2
    search: Search = attrs.field(factory=Search)
    verdicts: set[str] = attrs.field(factory=set)

    def call(self, server: Server, betas: Sequence[str]) -> Answer:
        """Make one call as the exchange does."""
        named: set[str] = set()

        def known(beta: str) -> bool:
            return beta in self.verdicts or beta in named

        trial = Trial(self.search, known, self.suspicious, searching=True)
        for left in range(self.resends, -1, -1):
            wanted = [beta for beta in betas if not known(beta)]
            sent = _without(wanted, trial.leave_out(wanted, left))
            if not server.refuses(sent):
                self.verdicts |= {*trial.accepted(sent).culprits, *named}
                return Answer(self.resends - left, sent)
            found = server.names(sent)
            named |= found
            trial.refused(sent, named=bool(found))
        return Answer(self.resends + 1, None)

    def knows(self, betas: Collection[str]) -> bool:
        """Whether there is nothing more to find out about them."""
        return self.search.good.keys() | self.verdicts >= set(betas)


@attrs.define
class Splitting:
    """Plain group testing on the same calls: groups in a row, each tested, a refused one cut in `parts`.

    Where all parts of a group but the last were accepted, the last one is known to be refused.
    """

    parts: Callable[[Sequence[str]], list[tuple[str, ...]]]
    resends: int = 2
    good: set[str] = attrs.field(factory=set)
    verdicts: set[str] = attrs.field(factory=set)
    _rows: list[list[tuple[str, ...]]] = attrs.field(factory=list)  # the last is tested first
    _certain: list[bool] = attrs.field(factory=list)  # whether a row has a culprit that is not found yet
    _begun: bool = False

    def call(self, server: Server, betas: Sequence[str]) -> Answer:
        """Make one call; the last resend carries what is good."""
        if not self._begun:
            self._begun, self._rows, self._certain = True, [[tuple(betas)]], [False]
        for refused in range(self.resends + 1):
            group = self._rows[-1][0] if self._rows and refused < self.resends else ()
            sent = _without(betas, set(betas) - self.good - set(group))
            passed = not server.refuses(sent)
            if group:
                self._note(group, passed=passed)
            if passed:
                return Answer(refused, sent)
        return Answer(self.resends + 1, None)

    def knows(self, betas: Collection[str]) -> bool:
        """Whether there is nothing more to find out about them."""
        return self.good | self.verdicts >= set(betas)

    def _note(self, group: tuple[str, ...], *, passed: bool) -> None:
        self._rows[-1].pop(0)
        if passed:
            self.good.update(group)
        else:
            self._certain[-1] = False
            self._cut(group)
        while self._rows and (not self._rows[-1] or (self._certain[-1] and len(self._rows[-1]) == 1)):
            row, certain = self._rows.pop(), self._certain.pop()
            if row and certain:
                self._cut(row[0])

    def _cut(self, group: tuple[str, ...]) -> None:
        if len(group) == 1:
            self.verdicts.update(group)
        else:
            self._rows.append(self.parts(group))
            self._certain.append(True)


def halves(group: Sequence[str]) -> list[tuple[str, ...]]:
    """Plain binary splitting."""
    middle = len(group) // 2
    return [tuple(group[:middle]), tuple(group[middle:])]


def singles(group: Sequence[str]) -> list[tuple[str, ...]]:
    """One by one."""
    return [(beta,) for beta in group]


# Without a search.


@attrs.define
class DropAll:
    """Drops everything on a refusal, and remembers that; betas refused by name are dropped alone."""

    verdicts: set[str] = attrs.field(factory=set)

    def call(self, server: Server, betas: Sequence[str]) -> Answer:
        """Make one call with one resend."""
        sent = _without(betas, self.verdicts)
        if not server.refuses(sent):
            return Answer(0, sent)
        self.verdicts |= server.names(sent) or set(sent)
        return Answer(1, _without(betas, self.verdicts))


@attrs.define
class Enumerate:
    """Tries what is left when one beta is dropped, then each two, and so on; never reads a name.

    At most 32 sends in a call. What was accepted is remembered; if none was, the caller gets the refusal, each time.
    """

    accepted: tuple[str, ...] | None = None

    def call(self, server: Server, betas: Sequence[str]) -> Answer:
        """Make one call."""
        if self.accepted is not None:
            return Answer(0, self.accepted)
        dropped = (chosen for size in range(len(betas) + 1) for chosen in combinations(betas, size))
        for refused, out in enumerate(islice(dropped, _CAP)):
            if not server.refuses(sent := _without(betas, out)):
                self.accepted = sent
                return Answer(refused, sent)
        return Answer(_CAP, None)


@attrs.frozen
class AllowList:
    """Sends what a list allows, which was written before some of the betas."""

    allowed: frozenset[str]

    def call(self, server: Server, betas: Sequence[str]) -> Answer:
        """Make one call with no resend."""
        sent = tuple(beta for beta in betas if beta in self.allowed)
        return Answer(1, None) if server.refuses(sent) else Answer(0, sent)
