"""How replies go wrong on their way, and a server that is down."""

import asyncio
import ssl
from contextlib import suppress

import aiohttp
import pytest
import trustme
from support.waiting import until

from betamw.core.errors import ConfigError
from betamw.testing import FAULTS, SimulatedApi

pytestmark = pytest.mark.asyncio

BODY = b'{"a":"' + b"x" * 92 + b'"}'
HALF, WHOLE = len(BODY) // 2, len(BODY)
BROKEN, NO_HTTP = aiohttp.ClientPayloadError, aiohttp.ClientResponseError

# What a client sees: the status, how much of the body, the error.
SEEN = {
    "reset": (None, 0, aiohttp.ClientOSError),
    "hang-up": (None, 0, aiohttp.ServerDisconnectedError),
    "reset-after-headers": (200, 0, BROKEN),
    "cut": (200, HALF, BROKEN),
    "half-json": (200, HALF, None),
    "surplus": (200, WHOLE, None),
    "slow-headers": (200, WHOLE, None),
    "drip": (200, WHOLE, None),
    "garbage": (None, 0, NO_HTTP),
    "interim-flood": (200, WHOLE, None),
    "endless-interim": (None, 0, TimeoutError),
    "no-answer": (None, 0, TimeoutError),
    "late-close": (200, WHOLE, None),
}


async def see(session, url, seconds=10, **more):
    """Make a call; what came of it."""
    status, got = None, bytearray()
    timeout = aiohttp.ClientTimeout(total=seconds)
    try:
        async with session.post(f"{url}/v1/messages", timeout=timeout, **more) as response:  # a GET is sent twice
            status = response.status
            await read_into(got, response)
    except Exception as error:  # noqa: BLE001  the error is what is looked at
        return status, len(got), type(error)
    return status, len(got), None


async def read_into(got, response):
    """Read a body as it comes; `got` has what came before an error."""
    async for piece in response.content.iter_any():
        got += piece


def is_connected(session):
    """Whether a session keeps a connection that is still open."""
    return any(protocol.is_connected() for kept in session.connector._conns.values() for protocol, _ in kept)


async def converse(api):
    """Send a request by hand, with which the client has said all it has to say; the bytes of the reply."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(api.base_url.rpartition(":")[2]))
    try:
        writer.write(b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_a_client_sees(session, fault):
    """Each fault is what its name says, and strikes one reply."""
    async with SimulatedApi() as api:
        api.fail_next(fault, body=BODY)
        assert SEEN[fault] == await see(session, api.base_url, 0.1 if SEEN[fault][2] is TimeoutError else 10)
        async with aiohttp.ClientSession() as another:
            assert (200, None) == (await see(another, api.base_url))[::2]


async def test_reset():
    """A connection is reset, not closed."""
    async with SimulatedApi() as api:
        api.fail_next("reset")
        with pytest.raises(ConnectionResetError):
            await converse(api)


async def test_hang_up():
    """A connection is closed, not reset."""
    async with SimulatedApi() as api:
        api.fail_next("hang-up")
        assert b"" == await converse(api)


async def test_reset_after_headers():
    """The head of the reply can be read before the reset, even when there is no body."""
    async with SimulatedApi() as api:
        for status in (200, 204):
            api.fail_next("reset-after-headers", status, b"{}" if status == 200 else None)
            with pytest.raises(ConnectionResetError):
                await converse(api)


async def test_cut_in_the_chunks(session):
    """A reply without a length is cut as well: its last chunk is missing."""
    async with SimulatedApi() as api:
        api.fail_next("cut")
        async with session.post(f"{api.base_url}/v1/messages", json={"stream": True}) as response:
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()
    assert "chunked" == response.headers["Transfer-Encoding"]


async def test_cut_of_what_is_compressed(session):
    """Half of the bytes on the wire arrive."""
    async with SimulatedApi(encoding="gzip") as api:
        api.fail_next("cut", body=bytes(range(256)))
        got = bytearray()
        async with session.get(f"{api.base_url}/v1/models", auto_decompress=False) as response:
            with pytest.raises(aiohttp.ClientPayloadError):
                await read_into(got, response)
    assert response.content_length // 2 == len(got)


async def test_half_of_what_is_compressed(send):
    """Half of a document is compressed like a whole one."""
    async with SimulatedApi(encoding="deflate") as api:
        api.fail_next("half-json", 500, BODY.decode())
        with pytest.raises(ValueError, match="Unterminated string"):
            await send(api)


@pytest.mark.parametrize("stream", [False, True])
async def test_surplus(session, stream):
    """What follows a reply on its connection is taken for the next reply there."""
    async with SimulatedApi() as api:
        api.fail_next("surplus")
        seen = [await see(session, api.base_url, json={"stream": stream}) for _ in range(3)]
    assert [(200, None), (None, NO_HTTP), (200, None)] == [(status, error) for status, _, error in seen]


async def test_drip(session):
    """The body comes in pieces of at most 64 bytes."""
    async with SimulatedApi() as api:
        api.fail_next("drip", body=BODY, seconds=0.05)
        async with session.get(f"{api.base_url}/v1/models") as response:
            assert BODY[:64] == await response.content.readany()


async def test_the_interim_responses_are_there():
    """Three hundred of them, and one reply."""
    async with SimulatedApi() as api:
        api.fail_next("interim-flood", body=BODY)
        api.cut = HALF  # so that the connection is closed
        got = await converse(api)
    counts = [got.count(b"HTTP/1.1 %d " % status) for status in (100, 102, 103, 200)]
    assert [100, 100, 100, 1] == counts


async def test_late_close():
    """The reply says nothing of the end that comes after it."""
    async with SimulatedApi() as api:
        api.fail_next("late-close", body=BODY)
        got = await converse(api)
    assert (True, False) == (got.endswith(BODY), b"connection:" in got.lower())


async def test_slow_headers(session):
    """Nothing comes before the time is over."""
    loop = asyncio.get_running_loop()
    async with SimulatedApi() as api:
        api.fail_next("slow-headers", seconds=0.05)
        started = loop.time()
        await see(session, api.base_url)
    assert loop.time() - started >= 0.04


async def test_a_refusal_goes_wrong(send):
    """Without a literal reply it is the API's own that is sent so."""
    async with SimulatedApi(refuses=["a"]) as api:
        api.fail_next("drip", seconds=0.001)
        got = await send(api, "a")
    assert (400, True) == (got.status, "`a`" in got.message)


