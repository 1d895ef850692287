"""The model that a JSON body names."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from betamw.core.model import is_model_name, model_in_scope, model_of, model_told

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("body", "model"),
    [
        (b'{"model": "claude-sonnet-4-5", "messages": []}', "claude-sonnet-4-5"),
        (b' \n{"messages": [{"model": "inner"}], "model": "outer"}', "outer"),
        (b'{"model": "caf\\u00e9"}', "caf\xe9"),
        ('{"model": "caf\xe9"}'.encode(), "caf\xe9"),
        (b'{"model": ""}', ""),
        (b'{"model": null}', None),
        (b"{}", None),
        (b'{"Model": "x"}', None),
        (b'{"params": {"model": "x"}}', None),
    ],
)
def test_the_model_of_a_body(body, model):
    """It is the string at the top of the object, wherever in it."""
    assert model == model_of(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"model"',
        b'[{"model": "x"}]',
        b'{"model": 5}',
        b'{"model": ["x"]}',
        b'{"model": {"name": "x"}}',
        b'{"model": "x"',
        b'{"model": "x"} trailing',
        b'{"model": "\\ud800"}',
        b'{"model": "\xff"}',
        b'{"model": "x", "a": "\xff\xfe"}'[:-1],
        b"--boundary\r\nContent-Disposition: form-data\r\n",
        b"\x1f\x8b\x08\x00",
        b"\xef\xbb\xbf{}",
        b'{"a":' + b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=lambda body: ascii(body)[:24],
)
def test_a_body_that_names_no_model(body):
    """Bytes of another kind, broken or hostile ones have no model, and nothing is raised."""
    assert model_of(body) is None


@given(body=st.binary(max_size=64))
def test_no_bytes_raise(body):
    """A body may be anything."""
    model_of(body)


@given(body=st.dictionaries(st.text(max_size=5), JSON, max_size=4), model=JSON)
def test_any_object_may_hold_a_model(body, model):
    """What else is in the body does not matter."""
    expected = model if isinstance(model, str) else None
    assert expected == model_of(json.dumps({**body, "model": model}).encode())


def test_a_model_is_known_by_its_beginning():
    """It is part of the memory's key, and a caller that makes up long names must not fill the memory."""
    assert "m" * 256 == model_of(b'{"model": "' + b"m" * 2**20 + b'"}')


@pytest.mark.parametrize(
    "model",
    [
        None,
        "claude-opus-4-5",
        "claude@20240620",
        "us.anthropic.claude v1:0",
        "anthropic/claude",
        "arn:aws:x/y",
        "克劳德",
    ],
)
def test_a_model_in_a_scope(model):
    """It is known by its name."""
    assert model == model_in_scope(model, b"key")


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (None, None),
        ("claude-opus-4-5", True),
        ("claude-opus-4@20250514", True),
        ("anthropic/claude-opus-5", True),
        ("m" * 128, True),
        ("m" * 129, None),
        ("a b", None),
        ("a\nb", None),
        ("", None),
        ("sk-ant-api03-x", None),
        ("openrouter/sk-ant-api03-x", None),
    ],
)
def test_a_model_in_a_log(model, told):
    """It is told if it looks like the name of one, and nothing else is."""
    assert (model if told else None) == model_told(model)


@pytest.mark.parametrize("model", ["", "a\nb", "sk-ant-api03-x", "eyJx.y", "x-api-key: sk-x"])
def test_what_can_be_no_model_is_known_by_a_hash(model):
    """Something else stood in its place, perhaps a secret: told apart from others, under this memory's key."""
    hashed = model_in_scope(model, b"key")
    assert (False, 34, "<") == (is_model_name(model), len(hashed), hashed[0])
    assert (hashed, True) == (model_in_scope(model, b"key"), hashed != model_in_scope(model, b"another"))
    assert hashed != model_in_scope(f"{model} ", b"key")
