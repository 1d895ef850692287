"""A logger that is broken, slow or meddlesome: the call ends as it would with a good one."""

import asyncio
import io
import logging
import time
import warnings

import aiohttp
import pytest
import structlog
from support.aftermath import left_by, see

import betamw
from betamw.testing import SimulatedApi

OLD, GOOD = "context-1m-2025-08-07", "files-api-2025-04-14"
EVENTS = ("betamw.beta.rejected", "betamw.memory.learned", "betamw.request")
"""What a call that is refused and resent writes, in this order."""


class Stop(BaseException):
    """Like KeyboardInterrupt and SystemExit, which would end the tests."""


class Logger:
    """A logger that does something with each event."""

    def __init__(self, does, *names):
        self.does, self.names, self.seen = does, names or EVENTS, []

    def debug(self, name, **fields):
        self.seen.append(name)
        if name in self.names:
            self.does()

    info = warning = debug


def raising(error):
    """What raises an error, whatever it is called with."""

    def do(*_args):
        raise error

    return do


async def call_with(logger, **settings):
    """A call that is refused and resent, with this logger: its status, what is left, and the memory."""
    memory = betamw.RejectionMemory()
    async with SimulatedApi(refuses=[OLD]) as api:
        chain = betamw.chain(OLD, api=betamw.Api(api.base_url), logger=logger, memory=memory, **settings)
        async with aiohttp.ClientSession(middlewares=chain) as session:
            seen = await see(session, api.base_url, GOOD)
            return seen.status, await left_by(session), [verdict.beta for verdict in memory.verdicts()]


RECOVERED = (200, {}, [OLD])


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("error", [OSError, RecursionError, UnicodeError, RuntimeWarning, StopIteration, MemoryError])
async def test_one_that_raises(name, error):
    """Whichever event it is that it cannot write; the others are written."""
    logger = Logger(raising(error()), name)
    with pytest.warns(RuntimeWarning, match="could not write a log event") as warned:
        assert RECOVERED == await call_with(logger)
    assert (1, [*EVENTS]) == (len(warned), logger.seen)


async def test_one_that_blocks():
    """The call takes as long as that, and is right."""
    logger = Logger(lambda: time.sleep(0.05))
    assert (RECOVERED, [*EVENTS]) == (await call_with(logger), logger.seen)


async def test_a_handler_whose_stream_is_closed(capsys):
    """The standard library writes its own complaint, and raises nothing."""
    stream, logger = io.StringIO(), logging.getLogger("closed")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    stream.close()
    try:
        assert RECOVERED == await call_with(logger)
    finally:
        logger.removeHandler(handler)
    assert "I/O operation on closed file" in capsys.readouterr().err


async def test_structlog_whose_file_is_closed(tmp_path):
    """Structlog raises; it is warned of once."""
    with (tmp_path / "log").open("w") as file:
        logger = structlog.wrap_logger(structlog.PrintLogger(file), processors=[structlog.processors.JSONRenderer()])
    with pytest.warns(RuntimeWarning, match=r"could not write a log event \(ValueError\)") as warned:
        assert RECOVERED == await call_with(logger)
    assert 1 == len(warned)


async def test_one_that_logs_itself():
    """A handler may use loggers, the package's own one too."""
    records = []

    class Handler(logging.Handler):
        def emit(self, record):
            records.append(record.getMessage())
            if record.getMessage() in EVENTS:
                logging.getLogger("betamw").warning("seen %s", record.getMessage())

    handler, logger = Handler(), logging.getLogger("betamw")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        assert RECOVERED == await call_with(None)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert [text for name in EVENTS for text in (name, f"seen {name}")] == records


@pytest.mark.parametrize("name", EVENTS)
async def test_one_that_makes_a_call(name):
    """In a task, for it cannot wait for it; both calls are told."""
    calls, session = [], None

    def make_another():
        if not calls:
            calls.append(asyncio.ensure_future(see(session, api.base_url, GOOD)))

    logger = Logger(make_another, name)
    async with SimulatedApi(refuses=[OLD]) as api:
        chain = betamw.chain(OLD, api=betamw.Api(api.base_url), logger=logger)
        async with aiohttp.ClientSession(middlewares=chain) as session:
            assert [200, 200] == [(await see(session, api.base_url, GOOD)).status, (await calls[0]).status]
            assert {} == await left_by(session)
    assert 2 == logger.seen.count("betamw.request")


@pytest.mark.parametrize("name", EVENTS)
async def test_one_that_meddles_with_the_memory(name):
    """What it forgets is forgotten: a lesson that is told of first, one that is learned afterwards not."""
    memory = betamw.RejectionMemory()

    def forget():
        memory.forget()
        betamw.RejectionMemory.from_json(memory.to_json())

    async with SimulatedApi(refuses=[OLD]) as api:
        chain = betamw.chain(OLD, api=betamw.Api(api.base_url), logger=Logger(forget, name), memory=memory)
        async with aiohttp.ClientSession(middlewares=chain) as session:
            assert (200, {}) == ((await see(session, api.base_url)).status, await left_by(session))
    assert ([OLD] if name == "betamw.beta.rejected" else []) == [verdict.beta for verdict in memory.verdicts()]


@pytest.mark.parametrize(
    ("name", "drip"),
    [
        *((name, 0.0) for name in EVENTS),
        (EVENTS[0], 0.01),
        (EVENTS[1], 0.01),
        (EVENTS[2], 0.01),
    ],
)
async def test_what_is_no_error_goes_through(name, drip):
    """KeyboardInterrupt and SystemExit are not for a sink to swallow; a reply that has not come whole is closed."""
    logger = Logger(raising(Stop()), name)
    async with SimulatedApi(refuses=[OLD], drip=drip) as api:
        chain = betamw.chain(OLD, api=betamw.Api(api.base_url), logger=logger)
        async with aiohttp.ClientSession(middlewares=chain) as session:
            with pytest.raises(Stop) as caught:  # which keeps all alive that the call was at
                await session.post(f"{api.base_url}/v1/messages")
            assert (Stop, {}) == (caught.type, await left_by(session))
    assert 1 == logger.seen.count("betamw.request")


@pytest.mark.parametrize("name", EVENTS)
async def test_one_that_raises_a_cancellation(name):
    """A logger that asks for the result of a task that was cancelled has cancelled nothing: no call waits there."""
    with pytest.warns(RuntimeWarning, match="could not write a log event"):
        assert RECOVERED == await call_with(Logger(raising(asyncio.CancelledError()), name))


async def test_when_warnings_cannot_be_written_either(monkeypatch):
    """A daemon that has closed `sys.stderr`: then `warnings.warn` raises a ValueError."""
    monkeypatch.setattr("warnings.showwarning", raising(ValueError("I/O operation on closed file")))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert RECOVERED == await call_with(Logger(raising(OSError())))
