"""The header's value: read, merge, write; and nothing can be smuggled into it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from betamw.core.beta import is_beta_name
from betamw.core.endpoint import EndpointRule
from betamw.core.errors import BetaError, InvalidBetaError
from betamw.core.header import elements, format_betas, parse_betas, read_header, union
from betamw.middlewares.chain import chain
from betamw.middlewares.override import in_force, override

NAMES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='",'), min_size=1, max_size=12)
LISTS = st.lists(st.sampled_from("abcdef"), max_size=8).map(tuple)
OWS = st.text(" \t", max_size=2)

# The lines of a header, and the betas they say.
REALISTIC = [
    (["files-api-2025-04-14"], ("files-api-2025-04-14",)),
    (["files-api-2025-04-14,context-1m-2025-08-07"], ("files-api-2025-04-14", "context-1m-2025-08-07")),
    (["files-api-2025-04-14, tool_use:logging=false"], ("files-api-2025-04-14", "tool_use:logging=false")),
    (["context-1m-2025-08-07", "files-api-2025-04-14"], ("context-1m-2025-08-07", "files-api-2025-04-14")),
]
SYNTHETIC = [
    ([], ()),
    ([""], ()),
    (["", ""], ()),
    ([" \t "], ()),
    ([","], ()),
    ([",,a,,,b,"], ("a", "b")),
    (["a\t,\tb \t"], ("a", "b")),
    (["b, a, b"], ("b", "a")),
    (["a", "a,b", "b,c"], ("a", "b", "c")),
    (["A,a"], ("A", "a")),
    (["a;q=1"], ("a;q=1",)),
]
# The lines of a header, the betas that are left, and what is no name.
HOSTILE = [
    (["a b,c"], ("c",), ("a b",)),
    (['"a,b"'], (), ('"a', 'b"')),
    (["a,\x00,b"], ("a", "b"), ("\x00",)),
    (["a\r\nx-api-key: k"], (), ("a\r\nx-api-key: k",)),
    (["a\n"], (), ("a\n",)),
    (["\x0ba"], (), ("\x0ba",)),
    (["\xa0a"], (), ("\xa0a",)),
    (["caf\xe9, a"], ("a",), ("caf\xe9",)),
    (["\uff41\uff0ca"], (), ("\uff41\uff0ca",)),
    (["\udcff"], (), ("\udcff",)),
]
INJECTIONS = (
    "a\r\nx-evil: 1",
    "a\nb",
    "a\rb",
    "a\n",
    "\na",
    "a\x00",
    "a,b",
    "caf\xe9",
    "a\u2028b",
    "a\uff0cb",
    "a\u010ab",  # \u010a and \u010d are LF and CR to who keeps the low byte only
    "a\u010db",
    "\ud800",
    "a b",
    'a"',
    "",
)


# Reading.


@pytest.mark.parametrize(("lines", "betas"), REALISTIC + SYNTHETIC)
def test_parse(lines, betas):
    """Whitespace and empty elements say nothing, repeats vanish, order and case stay."""
    assert betas == parse_betas(lines)


@pytest.mark.parametrize(("lines", "betas", "invalid"), HOSTILE, ids=ascii)
def test_parse_refuses_what_is_no_name(lines, betas, invalid):
    """Where an application reads a header itself, a wrong name is its error."""
    with pytest.raises(InvalidBetaError):
        parse_betas(lines)


@pytest.mark.parametrize(("lines", "betas"), REALISTIC + SYNTHETIC)
def test_a_valid_header_has_nothing_invalid(lines, betas):
    """The lenient reader reads what the strict one does."""
    assert (betas, ()) == read_header(tuple(lines))[:2]


@pytest.mark.parametrize(("lines", "betas", "invalid"), HOSTILE, ids=ascii)
def test_a_request_loses_only_its_invalid_names(lines, betas, invalid):
    """The lenient reader raises nothing and keeps the names that can be sent."""
    assert (betas, invalid, False) == read_header(tuple(lines))


@pytest.mark.parametrize(
    ("lines", "plain"),
    [
        (("a",), True),
        (("a,b", "c"), True),
        ((" a ,, b,",), True),
        (("a", ""), True),
        (("a,a",), False),
        (("a", "a"), False),
        (("a b",), False),
        (("a,\x00",), False),
        (("",), False),
        ((" , ",), False),
        ((), False),
    ],
)
def test_whether_a_header_says_just_its_names(lines, plain):
    """Only a repeat, an invalid name or having no name at all makes a header worth rewriting."""
    assert plain == read_header(lines)[2]


def test_elements_keep_repeats_and_invalid_names():
    """The raw list is what stands there, but for whitespace and emptiness."""
    assert ["a", "b c", "a"] == elements([" a,,b c", "a\t"])


@given(lines=st.lists(st.text(st.characters(codec=None), max_size=20), max_size=4).map(tuple))
def test_the_lenient_reader_never_raises_and_never_lets_a_wrong_name_through(lines):
    """Whatever came with a request: valid names on one side, all others on the other, none lost."""
    betas, invalid, plain = read_header(lines)
    assert all(map(is_beta_name, betas))
    assert not any(map(is_beta_name, invalid))
    assert set(elements(lines)) == {*betas, *invalid}
    assert plain == (elements(lines) == list(betas) != [])


@pytest.mark.parametrize("function", [parse_betas, format_betas])
def test_a_bare_string_is_no_list(function):
    """A string is an iterable of letters, which nobody means."""
    with pytest.raises(TypeError, match="got one str: wrap it in a list"):
        function("files-api-2025-04-14")


# Writing.


@pytest.mark.parametrize(
    ("betas", "value"),
    [((), ""), (("a",), "a"), (("b", "a"), "b,a"), (("a", "b", "a"), "a,b"), (iter(("a", "b")), "a,b")],
    ids=["none", "one", "order", "repeats", "iterator"],
)
def test_format(betas, value):
    """Names joined by a comma, without repeats."""
    assert value == format_betas(betas)


@given(names=st.lists(NAMES))
def test_what_was_written_is_read_again(names):
    """Writing and reading is the identity, but for repeats."""
    assert union(names) == parse_betas([format_betas(names)])


@given(lines=st.lists(st.lists(st.tuples(OWS, st.one_of(NAMES, st.just("")), OWS)), max_size=4))
def test_what_was_read_and_written_says_the_same(lines):
    """However a header is laid out, one line says all of it."""
    values = [",".join("".join(element) for element in line) for line in lines]
    betas = parse_betas(values)
    assert union(name for line in lines for _, name, _ in line if name) == betas
    assert betas == parse_betas([format_betas(betas)])


# Merging.


@given(names=LISTS)
def test_union_is_idempotent(names):
    """Merging a list with itself only takes out its repeats."""
    assert union(names) == union(names, names) == union(union(names))


@given(a=LISTS, b=LISTS, c=LISTS)
def test_union_is_associative(a, b, c):
    """It does not matter which middlewares merge first, as long as the order of the lists is the same."""
    assert union(a, b, c) == union(union(a, b), c) == union(a, union(b, c))


@given(a=LISTS, b=LISTS)
def test_union_keeps_the_first_mention_in_its_place(a, b):
    """The first list stands in front as it is, then what is new in the second."""
    merged = union(a, b)
    assert union(a) == merged[: len(set(a))]
    assert set(a) | set(b) == set(merged)
    assert sorted(merged, key=(a + b).index) == list(merged)
    assert len(set(merged)) == len(merged)


def test_union_of_nothing():
    """No lists, no names."""
    assert () == union()


# Header injection.


@pytest.mark.parametrize("name", INJECTIONS, ids=ascii)
@pytest.mark.parametrize(
    "give",
    [
        lambda name: format_betas([name]),
        lambda name: format_betas(["ok", name]),
        lambda name: EndpointRule("/v1/agents", [name]),
        lambda name: override(add=[name]),
        lambda name: override(remove=[name]),
        chain,
        lambda name: chain("ok", name),
    ],
    ids=["format", "format-second", "rule", "override-add", "override-remove", "chain", "chain-second"],
)
def test_a_name_that_breaks_the_header_is_refused_where_it_is_given(give, name):
    """No way in for CR, LF, NUL, comma, whitespace, quotation mark or anything that is not ASCII."""
    with pytest.raises(InvalidBetaError):
        give(name)


@given(names=st.lists(st.text(st.characters(codec=None), max_size=8), max_size=4))
def test_no_value_that_is_written_can_break_out_of_its_header(names):
    """Random names are either refused or make a value of visible ASCII with as many elements as names."""
    try:
        value = format_betas(names)
    except BetaError:
        return
    assert all("!" <= character <= "~" and character != '"' for character in value)
    assert len(set(names)) == (value.count(",") + 1 if value else 0)


@given(name=st.text(st.characters(codec=None), max_size=8))
def test_all_ways_in_refuse_the_same_names(name):
    """A rule, an override and a chain take what the writer takes, and nothing else."""
    refused = 0
    for give in (lambda: EndpointRule("/v1/a", [name]), lambda: override(add=[name]), lambda: override(remove=[name])):
        try:
            give()
        except InvalidBetaError:
            refused += 1
    assert (0 if is_beta_name(name) else 3) == refused


def test_an_override_that_is_refused_puts_nothing_in_force():
    """It raises where it is called, before the block begins."""
    before = in_force.get()
    with pytest.raises(InvalidBetaError):
        override(add=["ok", "a\r\nb"])
    assert before is in_force.get()
