"""LoggingMiddleware: one event for each call, that tells which betas went out and why."""

import asyncio
import io
import json
import logging
import os
import socket
import subprocess
import sys

import aiohttp
import pytest
import structlog
from structlog.testing import LogCapture
from support.client import capturing_logger

import betamw
from betamw.middlewares.call import _ids
from betamw.testing import SimulatedApi

OLD, GOOD, DEFAULT = "context-1m-2025-08-07", "files-api-2025-04-14", "interleaved-thinking-2025-05-14"
SECRET = "sk-ant-api03-THE-SECRET"


async def test_the_event_of_a_recovered_call(client, api):
    """All the fields of a call that lost a beta and came back good."""
    api.refuse(OLD)
    async with client(DEFAULT) as c:
        with betamw.override(add=["added-2026-01-01"], remove=["removed-2026-01-01"]):
            await c.call(f"{GOOD},{OLD},removed-2026-01-01", headers={"x-stainless-retry-count": "1"})
        (event,) = c.events()
        measured = {name: event.pop(name) for name in ("betamw_call", "duration_s", "resend_overhead_s", "server_port")}
        assert {
            "event": "betamw.request",
            "log_level": "info",
            "betamw_schema": 1,
            "http_request_method": "POST",
            "server_address": "127.0.0.1",
            "url_template": "/v1/messages",
            "betas_requested": [GOOD, OLD, "removed-2026-01-01"],
            "betas_scoped": ["added-2026-01-01"],
            "betas_injected": [DEFAULT],
            "betas_merged": [GOOD, OLD, "added-2026-01-01", DEFAULT],
            "betas_sent": [GOOD, "added-2026-01-01", DEFAULT],
            "betas_dropped_rejected": [OLD],
            "betas_dropped_remembered": [],
            "betas_dropped_policy": ["removed-2026-01-01"],
            "betas_substituted": [],
            "betas_substitutes": [],
            "attempts": 2,
            "sdk_retry_count": 1,
            "outcome": "recovered",
            "http_response_status_code": 200,
            "anthropic_request_id": "req_000000000000000000000002",
            "gen_ai_request_model": "claude-opus-5",
        } == event
        assert 0 < measured["resend_overhead_s"] < measured["duration_s"] < 5
        assert api.base_url.endswith(str(measured["server_port"]))


async def test_the_event_of_a_rejection(client, api):
    """A refusing reply is told at once, with what was done about it."""
    api.refuse(OLD)
    async with client() as c:
        await c.call(f"{GOOD},{OLD}")
        (event,) = c.events("betamw.beta.rejected")
        assert [e["betamw_call"] for e in c.events()] == [event.pop("betamw_call")]
        assert {
            "event": "betamw.beta.rejected",
            "log_level": "warning",
            "betamw_schema": 1,
            "server_address": "127.0.0.1",
            "server_port": int(api.base_url.rpartition(":")[2]),
            "url_template": "/v1/messages",
            "betas_rejected": [OLD],
            "betas_sent": [GOOD, OLD],
            "attempt": 1,
            "http_response_status_code": 400,
            "error_type": "invalid_request_error",
            "rejection_rule": event["rejection_rule"],
            "action": "resend",
            "reason": "dropped",
            "anthropic_request_id": "req_000000000000000000000001",
            "gen_ai_request_model": "claude-opus-5",
        } == event


async def test_the_model_of_a_call_is_told_where_the_memory_had_to_know_it(client, api):
    """So that accepted calls can be told from refused ones by model; no body is looked into for it."""
    api.refuse(OLD)
    async with client() as c:
        for betas in (GOOD, OLD, GOOD):
            await c.call(betas)
        models = [event.get("gen_ai_request_model") for event in c.events("betamw.request")]
        assert [None, "claude-opus-5", "claude-opus-5"] == models


async def test_the_events_of_the_memory(client, api):
    """What is learned, and what is left out for it, is told."""
    api.refuse(OLD)
    async with client(memory=betamw.RejectionMemory(remember_for=60)) as c:
        await c.call(OLD)
        await c.call(OLD)
        (learned,), (hit,) = c.events("betamw.memory.learned"), c.events("betamw.memory.hit")
        assert ([OLD], 60, "info") == (learned["betas"], learned["ttl_s"], learned["log_level"])
        assert ([OLD], "debug") == (hit["betas"], hit["log_level"])


