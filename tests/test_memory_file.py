"""RejectionMemory: its settings, and how it is saved for another process."""

import base64
import doctest
import gzip
import json
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

import betamw.memory
from betamw.core.errors import ConfigError
from betamw.core.isolation import Trial
from betamw.core.memory import NOTHING, Recall, Scope, Verdict
from betamw.memory import RejectionMemory

API = "https://api.anthropic.com"
HERE = Scope(API, "/v1/messages", "claude-x", "5e3d")
FILES = Scope(API, "/v1/files", None, "5e3d")
TODAY = 1_800_000_000.0


class Caller:
    """Stands for a call."""


@pytest.fixture(autouse=True)
def day(monkeypatch):
    """The clock of the day; a test sets its `now`."""

    class Day:
        now = TODAY

    monkeypatch.setattr("betamw.memory.time.time", lambda: Day.now)
    return Day


def memory(now=0.0, **changed):
    """A memory whose clock stands still, for which verdicts hold for 100 seconds."""
    return RejectionMemory(**({"remember_for": 100.0, "clock": lambda: now} | changed))


def loaded(text, now=0.0, **changed):
    """The memory that was saved, on a clock that stands still."""
    return RejectionMemory.from_json(text, **({"remember_for": 100.0, "clock": lambda: now} | changed))


def full():
    """A memory with one thing of each kind, and its clock at 0."""
    held = memory()
    held.learn(HERE, ["a"], 0.0)
    held.pin("p", origin=API, model="m")
    search = held.begin_search(FILES, 0.0)
    search.good["g"] = search.found["f"] = search.suspects["s"] = search.suspects["t"] = None
    search.groups.append(frozenset("st"))
    return held


FULL = json.loads(full().to_json())


def changed(value, *path):
    """A saved memory in which the value at this path is another."""
    document = json.loads(json.dumps(FULL))
    at = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return json.dumps(document)


# Settings.


def test_the_defaults():
    """An hour, 4096 verdicts, a minute's lease, the monotonic clock."""
    expected = (3600.0, 4096, 60.0, time.monotonic)
    for held in (RejectionMemory(), RejectionMemory.from_json(RejectionMemory().to_json())):
        assert expected == (held.remember_for, held.max_entries, held.probe_lease, held.clock)


def test_the_clock_is_the_users():
    """So that a test need not sleep."""
    assert 42.0 == RejectionMemory(clock=lambda: 42.0).clock()


def test_settings_may_be_given_by_position():
    """In the order of the documentation."""
    held = RejectionMemory(60.0, 7, 5.0, lambda: 42.0)
    assert (60.0, 7, 5.0, 42.0) == (held.remember_for, held.max_entries, held.probe_lease, held.clock())


def test_the_clock_can_be_called():
    """A clock that is none fails at once, not in the first call that is refused."""
    with pytest.raises(ConfigError, match="clock must be callable, got 5"):
        RejectionMemory(clock=5)


def test_memories_are_not_equal_by_what_they_hold():
    """Two chains share a memory, or they do not."""
    assert RejectionMemory() != RejectionMemory()


def test_each_memory_has_a_key_of_its_own():
    """Which is not shown."""
    one, two = RejectionMemory(), RejectionMemory()
    assert (32, True, False) == (len(one.hash_key), one.hash_key != two.hash_key, "hash_key" in repr(one))


def test_the_example():
    """What the documentation shows is so."""
    assert 0 == doctest.testmod(betamw.memory).failed


def test_an_origin_may_be_a_yarl_url():
    """As in `Api`."""
    held = memory()
    held.pin("a", origin=URL(API))
    assert API == held.verdicts()[0].scope.origin


# Saved and loaded.


def test_what_is_saved():
    """The document, in version 1: times are those of the day."""
    scopes = [
        dict(zip(("origin", "endpoint", "model", "credential"), s, strict=True)) for s in map(fields, (HERE, FILES))
    ]
    expected = {
        "version": 1,
        "hash_key": FULL["hash_key"],
        "pins": [{"beta": "p", "origin": API, "endpoint": None, "model": "m"}],
        "searches": [
            {
                "scope": scopes[1],
                "search": {"good": ["g"], "suspects": ["s", "t"], "groups": [["s", "t"]], "found": ["f"]},
                "expires_at": TODAY + 100.0,
            }
        ],
        "verdicts": [{"scope": scopes[0], "beta": "a", "expires_at": TODAY + 100.0}],
    }
    assert expected == json.loads(full().to_json()) | {"hash_key": FULL["hash_key"]}


