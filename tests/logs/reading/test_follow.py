"""Following a log that grows: nothing is lost or read twice, whoever rotates it."""

import gzip
import json
import logging
import logging.handlers
import os
import shutil

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from betamw.logs.reading.follow import Tail

PADDING = "x" * 100


def line(call, padding=PADDING):
    """A line of ours."""
    return f'{{"event": "betamw.memory.hit", "betamw_call": "{call}", "other": "{padding}"}}\n'


def came(tail):
    """The calls that were told since the last time."""
    calls = [record.betamw_call for record in tail.records()]
    while tail.behind:
        calls += [record.betamw_call for record in tail.records()]
    return calls


@pytest.fixture
def path(tmp_path):
    """Where the log is, with a line in it."""
    path = tmp_path / "app.log"
    path.write_text(line("there"))
    return path


@pytest.fixture
def tail(path):
    """A tail that has read what is there."""
    tail = Tail(str(path))
    assert ["there"] == came(tail)
    yield tail
    tail.close()


def append(path, text):
    with path.open("a") as file:
        file.write(text)


def test_what_is_added(path, tail):
    """It is told once."""
    append(path, line("a") + "another program's line\n" + line("b"))
    assert (["a", "b"], []) == (came(tail), came(tail))
    assert (4, 3) == (tail.lines, tail.events)


def test_half_a_line(path, tail):
    """It waits for its other half."""
    append(path, line("a")[:40])
    assert [] == came(tail)
    append(path, line("a")[40:] + line("b"))
    assert ["a", "b"] == came(tail)


def test_renamed_and_created(path, tail):
    """What was written to the old one after the last look is read, then the new one; also half a line at its end."""
    append(path, line("a") + line("b").rstrip())
    path.rename(path.with_suffix(".1"))
    path.write_text(line("c"))
    assert ["a", "b", "c"] == came(tail)


def test_renamed_and_still_written(path, tail):
    """Its writer does not know yet, and there is no other file."""
    with path.open("a") as file:
        path.rename(path.with_suffix(".1"))
        file.write(line("a"))
        file.flush()
        assert ["a"] == came(tail)
    path.write_text(line("b"))
    assert ["b"] == came(tail)


def test_renamed_and_compressed(path, tail):
    """The old one is gone by the time somebody looks; what was open stays so."""
    append(path, line("a"))
    old = path.rename(path.with_suffix(".1"))
    path.with_suffix(".1.gz").write_bytes(gzip.compress(old.read_bytes()))
    old.unlink()
    path.write_text(line("b"))
    assert ["a", "b"] == came(tail)


def test_copied_and_cut(path, tail):
    """Reading begins anew."""
    shutil.copy(path, path.with_suffix(".1"))
    os.truncate(path, 0)
    append(path, line("a", ""))
    assert ["a"] == came(tail)


def test_copied_and_cut_and_longer_than_before(path, tail):
    """The length does not tell, the beginning does."""
    os.truncate(path, 0)
    append(path, line("a") + line("b"))
    assert path.stat().st_size > len(line("there"))
    assert ["a", "b"] == came(tail)


def test_copied_and_cut_and_as_long_as_before(path, tail):
    """The other line is told at once, not when another follows."""
    path.write_text(line("other"))
    assert ["other"] == came(tail)


def test_cut_under_a_writer_that_goes_on(path, tail):
    """It does not append, so that NUL bytes stand before what it writes; that is told, once."""
    with path.open("r+") as file:
        file.seek(0, os.SEEK_END)
        os.truncate(path, 0)
        for call in ("a", "b"):
            file.write(line(call))
            file.flush()
            assert [call] == came(tail)


def test_deleted_and_created_later(path, tail):
    """It is waited for."""
    path.unlink()
    assert [] == came(tail)
    path.write_text(line("a"))
    assert ["a"] == came(tail)


def test_not_there_yet(tmp_path):
    """That is told, until it comes."""
    tail = Tail(str(tmp_path / "later"))
    assert ([], "is not there (yet)") == (came(tail), tail.problem)
    (tmp_path / "later").write_text(line("a"))
    assert (["a"], None) == (came(tail), tail.problem)
    tail.close()


def test_a_directory(tmp_path):
    """That is told, and a file in its place is read."""
    (tmp_path / "log").mkdir()
    tail = Tail(str(tmp_path / "log"))
    assert ([], "is a directory") == (came(tail), tail.problem)
    (tmp_path / "log").rmdir()
    (tmp_path / "log").write_text(line("a"))
    assert (["a"], None) == (came(tail), tail.problem)
    tail.close()


def test_a_compressed_file_is_read_once(tmp_path):
    """Nobody appends to it."""
    (tmp_path / "log.1.gz").write_bytes(gzip.compress((line("a") + line("b")).encode()))
    tail = Tail(str(tmp_path / "log.1.gz"))
    assert (["a", "b"], [], True, 2) == (came(tail), came(tail), tail.ended, tail.lines)


