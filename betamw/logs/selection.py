"""Which of the events a report is about."""

import math
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Final, get_args

import attrs

from betamw.core.errors import ConfigError
from betamw.core.telling import shown
from betamw.logs.record import Names, Record
from betamw.logs.summary import OUTCOMES, Outcome

_LISTS: Final = (
    "betas_requested",
    "betas_scoped",
    "betas_injected",
    "betas_merged",
    "betas_sent",
    "betas_dropped_rejected",
    "betas_dropped_remembered",
    "betas_dropped_policy",
    "betas_substituted",
    "betas_substitutes",
    "betas_rejected",
    "betas",
)


def _patterns(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(pattern, str) and pattern for pattern in value):
        msg = f"{attribute.name} must be a tuple of patterns, got {shown(value)}"
        raise ConfigError(msg)


def _time(_instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if value is not None and (not isinstance(value, int | float) or not math.isfinite(value)):
        msg = f"{attribute.name} must be in seconds since 1970, or None, got {shown(value)}"
        raise ConfigError(msg)


def _set(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names)


def _known_outcomes(_instance: object, attribute: "attrs.Attribute[Any]", value: frozenset[object]) -> None:
    for outcome in sorted(map(str, value.difference(OUTCOMES))):
        msg = f"{attribute.name} must be of {', '.join(get_args(Outcome))}, got {shown(outcome)}"
        raise ConfigError(msg)


def _fits(text: str, patterns: Names) -> bool:
    return any(map(partial(fnmatchcase, text), patterns))


@attrs.frozen(kw_only=True)
class Selection:
    """What an event must be to count; what is left empty does not matter. Raises `ConfigError` for what is none.

    Attributes:
        since: Written then or later, in seconds since 1970.
        until: Written before. With either, an event that does not say when it was written is not selected.
        betas: `fnmatch` patterns: one of them fits a beta of the event. The table of betas and the findings are then
            about such betas only, as of others only a part of the calls was seen.
        endpoints: `fnmatch` patterns: one of them fits the event's `url_template`.
        outcomes: Of the call. Only events `betamw.request` know it; no other is selected then.
    """

    since: float | None = attrs.field(default=None, validator=_time)
    until: float | None = attrs.field(default=None, validator=_time)
    betas: tuple[str, ...] = attrs.field(default=(), validator=_patterns)
    endpoints: tuple[str, ...] = attrs.field(default=(), validator=_patterns)
    outcomes: frozenset[str] = attrs.field(default=frozenset(), converter=_set, validator=_known_outcomes)

    def __attrs_post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.since >= self.until:
            msg = f"since must be before until, got {shown(self.since)} and {shown(self.until)}"
            raise ConfigError(msg)

    @property
    def everything(self) -> bool:
        """Whether all events are selected."""
        return self == _EVERYTHING

    def wants(self, beta: str) -> bool:
        """Whether a beta is one of those that were asked about."""
        return not self.betas or _fits(beta, self.betas)

    def matches(self, record: Record) -> bool:
        """Whether an event counts."""
        if self.outcomes and record.outcome not in self.outcomes:
            return False
        if self.since is not None and (record.at is None or record.at < self.since):
            return False
        if self.until is not None and (record.at is None or record.at >= self.until):
            return False
        if self.endpoints and not _fits(record.url_template, self.endpoints):
            return False
        return not self.betas or any(self.wants(beta) for beta in _betas_of(record))


def _betas_of(record: Record) -> Names:
    lists: list[Names] = [getattr(record, name) for name in _LISTS]
    return tuple(dict.fromkeys(beta for names in lists for beta in names))


_EVERYTHING: Final = Selection()
