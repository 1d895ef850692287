"""Events: flat, safe to write down, and nothing of the outside in them unchecked."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from betamw.core import events
from betamw.core.events import (
    LONGEST_LIST,
    BetaRejected,
    BetaUsage,
    Event,
    HookFailed,
    InputInvalid,
    MemoryExpired,
    MemoryHit,
    MemoryLearned,
    MemoryReprobed,
    identifier,
    loggable,
)

REJECTED = BetaRejected(
    betas_rejected=("a",),
    betas_sent=("a", "b"),
    attempt=1,
    http_response_status_code=400,
    error_type="invalid_request_error",
    rejection_rule="unexpected-values",
    action="resend",
    reason="dropped",
    anthropic_request_id="req_1",
    gen_ai_request_model="m-1",
)
ALL = [
    (REJECTED, "betamw.beta.rejected", "warning"),
    (MemoryLearned(betas=("a",), ttl_s=3600.0), "betamw.memory.learned", "info"),
    (MemoryHit(betas=("a",)), "betamw.memory.hit", "debug"),
    (MemoryExpired(betas=("a",)), "betamw.memory.expired", "debug"),
    (MemoryReprobed(betas=("a",), result="unknown"), "betamw.memory.reprobed", "info"),
    (InputInvalid(problem="invalid_beta_name", origin="request", length=3), "betamw.input.invalid", "warning"),
    (HookFailed(hook="on_rejection", error_type="KeyError"), "betamw.hook.failed", "warning"),
]
# stdlib's `extra=` refuses the first group; Datadog reserves the second; the third is the application's own.
TAKEN = {"name", "msg", "args", "module", "process", "thread", "message", "asctime", "levelname", "exc_info"}
TAKEN |= {"status", "host", "source", "service", "trace_id", "span_id"}
TAKEN |= {"request_id", "event", "level", "timestamp", "logger"}

SAFE = ("a", "files-api-2025-04-14", "tool_use:logging=false", "A.b_c:d=e-f", "0", "x" * 128, "ask-me", "dusk-1")
UNSAFE = (
    "",
    "x" * 129,
    "-a",
    "_a",
    "a/b",
    "a{b}",
    "a<script>",
    "a;b",
    "a\n",
    "a b",
    "caf\xe9",
    "\uff41",
    "a\x1b[31m",
    "sk-ant-api03-secret",
    "SK-secret",
    "sk_live_secret",
    "eyJhbGciOiJIUzI1NiJ9",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_secret",
    "gho_secret",
    "ghu_secret",
    "ghs_secret",
    "ghr_secret",
)


@pytest.mark.parametrize("name", SAFE)
def test_a_name_that_may_stand_in_a_log(name):
    """A name that looks like one is told as it is."""
    assert (name,) == loggable((name,))


@pytest.mark.parametrize("name", UNSAFE, ids=ascii)
def test_a_name_that_may_not_stand_in_a_log(name):
    """What looks like no name, or like a key, is told by its length only."""
    assert (f"<invalid len={len(name)}>",) == loggable((name,))


@given(names=st.lists(st.text(max_size=20), max_size=5).map(tuple))
def test_a_logged_name_is_short_and_plain(names):
    """Whatever a name is made of, a log gets one printable ASCII word, or its length."""
    for told in loggable(names):
        assert told.isascii()
        assert told.isprintable()
        assert len(told) <= 128


@pytest.mark.parametrize(("given_names", "told"), [(0, 0), (49, 49), (50, 50), (51, 50), (5000, 50)])
def test_lists_are_cut(given_names, told):
    """A log line has an end."""
    assert told == len(loggable(tuple(f"a{number}" for number in range(given_names))))
    assert LONGEST_LIST == 50


@pytest.mark.parametrize("text", ["req_011CSHoEeqs5C35K2UUqR7Fy", "invalid_request_error", "a.b:c-d", "a=b", "x" * 128])
def test_an_identifier(text):
    """A request id or an error type that looks like one is told."""
    assert text == identifier(text)


@pytest.mark.parametrize(
    "text",
    [None, "", "<nil>", "a b", "a\n", "-a", "x" * 129, "caf\xe9", "sk-ant-secret", "eyJ0", "AKIA", "ghp_x"],
    ids=ascii,
)
def test_no_identifier(text):
    """What does not look like one, or looks like a key, is not told at all."""
    assert identifier(text) is None


@pytest.mark.parametrize(("event", "name", "level"), ALL, ids=lambda value: getattr(value, "name", None))
def test_names_and_levels(event, name, level):
    """The names are `betamw.<thing>.<past event>`, the levels those of the log."""
    assert (name, level) == (event.name, event.level)


def test_every_event_is_covered_here():
    """A new event comes with a line in the table above."""
    assert set(Event.__subclasses__()) == {type(event) for event, _, _ in ALL}


@pytest.mark.parametrize("event", [event for event, _, _ in ALL], ids=lambda event: event.name)
def test_fields_are_flat(event):
    """Only str, int, float and lists of str; no key that a logger or a platform keeps for itself."""
    told = event.fields()
    for key, value in told.items():
        assert key not in TAKEN
        assert type(value) in (str, int, float) or (type(value) is list and all(type(item) is str for item in value))
    assert {field.name for field in attrs.fields(type(event))} == told.keys()


def test_the_fields_of_a_rejection():
    """All of them, lists as lists."""
    expected = {
        "betas_rejected": ["a"],
        "betas_sent": ["a", "b"],
        "attempt": 1,
        "http_response_status_code": 400,
        "error_type": "invalid_request_error",
        "rejection_rule": "unexpected-values",
        "action": "resend",
        "reason": "dropped",
        "anthropic_request_id": "req_1",
        "gen_ai_request_model": "m-1",
    }
    assert expected == REJECTED.fields()


def test_what_is_not_known_is_not_a_field():
    """No None in a log."""
    assert "anthropic_request_id" not in attrs.evolve(REJECTED, anthropic_request_id=None).fields()


def test_an_empty_list_is_a_field():
    """An unnamed refusal refuses nobody by name, and says so."""
    assert [] == attrs.evolve(REJECTED, betas_rejected=()).fields()["betas_rejected"]


def test_fields_are_redacted():
    """A key in the place of a beta's name reaches no log."""
    assert {"betas": ["<invalid len=13>", "a"]} == MemoryHit(betas=("sk-ant-secret", "a")).fields()


@pytest.mark.parametrize("event", [event for event, _, _ in ALL], ids=lambda event: event.name)
def test_events_are_values(event):
    """Frozen, and made by name only, so that a field can be added without breaking anyone."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.betas = ()
    with pytest.raises(TypeError):
        type(event)(*attrs.astuple(event, recurse=False))
    assert event == attrs.evolve(event)


def test_usage_is_a_value():
    """The caller's view of a call cannot be changed by mistake."""
    empty = dict.fromkeys(("requested", "scoped", "injected", "merged", "sent"), ())
    usage = BetaUsage(**empty, sources={}, dropped={}, substituted={}, attempts=1, outcome="ok")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        usage.outcome = "error"


def test_the_schema():
    """It changes with the meaning of a field, and then the reader of the logs has to know."""
    assert 1 == events.SCHEMA
