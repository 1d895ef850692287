"""Servers that refuse betas, and ways to find out which: ours, plain ones to compare with, and some without a search.

A searcher makes calls that want the same betas and tells what came of each. `Isolation.call` is the only place that
knows how the core is driven.
"""

from collections.abc import Callable, Collection, Sequence
from itertools import combinations, islice
from typing import Final, Protocol

import attrs
import msgspec

from betamw.core.events import Event
from betamw.core.exchange import Exchange
from betamw.core.memory import Scope
from betamw.core.place import Place
from betamw.core.policy import FallbackPolicy
from betamw.core.reply import Decision, Reply
from betamw.memory import RejectionMemory

_CAP: Final = 32
_OK: Final = 200
_BAD: Final = 400
_PLACE: Final = Place(origin="https://gateway.example", template="/v1/messages")
_SCOPE: Final = Scope(*_PLACE.key, "claude-opus-5", "one")


def _tell_nobody(event: Event) -> None:
    """Write no log."""


@attrs.frozen
class Server:
    """Refuses what carries a culprit; with `named` it says which."""

    culprits: frozenset[str]
    named: bool = False

    def refuses(self, sent: Collection[str]) -> bool:
        """Whether the reply is a 400."""
        return not self.culprits.isdisjoint(sent)

    def reply(self, sent: Sequence[str]) -> Reply:
        """That 400, as the Claude API or Amazon Bedrock write it."""
        named = [beta for beta in sent if beta in self.names(sent)]
        values = ", ".join(f"`{beta}`" for beta in named)
        text = f"Unexpected value(s) {values} for the `anthropic-beta` header." if named else "invalid beta flag"
        body = msgspec.json.encode({"message": text})
        return Reply(status=_BAD, body=body, content_type="application/json", replayable=True)

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


@attrs.frozen
class _Request:
    """A request with a JSON body in memory."""

    def body(self) -> bytes:
        return b'{"model": "claude-opus-5"}'

    def credential(self, _key: bytes) -> str:
        return "one"

    def may_be_replayed(self) -> bool:
        return True


@attrs.define
class Isolation:
    """The library's core, as the middlewares drive it: an `Exchange` for each call, and a memory."""

    elsewhere: Sequence[str] = ()
    resends: int = 2
    memory: RejectionMemory = attrs.field(factory=RejectionMemory)

    def __attrs_post_init__(self) -> None:
        if self.elsewhere:  # refused for another model
            self.memory.learn(attrs.evolve(_SCOPE, model="claude-sonnet-4-5"), self.elsewhere, self.memory.clock())

    def call(self, server: Server, betas: Sequence[str]) -> Answer:
        """Make one call."""
        exchange = Exchange(_tell_nobody, _PLACE.plan, "POST", _PLACE, "anthropic-beta")
        exchange.overhear((",".join(betas),))
        exchange.start(FallbackPolicy(max_resends=self.resends), _Request(), self.memory, self.memory.clock)
        decision, refused = Decision.RESEND, 0
        while decision is Decision.RESEND:
            exchange.rewrite()
            exchange.attempts += 1
            if not server.refuses(exchange.sent):
                exchange.settle(_OK)
                exchange.finish(_OK)
                return Answer(refused, exchange.sent)
            refused += 1
            decision = exchange.receive(server.reply(exchange.sent))
        exchange.finish(_BAD)
        return Answer(refused, None)

    @property
    def verdicts(self) -> set[str]:
        """What the memory holds to be refused here."""
        return {verdict.beta for verdict in self.memory.verdicts() if verdict.scope == _SCOPE}

    def knows(self, betas: Collection[str]) -> bool:
        """Whether there is nothing more to find out about them."""
        search, now = self.memory.search(_SCOPE, self.memory.clock()), self.memory.clock()
        good = search.good.keys() if search is not None else ()
        return all(beta in good or self.memory.refuses(_SCOPE, beta, now) for beta in betas)


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
