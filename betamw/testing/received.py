"""What the simulated API got: the request as it was on the wire."""

import json
from functools import cached_property
from typing import Any, Self

import attrs
from aiohttp import web
from multidict import CIMultiDictProxy, MultiMapping

from betamw.core.header import elements
from betamw.core.telling import shown, told

_BEARER = "bearer "


@attrs.frozen(eq=False)
class ReceivedRequest:
    """A request as the server saw it.

    Attributes:
        method: The HTTP method, in upper case.
        path: The path as sent (still escaped), without the query.
        query: The decoded query parameters.
        headers: The header lines, found by any spelling of their name; `getall` for repeats.
        raw_headers: The header lines as on the wire: (name, value) pairs, order, case and repeats kept.
        betas: The names in all lines of the beta header, in order, repeats kept.
        body: The body without its transfer coding (and decompressed, when the client had compressed it).
    """

    method: str
    path: str = attrs.field(repr=shown)
    query: MultiMapping[str] = attrs.field(repr=False)
    headers: CIMultiDictProxy[str] = attrs.field(repr=False)
    raw_headers: tuple[tuple[str, str], ...] = attrs.field(repr=False)
    betas: tuple[str, ...] = attrs.field(repr=told)
    body: bytes = attrs.field(repr=False)

    @classmethod
    async def read(cls, request: web.Request, header: str) -> Self:
        """Read a request to its end; `header` is the name of the beta header."""
        return cls(
            method=request.method,
            path=request.rel_url.raw_path,
            query=request.query,
            headers=request.headers,
            raw_headers=tuple((_text(name), _text(value)) for name, value in request.raw_headers),
            betas=tuple(elements(request.headers.getall(header, ()))),
            body=await request.read(),
        )

    def json(self) -> Any:
        """Decode the body as JSON; raises `ValueError` when it is none."""
        return json.loads(self.body)

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The fields of a body that is a JSON object; none for any other body. Decoded once."""
        try:
            decoded = self.json()
        except (ValueError, RecursionError):
            return {}
        return decoded if isinstance(decoded, dict) else {}

    @property
    def model(self) -> str | None:
        """The model that the JSON body asks for."""
        model = self.fields.get("model")
        return model if isinstance(model, str) else None

    @property
    def api_key(self) -> str | None:
        """The credential: `x-api-key`, else the token of `Authorization: Bearer`."""
        if (key := self.headers.get("x-api-key")) is not None:
            return key
        authorization = self.headers.get("authorization", "")
        if authorization[: len(_BEARER)].lower() == _BEARER:
            return authorization[len(_BEARER) :].strip()
        return None


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
