"""The command line around its commands: help, version, wrong use, and life without the extra."""

import subprocess
import sys
from pathlib import Path

import pytest

import betamw
from betamw.cli import app as cli_app
from betamw.cli import demo_command, main

ROOT = Path(__file__).parents[2]


def forget_commands(monkeypatch) -> None:
    """Let what the command line imports be imported anew."""
    for name in [name for name in sys.modules if name.startswith("betamw.cli.")]:
        monkeypatch.delitem(sys.modules, name)


def test_version(cli):
    """`--version` is the package's."""
    done = cli("--version")

    assert (0, f"betamw {betamw.__version__}\n", "") == (done.returncode, done.stdout, done.stderr)


def test_help(cli):
    """`--help` lists the commands."""
    done = cli("--help")

    assert (0, "") == (done.returncode, done.stderr)
    assert "demo" in done.stdout


def test_demo_help(cli):
    """`demo --help` says what it does, and gives an example."""
    done = cli("demo", "--help")

    assert (0, "") == (done.returncode, done.stderr)
    assert "simulated API" in done.stdout
    assert "Example" in done.stdout
    assert "betamw demo --all-fields" in done.stdout


def test_no_arguments(cli):
    """Without a command there is the help, and a usage error."""
    done = cli()

    assert 2 == done.returncode
    assert "demo" in done.stdout + done.stderr


@pytest.mark.parametrize("wrong", [["no-such-command"], ["--no-such-option"], ["demo", "--nope"], ["demo", "extra"]])
def test_wrong_arguments(cli, wrong):
    """A wrong argument is a usage error: one line on stderr that names it, and says where there is help."""
    done = cli(*wrong)

    assert (2, "", 1) == (done.returncode, done.stdout, done.stderr.count("\n"))
    assert wrong[-1] in done.stderr
    assert "--help)" in done.stderr


def test_bad_input(monkeypatch, capsys):
    """An error of ours is one line behind the command's name."""

    def run_demo(*arguments, **settings):
        betamw.chain("not a beta")

    monkeypatch.setattr(demo_command, "run_demo", run_demo)

    assert 2 == cli_app.run(["demo"])
    out, err = capsys.readouterr()
    assert ("", 1, True) == (out, err.count("\n"), err.startswith("betamw demo: "))


def test_interrupted(monkeypatch, capsys):
    """After ^C there is no traceback, and the exit code that shells have for it."""

    def run_demo(*arguments, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo_command, "run_demo", run_demo)

    assert 130 == cli_app.run(["demo"])
    assert "Traceback" not in capsys.readouterr().err


@pytest.fixture
def shell(environment):
    """Run `betamw` by a shell, with what stands behind it for its output."""

    def run(command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S602  a shell's pipes and redirections are what is tested
            f"{sys.executable} -W error -m betamw.cli {command}",
            shell=True,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run


def test_closed_pipe(shell):
    """Where nobody reads on, the program ends in silence."""
    done = shell("demo --all-fields | head -1")

    assert (1, "") == (done.stdout.count("\n"), done.stderr)


@pytest.mark.parametrize("command", ["config schema", "explain POST /v1/messages"])
def test_no_output(shell, command):
    """Where there is nowhere to write to, nothing is written."""
    done = shell(f"{command} >&-")

    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("command", ["config schema", "explain POST /v1/messages"])
def test_full_disk(shell, command):
    """What cannot be written is one line, be it noticed at once or in the end."""
    done = shell(f"{command} > /dev/full")

    assert (2, "betamw: No space left on device\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize("missing", ["click", "rich", "tomli_w"])
def test_without_the_extra(missing):
    """Without click or rich there is one line that says what to install, and no traceback."""
    program = f"import sys; sys.modules[{missing!r}] = None; from betamw.cli import main; main()"
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-W", "error", "-c", program], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )

    line = "betamw's command line needs the extra 'cli': pip install 'betamw[cli]'\n"
    assert (2, "", line) == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("missing", ["click", "rich.console"])
def test_main_without_the_extra(monkeypatch, capsys, missing):
    """`main` imports click and rich no earlier than it runs."""
    forget_commands(monkeypatch)
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(SystemExit, match=r"^2$"):
        main()

    assert "betamw[cli]" in capsys.readouterr().err


def test_another_missing_module(monkeypatch):
    """A module that is missing for another reason is no matter of the extra."""
    forget_commands(monkeypatch)
    monkeypatch.setitem(sys.modules, "betamw.cli.demo", None)

    with pytest.raises(ModuleNotFoundError, match=r"betamw\.cli\.demo"):
        main()


def test_main_runs_the_app(monkeypatch, capsys):
    """`main` takes the arguments of the process."""
    monkeypatch.setattr(sys, "argv", ["betamw", "--version"])

    with pytest.raises(SystemExit, match=r"^0$"):
        main()

    assert f"betamw {betamw.__version__}\n" == capsys.readouterr().out


def test_trouble(monkeypatch, capsys):
    """Where the demo cannot run there is one line, not a traceback."""

    def run_demo(*arguments, **settings):
        raise OSError(99, "Cannot assign requested address")

    monkeypatch.setattr(demo_command, "run_demo", run_demo)

    assert 1 == cli_app.run(["demo"])
    assert ("", "betamw demo: cannot go on: [Errno 99] Cannot assign requested address\n") == capsys.readouterr()
