"""A call is cancelled, or its time is over, at each of the places where it waits: nothing stays behind, all is told."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import attrs
import pytest
from support.aftermath import LONG, left_by, strike_total_timeout
from support.client import BODY, Client, open_client
from support.steps import Steps

import betamw
from betamw.testing import SimulatedApi

OLD, GOOD, CONTEXT = "context-1m-2025-08-07", "files-api-2025-04-14", "context-management-2025-06-27"
EIGHT = tuple(f"beta-{letter}-2026-01-01" for letter in "abcdefgh")


@attrs.frozen
class Scenario:
    """A call and what is around it."""

    betas: tuple[str, ...] = (GOOD,)
    outcome: str = "ok"
    status: int = 200
    api: Mapping[str, Any] = attrs.field(factory=dict)
    body: Mapping[str, Any] = attrs.field(factory=dict)
    fields: str = "keep"
    literal: Callable[[SimulatedApi], None] = lambda _api: None
    expired: bool = False
    limit: int = 100
    waits_for: str | None = None


REFUSED = {"api": {"refuses": [OLD]}, "betas": (OLD, GOOD), "outcome": "recovered"}
SCENARIOS = {
    "good": Scenario(),
    "refused": Scenario(**REFUSED),
    "refused slowly": Scenario(**REFUSED, literal=lambda api: api.fail_next("drip", seconds=0.001)),
    "searched": Scenario(api={"refuses": EIGHT[::4], "dialect": "bedrock"}, betas=EIGHT, outcome="recovered"),
    "probed": Scenario(**REFUSED, expired=True),
    "stripped": Scenario(
        api={"refuses": [CONTEXT]},
        betas=(CONTEXT, GOOD),
        outcome="recovered",
        body={"context_management": {}},
        fields="strip",
    ),
    "overload": Scenario(
        outcome="error", status=529, literal=lambda api: api.fail_next("drip", 529, b" " * 448, seconds=0.01)
    ),
    "streamed": Scenario(literal=lambda api: api.fail_next("drip", 200, b" " * 256, seconds=0.001)),
    "streamed after a resend": Scenario(**REFUSED, body={"stream": True}),
    "waits for the pool": Scenario(**REFUSED, limit=1, waits_for="the first attempt"),
    "resend waits for the pool": Scenario(**REFUSED, limit=1, waits_for="the resend"),
}


@attrs.define(eq=False)
class Play:
    """A scenario that is played."""

    scenario: Scenario
    client: Client
    memory: betamw.RejectionMemory
    now: list
    scope: asyncio.Timeout = attrs.field(factory=lambda: asyncio.timeout(None))
    handed: list = attrs.field(factory=list)
    task: asyncio.Task | None = None
    go_on: asyncio.Event = attrs.field(factory=asyncio.Event)
    holds: asyncio.Event = attrs.field(factory=asyncio.Event)
    other: asyncio.Task | None = None

    async def call(self):
        """Make the call and read the reply."""
        headers, url = {"anthropic-beta": ",".join(self.scenario.betas)}, f"{self.client.api.base_url}/v1/messages"
        body = BODY | self.scenario.body
        async with self.client.session.post(url, headers=headers, json=body, timeout=LONG) as response:
            self.handed.append(response.status)
            await response.read()

    async def prepare(self):
        """What comes before the call."""
        if self.scenario.expired:
            await self.call()
            self.handed.clear()
            self.client.capture.entries.clear()
            self.now[0] = 61.0
        self.scenario.literal(self.client.api)
        if self.scenario.waits_for == "the first attempt":
            self.stand_in_line()
            await self.holds.wait()

    def stand_in_line(self):
        """Let a call of somebody else's have the only connection for a while."""

        async def upload():
            self.holds.set()
            await self.go_on.wait()
            yield b"{}"

        async def call():
            url = f"{self.client.api.base_url}/v1/messages"
            no_limit = aiohttp.ClientTimeout(total=None)
            async with self.client.session.post(url, data=upload(), middlewares=(), timeout=no_limit):
                pass

        self.other = asyncio.create_task(call())

    def watch(self):
        """The call waits."""
        if self.scenario.waits_for == "the resend" and self.other is None:
            self.stand_in_line()
        self.go_on.set()

    async def run(self, strike, at, *, late):
        """Strike at this wait of the call; returns the error that ends it, and whether it came to the strike."""
        await self.prepare()

        async def limited():
            async with self.scope:
                await self.call()

        steps = Steps(at, lambda: strike(self), late, self.watch)
        self.task = asyncio.create_task(steps.run(limited()))
        await asyncio.wait([self.task])
        if self.other is not None:
            await self.other
        if self.task.cancelled():
            return asyncio.CancelledError, steps.struck
        error = self.task.exception()
        return error and type(error), steps.struck

    def told(self):
        """What the events of the call say."""
        return [(event["outcome"], event.get("error_type")) for event in self.client.events()]

    async def goes_on(self):
        """The next call: its status, and whether it probes what is due."""
        due = [verdict.beta for verdict in self.memory.verdicts() if verdict.expires_at <= self.now[0]]
        self.client.capture.entries.clear()
        await self.call()
        await self.call()  # the literal reply may be to the one before
        probed = [beta for event in self.client.events("betamw.memory.expired") for beta in event["betas"]]
        return self.handed[-1], due == probed


