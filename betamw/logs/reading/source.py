"""From a file as it is stored to blocks of whole lines.

Facts: what a file is, its first bytes say: gzip (RFC 1952, several members make one stream, zeros may follow the last),
Zstandard (RFC 8878, frames likewise), a byte order mark of UTF-16 (PowerShell's `>`) or UTF-8. Rotation by truncation
(`copytruncate`) leaves zeros in front of the next line, as many as were there.
"""

import codecs
import errno
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Final

import attrs

LONGEST: Final = 1 << 20
"""Bytes of a line that is looked at."""

CHUNK: Final = 1 << 16
"""What fits into the caches, and is less than what the allocator takes from the system anew each time."""

STDIN: Final = "-"

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_UTF8: Final = codecs.BOM_UTF8
_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_OTHERS: Final = {b"BZh": "bzip2 -dc", b"\xfd7zXZ\x00": "xz -dc", b"PK\x03\x04": "unzip -p"}
_LONGEST_MAGIC: Final = 6
_SAID: Final = {
    errno.ENOENT: "does not exist",
    errno.EISDIR: "is a directory",
    errno.EACCES: "may not be read: permission denied",
    errno.ENOTDIR: "does not exist: a part of its path is no directory",
}


class _Trouble(Exception):
    """Why nothing more is read."""


@attrs.define
class _Gunzip:
    """zlib's, with the face of the other decompressors."""

    _stream: Any = attrs.field(init=False, factory=lambda: zlib.decompressobj(zlib.MAX_WBITS | 16))
    _ahead: bytes = attrs.field(init=False, default=b"")

    def decompress(self, data: bytes, most: int) -> bytes:
        decoded: bytes = self._stream.decompress(self._ahead + data, most)
        self._ahead = self._stream.unconsumed_tail
        return decoded

    @property
    def eof(self) -> bool:
        eof: bool = self._stream.eof
        return eof

    @property
    def needs_input(self) -> bool:
        return not self._ahead

    @property
    def unused_data(self) -> bytes:
        unused: bytes = self._stream.unused_data
        return unused


def is_plain(head: bytes) -> bool:
    """Whether a file that begins so holds text as it is: not compressed, no UTF-16."""
    return not head.startswith((_GZIP, _ZSTD, *_UTF16, *_OTHERS))


def zstd() -> Callable[[], Any] | None:
    """What decompresses Zstandard here; None where nothing does."""
    for name, made in (("compression.zstd", "ZstdDecompressor"), ("backports.zstd", "ZstdDecompressor")):
        with suppress(ImportError):
            found: Callable[[], Any] = getattr(import_module(name), made)
            return found
    return None


@attrs.define
class Source:
    """A file to read, or a part of a plain one.

    Attributes:
        file: Its path, `-` for standard input.
        start, end: Which bytes of it.
        at_byte: How far it has come, in bytes of the file as stored.
        problem: Why not all of it could be read.
    """

    file: str
    start: int = 0
    end: int | None = None
    at_byte: int = attrs.field(init=False, default=0)
    problem: str | None = attrs.field(init=False, default=None)

    def blocks(self) -> Iterator[bytes]:
        """The file as plain text, in blocks of whole lines, the last perhaps without a newline.

        A line that is too long is cut to a little more than `LONGEST`.
        """
        rest, read, skipping, found = b"", b"", False, False
        for read in self._chunks():
            chunk = read
            last = chunk.rfind(b"\n") + 1
            if not last:
                if not skipping:
                    rest = (rest + chunk).lstrip(b"\0") if rest[:1] in {b"", b"\0"} else rest + chunk
                    skipping = len(rest) > LONGEST
                continue
            found = True
            if skipping:  # its beginning is all that is kept of it
                first = chunk.find(b"\n")
                yield rest[: LONGEST + 1] + b"\n"
                rest, chunk, last, skipping = b"", chunk[first + 1 :], last - first - 1, False
            if last:
                yield rest + chunk[:last]
                rest = b""
            rest += chunk[last:]
        if rest:
            yield rest[: LONGEST + 2]  # with one byte more than a line that is read, newline and all
        elif not (found or self.problem or self.start):
            self.problem = "holds nothing but zeros" if read else "is empty"

    def _chunks(self) -> Iterator[bytes]:
        try:
            with _opened(self.file) as file:
                yield from self._decoded(self._stored(file))
        except OSError as error:
            why = _SAID.get(error.errno or 0) or f"cannot be read: {(error.strerror or type(error).__name__).lower()}"
            self.problem = f"{why} after byte {self.at_byte}" if self.at_byte else why
        except ValueError:  # a zero in the path
            self.problem = "does not exist: its name holds a zero byte"
        except _Trouble as trouble:
            self.problem = str(trouble)

    def _stored(self, file: BinaryIO) -> Iterator[bytes]:
        """The bytes as they are stored."""
        if self.start:
            file.seek(self.start)
        self.at_byte = self.start
        while self.end is None or self.at_byte < self.end:
            chunk = file.read(CHUNK if self.end is None else min(CHUNK, self.end - self.at_byte))
            if not chunk:
                return
            self.at_byte += len(chunk)
            yield chunk

    def _decoded(self, stored: Iterator[bytes]) -> Iterator[bytes]:
        """The bytes of the text that it is."""
        if self.start:
            yield from stored
            return
        head = b""
        while len(head) < _LONGEST_MAGIC and (more := next(stored, b"")):
            head += more
        if head.startswith(_GZIP):
            plain = _decompressed(_with(head, stored), _Gunzip, "gzip")
        elif head.startswith(_ZSTD):
            if (decompressor := zstd()) is None:
                msg = "is compressed with Zstandard, which this Python reads with the package `backports.zstd` only"
                raise _Trouble(msg)
            plain = _decompressed(_with(head, stored), decompressor, "Zstandard")
        elif other := next((program for magic, program in _OTHERS.items() if head.startswith(magic)), None):
            msg = f"is compressed in a way that is not read: `{other} FILE | betamw report -` does"
            raise _Trouble(msg)
        else:
            plain = _with(head, stored)
        yield from _text(plain)


def _opened(file: str) -> Any:
    if file == STDIN:
        if sys.stdin is None:
            msg = "is closed"
            raise _Trouble(msg)
        return nullcontext(getattr(sys.stdin.buffer, "raw", sys.stdin.buffer))
    return Path(file).open("rb", buffering=0)


def _with(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from rest


def _decompressed(stored: Iterator[bytes], new: Callable[[], Any], name: str) -> Iterator[bytes]:
    """What was compressed, member after member."""
    stream: Any = None
    try:
        for chunk in stored:
            data = chunk
            while data or (stream is not None and not stream.needs_input):
                if stream is None:
                    data = data.lstrip(b"\0")  # padding to the block of a tape
                    if not data:
                        break
                    stream = new()
                if decoded := stream.decompress(data, CHUNK):
                    yield decoded
                data = b""
                if stream.eof:
                    data, stream = stream.unused_data, None
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:  # of the file, not of what is in it
            raise
        msg = f"holds {name} data that is damaged: what comes after is lost"
        raise _Trouble(msg) from None
    if stream is not None:
        msg = f"ends in the middle of the {name} data: what comes after is lost"
        raise _Trouble(msg)


def _text(plain: Iterator[bytes]) -> Iterator[bytes]:
    """Text as UTF-8, without a byte order mark."""
    head = next(plain, b"")
    encoding = _UTF16.get(head[:2])
    if encoding is None:
        yield from _with(head.removeprefix(_UTF8), plain)
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in _with(head[2:], plain):
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()
