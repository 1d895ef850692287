"""The facts told to logs and callers: frozen values, safe to write down.

Redaction is by construction: an event holds names, counts, times and words from closed sets. What comes from outside
passes through here and is checked: a beta name that does not look like one, or that looks like a key, is told as
`<invalid len=N>`; a request id or an error type that does not look like one is not told at all.
"""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

import attrs

from betamw.core.cache import Cache
from betamw.core.telling import LONGEST_LIST, discreet, may_be_kept, may_be_told, name_told

__all__ = ["LONGEST_LIST", "loggable"]

Value = str | int | float | list[str]
"""What a log field may hold."""

SCHEMA: Final = 1
"""`betamw_schema`: grows when a field changes its meaning; a new field alone does not change it."""

Level = Literal["debug", "info", "warning"]
Reason = Literal["rejected", "remembered", "policy"]
Outcome = Literal["ok", "recovered", "rejected", "error", "cancelled"]
Ruling = Literal[
    "dropped",
    "fallback_off",
    "max_resends",
    "unnamed",
    "required",
    "source_not_droppable",
    "body_not_replayable",
    "paired_field",
    "strict",
    "hook",
]


def _loggable(betas: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(name_told, betas[:LONGEST_LIST]))


loggable: Final = Cache(_loggable, may_be_kept).__getitem__
"""`loggable(betas)` are the names as they may stand in a log, at most `LONGEST_LIST` of them."""


def identifier(text: str | None) -> str | None:
    """A request id or error type as it may stand in a log, None for what does not look like one."""
    return text if text is not None and may_be_told(text) else None


@attrs.frozen(kw_only=True, field_transformer=discreet)
class BetaUsage:
    """What became of the betas in one call.

    Attributes:
        requested: In the caller's header.
        scoped: From `override(add=...)`.
        injected: From the chain's defaults and the endpoint rules.
        merged: What was meant to be sent.
        sent: What the last attempt carried: what was in force.
        sources: Who asked first for each beta: `"request"`, `"override"`, `"default"` or `"endpoint"`.
        dropped: Why a beta was left out: `"rejected"` in this call, `"remembered"` from an earlier one, by `"policy"`.
        substituted: Old name to new name.
        body_fields_stripped: The dotted paths of the body's fields that went with a dropped beta.
        attempts: Sends made in this call.
        outcome: `"ok"`, `"recovered"` (good after a drop), `"rejected"`, `"error"` or `"cancelled"`.
    """

    requested: tuple[str, ...]
    scoped: tuple[str, ...]
    injected: tuple[str, ...]
    merged: tuple[str, ...]
    sent: tuple[str, ...]
    sources: Mapping[str, str]
    dropped: Mapping[str, str]
    substituted: Mapping[str, str]
    body_fields_stripped: tuple[str, ...] = ()
    attempts: int
    outcome: str


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Event:
    """Something that happened to a call's betas. Its fields are the log's, but for those that are None."""

    name: ClassVar[str]
    level: ClassVar[Level]

    def fields(self) -> dict[str, Value]:
        """The event as log fields: only str, int, float and lists of str."""
        told: dict[str, Value] = {}
        for field in attrs.fields(type(self)):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                told[field.name] = list(loggable(value))
            elif value is not None:
                told[field.name] = value
        return told


@attrs.frozen(kw_only=True, field_transformer=discreet)
class BetaRejected(Event):
    """A reply refused betas: one event for each such reply."""

    name = "betamw.beta.rejected"
    level = "warning"

    betas_rejected: tuple[str, ...]
    betas_sent: tuple[str, ...]
    attempt: int
    http_response_status_code: int
    error_type: str
    rejection_rule: str
    action: Literal["resend", "give_up"]
    reason: Ruling
    anthropic_request_id: str | None
    gen_ai_request_model: str | None = None
    """As OpenTelemetry calls it. Of a call it is told only where the memory had to know it: to look has its price."""


@attrs.frozen(kw_only=True, field_transformer=discreet)
class MemoryLearned(Event):
    """Betas are refused here and will be left out for `ttl_s` seconds."""

    name = "betamw.memory.learned"
    level = "info"

    betas: tuple[str, ...]
    ttl_s: float


@attrs.frozen(kw_only=True, field_transformer=discreet)
class MemoryHit(Event):
    """Betas were left out because an earlier call was refused for them."""

    name = "betamw.memory.hit"
    level = "debug"

    betas: tuple[str, ...]


@attrs.frozen(kw_only=True, field_transformer=discreet)
class MemoryExpired(Event):
    """Verdicts have expired: this call sends the betas again, to see."""

    name = "betamw.memory.expired"
    level = "debug"

    betas: tuple[str, ...]


@attrs.frozen(kw_only=True, field_transformer=discreet)
class MemoryReprobed(Event):
    """What came of sending betas again whose verdict had expired; `unknown` leaves it to the next call."""

    name = "betamw.memory.reprobed"
    level = "info"

    betas: tuple[str, ...]
    result: Literal["accepted", "refused", "unknown"]


@attrs.frozen(kw_only=True, field_transformer=discreet)
class InputInvalid(Event):
    """A name in the caller's header cannot be a beta and was left out. Never the value itself."""

    name = "betamw.input.invalid"
    level = "warning"

    problem: Literal["invalid_beta_name"]
    origin: Literal["request"]
    length: int


@attrs.frozen(kw_only=True, field_transformer=discreet)
class HookFailed(Event):
    """A hook of the policy raised, or gave an answer that is none: it was passed over."""

    name = "betamw.hook.failed"
    level = "warning"

    hook: Literal["on_rejection"]
    error_type: str
