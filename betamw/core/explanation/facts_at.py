"""What the catalog knows of a beta, as far as it matters to one endpoint."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from betamw.core.catalog import Catalog
from betamw.core.endpoint import begins, segments
from betamw.core.explanation.values import Clash, Facts
from betamw.core.facts import KnownBeta
from betamw.core.header import union

ON_THEIR_WAY_OUT: Final = ("retired", "superseded", "deprecated", "legacy", "legacy_shape")
"""The statuses that a beta has when its feature is elsewhere, or nowhere, by now."""


def facts_at(beta: str, endpoint: str, catalog: Catalog) -> Facts | None:
    """What is known of a beta at an endpoint, `POST /v1/messages`; None where it is not known at all."""
    known = catalog.betas.get(beta)
    if known is None:
        return None
    gates = [gate for gate in catalog.gates if beta in gate.betas and endpoint in gate.endpoints]
    newer = _newer(known, catalog)
    return Facts(
        status=known.status,
        detail=known.detail,
        kind=known.kind,
        family=known.family,
        date=known.date,
        newer=newer,
        successor=_successor(known, newer, catalog),
        fields=union(field.text for gate in gates for field in gate.fields),
        limits=union(limit for gate in gates for limit in gate.where),
        endpoints=union(_endpoints(beta, catalog)),
        conflicts=tuple(_conflicts(beta, catalog)),
    )


def _newer(known: KnownBeta, catalog: Catalog) -> tuple[str, ...]:
    dates = catalog.families.get(known.family, ())
    after = dates[dates.index(known.name) + 1 :] if known.name in dates else ()
    return tuple(beta for beta in after if beta not in catalog.no_successors)


def _successor(known: KnownBeta, newer: tuple[str, ...], catalog: Catalog) -> str | None:
    """The beta that the catalog's words name, else the newest date of the family that is in use."""
    if known.status not in ON_THEIR_WAY_OUT:
        return None
    words = (word.strip(",;:()`") for word in known.detail.split())
    named = (word for word in words if word in catalog.betas)
    in_use = (beta for beta in reversed(newer) if catalog.betas[beta].status == "active")
    return next(chain(named, in_use), None)


def _endpoints(beta: str, catalog: Catalog) -> Iterator[str]:
    for rule in catalog.rules:
        if beta in (*rule.betas, *catalog.alternatives.get(rule.path, ())):
            yield from (f"{method} {rule.path}" for method in sorted(rule.methods)) if rule.methods else [rule.path]
    for gate in catalog.gates:
        if beta in gate.betas:
            yield from gate.endpoints


def _conflicts(beta: str, catalog: Catalog) -> Iterator[Clash]:
    for conflict in catalog.conflicts:
        if beta in conflict.betas:
            yield from (Clash(beta=other, path=conflict.path) for other in conflict.betas if other != beta)


def is_at_home(beta: str, path: str, catalog: Catalog) -> bool:
    """Whether a beta plays a part at a path or above it, or it is not known where it does. The method never counts.

    A gate is about the body of one endpoint; what the beta does to others of the same resource is not written down.
    """
    places = [segments(endpoint.rpartition(" ")[2]) for endpoint in _endpoints(beta, catalog)]
    return not places or any(begins(place, segments(path)) for place in places)
