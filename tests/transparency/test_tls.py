"""Over TLS, also through a proxy's tunnel, all is as in the clear."""

import ssl

import aiohttp
import pytest
import pytest_asyncio
import trustme
from support.twice.both import calls, open_stage
from support.twice.scenes import play

KINDS = ["200", "400 chunked", "400 gzip", "400 until EOF", "307", "307 to another origin"]
MODES = ["another origin", "a beta that is taken", "recovered", "recovered from it", "handed over after a vain resend"]


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest_asyncio.fixture
async def stage(authority):
    """Servers that speak TLS, and sessions that trust them."""
    serving, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)
    async with open_stage(tls=serving) as opened:
        opened.request["ssl"] = trusting
        yield opened


@pytest.mark.parametrize("setting", ["as it comes", "a proxy", "one connection", "expect100"])
async def test_a_setting_over_tls(stage, setting):
    """Replies and requests are those of a plain session."""
    product = calls(KINDS, modes=MODES, settings=[setting], ways=["text", "content.read"])

    assert [] == await stage.differences(product)


async def test_the_proxy_has_made_a_tunnel(stage):
    """It was asked for one, not for what goes through it."""
    await stage.differences(calls(["200"], modes=["recovered"], settings=["a proxy"], ways=["read"]))

    assert {b"CONNECT"} == {line.split()[0] for line in stage.proxy.asked}


async def test_a_certificate_that_is_not_trusted(stage):
    """The caller gets aiohttp's error."""
    stage.request["ssl"] = True
    outcomes = [await play(stage, "recovered", lambda caller: caller.read("200"), chained=it) for it in (False, True)]

    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0][0] is aiohttp.ClientConnectorCertificateError
