"""`betamw report` over logs that a real chain has written: what it prints, where, and what it exits with."""

import io
import json
import os
import pty
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import click
import pytest
import structlog
from click.shell_completion import ShellComplete
from rich.console import Console
from support.client import BODY

import betamw
from betamw.cli import app as cli_app
from betamw.cli.report_bar import bar
from betamw.cli.report_options import time_given
from betamw.testing import SimulatedApi

ROOT = Path(__file__).parents[2]
LONG, FILES, EFFORT = "context-1m-2025-08-07", "files-api-2025-04-14", "effort-2025-11-24"
CALLS = (("POST", "/v1/messages", LONG), ("POST", "/v1/messages", LONG), ("GET", "/v1/files", FILES))
CUT = '{"betamw_schema": 1, "betamw_call": "c2ce", "event": "betamw.req'


async def write_log(path: Path, *refused: str) -> None:
    """Make three calls with a default, one of them to another endpoint; what is refused is so in each."""
    with path.open("w", encoding="utf-8") as file:
        stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
        processors = [structlog.stdlib.add_log_level, stamp, structlog.processors.JSONRenderer()]
        logger = structlog.wrap_logger(structlog.WriteLogger(file), processors=processors)
        async with SimulatedApi() as api:
            if refused:
                api.refuse(*refused)
            chain = betamw.chain(EFFORT, api=betamw.Api(api.base_url), memory=None, logger=logger)
            async with aiohttp.ClientSession(api.base_url, middlewares=chain) as session:
                for method, url, beta in CALLS:
                    async with session.request(method, url, json=BODY, headers={"anthropic-beta": beta}) as response:
                        await response.read()


@pytest.fixture
async def log(tmp_path, monkeypatch):
    """A log in which a beta is refused twice."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "app.log"
    await write_log(path, LONG)
    return path.name


@pytest.fixture
async def good(tmp_path, monkeypatch):
    """A log in which nothing is wrong."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "good.log"
    await write_log(path)
    return path.name


