"""From files to a summary: with one process or more, and when one of them is gone."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.records import START, call, logs

from betamw.core.errors import ConfigError
from betamw.logs import summarize as module
from betamw.logs import workers
from betamw.logs.reading import spans
from betamw.logs.selection import Selection
from betamw.logs.summarize import summarize


def line_of(record):
    """An event as structlog's JSON renderer writes it."""
    fields = {name: value for name, value in msgspec.to_builtins(record).items() if value not in (None, (), [])}
    at = fields.pop("at", None)
    return json.dumps(fields | ({} if at is None else {"timestamp": at}))


def write(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def calls(number, *, seed=0):
    """Calls of a few kinds, with lines between that are not ours and some that are cut."""
    dice = random.Random(seed)  # noqa: S311  a sample, not a secret
    for at in range(number):
        beta = f"mine-{dice.randrange(400)}"
        line = line_of(
            call(
                START + dice.random() * 1e6,
                betamw_call=f"{at:016x}",
                betas_requested=(beta, "files-api-2025-04-14"),
                url_template=f"/v{dice.randrange(120)}",
                duration_s=dice.random(),
            )
        )
        yield line[:150] if dice.random() < 0.01 else line
        yield '{"event": "http.access", "path": "/"}'


@pytest.fixture
def large(tmp_path, monkeypatch):
    """A file of several spans, and two small ones."""
    monkeypatch.setattr(module, "_SPAN", 1 << 18)
    monkeypatch.setattr(spans, "SMALLEST", 1 << 18)
    return [
        write(tmp_path / "large.log", calls(3000)),
        write(tmp_path / "small.log", calls(50, seed=1)),
        str(tmp_path / "missing.log"),
    ]


@pytest.mark.parametrize("forking", [True, False], ids=["as here", "spawned"])
def test_processes_make_no_difference(large, monkeypatch, forking):
    """The summary is the same with one process and with three: above the caps, with lines that cannot be read."""
    if not forking:
        monkeypatch.setattr(workers, "_may_fork", lambda: False)
    one = summarize(large, processes=1)

    assert one == summarize(large, processes=3)
    assert [6000, 100, 0] == [source.lines for source in one.sources]
    assert one.headline.unreadable > 5
    assert one.betas_left_out > 0
    assert one.endpoints_left_out > 0


def test_lines_are_numbered_from_the_file_s_beginning(large):
    """Where a file is read in spans, a line that could not be read is told by its number in the file."""
    lines = Path(large[0]).read_text().splitlines()

    first = [line for unreadable in summarize(large[:1], processes=2).unreadable for line in unreadable.first]

    assert first
    assert all(lines[line.line - 1][:20] in line.excerpt.replace("\\", "") for line in first)


@settings(max_examples=25)
@given(log=logs, cuts=st.lists(st.integers(0, 60), max_size=3))
def test_files_make_no_difference(tmp_path_factory, log, cuts):
    """However events are spread over files, they add up to the same."""
    folder = tmp_path_factory.mktemp("logs")
    lines = [line_of(record) for record in log]
    bounds = [0, *sorted(min(cut, len(lines)) for cut in cuts), len(lines)]
    files = [write(folder / f"{number}.log", lines[start:end]) for number, (start, end) in enumerate(pairwise(bounds))]

    whole, parts = summarize([write(folder / "whole.log", lines)]), summarize(files)

    assert (whole.headline, whole.betas, whole.endpoints) == (parts.headline, parts.betas, parts.endpoints)
    assert (whole.findings, whole.timeline) == (parts.findings, parts.timeline)


def test_a_file_twice_is_two_sources(tmp_path):
    """A file that is given twice counts twice."""
    file = write(tmp_path / "a.log", calls(5))

    summary = summarize([file, file])

    assert [10, 10] == [source.lines for source in summary.sources]


def test_selection(tmp_path):
    """Only what is selected counts; all lines are read."""
    file = write(tmp_path / "a.log", calls(5))

    summary = summarize([file], Selection(until=START))

    assert (0, 5) == (summary.headline.calls, summary.sources[0].events + summary.headline.unreadable)


def test_progress(large):
    """The bytes that were read grow up to all that there are, whoever reads them."""
    told = []

    summarize(large, processes=2, tell=lambda done, size: told.append((done, size)))

    size = sum(Path(file).stat().st_size for file in large[:2])
    assert (size, size) == told[-1]
    assert told == sorted(told)
    assert len(told) > 5


@pytest.mark.parametrize("processes", [0, -1, True, "2", 1.5])
def test_processes_that_are_no_number(processes):
    """A clear error before anything is read."""
    with pytest.raises(ConfigError, match="processes must be a number from 1 on, or None, got"):
        summarize([], processes=processes)


PROGRAM = """
    import os, signal, sys, threading, time
    from betamw.errors import BetaError
    from betamw.logs import summarize as module
    from betamw.logs.reading import spans
    from multiprocessing import active_children

    module._SPAN = spans.SMALLEST = 1 << 18
    spoil = {spoil}

    def tell(done, size):
        global spoil
        if spoil and active_children():
            print(*(child.pid for child in active_children()), flush=True)
            spoil()
            spoil = None

    if __name__ == "__main__":
        try:
            module.summarize(sys.argv[1:], processes=2, tell=tell)
        except BetaError as error:
            print(error)
            print(len(active_children()))
"""


def run(spoil, file):
    """A program that reads with two processes and does something to the other one: what it prints, and how it ends."""
    source = textwrap.dedent(PROGRAM).format(spoil=spoil)
    script = Path(file).with_name("program.py")
    script.write_text(source)
    root = str(Path(module.__file__).parents[2])
    return subprocess.run(  # noqa: S603  our own words
        [sys.executable, str(script), file],
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def alive(process):
    """Whether there is a process of this number that has not ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes as Linux shows them")
def test_a_process_that_dies_is_told(tmp_path):
    """One that is killed from outside: an error that says so, no hang, and nobody is left."""
    file = write(tmp_path / "large.log", calls(8000))

    done = run("lambda: [os.kill(child.pid, signal.SIGKILL) for child in active_children()]", file)

    processes, error, left = done.stdout.splitlines()
    assert "a process that read a part of the logs ended early (exit code -9)" in error
    assert "0" == left
    assert not any(map(alive, processes.split()))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes as Linux shows them")
def test_interrupt_ends_all(tmp_path):
    """^C, which a terminal sends to all processes, ends this one at once and leaves none behind."""
    file = write(tmp_path / "large.log", calls(8000))

    done = run(
        "lambda: [os.kill(pid, signal.SIGINT) for pid in [*(c.pid for c in active_children()), os.getpid()]]", file
    )

    assert -signal.SIGINT == done.returncode
    assert 1 == done.stderr.count("Traceback"), done.stderr
    deadline = time.monotonic() + 10
    while any(map(alive, done.stdout.split())) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(alive, done.stdout.split()))
