"""What the chain writes, with each of the usual renderers, is read back as it was meant."""

import io
import logging

import aiohttp
import msgspec
import pytest
import structlog
from pythonjsonlogger.json import JsonFormatter
from support.client import BODY

import betamw
from betamw.logs.reading import Reader
from betamw.logs.record import Record
from betamw.testing import SimulatedApi

OLD, GOOD, NEW = "context-1m-2025-08-07", "files-api-2025-04-14", "newer-2026-01-01"
RENDERERS = {
    "json": structlog.processors.JSONRenderer(),
    "sorted json": structlog.processors.JSONRenderer(sort_keys=True, indent=None),
    "key=value": structlog.processors.KeyValueRenderer(key_order=["timestamp", "event"]),
    "logfmt": structlog.processors.LogfmtRenderer(),
    "console": structlog.dev.ConsoleRenderer(colors=False),
    "coloured console": structlog.dev.ConsoleRenderer(colors=True),
}


def through_structlog(renderer, file, written):
    """A structlog logger that writes lines, and keeps what it was given."""

    def keep(_logger, _method, event):
        written.append(dict(event))
        return event

    return structlog.wrap_logger(
        structlog.WriteLogger(file),
        processors=[
            keep,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        context_class=dict,
    )


def through_logging(file, written):
    """A logger of the standard library with a JSON formatter, which keeps what it was given."""

    class Kept(logging.StreamHandler):
        def emit(self, record):
            written.append({**vars(record), "event": record.msg})
            super().emit(record)

    logger = logging.Logger("betamw", logging.DEBUG)  # noqa: LOG001  that nobody else gets
    handler = Kept(file)
    handler.setFormatter(JsonFormatter(timestamp=True))
    logger.addHandler(handler)
    return logger


async def play(logger):
    """Calls of all kinds: every event, and every list of one."""
    policy = betamw.FallbackPolicy(substitutes={NEW: GOOD}, paired_fields="strip")
    async with SimulatedApi(refuses=[OLD, NEW]) as api:
        chain = betamw.chain("by-default-2026-01-01", api=betamw.Api(api.base_url), logger=logger, policy=policy)
        async with aiohttp.ClientSession(middlewares=chain) as session:
            for header in (f"{GOOD},{OLD}", f"{OLD},bad name", NEW, "", "sk-ant-api03-key", f"{GOOD},{OLD}"):
                with betamw.override(
                    add=["scoped-2026-01-01"], remove=["by-default-2026-01-01"] if header == NEW else []
                ):
                    headers = {"anthropic-beta": header, "x-stainless-retry-count": "2"} if header else {}
                    async with session.post(f"{api.base_url}/v1/messages", json=BODY, headers=headers) as response:
                        await response.read()
                api.respond_next(529)


@pytest.mark.parametrize("renderer", [*RENDERERS, "python-json-logger"])
async def test_what_is_written_is_read(tmp_path, renderer):
    """Every event of every call, with all of its fields, and a time."""
    lines, written = io.StringIO(), []
    if renderer in RENDERERS:
        await play(through_structlog(RENDERERS[renderer], lines, written))
    else:
        await play(through_logging(lines, written))
    (tmp_path / "log").write_text(lines.getvalue())
    reader = Reader(str(tmp_path / "log"))
    read = [*reader.records()]
    assert ({}, len(written)) == (reader.unreadable, reader.events)
    assert 4 <= len({event["event"] for event in written})
    fields = [name for name in Record.__struct_fields__ if name != "at"]
    for event, record in zip(written, read, strict=True):
        expected = msgspec.convert({name: event[name] for name in fields if name in event}, Record)
        assert [getattr(expected, name) for name in fields] == [getattr(record, name) for name in fields]
        assert record.at is not None
