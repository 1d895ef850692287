"""Fields of the body that belong to a refused beta: they go with it, or the call is not resent."""

import asyncio
import io
import json
import warnings
from types import SimpleNamespace

import aiohttp
import pytest

import betamw
from betamw.middlewares.request import replace_body

CONTEXT, BUDGET, GOOD = "context-management-2025-06-27", "task-budgets-2026-03-13", "files-api-2025-04-14"
STRIP = betamw.FallbackPolicy(paired_fields="strip")
HEAD, EDITS, TAIL = b'{"model": "m",  "n": 1.50e0, ', b'"context_management": {}, ', b'"x": "\\u00e4\xc3\xa4"}'
WHOLE, REST = HEAD + EDITS + TAIL, HEAD + TAIL
LARGE = b'"pad": "' + b"." * 2**20 + b'"}'


@pytest.fixture
def stripping(client):
    """Makes sessions with a chain that strips."""
    return lambda *betas, **settings: client(*betas, **{"policy": STRIP} | settings)


def wire(c):
    """What went over the wire: the betas, the body, and how it was framed."""
    framed = [(r.headers.get("content-length"), r.headers.get("transfer-encoding")) for r in c.api.requests]
    return [(r.betas, r.body, *lines) for r, lines in zip(c.api.requests, framed, strict=True)]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(lambda: {"data": WHOLE}, id="bytes"),
        pytest.param(lambda: {"data": WHOLE.decode()}, id="str"),
        pytest.param(lambda: {"data": io.StringIO(WHOLE.decode())}, id="StringIO"),
        pytest.param(lambda: {"data": WHOLE, "headers": {"Content-Type": "application/json"}}, id="content-type"),
        pytest.param(lambda: {"data": WHOLE, "skip_auto_headers": ["content-type"]}, id="no content-type"),
        pytest.param(lambda: {"data": WHOLE, "expect100": True}, id="expect100"),
    ],
)
async def test_the_fields_go_with_the_beta(stripping, api, given):
    """One resend without both, the rest byte for byte, its length right and its other headers as they were."""
    api.refuse(CONTEXT)
    async with stripping() as c:
        got = await c.call(f"{GOOD},{CONTEXT}", **given())
        assert 200 == got.status
        assert [((GOOD, CONTEXT), WHOLE, str(len(WHOLE)), None), ((GOOD,), REST, str(len(REST)), None)] == wire(c)
        first, second = (
            [h for h in r.raw_headers if h[0] not in ("anthropic-beta", "Content-Length")] for r in c.api.requests
        )
        assert sorted(first) == sorted(second)


async def test_the_fields_of_json_go_too(stripping, api):
    """What `json=` made is bytes like any other."""
    body = {"context_management": {"edits": [{"type": "clear_thinking_20251015"}]}, "model": "m", "ä": "ä"}
    api.refuse(CONTEXT)
    async with stripping() as c:
        got = await c.call(CONTEXT, json=body)
        rest = b'{"model": "m", "\\u00e4": "\\u00e4"}'
        assert (200, [(CONTEXT,), ()], rest) == (got.status, c.sent, api.requests[-1].body)
        assert "application/json" == api.requests[-1].headers["content-type"]


@pytest.mark.parametrize("how", [{"compress": "gzip"}, {"compress": "deflate"}, {"chunked": True}])
async def test_the_fields_go_from_a_body_in_chunks(stripping, api, how):
    """Compressed and chunked as the first, without a length."""
    api.refuse(CONTEXT)
    async with stripping() as c:
        got = await c.call(CONTEXT, data=WHOLE, **how)
        assert 200 == got.status
        assert [((CONTEXT,), WHOLE, None, "chunked"), ((), REST, None, "chunked")] == wire(c)


