"""A lesson expires: one call at a time finds out whether it still holds, and no outcome of it blocks the next."""

import asyncio

import aiohttp
import pytest

import betamw

OLD, GOOD, OTHER = "context-1m-2025-08-07", "files-api-2025-04-14", "interleaved-thinking-2025-05-14"


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def learned(client, api, clock):
    """Makes sessions whose memory lasts for a minute."""

    def make(**settings):
        memory = betamw.RejectionMemory(remember_for=60, probe_lease=20, clock=clock)
        return client(**{"memory": memory} | settings)

    return make


async def expire(c, clock):
    """Learn that OLD is refused, and let that expire."""
    c.api.refuse(OLD)
    assert 200 == (await c.call(f"{OLD},{GOOD}")).status
    clock.now += 61.0
    c.api.clear()


def results(c):
    return [(event["betas"], event["result"]) for event in c.events("betamw.memory.reprobed")]


async def test_a_probe_that_is_refused_renews_the_lesson(learned, api, clock):
    """The call that probes is answered like any other, and pays for the others."""
    async with learned() as c:
        await expire(c, clock)
        got = [await c.call(f"{OLD},{GOOD}") for _ in range(3)]
        assert ([200] * 3, [(OLD, GOOD), (GOOD,), (GOOD,), (GOOD,)]) == ([each.status for each in got], c.sent)
        assert ([([OLD], "refused")], [[OLD], [OLD]]) == (
            results(c),
            [event["betas"] for event in c.events("betamw.memory.learned")],
        )


async def test_a_probe_that_is_accepted_ends_the_lesson(learned, api, clock):
    """From then on the beta goes out."""
    async with learned() as c:
        await expire(c, clock)
        api.accept(OLD)
        for _ in range(2):
            await c.call(f"{OLD},{GOOD}")
        assert ([(OLD, GOOD)] * 2, [([OLD], "accepted")]) == (c.sent, results(c))


async def test_a_lesson_that_has_not_expired_is_not_probed(learned, clock):
    """A lesson lasts for `remember_for`, to the second."""
    async with learned() as c:
        await expire(c, clock)
        clock.now -= 1.1
        await c.call(f"{OLD},{GOOD}")
        assert [(GOOD,)] == c.sent


async def test_others_leave_it_out_meanwhile(learned, api, clock):
    """One of twenty calls that start together probes."""
    async with learned() as c:
        await expire(c, clock)
        got = await asyncio.gather(*(c.call(f"{OLD},{GOOD}") for _ in range(20)))
        assert ({200}, 1) == ({each.status for each in got}, c.sent.count((OLD, GOOD)))
        assert 19 == sum(each.usage.dropped == {OLD: "remembered"} for each in got)


@pytest.mark.parametrize("status", [429, 500, 529, 401, 404, 307])
async def test_a_probe_that_is_answered_with_something_else_says_nothing(learned, api, clock, status):
    """The next call probes at once; nothing was learned, nothing forgotten."""
    async with learned() as c:
        await expire(c, clock)
        api.respond_next(status, b"{}", {"Location": "/"} if status == 307 else None)
        assert status == (await c.call(f"{OLD},{GOOD}", allow_redirects=False)).status
        await c.call(f"{OLD},{GOOD}")
        assert [(OLD, GOOD), (OLD, GOOD), (GOOD,)] == c.sent
        assert [([OLD], "unknown"), ([OLD], "refused")] == results(c)


@pytest.mark.parametrize("status", [429, 500])
async def test_a_probe_that_is_refused_by_name_needs_no_good_answer(learned, api, clock, status):
    """Its resend is answered by an overload: the refusal is a lesson all the same."""
    async with learned() as c:
        await expire(c, clock)
        api.respond_next(status, after=1)
        await c.call(f"{OLD},{GOOD}")
        await c.call(f"{OLD},{GOOD}")
        assert ([(OLD, GOOD), (GOOD,), (GOOD,)], [([OLD], "refused")]) == (c.sent, results(c))


async def fail(_request):
    raise aiohttp.ServerDisconnectedError


async def hang(_request):
    await asyncio.sleep(60)


async def crash(_request):
    raise RuntimeError


