"""The matrix: `nox` runs all of it, with the Python versions that the machine has."""

import nox

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
def benchmarks(session: nox.Session) -> None:
    """Once, quickly, so that they do not rot; for figures run `python -m benchmarks`."""
    session.install("-e", ".[bench]")
    session.run("python", "-m", "benchmarks", "--quick")
    session.run("python", "-m", "benchmarks.isolation", "--quick")