@pytest.fixture
def report(capsys, monkeypatch):
    """Run the command; returns exit code, stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str) -> tuple[int, str, str]:
        status = cli_app.run(["report", *arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return run


def calls(out: str) -> int:
    """The calls that a JSON document counts."""
    return json.loads(out)["headline"]["calls"]


# What it prints.


def test_text(report, log):
    """By default, the text; and nothing on stderr."""
    status, out, err = report(log)

    assert (0, "") == (status, err)
    assert out.startswith("3 calls ")
    assert f"{LONG} 2 0 2" in re.sub(" +", " ", out)


def test_json(report, log):
    """With `--json`, one document."""
    status, out, err = report(log, "--json")

    assert (0, "", 3) == (status, err, calls(out))


def test_markdown(report, log):
    """With `--md`, Markdown."""
    status, out, err = report(log, "--md")

    assert (0, "") == (status, err)
    assert out.startswith("## betamw report\n\n**3 calls** ")


def test_html(report, log):
    """With `--html FILE` a page too, which is told on stderr and may be written again."""
    for _ in range(2):
        status, out, err = report(log, "--html", "page.html", "--json")
        assert (0, "betamw report: wrote page.html\n", 3) == (status, err, calls(out))

    assert "<!doctype html" == Path("page.html").read_text("utf-8")[:14].lower()
    assert {"app.log", "page.html"} == {path.name for path in Path().iterdir()}


def test_html_mode(report, log):
    """The page has the rights that any file of this user has."""
    before = os.umask(0o027)
    try:
        report(log, "--html", "page.html")
    finally:
        os.umask(before)

    assert 0o640 == stat.S_IMODE(Path("page.html").stat().st_mode)


def test_html_link(report, log):
    """A link stays, and what it leads to is replaced."""
    Path("there").mkdir()
    Path("page.html").symlink_to("there/page.html")

    assert 0 == report(log, "--html", "page.html")[0]
    assert Path("page.html").is_symlink()
    assert Path("there/page.html").is_file()


def test_html_on_stdout(report, log):
    """With `--html -`, the page in place of the text."""
    status, out, err = report(log, "--html", "-")

    assert (0, "") == (status, err)
    assert out.lower().startswith("<!doctype html")
    assert out.rstrip().endswith("</html>")


def test_html_without_room(report, log, monkeypatch):
    """A page that cannot be written is an error; the report is printed nevertheless, and no half page stays."""
    monkeypatch.setattr(os, "getpid", lambda: "a" * 300)  # a name that no file system takes

    status, out, err = report(log, "--html", "page.html")

    assert (2, "betamw report: --html page.html: File name too long\n") == (status, err)
    assert out.startswith("3 calls")
    assert ["app.log"] == [path.name for path in Path().iterdir()]


def test_standard_input(environment, log):
    """`-` reads standard input."""
    done = run_cli(environment, "report", "-", "--json", stdin=Path(log).read_bytes())

    assert (0, b"", 3) == (done.returncode, done.stderr, calls(done.stdout))


def run_cli(environment, *arguments, stdin=b"", **variables) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-W", "error", "-m", "betamw.cli", *arguments],
        env={**environment, "PYTHONPATH": str(ROOT), **variables},
        input=stdin,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("output", [[], ["--md"], ["--json"]])
def test_ascii(environment, log, output):
    """Where stdout takes ASCII only, nothing else is written to it, whatever the file is called."""
    Path("größe\udcff\x1b.log").write_bytes(Path(log).read_bytes())
    done = run_cli(environment, "report", "größe\udcff\x1b.log", *output, PYTHONUTF8="0", PYTHONIOENCODING="ascii")

    assert (0, b"") == (done.returncode, done.stderr)
    assert done.stdout.isascii()
    assert b"\x1b" not in done.stdout


def test_html_is_utf8(environment, log):
    """A page says that it is UTF-8, so it is, whatever stdout takes else."""
    Path(log).rename("größe.log")
    done = run_cli(environment, "report", "größe.log", "--html", "-", PYTHONUTF8="0", PYTHONIOENCODING="ascii")

    assert (0, b"") == (done.returncode, done.stderr)
    assert not done.stdout.isascii()
    assert done.stdout.decode().rstrip().endswith("</html>")


@pytest.mark.parametrize("processes", ["1", "2"])
def test_processes(report, log, processes):
    """What is printed does not depend on the number of processes."""
    assert report(log, "--json")[1] == report(log, "--json", "--processes", processes)[1]


# Which events.


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], 3),
        (["--beta", LONG], 2),
        (["--beta", "context-1m-*", "--beta", FILES], 3),
        (["--endpoint", "/v1/files"], 1),
        (["--endpoint", "/v1/m*"], 2),
        (["--outcome", "recovered"], 2),
        (["--outcome", "ok", "--outcome", "error"], 1),
        (["--since", "1h"], 3),
        (["--until", "90m"], 0),
        (["--since", "2020-01-01", "--until", "2999-12-31T12:00+02:00"], 3),
    ],
)
def test_selection(report, log, options, expected):
    """Filters leave those calls that fit."""
    status, out, err = report(log, "--json", *options)

    assert (0, "", expected) == (status, err, calls(out))


def test_a_time_without_an_offset_is_in_utc(monkeypatch):
    """It is that of the log, wherever the reader lives."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        given = time_given(click.Context(cli_app.app), click.Option(["--since"]), "2026-11-01T12:00")
    time.tzset()

    assert "2026-11-01T12:00:00+00:00" == given.isoformat()


def test_nothing_selected(report, log):
    """That nothing was selected is told apart from a log without events."""
    status, out, _ = report(log, "--beta", "nope")

    assert 0 == status
    assert out.startswith("No calls: ")


# What it exits with.


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--fail-on", "rejected"], (1, f"betamw report: 1 beta was refused ({LONG})\n")),
        (["--fail-on", "failed"], (0, "")),
        (["--fail-on", "unreadable"], (0, "")),
        (["--check"], (0, "")),
    ],
)
def test_fail_on_rejected(report, log, options, expected):
    """A refusal that was recovered from is one, and no failure."""
    status, _, err = report(log, *options)

    assert expected == (status, err)


