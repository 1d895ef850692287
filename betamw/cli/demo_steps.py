"""The steps of the demo, as data: a call, what the demo says of it, and the checks that this is so."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from betamw.core.events import BetaUsage
from betamw.core.header import union

DEFAULT: Final = "interleaved-thinking-2025-05-14"
"""The chain's default."""

REFUSED: Final = ("context-1m-2025-08-07", "effort-2025-11-24")
"""What the simulated API refuses."""

_CONTEXT: Final = "context-management-2025-06-27"
_AGENTS: Final = "managed-agents-2026-04-01"
_LONG, _EFFORT = REFUSED
_CALL: Final = "betamw.request"
_OK: Final = 200


@attrs.frozen(kw_only=True)
class Step:
    """A call, and what the demo claims of it.

    Attributes:
        title: What happens.
        why: Why it does.
        method: The HTTP method.
        path: The endpoint.
        requested: The betas in the caller's header.
        dialect: The words in which the simulated API refuses a beta.
        foreign: The call goes to another origin than the API's.
        wire: The betas of each attempt, as they arrive.
        dropped: What is left out, and why.
        outcome: How the call ends; None where betamw has nothing to do with it.
        events: The names of the log events, in their order.
    """

    title: str
    why: str
    method: str = "POST"
    path: str = "/v1/messages"
    requested: tuple[str, ...] = ()
    dialect: str = "anthropic"
    foreign: bool = False
    wire: tuple[tuple[str, ...], ...]
    dropped: Mapping[str, str] = attrs.field(factory=dict)
    outcome: str | None = "ok"
    events: tuple[str, ...] = (_CALL,)

    @property
    def injected(self) -> tuple[str, ...]:
        """What the middlewares add: none of it is known to be refused before it is sent."""
        return tuple(beta for beta in self.wire[0] if beta not in self.requested)


STEPS: Final = (
    Step(
        title="The caller's betas and the chain's default go out in one header",
        why="each middleware adds what it wants, after the caller's own; nobody has to know of the others",
        requested=(_CONTEXT,),
        wire=((_CONTEXT, DEFAULT),),
    ),
    Step(
        title="An endpoint gets the beta that it needs",
        why="the catalog knows that /v1/agents wants managed-agents; the caller need not",
        method="GET",
        path="/v1/agents",
        wire=((DEFAULT, _AGENTS),),
    ),
    Step(
        title="A refused beta is dropped and the call sent again",
        why="the 400 names the beta, so the caller gets a 200 instead, and the log tells what it cost",
        requested=(_LONG, _CONTEXT),
        wire=((_LONG, _CONTEXT, DEFAULT), (_CONTEXT, DEFAULT)),
        dropped={_LONG: "rejected"},
        outcome="recovered",
        events=("betamw.beta.rejected", "betamw.memory.learned", _CALL),
    ),
    Step(
        title="The same call again is right at once",
        why="the lesson of the last step is remembered: one attempt, no 400",
        requested=(_LONG, _CONTEXT),
        wire=((_CONTEXT, DEFAULT),),
        dropped={_LONG: "remembered"},
        events=("betamw.memory.hit", _CALL),
    ),
    Step(
        title="A refusal that names no beta starts a search",
        why="one suspect is sent alone, and refused: the last resend carries what must go only, and is answered",
        path="/v1/sessions",
        requested=(_EFFORT,),
        dialect="gateway-unnamed",
        wire=((_EFFORT, DEFAULT, _AGENTS), (_EFFORT, _AGENTS), (_AGENTS,)),
        dropped={_EFFORT: "rejected", DEFAULT: "rejected"},
        outcome="recovered",
        events=("betamw.beta.rejected", "betamw.beta.rejected", "betamw.memory.learned", _CALL),
    ),
    Step(
        title="The next call sends all but the culprit",
        why="one refusal was of the effort beta alone; nothing was ever held against the other, so it is back",
        path="/v1/sessions",
        requested=(_EFFORT,),
        dialect="gateway-unnamed",
        wire=((DEFAULT, _AGENTS),),
        dropped={_EFFORT: "remembered"},
        events=("betamw.memory.hit", _CALL),
    ),
    Step(
        title="A call to a foreign origin is left alone",
        why="betas are the API's business: no header, no event, for any other server",
        foreign=True,
        wire=((),),
        outcome=None,
        events=(),
    ),
)


@attrs.frozen(kw_only=True)
class Observed:
    """What there was to be seen of a call.

    Attributes:
        status: The status that the caller got.
        usage: What `betamw.usage` says; None where it knows no such response.
        wire: The betas of each request that arrived where the call went, as the server recorded them.
        elsewhere: Requests that arrived at the other server meanwhile.
        events: The log events.
    """

    status: int
    usage: BetaUsage | None
    wire: tuple[tuple[str, ...], ...]
    elsewhere: int
    events: Sequence[Mapping[str, Any]]

    @property
    def asked(self) -> tuple[str, ...]:
        """The betas that anyone asked for."""
        return union(self.usage.requested, self.usage.scoped, self.usage.injected) if self.usage else ()


@attrs.frozen
class Check:
    """A claim of the demo, and what was seen."""

    name: str
    expected: object
    actual: object

    @property
    def passed(self) -> bool:
        """Whether it is so."""
        return self.expected == self.actual


def checks(step: Step, seen: Observed) -> Iterator[Check]:
    """Compare what was seen with what the step claims."""
    yield Check("status of the reply", _OK, seen.status)
    yield Check("betas on the wire", step.wire, seen.wire)
    yield Check("requests at the other server", 0, seen.elsewhere)
    yield Check("names of the log events", step.events, tuple(event["event"] for event in seen.events))
    yield Check("betamw.usage knows the response", step.outcome is not None, seen.usage is not None)
    if step.outcome is not None and seen.usage is not None:
        yield from _usage_checks(step, seen.usage)
        yield from _event_checks(step, seen.events)


def _usage_checks(step: Step, usage: BetaUsage) -> Iterator[Check]:
    yield Check("usage: requested", step.requested, usage.requested)
    yield Check("usage: injected", step.injected, usage.injected)
    yield Check("usage: sent", step.wire[-1], usage.sent)
    yield Check("usage: dropped", dict(step.dropped), dict(usage.dropped))
    yield Check("usage: attempts", len(step.wire), usage.attempts)
    yield Check("usage: outcome", step.outcome, usage.outcome)


def _event_checks(step: Step, events: Sequence[Mapping[str, Any]]) -> Iterator[Check]:
    """The call's own event tells the same; whether there is one is checked by the names."""
    for event in events:
        if event["event"] != _CALL:
            continue
        yield Check("event: betas_requested", list(step.requested), event.get("betas_requested"))
        yield Check("event: betas_injected", list(step.injected), event.get("betas_injected"))
        yield Check("event: betas_sent", list(step.wire[-1]), event.get("betas_sent"))
        for reason in ("rejected", "remembered"):
            dropped = [beta for beta, why in step.dropped.items() if why == reason]
            yield Check(f"event: betas_dropped_{reason}", dropped, event.get(f"betas_dropped_{reason}"))
        yield Check("event: attempts", len(step.wire), event.get("attempts"))
        yield Check("event: outcome", step.outcome, event.get("outcome"))
