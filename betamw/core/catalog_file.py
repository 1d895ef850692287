"""The shape of `catalog.toml`, and the way from there to the facts of a catalog.

Every error is a `ConfigError` that begins with the place: `catalog: gate 'fast-mode': ...`.
"""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

import msgspec

from betamw.core.beta import Beta, validated
from betamw.core.endpoint import EndpointRule, Spelling
from betamw.core.errors import ConfigError, at
from betamw.core.facts import CONFIDENCES, DIRECTIONS, KINDS, STATUSES, Conflict, FieldConflict, Gate, KnownBeta
from betamw.core.selector import Selector


class _Gate(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    betas: list[str]
    endpoints: list[str] = []
    fields: list[str] = []
    when: str | None = None
    unless: str | None = None
    where: list[str] = []
    direction: str = "request"
    status: str = "beta"
    confidence: str = "documented"
    note: str = ""


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    betas: list[str]
    methods: list[str] | None = None
    exact: bool = False
    alternatives: list[str] = []
    without_header: int | None = None


class _Conflict(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    betas: tuple[str, str]


class _FieldConflict(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    fields: list[str]
    result: str
    betas: list[str] = []


class _Endpoints(msgspec.Struct, forbid_unknown_fields=True):
    rules: list[_Rule] = []
    conflicts: list[_Conflict] = []
    field_conflicts: list[_FieldConflict] = []
    templates: list[str] = []


class CatalogFile(msgspec.Struct, forbid_unknown_fields=True):
    """All of the file, every part of which may be left out. What the parts are is told in `betamw.Catalog`."""

    required: list[str] = []
    no_successors: list[str] = []
    gate_endpoints: list[str] = []
    betas: dict[str, dict[str, dict[str, str]]] = {}
    gates: list[_Gate] = []
    body_roots: dict[str, str] = {}
    endpoints: _Endpoints = msgspec.field(default_factory=_Endpoints)


def decode(text: str) -> CatalogFile:
    """Read TOML of the right shape."""
    try:
        return msgspec.toml.decode(text, type=CatalogFile)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:  # of tomllib: too long a number, too deep
        raise ConfigError(str(error)) from None


def known_betas(file: CatalogFile) -> Mapping[str, KnownBeta]:
    """The betas by name, in the order of the file."""
    betas: dict[str, KnownBeta] = {}
    groups = ((kind, status, group) for kind, by_status in file.betas.items() for status, group in by_status.items())
    for kind, status, group in groups:
        with at(f"betas.{kind}.{status}"):
            _check_word(kind, KINDS)
            _check_word(status, STATUSES)
            for name, detail in group.items():
                beta = Beta.parse(name)
                if known := betas.get(name):
                    msg = f"a beta is written once, got {name!r}, which is under betas.{known.kind}.{known.status} too"
                    raise ConfigError(msg)
                betas[name] = KnownBeta(name, beta.family, beta.date, status, detail, kind)
    return MappingProxyType(betas)


def families(betas: Iterable[KnownBeta]) -> Mapping[str, tuple[str, ...]]:
    """The families with several dates, oldest first; a name that the SDK does not list (`other`) is no substitute."""
    members: dict[str, list[KnownBeta]] = {}
    for beta in betas:
        if beta.kind != "other" and beta.date is not None:
            members.setdefault(beta.family, []).append(beta)
    ordered = {
        family: tuple(beta.name for beta in sorted(members[family], key=lambda beta: str(beta.date)))
        for family in sorted(members)
        if len(members[family]) > 1
    }
    return MappingProxyType(ordered)


def no_successors(file: CatalogFile, known: Collection[str]) -> frozenset[str]:
    """The betas for which no older date of their family can stand in."""
    with at("no_successors"):
        return frozenset(_known(file.no_successors, known))


def rules(file: CatalogFile, known: Collection[str]) -> tuple[EndpointRule, ...]:
    """The betas that endpoints require."""
    return tuple(_rule(raw, known) for raw in file.endpoints.rules)


def alternatives(file: CatalogFile, known: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Path of a rule -> the betas that do as well."""
    with at("endpoints.rules: alternatives"):
        given = {raw.path: _known(raw.alternatives, known) for raw in file.endpoints.rules if raw.alternatives}
    return MappingProxyType(given)


def without_header(file: CatalogFile) -> Mapping[str, int]:
    """Path of a rule -> the status of a reply to a request that lacks the beta."""
    rules = file.endpoints.rules
    return MappingProxyType({raw.path: raw.without_header for raw in rules if raw.without_header is not None})


def conflicts(file: CatalogFile, known: Collection[str]) -> tuple[Conflict, ...]:
    """The pairs of betas that are refused together."""
    found = []
    for raw in file.endpoints.conflicts:
        with at(f"endpoints.conflicts: {raw.path!r}"):
            one, other = _known(raw.betas, known)
            found.append(Conflict((one, other), _path(raw.path)))
    return tuple(found)


def field_conflicts(file: CatalogFile, known: Collection[str]) -> tuple[FieldConflict, ...]:
    """The body fields that are refused beside a beta or beside each other."""
    found = []
    for raw in file.endpoints.field_conflicts:
        with at(f"endpoints.field_conflicts: {raw.path!r}"):
            fields = tuple(map(Selector.parse, raw.fields))
            found.append(FieldConflict(_known(raw.betas, known), fields, _path(raw.path), raw.result))
    return tuple(found)


def gates(file: CatalogFile, known: Collection[str]) -> tuple[Gate, ...]:
    """Which part of a request belongs to which beta."""
    ids = [raw.id for raw in file.gates]
    if repeated := sorted({gate_id for gate_id in ids if ids.count(gate_id) > 1}):
        msg = f"gates: an id is given once, got twice {', '.join(map(repr, repeated))}"
        raise ConfigError(msg)
    return tuple(_gate(raw, file, known) for raw in file.gates)


def body_roots(file: CatalogFile) -> Mapping[str, Selector]:
    """Endpoint -> where in its body the selectors of gates start."""
    with at("body_roots"):
        roots = {_endpoint(endpoint): Selector.parse(root) for endpoint, root in file.body_roots.items()}
    return MappingProxyType(roots)


def templates(file: CatalogFile) -> tuple[str, ...]:
    """The table of path templates; without one, the paths of rules and gates."""
    if file.endpoints.templates:
        with at("endpoints.templates"):
            return tuple(map(_path, file.endpoints.templates))
    endpoints = [endpoint for gate in file.gates for endpoint in gate.endpoints or file.gate_endpoints]
    named = [*(raw.path for raw in file.endpoints.rules), *(endpoint.partition(" ")[2] for endpoint in endpoints)]
    spelling, told_apart = Spelling.of(named), dict[tuple[str, ...], str]()
    for path in named:
        told_apart.setdefault(spelling.of_path(path), path)
    return tuple(told_apart.values())


def _rule(raw: _Rule, known: Collection[str]) -> EndpointRule:
    with at(f"endpoints.rules: {raw.path!r}"):
        return EndpointRule(raw.path, _known(raw.betas, known), raw.methods, exact=raw.exact)


def _gate(raw: _Gate, file: CatalogFile, known: Collection[str]) -> Gate:
    with at(f"gates: {raw.id!r}"):
        _check_word(raw.direction, DIRECTIONS)
        _check_word(raw.confidence, CONFIDENCES)
        return Gate(
            id=raw.id,
            betas=_known(raw.betas, known),
            endpoints=tuple(map(_endpoint, raw.endpoints or file.gate_endpoints)),
            fields=tuple(map(Selector.parse, raw.fields)),
            when=None if raw.when is None else Selector.parse(raw.when),
            unless=None if raw.unless is None else Selector.parse(raw.unless),
            where=tuple(raw.where),
            direction=raw.direction,
            status=raw.status,
            confidence=raw.confidence,
            note=raw.note,
        )


def _known(names: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    """The names, which must be under [betas] where the file has such a table: what is not there is misspelt."""
    names = tuple(map(validated, names))
    for name in names:
        if known and name not in known:
            msg = f"a beta must be one of those under [betas], got {name!r}"
            raise ConfigError(msg)
    return names


def _path(path: str) -> str:
    return EndpointRule(path, ()).path  # which checks it


def _endpoint(endpoint: str) -> str:
    method, _, path = endpoint.partition(" ")
    if not (method.isalpha() and method.isupper()):
        msg = f"an endpoint is a method and a path template, like 'POST /v1/messages', got {endpoint!r}"
        raise ConfigError(msg)
    return f"{method} {_path(path)}"


def _check_word(word: str, allowed: tuple[str, ...]) -> None:
    if word not in allowed:
        msg = f"{word!r} must be one of {', '.join(map(repr, allowed))}"
        raise ConfigError(msg)
