"""What a hook may answer when a beta is refused."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, Self

import attrs

from betamw.core.beta import validated, validated_all
from betamw.core.errors import ConfigError
from betamw.core.events import Event, HookFailed
from betamw.core.rejection import Rejection
from betamw.core.telling import discreet, shown
from betamw.core.validators import one_of

Kind = Literal["drop", "substitute", "give_up", "not_a_rejection"]


def validated_substitutes(substitutes: Mapping[str, str], where: str) -> Mapping[str, str]:
    """A mapping of betas to those that take their place, checked; `where` says what it is in an error."""
    if not isinstance(substitutes, Mapping):
        msg = f"{where} must be a mapping of beta names, got {shown(substitutes)}"
        raise ConfigError(msg)
    for old, new in substitutes.items():
        validated(old, where=where)
        validated(new, where=where)
        if old == new:
            msg = f"{where} must not put a beta in its own place, got {shown(old)}"
            raise ConfigError(msg)
    return MappingProxyType(dict(substitutes))


@attrs.frozen(field_transformer=discreet)
class Action:
    """What to do about a refusal; made by one of the methods below.

    Attributes:
        kind: `"drop"`, `"substitute"`, `"give_up"` or `"not_a_rejection"`.
        betas: What to drop; none: what the reply refuses.
        substitutes: What is refused, and what takes its place.
    """

    kind: Kind = attrs.field(validator=one_of("drop", "substitute", "give_up", "not_a_rejection"))
    betas: tuple[str, ...] = ()
    substitutes: Mapping[str, str] = attrs.field(factory=dict)

    @classmethod
    def drop(cls, *betas: str) -> Self:
        """Resend without these: without any, those that the reply refuses. What was not sent is passed over."""
        return cls("drop", validated_all(betas, where="a beta to drop"))

    @classmethod
    def substitute(cls, substitutes: Mapping[str, str]) -> Self:
        """Resend this call with others in their place, as in `Action.substitute({"mcp-client-2026-09-15": "x"})`.

        For later calls say `FallbackPolicy(substitutes=...)`: they do without, and no reply asks the hook.
        """
        checked = validated_substitutes(substitutes, "substitutes of an Action")
        return cls("substitute", tuple(checked), checked)

    @classmethod
    def give_up(cls) -> Self:
        """Resend nothing: the caller gets the reply."""
        return cls("give_up")

    @classmethod
    def not_a_rejection(cls) -> Self:
        """The reply was misread: it refuses no beta, and is dealt with like any other that does not."""
        return cls("not_a_rejection")


Hook = Callable[[Rejection], Action | None]
NO_ANSWER: Final = Action("drop")
"""As if there was no hook: what the reply refuses is dropped, as the policy says."""


def ask(hook: Hook | None, rejection: Rejection, tell: Callable[[Event], None]) -> Action:
    """The hook's answer; an exception in it, or another value than an `Action`, is told and counts as none."""
    if hook is None:
        return NO_ANSWER
    try:
        answer = hook(rejection)
    except Exception as error:  # noqa: BLE001  a broken hook is no fault of who makes the call
        tell(HookFailed(hook="on_rejection", error_type=type(error).__name__))
        return NO_ANSWER
    if answer is not None and not isinstance(answer, Action):
        tell(HookFailed(hook="on_rejection", error_type="TypeError"))
        return NO_ANSWER
    return NO_ANSWER if answer is None else answer
