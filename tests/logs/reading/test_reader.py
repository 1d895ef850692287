"""A file as it is stored, whole or not, and what stands in it beside our lines."""

import bz2
import errno
import io
import json
import os
import subprocess
import sys
import threading
from functools import partial
from gzip import compress
from gzip import open as gzip_opened
from pathlib import Path

import pytest
from support.lines import CALL, FORMATS, STAMP, WRAPPINGS, event, plain, record

from betamw.logs.reading import Reader, source
from betamw.logs.reading.follow import Tail
from betamw.logs.reading.source import zstd

LINE = FORMATS["json"](event(CALL, timestamp=STAMP)).encode() + b"\n"
gzip = partial(compress, mtime=0)
OTHER = b'{"event": "http.access", "path": "/"}\n'
LOG = (LINE + OTHER) * 3
THREE = [record(CALL)] * 3


def compressed(data):
    """As Zstandard, by what decompresses it."""
    module = sys.modules[zstd().__module__.split("._")[0]] if zstd() else None
    return module.compress(data)


@pytest.fixture
def reading(tmp_path):
    """Writes a file and reads it: the reader and its records."""

    def read(data, name="log"):
        path = tmp_path / name
        path.write_bytes(data)
        reader = Reader(str(path))
        return reader, [plain(found) for found in reader.records()]

    return read


@pytest.mark.parametrize(
    "data",
    [
        LOG,
        LOG[:-1],
        LOG.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + LOG,
        LOG.decode().encode("utf-16"),
        LOG.decode().replace("\n", "\r\n").encode("utf-16"),
        b"\xfe\xff" + LOG.decode().encode("utf-16-be"),
        b"\0" * 3_000_000 + LOG,
        gzip(LOG),
        gzip(LOG[:1000]) + gzip(LOG[1000:]) + b"\0" * 512,
        compressed(LOG),
        compressed(LOG[:1000]) + compressed(LOG[1000:]),
    ],
    ids=[
        "plain",
        "no newline",
        "crlf",
        "bom",
        "utf16",
        "utf16 crlf",
        "utf16be",
        "zeros",
        "gz",
        "members",
        "zst",
        "frames",
    ],
)
def test_a_file_is_read_however_it_is_stored(reading, data):
    """Its first bytes say what it is, whatever its name."""
    reader, records = reading(data)
    assert (THREE, 6, 3, None, {}) == (records, reader.lines, reader.events, reader.problem, reader.unreadable)


@pytest.mark.parametrize("compress", [gzip, compressed], ids=["gz", "zst"])
def test_much_may_come_out_of_little(reading, compress):
    """What is compressed well is read to its end, in pieces of a bounded length."""
    reader, records = reading(compress(LOG * 500))
    assert (1500, 3000, None) == (len(records), reader.lines, reader.problem)


@pytest.mark.parametrize(
    ("data", "problem", "events"),
    [
        (b"", "is empty", 0),
        (gzip(b""), "is empty", 0),
        (b"\xef\xbb\xbf", "is empty", 0),
        (b"\xff\xfe", "is empty", 0),
        (b"\0" * 5000, "holds nothing but zeros", 0),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 40, "is no text", 0),
        (gzip(LOG * 500)[:-20], "ends in the middle of the gzip data: what comes after is lost", None),
        (compressed(LOG * 500)[:-4], "ends in the middle of the Zstandard data: what comes after is lost", None),
        (gzip(LOG) + b"garbage", "holds gzip data that is damaged: what comes after is lost", 3),
        (gzip(LOG)[:5] + b"\xff" * 100, "holds gzip data that is damaged: what comes after is lost", 0),
        (b"\x28\xb5\x2f\xfd" + b"\xff" * 100, "holds Zstandard data that is damaged: what comes after is lost", 0),
        (bz2.compress(LOG), "is compressed in a way that is not read: `bzip2 -dc FILE | betamw report -` does", 0),
    ],
    ids=[
        "none",
        "gz of none",
        "bom",
        "bom of utf16",
        "zeros",
        "png",
        "cut gz",
        "cut zst",
        "gz and more",
        "gz damaged",
        "zst damaged",
        "bz2",
    ],
)
def test_what_cannot_be_read_is_said(reading, data, problem, events):
    """Nothing is raised, and what came before it counts."""
    reader, records = reading(data)
    assert problem == reader.problem
    assert len(records) == reader.events == (events if events is not None else len(records))