@pytest.mark.parametrize(
    ("trouble", "error"), [(fail, aiohttp.ClientError), (hang, TimeoutError), (crash, RuntimeError)]
)
async def test_a_probe_that_fails_frees_its_lease(learned, api, clock, trouble, error):
    """A network error, a timeout, an error of other code: the next call need not wait for the lease to end."""
    troubled = []

    async def trouble_the_probe(request, handler):
        if clock.now and not troubled:
            troubled.append(request.headers["anthropic-beta"])
            await trouble(request)
        return await handler(request)

    def chain(*, api, logger):
        memory = betamw.RejectionMemory(remember_for=60, probe_lease=20, clock=clock)
        return *betamw.chain(api=api, logger=logger, memory=memory), trouble_the_probe

    async with learned(middlewares=chain) as c:
        await expire(c, clock)
        with pytest.raises(error):
            await c.call(f"{OLD},{GOOD}", timeout=aiohttp.ClientTimeout(total=0.1))
        await c.call(f"{OLD},{GOOD}")
        assert ([f"{OLD},{GOOD}"], [(OLD, GOOD), (GOOD,)]) == (troubled, c.sent)
        assert [([OLD], "unknown"), ([OLD], "refused")] == results(c)


async def test_a_cancelled_probe_frees_its_lease(learned, api, clock):
    """While it is under way others leave the beta out; after it the next one probes."""
    reached, held = asyncio.Event(), []

    async def hold_the_probe(request, handler):
        if clock.now and not held:
            held.append(True)
            reached.set()
            await asyncio.sleep(60)
        return await handler(request)

    def chain(*, api, logger):
        memory = betamw.RejectionMemory(remember_for=60, probe_lease=20, clock=clock)
        return *betamw.chain(api=api, logger=logger, memory=memory), hold_the_probe

    async with learned(middlewares=chain) as c:
        await expire(c, clock)
        probe = asyncio.create_task(c.call(f"{OLD},{GOOD}"))
        await reached.wait()
        await c.call(f"{OLD},{GOOD}")
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe
        await c.call(f"{OLD},{GOOD}")
        assert [(GOOD,), (OLD, GOOD), (GOOD,)] == c.sent


async def test_a_lease_ends_where_nobody_frees_it(learned, api, clock):
    """A probe that hangs for longer than `probe_lease` is given up: another call probes."""
    reached, go_on, held = asyncio.Event(), asyncio.Event(), []

    async def hold_the_probe(request, handler):
        if clock.now and not held:
            held.append(True)
            reached.set()
            await go_on.wait()
        return await handler(request)

    def chain(*, api, logger):
        memory = betamw.RejectionMemory(remember_for=60, probe_lease=20, clock=clock)
        return *betamw.chain(api=api, logger=logger, memory=memory), hold_the_probe

    async with learned(middlewares=chain) as c:
        await expire(c, clock)
        probe = asyncio.create_task(c.call(f"{OLD},{GOOD}"))
        await reached.wait()
        api.accept(OLD)
        clock.now += 21.0
        await c.call(f"{OLD},{GOOD}")
        go_on.set()
        await probe
        assert [(OLD, GOOD), (OLD, GOOD)] == c.sent
        assert 0 == len([event for event in results(c) if event[1] != "accepted"])


async def test_a_probe_of_an_unnamed_lesson(learned, api, clock):
    """What a search has found expires like the rest: the probe's refusal is searched anew, each call is answered."""
    async with learned() as c:
        api.refuse(OLD)
        api.dialect = "bedrock"
        for _ in range(5):
            await c.call(f"{OLD},{GOOD},{OTHER}")
        clock.now += 61.0
        got = [await c.call(f"{OLD},{GOOD},{OTHER}") for _ in range(5)]
        assert ({200}, (GOOD, OTHER)) == ({each.status for each in got}, got[-1].usage.sent)
        api.accept(OLD)
        clock.now += 61.0
        got = [await c.call(f"{OLD},{GOOD},{OTHER}") for _ in range(3)]
        assert ({200}, (OLD, GOOD, OTHER)) == ({each.status for each in got}, got[-1].usage.sent)


async def test_a_probe_with_its_fields(learned, api, clock):
    """With `paired_fields="strip"` a probe carries the fields of the beta too, or it would prove nothing."""
    context = "context-management-2025-06-27"
    body = b'{"model": "m", "context_management": {}}'
    memory = betamw.RejectionMemory(remember_for=60, clock=clock)
    async with learned(policy=betamw.FallbackPolicy(paired_fields="strip"), memory=memory) as c:
        api.refuse(context)
        await c.call(context, data=body)
        clock.now += 61.0
        api.accept(context)
        await c.call(context, data=body)
        assert [body, b'{"model": "m"}', body] == [request.body for request in api.requests]
