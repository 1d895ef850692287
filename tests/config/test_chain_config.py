"""`chain(config=...)`: what the configuration says happens on the wire, and what the code says goes first."""

import aiohttp
import pytest

import betamw

A, B, C, D = "a-2025-01-01", "b-2025-01-01", "c-2025-01-01", "d-2025-01-01"
AGENTS = "managed-agents-2026-04-01"


async def test_betas_add_up(client):
    """The code's come first, then the configuration's."""
    async with client(B, config=betamw.Config(betas=[C, B, D])) as c:
        await c.call(A)
        assert [(A, B, C, D)] == c.sent


async def test_the_environment_is_read(client, monkeypatch):
    """Without `config` it is the environment that holds, as it is when the chain is made."""
    monkeypatch.setenv("BETAMW_BETAS", B)
    async with client() as c:
        monkeypatch.setenv("BETAMW_BETAS", C)
        await c.call(A)
        assert [(A, B)] == c.sent


async def test_a_path(client, write, monkeypatch):
    """A path is read as `load_config` does: with the environment on top."""
    monkeypatch.setenv("BETAMW_REMOVE", A)
    async with client(config=write(f"[betamw]\nbetas = ['{B}']\nremove = ['{B}']")) as c:
        await c.call(A)
        assert [(B,)] == c.sent


async def test_a_config_holds_as_it_is(client, monkeypatch):
    """The environment does not come on top of a `Config`."""
    monkeypatch.setenv("BETAMW_BETAS", B)
    monkeypatch.setenv("BETAMW_REMOVE", A)
    async with client(config=betamw.Config()) as c:
        await c.call(A)
        assert [(A,)] == c.sent


async def test_remove(client):
    """What is removed does not go out, whoever asks for it, and is told as the policy's doing."""
    config = betamw.Config(betas=[A], remove=[A, B, C, AGENTS])
    async with client(config=config) as c:
        with betamw.override(add=[C]):
            got = await c.call(f"{B},{D}", path="/v1/agents")
        assert [(D,)] == c.sent
        assert dict.fromkeys((A, B, C, AGENTS), "policy") == got.usage.dropped
        assert [{A, B, C, AGENTS}] == [set(event["betas_dropped_policy"]) for event in c.events()]


async def test_remove_by_hand(api):
    """`MergeMiddleware` takes it, too."""
    merge = betamw.MergeMiddleware(A, B, api=betamw.Api(api.base_url), remove=[B])
    async with aiohttp.ClientSession(middlewares=[merge]) as session, session.get(f"{api.base_url}/v1/models"):
        assert [(A,)] == [request.betas for request in api.requests]


@pytest.mark.parametrize("config", [betamw.Config(fallback=False), None])
async def test_without_fallback(client, api, monkeypatch, config):
    """Nothing is left out or resent, pins neither; an override does not change that, and the refusal is logged."""
    if config is None:
        monkeypatch.setenv("BETAMW_FALLBACK", "off")
    api.refuse(A)
    memory = betamw.RejectionMemory()
    memory.pin(B)
    async with client(config=config, memory=memory) as c:
        with betamw.override(fallback=True):
            statuses = [(await c.call(f"{A},{B}")).status for _ in range(2)]
        assert [400, 400] == statuses
        assert [(A, B)] * 2 == c.sent
        assert ["fallback_off"] * 2 == [event["reason"] for event in c.events("betamw.beta.rejected")]


def test_what_the_code_says_wins():
    """Each single value that the code gives takes the place of the configuration's."""
    api, policy, memory = (
        betamw.Api("https://a.example"),
        betamw.FallbackPolicy(max_resends=1),
        betamw.RejectionMemory(),
    )
    config = betamw.Config(
        api=betamw.Api("https://b.example"),
        policy=betamw.FallbackPolicy(max_resends=9),
        remember_for=5,
        pins=[betamw.Pin(beta=A)],
    )
    logging, merge, endpoint, fallback = betamw.chain(
        api=api, endpoints=(), policy=policy, memory=memory, config=config
    )

    assert {api} == {middleware.api for middleware in (logging, merge, endpoint, fallback)}
    assert ((), policy, memory) == (endpoint.rules, fallback.policy, fallback.memory)


def test_no_memory():
    """`memory=None` learns nothing, whatever the configuration says of a memory."""
    assert betamw.chain(memory=None, config=betamw.Config(remember_for=5))[3].memory is None


