"""`betamw report --follow`: a real process that follows a log which others write and rotate meanwhile.

It looks twice a second, so a test takes half a second for each thing that is to be seen.
"""

import codecs
import fcntl
import json
import logging
import logging.handlers
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


def refusal(number, beta="context-1m-2025-08-07"):
    """A line of a log: an event of note."""
    return json.dumps(
        {
            "event": "betamw.beta.rejected",
            "betamw_call": f"{number:016x}",
            "url_template": "/v1/messages",
            "betas_rejected": [beta],
            "betas_sent": [beta],
            "attempt": 1,
            "action": "resend",
            "http_response_status_code": 400,
            "anthropic_request_id": f"req_{number}",
            "timestamp": "2026-11-01T12:00:00Z",
        }
    )


def call(number, beta="context-1m-2025-08-07", outcome="ok"):
    """A line of a log: a call."""
    return json.dumps(
        {
            "event": "betamw.request",
            "betamw_call": f"{number:016x}",
            "server_address": "api.anthropic.com",
            "url_template": "/v1/messages",
            "betas_requested": [beta],
            "betas_merged": [beta],
            "betas_sent": [beta],
            "outcome": outcome,
            "duration_s": 0.5,
            "http_response_status_code": 200,
            "timestamp": "2026-11-01T12:00:00Z",
        }
    )


def append(path, *lines):
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


