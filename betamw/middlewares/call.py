"""One call as the middlewares share it: the exchange, with the request, the time and the listeners around it."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final, Protocol

import attrs
import multidict
from aiohttp import ClientRequest, ClientResponse, Payload
from multidict import CIMultiDict

from betamw.core.events import Event
from betamw.core.exchange import Exchange
from betamw.core.telling import discreet
from betamw.errors import BetaRejectedError
from betamw.middlewares.api import Address, Api
from betamw.middlewares.deadline import is_timeout
from betamw.middlewares.replay import Upload, may_be_replayed
from betamw.middlewares.request import body_of, hashed, replace_body


class _Ids(Iterator[int]):
    """Numbers that no other process draws: one at random, and from there on."""

    def __init__(self) -> None:
        self._draw()
        os.register_at_fork(after_in_child=self._draw)

    def _draw(self) -> None:
        self._numbers = count(int.from_bytes(os.urandom(8)) >> 1)

    def __next__(self) -> int:
        return next(self._numbers)


_ids: Final = _Ids()
_version_of: Callable[[Any], int] = multidict.getversion  # typed for mutable values only
"""A number that changes with each change of the headers, and that no two of them share."""


class Listener(Protocol):
    """Is told what happens in a call."""

    def told(self, call: "Call", event: Event) -> None:
        """Something happened to the call's betas."""

    async def failed(self, call: "Call", response: ClientResponse) -> None:
        """This response, with the status of an error, goes to the caller as soon as this returns."""

    def over(self, call: "Call", error: BaseException | None) -> None:
        """The call is over, its outcome known; with an error there is no response."""


