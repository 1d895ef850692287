"""What the API has against betas, apart from refusing them."""

import pytest

from betamw.core.catalog import CATALOG
from betamw.testing import SimulatedApi

pytestmark = pytest.mark.asyncio

AGENTS = "managed-agents-2026-04-01"
MEMORY = "agent-memory-2026-07-22"


@pytest.mark.parametrize("path", ["/v1/agents", "/v1/sessions/s_1", "/v1/environments", "/v1/vaults"])
async def test_missing_beta(send, path):
    """An endpoint in beta asks to add the beta that it requires."""
    async with SimulatedApi() as api:
        got = await send(api, "files-api-2025-04-14", path=path)

    asked = f"This API is in beta. Missing required `{AGENTS}` value in the `anthropic-beta` header."
    assert (400, asked) == (got.status, got.message)


async def test_alternative_beta(send):
    """An endpoint with two versions accepts the beta of either."""
    async with SimulatedApi() as api:
        got = [await send(api, beta, path="/v1/memory_stores") for beta in (AGENTS, MEMORY)]

    assert [200, 200] == [each.status for each in got]


async def test_conflicting_betas(send):
    """Two betas that an endpoint refuses together are a 400 there, and only there."""
    async with SimulatedApi() as api:
        got = [await send(api, AGENTS, MEMORY, path=path) for path in ("/v1/memory_stores", "/v1/agents")]

    assert [400, 200] == [each.status for each in got]
    assert [True, True] == [name in got[0].message for name in (AGENTS, MEMORY)]


@pytest.mark.parametrize(
    ("betas", "body", "message"),
    [
        (
            "compact-2026-09-04,context-management-2025-06-27",
            {"compaction": {}, "context_management": {}},
            "compaction: cannot be combined with `context_management`",
        ),
        (
            "fine-grained-tool-streaming-2025-05-14",
            {"tools": [{"type": "custom"}, {"type": "computer_toolset_20260801"}]},
            "tools.1: cannot be combined with `fine-grained-tool-streaming-2025-05-14`",
        ),
    ],
)
async def test_conflicting_fields(send, betas, body, message):
    """Two body fields, or a field and a beta, that the API does not take together are a 400."""
    async with SimulatedApi() as api:
        got = await send(api, betas, json=body)

    assert (400, message) == (got.status, got.message)


async def test_one_of_conflicting_fields(send):
    """One of two conflicting fields is accepted with its beta."""
    async with SimulatedApi() as api:
        got = await send(api, "compact-2026-09-04", json={"compaction": {}})

    assert 200 == got.status


async def test_hidden_endpoint(send):
    """An endpoint that is documented as not there without its beta is a 404, and is there with it."""
    path = "/v1/organizations/webhooks"
    async with SimulatedApi() as api:
        got = [await send(api, *lines, path=path, method="GET") for lines in ([], ["webhooks-2026-10-07"])]

    assert [404, 200] == [each.status for each in got]


@pytest.mark.parametrize("rule", CATALOG.rules, ids=lambda rule: rule.path)
async def test_every_rule(send, rule):
    """An endpoint of the catalog is refused without its beta and answered with it."""
    path = rule.path.replace("{user_id}", "user_1")
    async with SimulatedApi() as api:
        got = [await send(api, *betas, path=path, method="GET") for betas in ((), rule.betas)]

    assert [CATALOG.without_header.get(rule.path, 400)] == [got[0].status]
    assert got[1].status != 400


async def test_rule_for_one_method_and_path(send):
    """A rule for GET on exactly one path says nothing about other methods, or what is below."""
    path = "/v1/organizations/spend_limits"
    async with SimulatedApi() as api:
        got = [
            await send(api, path=path, method="GET"),
            await send(api, path=path),
            await send(api, path=path + "/effective", method="GET"),
        ]

    assert [True, False, False] == ["Missing required" in each.body.decode() for each in got]


async def test_gated_field(send):
    """A body field that no beta opens is an extra input; with its beta it is accepted."""
    body = {"model": "m", "context_management": {"edits": []}}
    async with SimulatedApi() as api:
        without = await send(api, json=body)
        opened = await send(api, "context-management-2025-06-27", json=body)

    assert (400, "context_management: Extra inputs are not permitted") == (without.status, without.message)
    assert 200 == opened.status