async def test_a_body_of_more_than_a_mebibyte(stripping, api):
    """Of the caller's own aiohttp warns once; of what is made of it nobody is warned."""
    api.refuse(CONTEXT)
    body = HEAD + EDITS + LARGE
    async with stripping() as c:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            got = await c.call(CONTEXT, data=body)
            await c.call(CONTEXT, data=body)
        rest = HEAD + LARGE
        assert (200, [ResourceWarning] * 2) == (got.status, [warning.category for warning in caught])
        assert [((CONTEXT,), body, str(len(body)), None), *[((), rest, str(len(rest)), None)] * 2] == wire(c)


async def test_what_was_stripped_is_told(stripping, api):
    """In the event and in `usage`, as dotted paths."""
    api.refuse(CONTEXT, BUDGET)
    body = {"model": "m", "context_management": {}, "output_config": {"task_budget": 1, "effort": "low"}}
    async with stripping() as c:
        got = await c.call(f"{CONTEXT},{BUDGET}", json=body)
        (event,) = c.events()
        told = ("context_management", "output_config.task_budget")
        assert (told, [*told]) == (got.usage.body_fields_stripped, event["body_fields_stripped"])
        assert {"model": "m", "output_config": {"effort": "low"}} == json.loads(api.requests[-1].body)


async def test_where_nothing_is_stripped_nothing_is_told(stripping, client, api):
    """The field of the event is there where the policy strips, and only there."""
    async with stripping() as c, client() as keeping:
        got = await c.call(CONTEXT, data=WHOLE)
        await keeping.call(CONTEXT, data=WHOLE)
        assert ((), [[]], [False]) == (
            got.usage.body_fields_stripped,
            [e["body_fields_stripped"] for e in c.events()],
            ["body_fields_stripped" in e for e in keeping.events()],
        )


async def test_the_second_call_strips_at_once(stripping, api):
    """The lesson is about the beta; each body loses the fields that it has."""
    api.refuse(CONTEXT)
    async with stripping() as c:
        await c.call(CONTEXT, data=WHOLE)
        api.clear()
        got = await c.call(CONTEXT, data=WHOLE)
        await c.call(CONTEXT, data=REST)
        await c.call(CONTEXT, data=b'{"model":"m","context_management":{}}')
        assert [((), body) for body in (REST, REST, b'{"model":"m"}')] == [request[:2] for request in wire(c)]
        assert ({CONTEXT: "remembered"}, ("context_management",)) == (
            dict(got.usage.dropped),
            got.usage.body_fields_stripped,
        )


@pytest.mark.parametrize("body", [WHOLE, HEAD + EDITS + LARGE], ids=["small", "large"])
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_retry_further_out_has_the_callers_own_body(stripping, api, body):
    """It sees and sends the body that the caller made, and the fields go once more."""
    api.refuse(CONTEXT)
    api.respond_next(529, after=1)
    seen = []

    async def retry(request, handler):
        seen.append((request.body.size, request.headers["content-length"]))
        response = await handler(request)
        if response.status == 529:
            response.release()
            return await retry(request, handler)
        seen.append((request.body.size, request.headers["content-length"]))
        return response

    def chain(*, api, logger):
        return retry, *betamw.chain(api=api, logger=logger, policy=STRIP, memory=None)

    async with stripping(middlewares=chain) as c:
        got = await c.call(CONTEXT, data=body)
        rest = body.replace(EDITS, b"")
        assert (200, [(len(body), str(len(body)))] * 3) == (got.status, seen)
        assert [((CONTEXT,), body), ((), rest)] * 2 == [request[:2] for request in wire(c)]


async def test_a_retry_inside_of_the_call_strips_again(stripping, api):
    """Another author's retry between logging and the rest sends again: the fields go as they did before."""
    api.refuse(CONTEXT)
    api.respond_next(503, after=1)

    async def retry(request, handler):
        response = await handler(request)
        if response.status == 503:
            response.release()
            response = await handler(request)
        return response

    def retrying(*, api, logger):
        log, *others = betamw.chain(api=api, logger=logger, policy=STRIP)
        return log, retry, *others

    async with stripping(middlewares=retrying) as c:
        got = await c.call(CONTEXT, data=WHOLE)
        assert (200, [WHOLE, REST, REST]) == (got.status, [request.body for request in c.api.requests])
        assert ("context_management",) == got.usage.body_fields_stripped