def fields(scope):
    """A scope as a tuple."""
    return scope.origin, scope.endpoint, scope.model, scope.credential


@pytest.mark.parametrize("encode", [str, str.encode], ids=["str", "bytes"])
def test_what_is_loaded(encode):
    """All that was saved, on another clock, under the same key."""
    held = full()
    again = loaded(encode(held.to_json()), now=5000.0)
    assert (Verdict(Scope(API, None, "m", None), "p", math.inf), Verdict(HERE, "a", 5100.0)) == again.verdicts()
    assert held.search(FILES, 0.0).to_json() == again.search(FILES, 5099.0).to_json()
    assert held.hash_key == again.hash_key


def test_nothing_is_saved_of_an_empty_memory():
    """But its key: what others learn with it can be compared."""
    held = memory()
    again = loaded(held.to_json())
    assert ((), 0, False, held.hash_key) == (again.verdicts(), len(again), bool(again.pins), again.hash_key)


def test_what_calls_are_at_is_not_saved():
    """They are gone with their process: no suspicions, no leases."""
    held, lost = memory(now=100.0), Caller()
    held.learn(HERE, ["a"], 0.0)
    held.recall(HERE, ["a"], 100.0, holder=lost)
    held.suspect(HERE, ["b"], 100.0, holder=lost)
    held.begin_search(HERE, 100.0)
    held.may_search(HERE, 100.0, holder=lost)
    again = loaded(held.to_json())
    assert Recall(probing=("a",)) == again.recall(HERE, ["a", "b"], 0.0, holder=Caller())
    assert again.may_search(HERE, 0.0, holder=Caller())


def test_the_settings_are_not_saved():
    """They are the new memory's."""
    clock = time.perf_counter
    again = RejectionMemory.from_json(full().to_json(), remember_for=9.0, max_entries=8, probe_lease=7.0, clock=clock)
    assert (9.0, 8, 7.0, clock) == (again.remember_for, again.max_entries, again.probe_lease, again.clock)


@pytest.mark.parametrize(
    ("slept", "probed"),
    [(0.0, False), (69.0, False), (70.0, True), (1e9, True)],
)
def test_time_goes_by_while_nobody_runs(day, slept, probed):
    """A verdict keeps what is left of its time; one that has none left is there, due for a probe."""
    held = memory(now=30.0)
    held.learn(HERE, ["a"], 0.0)
    text = held.to_json()
    day.now += slept
    again = loaded(text, now=7.0)
    expected = Recall(probing=("a",)) if probed else Recall(left_out=("a",))
    assert (1, expected) == (len(again.verdicts()), again.recall(HERE, ["a"], 7.0, holder=Caller()))


@pytest.mark.parametrize("jump", [-1e9, -1000.0])
def test_a_clock_that_was_put_back(day, jump):
    """Makes no verdict and no search last longer than one that is new."""
    text = full().to_json()
    day.now += jump
    again = loaded(text, now=7.0)
    assert 107.0 == again.verdicts()[-1].expires_at
    assert (2, 0) == tuple(len(again.search(FILES, now).suspects) for now in (106.0, 107.0))


def test_a_shorter_memory():
    """Settings hold for what was learned before."""
    assert 9.0 == loaded(full().to_json(), remember_for=9.0).verdicts()[-1].expires_at


def test_a_smaller_memory():
    """What was of use last has room, and verdicts before searches."""
    held = memory()
    held.begin_search(HERE, 0.0)
    held.learn(HERE, ["a", "b", "c"], 0.0)
    held.recall(HERE, ["a"], 0.0, holder=Caller())
    again = loaded(held.to_json(), max_entries=2)
    assert (["c", "a"], 2) == ([verdict.beta for verdict in again.verdicts()], len(again))


names = st.from_regex(r"\A[ab0][ab._:=-]{0,2}\Z")
scopes = st.builds(
    Scope,
    st.sampled_from([API, "https://b.example"]),
    st.sampled_from(["/v1/messages", "_OTHER"]),
    st.none() | st.text(max_size=3),
    st.text(max_size=2),
)


