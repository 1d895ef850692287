"""Another API than Claude's: a header and a catalog of its own."""

import aiohttp
import pytest
import structlog
from structlog.testing import LogCapture

import betamw
from betamw.testing import SimulatedApi

CATALOG = betamw.Catalog.from_toml(
    """
    required = ["keep=*"]
    [endpoints]
    rules = [{ path = "/v1/assistants", betas = ["assistants=v2"] }]
    templates = ["/v1/assistants", "/v1/assistants/{assistant_id}", "/v1/agents", "/v1/responses"]
    """
)
RESPONSES, ASSISTANT, AGENTS = "/v1/responses", "/v1/assistants/asst_1", "/v1/agents"


@pytest.fixture
async def api():
    """An API with the header and the catalog, which refuses in OpenAI's words."""
    async with SimulatedApi(header="OpenAI-Beta", catalog=CATALOG, dialect="openai") as simulated:
        yield simulated


def chain(api, *betas, **settings):
    """A chain for it."""
    return betamw.chain(*betas, api=betamw.Api(api.base_url, "OpenAI-Beta", catalog=CATALOG), **settings)


async def call(api, middlewares, path, *, header=()):
    """Make a call; returns the status and what became of the betas."""
    headers = [("openai-beta", line) for line in header]
    async with aiohttp.ClientSession(middlewares=middlewares) as session:
        async with session.post(api.base_url + path, json={"model": "m"}, headers=headers) as response:
            await response.read()
            return response.status, betamw.usage(response)


async def test_merge(api):
    """The caller's lines, in any case of the name, and the defaults become one header."""
    await call(api, chain(api, "realtime=v1"), RESPONSES, header=["a=v1", "b=v1,a=v1"])
    assert [("a=v1", "b=v1", "realtime=v1")] == [request.betas for request in api.requests]
    assert "anthropic-beta" not in api.requests[0].headers


async def test_endpoint(api):
    """Its catalog's rules are the default."""
    status, used = await call(api, chain(api), ASSISTANT)
    assert (200, {"assistants=v2": "endpoint"}) == (status, dict(used.sources))


async def test_no_rules_of_another(api):
    """The Claude API's rules are for the Claude API."""
    await call(api, chain(api), AGENTS)
    assert [()] == [request.betas for request in api.requests]


async def test_rules_by_hand(api):
    """Rules that are given take the place of the catalog's, no rules among them."""
    status, _ = await call(api, chain(api, endpoints=()), ASSISTANT)
    assert 400 == status


async def test_middlewares_by_hand(api):
    """Middlewares alone take rules and patterns from their API's catalog too."""
    settings = betamw.Api(api.base_url, "OpenAI-Beta", catalog=CATALOG)
    status, _ = await call(api, (betamw.EndpointMiddleware(api=settings),), ASSISTANT)
    assert 200 == status
    assert {"keep=*"} == betamw.FallbackMiddleware(api=settings).policy.required


async def test_config(api):
    """A configuration made for an API has its catalog's rules and patterns."""
    config = betamw.Config(api=betamw.Api(api.base_url, "OpenAI-Beta", catalog=CATALOG))
    assert (CATALOG.rules, {"keep=*"}) == (config.endpoints, config.policy.required)


async def test_fallback(api):
    """A refused beta is dropped by the name that stands for it, and remembered."""
    api.refuse("realtime=v1")
    middlewares = chain(api, "realtime=v1", "tools=v1")
    got = [await call(api, middlewares, RESPONSES) for _ in range(2)]
    assert [("realtime=v1", "tools=v1"), ("tools=v1",), ("tools=v1",)] == [request.betas for request in api.requests]
    assert [(200, "recovered"), (200, "ok")] == [(status, used.outcome) for status, used in got]


async def test_what_an_endpoint_requires_stays(api):
    """A refusal of what the endpoint requires is the caller's."""
    api.refuse("assistants=v2")
    status, used = await call(api, chain(api), ASSISTANT)
    assert (400, 1) == (status, used.attempts)


@pytest.mark.parametrize(("settings", "attempts"), [({}, 1), ({"policy": betamw.FallbackPolicy()}, 2)])
async def test_what_the_catalog_requires_stays(api, settings, attempts):
    """Its patterns are the default policy's; a policy of the user's has its own."""
    api.refuse("keep=v1")
    _, used = await call(api, chain(api, "keep=v1", **settings), RESPONSES)
    assert attempts == used.attempts


async def test_a_beta_that_is_missing(api):
    """An error that asks for the beta drops none."""
    message = (
        "You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by setting the header"
        " 'OpenAI-Beta: assistants=v2'."
    )
    api.respond_next(400, {"error": {"message": message, "type": "invalid_request_error", "code": "invalid_beta"}})
    status, used = await call(api, chain(api, "realtime=v1"), RESPONSES)
    assert (400, 1, ("realtime=v1",)) == (status, used.attempts, used.sent)


async def test_event(api):
    """The event names the catalog's template and the betas."""
    capture = LogCapture()
    logger = structlog.wrap_logger(None, processors=[capture])
    await call(api, chain(api, "realtime=v1", logger=logger), ASSISTANT)
    event = capture.entries[-1]
    told = event["event"], event["url_template"], event["betas_injected"]
    assert ("betamw.request", "/v1/assistants/{assistant_id}", ["realtime=v1", "assistants=v2"]) == told
