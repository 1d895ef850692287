"""What can be known of a request, and sending it once more.

Facts: a body that lives in memory can be sent again: bytes, str, `json=`, forms, `BytesIO`. A file can, once the first
upload has ended. Async and sync iterables never can, and of a payload class of somebody else's making nobody knows;
aiohttp's own `Payload.consumed` cannot be relied on (it came with 3.12.1, and before 3.14.4 stays False for a generator
that is half sent). So this is a list of what is known to work.
"""

import hashlib
import io
import re
from typing import Final

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, ClientSession, MultipartWriter, hdrs, payload
from multidict import MultiDict, istr

_LARGE: Final = 2**20
_USERNAME: Final = re.compile(r'\busername\*?="?[^",]*')  # RFC 7616, section 3.4
API_KEY: Final = istr("x-api-key")
_BYTES: Final[frozenset[type]] = frozenset(
    getattr(payload, name)
    for name in ("BytesPayload", "StringPayload", "StringIOPayload", "JsonPayload", "JsonBytesPayload")
    if hasattr(payload, name)  # JsonBytesPayload: since aiohttp 3.13
)


def is_replayable(request: ClientRequest, response: ClientResponse) -> bool:
    """Whether the request that was answered by `response` can be sent again, byte for byte."""
    # A response that still holds its connection came before the upload had ended: a thread may be reading the file.
    return _can_be_sent_again(request.body, uploaded=response.connection is None)


def may_be_replayed(request: ClientRequest) -> bool:
    """Whether the request can be sent again once it is answered, unless the answer comes before all is uploaded."""
    return _can_be_sent_again(request.body, uploaded=True)


def _can_be_sent_again(body: object, *, uploaded: bool) -> bool:
    if body is None or body == b"" or type(body) in _BYTES:
        return True
    if type(body) is MultipartWriter:
        return all(_can_be_sent_again(part[0], uploaded=uploaded) for part in body)
    # Before aiohttp 3.12.1, which brought `consumed`, a write closes what it has read from. Can go with 3.12.0.
    if getattr(body, "consumed", True):
        return False
    if type(body) is payload.BytesIOPayload:
        return True
    # A pipe has no size.
    return type(body) is payload.BufferedReaderPayload and uploaded and body.size is not None


def body_of(body: bytes | payload.Payload | None) -> bytes:
    """A request's body where it is bytes in memory, else nothing."""
    if body is None or type(body) not in _BYTES:
        return b""
    try:
        return body.decode().encode()
    except (UnicodeError, AttributeError):  # not text; a memoryview has no `decode`
        return b""


def is_innermost(handler: ClientHandlerType) -> bool:
    """Whether no other middleware is between this handler and the wire."""
    # There is no public way: aiohttp's sender and its wrappers of middlewares are functions of different modules.
    # If that changes, calls in a burst are refused one by one, and `tests/middlewares/test_burst.py` fails.
    return getattr(handler, "__module__", None) == ClientSession.__module__


async def replace_body(request: ClientRequest, body: bytes | payload.Payload) -> None:
    """Send this in place of a body that is bytes in memory. Never suspends: closing such a body takes no time."""
    # aiohttp warns of larger ones that are given as bytes.
    content = io.BytesIO(body) if isinstance(body, bytes) and len(body) > _LARGE else body
    if hasattr(request, "update_body"):
        await request.update_body(content)
    else:  # aiohttp 3.12.0; can go with it
        request.headers.pop(hdrs.CONTENT_LENGTH, None)
        request.update_body_from_data(content)


def prepare_resend(request: ClientRequest, refused: ClientResponse) -> None:
    """Make a request that was answered ready to be sent again."""
    # The reply has arrived whole, so a connection that it still holds is that of an upload under way. It would keep
    # its place in the pool, and with `limit=1` the resend would wait for ever. Merely closed, its transport would go on
    # sending what is in its buffer to a server that may never read it.
    if (connection := refused.connection) is not None:
        if (transport := connection.transport) is not None:
            transport.abort()
        connection.close()
    if isinstance(request.proxy_headers, MultiDict):
        # aiohttp has put the host there when it connected, and takes only such connections from the pool now.
        request.proxy_headers.pop(hdrs.HOST, None)
    if hdrs.EXPECT in request.headers:  # the future that waits for `100 Continue` is used up
        request.update_expect_continue()


def hashed(secrets: tuple[str, ...], key: bytes) -> str:
    """A hash of what authenticates a request, under a key: tells accounts apart, and nothing else."""
    lasting = "\0".join(map(_lasting, secrets))
    return hashlib.blake2b(lasting.encode(errors="surrogateescape"), key=key, digest_size=16).hexdigest()


def _lasting(secret: str) -> str:
    """What of it is the same in each request of an account."""
    if secret.startswith("AWS4-"):  # signed anew each time; who signs stands before that: `Credential=AKID/date/...`
        return secret.partition("/")[0]
    if secret.startswith("Digest ") and (username := _USERNAME.search(secret)):
        return username[0]
    return secret
