"""What of the outside may be told."""

import datetime as dt
import time

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from betamw.core.beta import Beta
from betamw.core.catalog import CATALOG
from betamw.core.reply import Decision
from betamw.core.telling import discreet, holds_key, in_place_of, may_be_kept, may_be_told, shown, told

KEYS = (
    "sk-ant-api03-x",
    "SK-x",
    "sk_live_x",
    "sk-or-v1-x",
    "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "ABSKQmVkcm9ja0FQSUtleS",
    "bedrock-api-key-YmVkcm9jaw",
    "AIzaSyD",
    "ya29.a0Af",
    "ghp_x",
    "gho_x",
    "github_pat_x",
    "xoxb-x",
)
BEFORE = ("", "x-api-key=", "key:", "Bearer.", "a-", "a_", "Bearer ", '"', "https://user:")


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("before", BEFORE)
def test_a_key_is_known_by_its_beginning(key, before):
    """At the start, and after other words."""
    assert (True, False) == (holds_key(before + key), may_be_told(before + key))


@pytest.mark.parametrize("name", ["task-budgets-2026-03-13", "ask-me", "dusk-1", "risk_x", "xeyJ", "skills-2025-10-02"])
def test_a_word_that_only_ends_like_one_is_no_key(name):
    """The beginning of a key is the beginning of a word."""
    assert (False, True) == (holds_key(name), may_be_told(name))


def test_every_known_beta_may_be_told():
    """Whatever the catalog lists looks like a name."""
    assert [] == [name for name in CATALOG.betas if not may_be_told(name)]


@pytest.mark.parametrize(
    ("names", "kept"),
    [((), True), (("a", "b"), True), (("a", "a/b"), False), (("a", "sk-x"), False), (("x" * 129,), False)],
)
def test_what_a_cache_may_hold(names, kept):
    """Names that may be told."""
    assert kept == may_be_kept(names)


@pytest.mark.parametrize(("count", "kept"), [(128, True), (129, False)])
def test_a_cache_holds_no_long_lists(count, kept):
    """An application that sends thousands of names does not send the same ones all the time."""
    assert kept == may_be_kept([f"a{number}" for number in range(count)])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        ("a b", "'a b'"),
        ("café", r"'caf\xe9'"),
        (None, "None"),
        ("x" * 200, "'" + "x" * 99 + "..."),
        ("https://user:secret@a.example/b", "'...@a.example/b'"),
        ("user:secret@a.example", "'...@a.example'"),
        ("https://a.example/b?key=secret#c", "'https://a.example/b?...'"),
        ("https://a.example/b#secret", "'https://a.example/b#...'"),
        ("https://u:s@a.example?k=s", "'...@a.example?...'"),
        (["https://u:s@a.example", "b"], "['...@a.example', 'b']"),
        ("claude-3@20240620", "'claude-3@20240620'"),
        ("sk-ant-api03-x", "a value of class str that holds what looks like a key"),
        (["a", "Bearer eyJx"], "a value of class list that holds what looks like a key"),
        (b"key=AKIAX", "a value of class bytes that holds what looks like a key"),
    ],
    ids=repr,
)
def test_what_an_error_shows(value, text):
    """What was given, as far as it helps and is no secret."""
    assert text == shown(value)


@pytest.mark.parametrize("text", ["@" * 2**20, "a" * 2**20, ":" * 2**20, "://" * 2**18, "sk" * 2**19, "a:" * 2**19])
def test_an_error_about_a_long_text_takes_no_time(text):
    """A megabyte of anything, in a small part of a second."""
    start = time.perf_counter()
    shown(text)
    assert time.perf_counter() - start < 1


class Foreign:
    """Of somebody else's making, and talkative."""

    def __repr__(self):
        return "Foreign(secret)"


@attrs.frozen(field_transformer=discreet)
class Value:
    """A value as ours are, but for its module."""

    names: object
    path: str = attrs.field(default="/a b", repr=repr)
    hidden: str = attrs.field(default="x", repr=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("files-api-2025-04-14", "'files-api-2025-04-14'"),
        ("", "''"),
        ("a b", "<invalid len=3>"),
        ("sk-x", "<invalid len=4>"),
        (b"secret", "<6 bytes>"),
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        (Decision.RESEND, repr(Decision.RESEND)),
        (dt.date(2025, 1, 1), "datetime.date(2025, 1, 1)"),
        ((), "()"),
        (("a",), "('a',)"),
        (["a", "sk-x"], "['a', <invalid len=4>]"),
        (frozenset({"sk-x"}), "[<invalid len=4>]"),
        ({"a": "b c"}, "{'a': <invalid len=3>}"),
        ({"a": ({"sk-x": b""},)}, "{'a': ({<invalid len=4>: <0 bytes>},)}"),
        (tuple("a" * 60), f"({', '.join(['a'.__repr__()] * 50)}, ...)"),
        (Beta.parse("sk-x"), "Beta(name=<invalid len=4>, family=<invalid len=4>, date=None)"),
        (Foreign(), "<Foreign>"),
        (Value("a"), "<Value>"),
        (print, "<builtin_function_or_method>"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else type(value).__name__,
)
def test_what_a_repr_tells(value, text):
    """Names that may be told, and of everything else what it is."""
    assert text == told(value)


def test_a_discreet_class_tells_its_fields():
    """A field with a way of its own keeps it; one that is not shown is not shown."""
    assert "Value(names=['a', <invalid len=3>], path='/a b')" == repr(Value(["a", "b c"]))


@given(st.text())
def test_what_stands_in_place_of_a_name_is_none(name):
    """It cannot be taken for a beta, and holds nothing of the name but its length."""
    assert (False, f"<invalid len={len(name)}>") == (may_be_told(in_place_of(name)), in_place_of(name))
