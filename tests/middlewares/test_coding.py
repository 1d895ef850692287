"""A body is decoded as far as anyone may look, whatever its coding."""

import gzip
import zlib

import brotli
import pytest

from betamw.middlewares.coding import _brotli, _installed, _zstd, decoded

MOST = 65_537
zstd = _installed("compression.zstd", "backports.zstd")


def bare(data):
    """Deflate without its header: some servers send that."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


CODINGS = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", bare),
    ("br", brotli.compress),
    ("zstd", zstd.compress),
    (" GZip ", gzip.compress),
]


@pytest.mark.parametrize(("coding", "encode"), CODINGS)
def test_every_coding_is_decoded(coding, encode):
    """What a server has encoded is read."""
    assert b"a refusal" == decoded(encode(b"a refusal"), coding, MOST)


@pytest.mark.parametrize(("coding", "encode"), CODINGS)
def test_a_bomb_is_decoded_in_bounds(coding, encode):
    """A small body that is huge when it is decoded is decoded as far as anyone may look, give or take a buffer."""
    bomb = encode(b"x" * 10_000_000)
    assert len(bomb) < MOST <= len(decoded(bomb, coding, MOST)) < 2 * MOST


@pytest.mark.parametrize("coding", ["", "identity", "gzip", "deflate", "br", "zstd", "gzip, br", "nonsense"])
def test_what_is_not_in_its_coding_is_taken_as_it_is(coding):
    """The header stays when aiohttp has decompressed, so a body may be plain whatever the header says."""
    assert b"plain" == decoded(b"plain", coding, MOST)


@pytest.mark.parametrize(("coding", "encode"), CODINGS)
def test_half_a_body_is_not_decoded(coding, encode):
    """What may be a body that aiohttp has decompressed already must not be taken for half of something else."""
    half = encode(b"a refusal, and more of it")[:-9]
    assert half == decoded(half, coding, MOST)


def test_without_a_package_a_coding_is_not_decoded():
    """The packages for `br` and `zstd` are aiohttp's optional ones."""
    assert (None, (), ()) == (_installed("no.such.module", "nor_this"), _brotli(None), _zstd(None))


def test_a_brotli_without_a_limit_is_not_used():
    """Before 1.2 it has no such argument, and a bomb would be decoded whole: better not at all."""

    class Old:
        class Decompressor:
            def process(self, body):
                raise AssertionError

    (decode,) = _brotli(Old)
    with pytest.raises(TypeError):
        decode(brotli.compress(b"a refusal"), MOST)
