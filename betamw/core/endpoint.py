"""Paths: which endpoint a request is for, and what that endpoint needs.

A path template is segments; one in braces stands for any one segment (`/v1/files/{file_id}`). Matching is on whole
segments of the raw path; the query never takes part.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, Self

import attrs

from betamw.core import validators
from betamw.core.beta import validated_all
from betamw.core.errors import ConfigError
from betamw.core.header import union
from betamw.core.telling import discreet, shown

_ANY: Final = "{}"
_CACHED: Final = 1024
OTHER: Final = "_OTHER"
"""The template of a path that the table does not know (OpenTelemetry's word for it)."""


def segments(path: str) -> tuple[str, ...]:
    """`/v1/files/` is `("v1", "files")`."""
    return tuple(path.strip("/").split("/"))


@attrs.frozen
class Spelling:
    """Paths as far as some templates can tell them apart: what they do not spell out is an id, and of no interest.

    Attributes:
        words: The segments that a template spells out.
        depth: The segments that the longest one has.
    """

    words: frozenset[str]
    depth: int

    @classmethod
    def of(cls, templates: Iterable[str]) -> Self:
        """What these templates spell out."""
        split = [segments(template) for template in templates]
        words = frozenset(segment for template in split for segment in template if not _is_placeholder(segment))
        return cls(words, max(map(len, split), default=0))

    def of_path(self, path: str) -> tuple[str, ...]:
        """The segments of a path, `{}` for each that is not spelled out; of a longer path just one too many."""
        return tuple([have if have in self.words or have == "" else _ANY for have in segments(path)[: self.depth + 1]])


_PATH: Final = re.compile(r"(?:/(?:\{[A-Za-z0-9_]+\}|[^/{}?#,\s\x00-\x1f\x7f-\U0010ffff]+))+/?")


def _is_placeholder(segment: str) -> bool:
    return segment[:1] == "{" and segment[-1:] == "}"


def begins(template: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether a template's segments begin a path; a placeholder stands for any one that is not empty."""
    return len(path) >= len(template) and all(
        want == have or (_is_placeholder(want) and have != "") for want, have in zip(template, path, strict=False)
    )


def path_template(path: object, *, name: str) -> str:
    """Return a path template, or raise `ConfigError` that says what was wrong with the value of this `name`."""
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        wanted = "must be segments like /v1/files/{file_id}, in ASCII and without a query"
        msg = f"{name} {wanted}, got {shown(path)}"
        raise ConfigError(msg)
    return path


def _check_path(_instance: object, attribute: "attrs.Attribute[Any]", path: object) -> None:
    path_template(path, name=attribute.name)


def _is_method(method: object) -> bool:
    return isinstance(method, str) and method.isascii() and method.isalpha()


def _methods(methods: Collection[str] | None) -> frozenset[str] | None:
    if methods is None:
        return None
    if isinstance(methods, str) or not isinstance(methods, Collection) or not all(map(_is_method, methods or (0,))):
        msg = f"methods must be None or a collection of HTTP methods, got {shown(methods)}"
        raise ConfigError(msg)
    return frozenset(method.upper() for method in methods)


def _betas(betas: Sequence[str]) -> tuple[str, ...]:
    return validated_all(betas, where="betas of an EndpointRule")


@attrs.frozen(field_transformer=discreet)
class EndpointRule:
    """What an endpoint needs: `EndpointRule("/v1/agents", ["managed-agents-2026-04-01"])`.

    Attributes:
        path: A path template, relative to the API's base URL. It holds for everything below it too.
        betas: The betas that go out with a request there; none at all shields a path from a shorter rule.
        methods: The HTTP methods it holds for, None for all.
        required: The betas are never dropped: without them a call there has no meaning.
        exact: The path itself only, nothing below it.
    """

    path: str = attrs.field(validator=_check_path, repr=shown)
    betas: tuple[str, ...] = attrs.field(converter=_betas)
    methods: frozenset[str] | None = attrs.field(default=None, converter=_methods)
    required: bool = attrs.field(default=True, validator=validators.boolean)
    exact: bool = attrs.field(default=False, validator=validators.boolean, kw_only=True)


@attrs.frozen(field_transformer=discreet)
class Needs:
    """What the rules want for one request, and what of it the endpoint requires."""

    betas: tuple[str, ...] = ()
    required: frozenset[str] = frozenset()


class RuleTable:
    """Finds the rules for a request: those with the longest path that matches, a literal before a placeholder."""

    def __init__(self, rules: Iterable[EndpointRule]) -> None:
        self._rules = [(rule, segments(rule.path)) for rule in rules]
        self._spelling = Spelling.of(rule.path for rule, _ in self._rules)
        self._needs = lru_cache(maxsize=_CACHED)(self._match)
        self.match = lru_cache(maxsize=_CACHED)(self.find)
        """`match(method, path)` is what `find` gives. It stays in a cache, so this is for paths without an id."""

    def find(self, method: str, path: str) -> Needs:
        """The `Needs` of a request with that raw path."""
        return self._needs(method, self._spelling.of_path(path))

    def rules_at(self, method: str, path: str) -> tuple[EndpointRule, ...]:
        """The rules that `find` goes by."""
        return self._rules_at(method, self._spelling.of_path(path))

    def _match(self, method: str, wanted: tuple[str, ...]) -> Needs:
        found = self._rules_at(method, wanted)
        return Needs(
            union(*(rule.betas for rule in found)),
            frozenset(beta for rule in found if rule.required for beta in rule.betas),
        )

    def _rules_at(self, method: str, wanted: tuple[str, ...]) -> tuple[EndpointRule, ...]:
        best: tuple[int, tuple[bool, ...]] = (0, ())
        found: list[EndpointRule] = []
        for rule, template in self._rules:
            if not _matches(rule, template, method, wanted):
                continue
            rank = len(template), tuple(not _is_placeholder(segment) for segment in template)
            if rank > best:
                best, found = rank, []
            if rank == best:
                found.append(rule)
        return tuple(found)


def _matches(rule: EndpointRule, template: tuple[str, ...], method: str, path: tuple[str, ...]) -> bool:
    if rule.methods is not None and method not in rule.methods:
        return False
    return begins(template, path) and not (rule.exact and len(path) != len(template))