async def test_the_order_of_events(client, api):
    """Things are told as they happen: the refusal, the lesson, the call."""
    api.refuse(OLD)
    async with client() as c:
        await c.call(OLD)
        assert ["betamw.beta.rejected", "betamw.memory.learned", "betamw.request"] == [
            e["event"] for e in c.capture.entries
        ]


async def test_a_call_without_betas_is_debug(client):
    """Where no beta was in play nobody wants to read about it."""
    async with client() as c:
        await c.call()
        assert ["debug"] == [e["log_level"] for e in c.events()]


async def test_the_schemes_own_port_is_not_told(api):
    """`server_port` is there only where it is not the default."""

    class ToTheApi(aiohttp.abc.AbstractResolver):
        async def resolve(self, host, port=0, family=0):
            port = int(api.base_url.rsplit(":", 1)[1])
            return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]

        async def close(self):
            pass

    capture = LogCapture()
    chain = betamw.chain(DEFAULT, api=betamw.Api("http://api.example"), logger=capturing_logger(capture))
    connector = aiohttp.TCPConnector(resolver=ToTheApi(), family=socket.AF_INET)
    async with aiohttp.ClientSession(middlewares=chain, connector=connector) as session:
        async with session.get("http://api.example/v1/models") as response:
            assert 200 == response.status
    (event,) = capture.entries
    assert ("api.example", False) == (event["server_address"], "server_port" in event)


async def test_a_path_that_is_not_known_is_not_told(client):
    """The url template is from a closed table; ids and the query stay out of the log."""
    async with client(DEFAULT) as c:
        await c.call(path=f"/v1/files/{SECRET}?q={SECRET}", method="GET")
        await c.call(path=f"/{SECRET}", method="GET")
        assert ["/v1/files/{file_id}", "_OTHER"] == [e["url_template"] for e in c.events()]


@pytest.mark.parametrize(
    ("status", "body", "error_type"),
    [
        (429, None, "rate_limit_error"),
        (529, None, "overloaded_error"),
        (500, "<html>", "500"),
        (418, {"error": {"type": SECRET}}, "418"),
    ],
)
async def test_an_error_is_told_by_its_type(client, api, status, body, error_type):
    """The API's error type, or the status where there is none, and nothing of what the reply says besides."""
    api.respond_next(status, body)
    async with client(DEFAULT) as c:
        got = await c.call()
        (event,) = c.events()
        assert (error_type, "error", status) == (
            event["error_type"],
            event["outcome"],
            event["http_response_status_code"],
        )
        assert got.body  # and it is still there to be read


async def test_an_exception_is_told_by_its_class(client):
    """A call that was never answered has an event too."""

    async def refuse_to_connect(request, handler):
        raise aiohttp.ClientConnectionError(SECRET)

    def broken(*, api, logger):
        return *betamw.chain(DEFAULT, api=api, logger=logger), refuse_to_connect

    async with client(middlewares=broken) as c:
        with pytest.raises(aiohttp.ClientConnectionError):
            await c.call()
        (event,) = c.events()
        assert ("error", "ClientConnectionError", 1) == (event["outcome"], event["error_type"], event["attempts"])
        assert "http_response_status_code" not in event


async def test_a_cancelled_call_is_told(client, api):
    """A cancellation ends the call, and the event is written on the way out."""
    api.drip = 0.0

    async def hang(request, handler):
        await asyncio.sleep(60)

    def hanging(*, api, logger):
        return *betamw.chain(DEFAULT, api=api, logger=logger), hang

    async with client(middlewares=hanging) as c:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await c.call()
        assert [("cancelled", "CancelledError")] == [(e["outcome"], e["error_type"]) for e in c.events()]


