"""Many calls at once before anything is known: the first refusal that is read is the last that need have been."""

import asyncio
import hashlib
from collections import defaultdict
from contextvars import ContextVar
from itertools import dropwhile

import aiohttp
import pytest
import structlog

import betamw

OLD, GOOD, OTHER = "context-1m-2025-08-07", "files-api-2025-04-14", "interleaved-thinking-2025-05-14"
CALLS = 200
REFUSED = "a refusal was read"


def told_in_order():
    """A list of what is sent and of the refusals that are read, with the settings that fill it."""
    told = []
    trace = aiohttp.TraceConfig()

    async def sent(session, context, sending):
        told.append(sending.headers.get("anthropic-beta", ""))

    def refused(rejection):
        told.append(REFUSED)

    trace.on_request_headers_sent.append(sent)
    return told, {"trace_configs": [trace]}, betamw.FallbackPolicy(on_rejection=refused)


def sent_after_the_first_refusal(told):
    return [each for each in dropwhile(lambda each: each != REFUSED, told) if each != REFUSED]


@pytest.mark.parametrize("dialect", ["anthropic", "bedrock"])
@pytest.mark.parametrize("limit", [1, 10, 100])  # 100 is aiohttp's default
async def test_a_cold_burst(client, api, dialect, limit):
    """Each call is answered; after the first refusal none goes out with what is refused, whether it waited or not."""
    api.refuse(OLD)
    api.dialect = dialect
    told, session, policy = told_in_order()
    session["connector"] = aiohttp.TCPConnector(limit=limit)
    async with client(policy=policy, session=session) as c:
        async with asyncio.timeout(20):
            got = await asyncio.gather(*(c.call(f"{GOOD},{OLD}") for _ in range(CALLS)))
        assert [200] * CALLS == [each.status for each in got]
        assert {GOOD, ""} >= {*sent_after_the_first_refusal(told)}
        carried = sum(OLD in betas for betas in c.sent)
        refused = len(c.events("betamw.beta.rejected"))
        assert (carried, CALLS + carried) == (refused, len(c.sent))  # a resend for each refusal, and no more
        assert 1 <= carried <= limit + 2  # a connection may be taken before the reply that freed it is read
        assert {1, 2} >= {each.usage.attempts for each in got}


@pytest.mark.parametrize(("dialect", "trials"), [("anthropic", 0), ("bedrock", 2)])
async def test_a_burst_that_knows_something_already(client, api, dialect, trials):
    """What is new is left out beside what was known when the calls began to wait; only who searches tries it again."""
    api.refuse(OLD)
    told, session, policy = told_in_order()
    session["connector"] = aiohttp.TCPConnector(limit=5)
    async with client(policy=policy, session=session) as c:
        await c.call(OLD)
        api.refuse(GOOD)
        api.dialect = dialect
        told.clear()
        got = await asyncio.gather(*(c.call(f"{GOOD},{OLD},{OTHER}") for _ in range(40)))
        assert {200} == {each.status for each in got}
        after = sent_after_the_first_refusal(told)
        assert sum(GOOD in betas for betas in after) <= trials
        assert False is any(OLD in betas for betas in after)


@pytest.mark.parametrize("limit", [1, 10])
async def test_a_call_that_waited_says_why_it_left_the_beta_out(client, api, limit):
    """It was refused by an earlier call, not in this one: `remembered`, with an event of the memory."""
    api.refuse(OLD)
    async with client(session={"connector": aiohttp.TCPConnector(limit=limit)}) as c:
        got = await asyncio.gather(*(c.call(f"{GOOD},{OLD}") for _ in range(50)))
        reasons = {(each.usage.attempts, each.usage.outcome, each.usage.dropped[OLD]) for each in got}
        assert {(2, "recovered", "rejected"), (1, "ok", "remembered")} == reasons
        hits = {event["betamw_call"] for event in c.events("betamw.memory.hit")}
        assert hits == {e["betamw_call"] for e in c.events() if e["betas_dropped_remembered"]}


async def test_a_call_that_is_refused_in_flight_resends_with_all_that_is_known(client, api):
    """Of two betas that are refused one after the other, late calls drop both in one resend."""
    api.refuse(OLD, GOOD)
    api.one_at_a_time = True
    arrived, held, slow = asyncio.Event(), asyncio.Event(), []

    async def hold_the_first_reply(request, handler):
        slow.append(request)
        first = len(slow) == 1
        response = await handler(request)
        if first:
            arrived.set()
            await held.wait()
        return response

    def chain(*, api, logger):
        return *betamw.chain(api=api, logger=logger), hold_the_first_reply

    async with client(middlewares=chain) as c:
        late = asyncio.create_task(c.call(f"{OLD},{GOOD},{OTHER}"))
        await arrived.wait()
        assert 3 == (await c.call(f"{OLD},{GOOD},{OTHER}")).usage.attempts
        held.set()
        got = await late
        assert (200, 2, (OTHER,)) == (got.status, got.usage.attempts, got.usage.sent)


