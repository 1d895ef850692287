"""The error that a strict policy raises on the request path."""

from typing import Any, Final

from aiohttp import ClientResponse, ClientResponseError, RequestInfo, hdrs
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from betamw.core.catalog import CATALOG
from betamw.core.endpoint import OTHER
from betamw.core.errors import BetaError
from betamw.core.events import loggable

__all__ = ["BetaRejectedError"]

_COOKIES: Final = hdrs.SET_COOKIE.lower()


class BetaRejectedError(BetaError, ClientResponseError):
    """The server refused betas, and `FallbackPolicy(strict=True)` forbids to go on without them.

    Attributes:
        rejected: The betas that it refuses; empty where it names none.
        sent: What the request carried.
        request_id: The reply's `request-id`, None without one.
        body: The reply's body, decoded.

    `status`, `headers`, `request_info` and `history` are those of the reply, and hold what aiohttp's errors hold. The
    text of the error shows neither a header nor a body, and of the URL the origin and the template of the path. It can
    be pickled; what arrives elsewhere has no `history`, of the URL what the text shows, no cookies of the reply, and no
    headers of the request, for these hold the credential.
    """

    rejected: tuple[str, ...]
    sent: tuple[str, ...]
    request_id: str | None
    body: bytes

    @classmethod
    def of(
        cls, response: ClientResponse, *, rejected: tuple[str, ...], sent: tuple[str, ...], body: bytes
    ) -> "BetaRejectedError":
        """Make it of the reply that refused."""
        refused = ", ".join(loggable(rejected)) if rejected else f"one of {', '.join(loggable(sent))}"
        error = cls(
            response.request_info,
            response.history,
            status=response.status,
            message=f"the server refuses {refused}",
            headers=response.headers,
        )
        error.rejected, error.sent, error.body = rejected, sent, body
        error.request_id = response.headers.get("request-id")
        return error

    def __str__(self) -> str:
        return f"{self.status}, message={self.message!r}, url={_shown(self.request_info.real_url)!r}"

    # aiohttp's shows the headers of the request, and `authorization` is among them.
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors travel between processes; a proxy of headers cannot, and a response neither."""
        info = self.request_info
        headers = [(name, value) for name, value in (self.headers or {}).items() if name.lower() != _COOKIES]
        state = {**self.__dict__, "headers": headers}
        del state["request_info"], state["history"]
        return _restored, (type(self), URL(_shown(info.real_url)), info.method, state)


def _shown(url: URL) -> str:
    """The origin, and of the path the template: it may be below any base URL."""
    segments = url.raw_path.split("/")[1:][-CATALOG.spelling.depth :]
    below = (f"/{'/'.join(segments[start:])}" for start in range(len(segments)))
    template = next((found for path in below if (found := CATALOG.template(path)) != OTHER), "/...")
    return f"{url.origin()}{template}"


def _restored(kind: type[BetaRejectedError], url: URL, method: str, state: dict[str, Any]) -> BetaRejectedError:
    error = kind(RequestInfo(url, method, CIMultiDictProxy(CIMultiDict()), url), ())
    error.__dict__.update(state, headers=CIMultiDictProxy(CIMultiDict(state["headers"])))
    return error