async def test_a_redirect_goes_on_with_the_callers_own_body(stripping, api):
    """What was stripped for one hop is not stripped for the next, which may take it."""
    api.refuse(betamw.testing.Refusal(CONTEXT, path="/v1/messages"))
    api.respond_next(307, b"", {"Location": "/v1/complete"}, after=1)
    async with stripping() as c:
        await c.call(CONTEXT, data=WHOLE)
        assert [("/v1/messages", WHOLE), ("/v1/messages", REST), ("/v1/complete", WHOLE)] == [
            (request.path, request.body) for request in api.requests
        ]


@pytest.mark.parametrize("pad", [b"", b", " + LARGE[:-1]], ids=["small", "large"])
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_each_resend_strips_the_callers_own_body(stripping, api, pad):
    """What the second refusal takes out goes beside what the first one did."""
    api.refuse(CONTEXT, BUDGET)
    api.one_at_a_time = True
    head, last = b'{"model":"m", ', pad + b"}"
    body = head + b'"context_management":{}, "output_config":{"task_budget":1}' + last
    async with stripping() as c:
        got = await c.call(f"{CONTEXT},{BUDGET}", data=body)
        assert 200 == got.status
        assert [body, head + b'"output_config":{"task_budget":1}' + last, head + b'"output_config":{}' + last] == [
            request.body for request in api.requests
        ]


async def test_a_search_strips_too(stripping, api):
    """What a send leaves out on suspicion takes its fields along, and what is found good gets them back."""
    api.refuse(BUDGET)
    api.dialect = "bedrock"
    body = {"model": "m", "context_management": {}, "output_config": {"task_budget": 1}}
    async with stripping() as c:
        for _ in range(6):
            got = await c.call(f"{CONTEXT},{BUDGET}", json=body)
            assert 200 == got.status
        assert ((CONTEXT,), {"model": "m", "context_management": {}, "output_config": {}}) == (
            got.usage.sent,
            json.loads(api.requests[-1].body),
        )


async def test_a_body_that_means_nothing_without_the_field_is_not_resent(stripping, api):
    """A tool that the caller demands cannot go: the caller gets the refusal."""
    api.refuse("computer-use-2025-01-24")
    tools = {"tools": [{"type": "computer_20250124", "name": "computer"}], "tool_choice": {"type": "any"}}
    async with stripping() as c:
        got = await c.call("computer-use-2025-01-24", json={"model": "m", **tools})
        (event,) = c.events("betamw.beta.rejected")
        assert (400, 1, "give_up", "paired_field") == (got.status, len(c.sent), event["action"], event["reason"])


async def test_keep_hands_the_first_reply_over(client, api):
    """The default: header and body belong together, the caller decides."""
    api.refuse(CONTEXT)
    async with client() as c:
        got = await c.call(f"{GOOD},{CONTEXT}", data=WHOLE)
        (event,) = c.events("betamw.beta.rejected")
        assert (400, True, "rejected") == (got.status, b"Unexpected value" in got.body, got.usage.outcome)
        assert ([(GOOD, CONTEXT)], "give_up", "paired_field") == (c.sent, event["action"], event["reason"])


async def test_keep_resends_a_body_without_the_fields(client, api):
    """The same beta may go where nothing in the body needs it."""
    api.refuse(CONTEXT)
    async with client() as c:
        assert (200, [(CONTEXT,), ()]) == ((await c.call(CONTEXT, data=REST)).status, c.sent)


