"""Middlewares under aioresponses: the chain runs, as aiohttp runs it, around what is mocked."""

import asyncio
import gzip
import io
import json
import re

import aiohttp
import pytest
from aioresponses import CallbackResult, aioresponses
from yarl import URL

import betamw
from betamw.middlewares.request import replace_body
from betamw.testing import SimulatedApi, run_middlewares

ORIGIN = "https://api.anthropic.com"
MESSAGES = f"{ORIGIN}/v1/messages"
OLD, NEW = "old-2025-01-01", "new-2026-01-01"
MESSAGE = f"Unexpected value(s) `{OLD}` for the `anthropic-beta` header."
REFUSAL = {"type": "error", "error": {"type": "invalid_request_error", "message": MESSAGE}}
BODY = {"model": "claude-opus-5", "max_tokens": 8, "messages": []}


@pytest.fixture
def mocked():
    with aioresponses() as mocked, run_middlewares(mocked):
        yield mocked


def calls(mocked, url=MESSAGES, method="POST"):
    return mocked.requests.get((method, URL(url)), [])


def sent(mocked, url=MESSAGES, method="POST"):
    """The beta header of each request."""
    return [call.kwargs.get("headers", {}).get("anthropic-beta") for call in calls(mocked, url, method)]


async def mark(request, handler):
    """Somebody else's middleware."""
    request.headers.add("x-mark", "here")
    return await handler(request)


def session(*betas, policy=None, **more):
    return aiohttp.ClientSession(middlewares=betamw.chain(*betas, policy=policy or betamw.FallbackPolicy()), **more)


async def test_without_it_no_middleware_runs():
    """What this is for: aioresponses alone never lets a middleware see a request."""
    ran = []

    async def note(request, handler):
        ran.append(request)
        return await handler(request)

    with aioresponses() as mocked:
        mocked.get(ORIGIN, exception=ConnectionResetError())
        async with aiohttp.ClientSession(middlewares=[note]) as client:
            with pytest.raises(ConnectionResetError):
                await client.get(ORIGIN)

    assert [] == ran


async def test_the_whole_chain(mocked):
    """A refused beta is dropped, the resend gets the next reply, and later calls leave it out."""
    mocked.post(MESSAGES, status=400, payload=REFUSAL)
    mocked.post(MESSAGES, payload={"id": "msg_1"}, repeat=True)

    async with session(OLD, NEW) as client:
        async with client.post(MESSAGES, json=BODY) as first:
            usage = betamw.usage(first)
            assert (200, {"id": "msg_1"}) == (first.status, await first.json())
        async with client.post(MESSAGES, json=BODY) as second:
            await second.read()

    assert (2, "recovered", (NEW,)) == (usage.attempts, usage.outcome, usage.sent)
    assert [f"{OLD},{NEW}", NEW, NEW] == sent(mocked)


async def test_a_sequence_of_replies(mocked):
    """Replies go out in the order in which they were mocked, a resend's among them."""
    for status in (200, 400, 200, 529):
        mocked.post(MESSAGES, status=status, payload=REFUSAL if status == 400 else {})

    statuses = []
    async with session(OLD) as client:
        for _ in range(3):
            async with client.post(MESSAGES, json=BODY) as response:
                statuses.append(response.status)

    assert [200, 200, 529] == statuses
    assert [OLD, OLD, None, None] == sent(mocked)


async def test_repeat_counts_each_request(mocked):
    """`repeat=2` is used up by two requests, whatever calls they belong to."""
    mocked.post(MESSAGES, status=400, payload=REFUSAL, repeat=2)

    async with session(OLD, NEW) as client:
        async with client.post(MESSAGES, json=BODY) as response:
            status = response.status
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.post(MESSAGES, json=BODY)

    assert 400 == status
    assert 3 == len(calls(mocked))


async def test_an_unmatched_request(mocked):
    """As with aioresponses: a refused connection, that says for what, and is recorded."""
    async with session(NEW) as client:
        with pytest.raises(aiohttp.ClientConnectionError, match=f"Connection refused: POST {MESSAGES}"):
            await client.post(MESSAGES, json=BODY)

    assert [NEW] == sent(mocked)


async def test_a_resend_that_is_not_mocked(mocked):
    """It finds no connection, so the caller gets the refusal, as in reality."""
    mocked.post(MESSAGES, status=400, payload=REFUSAL)

    async with session(OLD) as client:
        async with client.post(MESSAGES, json=BODY) as response:
            assert (400, REFUSAL) == (response.status, await response.json())

    assert [OLD, None] == sent(mocked)


