"""What the simulated API answers when it has nothing against the betas."""

import aiohttp
import pytest

from betamw.testing import SimulatedApi

pytestmark = pytest.mark.asyncio

AGENTS = "managed-agents-2026-04-01"


async def test_message(send):
    """A message is answered with a message of the model that was asked."""
    async with SimulatedApi() as api:
        got = await send(api, json={"model": "claude-haiku-5"})

    assert ("message", "claude-haiku-5", "end_turn") == tuple(
        got.decoded[key] for key in ("type", "model", "stop_reason")
    )
    assert [{"type": "text", "text": "Hello from the simulated API."}] == got.decoded["content"]


async def test_stream(send):
    """A streamed message has the documented events, in their order, and no length."""
    async with SimulatedApi() as api:
        got = await send(api, json={"model": "m", "stream": True})

    names = [line.removeprefix(b"event: ").decode() for line in got.body.splitlines() if line.startswith(b"event:")]
    delta = "content_block_delta"
    assert ["message_start", "content_block_start", "ping", delta, delta, "content_block_stop"] == names[:6]
    assert ["message_delta", "message_stop"] == names[6:]
    assert (200, False) == (got.status, "Content-Length" in got.headers)


async def test_refused_stream(send):
    """A streamed message with a refused beta is a JSON error, no stream."""
    async with SimulatedApi(refuses=["a"]) as api:
        got = await send(api, "a", json={"model": "m", "stream": True})

    assert (400, "application/json") == (got.status, got.headers["Content-Type"])


async def test_count_tokens(send):
    """Token counting answers a number."""
    async with SimulatedApi() as api:
        got = await send(api, path="/v1/messages/count_tokens")

    assert (200, ["input_tokens"]) == (got.status, list(got.decoded))


async def test_upload(send):
    """An upload is answered with the file's name, type and size."""
    form = aiohttp.FormData()
    form.add_field("purpose", "test")
    form.add_field("file", b"\x00\r\n\xff--", filename="data.bin", content_type="application/x-data")
    async with SimulatedApi() as api:
        got = await send(api, path="/v1/files", data=form)

    expected = ("file", "data.bin", "application/x-data", 6)
    assert expected == tuple(got.decoded[key] for key in ("type", "filename", "mime_type", "size_bytes"))


async def test_upload_without_a_file(send):
    """A body that is no multipart form is a file without a name."""
    async with SimulatedApi() as api:
        got = await send(api, path="/v1/files", data=b"1234")

    assert (200, 4) == (got.status, got.decoded["size_bytes"])


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/v1/files/file_1", "file"),
        ("DELETE", "/v1/files/file_1", "file_deleted"),
        ("GET", "/v1/models/claude-opus-5", "model"),
        ("GET", "/v1/messages/batches/batch_1", "message_batch"),
        ("GET", "/v1/agents/agent_1", "agent"),
        ("POST", "/v1/agents/agent_1", "agent"),
        ("DELETE", "/v1/sessions/s%201", "session_deleted"),
    ],
)
async def test_item(send, method, path, kind):
    """An item has the id of its path and its type's name; the simulation has one for any id."""
    async with SimulatedApi() as api:
        got = await send(api, AGENTS, path=path, method=method)

    assert (200, kind) == (got.status, got.decoded["type"])
    assert path.rpartition("/")[2].replace("%20", " ") == got.decoded["id"]


@pytest.mark.parametrize("path", ["/v1/files", "/v1/models", "/v1/agents", "/v1/sessions", "/v1/environments"])
async def test_list(send, path):
    """A list has one item, and says that there are no more."""
    async with SimulatedApi() as api:
        got = await send(api, AGENTS, path=path, method="GET")

    assert (200, 1, False) == (got.status, len(got.decoded["data"]), got.decoded["has_more"])


async def test_create(send):
    """What is created has the fields that were posted, and an id that is its own."""
    async with SimulatedApi() as api:
        got = await send(api, AGENTS, path="/v1/agents", json={"name": "n", "id": "mine"})

    assert ("n", "agent", False) == (got.decoded["name"], got.decoded["type"], got.decoded["id"] == "mine")


async def test_unknown_path(send):
    """An unknown path is a 404 of the API's form."""
    async with SimulatedApi() as api:
        got = await send(api, path="/v1/nowhere", method="GET")

    assert (404, "not_found_error") == (got.status, got.decoded["error"]["type"])


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/messages"), ("OPTIONS", "/v1/files"), ("DELETE", "/v1/files")]
)
async def test_wrong_method(send, method, path):
    """A method that an endpoint does not have is a 405 of the API's form."""
    async with SimulatedApi() as api:
        got = await send(api, path=path, method=method)

    assert (405, "invalid_request_error") == (got.status, got.decoded["error"]["type"])


async def test_head(send):
    """HEAD is answered as GET, without the body."""
    async with SimulatedApi() as api:
        got = await send(api, path="/v1/models", method="HEAD")

    assert (200, b"", True) == (got.status, got.body, int(got.headers["Content-Length"]) > 0)
