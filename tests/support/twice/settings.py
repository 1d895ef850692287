"""How callers set up their sessions and requests: `SETTINGS`, a line for each."""

import json
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import attrs
from aiohttp import ClientTimeout, hdrs

from support.twice.seen import tracing

Given = Callable[[Any], dict[str, Any]]
"""What is given to a session or a request, made anew for each: of the stage that the call is made on."""


def _nothing(_: Any) -> dict[str, Any]:
    return {}


def _as_it_is(url: str) -> str:
    return url


_NEWER: Final = not aiohttp.__version__.startswith("3.12.0")
"""3.12.0 sends no digest ahead to the next hop, and takes another connection through a proxy for it."""


@attrs.frozen(kw_only=True)
class Setting:
    """A setting.

    Attributes:
        session: Arguments of the session.
        request: Arguments of the request.
        method: The method.
        url: What becomes of the URL.
        outside: Another author's middlewares further out than the chain.
        inside: And further in.
        each: Whether the middlewares are given to the request.
        blind: Whether refusals cannot be understood: a HEAD has none, or not all of the body can be seen ahead.
        keeps: Whether connections are kept alive.
        follows: Whether what follows a redirect can be compared.
    """

    session: Given = _nothing
    request: Given = _nothing
    method: str = "POST"
    url: Callable[[str], str] = _as_it_is
    outside: Callable[[], tuple[Any, ...]] = tuple
    inside: Callable[[], tuple[Any, ...]] = tuple
    each: bool = False
    blind: bool = False
    keeps: bool = True
    follows: bool = True


class _Loud(aiohttp.ClientResponse):
    """A response class of another's making."""

    async def text(self, *args: Any, **more: Any) -> str:
        return (await super().text(*args, **more)).upper()