@pytest.mark.parametrize("error", [aiohttp.ServerDisconnectedError(), aiohttp.ClientConnectionError, OSError(104, "x")])
async def test_a_resend_that_fails(mocked, error):
    """Where the resend's connection breaks, the caller gets the first reply; the error may be a class."""
    mocked.post(MESSAGES, status=400, payload=REFUSAL)
    mocked.post(MESSAGES, exception=error)

    async with session(OLD) as client:
        async with client.post(MESSAGES, json=BODY) as response:
            assert (400, REFUSAL) == (response.status, await response.json())


async def test_a_resend_that_times_out(mocked):
    """The server may be at it: the caller is told."""
    mocked.post(MESSAGES, status=400, payload=REFUSAL)
    mocked.post(MESSAGES, timeout=True)

    async with session(OLD) as client:
        with pytest.raises(TimeoutError, match="Connection timeout test"):
            await client.post(MESSAGES, json=BODY)


async def test_the_total_timeout_of_a_resend(mocked):
    """The request was sent, so the caller gets aiohttp's own timeout, not the first reply."""

    async def never(_url, **_arguments):
        await asyncio.Event().wait()

    mocked.post(MESSAGES, status=400, payload=REFUSAL)
    mocked.post(MESSAGES, callback=never)

    async with session(OLD, timeout=aiohttp.ClientTimeout(total=0.2)) as client:
        with pytest.raises(TimeoutError):
            await client.post(MESSAGES, json=BODY)


async def test_an_idempotent_request_is_tried_again(mocked):
    """The second try that aiohttp makes is a request of its own."""
    mocked.get(MESSAGES, exception=aiohttp.ServerDisconnectedError())
    mocked.get(MESSAGES)

    async with session(NEW) as client:
        async with client.get(MESSAGES) as response:
            assert 200 == response.status

    assert [NEW, NEW] == sent(mocked, method="GET")


async def test_an_error_that_is_mocked_once(mocked):
    """Where nothing is mocked for aiohttp's second try, the caller gets the error that is."""
    mocked.get(MESSAGES, exception=aiohttp.ServerDisconnectedError("mine"))

    async with session(NEW) as client:
        with pytest.raises(aiohttp.ServerDisconnectedError, match="mine"):
            await client.get(MESSAGES)


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_callback(mocked, is_async):
    """It gets what is sent, in each attempt, and says what comes back."""
    seen = []

    def answer(url, **arguments):
        seen.append((url, arguments["headers"].get("anthropic-beta"), arguments["json"]))
        return CallbackResult(status=400, payload=REFUSAL) if len(seen) == 1 else None

    async def answer_later(url, **arguments):
        await asyncio.sleep(0)
        return answer(url, **arguments)

    mocked.post(MESSAGES, payload={"id": "msg_1"}, callback=answer_later if is_async else answer, repeat=True)

    async with session(OLD, NEW) as client:
        async with client.post(MESSAGES, json=BODY) as response:
            assert {"id": "msg_1"} == await response.json()

    assert [(URL(MESSAGES), f"{OLD},{NEW}", BODY), (URL(MESSAGES), NEW, BODY)] == seen


async def test_a_refusal_in_gzip(mocked):
    """A compressed body stays as it is mocked, and is read by the fallback all the same."""
    packed = gzip.compress(json.dumps(REFUSAL).encode())
    mocked.post(MESSAGES, status=400, body=packed, headers={"Content-Encoding": "gzip"}, repeat=True)

    async with session(OLD, NEW) as client:
        async with client.post(MESSAGES, json=BODY) as response:
            assert packed == await response.read()

    assert [f"{OLD},{NEW}", NEW] == sent(mocked)


async def test_a_large_body(mocked):
    """It is read piece by piece, as a real one."""
    body = bytes(2**20)
    mocked.get(MESSAGES, body=body, content_type="application/octet-stream")

    async with session() as client:
        async with client.get(MESSAGES) as response:
            pieces = [piece async for piece in response.content.iter_chunked(2**16)]

    assert body == b"".join(pieces)
    assert len(pieces) > 1


