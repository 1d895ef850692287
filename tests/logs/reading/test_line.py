"""One line: what it was written by, and what it was wrapped in, makes no difference."""

import json
import time

import pytest
from support.lines import AT, CALL, CUTTING, FORMATS, REJECTED, STAMP, WRAPPINGS, event, plain, record

from betamw.logs.reading import LineParser, Unreadable

NOW = AT + 5000
BEFORE = {"python-json-logger"}  # which writes no time here, whatever the event holds


def read(*lines):
    """What comes of the last of them."""
    parser = LineParser(now=NOW)
    return [plain(parser.record(line.encode())) for line in lines]


@pytest.mark.parametrize(("fields", "name"), [(CALL, "betamw.request"), (REJECTED, "betamw.beta.rejected")])
@pytest.mark.parametrize("written", FORMATS.values(), ids=[*FORMATS])
def test_any_formatter_gives_the_same_record(written, fields, name):
    """Whatever writes an event, the same is read."""
    line = written(event(fields, name, timestamp=STAMP))
    at = AT if STAMP in line else None
    assert [record(fields, name, at)] == read(line)


@pytest.mark.parametrize("wrapped", [*WRAPPINGS.values()], ids=[*WRAPPINGS])
@pytest.mark.parametrize("written", FORMATS.values(), ids=[*FORMATS])
def test_any_wrapping_gives_the_same_record_and_its_own_time(written, wrapped):
    """A line that does not tell its time has that of what it is wrapped in."""
    assert [record(CALL)] == [found for found in read(*wrapped(written(event(CALL)))) if found]


@pytest.mark.parametrize("wrapped", [*WRAPPINGS.values()], ids=[*WRAPPINGS])
@pytest.mark.parametrize("written", FORMATS.values(), ids=[*FORMATS])
def test_a_lines_own_time_goes_before_that_of_its_wrapping(written, wrapped):
    """A program knows better when something happened than what collects its lines."""
    line = written(event(CALL, timestamp="2026-10-31T00:00:02.3Z"))
    at = AT - 86400 if "2026-10-31" in line else AT
    assert [record(CALL, at=at)] == [found for found in read(*wrapped(line)) if found]


@pytest.mark.parametrize("written", [FORMATS["json"], FORMATS["message"], FORMATS["nested extra"]])
def test_pieces_of_docker_are_joined(written):
    """A piece without a newline is continued by the next of its stream, whatever comes between."""
    first, last = CUTTING["docker cut"](written(event(CALL)))
    between = json.dumps({"log": "other\n", "stream": "stdout", "time": STAMP})
    assert [None, None, record(CALL)] == read(first, between, last)


def test_a_long_text_comes_in_pieces_of_sixteen_kibibytes():
    """Docker cuts text, too: a piece of that size is no whole line even where it could be read."""
    line = FORMATS["console"](event(CALL, zzz="x" * 20_000))
    first, last = line[:16384], f"{line[16384:]}\n"
    pieces = [json.dumps({"log": piece, "stream": "stdout", "time": STAMP}) for piece in (first, last)]
    assert [None, record(CALL)] == read(*pieces)