async def test_a_burst_elsewhere_is_not_warned(client, api):
    """What one endpoint refuses says nothing to the calls that wait for another."""
    counting = "/v1/messages/count_tokens"
    api.refuse(betamw.testing.Refusal(OLD, path=counting))
    async with client(session={"connector": aiohttp.TCPConnector(limit=1)}) as c:
        paths = [counting, *["/v1/messages", counting] * 20]
        got = await asyncio.gather(*(c.call(OLD, path=path) for path in paths))
        sent = {(request.path, request.betas) for request in api.requests[1:]}
        assert ({200}, {(counting, ()), ("/v1/messages", (OLD,))}) == ({each.status for each in got}, sent)


async def test_a_warning_that_came_to_nothing(client, api):
    """Where dropping did not help, calls that wait no more go out as before: nothing was learned."""
    api.refuse(OLD)
    api.respond_next(400, {"error": {"message": "max_tokens: wrong"}}, after=1)
    async with client() as c:
        await c.call(OLD)
        api.accept(OLD)
        await c.call(OLD)
        assert [(OLD,), (), (OLD,)] == c.sent


def signature(value):
    return hashlib.sha256((value or "").encode()).hexdigest()


async def sign(request, handler):
    """Sign the beta header."""
    request.headers["X-Signature"] = signature(request.headers.get("anthropic-beta"))
    return await handler(request)


async def fetch_a_key_and_sign(request, handler):
    """Sign when a key has come, as signers for AWS do."""
    await asyncio.sleep(0.002)
    return await sign(request, handler)


async def queue_and_sign(request, handler):
    """Sign, and wait for a turn: another's limiter."""
    request.headers["X-Signature"] = signature(request.headers.get("anthropic-beta"))
    await asyncio.sleep(0.002)
    return await handler(request)


async def have_it_signed(request, handler):
    """Sign by a service: the value is read before, the signature set after it has answered."""
    value = request.headers.get("anthropic-beta")
    await asyncio.sleep(0.002)
    request.headers["X-Signature"] = signature(value)
    return await handler(request)


@pytest.mark.parametrize("signer", [sign, fetch_a_key_and_sign, queue_and_sign, have_it_signed])
@pytest.mark.parametrize("dialect", ["anthropic", "bedrock"])
@pytest.mark.parametrize("limit", [1, 10])
async def test_what_is_signed_stays_as_it_is(client, api, signer, dialect, limit):
    """A signature further in is always that of the header beside it, and each call is answered."""
    api.refuse(OLD)
    api.dialect = dialect

    def chain(*, api, logger):
        return *betamw.chain(api=api, logger=logger), signer

    async with client(middlewares=chain, session={"connector": aiohttp.TCPConnector(limit=limit)}) as c:
        # Some start while the first refusal is on its way: their signer is at work when it is read.
        tasks = []
        for _ in range(20):
            tasks += [asyncio.create_task(c.call(f"{GOOD},{OLD}")) for _ in range(3)]
            await asyncio.sleep(0.0003)
        assert {200} == {got.status for got in await asyncio.gather(*tasks)}
        wrong = [
            r.betas for r in api.requests if signature(r.headers.get("anthropic-beta")) != r.headers["x-signature"]
        ]
        assert [] == wrong


async def test_a_call_that_is_warned_writes_in_its_own_context(client, api):
    """What the application binds for a call, as with `structlog.contextvars`, holds for all events of that call."""
    api.refuse(OLD)
    number, numbers = ContextVar("number"), defaultdict(set)

    def note(_logger, _level, event):
        numbers[event["betamw_call"]].add(number.get())
        raise structlog.DropEvent

    def chain(*, api, logger):
        debug = structlog.make_filtering_bound_logger("debug")
        return betamw.chain(api=api, logger=structlog.wrap_logger(None, processors=[note], wrapper_class=debug))

    async with client(middlewares=chain, session={"connector": aiohttp.TCPConnector(limit=1)}) as c:

        async def call(mine):
            number.set(mine)
            await c.call(OLD)

        await asyncio.gather(*map(call, range(10)))
    assert [{mine} for mine in range(10)] == sorted(numbers.values(), key=min)
