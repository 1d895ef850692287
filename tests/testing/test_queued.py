"""Literal replies that wait for their request."""

import pytest

from betamw.testing import SimulatedApi

pytestmark = pytest.mark.asyncio


async def test_respond_next(send):
    """A queued reply is sent as it is, once, before anything else is looked at."""
    async with SimulatedApi(refuses=["a"]) as api:
        api.respond_next(418, b"{ }", {"X-Tea": "1", "Request-Id": "mine"}, "text/x-tea")
        got = [await send(api, "a"), await send(api, "a")]

    assert (418, b"{ }") == (got[0].status, got[0].body)
    assert [("X-Tea", "1"), ("Request-Id", "mine"), ("Content-Type", "text/x-tea")] == list(got[0].headers.items())[:3]
    assert ["mine"] == got[0].headers.getall("request-id")
    assert 400 == got[1].status


@pytest.mark.parametrize(("body", "expected"), [("é", "é".encode()), ({"a": [1]}, b'{"a":[1]}'), (None, b"")])
async def test_respond_next_body(send, body, expected):
    """A body may be a text or anything that JSON can write."""
    async with SimulatedApi() as api:
        api.respond_next(body=body, content_type="text/plain")
        got = await send(api)

    assert (200, expected) == (got.status, got.body)


async def test_respond_next_order(send):
    """Queued replies go out in their order; `after` lets requests pass before."""
    async with SimulatedApi(refuses=["a"]) as api:
        api.respond_next(529, after=1)
        api.respond_next(204)
        got = [await send(api, "a") for _ in range(3)]

    assert [204, 529, 400] == [each.status for each in got]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(529, "overloaded_error"), (429, "rate_limit_error"), (418, "invalid_request_error"), (503, "api_error")],
)
async def test_respond_next_error(send, status, kind):
    """A queued error without a body has the API's error body."""
    async with SimulatedApi() as api:
        api.respond_next(status)
        got = await send(api)

    assert (status, kind, got.headers["request-id"]) == (
        got.status,
        got.decoded["error"]["type"],
        got.decoded["request_id"],
    )