@pytest.mark.parametrize("kind", ["rejected", "failed", "unreadable"])
def test_fail_on_nothing(report, good, kind):
    """Where all is well the exit code is 0."""
    status, _, err = report(good, "--fail-on", kind)

    assert (0, "") == (status, err)


def test_fail_on_several(report, log):
    """Each that was found is told, in one line."""
    lines = [json.loads(line) for line in Path(log).read_text("utf-8").splitlines()]
    failed = [line | {"outcome": "error"} for line in lines if line["event"] == "betamw.request"]
    Path("more.log").write_text("\n".join([*map(json.dumps, failed), CUT, ""]), "utf-8")

    status, _, err = report(log, "more.log", "--fail-on", "failed", "--fail-on", "unreadable", "--fail-on", "rejected")

    assert (1, f"betamw report: 1 beta was refused ({LONG}); 3 calls failed; 1 line could not be read\n") == (
        status,
        err,
    )


def test_check(report, log):
    """`--check` tells what does not hold, and exits with 1."""
    broken = Path(log).read_text("utf-8").replace('"betas_requested": [', '"betas_requested": ["other-2025-01-01", ')
    Path("broken.log").write_text(broken, "utf-8")

    status, out, err = report("broken.log", "--check")

    assert (1, "betamw report: 1 invariant does not hold\n") == (status, err)
    assert "Invariants of the events\n  3 calls: " in out


# What cannot be read.


def test_missing(report):
    """Where no file could be read there is a line for each, nothing on stdout, and exit code 2."""
    status, out, err = report("nope.log", str(ROOT), "--json")

    assert (2, "", 2) == (status, out, err.count("\n"))
    assert err.startswith("betamw report: nope.log: ")


def test_link_in_a_circle(report, log, tmp_path):
    """It is told as any other file that cannot be read."""
    (tmp_path / "circle.log").symlink_to("circle.log")
    code, _, err = report("circle.log")
    assert (2, "betamw report: circle.log: cannot be read: too many levels of symbolic links\n") == (code, err)
    assert 0 == report(log, "circle.log")[0]
    assert 0 == report(log, "--html", "circle.log")[0]


def test_one_missing(report, log):
    """Where one can be read it is reported, and the other's trouble is told twice: on stderr and in the report."""
    status, out, err = report("nope.log", log)

    assert (0, 1) == (status, err.count("\n"))
    assert "nope.log: " in err
    assert "nope.log: " in out
    assert out.startswith("3 calls ")


def test_no_log(report, tmp_path, monkeypatch):
    """A text in which there is nothing of ours is no error: it says so, and where to look."""
    monkeypatch.chdir(tmp_path)
    Path("other.log").write_text("GET / 200\n" * 12, "utf-8")
    status, out, err = report("other.log", "--fail-on", "rejected")

    assert (0, "") == (status, err)
    assert out.startswith("No events of betamw in 12 lines of other.log.\n")
    assert "configured" in out