def test_a_byte_order_mark(tmp_path):
    """It belongs to no line."""
    (tmp_path / "log").write_text(line("a"), "utf-8-sig")
    tail = Tail(str(tmp_path / "log"))
    assert ["a"] == came(tail)
    append(tmp_path / "log", line("b"))
    assert ["b"] == came(tail)
    tail.close()


def test_a_line_without_an_end(path, tail):
    """Of it no more is kept than is needed, and what comes after is read."""
    for _ in range(8):
        append(path, "betamw" * 100_000)
        assert [] == came(tail)
    assert 2 << 20 > len(tail._rest)
    append(path, "\n" + line("a"))
    assert ["a"] == came(tail)


def test_a_line_that_cannot_be_read(path, tail):
    """It is counted, with its number in all that was read."""
    append(path, "one\n" + line("a").replace('"betamw_call"', '"betamw_cal'))
    assert [] == came(tail)
    assert [(1, 3)] == [(unread.lines, unread.first[0][0]) for unread in tail.unreadable.values()]


def test_much_is_read_in_turns(path, tail):
    """So that the table is drawn meanwhile, and other files are read."""
    append(path, line("a", "x" * 1000) * 10_000)
    first = sum(1 for _ in tail.records())
    assert (True, 10_000) == (tail.behind, first + len(came(tail)))
    assert 0 < first < 10_000


def test_a_line_in_pieces(path, tail):
    """As Docker cuts them, of which only one piece may hold our name; also across two looks."""
    path.unlink()
    text = line("a", "x" * 20_000)
    pieces = [
        json.dumps({"log": text[n : n + 16384], "stream": "stdout", "time": "2026-11-01T00:00:00Z"}) for n in (0, 16384)
    ]
    path.write_text(pieces[0] + "\n")
    assert [] == came(tail)
    append(path, pieces[1] + "\n")
    assert ["a"] == came(tail)


def test_a_named_pipe(tmp_path):
    """It is never waited for, whether somebody writes to it or not."""
    os.mkfifo(tmp_path / "pipe")
    tail = Tail(str(tmp_path / "pipe"))
    assert [] == came(tail)
    with (tmp_path / "pipe").open("w") as pipe:
        assert [] == came(tail)
        pipe.write(line("a"))
        pipe.flush()
        assert ["a"] == came(tail)
    assert [] == came(tail)
    tail.close()


def test_the_standard_librarys_handler(tmp_path):
    """`RotatingFileHandler`, which renames three files each time it rotates."""
    path = tmp_path / "app.log"
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=2000, backupCount=2)
    tail, told = Tail(str(path)), []
    for number in range(200):
        handler.emit(logging.LogRecord("betamw", logging.INFO, "", 0, line(number).rstrip(), None, None))
        if number % 7 == 0:
            told += came(tail)
    handler.close()
    assert [str(number) for number in range(200)] == told + came(tail)
    assert (tmp_path / "app.log.2").exists()
    tail.close()


class Growing(RuleBasedStateMachine):
    """A log to which lines and pieces of lines are written, rotated in all ways, and looked at now and then.

    Each file was looked at while it was there, and what is cut was read before: the rest is lost to everybody.
    """

    folder = None

    def __init__(self):
        super().__init__()
        self.path = self.folder / "app.log"
        self.path.unlink(missing_ok=True)
        self.tail, self.told, self.written, self.rest = Tail(str(self.path)), [], 0, b""
        self.reopen()
        self.look()

    def reopen(self):
        self.file = self.path.open("ab", buffering=0)

    @rule(padding=st.sampled_from([0, 50, 5000]))
    def write_half(self, padding):
        self.write(0, 0)
        text = line(self.written, "x" * padding).encode()
        self.file.write(text[:45])
        self.written, self.rest = self.written + 1, text[45:]

    @rule(lines=st.integers(0, 5), padding=st.sampled_from([0, 50, 5000]))
    def write(self, lines, padding):
        self.file.write(self.rest + "".join(line(self.written + n, "x" * padding) for n in range(lines)).encode())
        self.written, self.rest = self.written + lines, b""

    @rule()
    def look(self):
        self.told += came(self.tail)
        assert [str(number) for number in range(len(self.told))] == self.told

    @rule()
    def rename(self):
        self.look()
        self.write(2, 10)
        self.path.rename(self.path.with_suffix(".1"))
        self.write(1, 10)
        self.file.close()
        self.reopen()

    @rule()
    def delete(self):
        self.look()
        self.write(1, 10)
        self.path.unlink()
        self.look()
        self.write(1, 10)
        self.look()
        self.file.close()
        self.reopen()

    @rule()
    def cut(self):
        self.write(0, 0)
        self.look()
        os.truncate(self.path, 0)

    def teardown(self):
        self.write(0, 0)
        self.look()
        self.look()
        self.file.close()
        self.tail.close()
        assert self.written == len(self.told)


def test_whatever_is_done_to_it(tmp_path):
    """Each line is told once, in order."""
    Growing.folder = tmp_path
    run_state_machine_as_test(Growing, settings=settings(max_examples=25, stateful_step_count=30))
