"""Which betas the simulated API refuses, and what it says."""

import asyncio

import pytest

from betamw.testing import Refusal, SimulatedApi

pytestmark = pytest.mark.asyncio

HINT = "Please consult our documentation at platform.claude.com/docs or try again without the header."


async def test_accepts_by_default(send):
    """A beta that nobody refuses is accepted, whatever its name."""
    async with SimulatedApi() as api:
        got = await send(api, "no-such-beta-2099-01-01")

    assert 200 == got.status


async def test_refuses_by_name(send):
    """A refused beta is a 400 in the API's own words and envelope."""
    async with SimulatedApi(refuses=["a-2025-01-01"]) as api:
        got = await send(api, "b-2025-01-01,a-2025-01-01")

    assert 400 == got.status
    assert {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": f"Unexpected value(s) `a-2025-01-01` for the `anthropic-beta` header. {HINT}",
        },
        "request_id": got.headers["request-id"],
    } == got.decoded


async def test_names_all_refused(send):
    """All refused betas are named at once: in the order sent, without repeats."""
    async with SimulatedApi(refuses=["a", "b"]) as api:
        got = await send(api, "b, c ,a", "b")

    assert f"Unexpected value(s) `b`, `a` for the `anthropic-beta` header. {HINT}" == got.message


async def test_one_at_a_time(send):
    """`one_at_a_time` names only the first of the refused betas."""
    async with SimulatedApi(refuses=["a", "b"], one_at_a_time=True) as api:
        got = await send(api, "b,a")

    assert f"Unexpected value(s) `b` for the `anthropic-beta` header. {HINT}" == got.message


async def test_reads_all_lines(send):
    """A refused beta is found in any line of the header, with whitespace around it."""
    async with SimulatedApi(refuses=["a"]) as api:
        got = await send(api, "b", "c,\t a ,")

    assert 400 == got.status


async def test_whole_names_only(send):
    """A beta whose name only begins or ends like a refused one is accepted, and so is one in another case."""
    async with SimulatedApi(refuses=["beta-a"]) as api:
        got = await send(api, "beta-ab,xbeta-a,Beta-A")

    assert 200 == got.status


async def test_refuses_by_pattern(send):
    """An fnmatch pattern refuses every beta that it matches."""
    async with SimulatedApi(refuses=["context-1m-*"]) as api:
        got = await send(api, "files-api-2025-04-14,context-1m-2025-08-07")

    assert f"Unexpected value(s) `context-1m-2025-08-07` for the `anthropic-beta` header. {HINT}" == got.message


async def test_empty_header(send):
    """A beta header that names nothing is refused, as the SDK's `betas=[]` sends it."""
    async with SimulatedApi() as api:
        got = [await send(api, ""), await send(api, " , ")]

    assert 2 * [(400, f"Unexpected value(s) `` for the `anthropic-beta` header. {HINT}")] == [
        (each.status, each.message) for each in got
    ]


async def test_refuse_while_running(send):
    """`refuse` retires a beta from the next request on."""
    async with SimulatedApi() as api:
        before = await send(api, "a")
        api.refuse("a")
        after = await send(api, "a")

    assert (200, 400) == (before.status, after.status)


async def test_accept_while_running(send):
    """`accept` brings a beta back, also one that a pattern refuses; the pattern still holds for others."""
    async with SimulatedApi(refuses=["a-*"]) as api:
        api.accept("a-1")
        got = [await send(api, "a-1"), await send(api, "a-2")]

    assert [200, 400] == [each.status for each in got]


async def test_last_word_counts(send):
    """A beta that was accepted can be refused again."""
    async with SimulatedApi(refuses=["a"]) as api:
        api.accept("a")
        api.refuse("a")
        got = await send(api, "a")

    assert 400 == got.status


async def test_only_for_a_path(send):
    """A refusal with a path template holds at that path and below it."""
    async with SimulatedApi(refuses=[Refusal("a", path="/v1/files/{file_id}")]) as api:
        paths = ["/v1/files", "/v1/files/file_1?limit=1", "/v1/files/file_1/content", "/v1/messages/batches/b"]
        got = [await send(api, "a", path=path, method="GET") for path in paths]

    assert [200, 400, 400, 200] == [each.status for each in got]


async def test_only_for_a_model(send):
    """A refusal with a model holds for that model in the JSON body; a body that is no JSON has no model."""
    async with SimulatedApi(refuses=[Refusal("a", model="m1")]) as api:
        got = [
            await send(api, "a", json={"model": "m1"}),
            await send(api, "a", json={"model": "m2"}),
            await send(api, "a", json=["m1"]),
            await send(api, "a", data=b"m1"),
        ]

    assert [400, 200, 200, 200] == [each.status for each in got]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-api-key": "k1"}, 400),
        ({"X-Api-Key": "k2"}, 200),
        ({"Authorization": "Bearer k1"}, 400),
        ({"authorization": "bearer  k1"}, 400),
        ({"Authorization": "Bearer k2"}, 200),
        ({"Authorization": "Basic k1"}, 200),
        ({}, 200),
    ],
)
async def test_only_for_a_key(send, headers, status):
    """A refusal with an API key holds for that `x-api-key` or bearer token."""
    async with SimulatedApi(refuses=[Refusal("a", api_key="k1")]) as api:
        got = await send(api, "a", headers=headers)

    assert status == got.status


async def test_other_header(send):
    """Another API's beta header is read, and named in the refusal; `anthropic-beta` means nothing then."""
    async with SimulatedApi(refuses=["a"], header="X-Beta") as api:
        got = [await send(api, "a"), await send(api, headers={"x-beta": "a"})]

    assert 200 == got[0].status
    assert f"Unexpected value(s) `a` for the `X-Beta` header. {HINT}" == got[1].message


async def test_refusal_comes_first(send):
    """A refused beta is said before a missing one, a clash, a gated field and an unknown path."""
    async with SimulatedApi(refuses=["a"]) as api:
        got = [
            await send(api, "a", path="/v1/agents"),
            await send(api, "a", json={"context_management": {}}),
            await send(api, "a", path="/v1/nowhere"),
        ]

    assert 3 * [f"Unexpected value(s) `a` for the `anthropic-beta` header. {HINT}"] == [each.message for each in got]


async def test_concurrent_calls(send):
    """Concurrent calls get each their own verdict, and a request id of their own."""
    async with SimulatedApi(refuses=["a"]) as api:
        got = await asyncio.gather(*(send(api, "ab"[number % 2]) for number in range(20)))

    assert [400, 200] * 10 == [each.status for each in got]
    assert 20 == len({each.headers["request-id"] for each in got})
