"""FallbackMiddleware: a refused beta is left out, the call sent again, the lesson remembered."""

import asyncio
import gzip
import json
from contextlib import suppress
from types import SimpleNamespace

import aiohttp
import pytest
from support.hasty import OLD, REFUSAL

import betamw
from betamw.middlewares.request import prepare_resend
from betamw.testing import DIALECTS, UNNAMED_DIALECTS, WRAPPERS, Refusal

GOOD, OTHER = "files-api-2025-04-14", "interleaved-thinking-2025-05-14"
AGENTS, OAUTH = "managed-agents-2026-04-01", "oauth-2025-04-20"
MCP = {"mcp_servers": [{"type": "url", "name": "x", "url": "https://mcp.example"}], "tools": [{"type": "mcp_toolset"}]}


async def test_a_refused_beta_is_dropped_and_the_call_resent(client, api):
    """The caller gets the answer, not the refusal, and can see what was left out."""
    api.refuse(OLD)
    async with client(OTHER) as c:
        got = await c.call(f"{GOOD},{OLD}")
        assert (200, [(GOOD, OLD, OTHER), (GOOD, OTHER)]) == (got.status, c.sent)
        assert ("recovered", 2, {OLD: "rejected"}) == (got.usage.outcome, got.usage.attempts, dict(got.usage.dropped))


async def test_the_request_is_sent_again_as_it_was(client, api):
    """Method, path, query, body and all other headers of the resend are those of the first attempt."""
    api.refuse(OLD)
    async with client() as c:
        await c.call(OLD, path="/v1/messages?beta=true", headers={"x-api-key": "k", "X-Mine": "1"})
        first, second = c.api.requests
        others = [[h for h in r.raw_headers if h[0] != "anthropic-beta"] for r in (first, second)]
        assert (first.body, dict(first.query), others[0]) == (second.body, dict(second.query), others[1])


async def test_the_last_beta_takes_the_header_with_it(client, api):
    """When nothing is left to send the header goes too, for an empty one is refused."""
    api.refuse(OLD)
    async with client() as c:
        got = await c.call(OLD)
        assert (200, False) == (got.status, "anthropic-beta" in c.api.requests[-1].headers)


async def test_the_second_call_does_not_pay_again(client, api):
    """The lesson is remembered: the next call is right at once."""
    api.refuse(OLD)
    async with client() as c:
        await c.call(f"{GOOD},{OLD}")
        got = await c.call(f"{GOOD},{OLD}")
        assert ([(GOOD, OLD), (GOOD,), (GOOD,)], {OLD: "remembered"}) == (c.sent, dict(got.usage.dropped))


async def test_without_a_memory_every_call_pays(client, api):
    """`memory=None` learns nothing."""
    api.refuse(OLD)
    async with client(memory=None) as c:
        await c.call(OLD)
        await c.call(OLD)
        assert [(OLD,), (), (OLD,), ()] == c.sent


async def test_a_shared_memory_shares_its_lessons(client, api):
    """Two sessions with one memory learn from each other."""
    api.refuse(OLD)
    memory = betamw.RejectionMemory()
    async with client(memory=memory) as one, client(memory=memory) as two:
        await one.call(OLD)
        await two.call(OLD)
        assert [(OLD,), (), ()] == one.sent


async def test_a_lesson_expires(client, api):
    """After `remember_for` the beta is sent again, and stays when the server takes it by then."""
    now = [0.0]
    api.refuse(OLD)
    async with client(memory=betamw.RejectionMemory(remember_for=60, clock=lambda: now[0])) as c:
        await c.call(OLD)
        api.accept(OLD)
        now[0] = 61.0
        await c.call(OLD)
        now[0] = 62.0
        await c.call(OLD)
        assert [(OLD,), (), (OLD,), (OLD,)] == c.sent
        assert [([OLD], "accepted")] == [(e["betas"], e["result"]) for e in c.events("betamw.memory.reprobed")]


async def test_one_call_at_a_time_probes(client, api):
    """While one call finds out whether an expired beta is taken again, the others still leave it out."""
    now = [0.0]
    api.refuse(OLD)
    async with client(memory=betamw.RejectionMemory(remember_for=60, clock=lambda: now[0])) as c:
        await c.call(OLD)
        now[0] = 61.0
        api.clear()
        await asyncio.gather(*(c.call(OLD) for _ in range(5)))
        assert 1 == c.sent.count((OLD,))


