"""FallbackPolicy: all that a user tunes."""

import inspect
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

import attrs

from betamw.core import validators
from betamw.core.action import Hook, validated_substitutes
from betamw.core.catalog import CATALOG, Catalog
from betamw.core.errors import ConfigError
from betamw.core.telling import discreet, shown

Source = Literal["request", "override", "default", "endpoint"]
SOURCES: Final[tuple[Source, ...]] = ("request", "override", "default", "endpoint")
"""Who may ask for a beta, first say first: the caller's header, `override(add=...)`, the chain, an endpoint rule."""


def _strings(names: Iterable[str], setting: str) -> frozenset[str]:
    given = names if isinstance(names, str) or not isinstance(names, Iterable) else tuple(names)
    if not isinstance(given, tuple) or not all(isinstance(name, str) for name in given):
        msg = f"{setting} must be a collection of strings, got {shown(given)}"
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
        msg = f"droppable_sources must be of {', '.join(SOURCES)}, got {', '.join(sorted(map(shown, unknown)))}"
        raise ConfigError(msg)


def _to_substitutes(
    value: Mapping[str, str] | Literal["older", "never"],
) -> Mapping[str, str] | Literal["older", "never"]:
    return validated_substitutes(value, "substitutes") if isinstance(value, Mapping) else value


def _substitutes(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, Mapping) and not (isinstance(value, str) and value in {"older", "never"}):
        msg = f"{attribute.name} must be 'older', 'never' or a mapping of beta names, got {shown(value)}"
        raise ConfigError(msg)


def _hook(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if value is not None and (not callable(value) or inspect.iscoroutinefunction(value)):
        msg = f"{attribute.name} must be a function that is not async, or None, got {shown(value)}"
        raise ConfigError(msg)


@attrs.frozen(kw_only=True, field_transformer=discreet)
class FallbackPolicy:
    """What to do when the server refuses a beta. Every value is checked here; a wrong one is a `ConfigError`.

    Attributes:
        max_resends: Resends in one call, 0 or more; 0 reads refusals and logs them, but resends nothing.
        on_unnamed: When a reply refuses "a beta flag" without saying which: `"split"` searches for the culprit, a part
            of the betas in each send, over as many calls as it takes; `"drop_all"` resends without all that may be
            dropped; `"give_up"` hands the reply over.
        required: Betas that are never dropped, as names or fnmatch patterns, besides what an endpoint requires; by
            default what the catalog of the Claude API calls required, `{"oauth-*"}`.
        substitutes: What takes the place of a refused beta, once: a mapping from one name to the other; `"older"`, the
            next older date of its family in the catalog; `"never"`. A substitute that is refused too is dropped.
        paired_fields: When the JSON body uses a field of a refused beta, which without the beta is the next 400:
            `"keep"`: the call is not resent. `"strip"`: the fields go with the beta, the rest of the body stays byte
            for byte as it is; where it cannot be sent without them, the call is not resent.
        droppable_sources: Whose betas may be dropped: `"request"`, `"override"`, `"default"`, `"endpoint"`.
        strict: True: a refusal raises `BetaRejectedError`. Nothing is left out (be it pinned), resent or learned. Under
            `override(fallback=False)` the caller gets the refusal as it is.
        on_rejection: Is asked for an `Action` whenever a reply refuses a beta; None leaves it to the settings above.
    """

    max_resends: int = attrs.field(default=2, validator=validators.at_least(0))
    on_unnamed: Literal["split", "drop_all", "give_up"] = attrs.field(
        default="split", validator=validators.one_of("split", "drop_all", "give_up")
    )
    required: frozenset[str] = attrs.field(
        default=frozenset(CATALOG.required), converter=_to_required, validator=_patterns, repr=shown
    )
    substitutes: Mapping[str, str] | Literal["older", "never"] = attrs.field(
        default="never", converter=_to_substitutes, validator=_substitutes
    )
    paired_fields: Literal["keep", "strip"] = attrs.field(default="keep", validator=validators.one_of("keep", "strip"))
    droppable_sources: frozenset[str] = attrs.field(
        default=frozenset(SOURCES), converter=_to_sources, validator=_sources
    )
    strict: bool = attrs.field(default=False, validator=validators.boolean)
    on_rejection: Hook | None = attrs.field(default=None, validator=_hook)

    def requires(self, beta: str) -> bool:
        """Whether the policy forbids to drop this beta."""
        return any(fnmatchcase(beta, pattern) for pattern in self.required)

    def substitute(self, beta: str, catalog: Catalog) -> str | None:
        """What takes the place of a refused beta, None if nothing does."""
        if isinstance(self.substitutes, Mapping):
            return self.substitutes.get(beta)
        return catalog.older(beta) if self.substitutes == "older" else None
