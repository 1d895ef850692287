"""The targets hold on their seeds, so that they do not rot where nobody fuzzes."""

import importlib

import pytest

from fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds_on_its_seeds(name: str) -> None:
    """There are some, and what must hold does."""
    target = importlib.import_module(f"fuzz.{name}")
    seeds = [*target.seeds()]
    for seed in seeds:
        target.check(seed)
    assert 5 <= len(seeds) <= 300


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_any_bytes(name: str) -> None:
    """Also none at all, and the first of a seed only."""
    target = importlib.import_module(f"fuzz.{name}")
    for data in (b"", b"\0", b"\xff" * 3, bytes(range(256)), next(target.seeds())[:20]):
        target.check(data)