@pytest.mark.parametrize(("body", "resends"), [(lambda: numbers(), 2), (lambda: b"{}", 0)])  # noqa: PLW0108  below
async def test_a_call_that_cannot_be_resent_does_not_probe(client, api, body, resends):
    """A refused probe would be the caller's: such a call leaves out what has expired too, and the next one probes."""
    now = [0.0]
    api.refuse(OLD)
    memory = betamw.RejectionMemory(remember_for=60, clock=lambda: now[0])
    async with (
        client(memory=memory) as learner,
        client(memory=memory, policy=betamw.FallbackPolicy(max_resends=resends)) as c,
    ):
        await learner.call(OLD, data=b"{}")
        now[0] = 61.0
        api.clear()
        got = await c.call(OLD, data=body())
        assert (200, [()]) == (got.status, c.sent)


@pytest.mark.parametrize("key", ["model", "api_key", "path"])
async def test_a_lesson_holds_where_it_was_learned(client, api, key):
    """Another model, another credential, another endpoint: the beta goes out."""
    api.refuse(Refusal(OLD, **{key: {"model": "m1", "api_key": "k1", "path": "/v1/messages"}[key]}))
    there = {"model": {"json": {"model": "m2"}}, "api_key": {"headers": {"x-api-key": "k2"}}}
    async with client() as c:
        await c.call(OLD, json={"model": "m1"}, headers={"x-api-key": "k1"})
        api.clear()
        elsewhere = {"json": {"model": "m1"}, "headers": {"x-api-key": "k1"}} | there.get(key, {})
        await c.call(OLD, path="/v1/files" if key == "path" else "/v1/messages", **elsewhere)
        assert [(OLD,)] == c.sent


async def test_an_unnamed_refusal_drops_all_that_may_go(client, api):
    """When the reply does not say which beta it means, `on_unnamed="drop_all"` drops all that may be dropped."""
    api.refuse(OLD)
    api.dialect = "bedrock"
    async with client(OTHER, policy=betamw.FallbackPolicy(on_unnamed="drop_all")) as c:
        got = await c.call(f"{GOOD},{OLD},{OAUTH}")
        assert (200, [(GOOD, OLD, OAUTH, OTHER), (OAUTH,)]) == (got.status, c.sent)


async def test_an_unnamed_refusal_can_be_left_alone(client, api):
    """`on_unnamed="give_up"` hands the reply over."""
    api.refuse(OLD)
    api.dialect = "bedrock"
    async with client(policy=betamw.FallbackPolicy(on_unnamed="give_up")) as c:
        got = await c.call(OLD)
        assert (400, b'{"message":"invalid beta flag"}', 1) == (got.status, got.body, got.usage.attempts)


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_dialect_in_every_wrapper_is_recovered(client, api, dialect, wrapper):
    """However a server or a relay words its refusal, each call comes back good, and only what was refused is missing.

    At once where the reply names it; else after the second call, for what the first one found good has gone out again.
    """
    api.refuse(OLD)
    api.dialect, api.wrapper = dialect, wrapper
    async with client() as c:
        got = [await c.call(f"{GOOD},{OLD}") for _ in range(3 if dialect in UNNAMED_DIALECTS else 1)]
        assert ({200}, (GOOD,), (GOOD,)) == ({each.status for each in got}, got[-1].usage.sent, c.sent[-1])


async def test_a_beta_that_the_endpoint_requires_stays(client, api):
    """Without it the call has no meaning: the caller gets the refusal."""
    api.refuse(AGENTS)
    async with client() as c:
        got = await c.call(path="/v1/agents", method="GET")
        reasons = [(e["action"], e["reason"]) for e in c.events("betamw.beta.rejected")]
        assert (400, 1, [("give_up", "required")]) == (got.status, len(c.sent), reasons)


@pytest.mark.parametrize(
    ("policy", "headers", "reason"),
    [
        ({"required": {"context-*"}}, [OLD], "required"),
        ({}, [OAUTH], "required"),
        ({"droppable_sources": {"default"}}, [OLD], "source_not_droppable"),
        ({"max_resends": 0}, [OLD], "max_resends"),
    ],
)
async def test_what_the_policy_forbids_to_drop_stays(client, api, policy, headers, reason):
    """The caller gets the refusal, and the event says why nothing was resent."""
    api.refuse(*headers)
    async with client(policy=betamw.FallbackPolicy(**policy)) as c:
        got = await c.call(*headers)
        events = c.events("betamw.beta.rejected")
        assert (400, "rejected", [reason]) == (got.status, got.usage.outcome, [e["reason"] for e in events])


