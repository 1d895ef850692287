"""What is left of an error reply when its wrappers are taken off."""

import json
import sys
from pathlib import Path

import pytest

from betamw.core.rejection import Rejection, error_type, read_rejection
from betamw.core.reply_prose import normalised
from betamw.core.reply_text import MAX_BODY, read_texts

INVENTED = json.loads((Path(__file__).parents[1] / "corpus" / "invented_replies.json").read_text(encoding="utf-8"))
SENT = tuple(INVENTED["sent"])
REFUSAL = "invalid beta flag"


@pytest.mark.parametrize(("body", "betas"), INVENTED["named_bodies"])
def test_a_wrapped_refusal_is_read(body, betas):
    """Whatever a relay makes of the reply, the betas in it are found."""
    rejection = read_rejection(400, body.encode(), SENT)
    assert rejection is not None
    assert tuple(beta for beta in SENT if beta in betas) == rejection.betas


@pytest.mark.parametrize("body", INVENTED["unnamed_bodies"])
def test_a_wrapped_refusal_without_a_name_is_read(body):
    """Whatever a relay makes of the reply, it stays an unnamed rejection."""
    assert Rejection((), "invalid-flag", named=False) == read_rejection(400, body.encode(), SENT)


@pytest.mark.parametrize("body", INVENTED["other_bodies"])
def test_a_reply_that_refuses_no_beta_is_not_ours(body):
    """Quoted text, other kinds of errors and errors of the body drop nothing."""
    assert read_rejection(400, body.encode(), SENT) is None


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (b"", ()),
        (b"  plain \n", ("plain",)),
        (b"\xef\xbb\xbfplain", ("plain",)),
        (b"pl\xffain", ("pl\ufffdain",)),
        (b'"quoted"', ("quoted",)),
        (b'"quoted" and more', ('"quoted" and more',)),
        (b'{"message": "a", "detail": ["b", {"msg": "c"}]}', ("a", "b", "c")),
        (b'{"Message": "a", "content": "b", "input": {"message": "c"}}', ("a",)),
        (b'{"message": null, "error": 1, "reason": true}', ()),
        (b'{"message": "line\nline"}', ("line\nline",)),
        (b'{"message": "Error: {\\"message\\": \\"a\\"}. Received Model Group=m"}', ("Error:", "a")),
        (b'{"message": "He said {\\"message\\": \\"a\\"}"}', ('He said {"message": "a"}',)),
        (b"Error: {'message': 'it\\'s \"a\"', 'code': None, 'x': \"b\"}", ("Error:", 'it\'s "a"')),
        (b"Error: {'message': '\\x41\\u0042\\n\\\\'}", ("Error:", "AB\n\\")),
        (b"Error: {'message': 'cut", ("Error: {'message': 'cut",)),
        (b'Error: {\\"message\\": \\"a\\"}', ("Error:", "a")),
        (b'Error: "{\\"message\\": \\"a\\"}"', ("Error:", "a")),
        (b'Error: {"message": "cut', ('Error: {"message": "cut',)),
        (b'event: error\r\ndata: {"message":\r\ndata: "a"}\r\n\r\ndata: [DONE]\r\n\r\n', ("[DONE]", "a")),
        (b'{"param": "anthropic-beta", "message": "a"}', ("a", "anthropic-beta: a")),
        (b'{"loc": ["header", "anthropic-beta"], "msg": "a"}', ("a", "anthropic-beta: a")),
        (b'{"loc": [1, 2], "msg": "a"}', ("a",)),
        (b'{"loc": ["body", "messages", 0], "msg": "a"}', ()),
        (b'{"param": "messages[0].content", "message": "a"}', ()),
        (b'{"instancePath": "/messages/0/content", "message": "a"}', ()),
        (b'{"path": "/v1/messages", "message": "a"}', ("a", "/v1/messages: a")),
        (b'{"message": "Guardrail intervened", "details": "a"}', ()),
        (b'{"error": {"upstream": {"message": "a"}}}', ("a",)),
        (b'{"type": "rate_limit_error", "message": "a"}', ()),
        (b'{"error": {"code": 429, "message": "a"}}', ()),
        (b"<html>a</html>", ()),
        (b"\n <!doctype html>", ()),
    ],
)
def test_texts_of_a_reply(body, texts):
    """Error-like keys are opened, outermost first, and nothing else."""
    assert texts == read_texts(body)


def test_a_reply_of_64_kib_is_read():
    """The bound itself is within it."""
    body = REFUSAL.encode().ljust(MAX_BODY)
    assert Rejection((), "invalid-flag", named=False) == read_rejection(400, body, SENT)


def test_a_longer_reply_is_not_read():
    """One byte more is too much."""
    assert read_rejection(400, REFUSAL.encode().ljust(MAX_BODY + 1), SENT) is None


def test_json_that_is_nested_too_deep_is_text():
    """The decoder's limit is not the caller's problem."""
    body = b'{"error":' * 7000
    assert (body.decode(),) == read_texts(body)


def test_json_in_json_is_decoded_to_a_bounded_depth():
    """A text may be wrapped for ever; it is unwrapped more than the dozen times that occur."""
    text = "core"
    for _ in range(30):
        text = f"Error: {{'message': {text!r}}}" if len(text) < 8000 else text
    assert ("Error:", "core") == (read_texts(text.encode())[0], read_texts(text.encode())[-1])


def test_a_reply_of_many_errors_is_read_in_part():
    """Nobody needs the hundredth error, and the walk has to end."""
    assert 64 >= len(read_texts(json.dumps({"errors": [["a"] * 60] * 60}).encode()))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"type": "error", "error": {"type": "invalid_request_error", "message": "m"}}', "invalid_request_error"),
        (b'{"error": {"type": "aws.invoke-error_1"}}\n', "aws.invoke-error_1"),
        (b'{"error": {"type": "invalid_request_error", "message": "\xff"}}', "invalid_request_error"),
        (b'{"error": {"type": ""}}', None),
        (b'{"error": {"type": "<nil>"}}', None),
        (b'{"error": {"type": null}}', None),
        (b'{"error": {"type": "line\\nline"}}', None),
        (b'{"error": {"type": "ends\\n"}}', None),
        (b'{"error": {"type": "' + b"a" * 64 + b'"}}', "a" * 64),
        (b'{"error": {"type": "' + b"a" * 65 + b'"}}', None),
        (b'{"error": "invalid_request_error"}', None),
        (b'{"type": "error"}', None),
        (b'[{"error": {"type": "a"}}]', None),
        (b"{" * 60000, None),
        (b"not JSON", None),
        (b"", None),
    ],
)
def test_error_type(body, kind):
    """The outer envelope's type, when it is fit to be logged."""
    assert kind == error_type(body)


def test_small_letters_stand_where_the_letters_stood():
    """A sentence is found in small letters, and its names are taken from the text: no letter may become two."""
    text = normalised("".join(map(chr, range(sys.maxunicode + 1))))
    assert len(text) == len(text.lower())
