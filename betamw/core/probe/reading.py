"""What a reply says to a probe: which betas it refuses, that the server wants to be asked later, or that it is no use.

What a server says is somebody else's text: it is shown escaped and cut, and not at all where a key stands in it.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import attrs

from betamw.core.probe.finding import Reading
from betamw.core.rejection import read_rejection
from betamw.core.reply import BAD_REQUEST, MAY_REFUSE, SUCCESS
from betamw.core.reply_text import read_texts
from betamw.core.telling import discreet, shown

_MOST_SHOWN: Final = 160
_REDIRECTS: Final = range(300, BAD_REQUEST)
_SERVER_ERRORS: Final = range(500, 600)
_LATER: Final = frozenset({408, 429, *_SERVER_ERRORS})
_NO_PAGE: Final = ("text/event-stream", "application/octet-stream", "application/x-jsonl")
_REASONS: Final = {
    401: "the key is refused",
    403: "the key is refused, or may not do this",
    404: "there is no such endpoint, or no such model",
    405: "the endpoint does not have this method",
    407: "a proxy wants to know who asks",
    413: "the request is too large",
    431: "the header is too large",
}


@attrs.frozen(field_transformer=discreet)
class NoUse:
    """A reply that says nothing about betas: `later` the same request may be answered, else there is nothing to ask."""

    reason: str
    later: bool = False


def read_reply(  # noqa: PLR0913  each by its name
    status: int, body: bytes, *, content_type: str, sent: Sequence[str], header: str, secret: str
) -> Reading | NoUse:
    """Read the reply to a request that carried `sent` in `header`; `secret` is never in what is said of it."""
    kind = content_type.partition(";")[0].strip().lower()
    if _is_page(status, body, kind):
        return NoUse(
            f"this does not look like the API: HTTP {status} with {_quoted(kind, secret) or 'no content type'}"
        )
    if status in SUCCESS:
        return Reading(kind="accepted")
    reason = f"HTTP {status}: {_said(body, secret)}"
    if status in MAY_REFUSE:
        refusal = read_rejection(status, body, sent, content_type or None, header=header)
        if refusal is None:
            return Reading(kind="other", message=reason)
        return Reading(kind="refused", betas=refusal.betas, message=reason)
    if status in _REDIRECTS:
        return NoUse(f"HTTP {status}: the server redirects, which is not followed, for the key would go along")
    known = _REASONS.get(status)
    return NoUse(f"{known} ({reason})" if known else reason, later=status in _LATER)


def _is_page(status: int, body: bytes, kind: str) -> bool:
    """Whether a reply is for people, though a status that would count is on it."""
    if status in SUCCESS and body:
        return kind not in _NO_PAGE and body.lstrip()[:1] not in (b"{", b"[")
    return (status in SUCCESS or status in MAY_REFUSE) and "html" in kind


def _said(body: bytes, secret: str) -> str:
    """The message of an error, escaped and cut, for one line."""
    return _quoted(_message(body), secret) or "no message"


def _quoted(text: str, secret: str) -> str:
    if secret.lower() in text.lower():
        return "a text with the key in it"
    return shown(text, _MOST_SHOWN) if text else ""


def _message(body: bytes) -> str:
    try:
        reply: Any = json.loads(body)
    except (ValueError, RecursionError):
        reply = None
    error = reply.get("error", reply) if isinstance(reply, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else next(iter(read_texts(body)), "")
