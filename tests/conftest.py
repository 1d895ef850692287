"""What holds for all tests: a busy machine makes none of them fail, and none turns betamw off for another."""

import pytest
from hypothesis import HealthCheck, settings

from betamw.middlewares import switch

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(autouse=True)
def _nothing_turned_off(monkeypatch):
    """What is turned off stays so for the rest of the process, as far as `betamw.usage` is concerned."""
    monkeypatch.setattr(switch, "_headers", set())
