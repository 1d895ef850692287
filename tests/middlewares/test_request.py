"""What can be known of a request: who sends it; and another body for it."""

from types import SimpleNamespace

import pytest
from multidict import CIMultiDict

from betamw.middlewares.request import hashed, replace_body

KEY = bytes(32)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (("k", ""), ("k", ""), True),
        (("k", ""), ("", "k"), False),
        (("k", ""), ("l", ""), False),
        (("", "AWS4-HMAC-SHA256 Credential=A/1"), ("", "AWS4-HMAC-SHA256 Credential=A/2"), True),
        (("", "AWS4-HMAC-SHA256 Credential=A/1"), ("", "AWS4-HMAC-SHA256 Credential=B/1"), False),
        (("\udc80", ""), ("\udc81", ""), False),
    ],
)
def test_accounts_are_told_apart(one, two, same):
    """By what authenticates them, in whichever header, and whatever bytes it has."""
    assert same == (hashed(one, KEY) == hashed(two, KEY))


def test_a_hash_is_of_its_key():
    """Another memory cannot compare it, and the secret is not in it."""
    secret = "sk-ant-secret"
    one, two = hashed((secret, ""), KEY), hashed((secret, ""), bytes([1] * 32))
    assert (False, 32, False) == (one == two, len(one), secret in one)


async def test_a_body_is_replaced_as_aiohttp_did_it_first():
    """Version 3.12.0 had no `update_body`; the length of the old body must not stay in the headers."""

    class Request(SimpleNamespace):
        def update_body_from_data(self, content):
            self.body = content

    request = Request(headers=CIMultiDict({"Content-Length": "9"}), body=b"old")
    await replace_body(request, b"new")
    assert (b"new", {}) == (request.body, dict(request.headers))
