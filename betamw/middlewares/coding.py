"""Content codings (RFC 9110, section 8.4.1), decoded no further than anyone may look.

aiohttp asks for `br` and `zstd` where the packages that it knows for them are installed; these are used here, too.
"""

import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any, Final

_Decoder = Callable[[bytes, int], bytes | None]
"""Decodes a body up to about so many bytes; None, or any error, for a body that is not in the coding, or not whole."""


def _decoding(new: Callable[[], Any]) -> _Decoder:
    """With a decompressor as the standard library's are, `zlib`'s and `compression.zstd`'s."""

    def decode(body: bytes, most: int) -> bytes | None:
        stream = new()
        data: bytes = stream.decompress(body, most)
        return data if len(data) >= most or (stream.eof and not stream.unused_data) else None

    return decode


def _installed(*modules: str) -> Any:
    """The first of these that can be imported; None without any."""
    for module in modules:
        with suppress(ImportError):
            return import_module(module)
    return None


def _brotli(module: Any) -> tuple[_Decoder, ...]:
    def decode(body: bytes, most: int) -> bytes | None:
        stream = module.Decompressor()
        data: bytes = stream.process(body, output_buffer_limit=most)  # before 1.2 there is no limit: a TypeError
        return data if len(data) >= most or stream.is_finished() else None

    return () if module is None else (decode,)


def _zstd(module: Any) -> tuple[_Decoder, ...]:
    return () if module is None else (_decoding(module.ZstdDecompressor),)


_GZIP: Final = (_decoding(partial(zlib.decompressobj, zlib.MAX_WBITS | 16)),)
_DECODERS: Final[Mapping[str, tuple[_Decoder, ...]]] = {
    "gzip": _GZIP,
    "x-gzip": _GZIP,
    # Some servers leave out the zlib header of "deflate" (RFC 9110, section 8.4.1.2); aiohttp reads that too.
    "deflate": (_decoding(zlib.decompressobj), _decoding(partial(zlib.decompressobj, -zlib.MAX_WBITS))),
    "br": _brotli(_installed("brotlicffi", "brotli")),
    "zstd": _zstd(_installed("compression.zstd", "backports.zstd")),
}


def decoded(body: bytes, coding: str, most: int) -> bytes:
    """Decode a body of this `Content-Encoding`, up to about `most` bytes.

    What is not in that coding is given back as it is: the header stays when aiohttp has decompressed. So is what nobody
    here can decode.
    """
    for decode in _DECODERS.get(coding.strip().lower(), ()):
        with suppress(Exception):  # each library has errors of its own, and the two of brotli share no base
            data = decode(body, most)
            if data is not None:
                return data
    return body
