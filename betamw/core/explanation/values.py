"""What is said of a call that is not made: frozen values, safe to write down.

Names that may not be told (they could be keys that were pasted into the wrong place) are in them as events tell them:
`<invalid len=23>`. The names of the fields are those of `betamw explain --json`: a field may be added, none is renamed.
"""

import datetime as dt
from typing import Final, Literal

import attrs

from betamw.core.telling import discreet

SCHEMA: Final = 1
"""`schema`: grows when a field changes its meaning; a new field alone does not change it."""

Asking = Literal["request", "override", "default", "endpoint", "substitute"]
WhyNot = Literal["removed", "conflict", "pinned"]
Code = Literal[
    "not_the_api",
    "turned_off",
    "unknown_path",
    "invalid_name",
    "odd_name",
    "unknown_name",
    "retired",
    "superseded",
    "deprecated",
    "legacy",
    "legacy_shape",
    "elsewhere",
    "required_missing",
    "conflict",
    "pin_without_effect",
    "field_lost",
    "field_closed",
    "field_conflict",
]


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Asker:
    """Who asks for a beta.

    Attributes:
        source: The caller's header (`request`), `override(add=...)`, the chain (`default`), an endpoint rule
            (`endpoint`); nobody, it goes in the place of another (`substitute`).
        path: The path of the endpoint rule.
        required: Whether that rule requires it.
        of: The beta that a substitute goes in the place of.
    """

    source: Asking
    path: str | None = None
    required: bool = False
    of: str | None = None


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Clash:
    """A beta that endpoints refuse together with another, there and below."""

    beta: str
    path: str


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Facts:
    """What the catalog knows of a beta.

    Attributes:
        status: `active`, `legacy`, `deprecated`, `superseded`, `retired`, `legacy_shape` or `unknown`.
        detail: The rest of what is known about the status, or a note; may be empty.
        kind: It opens fields (`feature`), it opens endpoints (`endpoint`), or the SDK does not list it (`other`).
        family: The name without its date.
        date: The date in the name, None for a name off the pattern.
        newer: Newer dates of the family that can take its place, oldest first.
        successor: What to use in its place, for one that is on its way out.
        fields: The selectors of the body fields that it opens at this endpoint.
        limits: In words, what else it opens at this endpoint.
        endpoints: Where it plays a part: paths, with the method where only that one counts.
        conflicts: What it is refused together with.
    """

    status: str
    detail: str
    kind: str
    family: str
    date: dt.date | None
    newer: tuple[str, ...]
    successor: str | None
    fields: tuple[str, ...]
    limits: tuple[str, ...]
    endpoints: tuple[str, ...]
    conflicts: tuple[Clash, ...]


@attrs.frozen(kw_only=True, field_transformer=discreet)
class ExplainedBeta:
    """A beta that somebody asks for.

    Attributes:
        name: The name.
        sources: Who asks for it, first say first.
        sent: Whether it goes out.
        why_not: Why it does not: a setting says so (`removed`), the endpoint refuses it together with another that goes
            out (`conflict`), the memory was told that it is refused (`pinned`).
        instead: What goes out in its place: the other of a conflict, or a substitute.
        catalog: What is known of it, None where that is nothing.
    """

    name: str
    sources: tuple[Asker, ...]
    sent: bool
    why_not: WhyNot | None = None
    instead: str | None = None
    catalog: Facts | None = None


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Finding:
    """Something that will not do what was meant, as far as the catalog knows.

    Attributes:
        code: What kind of thing, a word that stays.
        beta: The beta that it is about.
        text: It in words.
        suggestion: The beta to ask for, where there is one.
    """

    code: Code
    beta: str | None = None
    text: str
    suggestion: str | None = None


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Explanation:
    """What a call would send, and why.

    Attributes:
        method: The HTTP method, in upper case.
        origin: The API's base URL; None for a call that is not the API's.
        url_template: The path as logs tell it, `_OTHER` for one that the catalog does not know; None as before.
        model: The model that the body names.
        in_force: Whether the middlewares take part at all.
        header_name: The name of the beta header.
        header: Its value as it goes out, None where no header does.
        rewritten: Whether it is another than the caller has written.
        betas: All that are asked for, in the order of the wire.
        body_fields_stripped: The dotted paths of the body's fields that do not go out.
        warnings: What will not do what was meant.
        schema: The version of these fields.
    """

    method: str
    origin: str | None
    url_template: str | None
    model: str | None
    in_force: bool
    header_name: str
    header: str | None
    rewritten: bool
    betas: tuple[ExplainedBeta, ...]
    body_fields_stripped: tuple[str, ...] = ()
    warnings: tuple[Finding, ...] = ()
    schema: int = SCHEMA
