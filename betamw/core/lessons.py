"""One call's dealings with the memory: what it recalls before it sends, what it reports afterwards.

The scope of a call (its model, its credential) costs something to find out, so it is asked for only where the memory
holds something for the endpoint, or has something to learn.
"""

from collections.abc import Callable
from typing import Literal, Protocol

import attrs

from betamw.core.events import Event, MemoryExpired, MemoryHit, MemoryLearned, MemoryReprobed
from betamw.core.memory import Scope, Verdicts
from betamw.core.model import model_of
from betamw.core.place import Place


class Request(Protocol):
    """What the core may ask of the request; each answer costs something."""

    def body(self) -> bytes:
        """The body, empty where it is not bytes in memory."""
        ...

    def credential(self) -> str:
        """A keyed hash of what authenticates the request."""
        ...

    def may_be_replayed(self) -> bool:
        """Whether it can probably be sent once more; where it cannot, a probe that is refused would be the caller's."""
        ...


@attrs.define(eq=False)
class Lessons:
    """What a call gets from the memory and gives back to it.

    Attributes:
        memory: The verdicts, shared by all calls.
        clock: The memory's clock, in seconds.
        place: The endpoint.
        request: The call's request.
        tell: Takes the events.
    """

    memory: Verdicts
    clock: Callable[[], float]
    place: Place
    request: Request
    tell: Callable[[Event], None]
    _scope: Scope | None = attrs.field(init=False, default=None)
    _leases: dict[str, float] = attrs.field(init=False, factory=dict)

    def recall(self, betas: tuple[str, ...], *, may_resend: bool = True) -> tuple[str, ...]:
        """Those of `betas` that are known to be refused; of the others this call may have to probe some.

        A call that could not be resent when a probe is refused probes nothing.
        """
        may_probe = may_resend and self.request.may_be_replayed()
        recalled = self.memory.recall(self._where(), betas, self.clock(), may_probe=may_probe)
        if recalled.probing:
            self._leases.update(dict.fromkeys(recalled.probing, recalled.leased_until))
            self.tell(MemoryExpired(betas=recalled.probing))
        return recalled.left_out

    def hit(self, betas: tuple[str, ...]) -> None:
        """The betas were left out."""
        self.tell(MemoryHit(betas=betas))

    def refused(self, betas: tuple[str, ...]) -> None:
        """The betas are refused here, and a resend has shown that leaving them out helps."""
        if news := self.memory.learn(self._where(), betas, self.clock()):
            self.tell(MemoryLearned(betas=news, ttl_s=self.memory.remember_for))
        self._report(betas, "refused")

    def accepted(self, betas: tuple[str, ...]) -> None:
        """A call that carried the betas was good."""
        if self._leases or self.place.key in self.memory.places:
            self.memory.clear(self._where(), betas)
            self._report(betas, "accepted")

    def over(self) -> None:
        """The call is over: what it was to probe and has not found out is left to the next one."""
        if self._leases:
            for beta, leased_until in self._leases.items():
                self.memory.release(self._where(), beta, leased_until)
            self._report(tuple(self._leases), "unknown")

    def _report(self, betas: tuple[str, ...], result: Literal["accepted", "refused", "unknown"]) -> None:
        if probed := tuple(beta for beta in self._leases if beta in betas):
            for beta in probed:
                del self._leases[beta]
            self.tell(MemoryReprobed(betas=probed, result=result))

    def _where(self) -> Scope:
        if self._scope is None:
            place, request = self.place, self.request
            self._scope = Scope(place.origin, place.template, model_of(request.body()), request.credential())
        return self._scope