async def test_where_stripping_did_not_help_the_first_reply_is_handed_over(stripping, api):
    """Nothing is learned, and the request is as it came."""
    api.refuse(CONTEXT)
    api.respond_next(400, {"error": {"message": "messages: wrong"}}, after=1)
    async with stripping() as c:
        got = await c.call(CONTEXT, data=WHOLE)
        shown = got.response.request_info.headers
        assert (400, True) == (got.status, b"Unexpected value" in got.body)
        assert (CONTEXT, str(len(WHOLE)), []) == (
            shown["anthropic-beta"],
            shown["content-length"],
            c.events("betamw.memory.learned"),
        )


@pytest.mark.parametrize("limit", [0, 1, 10])
async def test_calls_that_wait_for_a_connection_strip_too(stripping, api, limit):
    """Where a waiting call learns of the refusal, header and body stay in step."""
    api.refuse(CONTEXT)
    async with stripping(session={"connector": aiohttp.TCPConnector(limit=limit)}) as c:
        got = await asyncio.gather(*(c.call(CONTEXT, data=WHOLE) for _ in range(60)))
        assert ([200] * 60, {((CONTEXT,), WHOLE), ((), REST)}) == (
            [each.status for each in got],
            {request[:2] for request in wire(c)},
        )
        carried = sum(request.betas == (CONTEXT,) for request in api.requests)
        assert carried <= (limit or 60) + 2
        assert {("context_management",)} == {each.usage.body_fields_stripped for each in got}


async def test_a_cancelled_call_leaves_the_callers_own_body(stripping, api):
    """Whoever catches the cancellation further out finds the request as it came."""
    api.refuse(CONTEXT)
    seen = []

    async def look(request, handler):
        try:
            return await handler(request)
        finally:
            seen.append((request.body.size, request.headers["content-length"]))

    async def hang(request, handler):
        if "anthropic-beta" not in request.headers:
            await asyncio.sleep(60)
        return await handler(request)

    def chain(*, api, logger):
        return look, *betamw.chain(api=api, logger=logger, policy=STRIP), hang

    async with stripping(middlewares=chain) as c:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await c.call(CONTEXT, data=WHOLE)
        assert [(len(WHOLE), str(len(WHOLE)))] == seen


async def test_a_header_that_is_changed_further_in_is_not_overlooked(stripping, api):
    """The body is put back under headers that others have changed: what they did to the beta header still counts."""
    api.refuse(CONTEXT)
    memory, late = betamw.RejectionMemory(), "late-2026-01-01"

    async def add_and_fail(request, handler):
        if late not in request.headers.get("anthropic-beta", ""):
            request.headers["anthropic-beta"] = late
            raise RuntimeError
        return await handler(request)

    async def retry(request, handler):
        try:
            return await handler(request)
        except RuntimeError:
            return await handler(request)

    def chain(*, api, logger):
        log, *others = betamw.chain(api=api, logger=logger, policy=STRIP, memory=memory)
        return log, retry, *others, add_and_fail

    async with stripping(memory=memory) as learner, stripping(middlewares=chain) as c:
        await learner.call(CONTEXT, data=WHOLE)
        api.clear()
        got = await c.call(CONTEXT, data=WHOLE)
        assert (200, (late,), [((late,), REST)]) == (got.status, got.usage.sent, [each[:2] for each in wire(c)])


async def test_aiohttp_3_12_0_replaces_a_body_in_its_own_way():
    """It has no `update_body`: the body is set anew, and with it its length."""
    bodies = []
    request = SimpleNamespace(headers={"Content-Length": "9"}, update_body_from_data=bodies.append)
    await replace_body(request, b"{}")
    assert ({}, [b"{}"]) == (request.headers, bodies)


async def test_a_body_that_is_not_json_is_left_alone(stripping, api):
    """A form has no fields to strip; the beta goes alone."""
    api.refuse(CONTEXT)
    async with stripping() as c:
        got = await c.call(CONTEXT, data={"context_management": "{}"})
        assert (200, [b"context_management=%7B%7D"] * 2) == (got.status, [request.body for request in api.requests])
