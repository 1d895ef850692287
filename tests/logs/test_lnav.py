"""betamw's format for lnav: lnav finds it, accepts it, and reads the sample log with it."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from types import UnionType
from typing import get_args

import msgspec
import pytest

import betamw
from betamw.logs.lnav import install
from betamw.logs.record import Record

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "examples" / "logs" / "betamw-sample.jsonl.gz"
FORMAT = json.loads((ROOT / "betamw" / "logs" / "betamw.lnav.json").read_text())["betamw_log"]
KINDS = {str: "string", int: "integer", float: "float", tuple: "json"}
READS = pytest.mark.skipif(shutil.which("lnav") is None, reason="lnav is not installed: apt-get install lnav")
FOLDERS = [
    ([], None, "home/.lnav"),
    (["home/.config"], None, "home/.config/lnav"),
    (["home/.config"], "gone", "home/.config/lnav"),
    (["home/.config", "xdg"], "xdg", "xdg/lnav"),
    (["home/.config", "xdg", "home/.lnav"], "xdg", "home/.lnav"),
]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The user's home, an empty one."""
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def lnav(*arguments: str) -> tuple[int, str]:
    """The exit code of lnav, and what it prints; standard input is empty, for it would wait for that."""
    done = subprocess.run(  # noqa: S603
        ["lnav", *arguments],  # noqa: S607
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def asked(query: str) -> list[str]:
    """The rows that lnav finds in the sample log, without the head of the table."""
    code, table = lnav("-n", "-c", f";{query}", str(SAMPLE))
    assert code == 0, table
    return [" ".join(line.split()) for line in table.splitlines()[1:]]


@READS
@pytest.mark.parametrize(("folders", "xdg", "where"), FOLDERS)
def test_it_is_put_where_lnav_looks(folders, xdg, where, home, monkeypatch):
    """Whichever of its folders there are, lnav knows the table."""
    for folder in folders:
        (home.parent / folder).mkdir()
    if xdg:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home.parent / xdg))

    assert home.parent / where / "formats" / "installed" / "betamw_log.json" == install()
    assert ["2977"] == asked("SELECT count(*) FROM betamw_log WHERE log_level = 'info'")


@READS
def test_lnav_has_no_complaint(home):
    """The formats are checked by lnav itself, which knows of one that is wrong."""
    path = install(home)
    assert (0, "") == lnav("-C")
    path.write_text(path.read_text().replace('"kind": "json"', '"kind": "list"', 1))
    code, complaint = lnav("-C")
    assert (1, True) == (code, "“list” is not a valid value" in complaint)


@READS
def test_events_can_be_asked_for(home):
    """Fields are columns, of their types."""
    install(home)
    assert ["ok 2533 <NULL>", "recovered 112 27.53"] == asked(
        "SELECT outcome, count(*), round(sum(resend_overhead_s), 2) FROM betamw_log"
        " WHERE event = 'betamw.request' AND outcome IN ('ok', 'recovered') GROUP BY outcome"
    )


@READS
def test_a_line_is_told_in_a_line(home):
    """Each event is one line: when, how bad, what, where, and what became of it."""
    install(home)
    first, second, *_ = lnav("-n", str(SAMPLE))[1].splitlines()
    told = "2026-11-02T00:59:10.143 info betamw.request POST /v1/messages ok 200 1 4.304460 "
    assert (told, "10.2.") == (" ".join(first.split())[: len(told)], second[:5])


def kind(hint) -> str:
    """What lnav calls the type of a field."""
    options = [each for each in get_args(hint) if each is not type(None)] if isinstance(hint, UnionType) else [hint]
    return KINDS[getattr(options[0], "__origin__", options[0])]


def test_all_fields_are_there():
    """The format has each field of an event, with its type."""
    fields = {field.name: kind(field.type) for field in msgspec.structs.fields(Record) if field.name != "at"}
    assert fields == {name: value["kind"] for name, value in FORMAT["value"].items()}


def test_it_can_be_installed_again(home):
    """What is there of an earlier version is replaced, and nothing is left beside it."""
    path = install(home)
    path.write_text("{}")
    assert path == install(home)
    assert {"$schema", "betamw_log"} == set(json.loads(path.read_text()))
    assert [path] == list(path.parent.iterdir())


def test_where_nothing_can_be_written(home):
    """The error names the file, and nothing is left."""
    (home / ".lnav").mkdir()
    (home / ".lnav" / "formats").write_text("a file, where a folder should be")
    file = str(home / ".lnav" / "formats" / "installed" / "betamw_log.json")
    with pytest.raises(betamw.ConfigError) as caught:
        install(home)
    assert f"cannot install the format for lnav: {file!r} cannot be written: {os.strerror(20)}" == str(caught.value)
    assert [home / ".lnav" / "formats"] == list((home / ".lnav").iterdir())


def test_without_a_home(home):
    """A home that is not there is not made."""
    with pytest.raises(betamw.ConfigError, match=r"must be a directory, got '.*/nobody'"):
        install(home / "nobody")
