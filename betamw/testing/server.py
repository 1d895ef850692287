"""SimulatedApi: a real server on 127.0.0.1 that treats betas as the Claude API does.

What makes the reply to a request, the first that has something to say:

1. the queue of `respond_next` and `fail_next`
2. a beta header that is there and names nothing: 400
3. betas that are refused: 400, in the chosen dialect
4. a beta that the endpoint requires and that is missing: 400, or the status that is documented for it
5. two betas that the endpoint refuses together, or a beta and a body field: 400
6. a body field that none of the betas opens: 400
7. the endpoint; an unknown path is a 404
"""

import ssl
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self

import attrs
from aiohttp import web

from betamw.core import validators
from betamw.core.catalog import CATALOG, Catalog
from betamw.core.errors import ConfigError
from betamw.testing.checks import complaint
from betamw.testing.delivery import ENCODINGS, Delivery, Encoding, Reply, until_cancelled
from betamw.testing.dialects import DIALECTS, WRAPPERS, Refused, envelope, refusal, unexpected_values, wrap
from betamw.testing.endpoints import answer, error_type
from betamw.testing.expectation import Expectation
from betamw.testing.faults import Failure, Fault
from betamw.testing.listener import Listener
from betamw.testing.queued import LiteralReply, Queued, ReplyQueue
from betamw.testing.received import ReceivedRequest
from betamw.testing.refusals import Refusal, Verdicts, as_refusals


def _catalog(_instance: object, _attribute: object, catalog: object) -> None:
    if not isinstance(catalog, Catalog):
        msg = f"catalog must be a Catalog, got {catalog!r}"
        raise ConfigError(msg)


def _first_verdicts(api: "SimulatedApi") -> Verdicts:
    verdicts = Verdicts()
    verdicts.refuse(api._refuses)  # noqa: SLF001  a part of the class below that must stand before it
    return verdicts


