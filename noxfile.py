"""The matrix: `nox` runs all of it, with the Python versions that the machine has."""

import nox
from nox.command import CommandFailed

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.11", "3.12", "3.13"]


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    session.install("-e", ".[test]")
    session.run("pytest", "--no-cov", *session.posargs)


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """The lowest aiohttp that is promised, with the lowest Python."""
    session.install("-e", ".[test]", "aiohttp==3.12.0")
    session.run("pytest", "--no-cov", *session.posargs)


@nox.session(python="3.11")
def coverage(session: nox.Session) -> None:
    """All branches of the parts that decide and do."""
    session.install("-e", ".[test]")
    session.run("pytest", "-q")
    session.run("coverage", "report", "--include=betamw/core/*,betamw/middlewares/*", "--fail-under=100")


@nox.session(python="3.11")
def lint(session: nox.Session) -> None:
    session.install("-e", ".[lint]", "nox")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("pyright")


@nox.session(python="3.11")
def fuzz(session: nox.Session) -> None:
    """Each target for a while; longer as in `nox -s fuzz -- -max_total_time=600`. What is found is left beside you."""
    session.install("-e", ".[test]")
    try:
        session.install("-e", ".[fuzz]", "--only-binary=atheris")
    except CommandFailed:
        session.skip("atheris cannot be installed here: it has wheels for Linux and macOS, and not for every Python")
    for target in ("reader", "header", "stripper"):
        options = session.posargs or ["-max_total_time=20"]
        session.run("python", "-m", "fuzz", target, *options, env={"PYTHONPATH": "tests"})


@nox.session(python="3.11")
def benchmarks(session: nox.Session) -> None:
    """Once, quickly, so that they do not rot; for figures run `python -m benchmarks`."""
    session.install("-e", ".[bench]")
    session.run("python", "-m", "benchmarks", "--quick")
    session.run("python", "-m", "benchmarks.isolation", "--quick")
