"""`assert_sent`: one line that says which betas reached the wire, and in how many attempts."""

import re

import pytest

import betamw
from betamw.testing import SimulatedApi

KEY = "sk-ant-api03-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


async def test_after_one_attempt(send):
    """One attempt is the default, and the order is nobody's business."""
    async with SimulatedApi() as api:
        await send(api, "b, a")

        api.assert_sent("a", "b")
        assert [("b", "a")] == api.sent


async def test_after_a_resend(send):
    """What counts is the last attempt."""
    async with SimulatedApi() as api:
        await send(api, "a, b")
        await send(api, "b")

        api.assert_sent("b", attempts=2)
        assert [("a", "b"), ("b",)] == api.sent


async def test_nothing_was_sent():
    """That, too, can be asserted."""
    async with SimulatedApi() as api:
        api.assert_sent(attempts=0)


@pytest.mark.parametrize(
    ("betas", "attempts", "text"),
    [
        ((), 1, "expected 1 request, the last with no betas; 2 arrived:"),
        (("b", "b"), 2, "expected 2 requests, the last with b, b; 2 arrived:"),
        (("b",), 1, "expected 1 request, the last with b; 2 arrived:"),
        (("c", "b"), 2, "expected 2 requests, the last with c, b; 2 arrived:"),
        ((), 0, "expected none; 2 arrived:"),
    ],
)
async def test_something_else(send, betas, attempts, text):
    """The failure says what was expected, and lists what has arrived."""
    async with SimulatedApi() as api:
        await send(api, "a", "b")
        await send(api, "b", path="/v1/messages/count_tokens?beta=true")

        with pytest.raises(AssertionError) as raised:
            api.assert_sent(*betas, attempts=attempts)

    lines = ["  POST /v1/messages: a, b", "  POST /v1/messages/count_tokens: b"]
    assert [text, *lines] == str(raised.value).splitlines()


async def test_no_request():
    """Where nothing has arrived there is nothing to list."""
    async with SimulatedApi() as api:
        with pytest.raises(AssertionError, match=r"^expected 1 request, the last with a; 0 arrived$"):
            api.assert_sent("a")


async def test_of_one_path(send):
    """Requests elsewhere do not count; a template may be given, as in rules."""
    async with SimulatedApi() as api:
        await send(api, path="/v1/models", method="GET")
        await send(api, "a", path="/v1/models/claude-opus-5", method="GET")
        await send(api, "b")

        api.assert_sent("a", path="/v1/models/{model_id}")
        with pytest.raises(AssertionError) as raised:
            api.assert_sent("a", path="/v1/files")

    assert [
        "expected 1 request to /v1/files, the last with a; 0 arrived",
        "elsewhere:",
        "  GET /v1/models: no betas",
        "  GET /v1/models/claude-opus-5: a",
        "  POST /v1/messages: b",
    ] == str(raised.value).splitlines()


async def test_a_failure_tells_no_secret(send):
    """A key that was pasted into the beta header or into a path is not shown."""
    async with SimulatedApi() as api:
        await send(api, KEY, path=f"/v1/files/{KEY}")

        with pytest.raises(AssertionError) as raised:
            api.assert_sent("a")

    assert KEY not in str(raised.value)
    assert f"<invalid len={len(KEY)}>" in str(raised.value)


@pytest.mark.parametrize(
    ("betas", "more", "text"),
    [
        ((["a", "b"],), {}, "got ['a', 'b']"),
        (("a,b",), {}, "beta of assert_sent"),
        ((), {"attempts": -1}, "attempts must be >= 0, got -1"),
        (("a",), {"attempts": 0}, "attempts must be >= 1 where betas are expected, got 0"),
        ((), {"attempts": "2"}, "attempts must be an int >= 0, got '2'"),
        ((), {"path": "v1"}, "path"),
    ],
)
def test_a_wrong_argument(betas, more, text):
    """It is no failure of the test, but an error in it."""
    with pytest.raises(betamw.BetaError, match=re.escape(text)):
        SimulatedApi().assert_sent(*betas, **more)
