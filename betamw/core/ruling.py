"""Which betas a call may go on without."""

from collections.abc import Collection

from betamw.core.action import Action
from betamw.core.body import fields_lost
from betamw.core.events import Ruling
from betamw.core.place import Place
from betamw.core.plan import Plan
from betamw.core.policy import FallbackPolicy
from betamw.core.rejection import Rejection
from betamw.core.strip import without_fields


def bound(beta: str, plan: Plan, policy: FallbackPolicy) -> Ruling | None:
    """The ruling that forbids to drop a beta, None if it may be dropped."""
    if beta in plan.required or policy.requires(beta):
        return "required"
    source = plan.sources.get(beta)  # nobody asked for a substitute
    return None if source is None or source in policy.droppable_sources else "source_not_droppable"


def forbidden(policy: FallbackPolicy, action: Action, *, enabled: bool, resends: int) -> Ruling | None:
    """The ruling that forbids any resend, None if there may be one."""
    if not enabled:
        return "fallback_off"
    if policy.strict:
        return "strict"
    if action.kind == "give_up":
        return "hook"
    return "max_resends" if resends >= policy.max_resends else None


def droppable(
    rejection: Rejection, sent: tuple[str, ...], plan: Plan, policy: FallbackPolicy
) -> tuple[tuple[str, ...], Ruling]:
    """The betas that a rejection is about and that may be dropped, or none, and the ruling that forbids it.

    A rejection that names betas is about these, all of which must be droppable, or the resend would be refused again.
    One that names none is about any of those sent.
    """
    if not rejection.named and policy.on_unnamed == "give_up":
        return (), "unnamed"
    suspects = rejection.betas if rejection.named else sent
    rulings: dict[str, Ruling | None] = {beta: bound(beta, plan, policy) for beta in suspects}
    drops = tuple(beta for beta, ruling in rulings.items() if ruling is None)
    against: list[Ruling] = [ruling for ruling in rulings.values() if ruling is not None]
    if against and (rejection.named or not drops):
        return (), against[0]
    return drops, "dropped"


def unpaired(  # noqa: PLR0913  each by its name
    drops: tuple[str, ...],
    sent: Collection[str],
    *,
    method: str,
    place: Place,
    body: bytes,
    gone: tuple[str, ...] = (),
    strips: bool = False,
) -> tuple[str, ...]:
    """Those of `drops` that can go without leaving a field in the body that no other beta of `sent` allows.

    `gone` are those of `sent` that go in any case. With `strips` the fields go too, where the rest can be sent.
    """
    template, catalog = place.template, place.catalog

    def can_go(dropped: tuple[str, ...]) -> bool:
        without = (*gone, *dropped)
        if not strips:
            return not fields_lost(body, method=method, template=template, sent=sent, dropped=without, catalog=catalog)
        left = without_fields(body, method=method, template=template, sent=sent, dropped=without, catalog=catalog)
        return left is not None

    if can_go(drops):
        return drops
    apart = tuple(beta for beta in drops if can_go((beta,)))
    return apart if can_go(apart) else ()