@pytest.mark.parametrize("at", ["session", "request"])
async def test_raise_for_status(mocked, at):
    """It looks at the reply that the chain hands over, not at the refusal before."""
    mocked.post(MESSAGES, status=400, payload=REFUSAL)
    mocked.post(MESSAGES)
    mocked.post(MESSAGES, status=529, reason="Overloaded")
    of_session, of_request = ({"raise_for_status": True}, {}) if at == "session" else ({}, {"raise_for_status": True})

    async with session(OLD, **of_session) as client:
        async with client.post(MESSAGES, json=BODY, **of_request) as response:
            assert 200 == response.status
        with pytest.raises(aiohttp.ClientResponseError) as raised:
            await client.post(MESSAGES, json=BODY, **of_request)

    assert (529, "Overloaded", "POST") == (
        raised.value.status,
        raised.value.message,
        raised.value.request_info.method,
    )


async def test_a_redirect(mocked):
    """Each hop runs the chain and is recorded, with the method and body that aiohttp gives it."""
    elsewhere = "https://elsewhere.example/v1/messages"
    mocked.post(f"{MESSAGES}?a=1", status=302, headers={"Location": "/v1/models"})
    mocked.get(f"{ORIGIN}/v1/models", status=302, headers={"Location": elsewhere})
    mocked.get(elsewhere, body="there")

    async with session(NEW) as client:
        async with client.post(MESSAGES, params={"a": "1"}, json=BODY) as response:
            assert ("there", URL(elsewhere)) == (await response.text(), response.url)
            assert [302, 302] == [hop.status for hop in response.history]

    assert [NEW] == sent(mocked, f"{MESSAGES}?a=1")
    assert [NEW] == sent(mocked, f"{ORIGIN}/v1/models", "GET")
    assert [None] == sent(mocked, elsewhere, "GET")
    first, second = calls(mocked, f"{MESSAGES}?a=1")[0], calls(mocked, f"{ORIGIN}/v1/models", "GET")[0]
    assert (BODY, {"a": "1"}) == (first.kwargs["json"], first.kwargs["params"])
    assert set() == {"json", "params"} & set(second.kwargs)


async def test_a_redirect_that_is_not_followed(mocked):
    """`allow_redirects=False` is aiohttp's, too."""
    mocked.post(MESSAGES, status=307, headers={"Location": "/v1/models"})

    async with session(NEW) as client:
        async with client.post(MESSAGES, json=BODY, allow_redirects=False) as response:
            assert (307, ()) == (response.status, response.history)

    assert calls(mocked)[0].kwargs["allow_redirects"] is False


async def test_cookies(mocked):
    """They are kept, and go out with the next call; those of a refusal that is thrown away are not."""
    mocked.post(MESSAGES, status=400, payload=REFUSAL, headers={"Set-Cookie": "a=thrown-away"})
    mocked.post(MESSAGES, headers={"Set-Cookie": "b=kept; Path=/"}, repeat=True)

    async with session(OLD) as client:
        async with client.post(MESSAGES, json=BODY) as response:
            assert "kept" == response.cookies["b"].value
        await client.post(MESSAGES, json=BODY)

    assert [None, None, "b=kept"] == [call.kwargs.get("headers", {}).get("Cookie") for call in calls(mocked)]


async def test_base_url_and_headers_of_the_session(mocked):
    """Both are aiohttp's own; what it adds by itself is not recorded, what anybody gives is."""
    mocked.get(f"{ORIGIN}/v1/models?b=2&a=1")

    async with session(NEW, base_url=ORIGIN, headers={"x-api-key": "k"}) as client:
        async with client.get("/v1/models?b=2&a=1", headers={"Accept": "application/json"}) as response:
            assert URL(f"{ORIGIN}/v1/models?b=2&a=1") == response.url

    call = calls(mocked, f"{ORIGIN}/v1/models?a=1&b=2", "GET")[0]
    assert {"x-api-key": "k", "Accept": "application/json", "anthropic-beta": NEW} == dict(call.kwargs["headers"])


async def test_headers_that_aiohttp_would_add(mocked):
    """They are recorded where somebody has set them: the session, the caller, or a middleware."""
    mocked.get(ORIGIN, repeat=True)

    async def disguise(request, handler):
        request.headers["User-Agent"] = "of the middleware"
        return await handler(request)

    async with aiohttp.ClientSession(headers={"User-Agent": "of the session"}) as client:
        await client.get(ORIGIN)
        await client.get(ORIGIN, headers={"user-agent": "of the caller"})
    async with aiohttp.ClientSession(middlewares=[disguise]) as client:
        await client.get(ORIGIN)

    recorded = [dict(call.kwargs["headers"].items()) for call in calls(mocked, ORIGIN, "GET")]
    assert ["of the session", "of the caller", "of the middleware"] == [
        value for headers in recorded for value in headers.values()
    ]


