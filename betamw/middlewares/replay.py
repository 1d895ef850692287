"""Which bodies can be sent once more, byte for byte.

Facts: a body that lives in memory can: bytes, str, `json=`, forms, `BytesIO`. One that is read from a file can, once
the first upload has ended. Async iterables never can, and of a payload class of somebody else's making nobody knows;
aiohttp's own `Payload.consumed` cannot be relied on (it came with 3.12.1, and before 3.14.4 stays False for a generator
that is half sent). So this is a list of what is known to work.

A reply may come before the upload has ended. aiohttp then cuts the upload, but the thread that reads the file goes on
with its piece, and would take it out of the middle of a second upload. Nobody is told of the cut: the response gives up
its connection either way, and only who makes the call can pass an `UploadTracker` (since aiohttp 3.14).
"""

from contextlib import suppress
from typing import Any, Final

import attrs
from aiohttp import MultipartWriter, payload

IN_MEMORY: Final[frozenset[type]] = frozenset(
    getattr(payload, name)
    for name in ("BytesPayload", "StringPayload", "StringIOPayload", "JsonPayload", "JsonBytesPayload")
    if hasattr(payload, name)  # JsonBytesPayload: since aiohttp 3.13
)
_FILES: Final[frozenset[type]] = frozenset(
    {payload.BufferedReaderPayload, payload.IOBasePayload, payload.TextIOPayload}
)


@attrs.define(eq=False)
class Upload:
    """One upload of a body that is read from a file; it may go on after the reply.

    Attributes:
        body: The body.
        is_cut: Whether it has begun, and has not come to its end.
    """

    body: payload.Payload
    is_cut: bool = attrs.field(init=False, default=False)

    def watch(self) -> None:
        """Take note when aiohttp begins to write this body, and when it has written all of it."""
        write = self.body.write_with_length

        async def watched(writer: Any, content_length: int | None) -> None:
            self.is_cut = True
            await write(writer, content_length)
            self.is_cut = False

        vars(self.body)["write_with_length"] = watched  # of this object only

    def leave(self) -> None:
        """Leave the body as it was; an upload under way goes on, and is noted."""
        vars(self.body).pop("write_with_length", None)


def upload_of(body: object) -> Upload | None:
    """An upload to watch, where the body or a part of it is read from a file."""
    return Upload(body) if isinstance(body, payload.Payload) and _reads_files(body) else None


def may_be_replayed(body: object, upload: Upload | None = None) -> bool:
    """Whether the body can be sent again after this upload; without one, whether it probably can after the next."""
    if body is None or body == b"" or type(body) in IN_MEMORY:
        return True
    if type(body) is MultipartWriter:
        return all(may_be_replayed(part[0], upload) for part in body)
    # Before aiohttp 3.12.1, which brought `consumed`, a write closes what it has read from. Can go with 3.12.0.
    if getattr(body, "consumed", True):
        return False
    if type(body) is payload.BytesIOPayload:
        return True
    return _reads_files(body) and _has_size(body) and (upload is None or not upload.is_cut)


def _reads_files(body: object) -> bool:
    if type(body) is MultipartWriter:
        return any(_reads_files(part[0]) for part in body)
    return type(body) in _FILES


def _has_size(body: Any) -> bool:
    """A pipe has none, and a file that somebody has closed meanwhile neither."""
    with suppress(ValueError):
        return body.size is not None
    return False