async def test_inside_override_fallback_false_nothing_is_dropped(client, api):
    """`override(fallback=False)`: what is refused stays refused, what is remembered goes out all the same."""
    api.refuse(OLD)
    async with client() as c:
        await c.call(OLD)
        with betamw.override(fallback=False):
            got = await c.call(OLD)
        assert (400, [(OLD,), (), (OLD,)]) == (got.status, c.sent)


async def test_resends_are_bounded(client, api):
    """A server that names one beta after the other gets `max_resends` resends, and its last word goes to the caller."""
    api.refuse("a-*")
    api.one_at_a_time = True
    async with client() as c:
        got = await c.call("a-1,a-2,a-3,a-4")
        assert (400, [("a-1", "a-2", "a-3", "a-4"), ("a-2", "a-3", "a-4"), ("a-3", "a-4")]) == (got.status, c.sent)


async def test_what_a_bounded_call_has_learned_helps_the_next(client, api):
    """Each refusal that names another beta shows that the last drop helped, so the next call starts further on."""
    api.refuse("a-*")
    api.one_at_a_time = True
    async with client() as c:
        await c.call("a-1,a-2,a-3,a-4")
        got = await c.call("a-1,a-2,a-3,a-4")
        assert (200, ()) == (got.status, got.usage.sent)


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_when_dropping_does_not_help_the_first_refusal_is_handed_over(client, api, status):
    """The first reply says what is wrong; nothing is learned from a resend that is answered like this."""
    api.refuse(OLD)
    api.respond_next(status, after=1)
    async with client() as c:
        got = await c.call(OLD)
        refused = got.response.request_info.headers["anthropic-beta"]
        assert (400, True, "rejected", OLD) == (got.status, b"Unexpected value" in got.body, got.usage.outcome, refused)
        await c.call(OLD)
        assert [(OLD,), (), (OLD,), ()] == c.sent


@pytest.mark.parametrize("status", [401, 413, 429, 500, 529])
async def test_any_other_answer_to_the_resend_is_the_callers(client, api, status):
    """An overload between a refusal and its resend is the caller's to handle; the named lesson holds."""
    api.refuse(OLD)
    api.respond_next(status, after=1)
    async with client() as c:
        got = await c.call(OLD)
        await c.call(OLD)
        assert (status, "error", [(OLD,), (), ()]) == (got.status, got.usage.outcome, c.sent)


async def test_an_unnamed_lesson_needs_a_success(client, api):
    """All were dropped on suspicion: without a good answer nothing is learned."""
    api.refuse(OLD)
    api.dialect = "bedrock"
    api.respond_next(529, after=1)
    async with client() as c:
        await c.call(OLD)
        await c.call(OLD)
        assert [(OLD,), (), (OLD,), ()] == c.sent


async def test_a_resend_that_fails_hands_the_first_reply_over(client, api):
    """When the connection breaks before the resend is answered the caller gets what it would have got."""
    api.refuse(OLD)
    sends = []

    async def break_the_second(request, handler):
        sends.append(request.headers.get("anthropic-beta"))
        if len(sends) > 1:
            raise aiohttp.ServerDisconnectedError
        return await handler(request)

    def breaking(*, api, logger):
        return *betamw.chain(api=api, logger=logger), break_the_second

    async with client(middlewares=breaking) as c:
        got = await c.call(OLD)
        assert (400, True, 2, "rejected") == (
            got.status,
            b"Unexpected value" in got.body,
            got.usage.attempts,
            got.usage.outcome,
        )


async def test_an_error_that_another_makes_of_an_answer_is_the_callers(client, api):
    """An overload between a refusal and its resend, of which a middleware further in has made an exception."""
    api.refuse(OLD)
    api.respond_next(529, after=1)

    async def raise_for_overload(request, handler):
        response = await handler(request)
        if response.status == 529:
            response.raise_for_status()
        return response

    def raising(*, api, logger):
        return *betamw.chain(api=api, logger=logger), raise_for_overload

    async with client(middlewares=raising) as c:
        with pytest.raises(aiohttp.ClientResponseError, match="529"):
            await c.call(OLD)
        assert [("error", "ClientResponseError")] == [(e["outcome"], e["error_type"]) for e in c.events()]


