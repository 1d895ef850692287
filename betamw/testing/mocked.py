"""run_middlewares: the session's middlewares around the replies of `aioresponses`.

Facts: `aioresponses` (0.7.9) puts a mock in the place of `ClientSession._request`, which is where aiohttp runs the
middlewares. So here the mock calls aiohttp's own `_request`, with one middleware more, the innermost, that answers from
what is mocked and never gets to a connection. Everything else, from `base_url` to `raise_for_status`, is aiohttp's.
"""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import attrs
from aiohttp import ClientConnectionError, ClientHandlerType, ClientRequest, ClientResponse, ClientSession
from multidict import CIMultiDict
from yarl import URL

from betamw.core.errors import ConfigError
from betamw.core.telling import shown
from betamw.testing.replies import Wire, begun, fill

if TYPE_CHECKING:
    from aioresponses import aioresponses

_OF_THE_BODY: Final = frozenset({"content-length", "content-encoding", "transfer-encoding"})
_AUTOMATIC: Final = (
    frozenset({"host", "accept", "accept-encoding", "user-agent", "content-type", "expect"}) | _OF_THE_BODY
)
"""Headers that aiohttp adds to a request by itself."""


@contextmanager
def run_middlewares(mocked: "aioresponses") -> Iterator["aioresponses"]:
    """Make `aioresponses` run the client middlewares of each session, or of the request, as aiohttp does.

    ```python
    with aioresponses() as mocked, run_middlewares(mocked):
        mocked.post(url, status=400, payload=refusal)
        mocked.post(url, payload={})
        ...  # the resend of a fallback gets the second reply
        assert ["a, b", "a"] == [call.kwargs["headers"]["anthropic-beta"] for call in mocked.requests["POST", URL(url)]]
    ```

    What a middleware sends is matched as a call of its own, and so is each hop of a redirect and the second try that
    aiohttp gives an idempotent request whose server hangs up. Cookies, redirects, `raise_for_status`, traces and
    timeouts are aiohttp's own; callbacks, exceptions, `repeat` and `passthrough` those of aioresponses.

    `mocked.requests` holds every one of them, with the arguments of the call as they would be sent: `headers` are those
    that the session, the caller and the middlewares have set or changed (what aiohttp adds by itself, as `Host`, is
    left out), `json` or `data` is the body that a middleware has put in the place of the caller's, in the place of a
    file that is sent is one with what was read of it, and `middlewares` is left out. Callbacks get the same.

    Args:
        mocked: An `aioresponses` that is started. To say it twice does no harm.

    Raises:
        ConfigError: `mocked` is something else.
        RuntimeError: It is not started.
    """
    mock: Any = _mock_of(mocked)
    before = mock.side_effect
    mock.side_effect = _Bridge(mocked, mocked.patcher.temp_original).request
    try:
        yield mocked
    finally:
        mock.side_effect = before
        for match in (mocked._matches or {}).values():  # noqa: SLF001  see above
            vars(match).pop("_build_response", None)


def _mock_of(mocked: object) -> object:
    """What `mocked` has put in the place of `_request`. There is never more than one, for mocks cannot be mocked."""
    from aioresponses import aioresponses  # noqa: PLC0415  nobody else needs it

    if not isinstance(mocked, aioresponses):
        msg = f"run_middlewares takes the aioresponses object that is started, got {shown(mocked)}"
        raise ConfigError(msg)
    mock = ClientSession._request  # noqa: SLF001  see above
    answers = getattr(getattr(mock, "side_effect", None), "__self__", None)
    if mocked is not (answers.mocked if isinstance(answers, _Bridge) else answers):
        msg = "this aioresponses is not started: use run_middlewares inside `with aioresponses() as mocked:`"
        raise RuntimeError(msg)
    return mock


@attrs.define(eq=False)
class _Bridge:
    """From the mock to aiohttp's own `_request`, and back to what is mocked."""

    mocked: Any
    original: Any

    async def request(self, session: ClientSession, method: str, url: str | URL, **arguments: Any) -> ClientResponse:
        """In place of the mock: aiohttp's own `_request`, which ends in ours."""
        middlewares = arguments.pop("middlewares", None)
        if middlewares is None:
            middlewares = session._middlewares  # noqa: SLF001  see above
        call = _Call(self.mocked, session, arguments)
        response: ClientResponse = await self.original(
            session, method, url, **arguments, middlewares=(call.begin, *middlewares, call.answer)
        )
        return response