def test_a_shipper_may_leave_out_the_newline():
    """A whole line without one is read at once, and does not wait for more."""
    line = json.dumps({"log": FORMATS["json"](event(CALL)), "stream": "stdout", "time": STAMP})
    assert [record(CALL), record(CALL)] == read(line, line)


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"timestamp": "2026-11-01T00:00:02.300000+00:00"}, AT),
        ({"timestamp": "2026-11-01T02:00:02.3+0200"}, AT),
        ({"timestamp": "2026-11-01 00:00:02,300"}, AT),
        ({"asctime": "2026-11-01 00:00:02,300"}, AT),
        ({"@timestamp": "2026-11-01T00:00:02.300000000Z"}, AT),
        ({"ts": 1793491202.3}, AT),
        ({"time": 1793491202300}, AT),
        ({"time": "1793491202300000"}, AT),
        ({"ts": 1793491202300000000}, AT),
        ({"timestamp": {"seconds": 1793491202, "nanos": 300000000}}, AT),
        ({"timestamp": "soon", "time": "2026-11-01T00:00:02.3Z"}, AT),
        ({"created": 1793491202.3}, AT),
        ({"timestamp": {"seconds": "1793491202", "nanos": 300000000}}, AT),
        ({"timestamp": {"seconds": 1793491202, "nanos": 10**30}}, 1793491202.0),
        ({"timestamp": {"seconds": 1793491202, "nanos": 10**400}}, 1793491202.0),
        ({"timestamp": {"seconds": 1793491202, "nanos": -(10**30)}}, 1793491202.0),
        ({"timestamp": "2026-11-01 00:00.02"}, 1793491202.0),
        ({"timestamp": "12:30:01"}, None),
        ({"ts": "nan"}, None),
        ({"ts": float("inf")}, None),
        ({"timestamp": "0001-01-01T00:00:00+23:59"}, None),
        ({"timestamp": "2026-13-01T00:00:00Z"}, None),
        ({"ts": -1}, None),
        ({"ts": 1e300}, None),
        ({"ts": True}, None),
        ({"at": 1.0}, None),
        ({"at": "noon"}, None),
    ],
)
def test_a_time_is_read_in_any_shape(given, at):
    """ISO 8601 or an epoch, under any of the usual keys; what is neither is no time."""
    found = read(json.dumps(event(CALL, **given)))[0]
    assert at == pytest.approx(found.at, abs=1e-6) if at else found.at is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("INFO:betamw:betamw.request", "the fields are missing"),
        ("2026-11-01 00:00:02,300 INFO betamw betamw.request", "the fields are missing"),
        ("2026-11-01 00:00:02,300 - betamw - WARNING - betamw.beta.rejected", "the fields are missing"),
        ("[INFO] betamw.request (logging.py:88)", "the fields are missing"),
        ("betamw.request", "the fields are missing"),
        ("level=info msg=betamw.request logger=betamw", "the fields are missing"),
        ("event='betamw.request' level='info'", "the fields are missing"),
        ("2026-11-01 00:00:02 [info     ] betamw.request                 user=u1", "the fields are missing"),
        ('{"log":"INFO:betamw:betamw.request\\n","stream":"stdout","time":""}', "the fields are missing"),
        ('{"level": "INFO", "message": "betamw.request", "logger": "betamw"}', "the fields are missing"),
        ('{"event": "betamw.request", "betamw_call": "c"}', "the fields are missing"),
        (FORMATS["json"](event(CALL))[:300], "it is cut, or two lines ran into one"),
        (FORMATS["json"](event(CALL))[300:], "it is cut, or two lines ran into one"),
        (FORMATS["json"](event(CALL))[:300] + FORMATS["json"](event(CALL)), "it is cut, or two lines ran into one"),
        (FORMATS["json"](event(CALL)) * 2, "it is cut, or two lines ran into one"),
        (FORMATS["key=value"](event(CALL))[:200], "it is cut, or two lines ran into one"),
        (FORMATS["console"](event(CALL))[:200], "it is cut, or two lines ran into one"),
        (FORMATS["console"](event(CALL)).partition(" duration_s")[0], "it is cut, or two lines ran into one"),
        (
            FORMATS["console"](event(REJECTED, "betamw.beta.rejected")).partition("-2025")[0],
            "it is cut, or two lines ran",
        ),
        (json.dumps(event({**CALL, "attempts": "two"})), "a field has the wrong type"),
        (json.dumps(event({**CALL, "betas_sent": [1]})), "a field has the wrong type"),
        (json.dumps(event({**CALL, "duration_s": float("nan")})), "a field has the wrong type"),
        (json.dumps(event({**CALL, "duration_s": -1})), "a field has the wrong type"),
        (json.dumps(event({**CALL, "attempts": 1.5})), "a field has the wrong type"),
        (json.dumps(event({**CALL, "attempts": True})), "a field has the wrong type"),
        (json.dumps(event({**CALL, "attempts": 10**7})), "a field has the wrong type"),
        (json.dumps(event({**CALL, "outcome": ["ok"]})), "a field has the wrong type"),
        (json.dumps(event({**CALL, "attempts": 10**30})), "a field has the wrong type"),
        (json.dumps(event({**CALL, "pad": "x" * (1 << 20)})), "longer than 1 MiB"),
    ],
)
def test_what_is_ours_and_cannot_be_read_says_why(line, reason):
    """A line that is clearly meant as one of our events is never passed over."""
    with pytest.raises(Unreadable, match=reason):
        read(line)


@pytest.mark.parametrize(
    "line",
    [
        '10.0.0.1 - - [01/Nov/2026] "GET /betamw.request HTTP/1.1" 200 12 "-" "betamw/1"',
        "INFO import of betamw.middlewares done",
        "INFO: betamw.request was slow",
        "INFO see betamw.request",
        '  File "/x/betamw/core/events.py", line 3, in betamw.request',
        "ModuleNotFoundError: No module named betamw.request",
        '{"event": "http.access", "path": "/betamw.request"}',
        '{"event": "alert", "text": "{\\"event\\": \\"betamw.request\\", \\"betamw_schema\\": 1}"}',
        "level=info msg='about betamw.request' path=/betamw.request",
        '{"betamw": 1}',
        '["betamw.request"]',
        '{"MESSAGE": ["betamw.request", 300]}',
        "{" * 5000 + "betamw",
        '{"betamw":' + "[" * 5000,
        "Successfully installed betamw-0.1.0",
        "x" * (1 << 21) + "betamw.request",
    ],
)
def test_other_programs_lines_are_passed_over(line):
    """A line that only mentions betamw is none of ours."""
    assert [None] == read(line)


