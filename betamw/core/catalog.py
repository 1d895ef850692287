"""What is known about betas: names, families, endpoints, conflicts and the body fields they open.

The facts and their sources are in `catalog.toml` beside this file. The list of betas is open: what the catalog does
not know, it does not hinder.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import Final, Self

import attrs

from betamw.core import catalog_file, errors
from betamw.core.endpoint import OTHER, EndpointRule, Spelling, segments
from betamw.core.errors import ConfigError
from betamw.core.facts import Conflict, FieldConflict, Gate, KnownBeta
from betamw.core.selector import Selector

__all__ = ["CATALOG", "CATALOG_RULES", "Catalog", "Conflict", "FieldConflict", "Gate", "KnownBeta"]


@attrs.define
class _Place:
    """A place in the tree of path templates."""

    below: "dict[str, _Place]" = attrs.Factory(dict)
    below_any: "_Place | None" = None
    template: str | None = None

    def grow(self, segment: str) -> "_Place":
        if segment[:1] != "{":
            return self.below.setdefault(segment, _Place())
        self.below_any = self.below_any or _Place()
        return self.below_any

    def step(self, segment: str) -> "list[_Place]":
        """Where a segment leads, the written one before the placeholder; an empty segment is nobody's id."""
        steps = (self.below.get(segment), self.below_any if segment else None)
        return [place for place in steps if place is not None]


def _tree(templates: Sequence[str]) -> _Place:
    root = _Place()
    for template in templates:
        place = root
        for segment in segments(template):
            place = place.grow(segment)
        if place.template is not None:
            msg = f"templates {place.template!r} and {template!r} stand for the same paths"
            raise ConfigError(msg)
        place.template = template
    return root


def _look_up(root: _Place, path: str) -> str:
    """All ways down are followed at once, the best one first: no way back, whatever the path."""
    places = [root]
    for segment in segments(path):
        places = [below for place in places for below in place.step(segment)]
    return next((place.template for place in places if place.template is not None), OTHER)


def _index_templates(catalog: "Catalog") -> Callable[[str], str]:
    return partial(_look_up, _tree(catalog.url_templates))


def _spelling(catalog: "Catalog") -> Spelling:
    return Spelling.of([*catalog.url_templates, *(conflict.path for conflict in catalog.conflicts)])


def _index_gates(catalog: "Catalog") -> Mapping[str, tuple[Gate, ...]]:
    endpoints = {endpoint for gate in catalog.gates for endpoint in gate.endpoints}
    return {at: tuple(gate for gate in catalog.gates if gate.fields and at in gate.endpoints) for at in endpoints}


def _index_opening(catalog: "Catalog") -> frozenset[str]:
    return frozenset(beta for gate in catalog.gates for beta in gate.betas)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Catalog:
    """The facts, read from TOML; `CATALOG` is the one that is shipped.

    Attributes:
        betas: Known betas by name.
        families: The families of which the SDK lists several dates, oldest first. A newer date need not replace an
            older one: `compact-2026-09-04` is another API than `compact-2026-01-12`.
        no_successors: Those of them that are another API than the older dates.
        rules: The betas that endpoints require.
        alternatives: Path of a rule -> betas that the endpoint accepts in place of the rule's.
        without_header: Path of a rule -> the documented status of a reply to a request without the beta.
        conflicts: Pairs of betas that are refused together.
        field_conflicts: Body fields that are refused beside a beta, or beside each other.
        gates: Which part of a request belongs to which beta.
        body_roots: Endpoint -> where in its body the selectors of gates start; an endpoint not in here: at the top.
        required: `fnmatch` patterns of betas that are never dropped.
        url_templates: The table of path templates.
    """

    betas: Mapping[str, KnownBeta]
    families: Mapping[str, tuple[str, ...]]
    no_successors: frozenset[str]
    rules: tuple[EndpointRule, ...]
    alternatives: Mapping[str, tuple[str, ...]]
    without_header: Mapping[str, int]
    conflicts: tuple[Conflict, ...]
    field_conflicts: tuple[FieldConflict, ...]
    gates: tuple[Gate, ...]
    body_roots: Mapping[str, Selector]
    required: tuple[str, ...]
    url_templates: tuple[str, ...]
    _template: Callable[[str], str] = attrs.field(
        init=False, repr=False, default=attrs.Factory(_index_templates, takes_self=True)
    )
    _gates: Mapping[str, tuple[Gate, ...]] = attrs.field(
        init=False, repr=False, default=attrs.Factory(_index_gates, takes_self=True)
    )
    spelling: Spelling = attrs.field(init=False, repr=False, default=attrs.Factory(_spelling, takes_self=True))
    """What of a path makes a difference to its template and its conflicts."""
    opening: frozenset[str] = attrs.field(
        init=False, repr=False, default=attrs.Factory(_index_opening, takes_self=True)
    )
    """The betas that open a field."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.betas)} betas, {len(self.rules)} rules>"

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Read a catalog; raises `ConfigError` that says which key, what was given and what is allowed."""
        with errors.at("catalog"):
            file = catalog_file.decode(text)
            betas = catalog_file.known_betas(file)
            return cls(
                betas=betas,
                families=catalog_file.families(betas.values()),
                no_successors=catalog_file.no_successors(file, betas),
                rules=catalog_file.rules(file, betas),
                alternatives=catalog_file.alternatives(file, betas),
                without_header=catalog_file.without_header(file),
                conflicts=catalog_file.conflicts(file, betas),
                field_conflicts=catalog_file.field_conflicts(file, betas),
                gates=catalog_file.gates(file, betas),
                body_roots=catalog_file.body_roots(file),
                required=tuple(file.required),
                url_templates=catalog_file.templates(file),
            )

    def template(self, path: str) -> str:
        """The table's template of a raw path: `/v1/files/file_123` is `/v1/files/{file_id}`.

        A written segment goes before a placeholder. A path that the table does not know is `OTHER`.
        """
        return self._template(path)

    def older(self, beta: str) -> str | None:
        """The next older date of the beta's family that can take its place, None without one."""
        known = self.betas.get(beta)
        dates = () if known is None or beta in self.no_successors else self.families.get(known.family, ())
        return dates[at - 1] if beta in dates and (at := dates.index(beta)) else None

    def gates_at(self, method: str, template: str) -> tuple[Gate, ...]:
        """The gates of an endpoint that have fields in its body."""
        return self._gates.get(f"{method.upper()} {template}", ())


CATALOG: Final = Catalog.from_toml(files("betamw.core").joinpath("catalog.toml").read_text(encoding="utf-8"))
"""The catalog that is shipped."""
CATALOG_RULES: Final = CATALOG.rules
"""The betas that the Claude API's endpoints require, as of the catalog's date."""