def test_half_of_a_character_is_replaced(reading):
    """UTF-16 that was cut in the middle of one ends with a line of which nothing can be read."""
    reader, records = reading(LOG.decode().encode("utf-16") + b"\0")
    assert (THREE, 7, None) == (records, reader.lines, reader.problem)


def test_an_error_of_the_disk_is_no_damage(reading, monkeypatch):
    """Also where the file is compressed: it is the disk that is told, and how far it was read."""

    class Disk(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise OSError(errno.EIO, "Input/output error")
            return super().read(size)

    monkeypatch.setattr(source, "_opened", lambda _file: Disk(gzip(LOG)[:-9]))
    reader, _ = reading(b"")
    assert f"cannot be read: input/output error after byte {len(gzip(LOG)) - 9}" == reader.problem


def test_what_comes_before_the_damage_counts(reading):
    """A gzip that was cut gives all that is whole in it."""
    noise = b"".join(b"%s\n" % os.urandom(60).hex().encode() for _ in range(4000))
    reader, records = reading(gzip(LOG + noise)[:200_000])
    assert (THREE, True) == (records, reader.lines > 1000)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing", "does not exist"),
        ("", "is a directory"),
        ("file/x", "does not exist: a part of its path is no directory"),
    ],
)
def test_a_file_that_is_none_is_said(tmp_path, name, problem):
    """A reader never raises for the path that it is given."""
    (tmp_path / "file").touch()
    reader = Reader(str(tmp_path / name))
    assert ([], problem) == ([*reader.records()], reader.problem)


def test_a_path_that_cannot_be_is_said():
    """A zero byte in a name makes Python raise something else."""
    reader = Reader("a\0b")
    assert ([], "does not exist: its name holds a zero byte") == ([*reader.records()], reader.problem)


@pytest.mark.parametrize("begin", [b"BZh", b"\x1f\x8b", b"\xff\xfe"])
def test_only_the_first_bytes_of_a_file_say_what_it_is(tmp_path, begin):
    """A part begins with any line, also with one that begins as another kind of file does."""
    path = tmp_path / "log"
    path.write_bytes(LINE + begin + b" of another program\n" + LINE)
    reader = Reader(str(path), len(LINE))
    assert (THREE[:1], 2, None) == ([plain(found) for found in reader.records()], reader.lines, reader.problem)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(tmp_path):
    """Its permissions are named."""
    path = tmp_path / "log"
    path.write_bytes(LOG)
    path.chmod(0)
    reader = Reader(str(path))
    assert ([], "may not be read: permission denied") == ([*reader.records()], reader.problem)


def test_an_error_of_the_disk_is_said(tmp_path):
    """The memory of a process is a file that cannot be read at its beginning."""
    memory = Path("/proc/self/mem")
    if not memory.exists():
        pytest.skip("needs Linux's /proc")
    told = "cannot be read: input/output error"
    for start, problem in ((0, told), (4096, f"{told} after byte 4096")):
        reader = Reader(str(memory), start)
        assert ([], problem) == ([*reader.records()], reader.problem)


@pytest.mark.parametrize("grown", [b"", b"\0" * 100], ids=["cut", "zeros"])
def test_a_part_in_which_nothing_is_left_is_no_problem(tmp_path, grown):
    """A file may be cut short after it was split: it is not the file that is empty."""
    path = tmp_path / "log"
    path.write_bytes(LOG + grown)
    reader = Reader(str(path), len(LOG))
    assert ([], None) == ([*reader.records()], reader.problem)


