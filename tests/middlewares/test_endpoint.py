"""EndpointMiddleware: what an endpoint needs, goes with it."""

import aiohttp
import pytest

import betamw

AGENTS, MEMORY = "managed-agents-2026-04-01", "agent-memory-2026-07-22"


@pytest.mark.parametrize("path", ["/v1/agents", "/v1/sessions", "/v1/environments/env_1/work", "/v1/agents/?limit=3"])
async def test_managed_agents_get_their_beta(client, path):
    """The endpoints of managed agents answer, for their beta goes with the request."""
    async with client() as c:
        got = await c.call(path=path, method="GET")
        assert (200, [(AGENTS,)]) == (got.status, c.sent)


@pytest.mark.parametrize("rule", betamw.CATALOG_RULES, ids=lambda rule: rule.path)
async def test_every_rule_of_the_catalog_is_followed(client, rule):
    """Whatever the catalog says an endpoint needs is injected there."""
    async with client() as c:
        got = await c.call(path=rule.path.replace("{}", "user_1"), method="GET")
        assert [rule.betas] == c.sent
        assert got.status in {200, 404}  # some have endpoints only further down


async def test_other_endpoints_get_nothing(client):
    """No beta goes where none is needed."""
    async with client() as c:
        await c.call()
        assert [()] == c.sent


async def test_a_prefix_ends_at_a_segment(client):
    """`/v1/agents` is no prefix of `/v1/agents-of-chaos`."""
    async with client() as c:
        await c.call(path="/v1/agents-of-chaos", method="GET")
        assert [()] == c.sent


async def test_the_callers_alternative_wins_over_the_rule(client):
    """`/v1/memory_stores` refuses two betas together; the one in the caller's header stays, and the log says so."""
    async with client() as c:
        got = await c.call(AGENTS, path="/v1/memory_stores", method="GET")
        assert (200, [(AGENTS,)], {MEMORY: "policy"}) == (got.status, c.sent, dict(got.usage.dropped))


async def test_the_rule_wins_over_a_default(client):
    """Of two betas that cannot go together the endpoint's own stays when neither is the caller's."""
    async with client(AGENTS) as c:
        got = await c.call(path="/v1/memory_stores", method="GET")
        assert (200, [(MEMORY,)]) == (got.status, c.sent)


async def test_a_pair_that_the_caller_asks_for_is_the_callers(client):
    """Where the caller itself asks for both, both go."""
    async with client() as c:
        got = await c.call(f"{AGENTS},{MEMORY}", path="/v1/memory_stores", method="GET")
        assert (400, [(AGENTS, MEMORY)]) == (got.status, c.sent)


RULES = [
    betamw.EndpointRule("/v1/files", ["short"]),
    betamw.EndpointRule("/v1/files/{file_id}", ["any-file"]),
    betamw.EndpointRule("/v1/files/special", ["special"], methods=["get"]),
    betamw.EndpointRule("/v1/files/{id}/content", ["content"], required=False),
    betamw.EndpointRule("/v1/files/{id}/content", ["content-too"]),
    betamw.EndpointRule("/v1/models", ["models"], exact=True),
    betamw.EndpointRule("/v1/files/bare", []),
]


@pytest.mark.parametrize(
    ("method", "path", "betas"),
    [
        ("GET", "/v1/files", ("short",)),
        ("GET", "/v1/files/f1", ("any-file",)),
        ("GET", "/v1/files/special", ("special",)),
        ("DELETE", "/v1/files/special", ("any-file",)),
        ("GET", "/v1/files/f1/content", ("content", "content-too")),
        ("GET", "/v1/files/f1/content/more?x=/v1/models", ("content", "content-too")),
        ("GET", "/v1/models", ("models",)),
        ("GET", "/v1/models/m1", ()),
        ("GET", "/v1/files/bare", ()),
        ("GET", "/v1/file", ()),
    ],
)
async def test_the_longest_rule_wins(api, method, path, betas):
    """The longest path wins, a literal before a placeholder; rules for the same path add up; one of none shields."""
    endpoint = betamw.EndpointMiddleware(RULES, betamw.Api(api.base_url))
    async with aiohttp.ClientSession(middlewares=(endpoint,)) as session:
        async with session.request(method, api.base_url + path):
            assert betas == api.requests[-1].betas


async def test_below_the_path_of_a_base_url(api):
    """With a path in the base URL rules and templates count from there."""
    base = f"{api.base_url}/gateway/anthropic"
    async with aiohttp.ClientSession(middlewares=betamw.chain(api=betamw.Api(base))) as session:
        for path in ("/gateway/anthropic/v1/agents", "/v1/agents", "/gateway/anthropicish/v1/agents"):
            async with session.get(api.base_url + path):
                pass
    assert [(AGENTS,), (), ()] == [request.betas for request in api.requests]


def test_what_is_no_rule_fails_at_construction():
    """Something that is no EndpointRule is refused with what was given."""
    with pytest.raises(betamw.ConfigError, match="rules must be EndpointRule values, got '/v1/agents'"):
        betamw.EndpointMiddleware(["/v1/agents"])
