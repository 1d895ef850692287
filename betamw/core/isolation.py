"""A reply refuses "a beta flag" and names none: which to leave out next, until the culprits are known exactly.

Facts: the server refuses a request that carries at least one of its culprits, a fixed set for each scope, and does not
say which. A refused send costs a round trip; an accepted one is the user's answer and is billed. So the search sends
nothing of its own: it rides on calls, and the last resend of each carries what is known to be good. An accepted send
proves all it carried innocent; a refused one holds at least one culprit. An accepted send costs what is missing in it,
so a group under test should rather pass: an attempt carries the longest row of suspects, the least suspicious first,
that passes at evens, under a prior by which culprits are few.

Refused sends and innocent betas missing until all is known, on average (`python -m benchmarks.isolation`):

    refused  this        halving     one by one
    4 of 8   6.6, 10.6   8.6, 14.0   5.0,  9.6
    1 of 8   2.1, 10.9   2.5, 11.5   1.9, 21.9     few are refused as a rule, and a beta missed is worse than a
    3 of 13  5.9, 33.3   7.3, 39.8   4.0, 49.0     round trip: that is why it is not one by one
"""

import math
from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Self

import attrs

from betamw.core.telling import discreet, may_be_told

_EVENS: Final = 0.5
_PRIOR: Final = ((15 / 16, 4.0), (7 / 8, 3.0), (3 / 4, 2.0), (1 / 2, 1.0), (1 / 4, 0.5))
"""Shares of innocents among the betas of a scope, and how likely each is beside the others."""
_SUSPICIOUS: Final = 8
"""A beta that is suspicious for other reasons is as likely a culprit as one of so many others."""
_MOST: Final = 256
"""Betas of each kind that a search holds: callers that make up names must not fill the memory."""
_SAME: Final = 9  # decimals; what differs less is equal, and goes in the order of the call


def _none(_beta: str) -> bool:
    return False


@attrs.frozen(field_transformer=discreet)
class Findings:
    """What a call has brought to light.

    Attributes:
        culprits: Proven now.
        retracted: Found earlier, and in doubt again: the server refuses what it used to accept.
    """

    culprits: tuple[str, ...] = ()
    retracted: tuple[str, ...] = ()


_NO_NEWS: Final = Findings()


@attrs.define(eq=False, field_transformer=discreet)
class Search:
    """What is known in one scope. A beta that is not in here is unknown, and sent.

    Attributes:
        good: Accepted by the server.
        suspects: Refused together with others. A call leaves them out unless it is the one that searches.
        groups: Suspects of which at least one is a culprit; no group lies within another.
        found: The culprits that this search has found.
        doubted: Good ones that the last resend of a call was refused with. No lesson, but no row is sent beside them:
            a call that wants them all begins with good ones only, so that a resend is left to go without these.
    """

    good: dict[str, None] = attrs.field(factory=dict)
    suspects: dict[str, None] = attrs.field(factory=dict)
    groups: list[frozenset[str]] = attrs.field(factory=list)
    found: dict[str, None] = attrs.field(factory=dict)
    doubted: frozenset[str] = attrs.field(init=False, default=frozenset())

    def learn(self, sent: Sequence[str], refused: Iterable[Sequence[str]], known: Callable[[str], bool]) -> Findings:
        """`sent` was accepted, after the same call had been `refused` with these: see `Trial.accepted`."""
        for beta in filter(may_be_told, sent):  # others are not held: see `memory.py`
            self.good[beta] = None
            self.suspects.pop(beta, None)
            self.found.pop(beta, None)
        retracted: tuple[str, ...] = ()
        for group in refused:
            if self.good.keys() >= set(group):
                retracted += self._doubt(group, sent)
            elif all(map(may_be_told, group)):
                self._suspect([beta for beta in group if beta not in self.good])
        culprits = self._conclude(lambda beta: known(beta) and beta not in retracted)
        return Findings(culprits, retracted)

    def _suspect(self, group: Sequence[str]) -> None:
        self.suspects.update(dict.fromkeys(group))
        self.groups.append(frozenset(group))
        for beta in group:  # one that was found, and is tried again
            self.found.pop(beta, None)

    def _doubt(self, group: Sequence[str], sent: Sequence[str]) -> tuple[str, ...]:
        """All that was refused is good: the server has changed, or refuses at random. Nothing found so far holds."""
        retracted = tuple(self.found)
        doubtful = dict.fromkeys([beta for beta in (*group, *retracted) if beta not in sent])
        self.good = {beta: None for beta in self.good if beta not in doubtful}
        self.suspects.update(doubtful)
        self.groups, self.found, self.doubted = [], {}, frozenset()
        return retracted

    def _conclude(self, known: Callable[[str], bool]) -> tuple[str, ...]:
        refused = frozenset(filter(known, frozenset().union(self.suspects, *self.groups)))
        groups = _least(group.difference(self.good) for group in self.groups if group.isdisjoint(refused))
        culprits = tuple(beta for beta in self.suspects if frozenset((beta,)) in groups)
        self.groups = [group for group in groups if len(group) > 1]
        self.found.update(dict.fromkeys(culprits))
        self.suspects = {b: None for b in self.suspects if b not in self.found and b not in refused}
        if len(self.suspects) > _MOST:
            self.suspects, self.groups = {}, []
        for held in (self.good, self.found):
            while len(held) > _MOST:
                del held[next(iter(held))]
        return culprits

    def give_up(self) -> None:
        """Suspect nothing any more; what was found and what is good stays so."""
        self.suspects, self.groups, self.doubted = {}, [], frozenset()

    def forget(self, beta: str) -> None:
        """Know nothing of a beta any more; of a group that it was in, it may have been the culprit."""
        for held in (self.good, self.suspects, self.found):
            held.pop(beta, None)
        self.groups = [group for group in self.groups if beta not in group]

    def to_json(self) -> dict[str, Any]:
        """The same in lists of strings, for `json.dumps`."""
        groups = [sorted(group) for group in self.groups]
        return {"good": [*self.good], "suspects": [*self.suspects], "groups": groups, "found": [*self.found]}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """The search that `to_json` has written; the caller answers for the shape."""
        good, suspects, found = (dict.fromkeys(saved[kind]) for kind in ("good", "suspects", "found"))
        return cls(good, suspects, list(map(frozenset, saved["groups"])), found)


