"""Every kind of body: on the wire as without the chain, sent again whole or not at all, left as aiohttp leaves it."""

import asyncio
import re
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

import aiohttp
import pytest
from support.client import open_client
from support.hasty import OLD
from support.uploads import AIOHTTP, KINDS, REWOUND, Desk
from support.wire import refusal, wire_server

import betamw

GOOD, CONTEXT = "files-api-2025-04-14", "context-management-2025-06-27"
STRIP = betamw.FallbackPolicy(paired_fields="strip")
FRAMING = "content-length", "transfer-encoding"
opened = partial(open_client, session={"timeout": aiohttp.ClientTimeout(total=20)})


def each(kinds):
    return pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in kinds])


@pytest.fixture
def desk(tmp_path):
    """Makes bodies."""
    with Desk(tmp_path) as made:
        yield made


@pytest.fixture
def same_boundaries(monkeypatch):
    """From each call of this on, multipart bodies get the boundaries of the last time."""

    def restart():
        numbers = count(1)
        monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=next(numbers)))

    return restart


def plain(*middlewares):
    """Makes sessions without a chain, for `open_client`."""
    return lambda **_: middlewares


def around(*out, inside=(), **settings):
    """Makes sessions with a chain between other middlewares, for `open_client`."""
    return lambda **scope: (*out, *betamw.chain(**scope, **settings), *inside)


def told(client):
    """Why each refusal was or was not answered by a resend."""
    return [event["reason"] for event in client.events("betamw.beta.rejected")]


@each(KINDS)
async def test_without_incident_the_wire_is_that_of_a_plain_session(kind, desk, same_boundaries):
    """Each line of the head, in its order and spelling, each byte of the body, each chunk."""
    async with wire_server() as server:
        for middlewares in (plain(), around(policy=STRIP)):
            same_boundaries()
            async with opened(server, middlewares=middlewares) as c:
                assert 200 == (await c.call(GOOD, **kind.make(desk))).status
        one, two = [request.compared() for request in server.requests]
        assert one == two


@each(KINDS)
async def test_a_refused_body_is_sent_again_whole_or_not_at_all(kind, desk):
    """The same head but for the beta, the same body; or one request, its reply handed on, and the event says why."""
    async with wire_server() as server, opened(server) as c:
        got = await c.call(GOOD, OLD, **kind.make(desk))
        first, *more = [request.compared("anthropic-beta") for request in server.requests]
        assert [first] * kind.resent == more
        expected = (200, b"{}", ["dropped"]) if kind.resent else (400, refusal(OLD), ["body_not_replayable"])
        assert expected == (got.status, got.body, told(c))


@each(KINDS)
async def test_what_is_stripped_is_framed_right_and_put_back(kind, desk):
    """The new body is the old one without its field, in the same coding; afterwards the request has its own again."""
    seen = []

    async def look(request, handler):
        seen.append((request.body, *map(request.headers.get, FRAMING)))
        response = await handler(request)
        seen.append((request.body, *map(request.headers.get, FRAMING)))
        return response

    async with wire_server(beta=CONTEXT) as server:
        async with opened(server, middlewares=around(look, policy=STRIP)) as c:
            got = await c.call(CONTEXT, **kind.make(desk))
        first, *more = server.requests
        assert (200 if kind.resent else 400, kind.resent, seen[0]) == (got.status, len(more), seen[1])
        for second in more:
            assert [first.header(name) is None for name in FRAMING] == [second.header(name) is None for name in FRAMING]
            one, two = (sorted(request.compared("anthropic-beta", *FRAMING)[0]) for request in (first, second))
            assert one == two
            assert (kind.rest or decoded(first), True) == (decoded(second), second.whole)


def decoded(request):
    """A body as it was before it was compressed."""
    return zlib.decompress(request.body, wbits=47) if request.header("content-encoding") else bytes(request.body)


@pytest.mark.skipif(AIOHTTP < (3, 13), reason="aiohttp 3.12 redirects files and forms wrong, without a chain too")
@each([kind for kind in KINDS if kind.resent])
async def test_a_redirect_after_a_recovered_call_goes_on_with_the_body(kind, desk, same_boundaries):
    """What goes there is what a plain session sends there."""
    async with wire_server(location="/there") as server:
        for middlewares, beta in ((plain(), GOOD), (around(), OLD)):
            same_boundaries()
            async with opened(server, middlewares=middlewares) as c:
                assert 200 == (await c.call(beta, **kind.make(desk))).status
        _, there, *_, last = [request.compared("anthropic-beta") for request in server.requests]
        assert there == last


@each([kind for kind in KINDS if kind.resent])
async def test_a_body_goes_through_other_middlewares_again(kind, desk):
    """One further out sends each request twice, one further in takes its time, and there is a second chain."""

    async def twice(request, handler):
        (await handler(request)).release()
        request.update_expect_continue()  # where it expects that
        return await handler(request)

    async def slow(request, handler):
        await asyncio.sleep(0)
        response = await handler(request)
        await asyncio.sleep(0)
        return response

    async with wire_server() as server:
        inside = slow, *betamw.chain(api=betamw.Api(server.base_url))
        async with opened(server, middlewares=around(twice, inside=inside, memory=None)) as c:
            got = await c.call(GOOD, OLD, **kind.make(desk))
        first, *more = [request.compared("anthropic-beta") for request in server.requests]
        assert (200, ["dropped"] * 2, [first] * 3) == (got.status, told(c), more)


@pytest.mark.parametrize("beta", [GOOD, OLD], ids=["taken", "refused"])
@each([kind for kind in KINDS if re.search("(?i)file|pipe", kind.name)])
async def test_a_file_is_closed_as_aiohttp_alone_closes_it(kind, desk, beta):
    """Not while the call lasts, and afterwards where aiohttp does so."""
    loop, states = asyncio.get_running_loop(), []
    loop.set_default_executor(ThreadPoolExecutor(1))  # aiohttp closes there: what comes next sees the file closed

    async def state():
        await loop.run_in_executor(None, int)
        states.append([file.closed for file in desk.files])

    async def look(request, handler):
        response = await handler(request)
        await state()
        return response

    async with wire_server() as server:
        for middlewares in (plain(look), around(look)):
            desk.files.clear()
            async with opened(server, middlewares=middlewares) as c:
                await c.call(beta, **kind.make(desk))
            await state()
    during, after, *chained = states
    assert [during, after] == chained


@pytest.mark.skipif(AIOHTTP < REWOUND, reason="a file is never sent again")
async def test_a_file_that_is_closed_meanwhile_is_not_sent_again(desk):
    """Whoever made the call, or a middleware, may close it as soon as the reply is here."""

    async def close(request, handler):
        response = await handler(request)
        desk.files[0].close()
        return response

    async with wire_server() as server, opened(server, middlewares=around(inside=[close])) as c:
        got = await c.call(OLD, data=desk.opened())
        assert (400, refusal(OLD), ["body_not_replayable"]) == (got.status, got.body, told(c))


@pytest.mark.skipif(not hasattr(aiohttp, "UploadTracker"), reason="since aiohttp 3.14.4")
@pytest.mark.parametrize(("beta", "attempts"), [(GOOD, 1), (OLD, 2)])
async def test_an_upload_can_be_followed(desk, beta, attempts):
    """The tracker tells of the last attempt, and how many there were."""
    async with wire_server() as server, opened(server) as c:
        tracker = aiohttp.UploadTracker()
        await c.call(beta, data=desk.opened(), upload_tracker=tracker)
        await tracker.upload_complete
        assert (attempts, len(desk.content)) == (tracker.attempts, tracker.bytes_written)
