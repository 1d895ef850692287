"""What the tests of the configuration share: an environment without any, a file, a simulated API."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch) -> None:
    """No variable of ours."""
    for name in os.environ:
        if name.startswith("BETAMW_") or name == "ANTHROPIC_BASE_URL":
            monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path, monkeypatch) -> Callable[..., Path]:
    """Writes a file, and gives its path, which is relative."""
    monkeypatch.chdir(tmp_path)

    def write(text: str | bytes, name: str = "betamw.toml") -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write
