"""What has nothing to do with betas costs no parsing, changes no byte on the wire and writes no event."""

import sys

import aiohttp
import pytest
from structlog.testing import LogCapture
from support.client import capturing_logger
from support.twice.both import BODY, calls
from support.twice.settings import SETTINGS

import betamw

UNAFFECTED = ["another origin", "no beta", "a beta that is taken", "two lines, oddly spaced"]


@pytest.mark.parametrize("setting", SETTINGS)
async def test_no_byte_is_changed(stage, setting):
    """Each request is on the wire what it is without a chain, first line, headers and body."""
    product = calls(["200", "500"], modes=UNAFFECTED, settings=[setting], ways=["read"])

    assert [] == [found for found in await stage.differences(product) if found.part.startswith("requests")]


@pytest.mark.parametrize("setting", SETTINGS)
async def test_no_event_is_written(stage, setting):
    """Of another origin at no level; of calls to the API that no beta is in play in, at debug only."""
    levels = []
    for mode in ("another origin", "no beta"):
        for call in calls(["200", "400", "302"], modes=[mode], settings=[setting], ways=["text"]):
            await stage.make(call, chained=True)
        levels.append({event["log_level"] for event in stage.capture.entries})
        stage.capture.entries.clear()

    assert [set(), {"debug"}] == levels


class Parsing:
    """Sees what is parsed meanwhile: JSON read, bodies decompressed, patterns compiled."""

    def __init__(self):
        self.seen = []

    def __call__(self, frame, event, argument):
        if event == "call" and frame.f_code.co_filename.endswith(("json/decoder.py", "re/_compiler.py")):
            self.seen.append(frame.f_code.co_qualname)
        if event == "c_call" and type(getattr(argument, "__self__", None)).__module__.startswith(("msgspec", "zlib")):
            self.seen.append(argument.__qualname__)

    def __enter__(self):
        sys.setprofile(self)
        return self.seen

    def __exit__(self, *_):
        sys.setprofile(None)


# What is called: a line for each sort of traffic, and what the chain's header says.
TRAFFIC = {
    "a message": lambda session, url: session.post(f"{url}/plain/200", json=BODY),
    "an error": lambda session, url: session.post(f"{url}/plain/400", json=BODY),
    "an overload": lambda session, url: session.post(f"{url}/plain/529", json=BODY),
    "a stream": lambda session, url: session.post(f"{url}/plain/200 chunked", json={**BODY, "stream": True}),
    "an upload": lambda session, url: session.post(f"{url}/plain/200", data=b'{"model": ' * 10_000),
    "a form": lambda session, url: session.post(f"{url}/plain/200", data={"a": "b"}),
    "a GET": lambda session, url: session.get(f"{url}/plain/200 chunked"),
    "a HEAD": lambda session, url: session.head(f"{url}/plain/400"),
    "a redirect": lambda session, url: session.get(f"{url}/plain/302"),
    "OPTIONS": lambda session, url: session.options(f"{url}/plain/204"),
}
LOOKS_AT_NOTHING = {"no beta": {}, "another origin": {"anthropic-beta": "context-1m-2025-08-07"}}


@pytest.mark.parametrize("traffic", TRAFFIC)
@pytest.mark.parametrize("origin", LOOKS_AT_NOTHING)
async def test_nothing_is_parsed(stage, origin, traffic):
    """A call to another origin, or without a beta in play, is sent on as it is; and no event of it is at info level."""
    base_url = stage.server.url if origin == "no beta" else "https://api.anthropic.com"
    capture = LogCapture()
    chain = betamw.chain(api=betamw.Api(base_url), logger=capturing_logger(capture, "info"))
    async with aiohttp.ClientSession(middlewares=chain, headers=LOOKS_AT_NOTHING[origin]) as session:
        for _ in range(2):  # the first call to a server makes what later ones find ready
            with Parsing() as parsed:
                async with TRAFFIC[traffic](session, stage.server.url) as response:
                    await response.content.read()
    assert ([], []) == (parsed, capture.entries)


async def test_an_accepted_beta_is_not_parsed_for(stage):
    """A call without incident parses nothing either, whatever is remembered of other betas."""
    chain = betamw.chain("files-api-2025-04-14", api=betamw.Api(stage.server.url))
    async with aiohttp.ClientSession(middlewares=chain) as session:
        for _ in range(2):
            with Parsing() as parsed:
                async with session.post(f"{stage.server.url}/plain/200", json=BODY) as response:
                    await response.content.read()
    assert [] == parsed


async def test_a_refusal_is_parsed(stage):
    """So the counting counts."""
    chain = betamw.chain("context-1m-2025-08-07", api=betamw.Api(stage.server.url))
    async with aiohttp.ClientSession(middlewares=chain) as session:
        with Parsing() as parsed:
            async with session.post(f"{stage.server.url}/refused/200", json=BODY) as response:
                await response.content.read()
    assert {"JSONDecoder.raw_decode", "Decoder.decode"} <= set(parsed)
