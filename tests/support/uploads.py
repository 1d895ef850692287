"""Each kind of body that aiohttp takes: how to make one, since when it can be sent again, what is seen of it."""

import asyncio
import io
import os
import re
import tempfile
from contextlib import ExitStack

import aiohttp
import attrs
from aiohttp import payload
from aiohttp.base_protocol import BaseProtocol

AIOHTTP = tuple(map(int, re.findall(r"\d+", aiohttp.__version__)[:3]))
EVER, NEVER = (3, 12, 0), None
REWOUND = (3, 12, 1)
"""Since then a write leaves a file open, and the next one begins where the first one did."""

HEAD, EDITS, TAIL = b'{"model": "m", ', b'"context_management": {}, ', b'"x": "\xc3\xa4"}'
WHOLE, REST = HEAD + EDITS + TAIL, HEAD + TAIL
MADE = {"model": "m", "context_management": {}}
REST_OF_MADE = b'{"model": "m"}'
TEXT = WHOLE.decode()
BEFORE = b"this was read before: "
AT, LENGTH = len(BEFORE), {"content-length": str(len(WHOLE))}


@attrs.define
class Desk:
    """Makes what a body is made of, and clears it away.

    Attributes:
        folder: Where its files are.
        content: What is in them, and in all the rest.
        files: Those that it has made.
    """

    folder: object
    content: bytes = WHOLE
    files: list = attrs.field(factory=list)
    stack: ExitStack = attrs.field(factory=ExitStack)

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        self.stack.close()

    def opened(self, mode="rb", at=0, **how):
        path = self.folder / "upload.json"
        path.write_bytes(BEFORE[:at] + self.content)
        return self.moved(self._kept(path.open(mode, **how)), at)

    def written(self, make):
        file = self._kept(make())
        file.write(self.content)
        return self.moved(file, 0)

    def piped(self):
        there, here = os.pipe()
        os.write(here, self.content)
        os.close(here)
        return self._kept(os.fdopen(there, "rb"))

    def moved(self, file, at=AT):
        file.seek(at)
        return file

    def _kept(self, file):
        self.files.append(file)
        return self.stack.enter_context(file)

    async def generated(self):
        yield self.content[:5]
        yield self.content[5:]

    def streamed(self, end=b""):
        loop = asyncio.get_running_loop()
        stream = aiohttp.StreamReader(BaseProtocol(loop), 2**16, loop=loop)
        stream.feed_data(self.content + end)
        stream.feed_eof()
        return stream

    def part(self):
        return aiohttp.BodyPartReader(b"--b", {}, self.streamed(b"\r\n--b--"))


class Pieces:
    """An iterator that is asynchronous."""

    def __init__(self, content):
        self.left = [content[:5], content[5:]]

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.left:
            raise StopAsyncIteration
        return self.left.pop(0)


class Homemade(payload.BytesPayload):
    """A payload class of somebody else's making: nobody knows whether it can be sent twice."""


class FromScratch(payload.Payload):
    """Another, that has nothing of aiohttp's."""

    def decode(self, encoding="utf-8", errors="strict"):
        return self._value.decode(encoding, errors)

    async def write(self, writer):
        await writer.write(self._value)


class OwnMultipart(aiohttp.MultipartWriter):
    """A class of somebody else's making, too."""


def form(**fields):
    """A form; a tuple is a value with its file name."""
    made = aiohttp.FormData()
    for name, given in fields.items():
        value, filename = given if isinstance(given, tuple) else (given, None)
        made.add_field(name, value, filename=filename)
    return made


def multipart(*parts, of=aiohttp.MultipartWriter):
    """A multipart body; a tuple is a part with its headers."""
    made = of("mixed")
    for part in parts:
        made.append(*(part if isinstance(part, tuple) else (part,)))
    return made


@attrs.frozen
class Kind:
    """A kind of body.

    Attributes:
        name: What it is called in the table.
        make: Arguments of `session.post`.
        since: The first aiohttp that can send it again; None if none can.
        rest: What goes out where its field is stripped; None where its fields are not seen.
    """

    name: str
    make: object
    since: tuple | None
    rest: bytes | None = None

    @property
    def resent(self):
        return self.since is not None and self.since <= AIOHTTP


def data(name, make, since, *, rest=None, **how):
    """A kind that goes into `data=`."""
    return Kind(name, lambda desk: {"data": make(desk), **how}, since, rest)


