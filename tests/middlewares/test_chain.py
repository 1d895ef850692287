"""The middlewares together: any subset, in any order, beside other code and other origins."""

import asyncio
import contextvars
import gc
import itertools

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import LogCapture
from support.client import capturing_logger
from yarl import URL

import betamw
from betamw.middlewares.participant import _exchanges
from betamw.testing import SimulatedApi

OLD, GOOD, DEFAULT, AGENTS = (
    "context-1m-2025-08-07",
    "files-api-2025-04-14",
    "interleaved-thinking-2025-05-14",
    "managed-agents-2026-04-01",
)
NAMES = ("logging", "merge", "endpoint", "fallback")
ARRANGEMENTS = [order for n in range(1, 5) for order in itertools.permutations(NAMES, n)]


def arranged(order):
    """Make the middlewares by name, in this order."""

    def make(*, api, logger):
        made = {
            "logging": betamw.LoggingMiddleware(logger, api),
            "merge": betamw.MergeMiddleware(DEFAULT, api=api),
            "endpoint": betamw.EndpointMiddleware(api=api),
            "fallback": betamw.FallbackMiddleware(api=api),
        }
        return tuple(made[name] for name in order)

    return make


@pytest.mark.parametrize("order", ARRANGEMENTS, ids="-".join)
async def test_any_subset_in_any_order(client, api, order):
    """Each does its part whatever the others are, and one event tells the truth about the call."""
    api.refuse(OLD)
    has = set(order).__contains__
    async with client(middlewares=arranged(order)) as c:
        got = await c.call(f"{GOOD},{OLD}", path="/v1/agents")
        kept = (GOOD, DEFAULT) if has("merge") else (GOOD,)
        wanted = (GOOD, OLD, *kept[1:]) + ((AGENTS,) if has("endpoint") else ())
        sent = tuple(beta for beta in wanted if beta != OLD) if has("fallback") else wanted
        assert ([wanted, sent] if has("fallback") else [wanted]) == c.sent
        assert (wanted, sent) == (got.usage.merged, got.usage.sent)
        assert (1 if has("logging") else 0) == len(c.events())
        assert all(event["betas_sent"] == list(sent) for event in c.events())


async def test_another_origin_passes_through_untouched(client):
    """No header is added or removed there, nothing is logged, and there is no usage to tell."""
    async with SimulatedApi() as elsewhere, client(DEFAULT) as c:
        headers = [("anthropic-beta", f"{OLD},,{OLD}"), ("anthropic-beta", "")]
        async with c.session.get(f"{elsewhere.base_url}/v1/agents", headers=headers) as response:
            with pytest.raises(KeyError):
                betamw.usage(response)
        lines = [line for line in elsewhere.requests[0].raw_headers if line[0] == "anthropic-beta"]
        assert (headers, []) == (lines, c.capture.entries)


async def test_a_redirect_to_another_origin_carries_no_injected_beta(client, api):
    """The other origin sees the caller's header and nothing of ours."""
    async with SimulatedApi() as elsewhere, client(DEFAULT) as c:
        api.respond_next(307, b"", {"Location": f"{elsewhere.base_url}/v1/messages"})
        await c.call(GOOD)
        assert ([(GOOD, DEFAULT)], [(GOOD,)]) == (c.sent, [r.betas for r in elsewhere.requests])


async def test_a_redirect_on_the_same_origin_is_merged_again(client, api):
    """Each hop has its betas, and its event."""
    api.respond_next(307, b"", {"Location": "/v1/agents"})
    async with client(DEFAULT) as c:
        await c.call(GOOD)
        assert [(GOOD, DEFAULT), (GOOD, DEFAULT, AGENTS)] == c.sent
        assert [307, 200] == [event["http_response_status_code"] for event in c.events()]


async def test_a_request_made_inside_of_the_chain_is_its_own_call(client, api):
    """A middleware that fetches a token with the same session does not disturb the call that it serves."""

    async def fetch_a_token(request, handler):
        if request.url.path != "/v1/models":
            async with request.session.get(request.url.with_path("/v1/models")) as response:
                request.headers["x-api-key"] = str(response.status)
        return await handler(request)

    def fetching(*, api, logger):
        log, *others = betamw.chain(DEFAULT, api=api, logger=logger)
        return log, fetch_a_token, *others

    async with client(middlewares=fetching) as c:
        await c.call(GOOD)
        told = [(event["url_template"], event["betas_sent"]) for event in c.events()]
        assert [("/v1/models", [DEFAULT]), ("/v1/messages", [GOOD, DEFAULT])] == told
        assert [(DEFAULT,), (GOOD, DEFAULT)] == c.sent


