"""The switch: everything off, by the environment or a configuration, and nobody breaks."""

import aiohttp
import pytest

import betamw
from betamw.testing import SimulatedApi

A, B = "a-2025-01-01", "b-2025-01-01"


def by_hand(*, api, logger):
    """A chain by hand, which would change, log and learn."""
    return (
        betamw.LoggingMiddleware(logger, api),
        betamw.MergeMiddleware(B, api=api),
        betamw.EndpointMiddleware(api=api),
        betamw.FallbackMiddleware(api=api),
    )


@pytest.mark.parametrize("make", [betamw.chain, by_hand])
async def test_off(client, api, monkeypatch, make):
    """The request goes as the caller wrote it, the refusal comes back, nothing is logged."""
    monkeypatch.setenv("BETAMW_DISABLE", "1")
    api.refuse(A)
    async with client(middlewares=make) as c:
        with betamw.override(add=[B]):
            got = await c.call(f"{A}, {A}", path="/v1/agents")
        assert (400, [f"{A}, {A}"]) == (got.status, [request.headers["anthropic-beta"] for request in api.requests])
        assert [] == c.capture.entries


@pytest.mark.parametrize("make", [betamw.chain, by_hand])
async def test_usage_answers(client, api, monkeypatch, make):
    """An application that asks what became of its betas hears what the request carried."""
    monkeypatch.setenv("BETAMW_DISABLE", "1")
    api.refuse(A)
    async with client(middlewares=make) as c:
        good, bad = (await c.call(f"{B},{B}")).usage, (await c.call(A)).usage
        none = (await c.call()).usage

    assert [((B,), "ok"), ((A,), "error"), ((), "ok")] == [(usage.sent, usage.outcome) for usage in (good, bad, none)]
    assert (
        betamw.BetaUsage(
            requested=(B,),
            scoped=(),
            injected=(),
            merged=(B,),
            sent=(B,),
            sources={B: "request"},
            dropped={},
            substituted={},
            attempts=1,
            outcome="ok",
        )
        == good
    )


async def test_usage_of_another_header(monkeypatch):
    """It is the header of the API that was turned off."""
    monkeypatch.setenv("BETAMW_DISABLE", "1")
    async with SimulatedApi(header="OpenAI-Beta") as api:
        chain = betamw.chain(api=betamw.Api(api.base_url, "OpenAI-Beta"))
        async with aiohttp.ClientSession(middlewares=chain, headers={"openai-beta": "assistants=v2"}) as session:
            async with session.get(f"{api.base_url}/v1/models") as response:
                assert ("assistants=v2",) == betamw.usage(response).sent


async def test_usage_of_what_is_no_response(monkeypatch):
    """What is no response has no usage, on or off."""
    monkeypatch.setenv("BETAMW_DISABLE", "1")
    betamw.chain()
    with pytest.raises(KeyError, match="no middleware of betamw"):
        betamw.usage(None)


async def test_usage_of_foreign_responses_without_the_switch(api):
    """Where nothing was turned off, a response that nobody has seen is an error as ever."""
    betamw.chain()
    async with aiohttp.ClientSession() as session, session.get(f"{api.base_url}/v1/models") as response:
        with pytest.raises(KeyError, match="no middleware of betamw"):
            betamw.usage(response)


@pytest.mark.parametrize("config", [betamw.Config(disable=True), "betamw.toml"])
async def test_off_by_a_configuration(api, write, config):
    """`disable = true` makes an empty chain, and `usage` answers."""
    write("[betamw]\ndisable = true")
    chain = betamw.chain(A, config=config)
    async with aiohttp.ClientSession(middlewares=chain) as session:
        async with session.get(f"{api.base_url}/v1/models", headers={"anthropic-beta": B}) as response:
            assert ((), (B,)) == (chain, betamw.usage(response).sent)


@pytest.mark.parametrize("config", [None, "nope.toml", 5, betamw.Config()])
def test_off_whatever_else_is_wrong(monkeypatch, config):
    """In an incident nothing else has to be right, and no `Config` of the code's stands in the way."""
    monkeypatch.setenv("BETAMW_DISABLE", "1")
    monkeypatch.setenv("BETAMW_FALLBACK", "perhaps")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "nowhere")

    assert () == betamw.chain(A, config=config)


async def test_decided_when_it_is_made(client, monkeypatch):
    """What was made before the switch was thrown goes on; what was made while it was stays off."""
    async with client(B) as c:
        monkeypatch.setenv("BETAMW_DISABLE", "1")
        await c.call(A)
        off = by_hand(api=betamw.Api(c.api.base_url), logger=None)
        monkeypatch.delenv("BETAMW_DISABLE")
        await c.call(A, middlewares=off)

        assert [(A, B), (A,)] == c.sent


async def test_off_beside_on(client, monkeypatch):
    """A middleware that is off takes no part in the calls of those that are not."""

    def mixed(*, api, logger):
        on = betamw.LoggingMiddleware(logger, api)
        monkeypatch.setenv("BETAMW_DISABLE", "1")
        return on, betamw.MergeMiddleware(B, api=api)

    async with client(middlewares=mixed) as c:
        await c.call(A)
        assert ([(A,)], 1) == (c.sent, len(c.events()))


@pytest.mark.parametrize("make", [betamw.chain, betamw.MergeMiddleware, betamw.LoggingMiddleware])
def test_neither_yes_nor_no(monkeypatch, make):
    """Who throws the switch wrongly is told, wherever it is read."""
    monkeypatch.setenv("BETAMW_DISABLE", "maybe")
    with pytest.raises(
        betamw.ConfigError, match=r"^BETAMW_DISABLE in the environment must be one of 1, true, .* 'maybe'"
    ):
        make()


def test_bad_input_is_bad_input_still(monkeypatch):
    """What is made by hand is checked, and so is an override."""
    monkeypatch.setenv("BETAMW_DISABLE", "1")
    with pytest.raises(betamw.InvalidBetaError):
        betamw.MergeMiddleware("a b")
    with pytest.raises(betamw.ConfigError):
        betamw.MergeMiddleware(api="https://a.example")
    with pytest.raises(betamw.InvalidBetaError):
        betamw.override(add=["a b"])
