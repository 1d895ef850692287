"""Betas, and what is learned, stay with the origin and the credential."""

import asyncio
import socket
from contextlib import asynccontextmanager

import aiohttp
import attrs
import pytest
from aiohttp import web
from support.judge import BETA, DEFAULT, GOOD, OLD, ToLoopback, court, refusing, refusing_unnamed
from yarl import URL

import betamw

BETAS = (*(f"beta-{letter}-2026-01-01" for letter in "abcdef"), OLD)
BODY = {"model": "opus"}


@attrs.frozen
class At:
    """Where a call goes, of two servers, and as whom."""

    server: int = 0
    host: str = "127.0.0.1"
    base: str = ""
    key: str | None = "one"
    bearer: str | None = None

    @property
    def headers(self):
        given = {"x-api-key": self.key, "authorization": self.bearer and f"Bearer {self.bearer}"}
        return {name: value for name, value in given.items() if value} | {"x-at": repr(self)}


HERE = At()
OTHERS = {
    "port": At(server=1),
    "host": At(host="other.example"),
    "base path": At(base="/tenant"),
    "key": At(key="two"),
    "no key": At(key=None),
    "token": At(key=None, bearer="one"),
    "key and token": At(bearer="one"),
}
other_places = pytest.mark.parametrize("there", OTHERS.values(), ids=OTHERS)


@attrs.frozen(eq=False)
class World:
    """A session with one chain for all places, and the two servers."""

    session: aiohttp.ClientSession
    servers: tuple
    memory: betamw.RejectionMemory

    def url(self, at):
        return f"http://{at.host}:{self.servers[at.server].port}{at.base}"

    async def call(self, at, *betas, path="/v1/messages"):
        """Make a call; returns what it sent."""
        server = self.servers[at.server]
        before = len(server.requests)
        headers = {BETA: ",".join(betas), **at.headers}
        async with self.session.post(self.url(at) + path, json=BODY, headers=headers) as response:
            await response.read()
        return server.sent[before:]


def connector(**settings):
    return aiohttp.TCPConnector(resolver=ToLoopback(), family=socket.AF_INET, **settings)


@asynccontextmanager
async def world(judge, *defaults, limit=100, **chain):
    async with court(judge) as one, court(judge) as two:
        bases = [
            f"http://{host}:{server.port}{base}"
            for server in (one, two)
            for host in ("127.0.0.1", "other.example")
            for base in ("", "/tenant")
        ]
        memory = betamw.RejectionMemory()
        attached = betamw.chain(*defaults, api=betamw.Api(bases), memory=memory, **chain)
        async with aiohttp.ClientSession(middlewares=attached, connector=connector(limit=limit)) as session:
            yield World(session, (one, two), memory)


async def history(judge, *places):
    """What calls to these places send, one after the other."""
    async with world(judge) as w:
        return [await w.call(at, *BETAS) for at in places]


@other_places
@pytest.mark.parametrize("judge", [refusing(OLD), refusing_unnamed(OLD, BETAS[2])], ids=["named", "unnamed"])
async def test_what_happened_here_changes_nothing_there(there, judge):
    """Verdicts, suspects, what is known to be good: another origin or account is as new as if it were the first."""
    calls = [there] * 12
    assert await history(judge, *calls) == (await history(judge, HERE, HERE, HERE, *calls))[3:]


@other_places
async def test_a_lesson_is_paid_for_there_too(there):
    """The first call there carries what is refused here, and the next ones do not."""
    assert [[(*BETAS,), BETAS[:-1]], [BETAS[:-1]], [(*BETAS,), BETAS[:-1]], [BETAS[:-1]]] == await history(
        refusing(OLD), HERE, HERE, there, there
    )


@pytest.mark.parametrize("there", [OTHERS[name] for name in ("port", "host", "base path")])
async def test_a_pin_holds_at_its_origin(there):
    """What the user says of one API is said of no other."""
    async with world(lambda _: None) as w:
        w.memory.pin(OLD, origin=w.url(HERE))
        assert ([(GOOD,)], [(OLD, GOOD)]) == (await w.call(HERE, OLD, GOOD), await w.call(there, OLD, GOOD))


@other_places
async def test_a_burst_warns_nobody_there(there):
    """A call that waits for a connection there or as somebody else, goes out as it is; one that waits here not."""
    async with world(refusing(OLD), limit=1) as w:
        await asyncio.gather(*(w.call(at, OLD, GOOD) for at in (HERE, HERE, there)))
        received = [request for server in w.servers for request in server.requests]
        here, elsewhere = ([r.betas for r in received if r.headers["x-at"] == repr(at)] for at in (HERE, there))
        assert ([(OLD, GOOD), (GOOD,), (GOOD,)], [(OLD, GOOD), (GOOD,)]) == (here, elsewhere)