@st.composite
def memories(draw):
    """A memory that went through a few calls, at whole seconds: these a float holds exactly."""
    held = memory(now=80.0)
    for now in range(draw(st.integers(0, 8))):
        held.learn(draw(scopes), draw(st.lists(names, max_size=3)), float(now * 10))
        trial = Trial(held.begin_search(draw(scopes), float(now * 10)), searching=True)
        betas = draw(st.lists(names, min_size=1, max_size=6, unique=True))
        trial.refused(betas)
        trial.accepted(draw(st.lists(st.sampled_from(betas), max_size=2, unique=True)))
    for beta, model in draw(st.lists(st.tuples(names, st.sampled_from(["m", None])), max_size=3)):
        held.pin(beta, origin=API, model=model)
    return held


@given(memories())
def test_a_memory_is_what_it_was(held):
    """Saved and loaded, at the same time, it holds the same and is saved the same."""
    text = held.to_json()
    again = loaded(text, now=80.0)
    assert (text, held.verdicts(), held.places) == (again.to_json(), again.verdicts(), again.places)


# Damaged files.


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "Input data was truncated"),
        ("{", "Input data was truncated"),
        ("null", "Expected `object`, got `null`"),
        ("[]", "Expected `object`, got `array`"),
        ("{}", "Object missing required field `version`"),
        ('{"version": 1}', "Object missing required field `hash_key`"),
        ('{"version": 2}', "version must be 1, got 2"),
        ('{"version": true}', r"Expected `int`, got `bool` - at `\$.version`"),
        ('{"version": 1e0}', "Expected `int`, got `float`"),
        ('{"version": ' + "9" * 5000 + "}", "out of range"),
        ('{"version": 1, "x": ' + "[" * 100_000, "recursion"),
        ("\ud800", "surrogates not allowed"),
        (b"\xff\xfe", "JSON is malformed"),
        (json.dumps(FULL).encode().replace(b"claude-x", b"\xff"), "codec can't decode"),
        ("\ufeff" + json.dumps(FULL), "JSON is malformed"),
        (json.dumps(FULL).encode("utf-16"), "JSON is malformed"),
        (gzip.compress(json.dumps(FULL).encode()), "JSON is malformed"),
        (json.dumps(FULL).encode() + bytes(4096), "trailing characters"),  # a crash while it was written
        (json.dumps(FULL) * 2, "trailing characters"),
        ('{"version": 1, "verdicts": [' + "0," * 1_000_000, "Input data was truncated"),
        ('"' + "x" * 10_000_000 + '"', "Expected `object`, got `str`"),
        (None, "it must be str or bytes, got NoneType"),
        (5, "it must be str or bytes, got int"),
        (bytearray(b"{}"), "it must be str or bytes, got bytearray"),
        (changed(2, "version"), "version must be 1, got 2"),
        (changed(1, "more"), "Object contains unknown field `more`"),
        (changed("", "hash_key"), r"Expected `bytes` of length >= 32 - at `\$.hash_key`"),
        (changed(base64.b64encode(bytes(33)).decode(), "hash_key"), "of length <= 32"),
        (changed("?" * 43 + "=", "hash_key"), "Invalid base64 encoded string"),
        (changed({}, "verdicts"), r"Expected `array`, got `object` - at `\$.verdicts`"),
        (
            changed("soon", "verdicts", 0, "expires_at"),
            r"Expected `float`, got `str` - at `\$.verdicts\[0\].expires_at`",
        ),
        (changed(None, "verdicts", 0, "expires_at"), "Expected `float`, got `null`"),
        (changed(True, "verdicts", 0, "expires_at"), "Expected `float`, got `bool`"),
        (changed(math.nan, "verdicts", 0, "expires_at"), "JSON is malformed"),
        (changed(math.inf, "searches", 0, "expires_at"), "JSON is malformed"),
        (changed("1e999", "verdicts", 0, "expires_at").replace('"1e999"', "1e999"), "Number out of range"),
        (changed("a b", "verdicts", 0, "beta"), r"verdicts\[0\]: a beta must look like one"),
        (changed(None, "verdicts", 0, "scope", "origin"), "Expected `str`, got `null`"),
        (changed(5, "verdicts", 0, "scope", "model"), r"Expected `str \| null`, got `int`"),
        (changed("a,b", "pins", 0, "beta"), r"pins\[0\]: a beta name must be visible ASCII"),
        (changed("nowhere", "pins", 0, "origin"), r"pins\[0\]: origin must have the scheme"),
        (changed("http://[", "pins", 0, "origin"), r"pins\[0\]: origin must have the scheme"),
        (changed("v1", "pins", 0, "endpoint"), r"pins\[0\]: endpoint must be segments"),
        (changed("", "pins", 0, "model"), r"pins\[0\]: model must be None or the name of a model, got ''"),
        (changed([""], "searches", 0, "search", "good"), r"searches\[0\]: a beta must look like one"),
        (changed([[]], "searches", 0, "search", "groups"), "Expected `array` of length >= 1"),
        (changed([["x"]], "searches", 0, "search", "groups"), r"searches\[0\]: the betas of a group must be suspects"),
        (changed(["s"], "searches", 0, "search", "good"), r"searches\[0\]: a beta must not be both good and a suspect"),
    ],
)
def test_what_is_wrong_is_said(text, error):
    """Where in the file, and never a value that might be the key."""
    with pytest.raises(ConfigError, match=error) as caught:
        loaded(text)
    assert str(caught.value).startswith("saved memory: ")
    assert FULL["hash_key"] not in str(caught.value)


