"""Which betas a call may go on without."""

from collections.abc import Collection

from betamw.core.body import fields_lost
from betamw.core.events import Ruling
from betamw.core.place import Place
from betamw.core.plan import Plan
from betamw.core.policy import FallbackPolicy


def bound(beta: str, plan: Plan, policy: FallbackPolicy) -> Ruling | None:
    """The ruling that forbids to drop a beta, None if it may be dropped."""
    if beta in plan.required or policy.requires(beta):
        return "required"
    return None if plan.sources[beta] in policy.droppable_sources else "source_not_droppable"


def unpaired(
    drops: tuple[str, ...], sent: Collection[str], *, method: str, place: Place, body: bytes
) -> tuple[str, ...]:
    """Those of `drops` that can go without leaving a field in the body that no other beta of `sent` allows."""

    def loses(dropped: tuple[str, ...]) -> bool:
        return bool(
            fields_lost(body, method=method, template=place.template, sent=sent, dropped=dropped, catalog=place.catalog)
        )

    if not drops or not loses(drops):
        return drops
    apart = tuple(beta for beta in drops if not loses((beta,)))
    return () if loses(apart) else apart