async def test_a_400_about_something_else_is_left_alone(client, api):
    """A reply that refuses no beta is handed over as it came, after one attempt."""
    api.respond_next(400, {"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: wrong"}})
    async with client() as c:
        got = await c.call(GOOD)
        assert (400, 1, "error") == (got.status, got.usage.attempts, got.usage.outcome)
        assert "max_tokens: wrong" == json.loads(got.body)["error"]["message"]


async def test_a_request_to_add_a_beta_drops_nothing(client, api):
    """An endpoint that asks for its beta is not understood as refusing one."""
    async with client(endpoints=()) as c:
        got = await c.call(f"{GOOD},{OTHER}", path="/v1/agents", method="GET")
        assert (400, 1) == (got.status, len(c.sent))


async def test_a_paired_field_forbids_the_resend(client, api):
    """The body uses a field of the refused beta, so without it the field is the next 400: the caller gets the reply."""
    api.refuse("mcp-client-2025-11-20")
    async with client() as c:
        got = await c.call("mcp-client-2025-11-20", json={"model": "m", **MCP})
        assert (400, 1, ["paired_field"]) == (
            got.status,
            len(c.sent),
            [e["reason"] for e in c.events("betamw.beta.rejected")],
        )


async def test_a_paired_field_forbids_leaving_a_remembered_beta_out(client, api):
    """What is known to be refused goes out all the same when the body needs it: the caller gets the real reason."""
    api.refuse("mcp-client-2025-11-20")
    async with client() as c:
        await c.call("mcp-client-2025-11-20", json={"model": "m"})
        got = await c.call("mcp-client-2025-11-20", json={"model": "m", **MCP})
        assert (400, True) == (got.status, b"mcp-client-2025-11-20" in got.body)


async def test_a_limit_of_one_connection_is_no_deadlock(client, api):
    """The refused reply has given its connection back before the resend wants one."""
    api.refuse(OLD)
    async with client(session={"connector": aiohttp.TCPConnector(limit=1)}) as c:
        async with asyncio.timeout(5):
            assert 200 == (await c.call(OLD)).status


async def test_a_refused_reply_keeps_no_connection(client, api):
    """After many refused calls one kept-alive connection is open, and none is in use."""
    api.refuse(OLD)
    connector = aiohttp.TCPConnector()
    async with client(memory=None, session={"connector": connector}) as c:
        for _ in range(20):
            await c.call(OLD)
        assert (0, 1) == (len(connector._acquired), sum(map(len, connector._conns.values())))


async def numbers():
    """A body that can be sent once."""
    yield b'{"model": '
    yield b'"m"}'


async def test_a_body_in_another_encoding_has_no_model(client, api):
    """A body that is no UTF-8 is resent like any other; it just tells no model."""
    api.refuse(OLD)
    async with client() as c:
        assert 200 == (await c.call(OLD, data=b"\xff\xfe")).status


@pytest.mark.parametrize("decompress", [True, False])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_compressed_refusal_is_understood(client, api, encoding, decompress):
    """A copy is decoded where the session does not decompress (the SDK's does not)."""
    api.refuse(OLD)
    api.encoding = encoding
    async with client(session={"auto_decompress": decompress}) as c:
        assert (200, [(OLD,), ()]) == ((await c.call(OLD)).status, c.sent)


async def test_a_compressed_reply_is_handed_over_compressed(client, api):
    """What the caller gets without decompression is what came over the wire."""
    api.refuse(OAUTH)
    api.encoding = "gzip"
    async with client(session={"auto_decompress": False}) as c:
        got = await c.call(OAUTH)
        assert b"Unexpected value" in gzip.decompress(got.body)


async def test_a_stream_comes_through_after_a_resend(client, api):
    """Server-sent events arrive one by one after a beta was dropped."""
    api.refuse(OLD)
    async with client() as c:
        got = await c.call(OLD, json={"model": "m", "stream": True})
        assert (200, True) == (got.status, got.body.rstrip().endswith(b'data: {"type":"message_stop"}'))


