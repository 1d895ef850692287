"""What the simulated API records and answers, and how it starts and ends."""

import asyncio
import sys

import aiohttp
import pytest

from betamw.core.catalog import CATALOG
from betamw.testing import SimulatedApi

pytestmark = pytest.mark.asyncio

AGENTS = "managed-agents-2026-04-01"
MEMORY = "agent-memory-2026-07-22"


async def test_records_requests(send):
    """A request is recorded as it came: method, path, query, body, and the betas with their repeats."""
    async with SimulatedApi() as api:
        await send(api, "a, b", "a", path="/v1/messages?beta=true", json={"model": "m"})

    (request,) = api.requests
    assert ("POST", "/v1/messages", "true") == (request.method, request.path, request.query["beta"])
    assert ("a", "b", "a") == request.betas
    assert {"model": "m"} == request.json()


async def test_records_header_lines(send):
    """Header lines are recorded as on the wire: spelling, order and repeats."""
    async with SimulatedApi() as api:
        await send(api, headers=[("Anthropic-BETA", "a , b"), ("X-One", "1"), ("Anthropic-BETA", "c")])

    (request,) = api.requests
    lines = [line for line in request.raw_headers if line[0] in ("Anthropic-BETA", "X-One")]
    assert [("Anthropic-BETA", "a , b"), ("X-One", "1"), ("Anthropic-BETA", "c")] == lines
    assert ["a , b", "c"] == request.headers.getall("anthropic-beta")


async def test_records_chunked_body(send):
    """A body that was sent in chunks is recorded without their framing."""

    async def chunks():
        yield b"one"
        yield b"two"

    async with SimulatedApi() as api:
        await send(api, data=chunks())

    assert b"onetwo" == api.requests[0].body


async def test_no_beta_header(send):
    """A request without the header is accepted, and has no betas."""
    async with SimulatedApi(refuses=["*"]) as api:
        got = await send(api)

    assert (200, ()) == (got.status, api.requests[0].betas)


async def test_arrival_order(send):
    """Requests are recorded in the order of arrival, the refused ones too."""
    async with SimulatedApi(refuses=["b"]) as api:
        for beta in "abc":
            await send(api, beta)

    assert [("a",), ("b",), ("c",)] == [request.betas for request in api.requests]


async def test_clear(send):
    """`clear` forgets what came in."""
    async with SimulatedApi() as api:
        await send(api)
        api.clear()
        await send(api, "a")

    assert [("a",)] == [request.betas for request in api.requests]


async def test_request_id(send):
    """Every reply has a request id of its own, and an error repeats it in its body."""
    async with SimulatedApi(refuses=["a"]) as api:
        got = [await send(api), await send(api, "a"), await send(api, path="/v1/nowhere")]

    ids = [each.headers["request-id"] for each in got]
    assert [True, True, True] == [each.startswith("req_") for each in ids]
    assert 3 == len(set(ids))
    assert ids[1:] == [each.decoded["request_id"] for each in got[1:]]


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


async def test_respond_next(send):
    """A queued reply is sent as it is, once, before anything else is looked at."""
    async with SimulatedApi(refuses=["a"]) as api:
        api.respond_next(418, b"{ }", {"X-Tea": "1", "Request-Id": "mine"}, "text/x-tea")
        got = [await send(api, "a"), await send(api, "a")]

    assert (418, b"{ }") == (got[0].status, got[0].body)
    assert [("X-Tea", "1"), ("Request-Id", "mine"), ("Content-Type", "text/x-tea")] == list(got[0].headers.items())[:3]
    assert ["mine"] == got[0].headers.getall("request-id")
    assert 400 == got[1].status


@pytest.mark.parametrize(("body", "expected"), [("é", "é".encode()), ({"a": [1]}, b'{"a":[1]}'), (None, b"")])
async def test_respond_next_body(send, body, expected):
    """A body may be a text or anything that JSON can write."""
    async with SimulatedApi() as api:
        api.respond_next(body=body, content_type="text/plain")
        got = await send(api)

    assert (200, expected) == (got.status, got.body)


async def test_respond_next_order(send):
    """Queued replies go out in their order; `after` lets requests pass before."""
    async with SimulatedApi(refuses=["a"]) as api:
        api.respond_next(529, after=1)
        api.respond_next(204)
        got = [await send(api, "a") for _ in range(3)]

    assert [204, 529, 400] == [each.status for each in got]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(529, "overloaded_error"), (429, "rate_limit_error"), (418, "invalid_request_error"), (503, "api_error")],
)
async def test_respond_next_error(send, status, kind):
    """A queued error without a body has the API's error body."""
    async with SimulatedApi() as api:
        api.respond_next(status)
        got = await send(api)

    assert (status, kind, got.headers["request-id"]) == (
        got.status,
        got.decoded["error"]["type"],
        got.decoded["request_id"],
    )


async def test_two_at_once(send):
    """Two servers run side by side and know nothing of each other."""
    async with SimulatedApi(refuses=["a"]) as first, SimulatedApi() as second:
        got = [await send(first, "a"), await send(second, "a")]

    assert [400, 200] == [each.status for each in got]
    assert [1, 1] == [len(first.requests), len(second.requests)]


async def test_runs_again(send):
    """A server that was closed can be started again, and keeps what it knows."""
    api = SimulatedApi(refuses=["a"])
    for _ in range(2):
        async with api:
            assert 400 == (await send(api, "a")).status

    assert 2 == len(api.requests)


async def test_not_twice_at_once():
    """A running server cannot be started once more."""
    async with SimulatedApi() as api:
        with pytest.raises(RuntimeError, match="running already"):
            await api.__aenter__()


async def test_closed(session):
    """After the end nobody listens at the address any more."""
    async with SimulatedApi() as api:
        pass

    with pytest.raises(aiohttp.ClientConnectorError):
        await session.get(api.base_url)


async def test_closes_open_connections(session):
    """The end does not wait for a client that is still reading."""
    async with SimulatedApi(drip=60) as api:
        response = await session.post(api.base_url + "/v1/messages", json={})
        ending = asyncio.get_running_loop().time()

    assert asyncio.get_running_loop().time() - ending < 5
    with pytest.raises(aiohttp.ClientPayloadError):
        await response.read()


async def test_other_process():
    """A client in another process reaches the server by its `base_url`."""
    script = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1] + '/v1/models').status)"
    async with SimulatedApi() as api:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, api.base_url, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()

    assert b"200" == out.strip()
