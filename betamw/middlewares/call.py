"""One call as the middlewares share it: the exchange, with the request, the time and the listeners around it.

The first middleware of a request opens the call, the others find it: by a context variable, and by the request object,
so that a request which other code makes meanwhile gets a call of its own. Who opened it closes it, and tells whoever
listens; so it does not matter which of the middlewares are there, or in which order.

All of this is on the path of a call without incident, where a function more or less can be measured.

Facts: aiohttp runs the chain once for each hop of a redirect, and once more when it retries an idempotent request on a
stale connection, with a new request object each time. Each is a call here.
"""

import asyncio
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from itertools import count
from typing import Any, Final, Protocol
from weakref import ref

import attrs
import multidict
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from betamw.core.events import BetaUsage, Event
from betamw.core.exchange import Exchange
from betamw.core.reply import BAD_REQUEST
from betamw.middlewares.api import Address, Api
from betamw.middlewares.request import body_of, hashed, may_be_replayed


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


@attrs.define(eq=False)
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
        """The request's body, empty where it is not bytes in memory."""
        return body_of(self.request)

    def credential(self) -> str:
        """A keyed hash of what authenticates the request."""
        return hashed(self.secrets)

    def may_be_replayed(self) -> bool:
        """Whether the request can probably be sent once more."""
        return may_be_replayed(self.request)

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
        if not self.exchange.attempts:
            self.count()
        status = None if self.response is None or error is not None else self.response.status
        self.exchange.finish(status, cancelled=isinstance(error, asyncio.CancelledError))
        for listener in self._listeners:
            listener.over(self, error)


# Weak: whatever is started during a call (aiohttp's own timers, a task of the caller's) copies the context, and would
# keep the request and the response alive as long as itself.
_current: Final[ContextVar[ref[Call] | None]] = ContextVar("betamw_call", default=None)

# By their responses, as long as these live. A `WeakKeyDictionary` does the same in Python, this in C.
_exchanges: Final[dict[ref[ClientResponse], Exchange]] = {}

# The request of the last call of this task: the header's lines as it came, and as they were left. A middleware further
# out may send it once more, and then asks for the former.
_last: Final[ContextVar[tuple[ref[ClientRequest], list[str] | None, list[str] | None] | None]] = ContextVar(
    "betamw_last", default=None
)


class Participant(ABC):
    """A middleware that takes part in calls to an API; what is not the API's passes through untouched."""

    __slots__ = ()

    api: Api

    def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> Awaitable[ClientResponse]:
        """Handle one request; aiohttp calls this."""
        current = _current.get()
        if current is not None and (call := current()) is not None and call.request is request:
            api = self.api
            if call.api is api or call.api == api:
                return self.take_part(call, handler)
        address = self.api.address(request.url)
        if address is None:
            return handler(request)
        call, place = Call(request, self.api, address), address.place
        call.exchange = Exchange(request.method, place, self.api.header, call.tell, place.plan)
        return _run(call, self, handler)

    @abstractmethod
    def take_part(self, call: Call, handler: ClientHandlerType) -> Awaitable[ClientResponse]:
        """Do what this middleware is for, and pass the request on."""


async def _run(call: Call, opener: Participant, handler: ClientHandlerType) -> ClientResponse:
    token = _current.set(ref(call))
    last = _last.get()
    if last is not None and last[0]() is call.request:
        call.recollect(last[1], last[2])
    call.overhear()
    asked = call.lines
    try:
        call.response = response = await opener.take_part(call, handler)
        if response.status >= BAD_REQUEST:
            await call.fail(response)
    except BaseException as error:
        call.end(error)
        raise
    else:
        call.end(None)
    finally:
        if call.lines is not asked:
            _last.set((ref(call.request), asked, call.lines))
        try:  # noqa: SIM105  `suppress` is three calls more
            _current.reset(token)
        except ValueError:  # a call that is closed from outside, as by the end of its loop, has another context
            pass
    try:  # noqa: SIM105  as above
        _exchanges[ref(response, _exchanges.pop)] = call.exchange
    except TypeError:  # a response class of another's making need not be hashable: then there is no usage
        pass
    return response


def usage(response: ClientResponse) -> BetaUsage:
    """Tell what became of the betas in the call that this response answers.

    Raises `KeyError` for a response that no betamw middleware has seen: of another origin, or of a plain session.
    """
    try:
        exchange = _exchanges[ref(response)]
    except (KeyError, TypeError):
        msg = "no middleware of betamw has seen this response"
        raise KeyError(msg) from None
    return exchange.usage()
