"""What the simulated API records, and how it starts and ends."""

import asyncio
import sys

import aiohttp
import pytest

from betamw.testing import SimulatedApi

pytestmark = pytest.mark.asyncio


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
