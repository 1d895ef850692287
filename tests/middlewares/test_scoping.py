"""What is learned holds where it was learned: for an origin, an endpoint, a model, a credential."""

import asyncio
from contextlib import asynccontextmanager
from itertools import product

import aiohttp
import pytest

import betamw
from betamw.testing import UNNAMED_DIALECTS, Refusal, SimulatedApi

BETAS = tuple(f"beta-{letter}-2026-01-01" for letter in "abcd")
MODELS, KEYS, PATHS = ("opus", "haiku"), ("one", "two"), ("/v1/messages/count_tokens", "/v1/messages/batches")
SCOPES = tuple(product(range(2), PATHS, MODELS, KEYS))
OLD = "context-1m-2025-08-07"


def refused_in(scope):
    """Which betas a scope refuses: no two refuse the same, the last one none."""
    number = SCOPES.index(scope) + 1
    return tuple(beta for bit, beta in enumerate(BETAS) if number >> bit & 1)


def good_in(scope):
    return tuple(beta for beta in BETAS if beta not in refused_in(scope))


@asynccontextmanager
async def two_origins(dialect, **chain):
    """One session for two servers, each of which has two endpoints that refuse by model and credential."""
    async with SimulatedApi(dialect=dialect) as one, SimulatedApi(dialect=dialect) as two:
        apis = one, two
        for number, path, model, key in SCOPES:
            refused = refused_in((number, path, model, key))
            apis[number].refuse(*(Refusal(beta, path=path, model=model, api_key=key) for beta in refused))
        attached = betamw.chain(api=betamw.Api((one.base_url, two.base_url)), **chain)
        async with aiohttp.ClientSession(middlewares=attached) as session:

            async def call(scope):
                number, path, model, key = scope
                headers = {"anthropic-beta": ",".join(BETAS), "x-api-key": key}
                async with session.post(apis[number].base_url + path, json={"model": model}, headers=headers) as got:
                    return got.status, betamw.usage(got)

            yield call


@pytest.mark.parametrize("dialect", ["anthropic", *UNNAMED_DIALECTS])
async def test_nothing_is_confused(dialect):
    """Sixteen scopes through one session, in turn: each ends with exactly what it takes, and stays there."""
    async with two_origins(dialect) as call:
        for turn in range(10):
            for scope in SCOPES:
                status, usage = await call(scope)
                assert 200 == status
                assert turn < 8 or (good_in(scope), 1) == (usage.sent, usage.attempts)


@pytest.mark.parametrize("dialect", ["anthropic", "bedrock"])
async def test_nothing_is_confused_at_the_same_time(dialect):
    """The same with all of them under way at once, several calls in each scope."""
    async with two_origins(dialect) as call:
        for _ in range(9):
            got = await asyncio.gather(*(call(scope) for scope in SCOPES * 3))
            assert {200} == {status for status, _ in got}
        assert [good_in(scope) for scope in SCOPES * 3] == [usage.sent for _, usage in got]


async def test_a_memory_that_forgets_confuses_nothing_either():
    """With too little room for all scopes lessons are lost, never taken for another's."""
    async with two_origins("anthropic", memory=betamw.RejectionMemory(max_entries=5)) as call:
        for scope in SCOPES * 3:
            status, usage = await call(scope)
            assert (200, good_in(scope)) == (status, usage.sent)


async def test_the_base_path_is_a_part_of_the_origin(client, api):
    """Two tenants behind one gateway: what one of them learns is not the other's."""
    api.refuse(OLD)
    for number in (1, 3, 4, 5):  # it has no such paths
        api.respond_next(200, b"{}", after=number)
    bases = f"{api.base_url}/one", f"{api.base_url}/two"

    def chain(*, api, logger):
        return betamw.chain(api=betamw.Api(bases), logger=logger)

    async with client(middlewares=chain) as c:
        for tenant in ("one", "two", "one", "two"):
            await c.call(OLD, path=f"/{tenant}/v1/messages")
        assert [("/one", (OLD,)), ("/one", ()), ("/two", (OLD,)), ("/two", ()), ("/one", ()), ("/two", ())] == [
            (request.path.removesuffix("/v1/messages"), request.betas) for request in api.requests
        ]


async def test_ids_in_the_path_are_one_endpoint(client, api):
    """Files have ids; what is refused for one of them is refused for the next."""
    api.refuse(OLD)
    async with client() as c:
        for number in range(3):
            await c.call(OLD, path=f"/v1/files/file_{number}?beta=true", method="GET")
        assert [True, False, False, False] == [OLD in sent for sent in c.sent]


async def test_a_credential_is_held_as_a_hash(client, api):
    """The memory tells two accounts apart, and knows no secret."""
    api.refuse(OLD)
    memory = betamw.RejectionMemory()
    async with client(memory=memory) as c:
        for account in ("SECRET-one", "SECRET-two"):
            await c.call(OLD, headers={"x-api-key": account})
    held = memory.verdicts()
    assert (2, False) == (len({verdict.scope.credential for verdict in held}), "SECRET" in repr(held))


async def test_a_body_that_is_not_json_has_no_model(client, api):
    """Its lessons are those of the endpoint without a model, and no others."""
    api.refuse(Refusal(OLD, model="opus"))
    async with client() as c:
        await c.call(OLD, json={"model": "opus"})
        await c.call(OLD, data={"form": "1"})
        await c.call(OLD, json={"model": "opus"})
        assert [(OLD,), (), (OLD,), ()] == c.sent
