"""The client that the SDK is given is as good as its own: settings, proxies, TLS, and an end to its session."""

import asyncio
import gc
import ssl
import subprocess
import sys
from functools import partial

import aiohttp
import anthropic
import httpx2
import pytest
import trustme
from httpx2._utils import get_environment_proxies
from support.twice.proxy import Proxy
from support.waiting import until

import betamw
from betamw.integrations.anthropic import http_client, usage
from betamw.integrations.proxies import environment_proxies
from betamw.testing import SimulatedApi

DEFAULT, OLD = "interleaved-thinking-2025-05-14", "context-1m-2025-08-07"
CALL = {"model": "claude-opus-5", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}
PROXY = "http://user:pass@127.0.0.1:9"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def test_settings():
    """Timeouts, redirects, limits and TLS are those of the SDK's own aiohttp client."""

    def settings(client, transport):
        session = transport.get_client()
        connector = session.connector
        verifies = connector._ssl.verify_mode, len(connector._ssl.get_ca_certs())
        limits = connector.limit, connector.limit_per_host, connector._keepalive_timeout
        client_settings = client.timeout, client.follow_redirects, client.max_redirects, dict(client.headers)
        return client_settings, limits, verifies, session.trust_env, session.auto_decompress, session

    plain, chained = anthropic.DefaultAioHttpClient(), http_client()
    *expected, session = settings(plain, plain._transport)
    await session.close()
    *actual, session = settings(chained, chained._transport.inner)
    await session.close()

    assert expected == actual


ENVIRONMENTS = [
    {},
    {"http_proxy": PROXY},
    {"https_proxy": "127.0.0.1:9"},
    {"all_proxy": PROXY, "no_proxy": "127.0.0.1"},
    {"all_proxy": PROXY, "no_proxy": "*"},
    {"all_proxy": PROXY, "no_proxy": "a.example, *"},
    {"all_proxy": PROXY, "no_proxy": "localhost,.b.example,c.example,*.d.example,"},
    {"all_proxy": PROXY, "no_proxy": "https://e.example,10.0.0.0/8,::1,fe80::/10,[::2],e.example:8080"},
    {"all_proxy": PROXY, "no_proxy": "f.example/g,10.0.0.0/99,http://[,a b"},
    {"all_proxy": PROXY, "no_proxy": "[::1]:8080,[fe80::]/10,[::1,fe80::1%eth0,*.g.example/h,1.2.3.4/"},
    {"all_proxy": PROXY, "no_proxy": "1.2.3.4/255.0.0.0,::1%1/64,[::1%1]/64,fe80::/10/3"},
]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_proxies_of_the_environment(environment, monkeypatch):
    """They are what httpx2 itself makes of the environment; `http_client` can use them."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    expected = {pattern: url and httpx2.Proxy(url).url for pattern, url in get_environment_proxies().items()}
    assert expected == {pattern: proxy and proxy.url for pattern, proxy in environment_proxies().items()}
    assert {*expected} == {pattern.pattern for pattern in http_client()._mounts}


@pytest.mark.parametrize("no_proxy", ["", "127.0.0.1", "127.0.0.0/8", "a.example"])
async def test_a_proxy(api, monkeypatch, no_proxy):
    """Requests go through it, and to its exceptions directly, as with the SDK's own client."""
    asked = []
    async with Proxy() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", no_proxy)
        for made in (anthropic.DefaultAioHttpClient(), http_client(DEFAULT)):
            async with anthropic.AsyncAnthropic(api_key="k", base_url=api.base_url, http_client=made) as client:
                await client.messages.create(**CALL)
            asked.append(list(proxy.asked))
            proxy.asked.clear()

    assert asked[0] == asked[1]
    assert no_proxy.startswith("127") == (asked[0] == [])
    assert [(), (DEFAULT,)] == [request.betas for request in api.requests]


async def test_a_certificate_authority(tmp_path, monkeypatch):
    """A server is verified, and what `SSL_CERT_FILE` trusts is trusted."""
    authority, serving = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with SimulatedApi(ssl_context=serving) as api:
        connect = partial(anthropic.AsyncAnthropic, api_key="k", base_url=api.base_url, max_retries=0)
        async with connect(http_client=http_client(DEFAULT)) as client:
            with pytest.raises(anthropic.APIConnectionError):
                await client.messages.create(**CALL)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        async with connect(http_client=http_client(DEFAULT)) as client:
            await client.messages.create(**CALL)

    assert [(DEFAULT,)] == [request.betas for request in api.requests]


