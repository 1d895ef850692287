"""A reply as the exchange is told of it, and what it says shall become of it."""

import enum
from typing import Final

import attrs

from betamw.core.events import identifier
from betamw.core.reply_text import error_type
from betamw.core.telling import discreet

MAY_REFUSE: Final = frozenset({400, 422})
"""The statuses of a refusal: the body of such a reply is worth a look."""

DID_NOT_HELP: Final = frozenset({400, 404, 422})
"""A resend that is answered like this, and is no refusal, shows that dropping betas was of no use."""

SUCCESS: Final = range(200, 300)
"""Only this says that betas were accepted: a redirect (or a switch to a websocket) says nothing about them."""

BAD_REQUEST: Final = 400
"""From here on a status is an error."""


class Decision(enum.Enum):
    """What becomes of a reply."""

    RESEND = "resend"
    HAND_OVER = "hand over"
    HAND_OVER_FIRST = "hand over the first reply instead"
    RAISE = "raise an error about it"


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Reply:
    """A reply as far as the decision needs it.

    Attributes:
        status: The HTTP status.
        body: Its body, decoded; None where it was not, or could not be, looked at.
        content_type: Its `Content-Type` header.
        request_id: Its `request-id` header.
        replayable: Whether the request can be sent once more, byte for byte.
    """

    status: int
    body: bytes | None = None
    content_type: str | None = None
    request_id: str | None = None
    replayable: bool = False

    @property
    def error_type(self) -> str:
        """The API's `error.type` as far as it may stand in a log, else the status as text."""
        return identifier(error_type(self.body or b"")) or str(self.status)
