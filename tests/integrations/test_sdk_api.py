"""Which requests of an SDK client are the API's: its own, wherever it sends them, unless `api` says otherwise."""

import anthropic
import pytest
from anthropic import AsyncAnthropicBedrock, AsyncAnthropicVertex

import betamw
from betamw.integrations.anthropic import http_client
from betamw.testing import SimulatedApi

OLD, DEFAULT = "context-1m-2025-08-07", "interleaved-thinking-2025-05-14"
CALL = {"model": "claude-opus-5", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize("below", ["", "/", "/anthropic", "/v1/proxy/", "/a/b/c"])
async def test_a_base_url_of_the_clients_own(sdk, api, below):
    """The betas go out and lessons are learned below any base URL, and the events tell the endpoint."""
    async with sdk(DEFAULT, client={"base_url": api.base_url + below}) as opened:
        api.refuse(OLD)
        for passing in (1, 0):  # the resend and the second call; the simulated API knows no such paths
            api.respond_next(200, {}, after=passing)
            await opened.client.beta.messages.create(**CALL, betas=[OLD])

    assert [(OLD, DEFAULT), (DEFAULT,), (DEFAULT,)] == opened.sent
    assert [("recovered", "/v1/messages"), ("ok", "/v1/messages")] == [
        (event["outcome"], event["url_template"]) for event in opened.events()
    ]


async def test_the_environment(sdk, api, monkeypatch):
    """The SDK's own variable is as good."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"{api.base_url}/anthropic")
    async with sdk(DEFAULT, client={"base_url": None}) as opened:
        api.respond_next(200, {})
        await opened.client.messages.create(**CALL)

    assert [(DEFAULT,)] == opened.sent


async def test_lessons_of_one_base_url(sdk, api):
    """What one gateway refuses, another may take, though a copy of the client shares the session."""
    async with sdk() as opened:
        api.refuse(OLD)
        api.respond_next(200, {}, after=2)
        one, other = opened.client, opened.client.with_options(base_url=f"{api.base_url}/other")
        for client in (one, other, one):
            await client.beta.messages.create(**CALL, betas=[OLD])

    assert [(OLD,), (), (OLD,), ()] == opened.sent


async def test_an_api_that_is_given(sdk, api):
    """It is taken at its word: what goes elsewhere passes through untouched."""
    async with sdk(DEFAULT, api=betamw.Api("https://gateway.example")) as opened:
        await opened.client.beta.messages.create(**CALL, betas=[OLD, OLD])

    assert [(OLD, OLD)] == opened.sent
    assert [] == opened.events()


async def test_the_header_of_an_api_that_is_given(sdk, api):
    """Its header is the one that is written."""
    async with sdk(DEFAULT, api=betamw.Api(api.base_url, header="x-beta")) as opened:
        await opened.client.messages.create(**CALL)

    assert [(DEFAULT, None)] == [(r.headers.get("x-beta"), r.headers.get("anthropic-beta")) for r in api.requests]


async def test_a_catalog_of_ones_own(sdk, tmp_path):
    """What it knows of endpoints is what is found below the client's base URL, too."""
    (tmp_path / "mine.toml").write_text('[endpoints]\ntemplates = ["/mine/{id}"]')
    (tmp_path / "betamw.toml").write_text('[betamw]\ncatalog = "mine.toml"')
    async with sdk(config=tmp_path / "betamw.toml") as opened:
        for path in ("/mine/1", "/v1/messages"):
            opened.api.respond_next(200, {})
            await opened.client.get(path, cast_to=object)

    assert ["/mine/{id}"] == [event["url_template"] for event in opened.events()]


@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_to_another_origin(sdk, api, status):
    """What the SDK's own redirects lead to is none of ours: of the chain nothing is added there, nor logged."""
    async with SimulatedApi() as elsewhere, sdk(DEFAULT) as opened:
        api.respond_next(status, headers={"location": f"{elsewhere.base_url}/v1/messages"})
        await opened.client.beta.messages.create(**CALL, betas=[OLD])

    assert [(OLD, DEFAULT)] == opened.sent
    assert [(OLD,)] == [request.betas for request in elsewhere.requests]
    assert [status] == [event["http_response_status_code"] for event in opened.events()]


async def test_a_redirect_at_the_same_origin(sdk, api):
    """There the API goes on."""
    async with sdk(DEFAULT) as opened:
        api.respond_next(307, headers={"location": "/v1/messages?again"})
        await opened.client.messages.create(**CALL)

    assert [(DEFAULT,), (DEFAULT,)] == opened.sent


async def test_an_upload_that_is_redirected(sdk, api):
    """A file goes on with the redirect."""
    async with sdk() as opened:
        api.respond_next(307, headers={"location": "/v1/files"})
        uploaded = await opened.client.beta.files.upload(file=("a.txt", b"abc"))

    assert 3 == uploaded.size_bytes


async def test_a_refusal_after_a_redirect(sdk, api):
    """What the redirect repeats can be sent again, and the lesson holds for its model."""
    memory = betamw.RejectionMemory()
    async with sdk(memory=memory) as opened:
        api.refuse(OLD)
        for _ in range(2):
            api.respond_next(307, headers={"location": "/v1/messages"})
            await opened.client.beta.messages.create(**CALL, betas=[OLD])

    assert [(OLD,), (OLD,), (), (), ()] == opened.sent
    assert [CALL["model"]] == [verdict.scope.model for verdict in memory.verdicts()]


async def test_an_endpoint_that_the_catalog_does_not_know(sdk, api):
    """It is the API's all the same, wherever the client has it."""
    async with sdk(DEFAULT) as opened:
        api.respond_next(200, {})
        await opened.client.post("/v1/brand_new", cast_to=object)

    assert ([(DEFAULT,)], ["_OTHER"]) == (opened.sent, [event["url_template"] for event in opened.events()])


async def test_a_path_that_is_not_the_apis(sdk, api):
    """A request of the user's own to somewhere else passes through untouched."""
    async with sdk(DEFAULT) as opened:
        api.respond_next(200, {})
        await opened.client.get("/healthz", cast_to=object)

    assert ([()], []) == (opened.sent, opened.events())


async def test_a_signed_request(sdk, api):
    """A signature covers the header, so nothing is changed."""
    async with sdk(DEFAULT, api=betamw.Api(api.base_url)) as opened:
        signed = {"authorization": "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s, SignedHeaders=host"}
        await opened.client.beta.messages.create(**CALL, betas=[OLD, OLD], extra_headers=signed)

    assert ([(OLD, OLD)], []) == (opened.sent, opened.events())


async def test_vertex(api):
    """Its paths are its own, so it must be said that they are an API's; then a refused beta is recovered."""
    settings = {
        "region": "r",
        "project_id": "p",
        "access_token": "t",
        "base_url": f"{api.base_url}/v1",
        "max_retries": 0,
    }
    api.refuse(OLD)
    api.respond_next(200, {}, after=1)
    made = http_client(DEFAULT, api=betamw.Api(f"{api.base_url}/v1"))
    async with AsyncAnthropicVertex(http_client=made, **settings) as client:
        await client.beta.messages.create(**CALL, betas=[OLD])

    assert [(OLD, DEFAULT), (DEFAULT,)] == [request.betas for request in api.requests]


async def test_bedrock(api):
    """It has the betas in the body, and no header counts: the request passes through untouched."""
    settings = {"aws_region": "us-east-1", "api_key": "k", "base_url": api.base_url, "max_retries": 0}
    api.respond_next(200, {})
    async with AsyncAnthropicBedrock(http_client=http_client(DEFAULT), **settings) as client:
        await client.beta.messages.create(**CALL, betas=[OLD])

    assert [((OLD,), [OLD])] == [(request.betas, request.json()["anthropic_beta"]) for request in api.requests]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (anthropic.AsyncAnthropicFoundry, {"api_key": "k"}),
        (anthropic.AsyncAnthropicAWS, {"api_key": "k", "aws_region": "us-east-1", "workspace_id": "w"}),
    ],
)
async def test_another_platform(api, kind, settings):
    """Platforms with the Claude API's own paths are as good as the API itself."""
    api.refuse(OLD)
    async with kind(http_client=http_client(DEFAULT), base_url=api.base_url, max_retries=0, **settings) as client:
        await client.beta.messages.create(**CALL, betas=[OLD])

    assert [(OLD, DEFAULT), (DEFAULT,)] == [request.betas for request in api.requests]
