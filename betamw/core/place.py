"""The endpoint that a call is for."""

import attrs

from betamw.core.catalog import CATALOG, Catalog
from betamw.core.plan import Plan, plan_at
from betamw.core.telling import discreet, shown


def _key(place: "Place") -> tuple[str, str]:
    return place.origin, place.template


def _empty_plan(place: "Place") -> Plan:
    return plan_at(place.conflicts)


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Place:
    """The endpoint that a call is for.

    Attributes:
        origin: The API's origin and base path, `https://api.anthropic.com`.
        template: The path's url template, or `_OTHER`.
        conflicts: The pairs of betas that the endpoint refuses together.
        catalog: The facts it was read from.
        key: The origin and the template: where the memory looks first.
        plan: What a call sends that nobody wants anything of yet.
    """

    origin: str = attrs.field(repr=shown)
    template: str = attrs.field(repr=shown)
    conflicts: tuple[tuple[str, str], ...] = ()
    catalog: Catalog = attrs.field(default=CATALOG, repr=False, eq=False)
    key: tuple[str, str] = attrs.field(init=False, repr=False, eq=False, default=attrs.Factory(_key, takes_self=True))
    plan: Plan = attrs.field(init=False, repr=False, eq=False, default=attrs.Factory(_empty_plan, takes_self=True))
