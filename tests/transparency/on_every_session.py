"""A pytest plugin that puts a chain onto every `ClientSession`, for aiohttp's own client tests: `-p on_every_session`.

Whatever server a test starts counts as the API. `nox -s aiohttp_tests` runs it; compare with `-- --chain=none`.
"""

import gc
import io
import logging
from functools import lru_cache

import aiohttp
import attrs
import pytest
import structlog

import betamw

BETA = "interleaved-thinking-2025-05-14"

# Their request is a mock that has no URL: no middleware that looks at one can stand it.
NO_REQUEST = {"test_ws_connect_allowed_protocols", "test_ws_connect_unix_socket_allowed_protocols"}

api_at = lru_cache(betamw.Api)
calls = []


@attrs.frozen
class EveryOrigin(betamw.Api):
    """Every server is the API."""

    def address(self, url):
        return api_at(str(url.origin())).address(url) if url.scheme in ("http", "https") else None


def count(_logger, _level, event):
    calls.append(event["event"])
    return event


def chain():
    """A chain with a default beta, that writes all events as JSON."""
    logger = structlog.wrap_logger(
        structlog.PrintLogger(io.StringIO()),
        processors=[count, structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        context_class=dict,
    )
    return betamw.chain(BETA, api=EveryOrigin(), logger=logger)


CHAINS = {"none": tuple, "bare": lambda: betamw.chain(api=EveryOrigin()), "logged": chain}


def pytest_addoption(parser):
    parser.addoption("--chain", choices=CHAINS, default="logged", help="what goes onto every session")


def pytest_collection_finish():
    gc.freeze()  # aiohttp's fixtures collect garbage after each test: not all modules each time


@pytest.fixture(autouse=True)
def _on_every_session(request, monkeypatch):
    kind = request.config.getoption("--chain")
    if kind == "none" or request.node.originalname in NO_REQUEST:
        return
    plain, chains = aiohttp.ClientSession._request, {}

    async def chained(self, *args, middlewares=None, **more):
        own = self._middlewares if middlewares is None else middlewares
        if self not in chains:
            chains[self] = CHAINS[kind]()
        return await plain(self, *args, middlewares=(*own, *chains[self]), **more)

    monkeypatch.setattr(aiohttp.ClientSession, "_request", chained)


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"{calls.count('betamw.request')} calls went through a chain that logs")