@attrs.define(eq=False)
class _Call:
    """One call of the application: what it gave, and the requests that come of it.

    Attributes:
        first: The first of them.
        came: The last of them as it came to the middlewares: its headers, and its body.
        failed: The request that was answered with an exception, and that exception.
    """

    mocked: Any
    session: ClientSession
    arguments: dict[str, Any]
    first: tuple[str, URL] | None = None
    came: tuple[CIMultiDict[str], object] = attrs.field(init=False)
    failed: tuple[ClientRequest, Exception] | None = None

    async def begin(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Outermost: see the request before any middleware does."""
        if self.first is None:
            self.first = request.method, request.url
        self.came = request.headers.copy(), request.body
        return await handler(request)

    async def answer(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Innermost: answer with what is mocked for the request."""
        mocked, method = self.mocked, request.method
        url = request.url.with_query(sorted(request.url.query.items()))  # as aioresponses compares them
        if any(str(url).startswith(prefix) for prefix in mocked._passthrough):  # noqa: SLF001  see above
            return await handler(request)
        if not any(match.match(method, url) for match in mocked._matches.values()):  # noqa: SLF001
            self._record(url, method, self._told(request, None))
            return await self._unmatched(request, handler, url)
        wire = await Wire.of(request)
        arguments = self._told(request, bytes(wire.sent))
        self._record(url, method, arguments)
        response = begun(request, wire, request.response_class)
        reply = await self._reply(request, url, arguments)
        if reply is None:  # another request was quicker to take it
            return await self._unmatched(request, handler, url)
        if reply.response_class is not None:
            response = begun(request, wire, reply.response_class)
        fill(response, reply)
        mocked._responses.append(response)  # noqa: SLF001  it closes them at its end
        return response

    async def _reply(self, request: ClientRequest, url: URL, arguments: dict[str, Any]) -> SimpleNamespace | None:
        """What is mocked for the request, which is used up by that; an exception is raised."""
        for match in self.mocked._matches.values():  # noqa: SLF001
            match._build_response = SimpleNamespace  # noqa: SLF001  its arguments are what a response is made of
        try:
            reply: SimpleNamespace | None = await self.mocked.match(
                request.method, url, **{**arguments, "allow_redirects": False}
            )
        except Exception as error:
            self.failed = request, error
            raise
        return reply

    async def _unmatched(self, request: ClientRequest, handler: ClientHandlerType, url: URL) -> ClientResponse:
        if self.failed is not None and self.failed[0] is not request:
            raise self.failed[1]  # aiohttp's second try of what has failed: the only mocked reply was that failure
        if self.mocked.passthrough_unmatched:
            return await handler(request)
        msg = f"Connection refused: {request.method} {url}"
        raise ClientConnectionError(msg)

    def _record(self, url: URL, method: str, arguments: dict[str, Any]) -> None:
        call = self.mocked._build_request_call(method, **arguments)  # noqa: SLF001  a copy
        self.mocked.requests.setdefault((method, url), []).append(call)

    def _told(self, request: ClientRequest, sent: bytes | None) -> dict[str, Any]:
        """The arguments of the call, as they would have to be for this request; `sent` is its body, where it is."""
        told = {**self.arguments, "headers": self._headers(request)}
        if not told["headers"]:
            del told["headers"]
        if self.first != (request.method, request.url):  # a redirect
            told.pop("params", None)
            if not request.body:
                told.pop("json", None)
                told.pop("data", None)
        if sent is not None and request.body is not self.came[1]:
            try:
                told |= {"json": json.loads(sent)} if "json" in told else {"data": sent}
            except ValueError:
                told |= {"json": None, "data": sent}
        elif sent is not None and hasattr(told.get("data"), "__aiter__"):  # used up, and nobody could read it again
            told["data"] = sent
        elif sent is not None and isinstance(told.get("data"), io.IOBase):  # read to its end, or closed
            told["data"] = io.BytesIO(sent)
        return told

    def _headers(self, request: ClientRequest) -> CIMultiDict[str]:
        """The headers without those that aiohttp has put in by itself."""
        given = {name.lower() for name in (*self.session.headers, *CIMultiDict(self.arguments.get("headers") or {}))}
        headers, came = request.headers.copy(), self.came[0]
        for name in _AUTOMATIC - given:
            if headers.getall(name, None) == came.getall(name, None) or name in _OF_THE_BODY:
                headers.popall(name, None)
        return headers