async def test_secrets_stay_out(client, api):
    """Planted in header, URL, query, body, beta position and error replies, the secret is in no event."""
    api.refuse("sk-*")
    async with client(DEFAULT, memory=betamw.RejectionMemory()) as c:
        for lines in ((GOOD,), (SECRET,), (f"{GOOD},{SECRET},{SECRET} \x7f",)):
            await c.call(
                *lines,
                path=f"/v1/messages/{SECRET}?key={SECRET}",
                headers={"x-api-key": SECRET, "Authorization": SECRET, "x-stainless-retry-count": SECRET},
                json={"model": SECRET},
            )
            api.respond_next(400, {"error": {"type": SECRET, "message": SECRET}}, headers={"request-id": SECRET})
            await c.call(GOOD)
        assert "THE-SECRET" not in json.dumps(c.capture.entries)
        assert "<invalid len=23>" in json.dumps(c.capture.entries)


async def test_a_long_list_is_cut(client):
    """At most fifty names are written; all of them went out."""
    names = [f"beta-{n}" for n in range(60)]
    async with client() as c:
        await c.call(",".join(names))
        assert (names[:50], 60) == (c.events()[0]["betas_sent"], len(c.sent[0]))


async def test_values_are_flat(client, api):
    """Only str, int, float and lists of str: every log store takes that."""
    api.refuse(OLD)
    async with client(DEFAULT) as c:
        await c.call(OLD)
        for event in c.capture.entries:
            for value in event.values():
                assert isinstance(value, str | int | float) or all(isinstance(item, str) for item in value)


async def test_a_standard_library_logger_gets_extra(api, caplog):
    """With a `logging.Logger` the fields are attributes of the record."""
    logger = logging.getLogger("mine")
    chain = betamw.chain(DEFAULT, api=betamw.Api(api.base_url), logger=logger)
    with caplog.at_level(logging.INFO, "mine"):
        async with aiohttp.ClientSession(middlewares=chain) as session, session.get(f"{api.base_url}/v1/models"):
            pass
    (record,) = caplog.records
    assert ("betamw.request", [DEFAULT], "ok") == (record.message, record.betas_sent, record.outcome)


async def test_without_structlog_the_standard_library_is_used(api, caplog):
    """Where structlog is not configured events go to the logger `betamw`."""
    assert not structlog.is_configured()
    with caplog.at_level(logging.DEBUG, "betamw"):
        chain = betamw.chain(api=betamw.Api(api.base_url))
        async with aiohttp.ClientSession(middlewares=chain) as session, session.get(f"{api.base_url}/v1/models"):
            pass
    assert [("betamw", "DEBUG", "betamw.request")] == [(r.name, r.levelname, r.message) for r in caplog.records]


async def test_structlog_is_used_as_soon_as_it_is_configured(api):
    """The choice is made when an event is written, not at import."""
    written = io.StringIO()
    chain = betamw.chain(DEFAULT, api=betamw.Api(api.base_url))
    try:
        structlog.configure(
            processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.WriteLoggerFactory(file=written)
        )
        async with aiohttp.ClientSession(middlewares=chain) as session, session.get(f"{api.base_url}/v1/models"):
            pass
    finally:
        structlog.reset_defaults()
    assert ("betamw.request", [DEFAULT]) == tuple(json.loads(written.getvalue())[k] for k in ("event", "betas_sent"))


async def test_a_level_that_is_off_costs_nothing(api):
    """Nothing is put together that nobody reads."""

    class Off:
        def is_enabled_for(self, level):
            return False

        def info(self, *args, **fields):
            raise AssertionError

    chain = betamw.chain(DEFAULT, api=betamw.Api(api.base_url), logger=Off())
    async with (
        aiohttp.ClientSession(middlewares=chain) as session,
        session.get(f"{api.base_url}/v1/models") as response,
    ):
        assert 200 == response.status


async def test_a_broken_logger_is_warned_of_once(api):
    """A logger that raises fails no call."""

    class Broken:
        def info(self, *args, **fields):
            raise OSError(SECRET)

    chain = betamw.chain(DEFAULT, api=betamw.Api(api.base_url), logger=Broken())
    async with aiohttp.ClientSession(middlewares=chain) as session:

        async def call_thrice():
            return [(await session.get(f"{api.base_url}/v1/models")).status for _ in range(3)]

        with pytest.warns(RuntimeWarning, match=r"could not write a log event \(OSError\)") as warned:
            assert [200, 200, 200] == await call_thrice()
    assert (1, False) == (len(warned), SECRET in str(warned[0].message))


