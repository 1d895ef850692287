"""Calls that are like an earlier one: read in part, and told as if they had been read whole."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.lines import CALL, FORMATS, REJECTED, STAMP, WRAPPINGS, event

from betamw.logs.counting.kinds import call_kind
from betamw.logs.reading import Reader
from betamw.logs.reading.repeats import Repeat, Repeats
from betamw.logs.record import Record

PLAIN = {"server_port": None, "resend_overhead_s": None}
FIRST = {key: value for key, value in CALL.items() if key not in PLAIN}
AGAIN = {**FIRST, "betamw_call": "1111111111111111", "duration_s": 7.5, "anthropic_request_id": "req_2"}


def written(fields, form="json", wrapping=None, **more):
    """The lines of a call, at a time of its own."""
    line = FORMATS[form]({**more, **event(fields, timestamp=STAMP), **more})
    return [line.encode() + b"\n" for line in (WRAPPINGS[wrapping](line) if wrapping else [line])]


def told(records):
    """All that counts of calls; of other events, what they are."""
    for record in records:
        if isinstance(record, Repeat):
            yield call_kind(record.like.call), record.at, record.duration_s, record.resend_overhead_s
        elif record.event == "betamw.request":
            yield call_kind(record), record.at, record.duration_s, record.resend_overhead_s
        else:
            yield record.event


def both(path, lines):
    """What a reader says of the lines, read whole, and in part."""
    path.write_bytes(b"".join(lines))
    whole, in_part = Reader(str(path)), Reader(str(path))
    found = list(told(whole.records())), list(told(in_part.records_and_repeats()))
    assert (whole.lines, whole.events, whole.unreadable) == (in_part.lines, in_part.events, in_part.unreadable)
    return found


@pytest.mark.parametrize("form", ["json", "json compact", "msgspec"])
@pytest.mark.parametrize("wrapping", [None, "docker", "cri"])
def test_a_call_like_an_earlier_one_is_a_repeat(tmp_path, form, wrapping):
    """Of its line only the times are decoded, whatever the calls were bound to and wrapped in."""
    path = tmp_path / "log"
    bound = [{"user": "a", "n": 1}, {"user": "b", "n": [2]}]
    lines = [*written(FIRST, form, wrapping, **bound[0]), *written(AGAIN, form, wrapping, **bound[1])]
    path.write_bytes(b"".join(lines))
    first, again = Reader(str(path)).records_and_repeats()
    assert (Record, Repeat) == (type(first).__base__, type(again))
    assert ("c2ce6f447ed4d57b", 7.5) == (again.like.call.betamw_call, again.duration_s)
    whole, in_part = both(path, lines)
    assert whole == in_part


@pytest.mark.parametrize(
    "changed",
    [
        {"server_port": 8080},
        {"gen_ai_request_model": "m-1"},
        {"betamw_call": ""},
        {"betamw_call": 7},
        {"duration_s": -1},
        {"duration_s": "0.5"},
        {"resend_overhead_s": 1e99},
        {"http_response_status_code": "OK"},
        {"http_response_status_code": "200"},
        {"anthropic_request_id": ["x"]},
        {"body_fields_stripped": "tools"},
        {"sdk_retry_count": 1.5},
        {"error_type": {}},
        {"event": "betamw.requests"},
        {"timestamp": "yesterday"},
        {"timestamp": "1969-12-31T00:00:00Z"},
        {"timestamp": "2026-11-01T00:00:02"},
        {"timestamp": 1793491202.5},
    ],
    ids=str,
)
def test_one_that_differs_in_more_is_read_whole(tmp_path, changed):
    """What is wrong with a line is found whether or not an earlier one began alike."""
    path = tmp_path / "log"
    whole, in_part = both(path, [*written(FIRST), *written({**AGAIN, **changed}, **changed)])
    assert whole == in_part
    assert not any(isinstance(record, Repeat) for record in Reader(str(path)).records_and_repeats())


@pytest.mark.parametrize("key", ["outcome", "betas_sent", "attempts", "url_template", "server_address"])
def test_an_order_in_which_what_counts_comes_first(tmp_path, key):
    """Two calls whose middles are equal may then differ in that."""
    other = {"outcome": "error", "betas_sent": [], "attempts": 9, "url_template": "_OTHER", "server_address": "a"}[key]
    lines = [*written({key: CALL[key], **FIRST}), *written({key: other, **FIRST} | {key: other})]
    whole, in_part = both(tmp_path / "log", lines)
    assert (whole, 2) == (in_part, len(set(map(str, whole))))


def test_an_order_in_which_the_overhead_comes_before(tmp_path):
    """It belongs to each call alone."""
    fields = {key: value for key, value in CALL.items() if key not in {"duration_s", "server_port"}}
    whole, in_part = both(tmp_path / "log", written({**fields, "duration_s": 1}) * 2)
    assert whole == in_part


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": {"betamw_call": "1", "http_request_method": "POST", "outcome": "ok", "duration_s": 1}, "event": "x"}',
        json.dumps({"event": "betamw.request", "text": json.dumps(event(FIRST))}).encode(),
        json.dumps(event(FIRST)).encode()[:-20],
        b'{"http_request_method": ["duration_s", betamw "duration_s": 1}',
        b'{"http_request_method": {"betamw": "a", "duration_s": 1}, "duration_s": 2, "event": "betamw.request"}',
        json.dumps(
            {**event(FIRST), "duration_s": 1, "a": {"http_request_method": "x"}, "b": {"duration_s": 2}}
        ).encode(),
        b'{"log":"betamw","stream":"stdout"}',
        b'{"log":"betamw.request ',
    ],
)
def test_what_is_no_call_as_structlog_writes_it(tmp_path, line):
    """Nested, in a text, cut off: nothing is kept of it, and it is read as ever."""
    whole, in_part = both(tmp_path / "log", [line + b"\n"] * 3 + written(FIRST) + [line + b"\n"] * 2)
    assert whole == in_part


def test_too_many_different_ones_are_not_kept():
    """A log in which hardly a call is like another is read as ever: to look costs more than it saves."""
    repeats = Repeats()
    lines = [written({**FIRST, "url_template": f"/v1/{number}"})[0] for number in range(1200)]
    assert [None] * 1200 == [repeats.find(line) for line in lines]
    assert [True, False, True] == [repeats.find(lines[0]) is not None, repeats.pays(1200), repeats.pays(12_000)]
    assert repeats.find(lines[1100]) is None


def test_long_ones_are_not_kept():
    """They would be what takes memory."""
    repeats = Repeats()
    (line,) = written({**FIRST, "betas_sent": ["b" * 5000]})
    assert [None, None] == [repeats.find(line), repeats.find(line)]


_variants = st.fixed_dictionaries(
    {
        "betas_sent": st.sampled_from([[], ["a"], ["a", "b"]]),
        "outcome": st.sampled_from(["ok", "error", "", 5]),
        "duration_s": st.sampled_from([0, 0.5, 3, -1, None, "x"]),
    },
    optional={
        "server_port": st.sampled_from([80, None, "x"]),
        "resend_overhead_s": st.sampled_from([0.25, None]),
        "gen_ai_request_model": st.sampled_from(["m", None, 3]),
        "betamw_call": st.sampled_from(["1", ""]),
        "duration": st.just('"duration_s": 5'),
    },
)


@given(
    st.lists(
        st.tuples(
            _variants,
            st.sampled_from(["json", "json sorted", "json compact", "message", "nested extra", "ecs", "logfmt"]),
            st.sampled_from([None, "docker", "cri", "cri cut", "docker compose", "compose timestamps", "google"]),
            st.integers(0, len(FIRST)),
        ),
        max_size=12,
    )
)
def test_reading_in_part_makes_no_difference(tmp_path_factory, calls):
    """Whatever the calls of a log are, what counts of them is what it would be if each were read whole."""
    fields = {key: value for key, value in FIRST.items() if key not in {"betas_sent", "outcome", "duration_s"}}
    lines = []
    for variant, form, wrapping, turned in calls:
        call = {**FIRST, **variant} if turned % 2 else {**fields, **variant}
        order = [*list(call)[turned:], *list(call)[:turned]]
        lines += written({key: call[key] for key in order}, form, wrapping)
    lines += [json.dumps(event(REJECTED, "betamw.beta.rejected", timestamp=STAMP)).encode() + b"\n"]
    whole, in_part = both(tmp_path_factory.mktemp("logs") / "log", lines * 2)
    assert whole == in_part
