"""What a log says, as it may be shown."""

import pytest

from betamw.logs.views.escaping import plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("files-api-2025-04-14", "files-api-2025-04-14"),
        ("größe", "größe"),
        ("a\x1b[31mb\x9b", r"a\x1b[31mb\x9b"),
        ("a\nb\r\tc\x00", r"a\nb\r\tc\x00"),
        ("\u202eevil\u2066\u200b", r"\u202eevil\u2066\u200b"),
        ("\udcff", r"\udcff"),
        ("a" * 300, "a" * 200 + "..."),
        ("sk-ant-api03-secret", "<invalid len=19>"),
        ("see x-api-key=sk-ant-api03-secret", "<invalid len=33>"),
    ],
)
def test_plain(text, expected):
    """One line that a terminal shows as it is, and no key."""
    assert expected == plain(text)


def test_plain_ascii():
    """For what takes nothing but ASCII, all else is escaped."""
    assert r"gr\xf6\xdfe \u202e" == plain("größe \u202e", ascii_only=True)