@asynccontextmanager
async def playing(scenario):
    """A session with the chain for the scenario."""
    now = [0.0]
    memory = betamw.RejectionMemory(remember_for=60, clock=lambda: now[0])
    policy = betamw.FallbackPolicy(paired_fields=scenario.fields)
    async with SimulatedApi(**scenario.api) as api:
        session = {"connector": aiohttp.TCPConnector(limit=scenario.limit)}
        async with open_client(api, memory=memory, policy=policy, session=session) as client:
            yield Play(scenario, client, memory, now)


def cancel(play):
    """The caller wants no reply any more."""
    play.task.cancel()


def expire(play):
    """The caller's own `asyncio.timeout` is over."""
    play.scope.reschedule(asyncio.get_running_loop().time())


def expire_total(_play):
    """`ClientTimeout(total=...)` is over."""
    strike_total_timeout()


class Abandoned(BaseException):
    """Whoever drives the coroutine has no use for it any more."""


def abandon(_play):
    """The coroutine is closed, as when its loop ends."""
    raise Abandoned


# What the caller sees, and what the event says where no reply has been handed over.
STRIKES = {
    cancel: (asyncio.CancelledError, ("cancelled", "CancelledError")),
    expire: (TimeoutError, ("cancelled", "CancelledError")),
    expire_total: (TimeoutError, ("error", "TimeoutError")),
    abandon: (Abandoned, ("error", "GeneratorExit")),
}


def expected(play, strike, error):
    """What the event says: of a reply that was handed over, else of the strike."""
    if not play.handed:
        return STRIKES[strike][1]
    if play.handed == [400]:  # the total timeout has struck a resend, or the body that nobody had read yet
        return ("rejected", play.told()[0][1]) if error is None else ("error", "400")
    return (play.scenario.outcome, str(play.handed[0]) if play.handed[0] >= 400 else None)


CASES = [
    pytest.param(scenario, strike, late, id=f"{name}-{strike.__name__}{'-late' * late}")
    for name, scenario in SCENARIOS.items()
    for strike in STRIKES
    for late in (False, True)
    # asyncio mistakes the next socket for that of a coroutine which was closed while it waited for that
    if strike is not abandon or not (late or scenario.waits_for)
]


@pytest.mark.parametrize(("scenario", "strike", "late"), CASES)
async def test_at_every_wait(scenario, strike, late):
    """Wherever it strikes, before what is waited for is there or (late) when it is: who calls is told, and the log."""
    at, struck = 0, True
    while struck:
        async with playing(scenario) as play:
            error, struck = await play.run(strike, at, late=late)
            no_error = not struck or (play.handed and strike is not cancel and error is None)
            assert (None if no_error else STRIKES[strike][0]) is error
            assert ([expected(play, strike, error)], {}) == (play.told(), await left_by(play.client.session))
            if play.handed != [200]:
                assert [] == play.client.events("betamw.memory.learned")
            assert (200, True) == await play.goes_on()
        at += 1
    assert [play.scenario.status] == play.handed[:1]
