"""FallbackMiddleware: a refused beta is left out, the call sent again, the lesson remembered."""

import asyncio
import time
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import partial
from typing import Any, Final

import attrs
from aiohttp import (
    ClientError,
    ClientHandlerType,
    ClientHttpProxyError,
    ClientResponse,
    ClientResponseError,
    ConnectionTimeoutError,
    hdrs,
)
from aiohttp.http import HttpProcessingError

from betamw.core.dialects import sentences
from betamw.core.policy import FallbackPolicy
from betamw.core.reply import MAY_REFUSE, Decision
from betamw.core.telling import discreet
from betamw.core.validators import boolean, instance_of
from betamw.errors import BetaRejectedError
from betamw.memory import RejectionMemory
from betamw.middlewares.api import Api
from betamw.middlewares.call import Call
from betamw.middlewares.deadline import Deadline
from betamw.middlewares.override import in_force
from betamw.middlewares.participant import Participant
from betamw.middlewares.replay import Upload, upload_of
from betamw.middlewares.reply import look_at_body, reply_of
from betamw.middlewares.request import API_KEY, is_innermost, prepare_resend
from betamw.middlewares.switch import heeding

_OF_CATALOG: Final[Any] = object()


def _is_policy(middleware: object, attribute: "attrs.Attribute[Any]", policy: object) -> None:
    if policy is not _OF_CATALOG:
        instance_of(FallbackPolicy)(middleware, attribute, policy)


