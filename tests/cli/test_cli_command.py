"""The command line around its commands: help, version, wrong use, and life without the extra."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import betamw
from betamw.cli import app as cli_app
from betamw.cli import main

ROOT = Path(__file__).parents[2]


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
    """A wrong argument is a usage error on stderr that names it."""
    done = cli(*wrong)

    assert (2, "") == (done.returncode, done.stdout)
    assert wrong[-1] in done.stderr


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra(missing):
    """Without typer or rich there is one line that says what to install, and no traceback."""
    program = f"import sys; sys.modules[{missing!r}] = None; from betamw.cli import main; main()"
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-W", "error", "-c", program], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )

    line = "betamw's command line needs the extra 'cli': pip install 'betamw[cli]'\n"
    assert (2, "", line) == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("missing", ["typer", "rich.console"])
def test_main_without_the_extra(monkeypatch, capsys, missing):
    """`main` imports typer and rich no earlier than it runs."""
    monkeypatch.delitem(sys.modules, "betamw.cli.app")
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(SystemExit, match=r"^2$"):
        main()

    assert "betamw[cli]" in capsys.readouterr().err


def test_another_missing_module(monkeypatch):
    """A module that is missing for another reason is no matter of the extra."""
    monkeypatch.delitem(sys.modules, "betamw.cli.app")
    monkeypatch.setitem(sys.modules, "betamw.cli.demo", None)

    with pytest.raises(ModuleNotFoundError, match=r"betamw\.cli\.demo"):
        main()


def test_main_runs_the_app(monkeypatch, capsys):
    """`main` takes the arguments of the process."""
    monkeypatch.setattr(sys, "argv", ["betamw", "--version"])

    with pytest.raises(SystemExit, match=r"^0$"):
        main()

    assert f"betamw {betamw.__version__}\n" == capsys.readouterr().out


def test_trouble(monkeypatch):
    """Where the demo cannot run there is one line, not a traceback."""

    def run_demo(*arguments, **settings):
        raise OSError(99, "Cannot assign requested address")

    monkeypatch.setattr(cli_app, "run_demo", run_demo)
    done = CliRunner().invoke(cli_app.app, ["demo"])

    line = "betamw demo: cannot go on: [Errno 99] Cannot assign requested address\n"
    assert (1, "", line) == (done.exit_code, done.stdout, done.stderr)