@attrs.define(eq=False, field_transformer=discreet)
class Call:
    """A call under way.

    Attributes:
        request: The request object of this hop.
        api: The API that it is for.
        address: Where it goes.
        exchange: The record of it, which decides.
        started: Its start on `time.perf_counter()`, in seconds.
        lines: The beta header's lines, as they were last seen or written; None without any.
        overhead: Seconds spent in attempts whose reply was thrown away.
        response: The reply that goes to the caller.
        error_type: The type of the error that it tells of, once known.
        falling_back: Whether a fallback is at work further out.
        secrets: What authenticates the request as it came to the fallback. A middleware further in may add to it; but
            what is learned under one credential must be looked up under the same, and that is before anything is sent.
        original: The caller's body, bytes in memory, where another has taken its place.
        looked_at: The last response of which the body was looked at, and what was seen.
    """

    request: ClientRequest
    api: Api
    address: Address
    exchange: Exchange = attrs.field(init=False)
    started: float = attrs.field(init=False, factory=time.perf_counter)
    lines: list[str] | None = attrs.field(init=False, default=None)
    overhead: float = attrs.field(init=False, default=0.0)
    response: ClientResponse | None = attrs.field(init=False, default=None)
    error_type: str | None = attrs.field(init=False, default=None)
    falling_back: bool = attrs.field(init=False, default=False)
    original: bytes | Payload | None = attrs.field(init=False, default=None)
    looked_at: tuple[ClientResponse, bytes | None] | None = attrs.field(init=False, default=None)
    _events: tuple[Event, ...] = attrs.field(init=False, default=())
    _listeners: tuple[Listener, ...] = attrs.field(init=False, default=())
    _id: str = attrs.field(init=False, default="")
    secrets: tuple[str, ...] = attrs.field(init=False, default=(), repr=False)
    _version: int | None = attrs.field(init=False, default=None)

    @property
    def id(self) -> str:
        """Joins the events of the call; made when it is first wanted."""
        if not self._id:
            self._id = f"{next(_ids):016x}"
        return self._id

    def body(self) -> bytes:
        """The request's body as the caller wrote it, empty where it is not bytes in memory."""
        return body_of(self.request.body if self.original is None else self.original)

    async def put_body(self, body: bytes | None) -> None:
        """Make this the request's body, or the caller's own again; never suspends."""
        if body is None and self.original is None:
            return
        if self.original is None:
            self.original = self.request.body
        rendered = self.as_rendered
        await replace_body(self.request, self.original if body is None else body)
        if rendered:  # the length in the headers has changed, and nobody else has changed them
            self._version = _version_of(self.request.headers)

    async def put_back_body(self) -> None:
        """Leave the request as it came: a middleware further out may send it once more."""
        await self.put_body(None)
        self.original = None

    def credential(self, key: bytes) -> str:
        """A hash, under the key, of what authenticates the request."""
        return hashed(self.secrets, key)

    def may_be_replayed(self) -> bool:
        """Whether the request can probably be sent once more."""
        return self.is_replayable(None)

    def is_replayable(self, upload: Upload | None) -> bool:
        """Whether the request can be sent again after this upload."""
        return self.original is not None or may_be_replayed(self.request.body, upload)

    def listen(self, listener: Listener) -> None:
        """Tell the listener what has happened so far and what happens; saying it twice changes nothing."""
        if listener not in self._listeners:
            self._listeners += (listener,)
            for event in self._events:
                listener.told(self, event)

    def tell(self, event: Event) -> None:
        """Tell the listeners."""
        self._events += (event,)
        for listener in self._listeners:
            listener.told(self, event)

    def recollect(self, asked: list[str] | None, left: list[str] | None) -> None:
        """Put the header back as it came, if nobody has changed it since it was left."""
        if self.request.headers.getall(self.api.header, None) == left:
            self.put_header(asked)
            self.lines = self._version = None

    def overhear(self, *, sent: bool = False) -> None:
        """Take in the header where others have changed it; with `sent` it has gone out like this."""
        headers = self.request.headers
        version = _version_of(headers)
        if version == self._version:  # no header has changed
            return
        self._version = version
        lines = headers.getall(self.api.header, None)
        if lines != self.lines:
            self.lines = lines
            self.exchange.overhear(tuple(lines or ()), sent=sent)

    def render(self) -> None:
        """Write the header as the exchange wants it."""
        if _version_of(self.request.headers) != self._version:
            self.overhear()
        value = self.exchange.rewrite()
        if value is not None:
            self.put_header([value] if value else None)

    @property
    def as_rendered(self) -> bool:
        """Whether nobody has changed a header of the request since this call has last seen them."""
        return _version_of(self.request.headers) == self._version

    def put_header(self, lines: list[str] | None) -> None:
        """Make these the header's lines."""
        self.lines = lines
        headers, name = self.request.headers, self.api.header
        if lines is not None and len(lines) == 1:
            headers[name] = lines[0]
        else:
            headers.popall(name, None)
            headers.extend((name, line) for line in lines or ())
        self._version = _version_of(headers)

    def put_back_headers(self, headers: CIMultiDict[str]) -> None:
        """Make these all the headers of the request again."""
        self.lines = headers.getall(self.api.header, None)
        self.request.headers.clear()
        self.request.headers.extend(headers)
        self._version = _version_of(self.request.headers)

    def count(self) -> None:
        """The request has gone out; where a fallback takes part it has counted itself."""
        self.overhear(sent=True)
        self.exchange.attempts += 1

    async def fail(self, response: ClientResponse) -> None:
        """The call was answered with an error: tell the listeners, while the response is still here."""
        if not self.exchange.attempts:
            self.count()
        for listener in self._listeners:
            await listener.failed(self, response)

    def end(self, error: BaseException | None) -> None:
        """The call is over."""
        if error is not None and is_timeout(error, self.request):  # so it is where the call ends
            error = TimeoutError()
        if not self.exchange.attempts:
            self.count()
        status = None if self.response is None or error is not None else self.response.status
        if isinstance(error, BetaRejectedError):  # a reply came, and this is what became of it
            status = error.status
        self.exchange.finish(status, cancelled=isinstance(error, asyncio.CancelledError))
        for listener in self._listeners:
            listener.over(self, error)