async def test_a_cancelled_call_leaves_nothing_behind(client, api):
    """A cancellation during the resend closes the first reply too, and the event says `cancelled`."""
    api.refuse(OLD)
    reached = asyncio.Event()

    async def hang_on_the_second(request, handler):
        if "anthropic-beta" not in request.headers:
            reached.set()
            await asyncio.sleep(60)
        return await handler(request)

    def hanging(*, api, logger):
        return *betamw.chain(api=api, logger=logger), hang_on_the_second

    connector = aiohttp.TCPConnector()
    async with client(middlewares=hanging, session={"connector": connector}) as c:
        task = asyncio.create_task(c.call(OLD))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (0, ["cancelled"]) == (len(connector._acquired), [e["outcome"] for e in c.events()])


@pytest.mark.parametrize(
    ("error", "outcome"), [(asyncio.CancelledError, "cancelled"), (TimeoutError, "error")], ids=["cancelled", "timeout"]
)
async def test_a_resend_that_fails_has_cost_what_was_refused(client, api, error, outcome):
    """The refused attempt is thrown away however the call ends; the one that failed is no part of the overhead."""
    api.refuse(OLD)

    async def fail_on_the_second(request, handler):
        await asyncio.sleep(0.05)
        if "anthropic-beta" in request.headers:
            return await handler(request)
        await asyncio.sleep(0.15)
        raise error

    def failing(*, api, logger):
        return *betamw.chain(api=api, logger=logger), fail_on_the_second

    async with client(middlewares=failing) as c:
        with pytest.raises(error):
            await c.call(OLD)
        (event,) = c.events()
        assert (outcome, 2) == (event["outcome"], event["attempts"])
        assert 0.04 < event["resend_overhead_s"] < event["duration_s"] - 0.14


async def test_two_fallbacks_in_a_chain_are_as_good_as_one(client, api):
    """A second FallbackMiddleware lets the first one do the work."""
    api.refuse(OLD)

    def doubled(*, api, logger):
        return betamw.FallbackMiddleware(api=api), *betamw.chain(api=api, logger=logger)

    async with client(middlewares=doubled) as c:
        got = await c.call(OLD)
        assert (200, 2, [(OLD,), ()]) == (got.status, got.usage.attempts, c.sent)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"policy": "drop"}, "policy must be of class FallbackPolicy, got 'drop'"),
        ({"memory": {}}, "memory must be of class RejectionMemory or None, got {}"),
        ({"api": "https://api.anthropic.com"}, "api must be of class Api, got 'https://api.anthropic.com'"),
    ],
)
def test_wrong_values_fail_at_construction(given, message):
    """A value of another type is refused where it is given."""
    with pytest.raises(betamw.ConfigError, match=message):
        betamw.FallbackMiddleware(**given)


async def test_a_redirect_says_nothing_about_betas(client, api):
    """A redirect in answer to the resend is the caller's to follow, and proves nothing about what was dropped."""
    api.refuse(OLD)
    api.dialect = "bedrock"
    api.respond_next(307, b"", {"Location": "https://elsewhere.example/"}, after=1)
    async with client() as c:
        got = await c.call(f"{GOOD},{OLD}", allow_redirects=False)
        assert (307, []) == (got.status, c.events("betamw.memory.learned"))


async def test_a_reply_that_comes_twice_is_not_released(client, api):
    """A cache below may answer a resend with the very object of the first reply; the caller can still read it."""
    api.refuse(OLD)
    kept = []

    async def cache(request, handler):
        if not kept:
            kept.append(await handler(request))
        return kept[0]

    def cached(*, api, logger):
        return *betamw.chain(api=api, logger=logger), cache

    async with client(middlewares=cached) as c:
        got = await c.call(OLD)
        assert (400, True) == (got.status, b"Unexpected value" in got.body)


async def test_a_retry_inside_of_the_call_falls_back_again(client, api):
    """Another author's retry between logging and the rest sends again: the fallback works there as it did before."""
    api.refuse(OLD)
    api.respond_next(503)

    async def retry(request, handler):
        response = await handler(request)
        if response.status == 503:
            response.release()
            response = await handler(request)
        return response

    def retrying(*, api, logger):
        log, *others = betamw.chain(api=api, logger=logger)
        return log, retry, *others

    async with client(middlewares=retrying) as c:
        got = await c.call(f"{GOOD},{OLD}")
        assert (200, [(GOOD, OLD), (GOOD, OLD), (GOOD,)]) == (got.status, c.sent)
        assert [(3, "recovered")] == [(event["attempts"], event["outcome"]) for event in c.events()]


