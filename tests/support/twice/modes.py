"""What the chain does while a call is made: `MODES`, a line for each."""

from collections.abc import Mapping
from typing import Any, Final

import attrs
from multidict import CIMultiDict

import betamw
from betamw import FallbackPolicy
from support.twice.kinds import Kind
from support.twice.server import KEPT, OLD

_BOTH: Final = (f"{OLD},{KEPT}",)


_POLICY: Final = FallbackPolicy()
_VAIN: Final = (400, 404, 422)  # a resend that is answered like this has not helped


def _any(_: Kind) -> bool:
    return True


def _helps(kind: Kind) -> bool:
    return kind.status not in _VAIN


def _stays(kind: Kind) -> bool:
    """Who learns nothing is refused again where a redirect leads."""
    return _helps(kind) and kind.status not in range(301, 309)


def _vain(kind: Kind) -> bool:
    return not _helps(kind)


def _refusal(kind: Kind) -> bool:
    return kind.status in (400, 422)


def _legible(kind: Kind) -> bool:
    """Whether it can be seen whole that such a reply is a refusal."""
    return _refusal(kind) and kind.legible


@attrs.frozen(kw_only=True)
class Mode:
    """A part that the chain plays.

    Attributes:
        asks: The lines of the beta header of the call through the chain.
        plain: Those of the same call of a plain session; by default the same.
        route: When the server refuses.
        policy: The fallback's.
        override: What `betamw.override` is told.
        pins: What is known to be refused.
        learns: Whether the fallback has a memory.
        elsewhere: Whether the chain is for another API.
        first: Whether the caller gets the first reply, where there are two.
        suits: The kinds of replies that it is for.
    """

    asks: tuple[str, ...] = attrs.field(kw_only=False)
    plain: tuple[str, ...] = attrs.field(default=attrs.Factory(lambda self: self.asks, takes_self=True))
    route: str = "plain"
    policy: FallbackPolicy = _POLICY
    override: Mapping[str, Any] = attrs.field(factory=dict)
    pins: tuple[str, ...] = ()
    learns: bool = True
    elsewhere: bool = False
    first: bool = False
    suits: Any = _any

    @property
    def resends(self) -> bool:
        """Whether a call through the chain may be sent more than once."""
        return self.route != "plain" and not (self.pins or self.override) and self.policy == _POLICY

    @property
    def recovers(self) -> bool:
        """Whether the call has come good in the end."""
        return self.resends and not self.first

    def headers(self, *, chained: bool) -> CIMultiDict[str]:
        """What is given to the request."""
        lines = self.asks if chained else self.plain
        return CIMultiDict([("X-First", "1"), *(("anthropic-beta", line) for line in lines)])

    def fallback(self, api: betamw.Api) -> betamw.FallbackMiddleware:
        """A fallback that has learned nothing yet."""
        if not self.learns:
            return betamw.FallbackMiddleware(self.policy, None, api)
        memory = betamw.RejectionMemory()
        for beta in self.pins:
            memory.pin(beta)
        return betamw.FallbackMiddleware(self.policy, memory, api)


MODES: Final[dict[str, Mode]] = {
    "another origin": Mode(_BOTH, elsewhere=True),
    "no beta": Mode(()),
    "a beta that is taken": Mode((KEPT,)),
    "two lines, oddly spaced": Mode((f"{KEPT} ,x-2026-01-01", "Y-2026-01-01")),
    "recovered": Mode(_BOTH, plain=(KEPT,), route="refused", suits=_helps),
    "recovered each time": Mode(_BOTH, plain=(KEPT,), route="refused", learns=False, suits=_stays),
    "recovered with none left": Mode((OLD,), plain=(), route="refused", suits=_helps),
    "remembered": Mode(_BOTH, plain=(KEPT,), pins=(OLD,)),
    "recovered from it": Mode(_BOTH, plain=(KEPT,), route="discarded", suits=_legible),
    "handed over": Mode(_BOTH, route="refusal", policy=FallbackPolicy(max_resends=0), suits=_refusal),
    "forbidden to fall back": Mode(_BOTH, route="refusal", override={"fallback": False}, suits=_refusal),
    "required": Mode(_BOTH, route="refusal", policy=FallbackPolicy(required={OLD}), suits=_refusal),
    "handed over after a vain resend": Mode(_BOTH, route="refusal", first=True, suits=_refusal),
    "a resend in vain": Mode(_BOTH, route="refused", first=True, suits=_vain),
}
