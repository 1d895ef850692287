"""A large file in parts: together they are the whole."""

import gzip
import json
from itertools import pairwise

import pytest
from support.lines import CALL, FORMATS, STAMP, event

from betamw.logs.reading import Reader, spans, split

LINE = FORMATS["json"](event(CALL, timestamp=STAMP)) + "\n"
OTHER = '{"event": "http.access", "path": "/"}\n'


def docker(number):
    """A line in three pieces, with one of the other stream between."""
    log = json.dumps({"number": number, "pad": "x" * 40_000})[:-1] + ", " + LINE[1:]
    for begin in range(0, len(log), 16384):
        for stream, piece in (("stdout", log[begin : begin + 16384]), ("stderr", "between\n")):
            yield json.dumps({"log": piece, "stream": stream, "time": STAMP}, separators=(",", ":")) + "\n"


@pytest.fixture
def small(monkeypatch):
    """Parts that are small enough for a test."""
    monkeypatch.setattr(spans, "SMALLEST", 1 << 10)


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 50])
@pytest.mark.parametrize(
    ("text", "events"),
    [((LINE + OTHER) * 200, 200), ("".join(piece for number in range(30) for piece in docker(number)), 30)],
    ids=["plain", "pieces"],
)
@pytest.mark.usefixtures("small")
def test_the_parts_together_are_the_whole(tmp_path, text, events, parts):
    """No line is read twice, none is left out, none is cut."""
    path = tmp_path / "log"
    path.write_text(text)
    readers = [Reader(str(path), *span) for span in split(str(path), parts)]
    found = [sum(1 for _ in reader.records()) for reader in readers]
    assert events == sum(found)
    assert [{}] * len(readers) == [reader.unreadable for reader in readers]
    assert text.count("\n") == sum(reader.lines for reader in readers)
    assert min(parts, 2) <= len(readers) <= parts


@pytest.mark.usefixtures("small")
def test_spans_follow_each_other(tmp_path):
    """From the first byte to the end, which is left open: the file may grow."""
    path = tmp_path / "log"
    path.write_text(LINE * 100)
    cut = split(str(path), 4)
    assert (0, None) == (cut[0][0], cut[-1][1])
    assert all(before[1] == after[0] for before, after in pairwise(cut))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        LINE.encode() * 10,
        gzip.compress(LINE.encode() * 100_000, 0),
        (LINE * 20_000).encode("utf-16"),
        b"x" * 20_000_000,
        b"\x89PNG\r\n\0\0" * 3_000_000,
    ],
    ids=["empty", "small", "gzip", "utf16", "one line", "binary"],
)
def test_what_cannot_be_cut_is_one_part(tmp_path, data):
    """Small, compressed, in another encoding, without newlines, no text."""
    path = tmp_path / "log"
    path.write_bytes(data)
    assert [(0, None)] == split(str(path), 2)


@pytest.mark.parametrize("file", ["-", "/dev/null", "missing", "a\0b", "."])
def test_what_is_no_file_is_one_part(file):
    """What is the matter is said by the reader."""
    assert [(0, None)] == split(file, 2)
