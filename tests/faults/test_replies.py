"""A reply goes wrong on its way: the caller sees what it would see without the chain, and nothing stays behind."""

import aiohttp
import attrs
import pytest
from support.aftermath import ENDLESS, Seen, left_by, see, strike
from support.client import open_client

import betamw
from betamw.testing import FAULTS, SimulatedApi

OLD, GOOD = "context-1m-2025-08-07", "files-api-2025-04-14"
NO_REPLY = ("reset", "hang-up", "garbage")
HALF_A_BODY = ("reset-after-headers", "cut", "half-json")
BODIES = pytest.mark.parametrize("body", [{}, {"stream": True}], ids=["document", "stream"])


def failing(fault, after=0, refused=(), status=None):
    """An API of which one reply goes wrong."""
    api = SimulatedApi(refuses=refused, one_at_a_time=True)
    api.fail_next(fault, status, after=after, seconds=60 if fault == "late-close" else 0.001)
    return api


async def plainly(fault, *calls, body=None, **how):
    """What a session without middlewares sees of these calls, one after the other."""
    seen = []
    async with failing(fault, **how) as api, aiohttp.ClientSession() as session:
        for number, betas in enumerate(calls):
            call = see(session, api.base_url, *betas, json=body or {})
            seen.append(await strike(call, api, fault, number + 1))
    return seen


@attrs.frozen
class Ended:
    """A call with the chain, and its aftermath."""

    seen: Seen
    told: list
    learned: tuple
    left: dict
    later: int


async def chained(fault, *betas, body=None, policy=None, **how):
    """Make the call with the chain, and one more when all is well again."""
    async with failing(fault, **how) as api, open_client(api, policy=policy) as c:
        call = see(c.session, api.base_url, *betas, json=body or {})
        seen = await strike(call, api, fault, how.get("after", 0) + 1)
        left = await left_by(c.session)
        events, learned = c.events(), [event["betas"] for event in c.events("betamw.memory.learned")]
        told = [(event["outcome"], event["attempts"], event.get("error_type")) for event in events]
        for _ in range(1 + (fault == "surplus")):  # the first one may meet that
            later = await see(c.session, api.base_url, *betas)
        return Ended(seen, told, tuple(beta for betas in learned for beta in betas), left, later.status)


def first(seen, attempts, *learned):
    """The caller gets the first refusal."""
    return Ended(seen, [("rejected", attempts, "invalid_request_error")], learned, {}, 200)


def last(seen, attempts, *learned):
    """The caller sees what came of the last attempt."""
    told = ("recovered" if attempts > 1 else "ok", attempts, None)
    if seen.status is None:
        told = ("error", attempts, seen.error.__name__)
    elif seen.status != 200:
        told = ("error", attempts, str(seen.status))
    return Ended(seen, [told], learned, {}, 200)


