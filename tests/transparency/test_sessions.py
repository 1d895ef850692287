"""One session, many calls: shared by tasks, short of connections, closed while a call is under way."""

import asyncio
import gc
import warnings

import aiohttp
import pytest
from support.twice.reading import in_turn
from support.twice.scenes import play
from support.twice.server import OLD

MIXED = ["200", "200 chunked", "400", "400 gzip", "500", "204", "400 of 64 KiB and a byte", "200 empty"]
MODES = ["no beta", "a beta that is taken", "remembered", "handed over"]


async def both(stage, mode, scene, session=dict):
    return [await play(stage, mode, scene, chained=chained, **session()) for chained in (False, True)]


@pytest.mark.parametrize("mode", ["recovered each time", "recovered", *MODES])
async def test_a_connection_is_used_again(stage, mode):
    """As many connections as a plain session needs, though some replies are thrown away."""

    async def scene(caller):
        return [await caller.read(kind) for kind in ("200", "200 chunked", "500", "200 gzip", "200 until EOF", "200")]

    plainly, with_chain = await both(stage, mode, scene)
    assert plainly == with_chain


@pytest.mark.parametrize("kind", ["400 chunked", "400 gzip", "400 with trailers", "400 of 64 KiB", "422"])
async def test_a_discarded_reply_gives_its_connection_back(stage, kind):
    """However the refusal is framed, the resend and the next call go over its connection."""

    async def scene(caller):
        return [await caller.read(kind), await caller.read(kind)]

    plainly, with_chain = await both(stage, "recovered from it", scene)
    assert plainly == with_chain
    assert 1 == with_chain[1]


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("mode", ["recovered each time", "recovered", *MODES])
async def test_tasks_share_a_session(stage, mode, limit):
    """Each task gets its own reply, also where they wait for each other's connections."""

    async def scene(caller):
        kinds = MIXED if mode in MODES else ["200", "200 gzip", "500"]
        return await asyncio.gather(*[caller.read(kind) for kind in kinds * 3])

    async with asyncio.timeout(30):
        (plainly, _), (with_chain, connections) = await both(stage, mode, scene, lambda: limited(limit))
    assert plainly == with_chain
    assert limit >= connections


def limited(limit):
    return {"connector": aiohttp.TCPConnector(limit=limit)}


async def test_a_refusal_instead_of_100_continue(stage):
    """The body that was held back goes out with the resend."""
    stage.server.hasty = True

    async def scene(caller):
        return await caller.read("200", data=b"a" * 1000, expect100=True)

    (plainly, _), (with_chain, _) = await both(stage, "recovered each time", scene)
    assert plainly == with_chain
    assert [0, 1000] == [len(request.raw.partition(b"\r\n\r\n")[2]) for request in stage.server.requests]


async def seen_by(server, requests):
    while len(server.requests) < requests:  # noqa: ASYNC110  no event tells of it
        await asyncio.sleep(0.001)


async def test_the_session_is_closed_during_a_resend(stage):
    """The refusal says all there is: the caller gets it, whole, and nobody waits for ever."""

    async def scene(caller):
        call = asyncio.create_task(caller.read("200 that never comes"))
        await seen_by(caller.stage.server, 2)
        await caller.session.close()
        return await call

    async with asyncio.timeout(30):
        (status, body), connections = await play(stage, "recovered", scene, chained=True)
    assert (400, True, 1) == (status, OLD.encode() in body, connections)


@pytest.mark.parametrize("kind", ["400 that stalls", "400 that stalls at once", "500 that stalls"])
async def test_the_session_is_closed_during_a_look(stage, kind):
    """The caller gets the reply, and meets the end of the session when it reads."""

    async def scene(caller):
        call = asyncio.create_task(caller.call(kind).__aenter__())
        if caller.chained:
            await seen_by(caller.stage.server, 1)
            await asyncio.sleep(0.05)
        else:
            await asyncio.wait([call])
        await caller.session.close()
        response = await call
        return response.status, await in_turn(response.content.read, response.read)

    async with asyncio.timeout(30):
        plainly, with_chain = await both(stage, "a beta that is taken", scene)
    assert plainly == with_chain


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("a beta that is taken", "500 that stalls"), ("recovered each time", "200 that stalls")],
)
async def test_a_response_that_nobody_closes(stage, mode, kind):
    """In debug mode aiohttp warns of it, as without a chain; and of no response that was thrown away."""

    async def scene(caller):
        await caller.call("200")
        await caller.call(kind)

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    asyncio.get_running_loop().set_debug(True)
    told = []
    for chained in (False, True):
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            await play(stage, mode, scene, chained=chained)
            gc.collect()
        # The collector decides whether a connection goes before its response, and is warned of, too.
        texts = (str(warning.message).splitlines()[0] for warning in warned)
        told.append([text for text in texts if text.startswith("Unclosed response")])
    asyncio.get_running_loop().set_debug(False)

    assert told[0] == told[1]
    assert told[0]


@pytest.mark.skipif(not hasattr(aiohttp, "UploadTracker"), reason="since aiohttp 3.14")
@pytest.mark.parametrize(("mode", "attempts"), [("a beta that is taken", 1), ("remembered", 1), ("recovered", 2)])
async def test_upload_tracker(stage, mode, attempts):
    """It tells of the last attempt what it tells of the only one, and how many there were."""

    async def scene(caller):
        tracker = aiohttp.UploadTracker()
        outcome = await caller.read("200", data=b"a" * 10_000, upload_tracker=tracker)
        counted.append(tracker.attempts)
        return outcome, tracker.bytes_written, tracker.upload_complete.done(), tracker.upload_complete.result()

    counted = []
    plainly, with_chain = await both(stage, mode, scene)
    assert plainly == with_chain
    assert [1, attempts] == counted
