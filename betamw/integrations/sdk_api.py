"""Which requests of an SDK client are the API's: those that the client makes, wherever it has been told to send them.

Facts: `AsyncAnthropic(base_url=...)` does not tell its HTTP client where the API is, and may say something else than
`ANTHROPIC_BASE_URL`. It hands over whole URLs, and httpx2 follows redirects itself: each hop is a request of its own,
with a copy of the first one's `extensions`.
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Final

import attrs
import httpx2
from aiohttp import ClientResponse
from yarl import URL

from betamw.core.endpoint import OTHER, segments
from betamw.middlewares.api import Address, Api

_SIGNED: Final = "AWS4-"
_MARK: Final = "betamw.api"
_MOST_BASES: Final = 64


@attrs.define(eq=False)
class Sending:
    """A request that the transport has in hand.

    Attributes:
        api: What it was made for, None where that is none of ours.
        reply: The session's response to it, while it is on its way to the transport.
    """

    api: Api | None
    reply: ClientResponse | None = None


current: Final[ContextVar[Sending | None]] = ContextVar("betamw_sdk_sending", default=None)


class ApiOfClient(Api):
    """For the middlewares of a session that is an SDK client's alone: the API is what the transport says it is."""

    __slots__ = ()

    def address(self, url: URL) -> Address | None:
        """Where a request to this URL goes, None if it is not the API's."""
        sending = current.get()
        return None if sending is None or sending.api is None else sending.api.address(url)


def finder(api: Api, *, also_elsewhere: bool) -> Callable[[httpx2.Request], Api | None]:
    """Tell what a request is made for: this API, or `also_elsewhere` one below whatever base URL the SDK sends to."""
    # A client has few of them; one that is made for each tenant may have many.
    api_at = lru_cache(_MOST_BASES)(partial(Api, catalog=api.catalog))

    def found(request: httpx2.Request) -> Api | None:
        # A changed header would break the signature. Who signs here signs before us.
        if request.headers.get("authorization", "").startswith(_SIGNED):
            return None
        try:
            url = URL(str(request.url))
            if not also_elsewhere or api.address(url) is not None:
                return api
            base = _base(url, api)
            return None if base is None else api_at(base)
        except ValueError:  # aiohttp has something to say of such a URL, too
            return None

    def remembered(request: httpx2.Request) -> Api | None:
        if _MARK not in request.extensions:
            request.extensions[_MARK] = found(request)
        made_for: Api | None = request.extensions[_MARK]
        return made_for

    return remembered


def _base(url: URL, api: Api) -> str | None:
    """What stands before a path that the API has."""
    parts = url.raw_path.split("/")
    for start in range(1, len(parts)):
        if api.catalog.template(f"/{'/'.join(parts[start:])}") != OTHER:
            return f"{url.origin()}{'/'.join(parts[:start])}"
    begins = {segments(template)[0] for template in api.catalog.url_templates}
    first = next((at for at, part in enumerate(parts) if part in begins), None)  # an endpoint that it does not know
    return None if first is None else f"{url.origin()}{'/'.join(parts[:first])}"
