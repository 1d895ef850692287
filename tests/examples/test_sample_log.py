"""The sample log: it is what the program makes, and holds what its README says."""

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "logs"
SAMPLE = FOLDER / "betamw-sample.jsonl.gz"
LONG = "context-1m-2025-08-07"


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """The lines of the log that is committed."""
    return gzip.decompress(SAMPLE.read_bytes()).decode().splitlines()


@pytest.fixture(scope="module")
def events(lines) -> list[dict]:
    """The events of ours in it."""
    whole = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    return [event for event in whole if event["event"].startswith("betamw.")]


def make(days: float, file: Path) -> bytes:
    """Run the program, and return what it has written."""
    program = [sys.executable, "-W", "error", str(FOLDER / "make_sample.py"), "--days", str(days), str(file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(program, cwd=file.parent, env=environment, timeout=60, check=True)  # noqa: S603  our own
    return file.read_bytes()


def test_the_program_makes_it(lines, tmp_path):
    """A day of it, made anew, is the beginning of what is committed."""
    made = make(1, tmp_path / "day.jsonl").decode().splitlines()
    assert 500 < len(made)
    assert lines[: len(made)] == made


def test_it_is_packed(lines, tmp_path):
    """A name that ends in .gz gets gzip, without the time of day: the same log is the same file."""
    made = make(0.1, tmp_path / "night.jsonl.gz")
    assert bytes(4) == made[4:8]
    assert lines[:3] == gzip.decompress(made).decode().splitlines()[:3]


def test_size():
    """The repository stays small, and so does the page of the README."""
    assert sum(file.stat().st_size for file in FOLDER.iterdir() if file.is_file()) < 300_000
    assert (ROOT / "docs" / "report.png").stat().st_size < 150_000


def test_what_is_in_it(events):
    """All kinds of events but that of a hook, all outcomes, and every reason to leave a beta out."""
    calls = [event for event in events if event["event"] == "betamw.request"]
    assert {"ok": 2533, "recovered": 112, "rejected": 2, "error": 84, "cancelled": 20} == Counter(
        call["outcome"] for call in calls
    )
    kinds = ("request", "beta.rejected", "memory.learned", "memory.hit", "memory.expired", "memory.reprobed")
    assert {*(f"betamw.{kind}" for kind in kinds), "betamw.input.invalid"} == {event["event"] for event in events}
    lists = ("dropped_rejected", "dropped_remembered", "dropped_policy", "substituted", "scoped")
    assert [] == [name for name in lists if not any(call[f"betas_{name}"] for call in calls)]


def test_a_beta_is_retired(events):
    """One is accepted until a Tuesday, and refused since."""
    accepted = [e["timestamp"] for e in events if LONG in e.get("betas_sent", ()) and e.get("outcome") == "ok"]
    refused = [e["timestamp"] for e in events if LONG in e.get("betas_rejected", ())]
    assert "2026-11-02" < min(accepted) < max(accepted) < "2026-11-10T09:30" < min(refused) < "2026-11-10T12"


def test_two_lines_are_cut_off(lines):
    """A killed process leaves the beginning of an event."""
    assert [1890, 5413] == [
        number for number, line in enumerate(lines, 1) if line.startswith("{") and not line.endswith("}")
    ]