class _Equal(aiohttp.ClientResponse):
    """One that compares by value, and so cannot be hashed."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, aiohttp.ClientResponse) and self.status == other.status

    __hash__ = None  # type: ignore[assignment]


async def _raise_with_text(response: aiohttp.ClientResponse) -> None:
    if not response.ok:
        raise LookupError(response.status, await response.text(errors="replace"))


async def _raise_with_content(response: aiohttp.ClientResponse) -> None:
    if not response.ok:
        raise LookupError(response.status, await response.content.read())


async def _read_only(response: aiohttp.ClientResponse) -> None:
    await response.read()


async def _reads(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    response = await handler(request)
    await response.read()
    return response


async def _signs(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    request.headers["X-Signature"] = str(hash_of(request))
    return await handler(request)


def hash_of(request: aiohttp.ClientRequest) -> int:
    """A signature: of the headers as they go out."""
    return sum(map(len, request.headers.getall("anthropic-beta", ())))


def _digest() -> tuple[Any, ...]:
    return (aiohttp.DigestAuthMiddleware("me", "secret"),)


SETTINGS: Final[dict[str, Setting]] = {
    "as it comes": Setting(),
    "GET": Setting(method="GET"),
    "HEAD": Setting(method="HEAD", blind=True),
    "OPTIONS": Setting(method="OPTIONS"),
    "DELETE": Setting(method="DELETE"),
    "PUT of bytes": Setting(method="PUT", request=lambda _: {"data": b"\x00\xff" * 99}),
    "POST of nothing": Setting(request=lambda _: {"json": None}),
    "POST of a form": Setting(request=lambda _: {"data": {"a": "1", "b": "\u00f6"}, "json": None}),
    "POST in chunks": Setting(
        request=lambda _: {"data": b"a" * 99, "json": None, "chunked": True, "allow_redirects": False}
    ),
    "POST compressed": Setting(request=lambda _: {"data": b"a" * 999, "json": None, "compress": "deflate"}),
    "raise_for_status": Setting(session=lambda _: {"raise_for_status": True}),
    "raise_for_status of the request": Setting(request=lambda _: {"raise_for_status": True}),
    "raise_for_status taken back": Setting(
        session=lambda _: {"raise_for_status": True}, request=lambda _: {"raise_for_status": False}
    ),
    "raise_for_status that reads text": Setting(session=lambda _: {"raise_for_status": _raise_with_text}),
    "raise_for_status that reads content": Setting(request=lambda _: {"raise_for_status": _raise_with_content}),
    "raise_for_status that only reads": Setting(request=lambda _: {"raise_for_status": _read_only}),
    "auto_decompress off": Setting(session=lambda _: {"auto_decompress": False}),
    "auto_decompress off in the request": Setting(request=lambda _: {"auto_decompress": False}),
    "a small read_bufsize": Setting(session=lambda _: {"read_bufsize": 64}, blind=True),
    "a read_bufsize of the request": Setting(request=lambda _: {"read_bufsize": 4096}),
    "read_until_eof off": Setting(request=lambda _: {"read_until_eof": False}, blind=True),
    "small lines": Setting(session=lambda _: {"max_line_size": 60, "max_field_size": 60}),
    "a response class": Setting(session=lambda _: {"response_class": _Loud}),
    "a response class without a hash": Setting(session=lambda _: {"response_class": _Equal}),
    "json_serialize": Setting(session=lambda _: {"json_serialize": lambda value: json.dumps(value, indent=1)}),
    "fallback_charset_resolver": Setting(
        session=lambda _: {"fallback_charset_resolver": lambda response, body: "latin-1"}
    ),
    "a jar that keeps nothing": Setting(session=lambda _: {"cookie_jar": aiohttp.DummyCookieJar()}),
    "cookies of the session": Setting(session=lambda _: {"cookies": {"c": "1"}}),
    "cookies of the request": Setting(request=lambda _: {"cookies": {"c": "1"}}),
    "headers of the session": Setting(session=lambda _: {"headers": {"X-Api-Key": "k", "User-Agent": "me"}}),
    "skip_auto_headers": Setting(session=lambda _: {"skip_auto_headers": ["User-Agent"]}),
    "skip_auto_headers of the request": Setting(
        request=lambda _: {"skip_auto_headers": ["User-Agent", hdrs.CONTENT_TYPE]}
    ),
    "params": Setting(request=lambda _: {"params": {"beta": "true", "q": "\u00f6"}}),
    "a fragment": Setting(url=lambda url: f"{url}#part"),
    "timeouts": Setting(
        session=lambda _: {"timeout": ClientTimeout(total=60, connect=60, sock_connect=60, sock_read=60)}
    ),
    "no timeout": Setting(request=lambda _: {"timeout": ClientTimeout(total=None)}),
    "a total timeout during the look": Setting(session=lambda _: {"timeout": ClientTimeout(total=0.8)}),
    "a total timeout after the look": Setting(request=lambda _: {"timeout": ClientTimeout(total=1.8)}),
    "a sock_read timeout during the look": Setting(session=lambda _: {"timeout": ClientTimeout(sock_read=0.8)}),
    "a sock_read timeout after the look": Setting(request=lambda _: {"timeout": ClientTimeout(sock_read=1.8)}),
    "traced": Setting(session=lambda at: {"trace_configs": [tracing(at.traced)]}),
    "traced, with a context": Setting(
        session=lambda at: {"trace_configs": [tracing(at.traced)]}, request=lambda _: {"trace_request_ctx": 7}
    ),
    "expect100": Setting(request=lambda _: {"expect100": True}),
    "allow_redirects off": Setting(request=lambda _: {"allow_redirects": False}),
    "max_redirects": Setting(request=lambda _: {"max_redirects": 1}),
    "requote_redirect_url off": Setting(session=lambda _: {"requote_redirect_url": False}),
    "HTTP/1.0": Setting(session=lambda _: {"version": aiohttp.HttpVersion10}, keeps=False),
    "one connection": Setting(session=lambda _: {"connector": aiohttp.TCPConnector(limit=1)}),
    "one connection for a host": Setting(session=lambda _: {"connector": aiohttp.TCPConnector(limit_per_host=1)}),
    "a connection each": Setting(session=lambda _: {"connector": aiohttp.TCPConnector(force_close=True)}, keeps=False),
    "base_url": Setting(session=lambda at: {"base_url": f"{at.server.url}/"}, url=lambda url: url.split("/", 3)[3]),
    "trust_env": Setting(session=lambda _: {"trust_env": True}),
    "a proxy": Setting(request=lambda at: {"proxy": at.proxy.url}, follows=_NEWER),
    "a proxy with headers": Setting(
        request=lambda at: {"proxy": at.proxy.url, "proxy_headers": {"X-Proxy": "1"}}, follows=_NEWER
    ),
    "middlewares of the request": Setting(each=True),
    "another's middleware outside that reads": Setting(outside=lambda: (_reads,)),
    "another's middleware inside that reads": Setting(inside=lambda: (_reads,), blind=True),
    "another's middleware inside that signs": Setting(inside=lambda: (_signs,)),
    "digest authentication outside": Setting(outside=_digest, url=lambda url: f"{url}?digest", follows=_NEWER),
    "digest authentication inside": Setting(inside=_digest, url=lambda url: f"{url}?digest"),
}