async def test_a_reply(mocked):
    """Of a response all is there that a real one has, and how to read it is up to the session."""
    mocked.get(
        f"{ORIGIN}/x", body="é".encode("latin-1"), content_type="text/plain", headers={"X-Y": "z"}, reason="Fine"
    )

    async with aiohttp.ClientSession(fallback_charset_resolver=lambda *_: "latin-1") as client:
        async with client.get(f"{ORIGIN}/x#there") as response:
            assert ("é", "z", "Fine", (1, 1)) == (
                await response.text(),
                response.headers["x-y"],
                response.reason,
                tuple(response.version),
            )

    assert ((b"Content-Type", b"text/plain"), (b"X-Y", b"z")) == response.raw_headers
    assert (URL(f"{ORIGIN}/x"), URL(f"{ORIGIN}/x#there")) == (response.url, response.real_url)


async def test_a_middleware_that_tries_again(mocked):
    """Unlike aiohttp's own second try, its one is told that nothing is mocked for it."""
    mocked.get(ORIGIN, exception=aiohttp.ClientPayloadError("mine"))

    async def insist(request, handler):
        try:
            return await handler(request)
        except aiohttp.ClientPayloadError:
            return await handler(request)

    async with aiohttp.ClientSession(middlewares=[insist]) as client:
        with pytest.raises(aiohttp.ClientConnectionError, match="Connection refused"):
            await client.get(ORIGIN)


async def test_assertions_of_aioresponses(mocked):
    """They compare the call as it was made, with the headers that the middlewares have set."""
    mocked.post(MESSAGES)
    mocked.get(ORIGIN)

    mocked.assert_not_called()
    async with session(NEW) as client:
        await client.post(MESSAGES, json=BODY, headers={"x-api-key": "k"})
        mocked.assert_called_once_with(
            MESSAGES, method="POST", json=BODY, headers={"x-api-key": "k", "anthropic-beta": NEW}
        )
        with pytest.raises(AssertionError):
            mocked.assert_called_with(MESSAGES, method="POST", json=BODY, headers={"x-api-key": "k"})
        async with aiohttp.ClientSession() as bare:
            await bare.get(ORIGIN)

    mocked.assert_called_with(ORIGIN)
    mocked.assert_any_call(MESSAGES, method="POST")
    with pytest.raises(AssertionError, match="Called 2 times"):
        mocked.assert_not_called()


async def test_a_body_that_a_middleware_replaces(mocked):
    """What is recorded is what would be sent: without the fields that went with the beta."""
    beta = "context-management-2025-06-27"
    refusal = json.loads(json.dumps(REFUSAL).replace(OLD, beta))
    for reply in ({"status": 400, "payload": refusal}, {}) * 2:
        mocked.post(MESSAGES, **reply)
    body = {**BODY, "context_management": {"edits": []}}

    for given in ({"json": body}, {"data": json.dumps(body).encode()}):
        policy = betamw.FallbackPolicy(paired_fields="strip")
        async with session(beta, policy=policy) as client:
            async with client.post(MESSAGES, headers={"content-type": "application/json"}, **given) as response:
                assert 200 == response.status

    as_json, stripped_json, as_data, stripped_data = (call.kwargs for call in calls(mocked))
    assert [body, BODY] == [as_json["json"], stripped_json["json"]]
    assert [body, BODY] == [json.loads(as_data["data"]), json.loads(stripped_data["data"])]


@pytest.mark.parametrize(
    ("put", "recorded"), [(b'{"a": 1}', {"json": {"a": 1}}), (b"\0", {"json": None, "data": b"\0"})]
)
async def test_a_body_that_a_middleware_replaces_with_anything(mocked, put, recorded):
    """It is recorded as JSON where the caller gave JSON and it is still that, else as bytes."""

    async def replace(request, handler):
        await replace_body(request, put)
        return await handler(request)

    mocked.post(MESSAGES)

    async with aiohttp.ClientSession(middlewares=[replace]) as client:
        await client.post(MESSAGES, json=BODY)

    (call,) = calls(mocked)
    assert {"data": None, "allow_redirects": True, **recorded} == call.kwargs


async def test_two_calls_for_one_reply(mocked):
    """Who is slower finds nothing, even if it has begun to send when the reply was still there."""
    mocked.post(MESSAGES, payload={"id": 1})

    async def slow():
        await asyncio.sleep(0)
        yield b"{}"

    async with aiohttp.ClientSession() as client:
        outcomes = await asyncio.gather(*(client.post(MESSAGES, data=slow()) for _ in range(2)), return_exceptions=True)

    assert ["ClientConnectionError", "ClientResponse"] == sorted(type(outcome).__name__ for outcome in outcomes)


