"""Tests that use aioresponses: `run_middlewares` lets the chain run around what they mock.

pip install aioresponses
pytest examples/tests/test_with_aioresponses.py
"""

import asyncio
from collections.abc import Iterator

import application
import pytest
from aioresponses import aioresponses
from yarl import URL

from betamw.testing import run_middlewares

URL_OF_MESSAGES = f"{application.BASE_URL}/v1/messages"
REFUSAL = {
    "type": "error",
    "error": {
        "type": "invalid_request_error",
        "message": "Unexpected value(s) `context-1m-2025-08-07` for the `anthropic-beta` header.",
    },
}


@pytest.fixture
def mocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    """Mock the API at its usual address, with middlewares."""
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    with aioresponses() as mocked, run_middlewares(mocked):
        yield mocked


def test_a_retired_beta(mocked: aioresponses) -> None:
    """The refusal is the reply to the first attempt, the answer that to the second."""
    mocked.post(URL_OF_MESSAGES, status=400, payload=REFUSAL)
    mocked.post(URL_OF_MESSAGES, payload={"content": [{"type": "text", "text": "Hi!"}]})

    assert asyncio.run(application.ask("Hello")) == "Hi!"

    sent = [call.kwargs["headers"]["anthropic-beta"] for call in mocked.requests["POST", URL(URL_OF_MESSAGES)]]
    assert sent == [",".join(application.BETAS), "interleaved-thinking-2025-05-14"]
