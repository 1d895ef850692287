"""`on_rejection` is somebody else's code: whatever it does, the call ends and leaves nothing behind."""

import asyncio
import io
import time

import aiohttp
import pytest
from support.aftermath import left_by, see
from support.client import open_client
from support.hasty import OLD, hasty_server

import betamw
from betamw.testing import SimulatedApi

GOOD = "files-api-2025-04-14"


class Stop(BaseException):
    """Like KeyboardInterrupt and SystemExit, which would end the tests."""


def raising(error):
    """A hook that raises an error."""

    def hook(_rejection):
        raise error

    return hook


async def called_with(hook, **settings):
    """What comes of a call that is refused: its status, what is left, and the failures of the hook that were told."""
    policy = betamw.FallbackPolicy(on_rejection=hook)
    async with SimulatedApi(refuses=[OLD]) as api, open_client(api, policy=policy, **settings) as c:
        seen = await see(c.session, api.base_url, OLD, GOOD)
        failures = [event["error_type"] for event in c.events("betamw.hook.failed")]
        assert 1 == len(c.events())
        return seen.status, await left_by(c.session), failures


@pytest.mark.parametrize(
    "error", [ValueError, StopIteration, StopAsyncIteration, RecursionError, MemoryError, TimeoutError, RuntimeWarning]
)
async def test_one_that_raises(error):
    """It is told and passed over."""
    assert (200, {}, [error.__name__]) == await called_with(raising(error()))


@pytest.mark.parametrize("answer", ["drop", 5, [], object(), betamw.Action, {"kind": "drop"}, NotImplemented])
async def test_one_that_answers_nonsense(answer):
    """It is told as a TypeError, and passed over."""
    assert (200, {}, ["TypeError"]) == await called_with(lambda _: answer)


async def test_one_that_answers_with_a_coroutine():
    """A hook that turns out to be asynchronous is nonsense too; Python says that nobody has awaited it."""

    async def answer():
        return betamw.Action.give_up()

    with pytest.warns(RuntimeWarning, match="was never awaited"):
        assert (200, {}, ["TypeError"]) == await called_with(lambda _: answer())


async def test_one_that_blocks():
    """The call takes as long as that."""
    assert (200, {}, []) == await called_with(lambda _: time.sleep(0.05))


async def test_one_that_forgets_everything():
    """What is learned afterwards is learned."""
    memory = betamw.RejectionMemory()
    assert (200, {}, []) == await called_with(lambda _: bool(memory.forget()) or None, memory=memory)
    assert [OLD] == [verdict.beta for verdict in memory.verdicts()]


async def test_one_that_makes_a_call():
    """In a task, for it cannot wait for it; both are answered."""
    calls = []

    def hook(_rejection):
        if not calls:
            calls.append(asyncio.ensure_future(see(c.session, api.base_url, OLD)))

    policy = betamw.FallbackPolicy(on_rejection=hook)
    async with SimulatedApi(refuses=[OLD]) as api, open_client(api, policy=policy) as c:
        assert [200, 200] == [(await see(c.session, api.base_url, OLD)).status, (await calls[0]).status]
        assert ({}, 2) == (await left_by(c.session), len(c.events()))


async def test_one_that_runs_the_loop():
    """It cannot; that is told."""
    assert (200, {}, ["RuntimeError"]) == await called_with(
        lambda _: asyncio.get_event_loop().run_until_complete(asyncio.get_event_loop().create_future())
    )


@pytest.mark.parametrize(
    ("error", "told"), [(Stop(), ("error", "Stop")), (asyncio.CancelledError(), ("cancelled", "CancelledError"))]
)
@pytest.mark.parametrize("at", [1, 2])
async def test_what_is_no_error_goes_through(error, told, at):
    """It ends the call, at the first refusal or at the second: the event says so, and the next one goes on."""
    refusals = []

    def hook(rejection):
        refusals.append(rejection)
        if len(refusals) == at:
            raise error

    policy = betamw.FallbackPolicy(on_rejection=hook)
    async with SimulatedApi(refuses=[OLD, GOOD], one_at_a_time=True) as api, open_client(api, policy=policy) as c:
        with pytest.raises(type(error)):
            await c.call(OLD, GOOD)
        assert [told] == [(event["outcome"], event["error_type"]) for event in c.events()]
        assert ({}, at) == (await left_by(c.session), len(c.sent))
        assert 200 == (await c.call(OLD, GOOD)).status


async def test_what_ends_a_call_ends_its_upload():
    """The refusal came before all was sent: the connection that is busy with the rest is closed."""
    async with hasty_server() as (url, _):
        policy = betamw.FallbackPolicy(on_rejection=raising(Stop()))
        chain = betamw.chain(api=betamw.Api(url), policy=policy)
        async with aiohttp.ClientSession(middlewares=chain) as session:
            with pytest.raises(Stop) as caught:  # which keeps all alive that the call was at
                await session.post(url, data=io.BytesIO(b"0" * 20_000_000), headers={"anthropic-beta": OLD})
            assert (Stop, {}) == (caught.type, await left_by(session))