async def test_a_body_that_can_be_sent_once(mocked):
    """It is used up as if it were sent, so there is no resend; and it is recorded."""

    async def pieces():
        yield b"one "
        yield b"two"

    mocked.post(MESSAGES, status=400, payload=REFUSAL)
    mocked.post(MESSAGES)

    async with session(OLD) as client:
        async with client.post(MESSAGES, data=pieces()) as response:
            assert 400 == response.status

    assert [b"one two"] == [call.kwargs["data"] for call in calls(mocked)]


async def test_a_file_is_sent_again(mocked):
    """A body that can be sent twice is: each attempt reads it from where it began."""
    mocked.post(MESSAGES, status=400, payload=REFUSAL)
    mocked.post(MESSAGES)
    body = io.BytesIO(b"not this, but this")
    body.seek(10)

    async with session(OLD) as client:
        async with client.post(MESSAGES, data=body) as response:
            attempts = 2 if hasattr(aiohttp.Payload, "consumed") else 1  # aiohttp 3.12.0 closes what it has sent
            assert attempts == betamw.usage(response).attempts

    assert attempts == len(calls(mocked))


async def test_a_file_can_be_read(mocked, tmp_path):
    """What was sent of a file can be read where it is recorded, and by a callback, though aiohttp is done with it."""
    path, seen = tmp_path / "a.txt", []
    path.write_bytes(b"abc")
    mocked.post(MESSAGES, callback=lambda _url, **arguments: seen.append(arguments["data"].read()), repeat=True)

    async with session(NEW) as client:
        with path.open("rb") as file:
            await client.post(MESSAGES, data=file)
        await client.post(MESSAGES, data=io.BytesIO(b"def"))

    assert [b"abc", b"def"] == seen == [call.kwargs["data"].read() for call in calls(mocked)]


async def test_middlewares_of_the_request(mocked):
    """They take the place of the session's, as in aiohttp."""
    mocked.post(MESSAGES, repeat=True)

    async with session(OLD) as client:
        await client.post(MESSAGES, json=BODY, middlewares=[mark])
        await client.post(MESSAGES, json=BODY, middlewares=[])

    assert [{"x-mark": "here"}, {}] == [dict(call.kwargs.get("headers", {})) for call in calls(mocked)]
    assert [False, False] == ["middlewares" in call.kwargs for call in calls(mocked)]


async def test_middlewares_of_others(mocked):
    """The digest authentication of aiohttp answers a challenge, and the chain around it sees one call."""
    challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'
    mocked.post(MESSAGES, status=401, headers={"WWW-Authenticate": challenge})
    mocked.post(MESSAGES)
    digest = aiohttp.DigestAuthMiddleware("user", "password")

    async with aiohttp.ClientSession(middlewares=(*betamw.chain(NEW), digest)) as client:
        async with client.post(MESSAGES, json=BODY) as response:
            assert (200, 1) == (response.status, betamw.usage(response).attempts)

    first, second = (call.kwargs["headers"] for call in calls(mocked))
    assert (False, True) == ("Authorization" in first, second["Authorization"].startswith("Digest username="))
    assert [NEW, NEW] == sent(mocked)


async def test_several_sessions(mocked):
    """Each session runs its own middlewares, also at the same time."""

    async def wait(_url, **_arguments):
        await asyncio.sleep(0)

    mocked.post(MESSAGES, repeat=True, callback=wait)

    async with session(OLD) as one, session(NEW) as other, aiohttp.ClientSession() as bare:
        await asyncio.gather(*(client.post(MESSAGES, json=BODY) for client in (one, other, bare)))

    assert [NEW, OLD, None] == sorted(sent(mocked), key=lambda value: value or "z")


async def test_a_pattern(mocked):
    """URLs may be matched by a pattern, as ever."""
    mocked.post(re.compile(r"^https://api\.anthropic\.com/v1/.*$"), payload={"id": 1})

    async with session(NEW) as client:
        async with client.post(f"{MESSAGES}?beta=true", json=BODY) as response:
            assert {"id": 1} == await response.json()