@BODIES
@pytest.mark.parametrize("betas", [(), (GOOD,)], ids=["no betas", "betas"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_in_the_first_reply(fault, betas, body):
    """Whether betas are in play or not, the chain has nothing to do with it."""
    (plain,) = await plainly(fault, betas, body=body)
    assert last(plain, 1) == await chained(fault, *betas, body=body)


@pytest.mark.parametrize("fault", FAULTS)
async def test_in_a_refusal(fault):
    """Where it can be read the call is resent; else it is the caller's, and nothing is learned."""
    refusal, answer = await plainly(fault, (GOOD, OLD), (GOOD,), refused=[OLD])
    expected = last(answer, 2, OLD)
    if fault in (*NO_REPLY, *ENDLESS, *HALF_A_BODY):
        expected = last(refusal, 1)
    elif fault == "surplus":  # what the resend meets on the connection
        expected = first(refusal, 2)
    assert expected == await chained(fault, GOOD, OLD, refused=[OLD])


@BODIES
@pytest.mark.parametrize("fault", FAULTS)
async def test_in_the_resend(fault, body):
    """Where no reply to it begins the caller gets the first one; else the last, as far as it comes."""
    refusal, answer = await plainly(fault, (GOOD, OLD), (GOOD,), after=1, refused=[OLD], body=body)
    expected = first(refusal, 2) if fault in NO_REPLY else last(answer, 2, *[OLD] * (answer.status is not None))
    assert expected == await chained(fault, GOOD, OLD, after=1, refused=[OLD], body=body)


@pytest.mark.parametrize("fault", FAULTS)
async def test_in_the_refusal_of_a_resend(fault):
    """Where it can be read one more resend follows; else dropping did not help, and the caller gets the first reply."""
    refusal, second, answer = await plainly(fault, (OLD, GOOD), (GOOD,), (), after=1, refused=[OLD, GOOD])
    expected = last(answer, 3, OLD, GOOD)
    if fault in (*NO_REPLY, *HALF_A_BODY):
        expected = first(refusal, 2)
    elif fault in ENDLESS:
        expected = last(second, 2)
    elif fault == "surplus":
        expected = first(refusal, 3, OLD)
    assert expected == await chained(fault, OLD, GOOD, after=1, refused=[OLD, GOOD])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("status", [429, 500, 529])
async def test_in_an_overload_of_the_resend(fault, status):
    """An error that answers the resend is the caller's, however it is delivered, and the named refusal is a lesson."""
    how = {"after": 1, "refused": [OLD], "status": status}
    refusal, answer = await plainly(fault, (GOOD, OLD), (GOOD,), **how)
    ended = await chained(fault, GOOD, OLD, **how)
    if fault in NO_REPLY:
        assert (refusal, [("rejected", 2)], ()) == (ended.seen, [told[:2] for told in ended.told], ended.learned)
    else:
        learned = () if fault in ENDLESS else (OLD,)
        assert (answer, [("error", 2)], learned) == (ended.seen, [told[:2] for told in ended.told], ended.learned)
    assert ({}, 200) == (ended.left, ended.later)


@pytest.mark.parametrize("fault", FAULTS)
async def test_in_a_refusal_of_a_strict_policy(fault):
    """It is an error where it can be read, else it is the caller's like any other reply."""
    (refusal,) = await plainly(fault, (GOOD, OLD), refused=[OLD])
    ended = await chained(fault, GOOD, OLD, refused=[OLD], policy=betamw.FallbackPolicy(strict=True))
    if fault in (*NO_REPLY, *ENDLESS, *HALF_A_BODY):
        assert last(refusal, 1) == attrs.evolve(ended, later=200)
    else:
        told = [("rejected", 1, "invalid_request_error")]
        assert (Seen(error=betamw.BetaRejectedError), told, {}) == (ended.seen, ended.told, ended.left)


@pytest.mark.parametrize("fault", ["reset", "hang-up"])
async def test_in_a_call_that_aiohttp_sends_once_more(fault):
    """A GET is repeated by aiohttp itself, with the chain as without; each time is a call, and has its event."""
    async with failing(fault) as api, aiohttp.ClientSession() as session:
        plain = await see(session, api.base_url, GOOD, method="GET")
    async with failing(fault) as api, open_client(api) as c:
        seen = await see(c.session, api.base_url, GOOD, method="GET")
        told = [(event["outcome"], event["attempts"]) for event in c.events()]
        assert (plain, {}, [("error", 1), ("ok", 1)]) == (seen, await left_by(c.session), told)
    assert 200 == plain.status


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_connection_that_ends_unannounced_after_the_refusal(method):
    """The resend may go out on it: then it was not answered, and the caller has the refusal; else the answer."""
    async with SimulatedApi(refuses=[OLD]) as api, open_client(api) as c:
        api.fail_next("late-close", seconds=0)
        seen = await see(c.session, api.base_url, OLD, method=method)
        (event,) = c.events()
        ends = {200: ("recovered", 2, [OLD]), 400: ("rejected", 2, [])}
        learned = [beta for event in c.events("betamw.memory.learned") for beta in event["betas"]]
        assert ends[seen.status] == (event["outcome"], event["attempts"], learned)
        assert ({}, None) == (await left_by(c.session), seen.error)
        assert 200 == (await see(c.session, api.base_url, OLD, method=method)).status
