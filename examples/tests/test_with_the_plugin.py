"""The fixtures of betamw's pytest plugin: ask for one, call the application, assert.

    pytest examples/tests/test_with_the_plugin.py

The plugin is there where betamw is installed. `beta_api` works in plain functions and in coroutines (pytest-asyncio,
pytest-aiohttp, anyio).
"""

import asyncio
from typing import Any

import application

from betamw.testing import SimulatedApi


def test_which_betas_go_out(beta_api: SimulatedApi) -> None:
    """Both betas of the application reach the API, in one attempt."""
    asyncio.run(application.ask("Hello"))

    beta_api.assert_sent("interleaved-thinking-2025-05-14", "context-1m-2025-08-07")


def test_a_retired_beta(beta_api: SimulatedApi) -> None:
    """A beta that is refused is left out of a second attempt."""
    beta_api.refuse("context-1m-2025-08-07")

    asyncio.run(application.ask("Hello"))

    beta_api.assert_sent("interleaved-thinking-2025-05-14", attempts=2)


def test_what_is_logged(beta_api: SimulatedApi, beta_events: list[dict[str, Any]]) -> None:
    """The event of the call tells what a refused beta has cost."""
    beta_api.refuse("context-1m-2025-08-07")

    asyncio.run(application.ask("Hello"))

    call = beta_events[-1]
    assert (call["outcome"], call["betas_dropped_rejected"]) == ("recovered", ["context-1m-2025-08-07"])