def test_standard_input_is_read():
    """`-` is what is piped in, compressed or not."""
    code = "from betamw.logs.reading import Reader; r = Reader('-'); print(len([*r.records()]), r.lines, r.problem)"
    done = subprocess.run([sys.executable, "-c", code], input=gzip(LOG), capture_output=True, check=True)  # noqa: S603
    assert b"3 6 None" == done.stdout.strip()


def test_standard_input_may_be_replaced(monkeypatch):
    """A test of the command puts an object in its place, which stays open: it is not ours."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LOG)))
    assert THREE == [plain(found) for found in Reader("-").records()]
    assert not sys.stdin.buffer.closed


def test_standard_input_is_read_as_it_comes(monkeypatch):
    """What a program writes now and then is there at once, not only when there is a block of it."""
    ours, theirs = os.pipe()
    with open(ours) as stdin:  # noqa: PTH123  there is no path
        monkeypatch.setattr(sys, "stdin", stdin)
        os.write(theirs, LINE)
        late = threading.Timer(5, os.close, [theirs])  # so that it fails in place of waiting for ever
        late.start()
        found = next(Reader("-").records())
        waiting = not late.finished.is_set()
        late.cancel()
        late.join()
    assert (True, record(CALL)) == (waiting, plain(found))
    os.close(theirs)


def test_standard_input_may_be_closed(monkeypatch):
    """Python has none then."""
    monkeypatch.setattr(sys, "stdin", None)
    reader = Reader("-")
    assert ([], "is closed") == ([*reader.records()], reader.problem)


def test_a_named_pipe_is_read_as_it_comes(tmp_path):
    """Also where its first bytes come one by one."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write():
        with path.open("wb", buffering=0) as pipe:
            for begin in range(4):
                pipe.write(compressed(LOG)[begin : begin + 1])
            pipe.write(compressed(LOG)[4:])

    writer = threading.Thread(target=write)
    writer.start()
    records = [plain(found) for found in Reader(str(path)).records()]
    writer.join()
    assert THREE == records


def test_a_line_that_is_too_long_is_passed_over(reading):
    """It counts as one line; if it begins as one of ours, it is one that could not be read."""
    foreign, ours = b"x" * 5_000_000 + b"\n", LINE[:-2] + b', "pad": "' + b"x" * 5_000_000 + b'"}\n'
    reader, records = reading(LINE + foreign + LINE + ours + LINE)
    assert (THREE, 5, ["longer than 1 MiB"]) == (records, reader.lines, [*reader.unreadable])
    assert [4] == [number for number, _ in reader.unreadable["longer than 1 MiB"].first]


