"""The matrix: `nox` runs all of it, with the Python versions that the machine has."""

import pathlib
import tarfile

import nox
from nox.command import CommandFailed

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.11", "3.12", "3.13"]
AIOHTTP = "3.14.5"  # whose own tests are run


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    session.install("-e", ".[test]")
    session.run("pytest", "--no-cov", *session.posargs)


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """The lowest aiohttp that is promised, with the lowest Python."""
    session.install("-e", ".[test-base]", "aiohttp==3.12.0")
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
    session.install("-e", ".[test-base]")
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
    session.run("python", "-m", "benchmarks.reading", "--quick")
    session.run("python", "-m", "benchmarks.soak", "--quick")


@nox.session(python="3.11")
def aiohttp_tests(session: nox.Session) -> None:
    """aiohttp's own client tests with a chain on every session: none may fail that passes with `-- --chain=none`."""
    plugins = [f"pytest-{name}" for name in ("cov", "mock", "rerunfailures", "timeout")]
    needs = ["blockbuster", "freezegun", "isal", "proxy.py", "trustme", "zlib_ng"]
    session.install("-e", ".", f"aiohttp[speedups]=={AIOHTTP}", "pytest", *plugins, *needs)
    here, name = pathlib.Path(__file__).parent, f"aiohttp-{AIOHTTP}"
    there = pathlib.Path(session.create_tmp())
    session.run("pip", "download", "-q", "--no-deps", "--no-binary=aiohttp", f"--dest={there}", f"aiohttp=={AIOHTTP}")
    with tarfile.open(there / f"{name}.tar.gz") as sdist:
        wanted = (f"{name}/tests/", f"{name}/pytest.ini")  # not the package: the one that is installed is tested
        sdist.extractall(there, [each for each in sdist if each.name.startswith(wanted)], filter="data")
    session.chdir(there / name)
    tests = [
        "client_*functional",
        "client_session",
        "client_middleware*",
        "proxy_functional",
        "tracing",
        "web_functional",
    ]
    paths = [path for test in tests for path in sorted(pathlib.Path("tests").glob(f"test_{test}.py"))]
    options = ["-o", "addopts=", "-q", "-p", "on_every_session", "--reruns=2"]  # some of them measure time
    where = {"PYTHONPATH": str(here / "tests" / "transparency")}
    session.run("pytest", *options, *paths, *session.posargs, env=where)