async def test_middlewares_of_one_request(client, api):
    """A request's own `middlewares=` replace the session's; ours work there too."""
    async with client("never-2026-01-01") as c:
        await c.call(GOOD, middlewares=betamw.chain(DEFAULT, api=betamw.Api(api.base_url)))
        assert [(GOOD, DEFAULT)] == c.sent


async def test_two_apis_on_one_session(client, api):
    """Two chains for two APIs, each with a header of its own."""
    async with SimulatedApi(header="OpenAI-Beta") as other:

        def both(*, api, logger):
            theirs = betamw.Api(other.base_url, header="OpenAI-Beta")
            return *betamw.chain(DEFAULT, api=api, logger=logger), *betamw.chain(
                "assistants=v2", api=theirs, endpoints=()
            )

        async with client(middlewares=both) as c:
            await c.call(GOOD)
            async with c.session.post(f"{other.base_url}/v1/messages", json={}):
                pass
            assert ([(GOOD, DEFAULT)], [("assistants=v2",)]) == (c.sent, [r.betas for r in other.requests])


async def test_a_named_refusal_of_another_header(client):
    """The fallback reads the refusal of the header that its API has."""
    async with SimulatedApi(["assistants=v1"], header="OpenAI-Beta") as other:
        chain = betamw.chain("assistants=v1", api=betamw.Api(other.base_url, header="OpenAI-Beta"))
        async with aiohttp.ClientSession(middlewares=chain) as session:
            async with session.post(f"{other.base_url}/v1/messages", json={}) as response:
                assert (200, ()) == (response.status, betamw.usage(response).sent)


async def test_raise_for_status_sees_the_last_reply(client, api):
    """`raise_for_status` judges what the chain hands over: a recovered call raises nothing."""
    api.refuse(OLD)
    async with client(session={"raise_for_status": True}) as c:
        assert 200 == (await c.call(OLD)).status


async def test_a_websocket_comes_through(api):
    """The chain does not stand in the way of a websocket on the API's origin."""

    async def echo(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str((await socket.receive_str()).upper())
        return socket

    app = web.Application()
    app.router.add_get("/ws", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with aiohttp.ClientSession(middlewares=betamw.chain(DEFAULT, api=betamw.Api(url))) as session:
            async with session.ws_connect(f"{url}/ws") as socket:
                await socket.send_str("hello")
                assert "HELLO" == await socket.receive_str()
    finally:
        await runner.cleanup()


def test_middlewares_are_equal_to_themselves_only():
    """Newer aiohttp caches chains by the middlewares' equality: equal ones would share their state."""
    api = betamw.Api("https://api.example")
    one, other = betamw.chain(api=api), betamw.chain(api=api)
    assert 8 == len({*one, *other})


@pytest.mark.parametrize("dialect", ["anthropic", "bedrock"])
async def test_a_response_keeps_nothing_alive_but_its_usage(client, api, dialect):
    """When a response is gone, what was known of its call is gone too, without the garbage collector's help."""
    api.refuse(OLD)
    api.dialect = dialect
    gc.disable()
    try:
        async with client() as c:
            before = len(_exchanges)
            for _ in range(3):
                await c.call(f"{GOOD},{OLD}")
            await asyncio.sleep(0)  # the loop lets go of the last one's
            assert before == len(_exchanges)
    finally:
        gc.enable()


@pytest.mark.parametrize("bad", ["a,b", "", "a b", "a\n"])
def test_bad_defaults_fail_at_construction(bad):
    """A default is checked when the chain is made."""
    with pytest.raises(betamw.InvalidBetaError):
        betamw.chain(GOOD, bad)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"add": "one-2026-01-01"}, "add of override must be an iterable of beta names, got str"),
        ({"remove": 5}, "remove of override must be an iterable of beta names, got int"),
        ({"add": [GOOD], "remove": [GOOD]}, f"cannot both add and remove a beta, got {GOOD} in both"),
        ({"fallback": 0}, "fallback must be True, False or None, got 0"),
        ({"add": ["a\r\nb"]}, r"add of override must be visible ASCII .* got 'a\\r\\nb'"),
    ],
)
def test_a_bad_override_fails_where_it_is_called(change, message):
    """Not when the block is entered, and not when a call is made."""
    with pytest.raises((betamw.ConfigError, betamw.InvalidBetaError), match=message):
        betamw.override(**change)


