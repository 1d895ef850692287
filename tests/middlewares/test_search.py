"""on_unnamed="split": who is refused is found out while calls go on, and each of them is answered."""

import asyncio
import random
from itertools import pairwise

import aiohttp
import pytest
from support.client import BODY

import betamw
from betamw.testing import UNNAMED_DIALECTS, SimulatedApi

BETAS = tuple(f"beta-{letter}-2026-01-01" for letter in "abcdefgh")
ALL = ",".join(BETAS)


def rounds(c):
    """The sends of each call, by the calls' own events."""
    sends = iter(c.sent)
    return [[next(sends) for _ in range(event["attempts"])] for event in c.events()]


async def search(c, calls=12):
    """Make calls one after the other: more than a search takes."""
    return [await c.call(ALL) for _ in range(calls)]


@pytest.mark.parametrize("dialect", UNNAMED_DIALECTS)
@pytest.mark.parametrize("refused", ["a", "h", "ce", "bdfh", "abcdefgh", ""])
async def test_the_exact_set_is_found(client, api, dialect, refused):
    """Every call is answered, at most two of its sends refused; in the end exactly the refused betas are missing."""
    culprits = {beta for beta in BETAS if beta[5] in refused}
    api.refuse(*culprits)
    api.dialect = dialect
    async with client() as c:
        got = await search(c)
        good = tuple(beta for beta in BETAS if beta not in culprits)
        assert ({200}, good) == ({each.status for each in got}, got[-1].usage.sent)
        assert all(len(sends) <= 3 and culprits.isdisjoint(sends[-1]) for sends in rounds(c))
        assert [1, 1, 1] == [each.usage.attempts for each in got[-3:]]


async def test_once_it_is_found_every_call_is_right_at_once(client, api):
    """The exact set is remembered like every lesson, and told once for each beta."""
    api.refuse(BETAS[1], BETAS[4])
    api.dialect = "bedrock"
    async with client() as c:
        await search(c)
        api.clear()
        await asyncio.gather(*(c.call(ALL) for _ in range(20)))
        assert {tuple(beta for beta in BETAS if beta not in (BETAS[1], BETAS[4]))} == set(c.sent)
        learned = [beta for event in c.events("betamw.memory.learned") for beta in event["betas"]]
        assert [BETAS[1], BETAS[4]] == sorted(learned)


async def test_a_call_tells_what_it_left_out_on_suspicion(client, api):
    """What was refused in this call counts as rejected, what an earlier one left in doubt as remembered."""
    api.refuse(BETAS[0])
    api.dialect = "bedrock"
    async with client() as c:
        for _ in range(4):
            got = await c.call(ALL)
            event = c.events()[-1]
            missing = [beta for beta in BETAS if beta not in got.usage.sent]
            assert missing == sorted(event["betas_dropped_rejected"] + event["betas_dropped_remembered"])
            assert ("recovered" if got.usage.attempts > 1 else "ok") == event["outcome"]


@pytest.mark.parametrize("limit", [1, 5, 0])
async def test_concurrent_calls_are_all_answered(client, api, limit):
    """One call searches, the others do without the suspects: nobody waits for another, nobody is refused for good."""
    culprits = {BETAS[2], BETAS[5]}
    api.refuse(*culprits)
    api.dialect = "bedrock"
    async with client(session={"connector": aiohttp.TCPConnector(limit=limit)}) as c:
        for _ in range(12):
            got = await asyncio.gather(*(c.call(ALL) for _ in range(10)))
            assert ([200] * 10, True) == ([each.status for each in got], max(each.usage.attempts for each in got) <= 3)
        assert {tuple(beta for beta in BETAS if beta not in culprits)} == {each.usage.sent for each in got}


async def test_one_call_at_a_time_searches(client, api):
    """While a search is under way, of the calls that start together at most one risks another refusal."""
    api.refuse(BETAS[2], BETAS[5])
    api.dialect = "bedrock"
    async with client() as c:
        await c.call(ALL)
        for _ in range(8):
            before = len(c.events())
            await asyncio.gather(*(c.call(ALL) for _ in range(10)))
            assert sum(event["attempts"] > 1 for event in c.events()[before:]) <= 1


async def test_calls_with_other_betas_join_the_search(client, api):
    """Each call brings what it has; what is found with one set holds for the other."""
    api.refuse(BETAS[3])
    api.dialect = "bedrock"
    async with client() as c:
        for _ in range(8):
            for betas in (BETAS[:5], BETAS[3:], BETAS):
                got = await c.call(",".join(betas))
                assert 200 == got.status
        assert tuple(beta for beta in BETAS if beta != BETAS[3]) == got.usage.sent