@attrs.frozen(eq=False, field_transformer=discreet)
class FallbackMiddleware(Participant):
    """Resends a request without the betas that its reply refuses, and leaves them out of later ones.

    Put it inside of middlewares that add betas of their own, and outside of those that sign the request's headers.
    Where it is the innermost of all, calls that wait for a connection learn of what is refused to others meanwhile.

    Attributes:
        policy: What may be dropped, and how often a call is resent; by default a `FallbackPolicy` that never drops what
            the catalog of `api` calls required.
        memory: Where lessons are kept, a new one by default; None to learn nothing.
        api: Which requests are the API's; by default `Api()`.
        enabled: False: refusals are read and told, nothing is left out or resent, whatever an `override` says.

    Raises `ConfigError` for a value of another type.
    """

    policy: FallbackPolicy = attrs.field(default=_OF_CATALOG, validator=_is_policy)
    memory: RejectionMemory | None = attrs.field(
        factory=RejectionMemory, validator=instance_of(RejectionMemory, or_none=True)
    )
    api: Api = attrs.field(factory=Api, converter=heeding, validator=instance_of(Api))
    enabled: bool = attrs.field(default=True, validator=boolean, kw_only=True)
    _under_way: dict[Call, tuple[ClientResponse | None, Context]] = attrs.field(init=False, repr=False, factory=dict)
    """The calls that aiohttp has in hand, with the response that their request had before, and their own context."""

    def __attrs_post_init__(self) -> None:
        if self.policy is _OF_CATALOG:
            object.__setattr__(self, "policy", FallbackPolicy(required=frozenset(self.api.catalog.required)))
        sentences(self.api.header.lower())  # compiled here, they are not on the path of the first refusal

    async def take_part(self, call: Call, handler: ClientHandlerType) -> ClientResponse:
        """Send the request, and again without what is refused."""
        if call.falling_back:  # another FallbackMiddleware of the chain is at it
            return await handler(call.request)
        memory, clock = self.memory, time.monotonic
        if memory is not None:
            headers = call.request.headers
            call.secrets = headers.get(API_KEY, ""), headers.get(hdrs.AUTHORIZATION, "")
            clock = memory.clock
        enabled = self.enabled and in_force.get().fallback is not False
        call.exchange.start(self.policy, call, memory, clock, enabled=enabled)
        started = time.perf_counter()
        call.falling_back = True
        try:
            response, decision = await self._attempt(call, handler)
            if decision is Decision.RESEND:
                return await self._resend(call, handler, response, time.perf_counter() - started)
            if decision is Decision.RAISE:
                raise _refused(call, response)
            return response
        finally:
            call.falling_back = False
            if call.original is not None:
                await call.put_back_body()

    async def _attempt(self, call: Call, handler: ClientHandlerType) -> tuple[ClientResponse, Decision]:
        """Send the request, and learn what becomes of the reply."""
        await self._write(call, call.render)
        call.exchange.attempts += 1
        if is_innermost(handler):
            self._under_way[call] = call.request.response, copy_context()
        if (upload := upload_of(call.request.body)) is not None:
            upload.watch()
        try:
            response = await handler(call.request)
        finally:
            self._under_way.pop(call, None)
            if upload is not None:
                upload.leave()
        try:
            call.overhear(sent=True)
            if response.status not in MAY_REFUSE or not call.exchange.sent:
                return response, call.exchange.settle(response.status)
            return response, await self._judge(call, response, upload)
        except BaseException:
            response.close()
            raise

    async def _judge(self, call: Call, response: ClientResponse, upload: Upload | None) -> Decision:
        """Find out whether a reply refuses betas, and what becomes of it."""
        body = await look_at_body(response)
        call.looked_at = response, body
        decision = call.exchange.receive(reply_of(response, body, replayable=call.is_replayable(upload)))
        if decision is Decision.RESEND and call.exchange.has_news:
            await self._warn_others(call)
        return decision

    async def _write(self, call: Call, render: Callable[[], None]) -> None:
        """Make the request's header and body what the exchange wants them to be; never suspends."""
        render()
        if self.policy.paired_fields == "strip":
            await call.put_body(call.exchange.body)

    async def _warn_others(self, refused: Call) -> None:
        """Calls that still wait for a connection need not go out with what was refused just now.

        None of them is in the hands of a middleware further in, which may be about to sign what it has read. And none
        is sent meanwhile, for this never suspends.
        """
        for call, (response, context) in [*self._under_way.items()]:
            # aiohttp sets `request.response` as soon as the headers are written, and not before.
            if call.request.response is response and call.address.place.key == refused.address.place.key:
                call.exchange.reconsider()
                await self._write(call, partial(context.run, call.render))  # its events are its own

    async def _resend(
        self, call: Call, handler: ClientHandlerType, first: ClientResponse, first_seconds: float
    ) -> ClientResponse:
        """Resend until the exchange has decided which reply the caller gets; the others are released."""
        replies, seconds, headers = [first], [first_seconds], call.request.headers.copy()
        decision, deadline, answered = Decision.RESEND, Deadline(call.request), call.request.response
        try:
            while decision is Decision.RESEND:
                prepare_resend(call.request, replies[-1])
                await asyncio.sleep(0)  # a server that hangs up with its 400 is noticed, its connection not used again
                started = time.perf_counter()
                try:
                    response, decision = await self._attempt(call, handler)
                finally:
                    seconds.append(time.perf_counter() - started)
                replies.append(response)
                answered = call.request.response
        except BaseException as error:
            waiting = call.request.response is answered  # for a connection: nothing of the resend has been written
            if not _unanswered(error) and not (waiting and deadline.absorbs(error)):
                call.overhead = sum(seconds[: len(replies)])  # nobody gets a reply; the last attempt had none
                for response in replies:
                    response.close()
                raise
            call.exchange.unanswered()
            decision = Decision.HAND_OVER_FIRST
        kept = 0 if decision is Decision.HAND_OVER_FIRST else len(replies) - 1
        for response in replies:
            if response is not replies[kept]:  # a cache below may answer twice with the same object
                response.release()
        call.overhead = sum(seconds) - seconds[kept]
        if kept == 0:  # `response.request_info.headers` is a live view: it shall show what this reply answers
            call.put_back_headers(headers)
        return replies[kept]


def _refused(call: Call, response: ClientResponse) -> BetaRejectedError:
    """The error of a strict policy; the reply, which was looked at to its end, is nobody's any more."""
    response.release()
    looked_at, exchange = call.looked_at, call.exchange
    body = looked_at[1] if looked_at is not None else None
    return BetaRejectedError.of(response, rejected=exchange.rejected, sent=exchange.sent, body=body or b"")


def _unanswered(error: BaseException) -> bool:
    """Whether a resend failed without an answer that could be read: then the first reply still says all there is.

    A timeout after it was sent does not count: the server may be at it, and the caller asked to be told. Nor does a
    reply of which another middleware has made an error: that is an answer.
    """
    if isinstance(error, TimeoutError):
        return isinstance(error, ConnectionTimeoutError)
    if isinstance(error, ClientResponseError) and not isinstance(error, ClientHttpProxyError):
        return isinstance(error.__cause__, HttpProcessingError)
    return isinstance(error, ClientError | OSError)
