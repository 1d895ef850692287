"""The pytest plugin: its fixtures, under each of the plugins that run coroutines, and under none."""

import asyncio
import logging
import os
import threading
import urllib.request
from pathlib import Path

import aiohttp
import pytest
import structlog
from structlog.testing import LogCapture
from support.client import BODY, capturing_logger

import betamw
import pytest_betamw
from betamw.testing import captured, threaded
from betamw.testing.server import SimulatedApi

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
OLD, NEW = "old-2025-01-01", "new-2026-01-01"

APPLICATION = f"""
import asyncio, os
import aiohttp, betamw, pytest

async def call():
    async with aiohttp.ClientSession(middlewares=betamw.chain("{OLD}", "{NEW}")) as session:
        url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
        async with session.post(url, json={BODY}) as response:
            assert response.status == 200
"""
COROUTINE = """
async def test_it(beta_api, beta_events):
    beta_api.refuse("old-*")
    await call()
    beta_api.assert_sent("new-2026-01-01", attempts=2)
    assert ["betamw.beta.rejected", "betamw.memory.learned", "betamw.request"] == [e["event"] for e in beta_events]
"""
FUNCTION = COROUTINE.replace("async def", "def").replace("await call()", "asyncio.run(call())")
ANYIO = """
@pytest.fixture
def anyio_backend():
    return "asyncio"

"""
SCOPE = "asyncio_default_fixture_loop_scope=function"
OTHERS = ("asyncio", "aiohttp", "anyio")
"""The plugins that run coroutines, by the names that they are registered under."""


@pytest.fixture
def run_pytest(pytester, monkeypatch):
    """Run pytest in a process of its own, with our plugin whether it is installed or not; a warning is an error."""

    def run(*arguments):
        own = ("-p", "no:cacheprovider", "-W", "error", "-p", "pytest_betamw", "-p", "no:hypothesispytest")
        return pytester.runpytest_subprocess(*own, *arguments)

    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    return run


def without(*plugins):
    return [argument for plugin in plugins for argument in ("-p", f"no:{plugin}")]


@pytest.mark.parametrize(
    ("test", "arguments"),
    [
        (f"@pytest.mark.asyncio{COROUTINE}", ["-o", SCOPE, "-o", "asyncio_mode=strict", *without("aiohttp", "anyio")]),
        (COROUTINE, ["-o", SCOPE, "-o", "asyncio_mode=auto", *without("aiohttp", "anyio")]),
        (COROUTINE.replace("(beta_api", "(aiohttp_client, beta_api"), ["-o", SCOPE, "-o", "asyncio_mode=auto"]),
        (f"{ANYIO}@pytest.mark.anyio{COROUTINE}", without("asyncio", "aiohttp")),
        (FUNCTION, without(*OTHERS)),
    ],
    ids=["pytest-asyncio strict", "pytest-asyncio auto", "pytest-aiohttp", "anyio", "none"],
)
def test_under_other_plugins(run_pytest, pytester, test, arguments):
    """A user's test: ask for the fixture, call the application, assert."""
    pytester.makepyfile(APPLICATION + test)

    run_pytest(*arguments).assert_outcomes(passed=1)


def test_a_failure(run_pytest, pytester):
    """The report shows the user's line and what has arrived, and nothing of ours."""
    pytester.makepyfile(APPLICATION + FUNCTION.replace("attempts=2", "attempts=1"))

    ran = run_pytest(*without(*OTHERS))

    assert [
        '>       beta_api.assert_sent("new-2026-01-01", attempts=1)',
        "E       AssertionError: expected 1 request, the last with new-2026-01-01; 2 arrived:",
        f"E         POST /v1/messages: {OLD}, {NEW}",
        f"E         POST /v1/messages: {NEW}",
    ] == [line for line in ran.outlines if line.startswith((">", "E "))]


def test_it_costs_nothing_where_it_is_not_used(run_pytest, pytester, monkeypatch):
    """Neither betamw nor what it needs is imported at pytest's start."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # some of the others (langsmith's) do import aiohttp
    pytester.makepyfile("""
        import sys
        def test_it():
            assert not {"betamw", "aiohttp", "attr", "structlog", "asyncio"} & set(sys.modules)
    """)

    run_pytest().assert_outcomes(passed=1)


def test_the_examples(run_pytest):
    """The tests in `examples` pass as they stand there."""
    run_pytest("--no-cov", str(ROOT / "examples" / "tests")).assert_outcomes(passed=4)


@pytest.fixture
def beta_api(monkeypatch):
    yield from unwrapped(pytest_betamw.beta_api)(monkeypatch)


@pytest.fixture
def beta_events():
    yield from unwrapped(pytest_betamw.beta_events)()


def unwrapped(fixture):
    return fixture.__wrapped__


async def call(*, logger=None, **more):
    async with aiohttp.ClientSession(middlewares=betamw.chain(OLD, NEW, logger=logger)) as session:
        async with session.post(f"{betamw.Api().base_url[0]}/v1/messages", json=BODY, **more) as response:
            return response.status


@pytest.fixture
def a_token(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "mine")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "authorization: mine\nanthropic-beta: mine-2026-01-01")
    for name in ("BETAS", "DISABLE", "FALLBACK", "REMOVE"):
        monkeypatch.setenv(f"BETAMW_{name}", "1")


def test_the_environment(a_token, beta_api):
    """The address is where applications look for it, and no key but a worthless one is there."""
    assert (beta_api.base_url,) == betamw.Api().base_url
    assert ("a-key-of-no-value", None, None) == (
        os.environ["ANTHROPIC_API_KEY"],
        os.environ.get("ANTHROPIC_AUTH_TOKEN"),
        os.environ.get("ANTHROPIC_CUSTOM_HEADERS"),
    )
    assert [] == [name for name in os.environ if name.startswith("BETAMW_")]


def test_behind_a_proxy(monkeypatch):
    """No proxy is asked for the way to it; what else needs none stays as it is."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "example.com")
    with pytest.MonkeyPatch.context() as patch:
        running = unwrapped(pytest_betamw.beta_api)(patch)
        api = next(running)
        with urllib.request.urlopen(f"{api.base_url}/v1/models") as reply:  # noqa: S310  loopback
            assert 200 == reply.status
        assert "127.0.0.1,example.com" == os.environ["NO_PROXY"]
        assert None is next(running, None)