async def test_a_search_that_is_cut_off_goes_on(client, api):
    """A call that is cancelled in the middle of its search leaves it to the next one, which need not wait."""
    api.refuse(BETAS[0])
    api.dialect = "bedrock"
    resent = asyncio.Event()

    async def hang_once(request, handler):
        if not resent.is_set() and request.headers.get("anthropic-beta") != ALL:
            resent.set()
            await asyncio.sleep(60)
        return await handler(request)

    def chain(*, api, logger):
        return *betamw.chain(api=api, logger=logger), hang_once

    async with client(middlewares=chain) as c:
        task = asyncio.create_task(c.call(ALL))
        await resent.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        got = await search(c)
        assert ({200}, BETAS[1:]) == ({each.status for each in got}, got[-1].usage.sent)


async def test_a_server_that_changes_its_mind(client, api):
    """What is refused from now on is found as well, and every call is answered meanwhile."""
    api.refuse(BETAS[0])
    api.dialect = "bedrock"
    async with client() as c:
        await search(c)
        api.refuse(BETAS[6])
        got = await search(c)
        assert ({200}, (*BETAS[1:6], BETAS[7])) == ({each.status for each in got}, got[-1].usage.sent)


async def test_a_server_that_refuses_whatever_is_sent(client, api):
    """No beta helps: all calls are answered without any, and each resends twice at most."""
    api.refuse("*")
    api.dialect = "bedrock"
    async with client() as c:
        got = await search(c, 6)
        assert ({200}, True) == ({each.status for each in got}, all(len(sends) <= 3 for sends in rounds(c)))
        assert () == got[-1].usage.sent


async def test_a_server_that_refuses_even_without_betas(client, api):
    """The caller gets the first refusal each time, and nothing is learned."""
    for number in range(12):
        api.respond_next(400, {"message": "invalid beta flag"}, {"request-id": f"req_{number}"})
    async with client() as c:
        got = await search(c, 4)
        assert [(400, "req_0"), (400, "req_3"), (400, "req_6"), (400, "req_9")] == [
            (each.status, each.response.headers["request-id"]) for each in got
        ]
        assert ({ALL}, 12, []) == (
            {each.response.request_info.headers["anthropic-beta"] for each in got},
            len(c.sent),
            c.events("betamw.memory.learned"),
        )


@pytest.mark.parametrize("seed", range(3))
async def test_a_server_that_refuses_at_random(client, api, seed):
    """Each call ends within its resends, with an answer or with the refusal of what was good before."""
    chance = random.Random(seed)  # noqa: S311  dice, no secret
    api.dialect = "bedrock"

    async def throw_dice(request, handler):
        api.accept("*")
        api.refuse(*(beta for beta in BETAS if chance.random() < 0.2))
        return await handler(request)

    def chain(*, api, logger):
        return *betamw.chain(api=api, logger=logger), throw_dice

    async with client(middlewares=chain) as c:
        got = await search(c, 30)
        assert {each.status for each in got} <= {200, 400}
        assert max(map(len, rounds(c))) <= 3


async def test_named_and_unnamed_refusals_mixed(client, api):
    """A relay in front of two servers speaks both ways: what is named is learned, the rest is searched for."""
    api.refuse(BETAS[1], BETAS[6])
    async with client() as c:
        for number in range(12):
            api.dialect = ("bedrock", "anthropic-docs", "gateway-unnamed")[number % 3]
            got = await c.call(ALL)
            assert (200, True) == (got.status, got.usage.attempts <= 3)
        assert tuple(beta for beta in BETAS if beta not in (BETAS[1], BETAS[6])) == got.usage.sent


async def test_without_a_memory_each_call_is_answered(client, api):
    """It cannot search, but within its resends it finds a way."""
    api.refuse(BETAS[1])
    api.dialect = "bedrock"
    async with client(memory=None) as c:
        got = await search(c, 3)
        assert {200} == {each.status for each in got}
        assert all(first == BETAS and len(rest) in (1, 2) for first, *rest in rounds(c))
        assert [] == c.events("betamw.memory.learned")


@pytest.mark.parametrize("resends", [1, 2, 3, 5])
async def test_the_last_resend_is_safe(client, api, resends):
    """However many resends there are, the call does not end with a refusal."""
    api.refuse(*BETAS[::2])
    api.dialect = "bedrock"
    async with client(policy=betamw.FallbackPolicy(max_resends=resends)) as c:
        got = await search(c, 14)
        assert ({200}, True) == ({each.status for each in got}, all(len(s) <= resends + 1 for s in rounds(c)))
        assert BETAS[1::2] == got[-1].usage.sent


