"""What leaves the API's origin takes nothing of ours along, and teaches us nothing."""

import aiohttp
import pytest
from support.twice.both import BODY
from support.twice.server import KEPT, OLD

import betamw


@pytest.fixture
def memory():
    return betamw.RejectionMemory()


@pytest.fixture
def open_session(stage, memory):
    """Sessions with a chain of which all betas are injected."""
    chain = betamw.chain(OLD, KEPT, api=betamw.Api(stage.server.url), memory=memory)
    return lambda: aiohttp.ClientSession(middlewares=chain)


def betas(requests):
    return [request.raw.count(OLD.encode()) + request.raw.count(KEPT.encode()) for request in requests]


@pytest.mark.parametrize("kind", ["302 to another origin", "307 to another origin", "308 to a refusal elsewhere"])
async def test_no_injected_beta_leaves(stage, open_session, kind):
    """The API's origin gets both betas, the other none."""
    async with open_session() as session, session.post(f"{stage.server.url}/plain/{kind}", json=BODY):
        assert ([2], [0]) == (betas(stage.server.requests), betas(stage.elsewhere.requests))


async def test_no_injected_beta_leaves_after_a_resend(stage, open_session):
    """Nor when the redirect answers a resend."""
    async with open_session() as session, session.post(f"{stage.server.url}/refused/307 to another origin", json=BODY):
        assert ([2, 1], [0]) == (betas(stage.server.requests), betas(stage.elsewhere.requests))


async def test_nothing_is_learned_elsewhere(stage, open_session, memory):
    """Another origin refuses what the caller itself has asked for: that is between the two of them."""
    async with open_session() as session:
        async with session.post(
            f"{stage.server.url}/plain/308 to a refusal elsewhere", json=BODY, headers={"anthropic-beta": OLD}
        ) as response:
            assert (400, OLD in await response.text()) == (response.status, True)
    assert ((), 1) == (tuple(memory.verdicts()), len(stage.elsewhere.requests))


async def test_a_lesson_does_not_leave(stage, open_session, memory):
    """What the API has refused is left out there, and not of a request to another origin."""
    async with open_session() as session:
        async with session.post(f"{stage.server.url}/refused/200", json=BODY):
            assert len(memory.verdicts()) == 1
        async with session.post(
            f"{stage.elsewhere.url}/plain/200", json=BODY, headers={"anthropic-beta": OLD}
        ) as response:
            assert (200, [1]) == (response.status, betas(stage.elsewhere.requests))
