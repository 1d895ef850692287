"""The facts that a catalog holds, one value each."""

import datetime as dt
from collections.abc import Callable, Collection
from typing import Final

import attrs

from betamw.core.selector import Selector

KINDS: Final = ("feature", "endpoint", "other")
STATUSES: Final = ("active", "legacy", "deprecated", "superseded", "retired", "unknown", "legacy_shape")
DIRECTIONS: Final = ("request", "response")
CONFIDENCES: Final = ("documented", "inferred")


@attrs.frozen
class KnownBeta:
    """What is known about one beta.

    Attributes:
        name: The name as it goes on the wire.
        family: The name without its date.
        date: The date in the name, None for a name off the pattern.
        status: One of `STATUSES`.
        detail: The rest of what is known about the status, or a note; may be empty.
        kind: One of `KINDS`: it opens fields, it opens endpoints, or it is not in the SDK's list.
    """

    name: str
    family: str
    date: dt.date | None
    status: str
    detail: str
    kind: str


@attrs.frozen
class Conflict:
    """Two betas that an endpoint, and what is below its path, refuses together."""

    betas: tuple[str, str]
    path: str


@attrs.frozen
class FieldConflict:
    """Body fields that an endpoint refuses: each beside any one of the betas; without betas, all at once.

    Attributes:
        betas: Any one of them; may be empty.
        fields: What may not be in the body.
        path: The endpoint's path template.
        result: How the source puts the refusal: `cannot be combined`.
    """

    betas: tuple[str, ...]
    fields: tuple[Selector, ...]
    path: str
    result: str


@attrs.frozen
class Gate:
    """Which part of a request belongs to which beta.

    Attributes:
        id: A name of its own; `a/b` is a part of the gate `a`.
        betas: Any one of them opens the fields; the first is the one to prefer.
        endpoints: Method and path template: `POST /v1/messages`.
        fields: What would have to be removed to send the body without the beta. Empty when a body does not show it.
        when: The gate stands only if this selects something.
        unless: The gate stands only if this selects nothing.
        where: In words, what `fields` cannot say: a query parameter, a limit, a part of the reply.
        direction: `request`, or `response` for betas that only change the reply.
        status: The source's word: `beta`, `legacy`, `deprecated` ...
        confidence: `documented` or `inferred`.
        note: What else the source says; may be empty.
    """

    id: str
    betas: tuple[str, ...]
    endpoints: tuple[str, ...]
    fields: tuple[Selector, ...]
    when: Selector | None
    unless: Selector | None
    where: tuple[str, ...]
    direction: str
    status: str
    confidence: str
    note: str

    def opened_by(self, betas: Collection[str]) -> bool:
        """Whether one of `betas` opens the fields."""
        return any(beta in betas for beta in self.betas)

    def may_be_in(self, holds: Callable[[bytes], bool]) -> bool:
        """Whether a JSON text can hold one of the fields; see `Selector.may_be_in`."""
        return any(field.may_be_in(holds) for field in self.fields)

    def stands(self, body: object) -> bool:
        """Whether the conditions of the gate hold for this body."""
        if self.when is not None and next(self.when.find(body), None) is None:
            return False
        return self.unless is None or next(self.unless.find(body), None) is None