# Wrong usage.


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "no FILE is given; - reads standard input"),
        (["a.log", "--since", "5x"], "must be a time, like"),
        (["a.log", "--since", "2026-13-01"], "must be a time, like"),
        (["a.log", "--since", "99999999999d"], "must be a time, like"),
        (["a.log", "--since", "1h", "--until", "2h"], "--since must be before --until, got 20"),
        (["a.log", "--since", "2026-01-01", "--until", "2026-01-01"], "--since must be before --until"),
        (["a.log", "--beta", ""], "must be a beta's name, or a pattern"),
        (["a.log", "--beta", "a\x1b"], "must be a beta's name, or a pattern"),
        (["a.log", "--endpoint", "v1/messages"], "must begin with a slash"),
        (["a.log", "--outcome", "good"], "'good' is not one of 'ok'"),
        (["a.log", "--fail-on", "all"], "'all' is not one of 'rejected'"),
        (["a.log", "--processes", "0"], "0 is not in the range"),
        (["a.log", "--json", "--md"], "--json does not go together with --md"),
        (["a.log", "--html", "-", "--md"], "--html - does not go together with --md"),
        (["a.log", "--html", "-", "--json"], "--html - does not go together with --json"),
        (["a.log", "--call", "x", "--since", "1h"], "--call does not go together with --since"),
        (["a.log", "--call", "x", "--md", "--html", "b"], "--call does not go together with --html, --md"),
        (["a.log", "--follow", "--md", "--html", "b"], "--follow does not go together with --html, --md"),
        (["a.log", "--follow", "--call", "x"], "does not go together with"),
        (["a.log", "--install-lnav"], "--install-lnav does not go together with FILE"),
        (["a.log", "./a.log"], "a.log is given more than once"),
        (["-", "-"], "- is given more than once"),
        (["a.log", "--html", "nope/page.html"], "nope/page.html: there is no directory nope"),
        (["a.log", "--html", str(ROOT)], "is a directory"),
        (["a.log", "--html", __file__], "is no page"),
        (["new.html", "--html", "new.html"], "--html new.html is one of the files to read"),
    ],
)
def test_usage(report, arguments, expected):
    """What makes no sense is one line on stderr, before anything is read."""
    status, out, err = report(*arguments)

    assert (2, "", 1) == (status, out, err.count("\n"))
    assert expected in err


def test_usage_hides_keys(report):
    """A value that looks like a key is not repeated."""
    status, _, err = report("a.log", "--since", "sk-ant-api03-secret")

    assert (2, False) == (status, "secret" in err)


def test_help(report):
    """The help has an example, the exit codes, and how times are written."""
    status, out, err = report("--help")

    assert (0, "") == (status, err)
    for told in ("Exit codes: 0 ", "Examples:", "90m, 2h, 3d", "FILE... | -"):
        assert told in out


@pytest.mark.parametrize(
    ("option", "begin", "expected"),
    [
        ("--beta", "files-api", [FILES]),
        ("--endpoint", "/v1/messages/c", ["/v1/messages/count_tokens"]),
        ("--outcome", "re", ["recovered", "rejected"]),
        ("--fail-on", "un", ["unreadable"]),
    ],
)
def test_completion(option, begin, expected):
    """The shell completes what the catalog knows, and what an option allows."""
    complete = ShellComplete(cli_app.app, {}, "betamw", "_BETAMW_COMPLETE")

    assert expected == [item.value for item in complete.get_completions(["report", option], begin)]


# The progress bar.


def test_bar():
    """On a terminal there is one, and it goes without a trace."""
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with bar(console, late=0) as tell:
        tell(50_000, 100_000)

    assert "50.0/100.0 kB" in console.file.getvalue()
    assert console.file.getvalue().endswith("\x1b[2K")  # the line is cleared


@pytest.mark.parametrize(("terminal", "late"), [(True, 1000), (False, 0)])
def test_no_bar(terminal, late):
    """There is none while it is early, nor where stderr is no terminal."""
    console = Console(file=io.StringIO(), force_terminal=terminal)
    with bar(console, late) as tell:
        tell(50_000, 100_000)

    assert "" == console.file.getvalue()


def test_terminal(environment, log):
    """On a terminal the report is drawn in colours and to its width, and nothing else is written."""
    main, end = pty.openpty()
    try:
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-m", "betamw.cli", "report", log],
            env={**environment, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "70"},
            stdout=end,
            stderr=end,
            check=False,
        )
        os.close(end)
        written = read_all(main)
    finally:
        os.close(main)

    assert 0 == done.returncode
    assert written.startswith("\x1b[1m3 calls\x1b[0m ")
    assert 70 >= max(len(line) for line in re.sub(r"\x1b\[[\d;]*m", "", written).splitlines())


def read_all(main: int) -> str:
    """All that was written to a terminal that is closed."""
    written = b""
    while True:
        try:
            more = os.read(main, 65_536)
        except OSError:  # what Linux says at the end
            more = b""
        if not more:
            return written.decode()
        written += more
