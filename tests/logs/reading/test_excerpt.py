"""What is shown of a line that could not be read."""

import pytest

from betamw.logs.reading.excerpt import excerpt


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"event": "betamw.req\n', '{"event": "betamw.req'),
        (b"event='betamw.req", "event='betamw.req"),
        (b"'" + b"x" * 200, "'" + "x" * 98 + "..."),
        (b"", ""),
        (b"\xff\x1b[31m", "\\ufffd\\x1b[31m"),
    ],
)
def test_excerpt(line, expected):
    """The line itself, escaped and cut: no quotation mark stands before it, or is missing after it."""
    assert expected == excerpt(line)


def test_excerpt_without_keys():
    """Of a line that holds a key, nothing is shown."""
    assert "a value of class str that holds what looks like a key" == excerpt(b'{"betamw": "sk-ant-api03-AAAA')
