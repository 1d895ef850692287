"""The switch that turns everything off: `BETAMW_DISABLE=1`, or `disable = true` in a configuration.

It is thrown in an incident, so it needs nothing else to be right, and an application that asks for `usage` goes on.
"""

import os
from typing import Final

from aiohttp import ClientResponse
from yarl import URL

from betamw.core.errors import ConfigError
from betamw.core.events import BetaUsage
from betamw.core.header import read_header
from betamw.core.reply import BAD_REQUEST
from betamw.core.telling import shown
from betamw.middlewares.api import Address, Api

DISABLE: Final = "BETAMW_DISABLE"
_WORDS: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
_headers: Final[set[str]] = set()
"""The beta headers of what was turned off in this process."""


def on_or_off(text: str) -> bool:
    """Read a variable of the environment that is a switch; raises `ConfigError`."""
    if (word := _WORDS.get(text.strip().lower())) is None:
        msg = f"must be one of {', '.join(_WORDS)}, got {shown(text)}"
        raise ConfigError(msg)
    return word


def is_thrown() -> bool:
    """Whether the environment turns everything off; raises `ConfigError` where it says neither yes nor no."""
    text = os.environ.get(DISABLE, "").strip()
    try:
        return bool(text) and on_or_off(text)
    except ConfigError as error:
        msg = f"{DISABLE} in the environment {error}"
        raise ConfigError(msg) from None


def turned_off(header: str = "anthropic-beta") -> None:
    """What handles this header was turned off: from now on `usage` answers for responses that nobody has seen."""
    _headers.add(header)


class Nowhere(Api):
    """An API that is turned off: no request is its."""

    __slots__ = ()

    def address(self, url: URL) -> Address | None:  # noqa: ARG002  as of any API
        """Nowhere."""
        return None


def heeding(api: Api) -> Api:
    """The API as a new middleware is to take it: nowhere, if everything is turned off."""
    if not is_thrown() or not isinstance(api, Api):
        return api
    turned_off(api.header)
    return Nowhere(api.base_url, api.header, catalog=api.catalog)


def carried(response: ClientResponse) -> BetaUsage | None:
    """What the request of a response carried, if the switch is why nobody knows more of it."""
    if not _headers or not isinstance(response, ClientResponse):
        return None
    headers = response.request_info.headers
    betas, _, _ = read_header(tuple(line for name in sorted(_headers) for line in headers.getall(name, ())))
    return BetaUsage(
        requested=betas,
        scoped=(),
        injected=(),
        merged=betas,
        sent=betas,
        sources=dict.fromkeys(betas, "request"),
        dropped={},
        substituted={},
        attempts=1,
        outcome="ok" if response.status < BAD_REQUEST else "error",
    )