async def test_one_queue(session):
    """Faults and literal replies go out in the order in which they were said; `after` lets requests pass."""
    async with SimulatedApi() as api:
        api.fail_next("hang-up", after=1)
        api.respond_next(529)
        api.fail_next("half-json", 418, b"{ }")
        seen = [await see(session, api.base_url) for _ in range(4)]
    assert [529, None, 418, 200] == [status for status, *_ in seen]


async def test_a_client_that_is_gone_already(session):
    """A fault for a request whose client does not wait strikes nobody, and is used up."""
    async with SimulatedApi() as api:
        api.fail_next("slow-headers", seconds=60)
        assert TimeoutError is (await see(session, api.base_url, 0.05))[2]
        await until(lambda: api.requests)
        assert 200 == (await see(session, api.base_url))[0]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"fault": "explode"}, r"fault='explode' is not allowed, it must be one of 'reset', 'hang-up'"),
        ({"fault": None}, r"fault=None is not allowed"),
        ({"fault": "cut", "seconds": -1}, r"seconds must be a finite number of seconds >= 0, got -1"),
        ({"fault": "cut", "after": -1}, r"after must be >= 0, got -1"),
        ({"fault": "cut", "status": 99}, r"status must be an int from 200 to 599, got 99"),
    ],
)
async def test_wrong_faults(given, error):
    """They are refused where they are said."""
    with pytest.raises(ConfigError, match=error):
        SimulatedApi().fail_next(**given)


# A server that is down.


async def test_down(session):
    """Connections are refused, and accepted at the same address afterwards."""
    async with SimulatedApi() as api:
        seen = [await see(session, api.base_url)]
        for _ in range(2):
            async with api.down():
                await until(lambda: not is_connected(session))
                seen.append(await see(session, api.base_url))
            seen.append(await see(session, api.base_url))
    assert [200, None, 200, None, 200] == [status for status, *_ in seen]
    assert {None, aiohttp.ClientConnectorError} == {error for *_, error in seen}


async def test_down_breaks_what_is_under_way(session):
    """A call that waits for its reply gets none."""
    async with SimulatedApi() as api:
        api.fail_next("no-answer")
        call = asyncio.create_task(see(session, api.base_url))
        await until(lambda: api.requests)
        async with api.down():
            assert (None, 0, aiohttp.ServerDisconnectedError) == await call


async def test_down_when_it_is_not_up():
    """Neither before the start, nor twice, nor after the end."""
    api = SimulatedApi()
    with pytest.raises(RuntimeError, match="does not run"):
        api.down()
    async with api, api.down():
        with pytest.raises(RuntimeError, match="down already"):
            await api.down().__aenter__()
    with pytest.raises(RuntimeError, match="does not run"):
        api.down()


async def test_the_end_while_it_is_down(session):
    """It stays down."""
    async with SimulatedApi() as api:
        down = api.down()
        await down.__aenter__()
    await down.__aexit__(None, None, None)
    assert aiohttp.ClientConnectorError is (await see(session, api.base_url))[2]


# HTTPS.


@pytest.fixture
def authority():
    """Who signs certificates."""
    return trustme.CA()


@pytest.fixture
def contexts(authority):
    """What a server needs for HTTPS, and its client."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


async def test_https(contexts):
    """With a context it serves HTTPS, also after it was down, and faults strike there too."""
    server, client = contexts
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client)) as session:
        async with SimulatedApi(ssl_context=server) as api:
            async with api.down():
                seen = [await see(session, api.base_url)]
            api.fail_next("reset")
            seen += [await see(session, api.base_url) for _ in range(2)]
    assert ("https://", [None, None, 200]) == (api.base_url[:8], [status for status, *_ in seen])
    assert [aiohttp.ClientConnectorError, aiohttp.ClientOSError, None] == [error for *_, error in seen]


async def test_https_wants_a_context():
    """And nothing else."""
    with pytest.raises(ConfigError, match="ssl_context must be of class SSLContext or None, got True"):
        SimulatedApi(ssl_context=True)
