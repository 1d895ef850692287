"""Whatever an event holds, it is read as it was written; whatever a file holds, the reader only says so."""

import gzip
import string
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from hypothesis import given
from hypothesis import strategies as st
from support.lines import CALL, FORMATS, REJECTED, STAMP, WRAPPINGS, event, plain, record

from betamw.core.telling import name_told
from betamw.logs.reading import LineParser, Reader, Unreadable

_names = st.text(string.ascii_letters + string.digits + "._:=-", min_size=1, max_size=40).map(name_told)
_lists = st.lists(_names, max_size=6)
_plain = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=20).filter(
    lambda text: text not in {"None", "null"}
)
_calls = st.fixed_dictionaries(
    {
        **{name: _lists for name, value in CALL.items() if isinstance(value, list)},
        "betamw_schema": st.just(1),
        "betamw_call": st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
        "server_address": st.sampled_from(["api.anthropic.com", "::1", "127.0.0.1"]),
        "url_template": st.sampled_from(["/v1/messages", "/v1/files/{file_id}", "_OTHER"]),
        "attempts": st.integers(1, 99),
        "outcome": st.sampled_from(["ok", "recovered", "rejected", "error", "cancelled"]),
        "duration_s": st.floats(0, 1e6).map(lambda value: round(value, 6)),
    },
    optional={
        "error_type": _plain,
        "server_port": st.integers(1, 65535),
        "http_response_status_code": st.integers(100, 599),
        "anthropic_request_id": _plain,
        "sdk_retry_count": st.integers(0, 9999),
        "gen_ai_request_model": _plain,
    },
)
_bound = st.dictionaries(
    st.sampled_from(["user", "request_id", "zone", "a_b"]),
    st.text() | st.integers() | st.none() | st.lists(st.text(), max_size=3) | st.booleans(),
    max_size=3,
)
_LINES = [
    line.encode()
    for fields, name in ((CALL, "betamw.request"), (REJECTED, "betamw.beta.rejected"))
    for written in FORMATS.values()
    for wrapped in (lambda line: [line], *WRAPPINGS.values())
    for line in wrapped(written(event(fields, name, timestamp=STAMP)))
]
_MACHINES = [name for name in FORMATS if "json" in name or name in {"message", "msg", "google", "msgspec", "ecs"}]


@given(_calls, st.sampled_from([*FORMATS]), st.sampled_from([None, *WRAPPINGS]))
def test_what_is_written_is_read(fields, written, wrapped):
    """Any event, by any formatter, in any wrapping."""
    line = FORMATS[written](event(fields, timestamp=STAMP))
    parser = LineParser()
    lines = [line] if wrapped is None else WRAPPINGS[wrapped](line)
    [found] = [plain(found) for part in lines if (found := parser.record(part.encode()))]
    at = None if wrapped is None and STAMP not in line else record(CALL).at
    assert record(fields, at=at) == found


@given(_calls, _bound, st.sampled_from(_MACHINES))
def test_what_the_application_binds_is_left_out(fields, bound, written):
    """Whatever else is in the object, our fields are the same."""
    line = FORMATS[written](event({**bound, **fields}, timestamp=STAMP))
    assert record(fields, at=record(CALL).at if STAMP in line else None) == plain(LineParser().record(line.encode()))


@given(st.sampled_from(_LINES), st.data())
def test_a_damaged_line_is_an_event_or_unreadable_or_anothers(line, data):
    """A line of ours with bytes cut out, put in or doubled raises nothing but that it cannot be read."""
    begin = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(begin, len(line)))
    put = data.draw(st.binary(max_size=8) | st.sampled_from([b'"', b"'", b"[", b"{", b"\\", b"\0", b"\n", line]))
    parser = LineParser()
    for damaged in (line[:begin] + put + line[end:], line):
        try:
            found = parser.record(damaged)
        except Unreadable:
            continue
        assert found is None or (found.event.startswith("betamw.") and found.betamw_call != "")


@given(
    st.binary(max_size=2000) | st.lists(st.sampled_from(_LINES) | st.binary(max_size=99), max_size=9).map(b"\n".join),
    st.booleans(),
)
def test_no_bytes_make_the_reader_raise(data, packed):
    """Whatever a file holds, it has lines, and perhaps a problem."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.write_bytes(gzip.compress(data)[: len(data) + 12] if packed else data)
        reader = Reader(str(path))
        assert len([*reader.records()]) == reader.events <= reader.lines


def test_no_line_takes_long():
    """What is opened and never closed, a thousand times over, is read in one go."""
    parts = (
        "a=[ '",
        "a='",
        'b="[',
        "{",
        '{"',
        "betamw.request ",
        'event="betamw.',
        "2026-11-01T00:00:00 ",
        "a=[",
        "\x1b[",
        "\\",
        "-",
    )
    for part in parts:
        for head in ("", "betamw_call=1 ", '{"betamw', "api-1 | "):
            line = head + "".join(islice(cycle(part + " "), 100_000)) + part * 100_000 + " x betamw.request"
            begun = process_time()
            with suppress(Unreadable):
                LineParser().record(line.encode())
            assert process_time() - begun < 5, (part, head)  # it is some hundredths; going back each time, minutes
