"""No secret is told: in an event, the text of an error, a `repr`, a saved memory, the key of a cache.

They are planted wherever one can stand (`support/planted.py`), and all that comes out is searched for pieces of them.
What looks like a beta's name, a model's, or a request id, is told as one: nobody can tell these apart.
"""

import asyncio
import gc
import io
import logging
import sys
import traceback
import warnings
from contextlib import contextmanager
from contextvars import copy_context
from types import ModuleType

import pytest
import structlog
from support.planted import ALL, POLICIES, SINK, play, stage
from support.secrets import found, held, is_ours, reachable

import betamw
from betamw.middlewares import participant

RENDERERS = {
    "json": [structlog.processors.JSONRenderer()],
    "console": [structlog.dev.ConsoleRenderer(colors=False)],
    "key=value": [structlog.processors.KeyValueRenderer()],
}
ADDING = [structlog.processors.add_log_level, structlog.processors.StackInfoRenderer()]


class EverythingOfARecord(logging.Formatter):
    """Writes all that a record holds, with what came as `extra`."""

    def format(self, record):
        return f"{super().format(record)} {record.__dict__!r}"


@contextmanager
def logger_to(kind, out):
    """A logger of this kind that writes all it gets."""
    if kind == "logging":
        handler = logging.StreamHandler(out)
        handler.setFormatter(EverythingOfARecord())
        logger = logging.Logger("planted", logging.DEBUG)  # noqa: LOG001  nobody else's
        logger.addHandler(handler)
        yield logger
    elif kind == "broken":

        class Broken:
            def __getattr__(self, name):
                raise OSError(str(SINK))

            def info(self, *args, **fields):
                raise OSError(str(SINK))

            debug = warning = info

        yield Broken()
    else:
        yield structlog.wrap_logger(structlog.PrintLogger(out), processors=[*ADDING, *RENDERERS[kind]])


@contextmanager
def everything_said(out):
    """What any logger of the process says, asyncio's and aiohttp's among them, and every warning."""
    handler, root = logging.StreamHandler(out), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield
        out.writelines(f"{warning.message!r} {warning}\n" for warning in warned)
    root.removeHandler(handler)
    root.setLevel(level)


def look(value):
    """An object as somebody writes it down who debugs."""
    return f"{value!r} {value} {value.__dict__ if hasattr(value, '__dict__') else ''}\n"


class Debugger:
    """A middleware that writes down, before and after each send, all of our objects that take part in the call."""

    def __init__(self):
        self.classes, self.looks = set(), set()

    async def __call__(self, request, handler):
        call = participant._current.get()()
        response = await handler(request)
        for value in reachable(call, call.exchange.usage()):
            if is_ours(value):
                self.classes.add(type(value).__name__)
                self.looks.add(look(value))
        return response


async def perform(policy, logger, out):
    """Play all scenes; what the calls look like to a debugger, and our objects afterwards, are written too."""
    debugger = Debugger()
    async with stage(debugger, logger=logger, **POLICIES[policy]) as on:
        await play(on)
        if policy == "default":
            await asyncio.gather(*(on.call("named", headers={"x-api-key": f"other {n}"}) for n in range(3)))
        for error in on.seen:
            if isinstance(error, betamw.BetaError):
                out.write(f"{error} {error!r} {''.join(traceback.format_exception(error))}")
        for middleware in on.session._middlewares[:-1]:
            out.writelines(look(value) for value in reachable(middleware) if is_ours(value))
        memory = on.session._middlewares[-2].memory
        out.write(f"{memory.to_json()} {memory.verdicts()!r} {list(memory.places)} {[*memory.searches()]!r}")
    out.writelines(debugger.looks)
    return debugger.classes, [error for error in on.seen if isinstance(error, betamw.BetaError)]


def play_all(policy, kind):
    out = io.StringIO()
    with everything_said(out), logger_to(kind, out) as logger:
        classes, errors = asyncio.run(perform(policy, logger, out), debug=True)
        gc.collect()
    return out.getvalue(), classes, errors


PERFORMANCES = [(policy, "json") for policy in POLICIES] + [
    ("default", "console"),
    ("default", "key=value"),
    ("default", "logging"),
    ("default", "broken"),
]


@pytest.mark.parametrize(("policy", "kind"), PERFORMANCES, ids=map("-".join, PERFORMANCES))
def test_no_secret_comes_out(policy, kind):
    """Whatever becomes of a call, however it is logged, whoever looks at our objects with `repr`, `str` or `vars`."""
    text, classes, _ = play_all(policy, kind)
    assert [] == found(ALL, {"output": text})
    assert {"Call", "Exchange", "Plan", "Place", "Address", "Api"} <= classes
    assert kind == "broken" or text.count("betamw.request") > 20


def test_every_secret_is_planted():
    """A secret that went nowhere would be found nowhere: each was in a request or a reply, or raised around it."""

    async def perform():
        async with stage(**POLICIES["hook"]) as on:
            await play(on)
            return str(
                [
                    (request.path, dict(request.query), request.raw_headers, request.body)
                    for request in on.court.requests
                ]
            ) + str(on.court.replies)

    planted = {place for place, _ in found(ALL, {"wire": asyncio.run(perform())})}
    assert {"fragment", "words as a beta", "hook", "sink"} == {secret.place for secret in ALL} - planted


# What is held when a call is over.

MODULES = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "betamw"}
LOGGING = "betamw.middlewares.logging"


def of_modules(names):
    """What the modules hold, their caches among it."""
    values = (value for name in names for value in vars(MODULES[name]).values())
    return [value for value in values if not isinstance(value, type | ModuleType)]


async def left_by(policy):
    """What is held when all calls are over: by the middlewares, by the modules, by the context of the task."""
    with logger_to("json", io.StringIO()) as logger:
        async with stage(logger=logger, **POLICIES[policy]) as on:
            await play(on)
            middlewares = on.session._middlewares
            on.seen.clear()  # an error holds the frames that it went through
    gc.collect()
    return {
        "middlewares": held(*middlewares),
        "modules": held(*of_modules(MODULES.keys() - {LOGGING})),
        LOGGING: held(*of_modules([LOGGING])),
        "context": held(*(value for _, value in copy_context().items() if is_ours(value) or type(value) is tuple)),
    }


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "holder",
    [
        "middlewares",
        "modules",
        LOGGING,
        "context",
    ],
)
def test_no_secret_outlives_its_call(policy, holder):
    """Neither the memory nor a cache holds one: headers, names that may be keys, ids in paths and bodies are gone."""
    assert [] == found(ALL, {holder: asyncio.run(left_by(policy))[holder]})
