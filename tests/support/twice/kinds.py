"""What servers answer: `KINDS`, a line for each."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import attrs

from support.twice.shapes import (
    CODERS,
    KIB,
    Pieces,
    as_events,
    at_first,
    chunked,
    empty,
    endless,
    in_pieces,
    latin_1,
    one_byte,
    padded,
    trailed,
    until_eof,
    utf_16,
    waiting,
    whole,
    with_length,
    without_body,
)

AWAY: Final = b"{away}"
"""Stands in headers for the base URL of another origin."""


@attrs.frozen(kw_only=True)
class Kind:
    """A kind of reply.

    Attributes:
        status: The HTTP status.
        reason: The reason phrase, by default the usual one.
        version: The HTTP version.
        headers: Header lines besides those that the others make.
        content_type: The Content-Type.
        shape: What the body is made of.
        framing: How its end is told.
        coding: How the body is encoded.
        says: The Content-Encoding that the header tells, by default the true one.
        held: Whether all of it waits for the reader.
        ways: Which table of ways to read it by.
        legible: Whether a refusal in such a reply can be understood before it is handed on.
    """

    status: int = attrs.field(default=200, kw_only=False)
    reason: bytes | None = None
    version: bytes = b"HTTP/1.1"
    headers: tuple[bytes, ...] = ()
    content_type: bytes = b"application/json"
    shape: Callable[[bytes], Pieces] = whole
    framing: Callable[[Pieces], tuple[list[bytes], Pieces]] = with_length
    coding: str | None = None
    says: bytes | None = None
    held: bool = False
    ways: str = "whole"
    legible: bool = attrs.field(default=attrs.Factory(lambda self: self.ways == "whole", takes_self=True))

    @property
    def closes(self) -> bool:
        """Whether the connection ends with the reply."""
        return self.framing is until_eof or self.version == b"HTTP/1.0" or b"Connection: close" in self.headers

    @property
    def leaves(self) -> bool:
        """Whether it leads to another origin."""
        return any(AWAY in line for line in self.headers)

    def render(self, document: bytes) -> tuple[bytes, Pieces]:
        """The head, and the pieces of the body."""
        pieces = self.shape(document)
        says = self.says
        if self.coding is not None:
            pieces = in_pieces(CODERS[self.coding](b"".join(pieces)))
            says = says or self.coding.split()[-1].encode()
        lines, pieces = self.framing(pieces)
        if says is not None:
            lines.append(b"Content-Encoding: " + says)
        reason = HTTPStatus(self.status).phrase.encode() if self.reason is None else self.reason
        first = b"%s %d %s" % (self.version, self.status, reason)
        fixed = (b"Content-Type: " + self.content_type, b"request-id: req_1", b"Date: Thu, 01 Jan 2026 00:00:00 GMT")
        return b"\r\n".join((first, *fixed, *self.headers, *lines, b"", b"")), pieces


def _to(location: bytes) -> tuple[bytes, ...]:
    return (b"Location: " + location, b"Set-Cookie: hop=1; Path=/")


# `ways`: "whole" is read in all ways, "big" in those that are quick, "stream" and "late" wait for the reader.
KINDS: Final[dict[str, Kind]] = {
    "200": Kind(200),
    "201": Kind(201, headers=(b"Location: /elsewhere",)),
    "204": Kind(204, framing=without_body),
    "304": Kind(304, framing=without_body, headers=(b'ETag: "1"',)),
    "400": Kind(400),
    "404": Kind(404),
    "422": Kind(422),
    "429": Kind(429, headers=(b"Retry-After: 1",)),
    "500": Kind(500),
    "529": Kind(529, reason=b"Overloaded"),
    "200 chunked": Kind(200, shape=in_pieces, framing=chunked),
    "200 until EOF": Kind(200, shape=in_pieces, framing=until_eof),
    "200 empty": Kind(200, shape=empty),
    "200 of one byte": Kind(200, shape=one_byte),
    "200 gzip": Kind(200, coding="gzip"),
    "200 with trailers": Kind(200, framing=trailed),
    "200 in the wrong coding": Kind(200, says=b"gzip"),
    "400 chunked": Kind(400, shape=in_pieces, framing=chunked),
    "400 chunked in bytes": Kind(400, shape=lambda document: [bytes([byte]) for byte in document], framing=chunked),
    "400 until EOF": Kind(400, shape=in_pieces, framing=until_eof),
    "400 that hangs up": Kind(400, headers=(b"Connection: close",)),
    "400 of HTTP 1.0": Kind(400, version=b"HTTP/1.0"),
    "400 empty": Kind(400, shape=empty, legible=False),
    "400 empty chunked": Kind(400, shape=empty, framing=chunked, legible=False),
    "400 empty until EOF": Kind(400, shape=empty, framing=until_eof, legible=False),
    "400 of one byte": Kind(400, shape=one_byte, legible=False),
    "400 with trailers": Kind(400, shape=in_pieces, framing=trailed),
    "400 gzip": Kind(400, coding="gzip"),
    "400 gzip chunked": Kind(400, coding="gzip", framing=chunked),
    "400 gzip until EOF": Kind(400, coding="gzip", framing=until_eof),
    "400 gzip in two members": Kind(400, coding="two times gzip", legible=False),
    "400 deflate": Kind(400, coding="deflate"),
    "400 bare deflate": Kind(400, coding="bare deflate"),
    "400 br": Kind(400, coding="br"),
    "400 zstd": Kind(400, coding="zstd"),
    "400 in the wrong coding": Kind(400, says=b"gzip", legible=False),
    "400 in the wrong coding, chunked": Kind(400, says=b"br", framing=chunked, legible=False),
    "400 in an unknown coding": Kind(400, says=b"rot13"),
    "400 in the coding identity": Kind(400, says=b"identity"),
    "400 of 64 KiB": Kind(400, shape=padded(64 * KIB)),
    "400 of 64 KiB chunked": Kind(400, shape=padded(64 * KIB), framing=chunked),
    "400 of 64 KiB and a byte": Kind(400, shape=padded(64 * KIB + 1), legible=False),
    "400 of 64 KiB and a byte, chunked": Kind(400, shape=padded(64 * KIB + 1), framing=chunked, legible=False),
    "400 in one long line": Kind(400, shape=lambda document: [document.replace(b"\n", b" ") + b" " * 5000]),
    "400 as text": Kind(400, content_type=b"text/plain; charset=utf-8"),
    "400 without a charset": Kind(400, content_type=b"text/plain"),
    "400 in UTF-16": Kind(400, shape=utf_16, content_type=b"application/json; charset=utf-16", legible=False),
    "400 in Latin-1": Kind(400, shape=latin_1, content_type=b"text/plain; charset=latin-1", legible=False),
    "400 that is no UTF-8": Kind(400, shape=lambda _: [b"\xff\xfe\n\x80"], legible=False),
    "400 in an unknown charset": Kind(400, content_type=b"text/plain; charset=nonsense"),
    "400 with cookies": Kind(
        400, headers=(b"Set-Cookie: a=1; Path=/", b"Set-Cookie: b=2; HttpOnly", b"Set-Cookie: a=3")
    ),
    "400 with repeated headers": Kind(
        400, headers=(b"X-Twice: 1", b"x-twice: 2", b"X-Empty:", b"Link: </a>; rel=next, </b>; rel=x")
    ),
    "400 with a file name": Kind(400, headers=(b'Content-Disposition: attachment; filename="a b.txt"',)),
    "400 in UTF-8 outside of its body": Kind(
        400, reason="Sch\u00f6n".encode(), headers=("X-Name: J\u00f6rg \u4e16".encode(),)
    ),
    "400 in Latin-1 outside of its body": Kind(400, reason=b"Sch\xf6n", headers=(b"X-Name: J\xf6rg",)),
    "400 without a reason": Kind(400, reason=b""),
    "422 chunked": Kind(422, shape=in_pieces, framing=chunked),
    "500 chunked": Kind(500, shape=in_pieces, framing=chunked),
    "500 gzip": Kind(500, coding="gzip"),
    "301": Kind(301, headers=_to(b"/plain/200")),
    "302": Kind(302, headers=_to(b"/plain/400")),
    "303": Kind(303, headers=_to(b"/plain/404")),
    "307": Kind(307, headers=_to(b"/plain/400%20gzip")),
    "308": Kind(308, headers=_to(b"../plain/200%20chunked")),
    "302 without a body": Kind(302, headers=_to(b"/plain/200"), shape=empty),
    "302 to itself": Kind(302, headers=_to(b"?again"), shape=empty),
    "302 to nowhere": Kind(302),
    "302 to something else": Kind(302, headers=_to(b"mailto:a@example.com")),
    "307 to no host": Kind(307, headers=_to(b"http:///")),
    "302 to another origin": Kind(302, headers=_to(AWAY + b"/plain/200")),
    "307 to another origin": Kind(307, headers=_to(AWAY + b"/plain/400")),
    "308 to a refusal elsewhere": Kind(308, headers=_to(AWAY + b"/refused/200")),
    "200 of 10 MiB": Kind(200, shape=padded(10 * KIB**2, 2**18), ways="big"),
    "400 of 1 MiB": Kind(400, shape=padded(KIB**2), ways="big"),
    "400 of 1 MiB chunked": Kind(400, shape=padded(KIB**2), framing=chunked, ways="big"),
    "400 of 1 MiB gzip": Kind(400, shape=padded(KIB**2), coding="gzip", ways="big"),
    "400 of 1 MiB until EOF": Kind(400, shape=padded(KIB**2), framing=until_eof, ways="big"),
    "200 as events": Kind(200, shape=as_events, framing=chunked, content_type=b"text/event-stream", ways="stream"),
    "400 as events": Kind(400, shape=as_events, framing=chunked, content_type=b"text/event-stream", ways="stream"),
    "400 that is slow": Kind(400, shape=waiting, ways="stream"),
    "400 that is slow, chunked": Kind(400, shape=waiting, framing=chunked, ways="stream"),
    "400 that is slow, until EOF": Kind(400, shape=waiting, framing=until_eof, ways="stream"),
    "400 that is late": Kind(400, shape=at_first, framing=chunked, ways="late"),
    "500 that is slow": Kind(500, shape=waiting, framing=chunked, ways="stream"),
    "200 that stalls": Kind(200, shape=waiting, framing=chunked, ways="stalled"),
    "200 that never comes": Kind(200, held=True, ways="stalled"),
    "400 that stalls": Kind(400, shape=waiting, framing=chunked, ways="stalled"),
    "400 that stalls at once": Kind(400, shape=at_first, ways="stalled"),
    "500 that stalls": Kind(500, shape=waiting, framing=chunked, ways="stalled"),
    "200 endless": Kind(200, shape=endless, framing=chunked, ways="endless"),
    "400 endless": Kind(400, shape=endless, framing=chunked, ways="endless"),
    "400 endless until EOF": Kind(400, shape=endless, framing=until_eof, ways="endless"),
    "500 endless": Kind(500, shape=endless, framing=chunked, ways="endless"),
}