def test_a_huge_file():
    """No more is kept of it than the settings allow."""
    verdict = FULL["verdicts"][0]
    text = changed([{**verdict, "beta": f"b-{number}"} for number in range(20_000)], "verdicts")
    held = loaded(text, max_entries=5)
    assert [f"b-{number}" for number in range(19_995, 20_000)] == [each.beta for each in held.verdicts()[1:]]


def test_too_many_pins_for_the_settings():
    """None of them may go to make room."""
    held = memory()
    held.pin("a")
    held.pin("b")
    with pytest.raises(ConfigError, match=r"saved memory: pins\[1\]: there must be no more than max_entries=1 pins"):
        loaded(held.to_json(), max_entries=1)


@pytest.mark.parametrize("setting", ["remember_for", "max_entries", "probe_lease"])
def test_settings_are_checked(setting):
    """As for a new memory."""
    with pytest.raises(ConfigError, match=f"^{setting} must be"):
        loaded(full().to_json(), **{setting: -1})


def survives(text):
    """Load it if it can be loaded, and use what was loaded; only one kind of error is allowed."""
    try:
        held = loaded(text)
    except ConfigError:
        return
    held.verdicts()
    held.to_json()
    for scope, search, _ in held.searches():
        betas = [*"ab", *search.good, *search.suspects, *search.found]
        for searching in (True, False):
            trial = Trial(search, searching=searching)
            for left in (2, 1, 0):
                out = trial.leave_out(betas, left)
                trial.refused([beta for beta in betas if beta not in out])
            trial.accepted(())
        assert NOTHING == held.recall(scope, ["z"], 0.0, holder=Caller())


@given(st.data())
@settings(max_examples=400)
def test_a_damaged_file(data):
    """Cut, overwritten, repeated: it is an error of ours, or a memory that works."""
    text = bytearray(json.dumps(FULL).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at, to = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        text[at:to] = data.draw(
            st.binary(max_size=3) | st.sampled_from([text[at:to] * 2, b"0", b'"a"', b"[]", b"null"])
        )
    survives(bytes(text))


def test_every_cut_and_every_flip():
    """Wherever it is."""
    text = json.dumps(FULL).encode()
    for at in range(len(text)):
        survives(text[:at])
        for flip in (1, 4, 128):
            survives(text[:at] + bytes([text[at] ^ flip]) + text[at + 1 :])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([API, "a", "/v1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def paths(value, *path):
    """The paths to all that is in a document."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from paths(inner, *path, step)


@given(st.sampled_from(sorted(paths(FULL), key=str)), values)
@settings(max_examples=400)
def test_a_value_in_place_of_another(path, value):
    """What is JSON and has another shape."""
    survives(changed(value, *path))


@given(st.text() | st.binary())
def test_any_text(text):
    """Nothing but our error."""
    survives(text)
