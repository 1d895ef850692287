"""What the tests of the command line share: running it as a user does."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RunCli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment() -> dict[str, str]:
    """This process's environment without what changes how a terminal program looks."""
    terminal = {"COLUMNS", "FORCE_COLOR", "NO_COLOR", "TERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "GITHUB_ACTIONS"}
    return {name: value for name, value in os.environ.items() if name not in terminal} | {"PYTHONUTF8": "1"}


@pytest.fixture
def cli(environment: dict[str, str]) -> RunCli:
    """Run `betamw` in a process of its own, its output in pipes; keywords are environment variables."""

    def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-W", "error", "-m", "betamw.cli", *arguments],
            cwd=ROOT,
            env={**environment, **variables},
            capture_output=True,
            encoding="utf-8",
            timeout=60,  # it takes two seconds where nothing else runs
            check=False,
        )

    return run
