"""What is meant to be sent: the merge of all who want a say, less what the policy takes out.

Order: the caller's header, `override(add=...)`, the chain's defaults, the endpoint rules; the first mention of a beta
keeps its place. Taken out are those of `override(remove=...)`, and one of each pair that the endpoint refuses together.

Facts: an application sends few distinct sets of betas, and sends them all the time. So a plan never changes; who asks
for more gets another one, and calls that are alike share theirs.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Final

import attrs

from betamw.core.cache import Cache
from betamw.core.header import union
from betamw.core.policy import SOURCES, Source
from betamw.core.telling import discreet, may_be_kept

_NONE: Final[frozenset[str]] = frozenset()


@attrs.frozen(field_transformer=discreet)
class Wants:
    """Who asks for what; equal ones make the same plan.

    Attributes:
        asked: What each of `SOURCES` asks for.
        required: Betas that the endpoint cannot do without.
        removed: Betas that are not wanted, whoever asks for them.
        conflicts: The pairs that the endpoint refuses together.
    """

    asked: tuple[tuple[str, ...], ...]
    required: frozenset[str]
    removed: frozenset[str]
    conflicts: tuple[tuple[str, str], ...]

    def may_be_kept(self) -> bool:
        """Whether a cache may hold them."""
        return may_be_kept({*chain.from_iterable(self.asked), *self.required, *self.removed})


_Step = tuple["Plan", tuple[str, ...], Source, frozenset[str]]


@attrs.frozen(eq=False, field_transformer=discreet)
class Plan:
    """What is meant to be sent. Calls that are alike share one, so it is compared by identity.

    Attributes:
        wants: What it is made of.
        requested: In the caller's header.
        scoped: From `override(add=...)`.
        injected: From the chain's defaults and the endpoint rules.
        merged: In the order of the wire.
        policy_drops: Asked for, and taken out by the policy.
        required: Those of `merged` that the endpoint cannot do without.
        sources: Who asked first, for all that were asked for.
    """

    wants: Wants
    requested: tuple[str, ...]
    scoped: tuple[str, ...]
    injected: tuple[str, ...]
    merged: tuple[str, ...]
    policy_drops: tuple[str, ...]
    required: frozenset[str]
    sources: Mapping[str, Source]

    def removing(self, betas: Iterable[str]) -> "Plan":
        """The plan without `betas`, whoever asks for them."""
        return _removals[self, tuple(betas)]

    def restoring(self, betas: Iterable[str]) -> "Plan":
        """The plan when `betas` are removed no more."""
        return _plans[attrs.evolve(self.wants, removed=self.wants.removed.difference(betas))]


def plan_at(conflicts: tuple[tuple[str, str], ...] = ()) -> Plan:
    """The empty plan for an endpoint that refuses the pairs in `conflicts`."""
    return _plans[Wants(((),) * len(SOURCES), _NONE, _NONE, conflicts)]


def _adding(step: _Step) -> Plan:
    plan, betas, source, required = step
    wants = plan.wants
    asked = dict(zip(SOURCES, wants.asked, strict=True))
    asked[source] = union(asked[source], betas)
    wants = attrs.evolve(wants, asked=tuple(asked.values()), required=wants.required | required)
    return plan if wants == plan.wants else _plans[wants]


def _may_be_kept(step: _Step) -> bool:
    plan, betas, _, required = step
    return plan.wants.may_be_kept() and may_be_kept({*betas, *required})


_steps: Final = Cache(_adding, _may_be_kept)


def adding(plan: Plan, betas: tuple[str, ...], source: Source, required: frozenset[str] = _NONE) -> Plan:
    """`plan` when `source` asks for `betas` too; saying it twice changes nothing."""
    return _steps[plan, betas, source, required]


def _removing(step: tuple[Plan, tuple[str, ...]]) -> Plan:
    plan, betas = step
    return _plans[attrs.evolve(plan.wants, removed=plan.wants.removed.union(betas))]


_removals: Final = Cache(_removing, lambda step: step[0].wants.may_be_kept() and may_be_kept(step[1]))


def _plan(wants: Wants) -> Plan:
    request, override, default, endpoint = wants.asked
    asked = union(*wants.asked)
    sources: dict[str, Source] = {}
    for source, betas in reversed(list(zip(SOURCES, wants.asked, strict=True))):
        sources.update(dict.fromkeys(betas, source))
    required, removed = wants.required, set(wants.removed)

    def standing(beta: str) -> tuple[bool, bool, bool, int]:
        return beta not in request, beta not in override, beta not in required, asked.index(beta)

    for pair in wants.conflicts:
        if removed.isdisjoint(pair) and sources.keys() >= set(pair):
            winner, loser = sorted(pair, key=standing)
            if sources[loser] == "request":
                continue  # the caller itself asks for both: that is between the caller and the server
            removed.add(loser)
            if loser in required:  # the winner takes its place
                required |= {winner}
    merged = tuple(beta for beta in asked if beta not in removed)
    return Plan(
        wants=wants,
        requested=request,
        scoped=override,
        injected=union(default, endpoint),
        merged=merged,
        policy_drops=tuple(beta for beta in asked if beta in removed),
        required=required.intersection(merged),
        sources=MappingProxyType({beta: sources[beta] for beta in asked}),
    )


_plans: Final = Cache(_plan, Wants.may_be_kept)