GZIPPED, BASE64 = {"Content-Encoding": "gzip"}, {"Content-Transfer-Encoding": "base64"}
KINDS = [
    # In memory.
    data("None", lambda _: None, EVER),
    data("empty bytes", lambda _: b"", EVER),
    data("empty form", lambda _: {}, EVER),
    data("bytes", lambda d: d.content, EVER, rest=REST),
    data("bytearray", lambda d: bytearray(d.content), EVER, rest=REST),
    data("memoryview", lambda d: memoryview(d.content), EVER),
    data("str", lambda d: d.content.decode(), EVER, rest=REST),
    Kind("json", lambda _: {"json": MADE}, EVER, rest=REST_OF_MADE),
    data("JsonPayload", lambda _: payload.JsonPayload(MADE), EVER, rest=REST_OF_MADE),
    data("StringPayload in latin-1", lambda _: payload.StringPayload(TEXT, encoding="latin-1"), EVER),
    data("urlencoded dict", lambda d: {"a": d.content.decode()}, EVER),
    data("urlencoded FormData", lambda d: form(a=d.content.decode()), EVER),
    data("StringIO", lambda d: io.StringIO(d.content.decode()), EVER, rest=REST),
    data(
        "StringIO at a position", lambda d: d.moved(io.StringIO(BEFORE.decode() + d.content.decode())), EVER, rest=REST
    ),
    data("BytesIO", lambda d: io.BytesIO(d.content), REWOUND, rest=REST),
    data("BytesIO at a position", lambda d: d.moved(io.BytesIO(BEFORE + d.content)), REWOUND, rest=REST),
    data("subclass of BytesIO", lambda d: type("Own", (io.BytesIO,), {})(d.content), REWOUND),
    data("BytesIO at its end", lambda d: d.moved(io.BytesIO(d.content), len(d.content)), REWOUND),
    # Files.
    data("file", lambda d: d.opened(), REWOUND),
    data("file at a position", lambda d: d.opened(at=AT), REWOUND),
    data("file to be written, too", lambda d: d.opened("r+b", at=AT), REWOUND),
    data("TemporaryFile", lambda d: d.written(tempfile.TemporaryFile), REWOUND),
    data("SpooledTemporaryFile", lambda d: d.written(tempfile.SpooledTemporaryFile), REWOUND),
    data("file without a buffer", lambda d: d.opened(buffering=0), REWOUND),
    data("text file", lambda d: d.opened("r", encoding="utf-8"), REWOUND),
    data("text file at a position", lambda d: d.opened("r", at=AT, encoding="utf-8"), REWOUND),
    data("pipe", Desk.piped, NEVER),
    # What can be read once, and classes of others.
    data("async generator", Desk.generated, NEVER),
    data("async iterator", lambda d: Pieces(d.content), NEVER),
    data("AsyncIterablePayload", lambda d: payload.AsyncIterablePayload(d.generated()), NEVER),
    data("StreamReader", Desk.streamed, NEVER),
    data("part of a reply", Desk.part, NEVER),
    data("subclass of BytesPayload", lambda d: Homemade(d.content), NEVER),
    data("subclass of Payload", lambda d: FromScratch(d.content), NEVER),
    data("subclass of MultipartWriter", lambda d: multipart(d.content, of=OwnMultipart), NEVER),
    # In parts.
    data("form with text", lambda d: form(a=(d.content.decode(), "a.txt")), EVER),
    data("form with bytes", lambda d: form(a="1", file=(d.content, "a.json")), EVER),
    data("form with BytesIO", lambda d: form(a="1", file=io.BytesIO(d.content)), REWOUND),
    data("form with a file", lambda d: form(a="1", file=d.opened(at=AT), b="2"), REWOUND),
    data("form with a pipe", lambda d: form(a="1", file=d.piped()), NEVER),
    data("form with an async generator", lambda d: form(a="1", file=(d.generated(), "a.json")), NEVER),
    data("empty multipart", lambda _: multipart(), EVER),
    data("multipart", lambda d: multipart(d.content, TEXT), EVER),
    data("multipart, coded", lambda d: multipart((d.content, GZIPPED), (TEXT, BASE64)), EVER),
    data("multipart, coded files", lambda d: multipart((d.opened(), GZIPPED), (io.BytesIO(b"b"), BASE64)), REWOUND),
    data("multipart in multipart", lambda d: multipart(multipart(d.content, TEXT), b"last"), EVER),
    data("multipart in multipart, with a file", lambda d: multipart(multipart(d.opened(at=AT)), b"last"), REWOUND),
    data("multipart in multipart, with a payload", lambda d: multipart(multipart(Homemade(b"a")), b"last"), NEVER),
    # How they are sent.
    data("bytes, compressed", lambda d: d.content, EVER, rest=REST, compress="deflate"),
    data("bytes, gzipped", lambda d: d.content, EVER, rest=REST, compress="gzip"),
    data("BytesIO, gzipped", lambda d: io.BytesIO(d.content), REWOUND, rest=REST, compress="gzip"),
    data("file, compressed", lambda d: d.opened(at=AT), REWOUND, compress=True),
    data("form with a file, gzipped", lambda d: form(file=d.opened(at=AT)), REWOUND, compress="gzip"),
    data("bytes, chunked", lambda d: d.content, EVER, rest=REST, chunked=True),
    data("file, chunked", lambda d: d.opened(at=AT), REWOUND, chunked=True),
    data("multipart, chunked", lambda d: multipart(d.content, TEXT), EVER, chunked=True),
    data("bytes, expect100", lambda d: d.content, EVER, rest=REST, expect100=True),
    data("file, expect100", lambda d: d.opened(at=AT), REWOUND, expect100=True),
    data("async generator, expect100", Desk.generated, NEVER, expect100=True),
    data("bytes, with their length", lambda d: d.content, EVER, rest=REST, headers=LENGTH),
    data("file, with its length", lambda d: d.opened(at=AT), REWOUND, headers=LENGTH),
]

if hasattr(payload, "JsonBytesPayload"):  # since aiohttp 3.13
    made = payload.JsonBytesPayload
    KINDS.append(data("JsonBytesPayload", lambda d: made(d.content, lambda value: value), EVER, rest=REST))
