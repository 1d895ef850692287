"""What the Claude API has against the betas of a request, apart from refusing them.

Facts: all of these are errors that a client must not read as refusals: one asks to ADD a beta, the others are about two
things that do not go together, or about a body field that is not known without its beta.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Final, TypeVar

import attrs

from betamw.core.body import gated_fields
from betamw.core.catalog import Catalog
from betamw.core.endpoint import RuleTable
from betamw.testing.received import ReceivedRequest
from betamw.testing.refusals import is_under

T = TypeVar("T")

_NOT_FOUND: Final = 404


@attrs.frozen
class Complaint:
    """What is wrong with a request: the message of the error, and its status."""

    message: str
    status: int = 400


def complaint(request: ReceivedRequest, catalog: Catalog, header: str) -> Complaint | None:
    """The first thing that is wrong: a beta missing, two things that conflict, a field that no beta opens."""
    body = request.fields
    if missing := _missing(request, catalog, header):
        return missing
    clashes = (
        _conflicts(request, catalog, header),
        _field_conflicts(request, body, catalog),
        _gated(request, body, catalog),
    )
    return next((Complaint(message) for messages in clashes for message in messages), None)


@lru_cache(maxsize=8)
def _rules(catalog: Catalog) -> RuleTable:
    return RuleTable(catalog.rules)


def _missing(request: ReceivedRequest, catalog: Catalog, header: str) -> Complaint | None:
    """The beta that the endpoint requires. Some endpoints are documented as not to be there at all without theirs."""
    needs = _rules(catalog).match(request.method, request.path)
    missing = [beta for beta in needs.betas if beta in needs.required and beta not in request.betas]
    if not missing or set(_at(request, catalog.alternatives, ())).intersection(request.betas):
        return None
    if _at(request, catalog.without_header, 400) == _NOT_FOUND:
        return Complaint(f"Not found: {request.path}", _NOT_FOUND)
    return Complaint(f"This API is in beta. Missing required `{missing[0]}` value in the `{header}` header.")


def _at(request: ReceivedRequest, facts: Mapping[str, T], otherwise: T) -> T:
    """The fact about the endpoint, which the catalog gives by the path of its rule."""
    return next((fact for path, fact in facts.items() if is_under(request.path, path)), otherwise)


def _conflicts(request: ReceivedRequest, catalog: Catalog, header: str) -> Iterator[str]:
    for conflict in catalog.conflicts:
        if is_under(request.path, conflict.path) and set(conflict.betas) <= set(request.betas):
            first, second = conflict.betas
            yield f"`{first}` and `{second}` cannot be combined in the `{header}` header for this endpoint."


def _field_conflicts(request: ReceivedRequest, body: object, catalog: Catalog) -> Iterator[str]:
    """Any of the fields beside any of the betas; without betas, all the fields at once."""
    for conflict in catalog.field_conflicts:
        if not is_under(request.path, conflict.path):
            continue
        found = [path for field in conflict.fields for path in islice(field.select(body), 1)]
        names = [".".join(map(str, path)) for path in found]
        beside = [beta for beta in conflict.betas if beta in request.betas]
        if conflict.betas and names and beside:
            yield f"{names[0]}: cannot be combined with `{beside[0]}`"
        if not conflict.betas and len(names) == len(conflict.fields):
            yield f"{names[0]}: cannot be combined with `{names[1]}`"


def _gated(request: ReceivedRequest, body: object, catalog: Catalog) -> Iterator[str]:
    template = catalog.template(request.path)
    closed = gated_fields(body, method=request.method, template=template, betas=request.betas, catalog=catalog)
    return (f"{field}: Extra inputs are not permitted" for field in closed)