@pytest.fixture
def follow(environment):
    """Start `betamw report --follow ...`; whatever is left of it is ended."""
    started = []

    def start(*arguments, **more):
        command = [sys.executable, "-W", "error", "-m", "betamw.cli", "report", "--follow", *map(str, arguments)]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
        process = subprocess.Popen(  # noqa: S603  our own program
            command, cwd=ROOT, env=environment | {"TERM": "xterm"}, bufsize=0, **pipes
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
            pipe.close()


def read(process, count, pipe=None):
    """That many lines of its output."""
    return [_line(pipe or process.stdout).decode().rstrip("\n") for _ in range(count)]


def _line(pipe):
    assert select.select([pipe], [], [], PATIENCE)[0], "no line came"
    return pipe.readline()


def ended(process, number=signal.SIGINT):
    """Its exit code, and the rest of its output, when it gets a signal."""
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert b"Traceback" not in err
    return process.returncode, out.decode()


# In a pipe.


def test_a_line_for_each_event_of_note(follow, tmp_path):
    """First what is there, in a sentence; then what comes; ^C is how one leaves: exit code 0, and the sentence anew."""
    log = tmp_path / "app.log"
    append(log, call(1), call(2))
    process = follow(log)
    assert ["2 calls at 2026-11-01 12:00:00 UTC: 2 ok (100 %)."] == read(process, 1)
    append(log, "another program's line", refusal(3), call(3), call(4, outcome="error"))
    assert [
        "2026-11-01T12:00:00.000Z refused context-1m-2025-08-07 at /v1/messages: sent again; 400 req_3",
        "2026-11-01T12:00:00.000Z error 200 at /v1/messages after 1 attempt",
    ] == read(process, 2)
    code, rest = ended(process)
    assert (0, "4 calls") == (code, rest[:7])


def test_a_log_that_is_rotated(follow, tmp_path):
    """By the standard library's handler, by logrotate's copytruncate, and by who deletes it: nothing is lost."""
    log = tmp_path / "app.log"
    handler = logging.handlers.RotatingFileHandler(log, maxBytes=4000, backupCount=1)

    def write(*numbers):
        for number in numbers:
            handler.emit(logging.LogRecord("betamw", logging.INFO, "", 0, refusal(number), None, None))
        return [re.search(r"req_\d+", line)[0] for line in read(process, len(numbers))]

    process = follow(log)
    assert ["No events of betamw in 0 lines of"] == [line[:33] for line in read(process, 1)]
    assert [f"req_{number}" for number in range(15)] == write(*range(15))  # rotated once
    assert (tmp_path / "app.log.1").exists()
    shutil.copy(log, tmp_path / "app.log.copy")
    os.truncate(log, 0)
    assert ["req_15", "req_16"] == write(15, 16)
    log.unlink()
    handler.close()
    assert ["req_17"] == write(17)
    handler.close()
    assert 0 == ended(process)[0]


def test_several_files_one_of_them_later(follow, tmp_path):
    """What is not there yet is told on stderr, and so is that it has come."""
    first, later = tmp_path / "first.log", tmp_path / "later.log"
    append(first, call(1))
    process = follow(first, later)
    assert ["1 call "] == [line[:7] for line in read(process, 1)]
    assert [f"betamw report: {later}: is not there (yet)"] == read(process, 1, process.stderr)
    append(later, refusal(2))
    assert ["req_2"] == [line[-5:] for line in read(process, 1)]
    assert [f"betamw report: {later}: is followed"] == read(process, 1, process.stderr)


def test_only_what_is_selected(follow, tmp_path):
    """The options that select events hold for what comes, too."""
    log = tmp_path / "app.log"
    append(log, call(1), call(2, "files-api-2025-04-14"))
    process = follow(log, "--beta", "files-api-*")
    assert ["1 call "] == [line[:7] for line in read(process, 1)]
    append(log, refusal(3), refusal(4, "files-api-2025-04-14"))
    assert ["req_4"] == [line[-5:] for line in read(process, 1)]


def test_standard_input(follow):
    """It ends where standard input does."""
    process = follow("-", stdin=subprocess.PIPE)
    out, err = process.communicate(f"{call(1)}\n{refusal(1)}\n".encode(), timeout=PATIENCE)
    assert (0, b"1 call ", b"") == (process.returncode, out[:7], err)


def test_a_last_line_without_an_end(follow):
    """Nothing will be added to it, so it counts."""
    process = follow("-", stdin=subprocess.PIPE)
    out, err = process.communicate(f"{call(1)}\n{call(2)}".encode(), timeout=PATIENCE)
    assert (0, b"2 calls ", b"") == (process.returncode, out[:8], err)


def test_standard_input_that_is_closed(follow):
    """As by `<&-`: it is told, and nothing was read."""
    process = follow("-", stdin=None, preexec_fn=lambda: os.close(0))
    _, err = process.communicate(timeout=PATIENCE)
    assert (2, b"betamw report: -: is closed\n") == (process.returncode, err)


def test_what_is_ignored_stays_so(follow, tmp_path):
    """Under nohup the end of the terminal does not end it."""
    log = tmp_path / "app.log"
    append(log, call(1))
    process = follow(log, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    read(process, 1)
    process.send_signal(signal.SIGHUP)
    append(log, refusal(2))
    assert ["req_2"] == [line[-5:] for line in read(process, 1)]
    assert 0 == ended(process)[0]


def test_a_reader_that_has_enough(follow, tmp_path):
    """As `| head -1`: it ends with its next line, without a word."""
    log = tmp_path / "app.log"
    append(log, call(1))
    process = follow(log)
    read(process, 1)
    process.stdout.close()
    append(log, refusal(2))
    assert (1, b"") == (process.wait(PATIENCE), process.stderr.read())


# In a terminal.


def plain(text):
    """A text without what colours it."""
    return re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", text)


class Screen:
    """A terminal of some size, and what was written to it."""

    def __init__(self, columns, lines):
        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.text = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")()  # what is read may end within a character

    def see(self, *texts):
        """Wait until all of these were written, since the last time; what was written."""
        begin, until = len(self.text), time.monotonic() + PATIENCE
        while not all(text in self.text[begin:] or text in plain(self.text[begin:]) for text in texts):
            assert time.monotonic() < until, self.text[begin:]
            if select.select([self.ours], [], [], 0.2)[0]:
                self.text += self.decoder.decode(os.read(self.ours, 1 << 16))
        return self.text[begin:]

    def close(self):
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture(params=[(80, 24), (60, 12)], ids=["80x24", "60x12"])
def screen(request):
    """A terminal."""
    screen = Screen(*request.param)
    screen.size = request.param
    yield screen
    screen.close()


def test_a_table_that_stays_in_its_place(follow, tmp_path, screen):
    """Each frame fits the terminal, from its first line on, so that nothing scrolls; then the terminal is as before."""
    log = tmp_path / "app.log"
    for number in range(30):
        append(log, call(number, f"beta-{number % 9}-2026-01-01"), refusal(number))
    terminal = {"stdin": screen.theirs, "stdout": screen.theirs}
    process = follow(log, **terminal)
    screen.see(ENTER, "30 calls", "beta")
    append(log, call(31))
    screen.see("31 calls", "^C ends")
    process.send_signal(signal.SIGINT)
    last = screen.see(LEAVE, "31 calls", "^C ends")
    assert 0 == process.wait(PATIENCE)
    columns, lines = screen.size
    frames = screen.text.partition(ENTER)[2].partition(LEAVE)[0].split("\x1b[H")[1:]
    assert 2 <= len(frames)
    for frame in frames:
        assert lines >= len(plain(frame).split("\r\n"))
        assert columns >= max(map(len, plain(frame).split("\r\n")))
    assert lines >= len(plain(last.partition(LEAVE)[2]).split("\r\n"))


def test_asked_to_end(follow, tmp_path, screen):
    """SIGTERM leaves the terminal as it was, too."""
    append(tmp_path / "app.log", call(1))
    process = follow(tmp_path / "app.log", stdin=screen.theirs, stdout=screen.theirs)
    screen.see("1 call ")
    process.terminate()
    screen.see(LEAVE)
    assert 128 + signal.SIGTERM == process.wait(PATIENCE)
