"""A call up to where it would go out, without sending it.

Nothing is decided here: the call's own `Exchange` is told what the middlewares of a chain would tell it, in their
order, and writes the header whenever they would have it written.
"""

from collections.abc import Iterator, Mapping

import attrs

from betamw.core.endpoint import EndpointRule, RuleTable
from betamw.core.events import Event, InputInvalid
from betamw.core.exchange import Exchange
from betamw.core.explanation.values import WhyNot
from betamw.core.memory import Scope, Verdicts
from betamw.core.model import model_of
from betamw.core.place import Place
from betamw.core.plan import Plan
from betamw.core.policy import FallbackPolicy
from betamw.core.telling import discreet


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Call:
    """A call that is not made.

    Attributes:
        method: The HTTP method, in upper case.
        path: The raw path below the API's base URL.
        place: The endpoint.
        header: The name of the beta header.
        lines: The lines of it that the caller has written.
        body: The request's body; empty where it is not bytes in memory.
    """

    method: str
    path: str
    place: Place
    header: str = "anthropic-beta"
    lines: tuple[str, ...] = ()
    body: bytes = b""


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Settings:
    """What the middlewares of a chain are set to.

    Attributes:
        defaults: What goes out with every request.
        removed: What never does, whoever asks.
        rules: What the endpoints need.
        policy: What may be left out; None where nothing ever is.
        memory: What was learned, and pinned; None where nothing is.
    """

    defaults: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    rules: tuple[EndpointRule, ...] = ()
    policy: FallbackPolicy | None = None
    memory: Verdicts | None = None


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Rehearsal:
    """What has come of it.

    Attributes:
        call: The call.
        rules: The endpoint rules that hold for it.
        plan: Who asks for what.
        header: The header's value, empty where none goes out.
        sent: The betas in it.
        substituted: Old name to new name.
        stripped: The dotted paths of the body's fields that do not go out.
        body: The body that does.
        invalid: The lengths of elements of the caller's header that can be no beta's name.
        pinned: Those of the plan that the memory says are refused, sent or not.
    """

    call: Call
    rules: tuple[EndpointRule, ...]
    plan: Plan
    header: str
    sent: tuple[str, ...]
    substituted: Mapping[str, str]
    stripped: tuple[str, ...]
    body: bytes
    invalid: tuple[int, ...]
    pinned: frozenset[str]

    @property
    def why_not(self) -> Mapping[str, WhyNot]:
        """Why betas that are asked for do not go out."""
        removed = self.plan.wants.removed
        dropped: dict[str, WhyNot] = {
            beta: "removed" if beta in removed else "conflict" for beta in self.plan.policy_drops
        }
        return {**dropped, **{beta: "pinned" for beta in self.plan.merged if beta not in self.sent}}

    def rivals(self, beta: str) -> Iterator[str]:
        """What goes out and is refused here together with a beta that does not."""
        pairs = (pair for pair in self.call.place.conflicts if beta in pair)
        return (other for pair in pairs for other in pair if other in self.sent)


@attrs.frozen(field_transformer=discreet)
class _Request:
    """The request, as the core asks for it."""

    content: bytes

    def body(self) -> bytes:
        return self.content

    def credential(self, key: bytes) -> str:  # noqa: ARG002  a pin holds for all
        return ""

    def may_be_replayed(self) -> bool:
        return True


def rehearse(call: Call, settings: Settings) -> Rehearsal:
    """Bring a call to where it would go out."""
    events: list[Event] = []
    exchange = Exchange(events.append, call.place.plan, call.method, call.place, call.header)
    exchange.overhear(call.lines)
    header = ", ".join(call.lines)

    def render() -> None:
        nonlocal header
        value = exchange.rewrite()
        header = header if value is None else value

    exchange.remove(settings.removed)
    exchange.want(settings.defaults, "default")
    render()
    table = RuleTable(settings.rules)
    needs = table.find(call.method, call.path)
    if needs.betas:
        exchange.want(needs.betas, "endpoint", needs.required)
        render()
    if settings.policy is not None:
        exchange.start(settings.policy, _Request(call.body), settings.memory, float)
        render()
    rehearsal = Rehearsal(
        call=call,
        rules=table.rules_at(call.method, call.path),
        plan=exchange.plan,
        header=header,
        sent=exchange.sent,
        substituted=exchange.substituted,
        stripped=exchange.stripped,
        body=exchange.body or call.body,
        invalid=tuple(event.length for event in events if isinstance(event, InputInvalid)),
        pinned=frozenset(_pinned(exchange.plan, call, settings)),
    )
    exchange.finish(None)  # what it holds of the memory is free again
    return rehearsal


def _pinned(plan: Plan, call: Call, settings: Settings) -> Iterator[str]:
    if settings.memory is not None:
        pins = settings.memory.pins
        scope = Scope(call.place.origin, call.place.template, model_of(call.body), None)
        yield from (beta for beta in plan.merged if pins.holds(scope, beta))