async def test_a_server_that_hangs_up_with_its_400(client):
    """The connection that was closed without a word is not used for the resend."""

    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        refused = OLD.encode() in head
        status, body = (b"400 Bad Request", REFUSAL) if refused else (b"200 OK", b"{}")
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with aiohttp.ClientSession(middlewares=betamw.chain(api=betamw.Api(url))) as session:
            async with session.get(url, headers={"anthropic-beta": OLD}) as response:
                assert 200 == response.status


async def test_an_error_in_the_resend_forgets_nothing(client, api):
    """A middleware further out that sends again after an error sends what the caller asked for."""
    api.refuse(OLD)
    broken = []

    async def break_the_second(request, handler):
        if "anthropic-beta" not in request.headers and not broken:
            broken.append(True)
            raise RuntimeError
        return await handler(request)

    async def retry(request, handler):
        try:
            return await handler(request)
        except RuntimeError:
            return await handler(request)

    def breaking(*, api, logger):
        return retry, *betamw.chain(api=api, logger=logger), break_the_second

    async with client(middlewares=breaking) as c:
        got = await c.call(OLD)
        assert (200, [(OLD,), (OLD,), ()], (OLD,)) == (got.status, c.sent, got.usage.requested)


@pytest.mark.parametrize("limit", [{"total": 0.4}, {"sock_read": 0.2}])
async def test_a_timeout_of_the_resend_is_the_callers(limit):
    """The resend is under way and may be at work: the caller gets the timeout it asked for, not the old refusal."""

    async def serve(reader, writer):
        for body in (REFUSAL, b""):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            if body:
                writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            else:
                await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        done.set()

    done = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        chain = betamw.chain(api=betamw.Api(url))
        async with aiohttp.ClientSession(middlewares=chain, timeout=aiohttp.ClientTimeout(**limit)) as session:
            with pytest.raises(TimeoutError):
                await session.post(url, json={}, headers={"anthropic-beta": OLD})
        await done.wait()


@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
async def test_a_lesson_is_of_one_account(client, api, header):
    """Another account has a memory of its own, whichever header carries the credential."""
    api.refuse(OLD)
    async with client() as c:
        for account in ("one", "two", "one"):
            await c.call(OLD, headers={header: account})
        assert [(OLD,), (), (OLD,), (), ()] == c.sent


async def test_an_aws_signature_is_not_the_account(client, api):
    """The signature is another one for each request; who signs is the account."""
    api.refuse(OLD)
    async with client() as c:
        for signature in ("aa", "bb"):
            signed = f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-west-1/bedrock, Signature={signature}"
            await c.call(OLD, headers={"Authorization": signed})
        assert [(OLD,), (), ()] == c.sent


async def test_an_authentication_further_in_is_not_mixed_up(client, api):
    """A credential that is added inside of the fallback is not seen, neither when learning nor when looking up."""
    api.refuse(OLD)

    async def authenticate(request, handler):
        request.headers["Authorization"] = "Bearer k"
        return await handler(request)

    def authenticated(*, api, logger):
        return *betamw.chain(api=api, logger=logger), authenticate

    async with client(middlewares=authenticated) as c:
        for _ in range(3):
            await c.call(OLD)
        assert [(OLD,), (), (), ()] == c.sent


def test_a_connection_that_is_lost_already_needs_no_abort():
    """The server may have hung up in the middle of the upload."""
    closed = []
    connection = SimpleNamespace(transport=None, close=lambda: closed.append(True))
    prepare_resend(SimpleNamespace(headers={}, proxy_headers=None), SimpleNamespace(connection=connection))
    assert [True] == closed


async def test_two_lines_of_the_header_are_put_back_as_two(client, api):
    """Where the first reply is handed over its request shows the lines as they went out."""
    api.refuse(OLD)
    api.respond_next(404, after=1)
    async with client() as c:
        got = await c.call(GOOD, OLD)
        assert (400, [GOOD, OLD]) == (got.status, got.response.request_info.headers.getall("anthropic-beta"))