async def test_the_schemes_are_two_origins():
    """What is learned over TLS is not known in the clear, though host and port may be the same."""
    api = betamw.Api(["http://a.example:8443", "https://a.example:8443"])
    addresses = [api.address(URL(f"{scheme}://a.example:8443/v1/messages")) for scheme in ("http", "https")]
    assert [("http://a.example:8443", "/v1/messages"), ("https://a.example:8443", "/v1/messages")] == [
        address.place.key for address in addresses
    ]


OUTSIDE = ["http://stranger.example:{port}/v1/agents", "http://127.0.0.1:{port}/v1/agents"]


@pytest.mark.parametrize("outside", OUTSIDE, ids=["host", "base path"])
@pytest.mark.parametrize("redirected", [False, True])
async def test_no_beta_of_ours_goes_elsewhere(outside, redirected):
    """Not a default, not what `override` adds, not what an endpoint needs; the caller's own lines go as they are."""

    def judge(request):
        if request.path.startswith("/tenant"):
            return web.Response(status=307, headers={"location": outside.format(port=server.port)})
        return None

    async with court(judge) as server:
        start = f"{server.base_url}/tenant/v1/agents" if redirected else outside.format(port=server.port)
        chain = betamw.chain(DEFAULT, api=betamw.Api(f"{server.base_url}/tenant"))
        lines = [(BETA, "mine-2026-01-01 ,, mine-2026-01-01"), (BETA, "another,")]
        async with aiohttp.ClientSession(middlewares=chain, connector=connector()) as session:
            with betamw.override(add=["added-2026-01-01"], remove=["another"]):
                async with session.post(start, json=BODY, headers=lines) as response:
                    assert 200 == response.status
        arrived = [value for name, value in server.requests[-1].raw_headers if name.lower() == BETA]
        assert ([line for _, line in lines], 1 + redirected) == (arrived, len(server.requests))


async def test_two_apis_have_their_own_defaults():
    """A session with a chain for each: what one of them adds, the other never sees."""
    async with court() as one, court() as two:
        chains = (
            *betamw.chain("for-one-2026-01-01", api=betamw.Api(one.base_url)),
            *betamw.chain("for-two-2026-01-01", api=betamw.Api(two.base_url)),
        )
        async with aiohttp.ClientSession(middlewares=chains) as session:
            for server in (one, two):
                async with session.post(f"{server.base_url}/v1/messages", json=BODY) as response:
                    await response.read()
        assert ([("for-one-2026-01-01",)], [("for-two-2026-01-01",)]) == (one.sent, two.sent)


async def test_an_api_that_redirects_to_another_teaches_nothing_of_itself():
    """Both are ours: each hop is a call of its own, and what is refused there is learned there."""

    def judge(request):
        if request.headers["host"].startswith("127"):
            return web.Response(status=307, headers={"location": w.url(OTHERS["host"]) + "/v1/messages"})
        return refusing(OLD)(request)

    async with world(judge, DEFAULT) as w:
        assert [(OLD, DEFAULT), (OLD, DEFAULT), (DEFAULT,)] == await w.call(HERE, OLD)
        assert [(w.url(OTHERS["host"]), OLD)] == [(each.scope.origin, each.beta) for each in w.memory.verdicts()]
        assert [(OLD, DEFAULT), (DEFAULT,)] == await w.call(HERE, OLD)


async def test_an_api_key_goes_along_with_a_redirect_unless_it_is_forbidden():
    """What the README says of aiohttp: `Authorization` stays behind, `x-api-key` goes, or the caller stops it."""
    async with court() as stranger:
        away = f"{stranger.base_url}/v1/messages"
        async with court(lambda _: web.Response(status=307, headers={"location": away})) as server:
            chain = betamw.chain(DEFAULT, api=betamw.Api(server.base_url))
            async with aiohttp.ClientSession(middlewares=chain) as session:
                headers = {"x-api-key": "k", "authorization": "Bearer t"}
                url = f"{server.base_url}/v1/messages"
                for allowed in (False, True):
                    async with session.post(url, json=BODY, headers=headers, allow_redirects=allowed) as response:
                        assert (200 if allowed else 307) == response.status
        assert [("k", None)] == [tuple(request.headers.get(name) for name in headers) for request in stranger.requests]