def test_what_the_configuration_says():
    """Where the code says nothing, it is the configuration's."""
    rule = betamw.EndpointRule("/v1/x", [A])
    config = betamw.Config(
        api=betamw.Api("https://b.example"),
        endpoints=[rule],
        policy=betamw.FallbackPolicy(max_resends=9),
        remember_for=5.0,
        max_entries=6,
        probe_lease=7.0,
        pins=[betamw.Pin(beta=A, model="m")],
    )
    chain = betamw.chain(config=config)
    _, _, endpoint, fallback = chain
    memory = fallback.memory

    assert {config.api} == {middleware.api for middleware in chain}
    assert ((rule,), config.policy) == (endpoint.rules, fallback.policy)
    assert (5.0, 6, 7.0) == (memory.remember_for, memory.max_entries, memory.probe_lease)
    assert [(A, "m")] == [(verdict.beta, verdict.scope.model) for verdict in memory.verdicts()]


def test_memories_are_not_shared():
    """Each chain has its own memory, of the same configuration, too."""
    config = betamw.Config()

    assert betamw.chain(config=config)[3].memory is not betamw.chain(config=config)[3].memory


async def test_a_pin_is_left_out(client):
    """What the configuration pins does not go out."""
    async with client(A, B, config=betamw.Config(pins=[betamw.Pin(beta=A)])) as c:
        await c.call()
        assert [(B,)] == c.sent


def test_the_sdks_variable_is_not_read_in_vain(monkeypatch):
    """Where the code says which API it is, a wrong ANTHROPIC_BASE_URL does no harm."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "nowhere")

    assert 4 == len(betamw.chain(api=betamw.Api("https://a.example")))


def test_a_bad_environment(monkeypatch):
    """It fails when the chain is made."""
    monkeypatch.setenv("BETAMW_FALLBACK", "perhaps")
    with pytest.raises(betamw.ConfigError, match="BETAMW_FALLBACK in the environment: must be one of 1, true"):
        betamw.chain()


@pytest.mark.parametrize("config", [None, "betamw.toml"])
def test_an_api_is_an_api(write, config):
    """What is none is refused in the middlewares' own words."""
    write("[betamw]")
    with pytest.raises(betamw.ConfigError, match=r"^api must be of class Api, got 'https://a\.example'"):
        betamw.chain(api="https://a.example", config=config)


@pytest.mark.parametrize("config", [5, b"x", {}, "", betamw.Config])
def test_a_config_is_a_config(config):
    """Anything else is refused with what was given."""
    with pytest.raises(betamw.ConfigError, match="config must be a Config or the path of a TOML file, got "):
        betamw.chain(config=config)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("betas", "a", "betas of Config must be an iterable of beta names, got str"),
        ("remove", ["a b"], "remove of Config must be visible ASCII"),
        ("api", "https://a.example", "api must be of class Api, got"),
        ("endpoints", 5, "endpoints must be a sequence of EndpointRule values, got 5"),
        ("endpoints", ["/v1"], "endpoints must be a sequence of EndpointRule values, got"),
        ("policy", None, "policy must be of class FallbackPolicy, got None"),
        ("fallback", 1, "fallback must be True or False, got 1"),
        ("remember_for", 0, "remember_for must be a finite number of seconds > 0, got 0"),
        ("max_entries", 0, "max_entries must be >= 1, got 0"),
        ("probe_lease", "1", "probe_lease must be a finite number of seconds > 0, got '1'"),
        ("pins", ["a"], "pins must be a sequence of Pin values, got"),
        ("disable", "yes", "disable must be True or False, got 'yes'"),
    ],
)
def test_bad_settings_fail_at_construction(setting, value, message):
    """A `Config` checks what it is given."""
    with pytest.raises((betamw.ConfigError, betamw.InvalidBetaError), match=message):
        betamw.Config(**{setting: value})


async def test_a_pin_goes_into_a_memory_that_is_given(client):
    """Who configures need not know what the code keeps its lessons in."""
    memory = betamw.RejectionMemory()
    async with client(A, B, config=betamw.Config(pins=[betamw.Pin(beta=A)]), memory=memory) as c:
        await c.call()
        assert [(B,)] == c.sent
    assert [A] == [verdict.beta for verdict in memory.verdicts()]


def test_a_bad_pin_fails_at_construction():
    """A `Pin` checks what it is given."""
    with pytest.raises(betamw.ConfigError, match="endpoint must be segments like"):
        betamw.Pin(beta=A, endpoint="v1")
