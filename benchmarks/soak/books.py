"""What the files hold that both sides write: a line of JSON for each request, for each call, and for each log event."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

import msgspec

SENDS: Final = "sends.jsonl"
OUTCOMES: Final = "outcomes.jsonl"
EVENTS: Final = "events.jsonl"

NOTHING, HEAD, WHOLE = range(3)
"""How much of a reply the client may have seen: no head, the head and some of the body, all."""


class Send(msgspec.Struct, gc=False):
    """A request as it reached the server, and what became of it; the server writes it when it is done with it.

    Attributes:
        call: The id of the call.
        number: The how-many-th request of this call it is, from 1.
        scope: What a lesson from it holds for, as the client says.
        betas: In its header.
        crc: The checksum of its body; None where that did not come to its end.
        intact: Whether that is the body that the client meant to send, as far as that is known beforehand.
        fault: What befell it, empty for nothing.
        status: Of the reply, 0 for none.
        refused: The betas that the reply refuses.
        named: Those of them that it names.
        least: How much of the reply the client has seen for certain, if it was there to see it.
        most: How much of it the client may have seen.
        reply_crc: The checksum of the reply's body, before compression.
    """

    call: int
    number: int
    scope: str
    betas: tuple[str, ...]
    crc: int | None = None
    intact: bool = False
    fault: str = ""
    status: int = 0
    refused: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    least: int = NOTHING
    most: int = NOTHING
    reply_crc: int = 0

    @property
    def id(self) -> str:
        """The request id in the reply."""
        return f"req_{self.call}_{self.number}"

    @property
    def refuses(self) -> bool:
        """Whether its reply is a refusal of betas that can be read."""
        return bool(self.refused) and self.most == WHOLE


class Outcome(msgspec.Struct, gc=False):
    """What came of a call, as its caller sees it.

    Attributes:
        call: Its id.
        took: Seconds.
        error: The type of what was raised by the call, or while its reply was read; empty for nothing.
        honest: Whether that is a type which aiohttp is documented to raise, or a cancellation that was asked for.
        status: Of the reply, 0 for none.
        request_id: In the reply's header.
        read: "whole", "part", "nothing", or "broken" where reading it raised.
        crc: The checksum of what was read.
        fits: Whether what was read is the beginning of the good reply to this very send.
        sent: What `betamw.usage` says was in force.
        attempts: Likewise.
        outcome: Likewise.
    """

    call: int
    took: float = 0.0
    error: str = ""
    honest: bool = True
    status: int = 0
    request_id: str = ""
    read: str = "nothing"
    crc: int = 0
    fits: bool = True
    sent: tuple[str, ...] = ()
    attempts: int = 0
    outcome: str = ""


class Event(msgspec.Struct, gc=False, kw_only=True):
    """A log event, as far as it is looked at. `soak_call` is bound by the client, in `structlog.contextvars`."""

    event: str
    betamw_call: str
    soak_call: int
    outcome: str = ""
    attempts: int = 0
    error_type: str = ""
    http_response_status_code: int = 0
    anthropic_request_id: str = ""
    betas: tuple[str, ...] = ()
    betas_requested: tuple[str, ...] = ()
    betas_merged: tuple[str, ...] = ()
    betas_sent: tuple[str, ...] = ()
    betas_rejected: tuple[str, ...] = ()
    betas_dropped_rejected: tuple[str, ...] = ()
    betas_dropped_remembered: tuple[str, ...] = ()
    result: str = ""
    reason: str = ""


_Record = TypeVar("_Record", Send, Outcome, Event)


def write(book: BinaryIO, record: Send | Outcome) -> None:
    """Add a line."""
    book.write(msgspec.json.encode(record) + b"\n")


def read(directory: Path, name: str, kind: type[_Record]) -> Iterator[_Record]:
    """All lines of a book."""
    decode = msgspec.json.Decoder(kind).decode
    with (directory / name).open("rb") as lines:
        yield from map(decode, lines)


def by_call(records: Iterable[_Record], number_of: str = "call") -> dict[int, list[_Record]]:
    """The records of each call, in the order in which they were written."""
    found: dict[int, list[_Record]] = {}
    for record in records:
        found.setdefault(getattr(record, number_of), []).append(record)
    return found