class Made:
    """Makes sessions and keeps them."""

    def __init__(self, *own, **settings):
        self.own, self.settings, self.sessions = own, settings, []

    def __call__(self, middlewares):
        session = aiohttp.ClientSession(middlewares=(*middlewares, *self.own), **self.settings)
        self.sessions.append(session)
        return session


async def test_one_session(sdk):
    """It is made at the first request, serves all copies of the client, and is closed with it."""
    made = Made()
    async with sdk(session=made) as opened:
        assert [] == made.sessions
        clients = opened.client, opened.client.with_options(max_retries=1), opened.client.copy(timeout=9)
        await asyncio.gather(*(client.messages.create(**CALL) for client in clients))
        (session,) = made.sessions
        assert not session.closed

    assert session.closed
    assert opened.client.is_closed()


def test_a_client_made_outside_of_a_loop():
    """A client at the level of a module is good, and leaves nothing behind; nor does one that is never used."""

    async def use(client):
        async with SimulatedApi() as api:
            await client.with_options(base_url=api.base_url).messages.create(**CALL)
        await client.close()

    asyncio.run(use(anthropic.AsyncAnthropic(api_key="k", http_client=http_client())))
    http_client()
    gc.collect()


async def test_a_closed_client(sdk):
    """The SDK's own error, with the chain as without."""
    async with sdk() as opened:
        pass

    with pytest.raises(anthropic.APIConnectionError) as caught:
        await opened.client.messages.create(**CALL)
    assert "Cannot send a request, as the client has been closed." == str(caught.value.__cause__)


async def test_no_connection_to_be_had(sdk):
    """Waiting for a connection of the pool ends as the SDK's timeouts say, and says so."""
    async with sdk(session=Made(connector=aiohttp.TCPConnector(limit=1))) as opened:
        opened.api.fail_next("no-answer")
        first = asyncio.create_task(opened.client.messages.create(**CALL))
        await until(lambda: opened.api.requests)
        with pytest.raises(anthropic.APITimeoutError) as caught:
            await opened.client.messages.create(**CALL, timeout=httpx2.Timeout(60, pool=0.05))
        first.cancel()
        await asyncio.wait([first])

    assert httpx2.ConnectTimeout is type(caught.value.__cause__)


async def test_a_stream_that_is_left(sdk):
    """Its connection is given back, so that a pool of one connection suffices."""
    made = Made(connector=aiohttp.TCPConnector(limit=1))
    async with sdk(session=made) as opened:
        for _ in range(3):
            async with opened.client.messages.stream(**CALL) as stream:
                await anext(stream)

    assert 3 == len(opened.api.requests)


async def test_a_session_of_ones_own(sdk, api):
    """A middleware of one's own in it sees each attempt, with the betas that go out."""
    seen = []

    async def watch(request, handler):
        seen.append(request.headers["anthropic-beta"])
        return await handler(request)

    async with sdk(DEFAULT, session=Made(watch, headers={"x-mine": "1"})) as opened:
        api.refuse(OLD)
        await opened.client.beta.messages.create(**CALL, betas=[OLD])

    assert [f"{OLD},{DEFAULT}", DEFAULT] == seen
    assert ["1", "1"] == [request.headers["x-mine"] for request in api.requests]


async def test_a_request_of_ones_own(sdk, api):
    """What does not come from the SDK's client passes through the session untouched."""
    made = Made()
    async with sdk(DEFAULT, session=made, api=betamw.Api(api.base_url)) as opened:
        await opened.client.models.list()
        async with made.sessions[0].get(f"{api.base_url}/v1/models") as response:
            assert 200 == response.status

    assert [(DEFAULT,), ()] == opened.sent


async def test_a_session_without_the_middlewares(sdk):
    """The SDK works with it, and `usage` says that betamw has seen nothing."""
    async with sdk(DEFAULT, session=lambda middlewares: aiohttp.ClientSession()) as opened:
        response = await opened.client.models.with_raw_response.list()

    with pytest.raises(KeyError, match="no middleware of betamw"):
        usage(response)