async def test_a_warning_as_error_fails_no_call(api):
    """Under `-W error` (as in these tests) the warning about a broken logger does not reach the caller either."""

    class Broken:
        def isEnabledFor(self, level):  # noqa: N802  the standard library's name
            raise ValueError

        def info(self, *args, **fields):
            """Never reached."""

    chain = betamw.chain(DEFAULT, api=betamw.Api(api.base_url), logger=Broken())
    async with (
        aiohttp.ClientSession(middlewares=chain) as session,
        session.get(f"{api.base_url}/v1/nothing") as response,
    ):
        assert 404 == response.status


PROGRAM = """
import asyncio, aiohttp, betamw, logging, sys
async def main():
    async with aiohttp.ClientSession(middlewares=betamw.chain("a-2026-01-01")) as session:
        headers = {"anthropic-beta": "context-1m-2025-08-07"}
        async with session.post(sys.argv[1] + "/v1/messages", json={}, headers=headers) as r:
            assert r.status == 200
    assert not logging.getLogger().handlers
asyncio.run(main())
"""


async def test_an_application_that_configures_nothing_prints_nothing(api: SimulatedApi):
    """No event on stdout or stderr, no handler on the root logger, in a program that uses the chain and no more."""
    api.refuse(OLD)
    env = {**os.environ, "ANTHROPIC_BASE_URL": api.base_url}
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", PROGRAM, api.base_url], env=env, capture_output=True, check=False
    )
    assert (0, b"", b"") == (done.returncode, done.stdout, done.stderr)


async def test_a_refusal_is_told_without_a_fallback_too(client, api):
    """Where no fallback takes part the log still says that a beta was refused, and which."""
    api.refuse(OLD)

    def without_fallback(*, api, logger):
        return betamw.LoggingMiddleware(logger, api), betamw.MergeMiddleware(DEFAULT, api=api)

    async with client(middlewares=without_fallback) as c:
        got = await c.call(OLD)
        (refusal,), (event,) = c.events("betamw.beta.rejected"), c.events()
        assert (400, "rejected", 1) == (got.status, event["outcome"], event["attempts"])
        assert ([OLD], "give_up", "fallback_off", 1) == tuple(
            refusal[field] for field in ("betas_rejected", "action", "reason", "attempt")
        )


async def log_a_call(api, logger=None):
    """Make one call with a beta."""
    chain = betamw.chain(DEFAULT, api=betamw.Api(api.base_url), logger=logger)
    async with aiohttp.ClientSession(middlewares=chain) as session, session.get(f"{api.base_url}/v1/models"):
        pass


async def test_structlogs_generic_logger_is_understood(api):
    """The generic BoundLogger has every attribute, as a way to log; that says nothing about levels."""
    capture = LogCapture()
    logger = structlog.wrap_logger(None, processors=[capture], wrapper_class=structlog.BoundLogger)
    await log_a_call(api, logger)
    assert ["betamw.request"] == [entry["event"] for entry in capture.entries]


async def test_an_adapter_adds_its_own_and_loses_nothing(api, caplog):
    """A LoggerAdapter puts its `extra` in place of a caller's (before Python 3.13); here both are in the record."""
    with caplog.at_level(logging.INFO, "mine"):
        await log_a_call(api, logging.LoggerAdapter(logging.getLogger("mine"), {"app": "x"}))
    (record,) = caplog.records
    assert ("x", [DEFAULT]) == (record.app, record.betas_sent)


async def test_each_call_has_an_id_of_its_own(client):
    """The id joins the events of a call, and of no other."""
    async with client(DEFAULT) as c:
        for _ in range(3):
            await c.call()
        ids = {event["betamw_call"] for event in c.events()}
        assert (3, {16}) == (len(ids), set(map(len, ids)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_draws_ids_of_its_own():
    """Workers that are forked from one process do not count on from the same number."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writer, str(next(_ids)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = int(os.read(reader, 100))
    os.close(reader)
    os.close(writer)
    assert 1000 < abs(theirs - next(_ids))
