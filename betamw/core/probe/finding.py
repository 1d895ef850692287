"""What a probe is told by a reply, and what it says of a beta."""

from typing import Final, Literal

import attrs

from betamw.core.telling import discreet

VerdictName = Literal["accepted", "refused", "unclear"]
How = Literal["with all", "with others", "alone", "named", "required", "not asked"]


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Reading:
    """What a reply says of the betas of its request.

    Attributes:
        kind: `accepted`; `refused`: some of the betas are; `other`: the request fails for another reason.
        betas: Those that a refusal names; empty where it names none.
        message: What the server says; may be shown.
    """

    kind: Literal["accepted", "refused", "other"]
    betas: tuple[str, ...] = ()
    message: str = attrs.field(default="", repr=False)


@attrs.frozen(field_transformer=discreet)
class Finding:
    """What is known of one beta: the verdict, how it is known, and the server's words where there are some."""

    verdict: VerdictName
    how: How
    reason: str = attrs.field(default="", repr=False)


NOT_ASKED: Final = Finding("unclear", "not asked")