@pytest.mark.parametrize("written", [FORMATS["json"], FORMATS["console"]])
def test_a_line_may_be_the_message_of_another_programs(written):
    """Collectors of their own quote it as they like."""
    quoted = written(event(CALL)).replace("\\", "\\\\").replace('"', '\\"')
    assert [record(CALL)] == read(f'time="2026-11-01T00:00:02.3Z" level=info msg="{quoted}"')


@pytest.mark.parametrize("written", ["key=value", "key=value sorted", "logfmt", "console"])
@pytest.mark.parametrize("text", ["x betas_sent=['a']", "x betas_sent=[ y=1", "it's betas_sent=", "[ betas_sent=a b='"])
@pytest.mark.parametrize("name", ["a", "betas_t", "user"])
def test_what_looks_like_our_lists_within_a_text_is_text(written, text, name):
    """What the application has bound is one value, wherever it stands, and however often our own lists were read."""
    lines = [FORMATS[written]({name: text, **event(CALL, **more)}) for more in ({}, {name: text}, {"user": text})]
    assert [record(CALL, at=None)] * 3 == read(*lines)


def test_fields_that_the_application_bound_harm_nothing():
    """Another value under a name that is a field of other events only is the application's own."""
    line = json.dumps(event(CALL, origin={"a": 1}, length="long", at="noon", message="hello", timestamp=STAMP))
    assert [record(CALL)] == read(line)


def test_what_a_later_version_writes_is_read_as_far_as_it_is_known():
    """An unknown event and an unknown field are no reason to pass over the rest."""
    fields = {"betamw_schema": 2, "betamw_call": "c", "server_address": "a"}
    line = json.dumps(event({**fields, "betas_new": {"a": 1}}, "betamw.beta.adopted", timestamp=STAMP))
    assert [record(fields, "betamw.beta.adopted")] == read(line)


def test_text_that_is_no_utf8_is_read_all_the_same():
    """Our fields are ASCII: what the application bound beside them may be anything."""
    line = FORMATS["json"](event(CALL, timestamp=STAMP, user="é")).encode().replace(b"\\u00e9", b"\xe9")
    assert record(CALL) == plain(LineParser().record(line))


def test_half_of_a_surrogate_pair_is_replaced():
    """JSON may hold one, which nobody can write out again."""
    line = json.dumps(event({**CALL, "error_type": "\ud800"}, timestamp=STAMP))
    assert "?" == read(line)[0].error_type


def test_a_time_without_a_year_is_the_last_such():
    """Syslog leaves it out: a December that is read in January was last year's."""
    parser = LineParser(now=1798761600.0)  # the 1st of January 2027
    found = parser.record(f"Dec 31 23:00:00 host app[1]: {FORMATS['json'](event(CALL))}".encode())
    assert 1798758000.0 == found.at


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("Feb 29 12:00:00", 1709208000.0),  # of 2024: no year since has such a day
        ("Nov 31 12:00:00", None),
        ("Foo 01 12:00:00", None),
    ],
)
def test_a_day_that_not_every_year_has_is_found(stamp, at):
    """The 29th of February is of a leap year; a day that no year has is none."""
    line = f"{stamp} host app[1]: {FORMATS['json'](event(CALL))}"
    assert at == LineParser(now=1798761600.0).record(line.encode()).at


def test_a_time_without_a_zone_is_in_utc_wherever_it_is_read(monkeypatch):
    """A report does not depend on where the reader lives."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        found = read(json.dumps(event(CALL, timestamp="2026-11-01 00:00:02,300")))
    time.tzset()
    assert [record(CALL)] == found


def test_wrappings_in_wrappings_end_somewhere():
    """What was wrapped many times over is passed over, and takes no stack."""
    line = FORMATS["json"](event(CALL))
    nested = json.loads(line)
    for _ in range(900):
        nested = {"message": nested}
    assert [None] == read(json.dumps(nested))


def test_the_oldest_of_too_many_begun_lines_is_given_up():
    """Streams that begin lines and never end them are not remembered for ever."""
    parser = LineParser()
    for number in range(100):
        parser.record(f'api-{number} | {{"log":"x","stream":"stdout","time":""}}'.encode())
    assert 8 == len(parser.pieces)