@attrs.define(eq=False)
class SimulatedApi:
    """A server that treats betas as the Claude API does, for the tests of code that uses them.

    ```python
    async with SimulatedApi(refuses=["context-1m-2025-08-07"]) as api:
        async with session.post(f"{api.base_url}/v1/messages", json=body, headers=headers) as response:
            ...
        api.assert_sent("files-api-2025-04-14", attempts=2)
    ```

    It listens on a free port of 127.0.0.1 while the `async with` block runs; leaving the block closes every connection
    within a fraction of a second. It judges betas and nothing else: any key, model or body will do. A wrong setting is
    a `ConfigError`, a name that can be no beta an `InvalidBetaError`.

    Args:
        refuses: Betas to refuse: names, fnmatch patterns, or `Refusal` objects for some endpoint, model or key only.
            `refuse` and `accept` change that while it runs.

    Attributes:
        requests: What came in, in the order of arrival (of their last byte).
        dialect: The words of a refusal, one of `DIALECTS`. "long-context" is for `context-1m-*` only: others are
            refused as in "anthropic".
        wrapper: What a relay puts around an error about betas or fields, one of `WRAPPERS`.
        header: The name of the beta header.
        catalog: What is known about endpoints, conflicts and body fields.
        encoding: "gzip" or "deflate" for every reply, whatever the request accepts; None for none.
        drip: Seconds between pieces of the body of at most 64 bytes.
        cut: How many bytes of a body (as encoded) go out before the connection is cut; None never cuts.
            A body that is not longer arrives whole.
        one_at_a_time: A refusal names the first refused beta only. (Some dialects never name more.)
        ssl_context: What to serve HTTPS with; None for HTTP.

    All but `requests` are settings: arguments of the same name, which may be changed while it runs (but for
    `ssl_context`, which stays as it was at the start).
    """

    _refuses: tuple[Refusal, ...] = attrs.field(default=(), converter=as_refusals, alias="refuses")
    dialect: str = attrs.field(default="anthropic", validator=validators.one_of(*DIALECTS))
    wrapper: str = attrs.field(default="plain", validator=validators.one_of(*WRAPPERS), kw_only=True)
    header: str = attrs.field(default="anthropic-beta", validator=validators.header_name, kw_only=True)
    catalog: Catalog = attrs.field(default=CATALOG, validator=_catalog, kw_only=True, repr=False)
    encoding: Encoding | None = attrs.field(default=None, validator=validators.one_of(None, *ENCODINGS), kw_only=True)
    drip: float = attrs.field(default=0.0, validator=validators.seconds_or_zero, kw_only=True)
    cut: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(validators.at_least(0)), kw_only=True
    )
    one_at_a_time: bool = attrs.field(default=False, validator=validators.boolean, kw_only=True)
    ssl_context: ssl.SSLContext | None = attrs.field(
        default=None, validator=validators.instance_of(ssl.SSLContext, or_none=True), kw_only=True
    )
    requests: list[ReceivedRequest] = attrs.field(factory=list, init=False, repr=False)
    _verdicts: Verdicts = attrs.field(init=False, repr=False, default=attrs.Factory(_first_verdicts, takes_self=True))
    _queue: ReplyQueue = attrs.field(factory=ReplyQueue, init=False, repr=False)
    _serial: int = attrs.field(default=0, init=False, repr=False)
    _base_url: str | None = attrs.field(default=None, init=False)
    _listener: Listener | None = attrs.field(default=None, init=False, repr=False)

    async def __aenter__(self) -> Self:
        """Start to listen; raises `RuntimeError` when it does already."""
        if self._listener is not None:
            msg = "this SimulatedApi is running already: make another one"
            raise RuntimeError(msg)
        self._listener = await Listener.start(self._handle, self.ssl_context)
        self._base_url = self._listener.url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop listening and close all connections."""
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.stop()

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT`, with TLS `https:`; after the end, where it was. `RuntimeError` before the start."""
        if self._base_url is None:
            msg = "this SimulatedApi has no address before it runs: use it in `async with`"
            raise RuntimeError(msg)
        return self._base_url

    def refuse(self, *betas: str | Refusal) -> None:
        """Refuse these from the next request on."""
        self._verdicts.refuse(as_refusals(betas))

    def accept(self, *betas: str | Refusal) -> None:
        """Accept these from the next request on, whatever was said before; the last word about a beta counts."""
        self._verdicts.accept(as_refusals(betas))

    def clear(self) -> None:
        """Forget the recorded requests."""
        self.requests.clear()

    @property
    def sent(self) -> list[tuple[str, ...]]:
        """The betas of each request, in the order of arrival."""
        return [request.betas for request in self.requests]

    def assert_sent(self, *betas: str, attempts: int = 1, path: str | None = None) -> None:
        """Assert that `attempts` requests have arrived, the last of them with exactly these betas, in any order.

        After one call of the application these are its attempts: 1 where nothing was refused, 2 where something was and
        the resend went well, 0 where nothing was sent. `clear` begins anew. With a `path`, a template, only requests at
        it and below count. The `AssertionError` lists what has arrived; a wrong argument is a `BetaError`.
        """
        __tracebackhide__ = True
        Expectation(betas, attempts, path).check(self.requests)

    def respond_next(
        self,
        status: int = 200,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        *,
        after: int = 0,
    ) -> None:
        """Queue a literal reply to the next request; several calls answer as many requests, in their order.

        `body` is bytes, a text, or anything that JSON can write; without one an error status gets the API's usual
        error. `headers` win over `content_type` and the server's own. `after` lets so many requests pass before it:
        `respond_next(529, after=1)` is an overload between a refusal and its resend.
        """
        self._queue.add(Queued(LiteralReply(status, body, headers or {}, content_type), None, after))

    def fail_next(
        self, fault: Fault, status: int | None = None, body: Any = None, *, seconds: float = 0.01, after: int = 0
    ) -> None:
        """Queue a fault, one of `FAULTS`, for the delivery of the next reply; in one queue with `respond_next`.

        The reply is what the API answers: to a beta that it refuses, the refusal. With a `status` or a `body` it is a
        literal one, as in `respond_next`. `seconds` is the time that some faults take, and `after` lets so many
        requests pass before: `fail_next("reset", after=1)` strikes the resend of a call that is refused.
        """
        literal = None
        if status is not None or body is not None:
            literal = LiteralReply(200 if status is None else status, body, {}, "application/json")
        self._queue.add(Queued(literal, Failure(fault, seconds), after))

    def down(self) -> AbstractAsyncContextManager[None]:
        """Refuse connections inside an `async with` block, and close those that are open when it begins.

        The port stays its own, and after the block it listens there again. A client that has not noticed yet may send
        a request on a connection that is closed. `RuntimeError` when it does not run or is down already.
        """
        if self._listener is None:
            msg = "this SimulatedApi does not run: use it in `async with`"
            raise RuntimeError(msg)
        return self._listener.down()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        received = await ReceivedRequest.read(request, self.header)
        self.requests.append(received)
        self._serial += 1
        request_id = f"req_{self._serial:024d}"
        queued = self._queue.take()
        reply = queued.literal.reply(request_id) if queued.literal else self._judge(received, request_id)
        delivery = Delivery(request_id=request_id, encoding=self.encoding, drip=self.drip, cut=self.cut)
        try:
            if queued.failure is not None:
                return await queued.failure.send(delivery, request, reply)
            return await delivery.send(request, reply)
        except ConnectionError:  # the client has gone away, which is no error of the server's: nothing is to be logged
            return await until_cancelled()

    def _judge(self, received: ReceivedRequest, request_id: str) -> Reply:
        if self.header in received.headers and not received.betas:
            return self._wrapped(envelope(unexpected_values([""], self.header), request_id), request_id)
        if refused := self._verdicts.refused(received):
            lists = not self.one_at_a_time
            worded = refusal(self.dialect, refused, header=self.header, request_id=request_id, lists=lists)
            return self._wrapped(worded, request_id)
        if wrong := complaint(received, self.catalog, self.header):
            enveloped = envelope(wrong.message, request_id, error_type(wrong.status))
            return self._wrapped(enveloped, request_id, wrong.status)
        return answer(received, self.catalog.template(received.path), request_id)

    def _wrapped(self, refused: Refused, request_id: str, status: int = 400) -> Reply:
        return Reply(status, (wrap(self.wrapper, refused, request_id).encode(),))
