"""A hostile server can make its own optional betas be dropped, for itself and the account that asks; and no more."""

import json
import random
import time
from contextlib import asynccontextmanager

import aiohttp
import pytest
from structlog.testing import LogCapture
from support.client import BODY, capturing_logger
from support.conversation import OK, UNNAMED, World, named
from support.judge import BETA, GOOD, OLD, court, refusing, unexpected
from support.raw import REFUSAL, raw_server, reply

import betamw
from betamw.core.rejection import error_type, read_rejection

REQUIRED, NEVER_SENT = "managed-agents-2026-04-01", "never-sent-2026-01-01"
BETAS = tuple(f"beta-{number}-2026-01-01" for number in range(12))


@asynccontextmanager
async def calling(server, *defaults, session=None, **chain):
    """Makes calls to a server: `call(*betas)` gives the status and what became of the betas."""
    attached = betamw.chain(*defaults, api=betamw.Api(server.base_url), **chain)
    async with aiohttp.ClientSession(middlewares=attached, **(session or {})) as opened:

        async def call(*betas, path="/v1/messages"):
            headers = {BETA: ",".join(betas)} if betas else {}
            async with opened.post(server.base_url + path, json=BODY, headers=headers) as response:
                await response.read()
                return response.status, betamw.usage(response)

        yield call


# What it can make us drop.


@pytest.mark.parametrize(
    ("blamed", "path"),
    [((REQUIRED,), "/v1/agents"), (("oauth-2025-04-20",), "/v1/messages"), ((REQUIRED, GOOD, OLD), "/v1/agents")],
    ids=["by the endpoint", "by the policy", "among others"],
)
async def test_what_is_required_stays(blamed, path):
    """Named as often as it likes: the call is not resent, and nothing is learned."""
    memory = betamw.RejectionMemory()
    async with court(refusing(*blamed)) as server, calling(server, memory=memory) as call:
        for _ in range(3):
            status, usage = await call(GOOD, OLD, *blamed[:1], path=path)
            assert (400, 1, {}) == (status, usage.attempts, usage.dropped)
        assert ((), 3) == (memory.verdicts(), len(server.requests))


@pytest.mark.parametrize("names", [[NEVER_SENT], [f"n-{n}-2026-01-01" for n in range(10_000)]], ids=["one", "10,000"])
async def test_names_that_were_not_sent_drop_nothing(names):
    """A server's own names reach neither the header, nor the memory."""
    memory = betamw.RejectionMemory()
    async with court(lambda _: unexpected(*names)) as server, calling(server, memory=memory) as call:
        for _ in range(2):
            status, usage = await call(GOOD, OLD)
            assert (400, (GOOD, OLD), 1) == (status, usage.sent, usage.attempts)
        assert ((), 0) == (memory.verdicts(), len(memory))


async def test_names_among_ten_thousand_others():
    """In a reply that is longer than what is read nothing is named; in a shorter one, at most what was sent."""
    many = [f"n-{n}" for n in range(10_000)]
    async with court(lambda request: unexpected(*request.betas, *many)) as server, calling(server) as call:
        status, usage = await call(GOOD, OLD)
        assert (400, (GOOD, OLD)) == (status, usage.sent)
        server.judge = lambda request: unexpected(*request.betas, *many[:20]) if request.betas else None
        status, usage = await call(GOOD, OLD)
        assert (200, ()) == (status, usage.sent)


async def test_a_server_that_names_all_betas_gets_none():
    """It has the call without them, the next one at once: that is all it can have."""
    async with court(lambda request: unexpected(*request.betas) if request.betas else None) as server:
        async with calling(server, "default-2026-01-01") as call:
            assert [(200, (), 2), (200, (), 1)] == [
                (status, usage.sent, usage.attempts) for status, usage in [await call(GOOD, OLD) for _ in range(2)]
            ]


@pytest.mark.parametrize("said", [REFUSAL.decode(), "invalid beta flag"])
async def test_a_models_own_text_refuses_nothing(said):
    """What a good reply says about betas is content."""
    async with raw_server(lambda _: reply(json.dumps({"content": [{"text": said}], "error": said}).encode())) as server:
        async with calling(server) as call:
            status, usage = await call(GOOD, OLD)
            assert (200, (GOOD, OLD), 1) == (status, usage.sent, usage.attempts)