async def test_what_may_not_be_dropped_is_not_searched(client, api):
    """A required beta goes along in every send; where it is the culprit, the caller gets the refusal."""
    api.refuse("oauth-2025-04-20")
    api.dialect = "bedrock"
    async with client() as c:
        got = await c.call(f"{ALL},oauth-2025-04-20")
        assert (400, True) == (got.status, all("oauth-2025-04-20" in sent for sent in c.sent))
        api.accept("*")
        api.refuse(BETAS[7])
        got = [await c.call(f"{ALL},oauth-2025-04-20") for _ in range(8)]
        assert ((*BETAS[:7], "oauth-2025-04-20"), {200}) == (got[-1].usage.sent, {each.status for each in got})


async def test_each_send_of_a_search_differs_from_the_one_before(client, api):
    """A resend that repeats what was refused just now would be a waste."""
    api.refuse(*BETAS[2:5])
    api.dialect = "bedrock"
    async with client() as c:
        await search(c)
        assert all(one != two for sends in rounds(c) for one, two in pairwise(sends))


async def refused_in_searches(*calls, culprits=BETAS[4:6]):
    """How many sends were refused until the culprits were found, in one search after the other."""
    async with SimulatedApi(culprits, "bedrock") as one, SimulatedApi(culprits, "bedrock") as two:
        apis, refused = (one, two), []
        scope = betamw.Api([api.base_url for api in apis])
        async with aiohttp.ClientSession(middlewares=betamw.chain(api=scope)) as session:
            for number, model, key in calls:
                headers = {"anthropic-beta": ALL, "x-api-key": key}
                for _ in range(12):
                    url = f"{apis[number].base_url}/v1/messages"
                    async with session.post(url, json={"model": model}, headers=headers) as response:
                        assert 200 == response.status
                assert not set(culprits).intersection(betamw.usage(response).sent)
                requests = apis[number].requests
                refused.append(sum(not set(culprits).isdisjoint(request.betas) for request in requests))
                requests.clear()
    return refused


async def test_what_was_found_for_another_model_is_tried_last():
    """The culprits of one model are the first suspects with the next: its search is shorter."""
    first, second = await refused_in_searches((0, "opus", "me"), (0, "haiku", "me"))
    assert second < first


@pytest.mark.parametrize("other", [(1, "opus", "me"), (0, "opus", "you")], ids=["origin", "credential"])
async def test_what_others_have_found_is_no_hint(other):
    """Another origin's culprits, or another account's, are not even suspected first: the search is as long as ever."""
    first, second = await refused_in_searches((0, "opus", "me"), other)
    assert first == second


async def test_a_search_leaves_a_field_the_last_beta_that_opens_it(client, api):
    """Of two that open it one is known to be refused; so the other goes along in every send, suspect or not."""
    newer, older = "server-side-fallback-2026-07-01", "server-side-fallback-2026-06-01"
    api.refuse(newer)
    body = {**BODY, "fallbacks": [{"model": "m"}]}
    async with client() as c:
        await c.call(newer)
        api.dialect = "bedrock"
        api.refuse("a")
        got = [await c.call(f"a,{newer},{older},b", json=body) for _ in range(5)]
        assert ({200}, (older, "b")) == ({each.status for each in got}, got[-1].usage.sent)
        assert True is all(older in sent for sent in c.sent[2:])


@pytest.mark.parametrize(
    ("policy", "again"),
    [
        (betamw.FallbackPolicy(), {"json": {**BODY, "context_management": {"edits": []}}}),
        (
            betamw.FallbackPolicy(droppable_sources={"default"}),
            {"headers": {"anthropic-beta": "context-management-2025-06-27"}},
        ),
    ],
    ids=["paired field", "source not droppable"],
)
async def test_what_is_known_and_cannot_go_is_not_sent_again(client, api, policy, again):
    """A call that cannot do without a beta which is known to be refused is not resent: nothing would change."""
    culprit = "context-management-2025-06-27"
    api.refuse(culprit)
    api.dialect = "bedrock"
    memory = betamw.RejectionMemory()
    async with client(BETAS[0], culprit, policy=policy, memory=memory) as c:
        while not memory.verdicts():
            await c.call()
        api.clear()
        got = await c.call(**again)
        assert (400, len({*map(frozenset, c.sent)})) == (got.status, len(c.sent))


async def test_what_is_learned_before_the_resend_does_not_make_it_the_first_send_again(client, api):
    """Another call finds out which it was, and this one cannot go without it: the others are not put back."""
    culprit = "context-management-2025-06-27"
    api.refuse(culprit)
    api.dialect = "bedrock"
    memory = betamw.RejectionMemory()

    def learn(_rejection):
        asyncio.get_running_loop().call_soon(memory.pin, culprit)

    policy = betamw.FallbackPolicy(on_rejection=learn)
    async with client(policy=policy, memory=memory) as c:
        await c.call(f"{BETAS[0]},{culprit}", json={**BODY, "context_management": {"edits": []}})
        assert len({*c.sent}) == len(c.sent)