@pytest.mark.parametrize("settings", [{"passthrough": ["http://127.0.0.1"]}, {"passthrough_unmatched": True}])
async def test_passthrough(settings):
    """What passes through goes to a real server, with what the middlewares have set, and a body that is whole."""

    async def pieces():
        yield json.dumps(BODY).encode()

    async with SimulatedApi() as api:
        chain = betamw.chain(NEW, api=betamw.Api(api.base_url))
        with aioresponses(**settings) as mocked, run_middlewares(mocked):
            async with aiohttp.ClientSession(middlewares=chain) as client:
                async with client.post(f"{api.base_url}/v1/messages", data=pieces()) as response:
                    assert (200, "message") == (response.status, (await response.json())["type"])

    assert [((NEW,), BODY)] == [(request.betas, request.json()) for request in api.requests]


async def test_a_response_class_of_the_users(mocked):
    """The session's own, or the one that is mocked."""

    class Mine(aiohttp.ClientResponse):
        pass

    class Mocked(aiohttp.ClientResponse):
        pass

    mocked.get(ORIGIN)
    mocked.get(ORIGIN, response_class=Mocked)

    async with aiohttp.ClientSession(response_class=Mine) as client:
        assert [Mine, Mocked] == [type(await client.get(ORIGIN)) for _ in range(2)]


async def test_a_closed_session(mocked):
    """A closed session is an error, as without mocks."""
    client = session(NEW)
    await client.close()

    with pytest.raises(RuntimeError, match="Session is closed"):
        await client.get(ORIGIN)


async def test_traces(mocked):
    """Tracing sees one request, as in reality, with all of its attempts inside."""
    mocked.post(MESSAGES, status=400, payload=REFUSAL)
    mocked.post(MESSAGES)
    seen, trace = [], aiohttp.TraceConfig()

    async def note(_session, _context, params):
        seen.append(type(params).__name__)

    trace.on_request_start.append(note)
    trace.on_request_end.append(note)

    async with session(OLD, trace_configs=[trace]) as client:
        await client.post(MESSAGES, json=BODY)

    assert ["TraceRequestStartParams", "TraceRequestEndParams"] == seen


async def test_as_a_decorator():
    """In a function that aioresponses decorates."""

    @aioresponses()
    async def decorated(mocked):
        mocked.post(MESSAGES)
        with run_middlewares(mocked):
            async with session(NEW) as client:
                await client.post(MESSAGES, json=BODY)
        return sent(mocked)

    assert [NEW] == await decorated()


async def test_twice(mocked):
    """A second one changes nothing: each middleware runs once, and the first goes on when the second has ended."""
    mocked.get(ORIGIN, repeat=True)

    async with aiohttp.ClientSession(middlewares=[mark]) as client:
        with run_middlewares(mocked):
            await client.get(ORIGIN)
        await client.get(ORIGIN)

    assert [["here"], ["here"]] == [call.kwargs["headers"].getall("x-mark") for call in calls(mocked, ORIGIN, "GET")]


async def test_all_is_restored():
    """Afterwards aioresponses is as it was, and then aiohttp, whichever ends first."""
    original = aiohttp.ClientSession._request
    with aioresponses() as mocked:
        mock = aiohttp.ClientSession._request
        before = mock.side_effect
        mocked.get(ORIGIN, repeat=True)
        with run_middlewares(mocked):
            async with session() as client:
                await client.get(ORIGIN)
        assert (mock, before) == (aiohttp.ClientSession._request, mock.side_effect)
        assert [False] == ["_build_response" in vars(match) for match in mocked._matches.values()]
        running = run_middlewares(mocked)
        running.__enter__()
    running.__exit__(None, None, None)

    assert original is aiohttp.ClientSession._request


async def test_it_is_restored_after_an_error():
    """An error in the block ends it, too."""
    with aioresponses() as mocked:
        before = aiohttp.ClientSession._request.side_effect
        with pytest.raises(ZeroDivisionError), run_middlewares(mocked):
            raise ZeroDivisionError
        assert before == aiohttp.ClientSession._request.side_effect


@pytest.mark.parametrize("wrong", [None, aioresponses, "mocked"])
def test_a_wrong_argument(wrong):
    """It is said what was given."""
    with pytest.raises(betamw.ConfigError, match="takes the aioresponses object that is started, got"):
        run_middlewares(wrong).__enter__()


def test_not_started():
    """It is said what to do."""
    with pytest.raises(RuntimeError, match="is not started: use run_middlewares inside `with aioresponses"):
        run_middlewares(aioresponses()).__enter__()


def test_ended():
    """One that has ended is not started either."""
    with aioresponses() as mocked:
        pass
    with pytest.raises(RuntimeError, match="is not started"):
        run_middlewares(mocked).__enter__()
