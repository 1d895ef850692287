"""Literal replies, and faults, that wait for their request."""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from betamw.core import validators
from betamw.core.errors import ConfigError
from betamw.testing.delivery import Reply
from betamw.testing.dialects import to_json
from betamw.testing.endpoints import error, error_type
from betamw.testing.faults import Failure

_STATUSES: Final = range(200, 600)
_FIRST_ERROR: Final = 400


def _status(_instance: object, _attribute: object, status: Any) -> None:
    if isinstance(status, bool) or not isinstance(status, int) or status not in _STATUSES:
        msg = f"status must be an int from {_STATUSES[0]} to {_STATUSES[-1]}, got {status!r}"
        raise ConfigError(msg)


def _encoded(body: Any) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else to_json(body)).encode()


@attrs.frozen
class LiteralReply:
    """A reply as a test wants it.

    Attributes:
        status: The HTTP status, 200 to 599.
        body: Its bytes; from a text or anything that JSON can write. None: the API's usual error for an error status.
        headers: Header lines; they win over `content_type` and the server's `request-id`.
        content_type: The Content-Type.
    """

    status: int = attrs.field(validator=_status)
    body: bytes | None = attrs.field(converter=_encoded)
    headers: Mapping[str, str]
    content_type: str

    def reply(self, request_id: str) -> Reply:
        """What goes out."""
        if self.body is None and self.status >= _FIRST_ERROR:
            name = error_type(self.status).removesuffix("_error").replace("_", " ").capitalize()
            return attrs.evolve(error(self.status, name, request_id), headers=self.headers)
        return Reply(self.status, (self.body,) if self.body else (), self.content_type, self.headers)


@attrs.frozen
class Queued:
    """What waits for a request.

    Attributes:
        literal: The reply, None for what the API answers.
        failure: How its delivery fails, if it does.
        after: How many requests pass before it is its turn.
    """

    literal: LiteralReply | None
    failure: Failure | None
    after: int = attrs.field(validator=validators.at_least(0))


_NOTHING: Final = Queued(None, None, 0)


@attrs.define(eq=False)
class ReplyQueue:
    """What is queued, each with the number of the request from which on it may go out."""

    _waiting: list[tuple[int, Queued]] = attrs.field(factory=list)
    _arrived: int = 0

    def add(self, queued: Queued) -> None:
        """Queue a reply or a fault."""
        self._waiting.append((self._arrived + queued.after, queued))

    def take(self) -> Queued:
        """Count a request; the oldest entry whose turn it is."""
        number = self._arrived
        self._arrived += 1
        for entry in self._waiting:
            if entry[0] <= number:
                self._waiting.remove(entry)
                return entry[1]
        return _NOTHING
