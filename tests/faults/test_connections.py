"""No connection can be made, at first or for the resend."""

import ssl

import aiohttp
import pytest
import trustme
from support.aftermath import Seen, left_by, see
from support.client import open_client

import betamw
from betamw.testing import SimulatedApi

OLD = "context-1m-2025-08-07"


def told(c):
    """What the events say of the calls."""
    return [(event["outcome"], event["attempts"], event.get("error_type")) for event in c.events()]


async def test_refused():
    """The error is that of a session without middlewares, and the next call is well."""
    async with SimulatedApi() as api, open_client(api, OLD) as c, aiohttp.ClientSession() as plain:
        async with api.down():
            expected = await see(plain, api.base_url)
            assert expected == await see(c.session, api.base_url)
        assert ({}, 200) == (await left_by(c.session), (await c.call()).status)
    assert Seen(error=aiohttp.ClientConnectorError) == expected
    assert ("error", 1, "ClientConnectorError") == told(c)[0]


@pytest.mark.parametrize("limit", [1, 100])
async def test_refused_to_the_resend(limit):
    """A server that has gone down with its refusal: the caller gets the refusal, whole, and nothing is learned."""
    down = []

    async def go_down(request, handler):
        if "anthropic-beta" not in request.headers and not down:
            down.append(api.down())
            await down[0].__aenter__()
        return await handler(request)

    def chain(*, api, logger):
        return *betamw.chain(OLD, api=api, logger=logger), go_down

    connector = aiohttp.TCPConnector(limit=limit, force_close=True)  # no old connection is there to be tried
    async with SimulatedApi(refuses=[OLD]) as api, aiohttp.ClientSession() as plain:
        async with open_client(api, middlewares=chain, session={"connector": connector}) as c:
            seen = await see(c.session, api.base_url)
            await down[0].__aexit__(None, None, None)
            api.requests.clear()
            assert (400, None, {}) == (seen.status, seen.error, await left_by(c.session))
            assert [("rejected", 2, "invalid_request_error")] == told(c)
            assert len((await see(plain, api.base_url, OLD)).body) == len(seen.body)
            assert 200 == (await c.call()).status
    assert [(OLD,), (OLD,), ()] == c.sent


async def test_https_where_http_is_spoken():
    """The error is that of a session without middlewares."""
    async with SimulatedApi() as api, aiohttp.ClientSession() as plain:
        url = api.base_url.replace("http:", "https:")
        chain = betamw.chain(OLD, api=betamw.Api(url))
        async with aiohttp.ClientSession(middlewares=chain) as session:
            expected = await see(plain, url)
            assert (expected, {}) == (await see(session, url), await left_by(session))
    assert Seen(error=aiohttp.ClientConnectorSSLError) == expected


async def test_a_handshake_that_fails_for_the_resend():
    """The connection after the refused one comes to nothing: the caller gets the refusal."""
    handshakes = []

    def shake(*_):
        handshakes.append(True)
        return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE if len(handshakes) == 2 else None

    server, client, authority = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(), trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    server.sni_callback = shake
    connector = aiohttp.TCPConnector(ssl=client, force_close=True)
    async with SimulatedApi(refuses=[OLD], ssl_context=server) as api:
        async with open_client(api, OLD, session={"connector": connector}) as c:
            seen = await see(c.session, api.base_url)
            assert (400, None, {}) == (seen.status, seen.error, await left_by(c.session))
            assert (200, [(OLD,), (OLD,), ()]) == ((await c.call()).status, c.sent)
    assert [("rejected", 2, "invalid_request_error"), ("recovered", 2, None)] == told(c)
