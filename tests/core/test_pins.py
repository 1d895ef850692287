"""Pins: what the user says is refused, whatever servers answer."""

import itertools
import math

import pytest

from betamw.core.errors import ConfigError, InvalidBetaError
from betamw.core.memory import NOTHING, Recall, Scope, Verdict, Verdicts
from betamw.memory import RejectionMemory

API = "https://api.anthropic.com"
HERE = Scope(API, "/v1/messages", "claude-x", "me")
LEFT_OUT = Recall(left_out=("a",))


class Caller:
    """Stands for a call."""


ONE, TWO = Caller(), Caller()


def pinned(**where):
    """A memory in which one beta is pinned."""
    memory = Verdicts(remember_for=100.0, max_entries=3)
    memory.pin("a", **where)
    return memory


def recalled(memory, scope=HERE, now=0.0):
    return memory.recall(scope, ["a", "b"], now, holder=ONE)


# What a pin does.


def test_a_pinned_beta_is_left_out():
    """Of any call, and it counts as refused, in a search as well."""
    assert (LEFT_OUT, True) == (recalled(pinned()), pinned().refuses(HERE, "a", 0.0))


@pytest.mark.parametrize("now", [0.0, 100.0, 1e12])
def test_a_pin_does_not_expire(now):
    """And is never probed."""
    memory = pinned()
    memory.learn(HERE, ["a"], 0.0)
    assert LEFT_OUT == recalled(memory, now=now)


def test_a_success_does_not_clear_a_pin():
    """Nor does anything else that a call reports."""
    memory = pinned()
    memory.suspect(HERE, ["a"], 0.0, holder=TWO)
    memory.release(HERE, ["a"], holder=TWO)
    assert ((), LEFT_OUT) == (memory.clear(HERE, ["a"]), recalled(memory))


@pytest.mark.parametrize(
    "wide", [*itertools.product((False, True), repeat=3)], ids=lambda wide: "".join("x-"[any_] for any_ in wide)
)
@pytest.mark.parametrize("changed", [None, "origin", "endpoint", "model", "credential"])
def test_where_a_pin_holds(wide, changed):
    """Where all agrees that it names; for every account, and what it does not name may be anything."""
    where = {
        name: None if any_ else getattr(HERE, name)
        for name, any_ in zip(("origin", "endpoint", "model"), wide, strict=True)
    }
    scope = Scope(**{name: "else" if name == changed else getattr(HERE, name) for name in Scope.__match_args__})
    holds = changed in (None, "credential") or where[changed] is None
    assert (LEFT_OUT if holds else NOTHING) == recalled(pinned(**where), scope)


@pytest.mark.parametrize(("model", "expected"), [(None, LEFT_OUT), ("claude-x", NOTHING)])
def test_a_body_without_a_model(model, expected):
    """A pin for a model does not hold for it, one for any model does."""
    assert expected == recalled(pinned(model=model), Scope(API, "/v1/files", None, "me"))


def test_several_pins_of_a_beta():
    """Each holds for itself."""
    memory = pinned(model="m")
    memory.pin("a", model="claude-x")
    memory.pin("a", model="claude-x")
    assert (LEFT_OUT, 2) == (recalled(memory), memory.forget("a"))


# Showing and forgetting.


def test_whether_there_are_pins():
    """Where there are none this is false, and costs nothing to ask."""
    memory = Verdicts()
    seen = [bool(memory.pins)]
    memory.pin("a")
    seen.append(bool(memory.pins))
    memory.forget("b")
    seen.append(bool(memory.pins))
    memory.forget("a")
    seen.append(bool(memory.pins))
    assert [False, True, True, False] == seen


def test_pins_are_listed():
    """Before the verdicts, for ever, for any credential; they take no room from these."""
    memory = pinned(endpoint="/v1/messages")
    memory.learn(HERE, ["b"], 0.0)
    expected = (Verdict(Scope(None, "/v1/messages", None, None), "a", math.inf), Verdict(HERE, "b", 100.0))
    assert (expected, 1) == (memory.verdicts(), len(memory))


