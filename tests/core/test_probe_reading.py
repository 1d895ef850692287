"""What replies say to a probe."""

import json

import pytest

from betamw.core.probe.finding import Reading
from betamw.core.probe.reading import NoUse, read_reply

SENT = ("context-1m-2025-08-07", "effort-2025-11-24")
JSON = "application/json"
SECRET = "gateway-key-1"


def read(status, body=b"{}", content_type=JSON):
    return read_reply(status, body, content_type=content_type, sent=SENT, header="anthropic-beta", secret=SECRET)


def error(message, kind="invalid_request_error"):
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (200, b'{"input_tokens": 1}', JSON),
        (200, b"[]", ""),
        (201, b"\n{}", "text/plain"),
        (204, b"", ""),
        (200, b"", JSON),
        (200, b"event: ping\n\n", "text/event-stream; charset=utf-8"),
        (200, b"\x00", "application/octet-stream"),
    ],
)
def test_accepted(status, body, content_type):
    """A success of the kind that an API has accepts what was sent."""
    assert Reading(kind="accepted") == read(status, body, content_type)


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (200, b"<html>", "text/html"),
        (200, b"<html>", JSON),
        (200, b"OK", "text/plain"),
        (200, b"", "text/html"),
        (400, b"<html>", "text/html; charset=utf-8"),
    ],
)
def test_no_api(status, body, content_type):
    """A page for people accepts and refuses nothing."""
    reply = read(status, body, content_type)

    assert isinstance(reply, NoUse)
    assert "does not look like the API" in reply.reason


@pytest.mark.parametrize("status", [400, 422])
def test_named(status):
    """A refusal that names betas."""
    reply = read(status, error("Unexpected value(s) `effort-2025-11-24` for the `anthropic-beta` header."))

    assert ("refused", ("effort-2025-11-24",)) == (reply.kind, reply.betas)
    assert reply.message.startswith(f"HTTP {status}: 'Unexpected value(s)")


def test_unnamed():
    """A refusal that names none."""
    expected = Reading(kind="refused", message="HTTP 400: 'invalid beta flag'")

    assert expected == read(400, b'{"message": "invalid beta flag"}')


def test_another_reason():
    """A request that fails for another reason."""
    expected = Reading(kind="other", message="HTTP 400: 'max_tokens: Field required'")

    assert expected == read(400, error("max_tokens: Field required"))


@pytest.mark.parametrize(
    ("status", "later", "words"),
    [
        (302, False, "redirects"),
        (401, False, "the key is refused"),
        (403, False, "the key is refused"),
        (404, False, "no such endpoint"),
        (405, False, "method"),
        (418, False, "HTTP 418"),
        (431, False, "too large"),
        (429, True, "HTTP 429"),
        (500, True, "HTTP 500"),
        (529, True, "HTTP 529"),
    ],
)
def test_no_use(status, later, words):
    """What says nothing about betas says why, and whether it is of use to ask again."""
    reply = read(status, error("so it is", "some_error"))

    assert isinstance(reply, NoUse)
    assert later == reply.later
    assert words in reply.reason


@pytest.mark.parametrize("status", [400, 401, 529])
@pytest.mark.parametrize(
    "message", [f"invalid x-api-key: {SECRET}", "bad key sk-ant-api03-abcdef", "\x1b[2J\nat once", "long " * 400]
)
def test_what_is_shown(status, message):
    """What a server says is one short line of plain text, with no key in it: neither ours nor what looks like one."""
    reply = read(status, error(message))
    text = reply.reason if isinstance(reply, NoUse) else reply.message

    assert text.isprintable()
    assert text.isascii()
    assert len(text) < 250
    assert SECRET not in text
    assert "sk-ant" not in text


def test_the_key_in_a_content_type():
    """The key is not shown where the server repeats it elsewhere than in a message, either."""
    expected = NoUse("this does not look like the API: HTTP 200 with a text with the key in it")

    assert expected == read(200, b"<html>", f"text/{SECRET}")


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * 60_000, b'{"error": 1}', b'{"error": {"message": {}}}'])
@pytest.mark.parametrize("status", [400, 401, 500])
def test_any_body(status, body):
    """A body that is no error of an API is none, and no trouble."""
    reply = read(status, body)

    assert f"HTTP {status}" in (reply.reason if isinstance(reply, NoUse) else reply.message)
