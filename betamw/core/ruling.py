"""Which betas a call may go on without."""

from collections.abc import Collection

from betamw.core.body import fields_lost
from betamw.core.events import Ruling
from betamw.core.place import Place
from betamw.core.plan import Plan
from betamw.core.policy import FallbackPolicy
from betamw.core.rejection import Rejection


def bound(beta: str, plan: Plan, policy: FallbackPolicy) -> Ruling | None:
    """The ruling that forbids to drop a beta, None if it may be dropped."""
    if beta in plan.required or policy.requires(beta):
        return "required"
    return None if plan.sources[beta] in policy.droppable_sources else "source_not_droppable"


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
    forbidden: list[Ruling] = [ruling for ruling in rulings.values() if ruling is not None]
    if forbidden and (rejection.named or not drops):
        return (), forbidden[0]
    return drops, "dropped"


def unpaired(
    drops: tuple[str, ...], sent: Collection[str], *, method: str, place: Place, body: bytes
) -> tuple[str, ...]:
    """Those of `drops` that can go without leaving a field in the body that no other beta of `sent` allows."""

    def loses(dropped: tuple[str, ...]) -> bool:
        return bool(
            fields_lost(body, method=method, template=place.template, sent=sent, dropped=dropped, catalog=place.catalog)
        )

    if not loses(drops):
        return drops
    apart = tuple(beta for beta in drops if not loses((beta,)))
    return () if loses(apart) else apart