def _least(groups: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """The groups that say something: not empty, not here twice, none within them."""
    distinct = [group for group in dict.fromkeys(groups) if group]
    return [group for group in distinct if not any(other < group for other in distinct)]


def _likelihood(innocents: float, groups: Iterable[float]) -> float:
    """How well it fits that so many betas are innocent, and that each group, of this size, holds a culprit."""
    sizes, pow_, prod = tuple(groups), math.pow, math.prod
    return sum(
        prior * pow_(share, innocents) * prod(1 - pow_(share, size) for size in sizes) for share, prior in _PRIOR
    )


@attrs.define(eq=False, field_transformer=discreet)
class Trial:
    """One call's part in the search: which betas each of its sends leaves out, and what its replies have shown.

    Attributes:
        search: What is known in the call's scope.
        known: Whether a beta is held to be refused elsewhere: by a verdict, or by name in this call.
        suspicious: Whether a beta is likely refused, for it is in another scope: such go last.
        searching: Whether this call may send suspects: one call of a scope at a time.
    """

    search: Search
    known: Callable[[str], bool] = _none
    suspicious: Callable[[str], bool] = _none
    searching: bool = False
    _refused: list[tuple[str, ...]] = attrs.field(init=False, factory=list)  # by a reply that names none
    _resent: bool = attrs.field(init=False, default=False)
    _wanted: Sequence[str] = attrs.field(init=False, default=())

    def leave_out(self, betas: Sequence[str], left: int) -> tuple[str, ...]:
        """Which of `betas` the next send leaves out, in place of what the last one did.

        `betas` are those the call wants, may do without, and that are not `known`; `left` resends remain after it.
        During a search the last resend carries good ones only, so that it is answered; after an unnamed refusal so does
        the first one of a call that does not search.
        """
        self._wanted, doubted = betas, self.search.doubted
        groups = list(map(frozenset, self._unexplained()))
        unsure = tuple(beta for beta in betas if beta not in self.search.good)
        if any(group.isdisjoint(unsure) for group in groups):  # good ones were refused, so that none counts as good
            unsure = tuple(betas)
        elif doubted and doubted <= set(betas).difference(unsure):
            return unsure
        suspects = tuple(beta for beta in unsure if beta in self.search.suspects)
        if left and self.searching and (groups or suspects):
            carried = frozenset(self._row(unsure, groups))
            return tuple(beta for beta in unsure if beta not in carried)
        last = self._resent and not left
        return unsure if groups or (last and (self._refused or suspects)) else suspects

    def refused(self, sent: Sequence[str], *, named: bool = False) -> None:
        """A reply refused a beta of `sent`; where it `named` betas, these are `known` from now on.

        Nothing is learned from it yet.
        """
        self._resent = True
        if not named:
            self._refused.append(tuple(sent))

    def refused_in_vain(self, sent: Sequence[str]) -> None:
        """A reply that names none refused `sent`, and no resend is left: see `Search.doubted`."""
        if self._resent and self.search.good.keys() >= set(sent):
            self.search.doubted = frozenset(sent).intersection(self._wanted)

    def accepted(self, sent: Sequence[str]) -> Findings:
        """The call was good and had carried `sent`: only now its refusals are believed.

        Without this nothing is learned, so that a resend which failed teaches nothing.
        """
        if self.search.doubted <= set(sent):
            self.search.doubted = frozenset()
        if not self._resent and self.search.good.keys() >= set(sent):
            return _NO_NEWS
        refused, self._refused = self._unexplained(), []
        return self.search.learn(sent, refused, self.known)

    def _unexplained(self) -> list[tuple[str, ...]]:
        """What was refused in this call with no beta in it that is known to be refused."""
        return [group for group in self._refused if not any(map(self.known, group))]

    def _row(self, unsure: Sequence[str], refused: Iterable[frozenset[str]]) -> Collection[str]:
        """The longest row that passes at evens, or the one beta that passes most likely."""
        weights = {b: _SUSPICIOUS if self.suspicious(b) else 1 for b in (*self.search.suspects, *unsure)}
        groups = _least([*self.search.groups, *(group.intersection(unsure) for group in refused)])
        innocents, culprits = len(self.search.good), [1.0] * len(self.search.found)

        def fits(carried: Collection[str]) -> float:
            left = (sum(weights[beta] for beta in group.difference(carried)) for group in groups)
            return _likelihood(innocents + sum(weights[beta] for beta in carried), (*culprits, *left))

        # Many names are one kind, and a longer row never fits better: so the time grows with the names, no faster.
        kinds = {beta: (weights[beta], *[beta in group for group in groups]) for beta in unsure}
        alone = {kind: fits((beta,)) for kind, beta in {kind: beta for beta, kind in kinds.items()}.items()}
        nothing = fits(())

        def rank(beta: str) -> tuple[float, bool]:
            return -round(alone[kinds[beta]] / nothing, _SAME), beta in self.search.suspects

        row = sorted((beta for beta in unsure if alone[kinds[beta]]), key=rank)
        more = range(2, len(row) + 1)
        return row[: 1 + bisect(more, 0, key=lambda length: fits(row[:length]) < _EVENS * nothing)]