def test_the_environment_afterwards(monkeypatch):
    """It is put back, and the server is gone, thread and all."""
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "mine")
    before = dict(os.environ)
    with pytest.MonkeyPatch.context() as patch:
        running = unwrapped(pytest_betamw.beta_api)(patch)
        api = next(running)
        assert "betamw-simulated-api" in [thread.name for thread in threading.enumerate()]
        assert None is next(running, None)

    assert before == dict(os.environ)
    assert "betamw-simulated-api" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(RuntimeError, match="does not run"):
        api.down()


async def test_down(beta_api):
    """What has to wait is done by the server's own loop."""
    async with beta_api.down():
        with pytest.raises(aiohttp.ClientConnectionError):
            await call()

    assert 200 == await call()
    beta_api.assert_sent(OLD, NEW)


async def test_settings(beta_api):
    """They can be changed while it runs, from the test."""
    beta_api.dialect, beta_api.encoding = "copilot", "gzip"
    beta_api.refuse(OLD)
    beta_api.fail_next("reset", after=1)

    assert 400 == await call()
    beta_api.assert_sent(NEW, attempts=2)


def test_a_server_that_cannot_start(monkeypatch):
    """The error is the test's, which does not wait for ever."""

    async def fail(*_):
        raise OSError("no port is free")  # noqa: EM101, TRY003  a short text

    monkeypatch.setattr(SimulatedApi, "__aenter__", fail)

    with pytest.raises(OSError, match="no port is free"), threaded.in_thread():
        pass


def test_a_loop_that_cannot_be_made(monkeypatch):
    """Nor does it wait where there is no loop to start in, as with pytest-socket, which forbids its sockets."""

    def fail():
        raise OSError("no sockets")  # noqa: EM101, TRY003  a short text

    monkeypatch.setattr(asyncio.events, "new_event_loop", fail)

    with pytest.raises(OSError, match="no sockets"), threaded.in_thread():
        pass


def stdlib_logger():
    logger = logging.getLogger("mine")
    logger.setLevel(logging.CRITICAL)
    return logger


@pytest.mark.parametrize(
    "logger",
    [
        lambda: None,
        stdlib_logger,
        lambda: capturing_logger(LogCapture(), "critical"),
    ],
    ids=["none", "logging", "structlog"],
)
async def test_events(beta_api, beta_events, logger):
    """They are there whatever logger the application has, also where that wants none of them."""
    beta_api.refuse(OLD)

    await call(logger=logger())

    assert [("betamw.beta.rejected", "warning"), ("betamw.memory.learned", "info"), ("betamw.request", "info")] == [
        (event["event"], event["level"]) for event in beta_events
    ]
    assert (2, "recovered", [NEW]) == tuple(beta_events[-1][name] for name in ("attempts", "outcome", "betas_sent"))


async def test_events_of_a_cached_logger(beta_api, beta_events):
    """A structlog that caches its loggers cannot be captured by structlog's own means; and what it logs is the same."""
    entries = []

    def keep(_logger, _method, event):
        entries.append(dict(event))
        raise structlog.DropEvent

    structlog.configure(processors=[keep], cache_logger_on_first_use=True)
    try:
        await call()
    finally:
        structlog.reset_defaults()

    (logged,) = entries
    assert [{**logged, "level": "info"}] == beta_events


async def test_the_type_of_an_error(beta_api, beta_events):
    """What is only found out for a log is found out for the test."""
    beta_api.respond_next(529)

    await call()

    assert "overloaded_error" == beta_events[-1]["error_type"]


async def test_events_afterwards(beta_api):
    """Nothing is captured any more."""
    with captured.captured_events() as events:
        pass

    await call()

    assert [] == events


def test_events_of_several_loops(beta_api, beta_events):
    """A test without a loop of its own may run several."""
    asyncio.run(call())
    asyncio.run(call())

    assert ["betamw.request"] * 2 == [event["event"] for event in beta_events]
