"""The error that a strict policy raises on the request path."""

from typing import Any

from aiohttp import ClientResponse, ClientResponseError, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from betamw.core.errors import BetaError
from betamw.core.events import loggable

__all__ = ["BetaRejectedError"]


class BetaRejectedError(BetaError, ClientResponseError):
    """The server refused betas, and `FallbackPolicy(strict=True)` forbids to go on without them.

    Attributes:
        rejected: The betas that it refuses; empty where it names none.
        sent: What the request carried.
        request_id: The reply's `request-id`, None without one.
        body: The reply's body, decoded.

    `status`, `headers`, `request_info` and `history` are those of the reply. The text of the error shows neither a
    header, nor a body, nor the query of the URL. It can be pickled; what arrives elsewhere has no `history`, and no
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
        return f"{self.status}, message={self.message!r}, url={str(_bare(self.request_info.real_url))!r}"

    # aiohttp's shows the headers of the request, and `authorization` is among them.
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors travel between processes; a proxy of headers cannot, and a response neither."""
        info = self.request_info
        state = {**self.__dict__, "headers": list((self.headers or {}).items())}
        del state["request_info"], state["history"]
        return _restored, (type(self), info.url, info.method, info.real_url, state)


def _bare(url: URL) -> URL:
    return url.with_user(None).with_query(None).with_fragment(None)


def _restored(
    kind: type[BetaRejectedError], url: URL, method: str, real_url: URL, state: dict[str, Any]
) -> BetaRejectedError:
    error = kind(RequestInfo(url, method, CIMultiDictProxy(CIMultiDict()), real_url), ())
    error.__dict__.update(state, headers=CIMultiDictProxy(CIMultiDict(state["headers"])))
    return error