async def test_a_retry_outside_of_the_chain_sees_the_callers_header(client, api):
    """Who sends the same request again asks for what was asked for, so the second event is as true as the first."""
    api.respond_next(529)

    async def retry(request, handler):
        response = await handler(request)
        if response.status == 529:
            response.release()
            response = await handler(request)
        return response

    def retried(*, api, logger):
        return retry, *betamw.chain(DEFAULT, api=api, logger=logger)

    async with client(middlewares=retried) as c:
        await c.call(GOOD)
        assert [([GOOD], [DEFAULT])] * 2 == [(e["betas_requested"], e["betas_injected"]) for e in c.events()]


async def test_the_request_shows_what_was_sent(client):
    """`response.request_info` is of the request as it went out."""
    async with client(DEFAULT) as c:
        got = await c.call(GOOD)
        assert f"{GOOD},{DEFAULT}" == got.response.request_info.headers["anthropic-beta"]


@pytest.mark.parametrize(
    "make",
    [betamw.LoggingMiddleware, betamw.MergeMiddleware, betamw.EndpointMiddleware, betamw.FallbackMiddleware],
)
@pytest.mark.parametrize("api", ["https://api.example", "", 5])
def test_an_api_is_an_api(make, api):
    """A URL where an Api is wanted fails at construction, not in each call."""
    with pytest.raises(betamw.ConfigError, match="api must be of class Api, got"):
        make(api=api)


@pytest.mark.parametrize("endpoints", [None, 5, betamw.EndpointRule("/v1/files", [])])
def test_endpoints_are_a_sequence(endpoints):
    """Anything else is refused with what was given."""
    with pytest.raises(betamw.ConfigError, match="rules must be a sequence of EndpointRule values, got"):
        betamw.chain(endpoints=endpoints)


@pytest.mark.parametrize("logger", ["x", 5, betamw.Api("https://api.example")])
def test_a_logger_can_log(logger):
    """What cannot log is refused, instead of losing all events."""
    with pytest.raises(betamw.ConfigError, match="logger must be a structlog logger"):
        betamw.chain(logger=logger)


async def test_a_header_that_was_changed_between_two_sends_is_the_callers(client, api):
    """A retry further out that changes the header asks for what it says then."""
    api.respond_next(529)

    async def retry(request, handler):
        (await handler(request)).release()
        request.headers["anthropic-beta"] = OLD
        return await handler(request)

    def retried(*, api, logger):
        return retry, *betamw.chain(DEFAULT, api=api, logger=logger)

    async with client(middlewares=retried) as c:
        got = await c.call(GOOD)
        assert ((OLD,), (OLD, DEFAULT)) == (got.usage.requested, got.usage.sent)


async def test_a_response_that_cannot_be_told_from_others_has_no_usage(client):
    """A response class of another's making may compare by value; its caller gets it as it is."""

    class Unhashable(aiohttp.ClientResponse):
        __hash__ = None

    async with client(DEFAULT, session={"response_class": Unhashable}) as c:
        got = await c.call(GOOD)
        assert (200, [(GOOD, DEFAULT)]) == (got.status, c.sent)
        with pytest.raises(KeyError, match="no middleware of betamw"):
            betamw.usage(got.response)


async def test_a_call_that_is_closed_from_outside_ends_in_peace(api):
    """The end of a loop closes what is under way in another context, and the event is still written."""
    capture = LogCapture()
    chain = betamw.chain(DEFAULT, api=betamw.Api(api.base_url), logger=capturing_logger(capture))

    async def never(request):
        await asyncio.Event().wait()

    request = aiohttp.ClientRequest("GET", URL(f"{api.base_url}/v1/models"), loop=asyncio.get_running_loop())
    call = chain[0](request, never)
    contextvars.copy_context().run(call.send, None)
    call.close()
    assert ["error"] == [event["outcome"] for event in capture.entries]
