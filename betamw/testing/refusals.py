"""Which betas the simulated API refuses, and for whom."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

import attrs

from betamw.core.beta import validated
from betamw.core.endpoint import EndpointRule, begins, segments
from betamw.core.errors import ConfigError
from betamw.core.telling import shown
from betamw.testing.received import ReceivedRequest


def _pattern(_instance: object, _attribute: object, beta: str) -> None:
    validated(beta, where="beta of a Refusal")


def _template(_instance: object, _attribute: object, path: str | None) -> None:
    if path is not None:
        EndpointRule(path, ())  # it knows what a path template is, and says so


def _text(_instance: object, attribute: "attrs.Attribute[str | None]", value: object) -> None:
    if value is not None and (not isinstance(value, str) or not value):
        msg = f"{attribute.name} must be None or a text that is not empty, got {value!r}"
        raise ConfigError(msg)


@attrs.frozen
class Refusal:
    """A beta that is refused, for everybody or only for some: `Refusal("context-1m-*", model="claude-haiku-5")`.

    Attributes:
        beta: A name, or an fnmatch pattern (`*`, `?`, `[...]`; case matters).
        path: Only at this path template (`/v1/files/{file_id}`) and below it.
        model: Only for this model in the JSON body.
        api_key: Only for this credential: the `x-api-key`, or the token of `Authorization: Bearer`.
    """

    beta: str = attrs.field(validator=_pattern, repr=shown)
    path: str | None = attrs.field(default=None, validator=_template)
    model: str | None = attrs.field(default=None, validator=_text)
    api_key: str | None = attrs.field(default=None, validator=_text, repr=False)

    def applies_to(self, beta: str, request: ReceivedRequest) -> bool:
        """Whether it speaks about this beta in this request."""
        return (
            fnmatchcase(beta, self.beta)
            and (self.path is None or is_under(request.path, self.path))
            and self.model in (None, request.model)
            and self.api_key in (None, request.api_key)
        )


def is_under(path: str, template: str) -> bool:
    """Whether the template's segments begin the path; a segment in braces stands for any one."""
    return begins(segments(template), segments(path))


def as_refusals(given: "Iterable[str | Refusal]") -> tuple[Refusal, ...]:
    """Take names, patterns and refusals; raises `ConfigError` or `InvalidBetaError` for anything else."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        msg = f"refuses must be an iterable of beta names, fnmatch patterns and Refusal objects, got {given!r}"
        raise ConfigError(msg)
    return tuple(_as_refusal(each) for each in given)


def _as_refusal(given: object) -> Refusal:
    if isinstance(given, Refusal):
        return given
    if isinstance(given, str):
        return Refusal(given)
    msg = f"a refused beta must be a name, an fnmatch pattern or a Refusal, got {given!r}"
    raise ConfigError(msg)


@attrs.define(eq=False)
class Verdicts:
    """What is refused now. The last word about a beta counts."""

    _words: list[tuple[Refusal, bool]] = attrs.field(factory=list)

    def refuse(self, betas: Iterable[Refusal]) -> None:
        """Refuse from now on."""
        self._words.extend((beta, True) for beta in betas)

    def accept(self, betas: Iterable[Refusal]) -> None:
        """Accept from now on, whatever was said before."""
        self._words.extend((beta, False) for beta in betas)

    def refused(self, request: ReceivedRequest) -> tuple[str, ...]:
        """The betas of the request that are refused: in order, without repeats."""
        return tuple(beta for beta in dict.fromkeys(request.betas) if self._is_refused(beta, request))

    def _is_refused(self, beta: str, request: ReceivedRequest) -> bool:
        return next((verdict for word, verdict in reversed(self._words) if word.applies_to(beta, request)), False)
