"""The total timeout does not take away a reply that is there."""

import asyncio
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace

import aiohttp
import pytest
from structlog.testing import LogCapture
from support.client import capturing_logger
from support.hasty import OLD, REFUSAL

import betamw
from betamw.middlewares.deadline import Deadline

HEAD = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@asynccontextmanager
async def refusing(*bodies):
    """A server that answers with these bodies of refusals, one a request, and then with nothing."""
    replies = iter(bodies)
    done, serving = asyncio.Event(), []

    async def serve(reader, writer):
        serving.append(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                if (body := next(replies, None)) is None:
                    break
                writer.write(HEAD % len(REFUSAL) + body)
            await done.wait()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            done.set()
            await asyncio.gather(*serving)


@pytest.mark.parametrize("attached", [False, True])
async def test_a_refusal_that_is_slow_is_there_all_the_same(attached):
    """As without the chain: the caller has the 400, and meets its timeout when it reads on."""
    async with refusing(REFUSAL[:20]) as url:
        chain = betamw.chain(api=betamw.Api(url)) if attached else ()
        timeout = aiohttp.ClientTimeout(total=0.2)
        async with aiohttp.ClientSession(middlewares=chain, timeout=timeout) as session:
            async with session.get(url, headers={"anthropic-beta": OLD}) as response:
                assert 400 == response.status
                with pytest.raises(TimeoutError):
                    await response.content.read()
        assert 0 == asyncio.current_task().cancelling()


async def test_a_resend_that_waits_for_a_connection_gives_way_to_the_refusal():
    """Nothing of the resend was sent when the timeout struck, so the first reply still says all there is."""
    async with refusing(REFUSAL) as url:
        connector = aiohttp.TCPConnector(limit=1)
        chain = betamw.chain(api=betamw.Api(url))
        async with aiohttp.ClientSession(middlewares=chain, connector=connector) as session:
            headers, timeout = {"anthropic-beta": OLD}, aiohttp.ClientTimeout(total=0.4)
            call = asyncio.create_task(session.get(url, headers=headers, timeout=timeout))
            await asyncio.sleep(0)
            other = asyncio.create_task(session.get(url))  # takes the place of the refused call, and keeps it
            async with await call as response:
                assert (400, REFUSAL) == (response.status, await response.read())
                assert ("rejected", 2) == (betamw.usage(response).outcome, betamw.usage(response).attempts)
            other.cancel()
            with pytest.raises(asyncio.CancelledError):
                await other


async def test_a_cancellation_is_no_timeout():
    """The caller cancels while a slow refusal is looked at: the call is cancelled."""
    async with refusing(REFUSAL[:20]) as url:
        async with aiohttp.ClientSession(middlewares=betamw.chain(api=betamw.Api(url))) as session:
            call = asyncio.create_task(session.get(url, headers={"anthropic-beta": OLD}))
            await asyncio.sleep(0.2)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call


async def test_in_a_task_of_anothers_making_the_timeout_ends_the_call():
    """A middleware that makes a task for the rest of the chain is cancelled itself; nobody would get the reply."""

    async def detached(request, handler):
        return await asyncio.create_task(handler(request))

    async with refusing(REFUSAL[:20]) as url:
        chain = detached, *betamw.chain(api=betamw.Api(url))
        timeout = aiohttp.ClientTimeout(total=0.2)
        async with aiohttp.ClientSession(middlewares=chain, timeout=timeout) as session:
            with pytest.raises(TimeoutError):
                await session.get(url, headers={"anthropic-beta": OLD})


async def test_a_cancellation_beside_the_timeout_counts():
    """When the caller has cancelled in the same moment, the timeout takes nothing back."""
    timer, task = aiohttp.helpers.TimerContext(asyncio.get_running_loop()), asyncio.current_task()
    deadline = Deadline(SimpleNamespace(_timer=timer))
    with suppress(TimeoutError), timer:
        timer.timeout()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await asyncio.sleep(0)
        assert (False, 2) == (deadline.absorbs(caught.value), task.cancelling())
    task.uncancel()
    task.uncancel()


async def test_no_timer_strikes_before_its_time():
    """A cancellation while the timer is running is the caller's."""
    timer = aiohttp.helpers.TimerContext(asyncio.get_running_loop())
    with timer:
        assert not Deadline(SimpleNamespace(_timer=timer)).absorbs(asyncio.CancelledError())


@pytest.mark.parametrize("error", [asyncio.CancelledError(), ValueError()])
async def test_without_a_timer_there_is_no_timeout(error):
    """A response class of another's making need not have one; and another error is none."""
    assert not Deadline(SimpleNamespace()).absorbs(error)


@pytest.mark.parametrize("refused", [0, 1])
async def test_the_event_tells_of_a_timeout(refused):
    """A call that the total timeout has ended was not cancelled by its caller."""
    capture = LogCapture()
    async with refusing(*[REFUSAL] * refused) as url:
        chain = betamw.chain(api=betamw.Api(url), logger=capturing_logger(capture))
        timeout = aiohttp.ClientTimeout(total=0.2)
        async with aiohttp.ClientSession(middlewares=chain, timeout=timeout) as session:
            with pytest.raises(TimeoutError):
                await session.get(url, headers={"anthropic-beta": OLD})
    told = [(e["outcome"], e["error_type"]) for e in capture.entries if e["event"] == "betamw.request"]
    assert [("error", "TimeoutError")] == told
