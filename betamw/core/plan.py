"""What is meant to be sent: the merge of all who want a say, less what the policy takes out.

Order: the caller's header, `override(add=...)`, the chain's defaults, the endpoint rules; the first mention of a beta
keeps its place. Taken out are those of `override(remove=...)`, and one of each pair that the endpoint refuses together.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import attrs

from betamw.core.header import union
from betamw.core.policy import Source


@attrs.frozen(eq=False)
class Plan:
    """What is meant to be sent. Calls that are alike share one, so it is compared by identity.

    Attributes:
        requested: In the caller's header.
        scoped: From `override(add=...)`.
        injected: From the chain's defaults and the endpoint rules.
        merged: In the order of the wire.
        policy_drops: Asked for, and taken out by the policy.
        required: Those of `merged` that the endpoint cannot do without.
        sources: Who asked first, for all that were asked for.
    """

    requested: tuple[str, ...]
    scoped: tuple[str, ...]
    injected: tuple[str, ...]
    merged: tuple[str, ...]
    policy_drops: tuple[str, ...]
    required: frozenset[str]
    sources: Mapping[str, Source]


@lru_cache(maxsize=1024)
def plan(  # noqa: PLR0913, PLR0917  one value for each who has a say; hashable, so that calls that are alike share a plan
    request: tuple[str, ...],
    override: tuple[str, ...],
    default: tuple[str, ...],
    endpoint: tuple[str, ...],
    required: frozenset[str],
    removed: frozenset[str],
    conflicts: tuple[tuple[str, str], ...],
) -> Plan:
    """Merge what each source asks for, less `removed`, for an endpoint that refuses the pairs in `conflicts`."""
    asked = union(request, override, default, endpoint)
    by_source: dict[Source, tuple[str, ...]] = {
        "endpoint": endpoint,
        "default": default,
        "override": override,
        "request": request,
    }
    sources: dict[str, Source] = {beta: source for source, betas in by_source.items() for beta in betas}

    def standing(beta: str) -> tuple[bool, bool, bool, int]:
        return beta not in request, beta not in override, beta not in required, asked.index(beta)

    dropped = set(removed)
    for pair in conflicts:
        if dropped.isdisjoint(pair) and sources.keys() >= set(pair):
            winner, loser = sorted(pair, key=standing)
            if sources[loser] == "request":
                continue  # the caller itself asks for both: that is between the caller and the server
            dropped.add(loser)
            if loser in required:  # the winner takes its place
                required |= {winner}
    merged = tuple(beta for beta in asked if beta not in dropped)
    return Plan(
        requested=request,
        scoped=override,
        injected=union(default, endpoint),
        merged=merged,
        policy_drops=tuple(beta for beta in asked if beta in dropped),
        required=required.intersection(merged),
        sources=MappingProxyType(sources),
    )
