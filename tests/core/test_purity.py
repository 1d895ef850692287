"""The core decides and does nothing else: no module of it can reach a clock, a file, a socket, a log or the shell.

A test on the source, because a review forgets and an import is enough.
"""

import ast
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

import betamw.core

CORE = Path(betamw.core.__file__).parent
MODULES = sorted(CORE.rglob("*.py"))

FORBIDDEN = frozenset(
    {
        *("aiohttp", "structlog", "yarl", "multidict"),  # what the shell is made of
        *("asyncio", "concurrent", "multiprocessing", "threading", "signal", "subprocess"),  # other hands
        *("time", "random", "secrets", "uuid"),  # what differs from run to run
        *("io", "os", "pathlib", "shutil", "tempfile", "glob", "fileinput"),  # files
        *("http", "select", "selectors", "socket", "ssl", "urllib"),  # the network
        *("logging", "warnings", "sys"),  # the outside world
        *("importlib", "pkgutil", "runpy", "ctypes"),  # the back door to all of these
    }
)
"""The modules that nothing in the core imports, with what is below them."""

BUILTINS = frozenset({"open", "print", "input", "breakpoint", "exec", "eval", "__import__"})
"""What needs no import to reach the outside."""

ALLOWED = {"catalog.py": frozenset({"importlib.resources.files"})}
"""Package data, read once at import."""


def imported(tree: ast.AST) -> Iterator[str]:
    """The full names of all that a module imports, wherever in it: `from os import path` is `os.path`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), "betamw.core")
            yield from (f"{module}.{alias.name}" for alias in node.names)


def is_forbidden(name: str) -> bool:
    """Whether the core may not import it: a module of the list, or one of ours that is not in the core."""
    package, *rest = name.split(".")
    return rest[:1] != ["core"] if package == "betamw" else package in FORBIDDEN


def impurities(source: str, *, allowed: frozenset[str] = frozenset()) -> list[str]:
    """What a module imports or calls that it may not."""
    tree = ast.parse(source)
    names = [name for name in imported(tree) if name not in allowed and is_forbidden(name)]
    return names + [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in BUILTINS]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_of_the_core_is_pure(path):
    """It imports nothing of the list, at any level of nesting."""
    source = path.read_text(encoding="utf-8")
    assert [] == impurities(source, allowed=ALLOWED.get(path.name, frozenset()))


def test_the_modules_are_found():
    """A checker that finds no modules finds no fault either."""
    assert {"__init__", "exchange", "memory", "rejection"} <= {path.stem for path in MODULES}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time", ["time"]),
        ("import os.path as anything", ["os.path"]),
        ("import re, socket", ["socket"]),
        ("from asyncio import sleep", ["asyncio.sleep"]),
        ("from os import *", ["os.*"]),
        ("def f():\n    import logging", ["logging"]),
        ("class C:\n    def f(self):\n        if True:\n            from random import choice", ["random.choice"]),
        ("try:\n    import aiohttp\nexcept ImportError:\n    import structlog", ["aiohttp", "structlog"]),
        ("if TYPE_CHECKING:\n    from pathlib import Path", ["pathlib.Path"]),
        ("async def f():\n    async with x:\n        import threading", ["threading"]),
        ("import importlib", ["importlib"]),
        ("from importlib.resources import files", ["importlib.resources.files"]),
        ("import betamw", ["betamw"]),
        ("from betamw import chain", ["betamw.chain"]),
        ("from betamw.middlewares.call import usage", ["betamw.middlewares.call.usage"]),
        ("from .. import memory", ["betamw.memory"]),
        ("from ..memory import RejectionMemory", ["betamw.memory.RejectionMemory"]),
        ("x = open('/etc/passwd')", ["open"]),
        ("clock = __import__('time').monotonic", ["__import__"]),
        ("list(map(print, 'ab'))", ["print"]),
    ],
)
def test_the_checker_sees_what_is_not_pure(source, found):
    """In a module, a function, a class, a branch, under another name, or around a corner."""
    assert found == impurities(source)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "import re, math, enum",
        "import timeit_of_ours",
        "from collections.abc import Callable",
        "from betamw.core.header import union",
        "from betamw import core",
        "from .header import union",
        "from . import header",
        "time = io = os = 1",
        "entry.open()",
        '"""import time"""  # import os',
    ],
)
def test_the_checker_lets_pass_what_is_pure(source):
    """Names that only look like it, and all of the core itself."""
    assert [] == impurities(source)


def test_an_exception_is_for_one_name_of_one_module():
    """Package data may be read in the catalog; the rest of that module's list stays."""
    source = "from importlib.resources import files, open_text\nimport importlib.metadata"
    assert ["importlib.resources.open_text", "importlib.metadata"] == impurities(source, allowed=ALLOWED["catalog.py"])


@pytest.mark.parametrize("module", sorted(ALLOWED))
def test_an_exception_is_used(module):
    """An exception that nobody needs any more goes."""
    assert ALLOWED[module] <= set(imported(ast.parse((CORE / module).read_text(encoding="utf-8"))))