@pytest.mark.parametrize(("beta", "count", "left"), [("a", 2, 1), ("b", 1, 2), ("x", 0, 3), (None, 3, 0)])
def test_forget(beta, count, left):
    """Pins and verdicts of a beta, or all there are."""
    memory = pinned()
    memory.pin("b")
    memory.learn(HERE, ["a"], 0.0)
    assert (count, left) == (memory.forget(beta), len(memory.verdicts()))


def test_pins_are_bounded():
    """There is no telling which of them could go, so the one too many is refused; one that is there is not."""
    memory = pinned()
    memory.pin("a", model="m")
    memory.pin("b")
    with pytest.raises(ConfigError) as caught:
        memory.pin("c")
    memory.pin("a", model="m")
    assert ("there must be no more than max_entries=3 pins, got one more", 3) == (
        str(caught.value),
        len(memory.verdicts()),
    )


# What can be pinned.


@pytest.mark.parametrize("memory", [Verdicts, RejectionMemory])
@pytest.mark.parametrize("beta", ["", "a b", "a,b", "ä", None, 5, ("a",)])
def test_a_beta_is_checked(memory, beta):
    """At once, like everywhere."""
    with pytest.raises(InvalidBetaError):
        memory().pin(beta)


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ({"endpoint": "v1/messages"}, "endpoint must be segments like /v1/files/{file_id}, .*, got 'v1/messages'"),
        ({"endpoint": "/v1/messages?beta=true"}, "endpoint must be segments"),
        ({"endpoint": ""}, "endpoint must be segments"),
        ({"endpoint": 5}, "endpoint must be segments like .*, got 5"),
        ({"model": ""}, "model must be None or the name of a model, got ''"),
        ({"model": 5}, "model must be None or the name of a model, got 5"),
        ({"model": "a\nb"}, r"model must be .*, got 'a\\nb'"),
        ({"model": "\ud800"}, "model must be"),
        (
            {"origin": "api.anthropic.com"},
            "origin must have the scheme http or https and a host, got 'api.anthropic.com'",
        ),
        ({"origin": "https://a.example?x=1"}, "origin must hold no credentials, query or fragment"),
        ({"origin": "https://me:secret@a.example"}, "origin must hold no credentials.* with https://a.example$"),
        ({"origin": ""}, "origin must have the scheme"),
        ({"origin": 5}, "origin must be a URL, got 5"),
    ],
)
def test_the_rest_is_checked(where, error):
    """A pin that could never hold is a mistake."""
    memory = RejectionMemory()
    with pytest.raises(ConfigError, match=error):
        memory.pin("a", **where)
    assert {} == memory.pins


@pytest.mark.parametrize("beta", ["sk-ant-api03-x", "a/b", "x" * 129], ids=["key", "odd", "long"])
def test_what_may_not_be_told_is_not_pinned(beta):
    """A pin is shown by `verdicts()` and saved; the error does not show it either."""
    memory = RejectionMemory()
    with pytest.raises(InvalidBetaError, match=f"a beta that is pinned must look like one.*got {len(beta)} characters"):
        memory.pin(beta)
    assert {} == memory.pins


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"origin": "https://API.anthropic.com:443/"}, (API, None, None)),
        ({"origin": "http://localhost:8080"}, ("http://localhost:8080", None, None)),
        ({"origin": "https://gateway.example/anthropic/"}, ("https://gateway.example/anthropic", None, None)),
        ({"endpoint": "/v1/files/{file_id}/"}, (None, "/v1/files/{file_id}", None)),
        ({"endpoint": "_OTHER"}, (None, "_OTHER", None)),
        ({"model": "us.anthropic.claude v1:0"}, (None, None, "us.anthropic.claude v1:0")),
    ],
)
def test_the_rest_is_written_as_in_a_scope(where, expected):
    """However the user writes it."""
    memory = RejectionMemory()
    memory.pin("a", **where)
    assert {"a": {expected: None}} == memory.pins