# What it can make us send.


class Adversary:
    """Refuses by a rule of its own, whatever was agreed before; without betas it may do so too."""

    def __init__(self, refuse):
        self.refuse, self.count, self.random = refuse, 0, random.Random(7)  # noqa: S311  a draw, no secret

    def reply(self, sent):
        self.count += 1
        return self.refuse(self, sent)


ADVERSARIES = {
    "refuses always": lambda _, sent: UNNAMED if sent else OK,
    "refuses even without betas": lambda *_: UNNAMED,
    "names the first": lambda _, sent: named(sent[0]) if sent else OK,
    "names the last": lambda _, sent: named(sent[-1]) if sent else OK,
    "names any": lambda self, sent: named(self.random.choice(sent)) if sent else OK,
    "alternates": lambda self, sent: UNNAMED if self.count % 2 and sent else OK,
    "alternates by name": lambda self, sent: named(sent[0]) if self.count % 2 and sent else OK,
    "two of three": lambda self, sent: UNNAMED if self.count % 3 and sent else OK,
    "two of three, by name": lambda self, sent: named(sent[-1]) if self.count % 3 and sent else OK,
    "at random": lambda self, sent: UNNAMED if self.random.random() < 0.5 and sent else OK,
    "nearly always": lambda self, sent: UNNAMED if self.random.random() < 0.9 and sent else OK,
    "two together": lambda _, sent: UNNAMED if len(sent) > 1 else OK,
    "an odd number": lambda _, sent: UNNAMED if len(sent) % 2 else OK,
    "changes its mind": lambda self, sent: UNNAMED if BETAS[self.count // 7 % len(BETAS)] in sent else OK,
}


@pytest.mark.parametrize("refuse", ADVERSARIES.values(), ids=ADVERSARIES)
@pytest.mark.parametrize("policy", [{}, {"on_unnamed": "drop_all"}, {"max_resends": 1}], ids=str)
def test_resends_are_bounded_in_the_long_run(refuse, policy):
    """No call is sent more often than the policy says; the memory, and the search in it, stay small."""
    world, server = World(), Adversary(refuse)
    for number in range(300):
        world.now += 1.0  # verdicts expire after a hundred calls
        dialogue = world.dialogue(server, *BETAS, **policy).run()
        assert len(dialogue.sends) <= 1 + policy.get("max_resends", 2), number
        assert len(world.memory) <= len(BETAS) + 1
        assert sum(map(len, world.search.values())) <= 4 * len(BETAS)


async def test_no_resend_without_end():
    """The same over a socket: refused for ever, each call is sent three times at most, and ends."""
    async with court(lambda _: {"message": "invalid beta flag"}) as server, calling(server) as call:
        attempts = [(await call(*BETAS))[1].attempts for _ in range(20)]
        assert (len(server.requests), True) == (sum(attempts), max(attempts) <= 3)


async def test_the_memory_is_as_large_as_its_owner_says():
    """Whatever is refused, to whichever model: what was of no use for longest goes."""
    memory = betamw.RejectionMemory(max_entries=20)
    async with court(lambda request: unexpected(*request.betas) if request.betas else None) as server:
        chain = betamw.chain(api=betamw.Api(server.base_url), memory=memory)
        async with aiohttp.ClientSession(middlewares=chain) as session:
            for number in range(40):
                body, headers = {"model": f"m{number}"}, {BETA: ",".join(BETAS)}
                async with session.post(f"{server.base_url}/v1/messages", json=body, headers=headers) as response:
                    assert 200 == response.status
    assert 20 == len(memory) == len(memory.verdicts())


# What it can make us compute.

KIB = 64 * 1024


def _wrapped(text, times):
    for _ in range(times):
        text = json.dumps({"error": {"message": text}})
    return text


NAMES = ", ".join(f"`{GOOD}-{number}`" for number in range(3000))
SHAPES = {
    "arrays": "[" * KIB,
    "closed arrays": "[" * (KIB // 2) + "]" * (KIB // 2),
    "objects": '{"error":' * KIB,
    "closed objects": '{"error":' * 400 + "1" + "}" * 400,
    "a string": '{"message":"beta ' + "a" * (KIB - 20) + '"}',
    "names": f'{{"message":"Unexpected value(s) {NAMES} for the anthropic-beta header"}}',
    "no end of names": f'{{"message":"Unexpected value(s) {NAMES * 2}',
    "strings in strings": _wrapped("invalid beta flag", 12),
    "backslashes": '{"message":"beta ' + "\\\\" * (KIB // 2 - 20) + '"}',
    "quotes": '{"message":"beta ' + '\\"' * (KIB // 2 - 20) + '"}',
    "raw quotes": '"' * KIB,
    "escapes": '{"message":"beta ' + "\\u0061" * (KIB // 6 - 20) + '"}',
    "lone surrogates": '{"message":"beta ' + "\\ud800" * (KIB // 6 - 20) + '"}',
    "Python": "{'error': " * KIB,
    "Python's quotes": "{'a':'" + "\\'" * KIB,
    "events": 'data: {"error":{"message":"beta"}}\n\n' * KIB,
    "lines of events": "data: beta\n" * KIB,
    "numbers": "[" + "1," * (KIB // 2 - 2) + "1]",
    "a number": '{"error":' + "9" * (KIB - 20) + "}",
    "keys": "{" + ",".join(f'"{number}":0' for number in range(7000)) + "}",
    "the same key": '{"message":"beta",' * 3000 + "}",
    "errors": json.dumps({"errors": [f"{BETA} {GOOD} is, " * 8] * 190}),
    "labels": "400 error, " * KIB,
    "labels and errors": json.dumps({"errors": ["400 error, " * 48 + "the model a beta"] * 100}),
    "spaces": " " * KIB,
    "nothing": "\0" * KIB,
    "other letters": "值" * KIB,
    "betas": "beta " * KIB,
    "headers": f"{BETA}: " * KIB,
    "HTML": "<" * KIB,
}


def seconds(function, *args, times=3):
    """The least time of the processor that it takes, whoever else is at work."""
    taken = []
    for _ in range(times):
        start = time.thread_time()
        function(*args)
        taken.append(time.thread_time() - start)
    return min(taken)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_no_body_takes_long_to_read(shape):
    """64 KiB of any shape take about as long as a loop over them; the slowest known takes 2.6 times that."""
    body = shape.encode()[:KIB]

    def read():
        read_rejection(400, body, (GOOD, OLD))
        error_type(body)

    def loop():
        return sum(ord(character) & 1 for character in "x" * KIB)

    read()  # the sentences are compiled once
    assert min(seconds(read) / seconds(loop) for _ in range(2)) < 8


@pytest.mark.parametrize("kind", [OK, UNNAMED, None], ids=["accepted", "unnamed", "named"])
@pytest.mark.parametrize("on_unnamed", ["split", "drop_all"])
def test_ten_thousand_betas_take_linear_time(kind, on_unnamed):
    """A long header of the caller, refused by a server: sixteen times the names take sixteen times the time, or so."""

    def call(count):
        betas = tuple(f"beta-{number}" for number in range(count))
        server = Adversary(lambda _, sent: (kind or named(*sent[:60])) if sent else OK)
        world = World()
        for _ in range(2):  # the second one remembers
            world.dialogue(server, *betas, on_unnamed=on_unnamed).run()

    call(10)
    assert min(seconds(call, 10_000, times=1) / seconds(call, 625) for _ in range(2)) < 16 * 4


async def test_ten_thousand_betas_in_a_header():
    """All of them go out and are dropped; of each list in an event are the first fifty."""
    betas, capture = [f"beta-{number}" for number in range(10_000)], LogCapture()
    judge = lambda request: {"message": "invalid beta flag"} if request.betas else None  # noqa: E731
    async with court(judge) as server, calling(server, logger=capturing_logger(capture)) as call:
        status, usage = await call(*betas)
    assert (200, 10_000, 0) == (status, len(server.sent[0]), len(usage.sent))
    lists = [value for event in capture.entries for value in event.values() if isinstance(value, list)]
    assert 50 == max(map(len, lists))
