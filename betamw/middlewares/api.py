"""Which requests are the API's, and how it calls its header."""

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import attrs
from yarl import URL

from betamw.catalog import CATALOG
from betamw.core.catalog import Catalog
from betamw.core.endpoint import begins, segments
from betamw.core.errors import ConfigError
from betamw.core.place import Place
from betamw.core.telling import discreet, holds_key, shown
from betamw.core.validators import header_name, instance_of

ENVIRONMENT: Final = "ANTHROPIC_BASE_URL"
"""The official SDK's own variable."""

FIRST_PARTY: Final = "https://api.anthropic.com"
_PLAIN: Final = re.compile(r"(?:[^\s%\x00-\x1f\x7f]|%[0-9A-Fa-f]{2})+")  # no whitespace, no broken escapes
_Origin = tuple[str, str | None, int | None]
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def _from_environment() -> tuple[str, ...]:
    base_url = os.environ.get(ENVIRONMENT) or FIRST_PARTY
    try:
        _parse(base_url)
    except ConfigError as error:
        msg = f"{ENVIRONMENT} in the environment: {error}"
        raise ConfigError(msg) from None
    return (base_url,)


def _several(base_url: str | URL | Sequence[str]) -> tuple[str, ...]:
    if isinstance(base_url, str | URL):
        return (str(base_url),)
    if not isinstance(base_url, Sequence) or isinstance(base_url, bytes) or not base_url:
        msg = f"base_url must be a URL or a sequence of at least one, got {shown(base_url)}"
        raise ConfigError(msg)
    return tuple(map(str, base_url))


def _parse(base_url: str, name: str = "base_url") -> URL:
    """Read a base URL; an error calls it `name`, and shows no password that may stand before the last `@`."""
    try:
        url = URL(base_url)
        usable = url.scheme in _DEFAULT_PORTS and bool(url.host and url.port) and _PLAIN.fullmatch(base_url) is not None
    except ValueError:
        url, usable = URL(), False
    if not usable:
        msg = f"{name} must have the scheme http or https and a host, got {shown(base_url.rpartition('@')[2])}"
        raise ConfigError(msg)
    if url.raw_user or url.raw_password or url.raw_query_string or url.raw_fragment:
        msg = f"{name} must hold no credentials, query or fragment, got them with {_written(url)}"
        raise ConfigError(msg)
    return url


@attrs.frozen(field_transformer=discreet)
class Address:
    """Where a call goes, as the logs tell it: `server_port` only where it is not the scheme's own.

    The raw path below the base URL is of interest to the rules only.
    """

    server_address: str
    server_port: int | None
    place: Place
    path: str = attrs.field(repr=False)


@attrs.frozen(field_transformer=discreet)
class Api:
    """The API whose betas are handled: `Api("https://api.anthropic.com")`. Every other origin passes through untouched.

    Attributes:
        base_url: One base URL or several. A path in it counts: of `https://gateway.example/anthropic` only what is
            below it is the API's. The default is `ANTHROPIC_BASE_URL` from the environment when the `Api` is made, else
            `https://api.anthropic.com`.
        header: The name of the beta header.
        catalog: The facts about its betas and endpoints: by default the Claude API's, else see `Catalog.load`.

    Raises `ConfigError` for a URL without scheme or host, or with credentials, query or fragment, and for a header name
    that is not one.
    """

    base_url: tuple[str, ...] = attrs.field(factory=_from_environment, converter=_several, repr=shown)
    header: str = attrs.field(default="anthropic-beta", validator=header_name)
    catalog: Catalog = attrs.field(default=CATALOG, validator=instance_of(Catalog), kw_only=True, repr=False, eq=False)
    _origins: frozenset[_Origin] = attrs.field(init=False, repr=False, eq=False)
    _find: Callable[[_Origin, str], Address | None] = attrs.field(init=False, repr=False, eq=False)
    _known: dict[tuple[_Origin, str], Address] = attrs.field(init=False, repr=False, eq=False, factory=dict)
    """Those whose path is a template: others carry ids, which must not outlive their call."""

    def __attrs_post_init__(self) -> None:
        bases = [_parse(base_url) for base_url in self.base_url]
        bases.sort(key=lambda base: len(base.raw_path), reverse=True)
        object.__setattr__(self, "_find", _finder(bases, self.catalog))
        object.__setattr__(self, "_origins", frozenset(map(_origin, bases)))

    def address(self, url: URL) -> Address | None:
        """Where a request to this URL goes, None if it is not the API's."""
        origin = url.scheme, url.raw_host, url.port  # `_origin`, but for the call
        if origin not in self._origins:
            return None
        at = origin, url.raw_path
        address = self._known.get(at)
        if address is None:
            address = self._find(*at)
            if address is not None and address.path == address.place.template:
                self._known[at] = address
        return address


def _origin(url: URL) -> _Origin:
    return url.scheme, url.raw_host, url.port


def origin_of(base_url: str | URL, *, name: str = "base_url") -> str:
    """The origin that places below this base URL have: with its path, and nothing that could be left out.

    It stands in verdicts, and in memories that are saved; so a segment of the path that looks like a key is told by a
    hash. Raises `ConfigError` like `Api`, about the value of this `name`.
    """
    if not isinstance(base_url, str | URL):
        msg = f"{name} must be a URL, got {shown(base_url)}"
        raise ConfigError(msg)
    return _written(_parse(str(base_url), name))


def _written(base: URL) -> str:
    path = _path(base)
    if holds_key(path):
        path = "/".join(_hashed(segment) if holds_key(segment) else segment for segment in path.split("/"))
    return f"{base.origin()}{path}"


def _hashed(segment: str) -> str:
    return f"~{hashlib.blake2b(segment.encode(), digest_size=16).hexdigest()}"


def _path(base: URL) -> str:
    return base.raw_path.rstrip("/")


def _finder(bases: list[URL], catalog: Catalog) -> Callable[[_Origin, str], Address | None]:
    @lru_cache(maxsize=1024)
    def place_at(base: URL, path: tuple[str, ...]) -> Place:
        pairs = (conflict.betas for conflict in catalog.conflicts if begins(segments(conflict.path), path))
        template = catalog.template("/".join(path))
        return Place(origin=origin_of(base), template=template, conflicts=tuple(pairs), catalog=catalog)

    def find(origin: _Origin, path: str) -> Address | None:
        for base in bases:
            prefix = _path(base)
            if origin == _origin(base) and f"{path}/".startswith(f"{prefix}/"):
                below = path[len(prefix) :] or "/"
                port = None if base.port == _DEFAULT_PORTS[base.scheme] else base.port
                return Address(base.host or "", port, place_at(base, catalog.spelling.of_path(below)), below)
        return None

    return find
