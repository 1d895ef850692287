"""What a caller can see of a call: `SEEN`, a line for each part of a response."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp
from aiohttp import ClientResponse
from aiohttp.client_reqrep import RequestInfo
from multidict import MultiMapping

SEEN: Final[dict[str, Callable[[ClientResponse], object]]] = {
    "type": type,
    "status": lambda r: r.status,
    "reason": lambda r: r.reason,
    "version": lambda r: r.version,
    "method": lambda r: r.method,
    "url": lambda r: r.url,
    "real_url": lambda r: r.real_url,
    "host": lambda r: r.host,
    "ok": lambda r: r.ok,
    "headers": lambda r: r.headers,
    "raw_headers": lambda r: r.raw_headers,
    "cookies": lambda r: r.cookies.output(),
    "links": lambda r: {rel: dict(link) for rel, link in r.links.items()},
    "content_type": lambda r: r.content_type,
    "charset": lambda r: r.charset,
    "content_length": lambda r: r.content_length,
    "content_disposition": lambda r: r.content_disposition,
    "request_info": lambda r: r.request_info,
    "history": lambda r: ["itself" if earlier is r else seen(earlier) for earlier in r.history],
    "repr": repr,
}

# What an error may tell besides its text.
_TOLD: Final = ("status", "message", "headers", "request_info", "history", "partial", "expected", "errno", "url")
# Of a digest and of a handshake, which are others each time.
_NOISE: Final = re.compile(r"""\b(?:cnonce|response)="\w+"|\bnc=\w+|'Sec-WebSocket-Key', '[^']+'""")


def seen(response: ClientResponse) -> dict[str, object]:
    """All that can be seen without reading."""
    return {name: plain(look(response)) for name, look in SEEN.items()}


def plain(value: Any) -> Any:
    """A value that can be compared, and does not change any more."""
    if isinstance(value, RequestInfo):  # a tuple, but its headers change
        value = value.url, value.method, value.headers, value.real_url
    if isinstance(value, ClientResponse):
        value = value.status, value.url, value.request_info, len(value.history)
    if isinstance(value, BaseException):
        told = {name: getattr(value, name) for name in _TOLD if hasattr(value, name)}
        value = type(value), str(value), told, value.__cause__
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, MultiMapping):
        return [(str(name), item) for name, item in value.items()]
    return {name: plain(item) for name, item in value.items()} if isinstance(value, Mapping) else value


def same(one: object, other: object) -> bool:
    """Whether nobody could tell them apart."""
    return one == other or _NOISE.sub("", repr(one)) == _NOISE.sub("", repr(other))


def tracing(told: list[tuple[str, object]]) -> aiohttp.TraceConfig:
    """A trace config that keeps all it is told."""
    config = aiohttp.TraceConfig()

    def listen(name: str) -> Callable[..., Any]:
        async def listener(_session: object, _context: object, params: Any) -> None:
            told.append((name, {key: plain(getattr(params, key)) for key in dir(params) if key[0] != "_"}))

        return listener

    for name in dir(config):
        if name.startswith("on_"):
            getattr(config, name).append(listen(name))
    return config


def jar(session: aiohttp.ClientSession) -> list[str]:
    """The cookies that are kept."""
    return [f"{cookie.key}={cookie.value} of {cookie['domain']}{cookie['path']}" for cookie in session.cookie_jar]
