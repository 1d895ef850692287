"""One call's dealings with the memory: what it recalls before it sends, what it reports afterwards.

The scope of a call (its model, its credential) costs something to find out, so it is asked for only where the memory
holds something for the endpoint, or has something to learn.
"""

from collections.abc import Callable, Iterable
from typing import Literal, Protocol

import attrs

from betamw.core.events import Event, MemoryExpired, MemoryHit, MemoryLearned, MemoryReprobed
from betamw.core.isolation import Trial
from betamw.core.memory import Scope, Verdicts
from betamw.core.model import model_in_scope, model_of, model_told
from betamw.core.place import Place
from betamw.core.telling import discreet


class Request(Protocol):
    """What the core may ask of the request; each answer costs something."""

    def body(self) -> bytes:
        """The body as the caller wrote it, empty where it is not bytes in memory."""
        ...

    def credential(self, key: bytes) -> str:
        """A hash, under the key, of what authenticates the request."""
        ...

    def may_be_replayed(self) -> bool:
        """Whether it can probably be sent once more; where it cannot, a probe that is refused would be the caller's."""
        ...


@attrs.define(eq=False, field_transformer=discreet)
class Lessons:
    """What a call gets from the memory and gives back to it.

    Attributes:
        memory: The verdicts, shared by all calls.
        clock: The memory's clock, in seconds.
        place: The endpoint.
        request: The call's request.
        tell: Takes the events.
        news: Whether the last refusal was news to the memory.
    """

    memory: Verdicts
    clock: Callable[[], float]
    place: Place
    request: Request
    tell: Callable[[Event], None]
    news: bool = attrs.field(init=False, default=False)
    _known_scope: Scope | None = attrs.field(init=False, default=None)
    _probing: dict[str, None] = attrs.field(init=False, factory=dict)
    _suspected: dict[str, None] = attrs.field(init=False, factory=dict)
    _named: set[str] = attrs.field(init=False, factory=set)
    _trial: Trial | None = attrs.field(init=False, default=None)
    _hits: set[str] = attrs.field(init=False, factory=set)

    # Before a send.

    def recall(self, betas: tuple[str, ...], *, may_probe: bool) -> tuple[str, ...]:
        """Those of `betas` that are known to be refused; of the others this call may have to probe some.

        A call that could not be resent when a probe is refused probes nothing.
        """
        may_probe = may_probe and self.request.may_be_replayed()
        recalled = self.memory.recall(self._scope, betas, self.clock(), holder=self, may_probe=may_probe)
        if recalled.probing:
            self._probing.update(dict.fromkeys(recalled.probing))
            self.tell(MemoryExpired(betas=recalled.probing))
        return recalled.left_out

    def hit(self, betas: Iterable[str]) -> None:
        """The betas are left out because of earlier calls; told once for each."""
        if news := tuple(beta for beta in betas if beta not in self._hits):
            self._hits.update(news)
            self.tell(MemoryHit(betas=news))

    def searching(self, betas: tuple[str, ...], *, may_search: bool) -> Trial | None:
        """This call's part in the search under way in its scope; where it may, and nobody else does, it searches."""
        if self._trial is None and (search := self.memory.search(self._scope, self.clock())) is not None:
            self._trial = Trial(search, self.is_known, self._is_suspicious)
        trial = self._trial
        if trial is not None and may_search and not trial.searching:  # what it wants may come bit by bit
            suspects = any(beta in trial.search.suspects for beta in betas)
            if suspects and self.request.may_be_replayed():
                trial.searching = self.memory.may_search(self._scope, self.clock(), holder=self)
        return trial

    def is_known(self, beta: str) -> bool:
        """Whether a beta is held to be refused here: by a verdict, or by name in this call."""
        return beta in self._named or self.memory.refuses(self._scope, beta, self.clock())

    # After it.

    def refuse(self, betas: tuple[str, ...]) -> None:
        """A reply has refused these: others leave them out while this call finds out whether that helps."""
        self._named.update(betas)
        self._suspect(betas)
        if self._trial is not None:
            self._trial.refused((), named=True)

    def refuse_some(self, sent: tuple[str, ...], droppable: Iterable[str]) -> None:
        """A reply has refused some of `sent` and does not say which: a search, unless one is under way."""
        now = self.clock()
        trial = self.searching(sent, may_search=False)
        if trial is None:
            search = self.memory.begin_search(self._scope, now)
            trial = self._trial = Trial(search, self.is_known, self._is_suspicious)
        trial.searching = trial.searching or self.memory.may_search(self._scope, now, holder=self)
        trial.refused(sent)
        self.news = False
        if trial.searching:
            self._suspect(beta for beta in droppable if beta not in trial.search.good)

    def refused_in_vain(self, sent: tuple[str, ...]) -> None:
        """A reply has refused some of `sent` and does not say which, and no resend is left."""
        if self._trial is not None:
            self._trial.refused_in_vain(sent)

    def refused(self, betas: tuple[str, ...]) -> None:
        """The betas are refused here, and a resend has shown that leaving them out helps."""
        if news := self.memory.learn(self._scope, betas, self.clock()):
            self.tell(MemoryLearned(betas=news, ttl_s=self.memory.remember_for))
        self._report(betas, "refused")

    def accepted(self, betas: tuple[str, ...]) -> None:
        """A call that carried the betas was good."""
        now = self.clock()
        self.memory.clear(self._scope, betas)
        self._report(betas, "accepted")
        if (trial := self.searching(betas, may_search=False)) is not None:
            findings = trial.accepted(betas)
            self.memory.clear(self._scope, findings.retracted)
            if findings.culprits:
                self.refused(findings.culprits)
            self.memory.searched(self._scope, now, holder=self)

    def over(self) -> None:
        """The call is over: what it was to find out and has not is left to the next one."""
        self._trial = None  # it holds methods of this
        if self._known_scope is not None:
            self.memory.release(self._scope, (*self._probing, *self._suspected), holder=self)
            self.memory.stop_search(self._scope, holder=self)
            self._report(tuple(self._probing), "unknown")

    @property
    def model(self) -> str | None:
        """The model that the request is for, if it was found out, and may be told."""
        return None if self._known_scope is None else model_told(self._known_scope.model)

    def _suspect(self, betas: Iterable[str]) -> None:
        suspected = dict.fromkeys(betas)
        self._suspected.update(suspected)
        self.news = self.memory.suspect(self._scope, suspected, self.clock(), holder=self)

    def _report(self, betas: tuple[str, ...], result: Literal["accepted", "refused", "unknown"]) -> None:
        if self._probing and (probed := tuple(filter(frozenset(betas).__contains__, self._probing))):
            for beta in probed:
                del self._probing[beta]
            self.tell(MemoryReprobed(betas=probed, result=result))

    def _is_suspicious(self, beta: str) -> bool:
        return beta in self.memory.refused_elsewhere(self._scope)

    @property
    def _scope(self) -> Scope:
        if self._known_scope is None:
            place, request = self.place, self.request
            key = self.memory.hash_key
            model = model_in_scope(model_of(request.body()), key)
            self._known_scope = Scope(place.origin, place.template, model, request.credential(key))
        return self._known_scope