@pytest.mark.parametrize("opened", [open, gzip_opened], ids=["plain", "gz"])
def test_a_long_line_is_not_held_in_memory(tmp_path, opened):
    """100 MB without a newline take no more memory than any other line, also where they are 100 KB of gzip."""
    path = tmp_path / "log"
    with opened(path, "wb") as file:
        file.writelines(b"x" * 1_000_000 for _ in range(100))
        file.write(b"\n" + LINE)
    code = (
        "import resource, sys; from betamw.logs.reading import Reader\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak(); r = Reader(sys.argv[1]); n = len([*r.records()]); print(n, r.lines, peak() - before < 8192)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=True)  # noqa: S603
    assert b"1 2 True" == done.stdout.strip()


def test_the_first_of_the_unreadable_lines_are_shown(reading):
    """With their numbers, escaped and cut; the rest is counted."""
    cut = LINE[:200] + b"\n"
    reader, _ = reading(OTHER + cut + LINE + b"\x1b[31mINFO:betamw:betamw.request\n" + cut * 4)
    (first, unread), (second, alone) = reader.unreadable.items()
    assert ("it is cut, or two lines ran into one", 5, [2, 5, 6]) == (first, unread.lines, [n for n, _ in unread.first])
    assert ("the fields are missing", [(4, "\\x1b[31mINFO:betamw:betamw.request")]) == (second, alone.first)
    assert all(text.startswith('{"betamw_schema": 1') and text.isascii() for _, text in unread.first)


def test_a_line_that_is_too_long_is_called_so_without_a_newline(reading, tmp_path):
    """At the end of a file, and where a file grows."""
    line = LINE[:-2] + b', "pad": "' + b"x" * (1 << 21) + b'"}'
    reader, _ = reading(line)
    tail = Tail(str(tmp_path / "log"))
    assert [] == [*tail.records()]
    with (tmp_path / "log").open("ab") as file:
        file.write(b"\n")
    assert [] == [*tail.records()]
    tail.close()
    assert [["longer than 1 MiB"]] * 2 == [[*reader.unreadable], [*tail.unreadable]]


def test_a_key_in_an_unreadable_line_is_not_shown(reading):
    """Whoever logs a key does not have it told once more."""
    reader, _ = reading(b'{"key": "sk-ant-api03-abc", "event": "betamw.request", "x"\n')
    assert "sk-ant" not in str(reader.unreadable)


def test_a_line_whose_last_piece_never_came_is_unreadable(reading):
    """The end of a file finds it begun."""
    [line] = WRAPPINGS["docker"](LINE.decode().strip())
    reader, records = reading((json.dumps({**json.loads(line), "log": LINE.decode()[:300]}) + "\n").encode())
    assert ([], ["it is cut, or two lines ran into one"]) == (records, [*reader.unreadable])


@pytest.mark.parametrize("wrapping", ["docker", "cri cut", "journalctl json bytes"])
def test_pieces_and_bytes_without_our_name_are_found(reading, wrapping):
    """A piece of a line, or a line as bytes, need not hold `betamw` to be ours."""
    if wrapping == "docker":
        head = json.dumps({"app": "x" * 20_000})[:-1] + ", "
        log = head + LINE.decode()[1:]
        pieces = [log[:16384], log[16384:]]
        lines = [
            json.dumps({"log": piece, "stream": "stdout", "time": STAMP}, separators=(",", ":")) for piece in pieces
        ]
    else:
        lines = [*WRAPPINGS[wrapping](LINE.decode().strip())]
    reader, records = reading("\n".join(lines).encode() * 1)
    assert ([record(CALL)], len(lines)) == (records, reader.lines)


def test_how_far_it_has_come_is_told_in_bytes_as_stored(tmp_path):
    """For a progress bar: of a compressed file, what has been read of it."""
    path = tmp_path / "log"
    path.write_bytes(gzip(LOG * 2000))
    reader = Reader(str(path))
    seen = {reader.at_byte for _ in reader.records()}
    assert path.stat().st_size == reader.at_byte >= max(seen) > 0


def test_nothing_but_other_programs_lines_is_no_problem(reading):
    """A log in which nobody called is a log."""
    reader, records = reading(OTHER * 5000)
    assert ([], 5000, 0, None) == (records, reader.lines, reader.events, reader.problem)


def test_what_reads_zstandard_may_have_to_be_installed(reading, monkeypatch):
    """Python has it from 3.14 on; before, a package does it."""
    data = compressed(LOG)
    for module in ("compression", "compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, module, None)
    reader, records = reading(data)
    problem = "is compressed with Zstandard, which this Python reads with the package `backports.zstd` only"
    assert ([], problem) == (records, reader.problem)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"event":"betamw.request","Authorization":"Bearer abcdef', False),
        ('{"event":"betamw.request","api_key":"abc', False),
        ('{"event":"betamw.request","url_template":"/v1/messages/count_tokens', True),
        ('{"event":"betamw.request","betas_sent":["token-efficient-tools-2026-03-28', True),
    ],
)
def test_what_is_shown_of_a_line_that_is_cut(tmp_path, text, told):
    """Nothing where there may be a credential, of a kind that has no beginning to know it by."""
    path = tmp_path / "log"
    path.write_text(text)
    reader = Reader(str(path))
    assert [] == list(reader.records())
    ((_, excerpt),) = [first for unread in reader.unreadable.values() for first in unread.first]
    assert (text[:100] if told else "not shown, for it may hold a secret") == excerpt.removesuffix("...")
