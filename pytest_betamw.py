"""The pytest plugin of betamw: the fixtures `beta_api` and `beta_events`.

A module of its own, outside of the package: pytest imports it whenever it starts, also where no test needs it, and
before coverage is measured. So it imports nothing but pytest until a fixture is asked for.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from betamw.testing import SimulatedApi

_NOT_IN_A_TEST = (
    *("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS"),  # the SDK's; may hold a key, and betas
    *("BETAMW_BETAS", "BETAMW_DISABLE", "BETAMW_FALLBACK", "BETAMW_REMOVE"),  # an operator's
)
"""Variables of the environment that would change what a test sees."""


@pytest.fixture
def beta_api(monkeypatch: pytest.MonkeyPatch) -> "Iterator[SimulatedApi]":
    """A running `betamw.testing.SimulatedApi`, for this test.

    `ANTHROPIC_BASE_URL` names it meanwhile, which `betamw.Api()` and the official SDK read when they are made; and
    `ANTHROPIC_API_KEY` is a key of no value, so that no other gets into a test, nor do headers of
    `ANTHROPIC_CUSTOM_HEADERS`, or what `BETAMW_DISABLE` and its like say (a `BETAMW_CONFIG` holds).

    It runs in a thread of its own: a test may be a coroutine, under any plugin, or a plain function.
    """
    from betamw.testing.threaded import in_thread  # noqa: PLC0415  see above

    with in_thread() as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.base_url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "a-key-of-no-value")
        for name in ("no_proxy", "NO_PROXY"):  # it is on this machine
            monkeypatch.setenv(name, "127.0.0.1", prepend=",")
        for name in _NOT_IN_A_TEST:
            monkeypatch.delenv(name, raising=False)
        yield api


@pytest.fixture
def beta_events() -> Iterator[list[dict[str, Any]]]:
    """The events that betamw writes in this test, as dicts: their name is `event`, their level `level`.

    They are here however structlog or logging are configured, or not; those of a chain without `LoggingMiddleware` and
    of other processes are not.
    """
    from betamw.testing.captured import captured_events  # noqa: PLC0415  see above

    with captured_events() as events:
        yield events
