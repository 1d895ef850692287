"""FallbackPolicy: all that a user tunes."""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

import attrs

from betamw.core import validators
from betamw.core.catalog import CATALOG
from betamw.core.errors import ConfigError
from betamw.core.rejection import Rejection

Source = Literal["request", "override", "default", "endpoint"]
SOURCES: Final[tuple[Source, ...]] = ("request", "override", "default", "endpoint")
"""Who may ask for a beta, first say first: the caller's header, `override(add=...)`, the chain, an endpoint rule."""


def _strings(names: Iterable[str], setting: str) -> frozenset[str]:
    given = names if isinstance(names, str) or not isinstance(names, Iterable) else tuple(names)
    if not isinstance(given, tuple) or not all(isinstance(name, str) for name in given):
        msg = f"{setting} must be a collection of strings, got {given!r}"
        raise ConfigError(msg)
    return frozenset(given)


def _to_required(names: Iterable[str]) -> frozenset[str]:
    return _strings(names, "required")


def _to_sources(names: Iterable[str]) -> frozenset[str]:
    return _strings(names, "droppable_sources")


def _patterns(_instance: object, _attribute: object, patterns: frozenset[str]) -> None:
    if "" in patterns:
        msg = "required must hold beta names or fnmatch patterns, got ''"
        raise ConfigError(msg)


def _sources(_instance: object, _attribute: object, sources: frozenset[str]) -> None:
    if unknown := sources.difference(SOURCES):
        msg = f"droppable_sources must be of {', '.join(SOURCES)}, got {', '.join(sorted(map(repr, unknown)))}"
        raise ConfigError(msg)


def _substitutes(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    promised = value == "older" or isinstance(value, Mapping)
    validators.one_of("never", not_yet=(value,) if promised else ())(instance, attribute, value)


def _hook(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    validators.one_of(None, not_yet=(value,) if callable(value) else ())(instance, attribute, value)


@attrs.frozen(kw_only=True)
class FallbackPolicy:
    """What to do when the server refuses a beta. Every value is checked here; a wrong one is a `ConfigError`.

    Attributes:
        max_resends: Resends in one call, 0 or more; 0 reads refusals and logs them, but resends nothing.
        on_unnamed: When a reply refuses "a beta flag" without saying which: `"drop_all"` resends without all that may
            be dropped, `"give_up"` hands the reply over. (`"split"`, a search for the culprit, is not supported yet.)
        required: Betas that are never dropped, as names or fnmatch patterns, besides what an endpoint requires.
        substitutes: `"never"`. (A mapping and `"older"` are not supported yet.)
        paired_fields: `"keep"`: a call whose JSON body uses a field of the refused beta is not resent, for without the
            beta that field is the next 400. (`"strip"` is not supported yet.)
        droppable_sources: Whose betas may be dropped: `"request"`, `"override"`, `"default"`, `"endpoint"`.
        strict: False. (True, an error instead of going on without a beta, is not supported yet.)
        on_rejection: None. (A hook that is asked for an action is not supported yet.)
    """

    max_resends: int = attrs.field(default=2, validator=validators.at_least(0))
    on_unnamed: Literal["split", "drop_all", "give_up"] = attrs.field(
        default="drop_all", validator=validators.one_of("drop_all", "give_up", not_yet=("split",))
    )
    required: frozenset[str] = attrs.field(
        default=frozenset(CATALOG.required), converter=_to_required, validator=_patterns
    )
    substitutes: Mapping[str, str] | Literal["older", "never"] = attrs.field(default="never", validator=_substitutes)
    paired_fields: Literal["keep", "strip"] = attrs.field(
        default="keep", validator=validators.one_of("keep", not_yet=("strip",))
    )
    droppable_sources: frozenset[str] = attrs.field(
        default=frozenset(SOURCES), converter=_to_sources, validator=_sources
    )
    strict: bool = attrs.field(
        default=False,
        validator=[validators.boolean, validators.one_of(False, not_yet=(True,))],  # noqa: FBT003  the values meant
    )
    on_rejection: Callable[[Rejection], Any] | None = attrs.field(default=None, validator=_hook)

    def requires(self, beta: str) -> bool:
        """Whether the policy forbids to drop this beta."""
        return any(fnmatchcase(beta, pattern) for pattern in self.required)
