"""A beta's name: what may be one, what it says, and how a wrong one is shown."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from betamw.core.beta import Beta, is_beta_name, validated, validated_all
from betamw.core.errors import BetaError, ConfigError, InvalidBetaError

REALISTIC = (
    "files-api-2025-04-14",
    "context-1m-2025-08-07",
    "tool_use:logging=false",
    "claude-code-20250219",
    "max-tokens-3-5-sonnet-2024-07-15",
)
SYNTHETIC = ("a", "A", "0", "-", "!", "#", "~", "+", "`", "{}", "a;q=0.5", "a/b", "x" * 4096)
HOSTILE = (
    "",
    " ",
    "a b",
    " a",
    "a ",
    "a\t",
    "a,b",
    ",",
    '"a"',
    'a"',
    "a\r\nx-api-key: stolen",
    "a\n",
    "a\r",
    "a\x00",
    "\x7f",
    "a\x1f",
    "a\x0b",
    "a\x85",
    "a\xa0",
    "a\u2028",
    "caf\xe9",
    "\uff41",
    "\uff0c",
    "\U0001f600",
    "\ud800",
)
NOT_STRINGS: tuple[Any, ...] = (None, 1, b"files-api-2025-04-14", ["files-api-2025-04-14"], object)

NAMES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='",'), min_size=1)


@pytest.mark.parametrize("name", REALISTIC + SYNTHETIC)
def test_a_name_is_visible_ascii(name):
    """Whatever breaks no header may be a name: the list of betas is open."""
    assert is_beta_name(name)


@pytest.mark.parametrize("name", HOSTILE + NOT_STRINGS, ids=ascii)
def test_no_name(name):
    """What would break the header around it is no name, and neither is what is no string."""
    assert not is_beta_name(name)


@given(name=st.text())
def test_a_name_is_visible_ascii_but_comma_and_quotation_mark(name):
    """The names are exactly the strings over the visible ASCII characters without two of them."""
    visible = all("!" <= character <= "~" and character not in '",' for character in name)
    assert (name != "" and visible) == is_beta_name(name)


@given(name=NAMES)
def test_a_valid_name_passes_as_it_is(name):
    """Validation changes nothing, case included."""
    assert name == validated(name)


@pytest.mark.parametrize("name", HOSTILE + NOT_STRINGS, ids=ascii)
def test_an_invalid_name_is_refused(name):
    """A wrong name is an `InvalidBetaError`, which is a `ValueError` and a `BetaError`."""
    with pytest.raises(InvalidBetaError) as caught:
        validated(name)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, BetaError)


def test_the_error_says_where_what_and_why():
    """The text says which setting, what is allowed and what was given."""
    with pytest.raises(InvalidBetaError) as caught:
        validated("a b", where="a default beta")
    expected = "a default beta must be visible ASCII without comma, whitespace or quotation mark, got 'a b'"
    assert expected == str(caught.value)


@given(name=st.text().filter(lambda name: not is_beta_name(name)))
def test_the_error_is_one_short_printable_line(name):
    """The name is shown escaped and cut, so that it cannot forge lines in a log or on a terminal."""
    with pytest.raises(InvalidBetaError) as caught:
        validated(name)
    text = str(caught.value)
    assert text.isascii()
    assert text.isprintable()
    assert len(text) < 200


@pytest.mark.parametrize(("length", "cut"), [(62, False), (63, True), (100_000, True)])
def test_a_long_name_is_cut_in_the_error(length, cut):
    """At most 64 characters are shown, quotation marks included."""
    with pytest.raises(InvalidBetaError) as caught:
        validated("," * length)
    assert cut == ("..." in str(caught.value))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ()),
        (("a",), ("a",)),
        (["b", "a", "b"], ("b", "a")),
        ({"a": 1}, ("a",)),
        ((name for name in ("a", "A", "a")), ("a", "A")),
    ],
    ids=["none", "one", "repeats", "mapping", "generator"],
)
def test_several_names_without_repeats_in_order(names: Iterable[str], expected):
    """Any iterable will do, a first mention keeps its place."""
    assert expected == validated_all(names, where="betas")


@pytest.mark.parametrize("names", ["files-api-2025-04-14", "", None, 7], ids=repr)
def test_several_names_are_not_one_string(names):
    """A bare string would be taken for a list of letters, so it is refused by its type."""
    with pytest.raises(ConfigError, match=f"betas must be an iterable of beta names, got {type(names).__name__}"):
        validated_all(names, where="betas")


@pytest.mark.parametrize("names", [["a", "b c"], ["a", None], [["a"]], b"ab"], ids=repr)
def test_one_wrong_name_among_several_is_refused(names):
    """Each of them is checked."""
    with pytest.raises(InvalidBetaError, match=r"^betas must be"):
        validated_all(names, where="betas")


@pytest.mark.parametrize(
    ("name", "family", "date"),
    [
        ("files-api-2025-04-14", "files-api", dt.date(2025, 4, 14)),
        ("context-1m-2025-08-07", "context-1m", dt.date(2025, 8, 7)),
        ("max-tokens-3-5-sonnet-2024-07-15", "max-tokens-3-5-sonnet", dt.date(2024, 7, 15)),
        ("x-2024-02-29", "x", dt.date(2024, 2, 29)),
        ("a-2025-01-01-2025-02-02", "a-2025-01-01", dt.date(2025, 2, 2)),
        ("--2025-04-14", "-", dt.date(2025, 4, 14)),
    ],
)
def test_a_dated_name(name, family, date):
    """A name on the pattern says its family and its date."""
    assert Beta(name, family, date) == Beta.parse(name)


@pytest.mark.parametrize(
    "name",
    [
        "tool_use:logging=false",
        "claude-code-20250219",
        "2025-04-14",
        "-2025-04-14",
        "x-2025-4-14",
        "x-2025-04-14-beta",
        "x-2025-02-30",
        "x-2025-13-01",
        "x-0000-01-01",
        "x-2023-02-29",
        "x-12025-04-1",
    ],
)
def test_a_name_off_the_pattern_is_its_own_family(name):
    """No date in it, or no day of the calendar: the whole name is the family."""
    assert Beta(name, name, None) == Beta.parse(name)


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_parse_refuses_what_cannot_stand_in_a_header(name):
    """A `Beta` that was parsed can be sent."""
    with pytest.raises(InvalidBetaError):
        Beta.parse(name)


@given(name=NAMES)
def test_parse_takes_every_name(name):
    """The list of betas is open, so every name has a reading."""
    assert name == Beta.parse(name).name


@given(family=NAMES, date=st.dates())
def test_parse_takes_apart_what_was_put_together(family, date):
    """Family and date are what the name was made of."""
    assert Beta(f"{family}-{date.isoformat()}", family, date) == Beta.parse(f"{family}-{date.isoformat()}")


def test_a_beta_is_a_value():
    """Frozen, hashable, equal by what it says."""
    beta = Beta.parse("files-api-2025-04-14")
    assert {beta} == {Beta.parse("files-api-2025-04-14")}
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        beta.name = "other"
