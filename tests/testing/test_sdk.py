"""The official SDK reads what the simulated API says."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from betamw.testing import SimulatedApi

anthropic = pytest.importorskip("anthropic")
pytestmark = pytest.mark.asyncio

CALL = {"model": "claude-opus-5", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}
BETA = "context-1m-2025-08-07"


@pytest_asyncio.fixture
async def api() -> AsyncIterator[SimulatedApi]:
    """An API that refuses one beta."""
    async with SimulatedApi(refuses=[BETA]) as running:
        yield running


@pytest_asyncio.fixture
async def client(api):
    """The official client, without resends of its own."""
    async with anthropic.AsyncAnthropic(api_key="k", base_url=api.base_url, max_retries=0) as official:
        yield official


async def test_message(client):
    """A message is read."""
    message = await client.messages.create(**CALL)

    assert ("Hello from the simulated API.", "end_turn") == (message.content[0].text, message.stop_reason)


async def test_stream(client):
    """A streamed message is read, event by event and as a whole."""
    async with client.messages.stream(**CALL) as stream:
        pieces = [text async for text in stream.text_stream]
        message = await stream.get_final_message()

    assert ["Hello from the ", "simulated API."] == pieces
    assert ("Hello from the simulated API.", 8) == (message.content[0].text, message.usage.output_tokens)


async def test_count_tokens(client, api):
    """Token counting is read; the SDK's own beta for it is accepted."""
    count = await client.beta.messages.count_tokens(model=CALL["model"], messages=CALL["messages"])

    assert count.input_tokens > 0
    assert ("token-counting-2024-11-01",) == api.requests[0].betas


async def test_models(client):
    """The list of models and a model are read."""
    models = [model async for model in client.models.list()]
    model = await client.models.retrieve("claude-haiku-5")

    assert ["claude-opus-5"] == [each.id for each in models]
    assert ("claude-haiku-5", 2026) == (model.id, model.created_at.year)


async def test_files(client):
    """An upload and a deletion are read."""
    file = await client.files.upload(file=("a.txt", b"abc", "text/plain"))
    deleted = await client.files.delete(file.id)

    assert ("a.txt", "text/plain", 3) == (file.filename, file.mime_type, file.size_bytes)
    assert ("file_deleted", file.id) == (deleted.type, deleted.id)


async def test_agents(client, api):
    """An agent is read; the SDK sends the beta that the endpoint requires."""
    agents = [agent async for agent in client.beta.agents.list()]

    assert ["agent"] == [agent.type for agent in agents]
    assert ("managed-agents-2026-04-01",) == api.requests[0].betas


async def test_refused_beta(client):
    """A refused beta is the SDK's error with the API's words and request id."""
    with pytest.raises(anthropic.BadRequestError, match=f"Unexpected value\\(s\\) `{BETA}` for") as caught:
        await client.beta.messages.create(**CALL, betas=[BETA])

    assert caught.value.request_id.startswith("req_")