async def test_a_session_and_the_environments_proxy(sdk, monkeypatch):
    """Its proxies are its own affair."""
    monkeypatch.setenv("http_proxy", PROXY)
    async with sdk(session=aiohttp.ClientSession) as opened:
        await opened.client.messages.create(**CALL)

    assert 1 == len(opened.api.requests)


async def test_a_session_that_is_none(sdk):
    """What the function has made instead is said."""
    async with sdk(session=lambda middlewares: "a session") as opened:
        with pytest.raises(anthropic.APIConnectionError) as caught:
            await opened.client.messages.create(**CALL)

    assert "session must make an aiohttp.ClientSession, got 'a session'" == str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("betas", "settings", "error", "message"),
    [
        (["a b"], {}, betamw.InvalidBetaError, "a default beta"),
        ([], {"api": "https://gateway.example"}, betamw.ConfigError, "api must be an Api or None, got 'https://gat"),
        ([], {"session": "x"}, betamw.ConfigError, "session must be a function that takes middlewares= and makes a"),
        ([], {"session": lambda of: of}, betamw.ConfigError, "session must be a function that takes middlewares= and"),
        ([], {"session": asyncio.sleep}, betamw.ConfigError, "session must be a function that takes middlewares= and"),
        ([], {"policy": "strict"}, betamw.ConfigError, "policy"),
        ([], {"memory": 3600}, betamw.ConfigError, "memory"),
    ],
)
def test_bad_settings(betas, settings, error, message):
    """They are errors when the client is made."""
    with pytest.raises(error, match=message):
        http_client(*betas, **settings)


async def test_a_memory_that_is_shared(sdk, api):
    """Clients with one memory learn from each other; with None they learn nothing."""
    memory = betamw.RejectionMemory()
    for settings in ({"memory": memory}, {"memory": memory}, {"memory": None}, {"memory": None}):
        async with sdk(**settings) as opened:
            api.refuse(OLD)
            await opened.client.beta.messages.create(**CALL, betas=[OLD])

    assert [(OLD,), (), (), (OLD,), (), (OLD,), ()] == [request.betas for request in api.requests]


async def test_a_configuration(sdk, api, tmp_path):
    """A file says what the code does not: betas, and the header."""
    path = tmp_path / "betamw.toml"
    path.write_text(f'[betamw]\nbetas = ["{OLD}"]\nheader = "x-beta"')
    api.header = "x-beta"
    async with sdk(DEFAULT, config=path) as opened:
        await opened.client.messages.create(**CALL)
    async with sdk(DEFAULT, config=betamw.load_config(path), endpoints=[]) as opened:
        await opened.client.messages.create(**CALL)

    assert [(DEFAULT, OLD), (DEFAULT, OLD)] == [request.betas for request in api.requests]


async def test_the_environments_configuration(sdk, api, monkeypatch):
    """It holds where nothing else is said."""
    monkeypatch.setenv("BETAMW_BETAS", OLD)
    async with sdk(DEFAULT) as opened:
        await opened.client.messages.create(**CALL)

    assert [(DEFAULT, OLD)] == opened.sent


async def test_turned_off(sdk, api, monkeypatch):
    """Nothing is added, taken out, logged or resent, whatever else is wrong; and `usage` goes on."""
    monkeypatch.setenv("BETAMW_DISABLE", "1")
    monkeypatch.setenv("BETAMW_CONFIG", "/nowhere.toml")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "no URL")
    async with sdk(DEFAULT) as opened:
        reply = await opened.client.beta.messages.with_raw_response.create(**CALL, betas=[OLD, OLD])
        await opened.client.beta.files.upload(file=b"abc")

    assert [(OLD, OLD), ()] == opened.sent
    assert ((OLD,), {}) == (usage(reply).sent, usage(reply).dropped)
    assert [] == opened.events()
    assert opened.client._client._transport.api_of(httpx2.Request("POST", f"{api.base_url}/v1/files")) is None


def test_without_the_extra():
    """The error says what to install, and the library itself needs none of it."""
    program = "import sys; sys.modules['anthropic'] = None; import betamw, betamw.integrations.anthropic"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603

    last = ran.stderr.splitlines()[-1]
    assert last.endswith("betamw.integrations.anthropic needs the extra 'anthropic': pip install 'betamw[anthropic]'")
