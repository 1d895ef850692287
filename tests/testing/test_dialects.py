"""The words of a refusal, and what relays put around them."""

import json

import pytest

from betamw.testing import DIALECTS, WRAPPERS, SimulatedApi

BETA = "context-1m-2025-08-07"
OTHER = "files-api-2025-04-14"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("bedrock", '{"message":"invalid beta flag"}'),
        ("copilot", '{"error":{"message":"unsupported beta header(s): a, b","code":"invalid_request_body"}}\n'),
        ("unrecognized", '{"error":{"message":"Unrecognized a in anthropic-beta"}}'),
        (
            "openai",
            (
                """{"error":{"message":"Unknown beta requested: 'a'.","type":"invalid_request_error","param":null,"""
                '"code":"invalid_beta"}}'
            ),
        ),
        ("gateway-unnamed", '{"error":{"message":"Unsupported or invalid beta header."}}'),
    ],
)
async def test_bodies(send, dialect, body):
    """Servers other than the API have other bodies."""
    async with SimulatedApi(refuses=["a", "b"], dialect=dialect) as api:
        got = await send(api, "a,b")

    assert (400, body) == (got.status, got.body.decode())


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("dialect", "message"),
    [
        ("anthropic-docs", f"Unsupported beta header: {BETA}"),
        ("long-context", "The long context beta is not yet available for this subscription."),
        ("relay-zh", f"尚未验证或不支持的 anthropic-beta：{BETA}"),  # noqa: RUF001  as the relay writes it
        ("capability", f"capability_rejected: beta_header:{BETA}"),
        ("not-enabled", f"anthropic-beta {BETA} is not enabled for this organization."),
        ("unsupported-colon", f"unsupported anthropic-beta: {BETA}"),
    ],
)
async def test_messages(send, dialect, message):
    """Servers with the API's envelope have other words."""
    async with SimulatedApi(refuses=[BETA], dialect=dialect) as api:
        got = await send(api, OTHER, BETA)

    assert message == got.message


@pytest.mark.asyncio
async def test_openai_names_a_beta_without_its_version(send):
    """What is refused is a feature; its version came with the request."""
    async with SimulatedApi(refuses=["realtime=v1"], dialect="openai") as api:
        got = await send(api, "realtime=v1")

    assert "Unknown beta requested: 'realtime'." == got.message


@pytest.mark.asyncio
async def test_long_context_is_about_one_family(send):
    """The long context refusal is about `context-1m-*`; another refused beta is named as the API does."""
    async with SimulatedApi(refuses=["a", BETA], dialect="long-context") as api:
        both = await send(api, "a", BETA)
        other = await send(api, "a")

    assert "The long context beta is not yet available for this subscription." == both.message
    assert other.message.startswith("Unexpected value(s) `a` for")


@pytest.mark.asyncio
@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_combination(send, dialect, wrapper):
    """Each dialect in each wrapper is a 400 with a JSON body; it names the refused beta, or none."""
    async with SimulatedApi(refuses=[BETA], dialect=dialect, wrapper=wrapper) as api:
        got = await send(api, OTHER, BETA)

    assert 400 == got.status
    assert json.loads(got.body) == got.decoded
    unnamed = dialect in ("bedrock", "gateway-unnamed", "long-context")
    assert (0 if unnamed else 1, 0) == (got.body.decode().count(BETA), got.body.decode().count(OTHER))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("wrapper", "path"),
    [("openrouter", ("error", "metadata", "raw")), ("litellm", ("error", "message")), ("prose", ("error", "message"))],
)
async def test_nested_json(send, wrapper, path):
    """Some relays hold the API's error as JSON in a text."""
    async with SimulatedApi(refuses=["a"], wrapper=wrapper) as api:
        got = await send(api, "a")

    text = got.decoded
    for key in path:
        text = text[key]
    inner, _ = json.JSONDecoder().raw_decode(text, text.index("{"))
    assert ("error", got.headers["request-id"]) == (inner["type"], inner["request_id"])


@pytest.mark.asyncio
async def test_other_errors_are_wrapped(send):
    """A relay wraps what is no refusal just so: the traps are the same behind it."""
    async with SimulatedApi(wrapper="new-api") as api:
        got = await send(api, path="/v1/agents")

    assert "<nil>" == got.decoded["error"]["type"]
    assert got.message.startswith("This API is in beta. Missing required `managed-agents-2026-04-01` value in the")
