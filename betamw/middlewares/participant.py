"""How a middleware gets at the call that a request belongs to, and how a call begins and ends.

The first middleware of a request opens the call, the others find it: by a context variable, and by the request object,
so that a request which other code makes meanwhile gets a call of its own. Who opened it closes it, and tells whoever
listens; so it does not matter which of the middlewares are there, or in which order.

Facts: aiohttp runs the chain once for each hop of a redirect, and once more when it retries an idempotent request on a
stale connection, with a new request object each time. Each is a call here.

All of this is on the path of a call without incident, where a function more or less can be measured.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from contextvars import ContextVar
from typing import Final
from weakref import ref

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from betamw.core.events import BetaUsage
from betamw.core.exchange import Exchange
from betamw.core.reply import BAD_REQUEST
from betamw.middlewares.api import Api
from betamw.middlewares.call import Call
from betamw.middlewares.switch import carried

# Weak: whatever is started during a call (aiohttp's own timers, a task of the caller's) copies the context, and would
# keep the request and the response alive as long as itself.
_current: Final[ContextVar[ref[Call] | None]] = ContextVar("betamw_call", default=None)

# By their responses, as long as these live. A `WeakKeyDictionary` does the same in Python, this in C.
_exchanges: Final[dict[ref[ClientResponse], Exchange]] = {}

# By the requests of calls, as long as these live: the header's lines as they came, and as they were left. A middleware
# further out may send a request once more, and then asks for the former.
_asked: Final[dict[ref[ClientRequest], tuple[list[str] | None, list[str] | None]]] = {}


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
        call.exchange = Exchange(call.tell, place.plan, request.method, place, self.api.header)
        return _run(call, self, handler)

    @abstractmethod
    def take_part(self, call: Call, handler: ClientHandlerType) -> Awaitable[ClientResponse]:
        """Do what this middleware is for, and pass the request on."""


async def _run(call: Call, opener: Participant, handler: ClientHandlerType) -> ClientResponse:
    token = _current.set(ref(call))
    if _asked and (before := _asked.get(ref(call.request))) is not None:
        call.recollect(*before)
    call.overhear()
    asked = call.lines
    try:
        call.response = response = await opener.take_part(call, handler)
        if response.status >= BAD_REQUEST:
            await call.fail(response)
    except BaseException as error:
        if call.response is not None:  # it does not reach the caller, so nobody else can close it
            call.response.close()
        call.end(error)
        raise
    else:
        try:
            call.end(None)
        except BaseException:  # of a logger's, as by ^C
            response.close()
            raise
    finally:
        if call.lines is not asked:
            _asked[ref(call.request, _asked.pop)] = asked, call.lines
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
    Where everything was turned off (`BETAMW_DISABLE`), it answers with what the request carried.
    """
    try:
        exchange = _exchanges[ref(response)]
    except (KeyError, TypeError):
        if (unseen := carried(response)) is not None:
            return unseen
        msg = "no middleware of betamw has seen this response"
        raise KeyError(msg) from None
    return exchange.usage()
