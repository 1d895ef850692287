"""Nodes that are taken out of a JSON text, and every other byte of it."""

import json
import re
from collections.abc import Iterator
from random import Random
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from betamw.core.json_text import without_nodes
from betamw.core.selector import Path

PRETTY = b"""{
  "a": 1,
  "b": [
    {"c": 2},
    3
  ],
  "d": null
}
"""
LEADING = b"""{ "a": 1
, "b": 2
, "c": 3
}"""


class TestMembersAndElements:
    @pytest.mark.parametrize(
        ("text", "path", "rest"),
        [
            (b'{"a":1,"b":2,"c":3}', ("a",), b'{"b":2,"c":3}'),
            (b'{"a":1,"b":2,"c":3}', ("b",), b'{"a":1,"c":3}'),
            (b'{"a":1,"b":2,"c":3}', ("c",), b'{"a":1,"b":2}'),
            (b"[1,2,3]", (0,), b"[2,3]"),
            (b"[1,2,3]", (1,), b"[1,3]"),
            (b"[1,2,3]", (2,), b"[1,2]"),
            (b'{"a":{"b":[0,{"c":1,"d":2}]}}', ("a", "b", 1, "c"), b'{"a":{"b":[0,{"d":2}]}}'),
            (b'[["a"],["b"]]', (1, 0), b'[["a"],[]]'),
            (b'{"a":"]},{[\\"","b":2}', ("a",), b'{"b":2}'),
        ],
    )
    def test_one(self, text: bytes, path: Path, rest: bytes) -> None:
        """A node goes with one comma, wherever it stands."""
        assert rest == without_nodes(text, [path])

    @pytest.mark.parametrize(
        ("text", "paths", "rest"),
        [
            (b"[1,2,3,4]", [(0,), (1,)], b"[3,4]"),
            (b"[1,2,3,4]", [(1,), (2,)], b"[1,4]"),
            (b"[1,2,3,4]", [(3,), (2,)], b"[1,2]"),
            (b"[1,2,3,4]", [(0,), (2,)], b"[2,4]"),
            (b"[1,[2,3],4]", [(0,), (1, 0), (2,)], b"[[3]]"),
            (b'{"a":[1,2],"b":{"c":3}}', [("a", 1), ("b", "c")], b'{"a":[1],"b":{}}'),
        ],
    )
    def test_several(self, text: bytes, paths: list[Path], rest: bytes) -> None:
        """Indexes count in the text as it was."""
        assert rest == without_nodes(text, paths)

    @pytest.mark.parametrize("paths", [[("a",), ("a", "b")], [("a", "b"), ("a",)], [("a",), ("a",), ("a", "b", 0)]])
    def test_nested(self, paths: list[Path]) -> None:
        """What is inside of a node that goes, goes with it."""
        assert b'{"c":2}' == without_nodes(b'{"a":{"b":[1]},"c":2}', paths)

    @pytest.mark.parametrize(
        "path",
        [(), ("x",), ("a", "x"), ("a", 2), ("a", -1), ("a", "0"), (0,), ("n", 0), ("n", "b"), ("s", 0), ("e", 0)],
    )
    def test_nowhere(self, path: Path) -> None:
        """A path that leads nowhere, or nowhere in particular, takes nothing."""
        text = b' {"a" : [1, 2], "n":1, "s":"b", "e": [ ], "o": { } } '

        assert text == without_nodes(text, [path])
        assert text == without_nodes(text, [])

    def test_scalar(self) -> None:
        """A text that is no list and no object has no nodes."""
        assert b' "a" ' == without_nodes(b' "a" ', [("a",), (0,)])


class TestWhitespace:
    @pytest.mark.parametrize(
        ("path", "rest"),
        [
            (("a",), b'{\n  "b": [\n    {"c": 2},\n    3\n  ],\n  "d": null\n}\n'),
            (("b",), b'{\n  "a": 1,\n  "d": null\n}\n'),
            (("d",), b'{\n  "a": 1,\n  "b": [\n    {"c": 2},\n    3\n  ]\n}\n'),
            (("b", 0), b'{\n  "a": 1,\n  "b": [\n    3\n  ],\n  "d": null\n}\n'),
            (("b", 1), b'{\n  "a": 1,\n  "b": [\n    {"c": 2}\n  ],\n  "d": null\n}\n'),
        ],
    )
    def test_indented(self, path: Path, rest: bytes) -> None:
        """An indented text looks as if the node had never been there."""
        assert rest == without_nodes(PRETTY, [path])

    @pytest.mark.parametrize(
        ("path", "rest"),
        [
            (("a",), b'{ "b": 2\n, "c": 3\n}'),
            (("b",), b'{ "a": 1\n, "c": 3\n}'),
            (("c",), b'{ "a": 1\n, "b": 2\n}'),
        ],
    )
    def test_leading_commas(self, path: Path, rest: bytes) -> None:
        """So does one whose commas begin the lines."""
        assert rest == without_nodes(LEADING, [path])

    def test_nothing_left(self) -> None:
        """Brackets around nothing close up; those that were empty before keep what they had inside."""
        assert b'{"a": [], "b": [ ], "c": {}}' == without_nodes(
            b'{"a": [\n 1,\n 2\n], "b": [ ], "c": {\t"d" : 1 }}', [("a", 0), ("a", 1), ("b", 0), ("c", "d")]
        )

    def test_around_the_text(self) -> None:
        """What is around the outermost brackets stays."""
        assert b"\r\n\t []\r\n\t " == without_nodes(b"\r\n\t [ 1 ]\r\n\t ", [(0,)])


class TestKeys:
    @pytest.mark.parametrize(
        ("spelled", "key"),
        [
            (b'"a\\u0062"', "ab"),
            (b'"\\u0061b"', "ab"),
            (b'"\\"\\\\"', '"\\'),
            (b'"\\\\\\\\"', "\\\\"),
            (b'"\\/"', "/"),
            (b'"\\n"', "\n"),
            (b'"\\u00e9"', "é"),
            ('"é"'.encode(), "é"),
            (b'"\\ud83d\\ude00"', "\U0001f600"),
            (b'""', ""),
            (b'"{[:,"', "{[:,"),
        ],
    )
    def test_spelling(self, spelled: bytes, key: str) -> None:
        """A key is what it stands for, however it is written."""
        assert b'{"x":0}' == without_nodes(b'{"x":0,' + spelled + b" : 1}", [(key,)])
        assert b'{"x":0,' + spelled + b" :{}}" == without_nodes(b'{"x":0,' + spelled + b' :{"y":1}}', [(key, "y")])

    def test_each_of_a_key(self) -> None:
        """A key that is written several times goes each time: no reader may find what the last one hid."""
        assert b'{"b":2}' == without_nodes(b'{"a":1,"b":2,"\\u0061":3,"a":4}', [("a",)])

    def test_through_the_last_of_a_key(self) -> None:
        """A path leads through the last of several equal keys, as msgspec reads them."""
        assert b'{"a":[1],"a":[2,3],"a":[5]}' == without_nodes(b'{"a":[1],"a":[2,3],"a":[4,5]}', [("a", 0)])


class TestNotJson:
    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b" ",
            b"{",
            b'{"a":1',
            b'{"a":1,}',
            b'{"a" 1}',
            b'{"a":1} x',
            b'{"a":NaN}',
            b"{a:1}",
            b"{'a':1}",
            b'{"a":1,"b":"\n"}',
            b'{"a":1,"\xff":2}',
            b'{"a":1,"b":"\\ud800"}',
            b'{"a":1,"\\ud800":2}',
            b'{"a":1,"b":"\\x"}',
            b'\xef\xbb\xbf{"a":1}',
            '{"a":1}'.encode("utf-16"),
            b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        ],
    )
    def test_given_back(self, text: bytes) -> None:
        """What msgspec does not read is given back as it is: other bytes, a byte order mark, a bottomless pit."""
        assert text == without_nodes(text, [("a",)])

    def test_long_path(self) -> None:
        """A path of any length is followed as far as it leads."""
        deep: Path = ("a",) * 100_000

        assert b'{"a":{}}' == without_nodes(b'{"a":{}}', [deep])
        assert b"{}" == without_nodes(b'{"a":{}}', [deep, ("a",)])

    @given(st.binary() | st.text('[]{}",:\\ a01').map(str.encode), st.lists(st.lists(st.sampled_from(["a", "", 0, 1]))))
    def test_any_bytes(self, text: bytes, paths: list[list[str | int]]) -> None:
        """Nothing is raised, and nothing is added, whatever the bytes."""
        assert is_subsequence(without_nodes(text, map(tuple, paths)), text)


# JSON as it is spelled: a list of what is in a list, a tuple of members for an object, a text for all else.
Spelled = Any
SCALARS = ["null", "-0", "1.0e+5", "1E400", "123456789012345678901234567890", '"\\ud83d\\ude00"', '"é"', '"\\u00E9"']
TEXTS = ['""', '"]"', '"}"', '"{\\"a\\":1,"', '"\\\\"', '"\\\\\\""', '"a\\/b"']
KEYS = ['"a"', '"\\u0061"', '"b"', '"\\"b"', '"é"', '"\\u00e9"', '""']
SPELLED = st.recursive(
    st.sampled_from(SCALARS + TEXTS),
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(st.tuples(st.sampled_from(KEYS), inner), max_size=4).map(tuple)
    ),
    max_leaves=20,
)
SPACES = ["", "", " ", "\n  ", "\t", "\r\n", " \n\n "]
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')


def tokens(spelled: Spelled) -> Iterator[str]:
    """What is written, but for the whitespace."""
    if isinstance(spelled, str):
        yield spelled
        return
    yield "[" if isinstance(spelled, list) else "{"
    for index, node in enumerate(spelled):
        if index:
            yield ","
        if isinstance(spelled, tuple):
            yield from (node[0], ":")
        yield from tokens(node[1] if isinstance(spelled, tuple) else node)
    yield "]" if isinstance(spelled, list) else "}"


def steps(spelled: Spelled) -> list[tuple[str | int, Spelled, bool]]:
    """The nodes of a list or an object: key or index, value, and whether a path leads through it."""
    if isinstance(spelled, list):
        return [(index, value, True) for index, value in enumerate(spelled)]
    if isinstance(spelled, str):
        return []
    keys = [json.loads(key) for key, _ in spelled]
    return [
        (key, value, key not in keys[n + 1 :]) for n, (key, (_, value)) in enumerate(zip(keys, spelled, strict=True))
    ]


def paths_in(spelled: Spelled) -> list[Path]:
    return [
        path
        for step, value, open_ in steps(spelled)
        for path in [(step,), *((step, *below) for below in paths_in(value) if open_)]
    ]


def without(spelled: Spelled, gone: set[Path], at: Path = ()) -> Spelled:
    """The same without some of its nodes, done the simple way."""
    if isinstance(spelled, str):
        return spelled
    rest = []
    for node, (step, value, open_) in zip(spelled, steps(spelled), strict=True):
        if (*at, step) not in gone:
            kept = without(value, gone, (*at, step)) if open_ else value
            rest.append((node[0], kept) if isinstance(spelled, tuple) else kept)
    return type(spelled)(rest)


def is_subsequence(part: bytes, whole: bytes) -> bool:
    left = iter(whole)
    return all(byte in left for byte in part)


def written(spelled: Spelled, random: Random) -> str:
    return "".join(random.choice(SPACES) + token for token in tokens(spelled)) + random.choice(SPACES)


@given(SPELLED, st.randoms(use_true_random=False))
def test_what_stays_is_spelled_as_it_was(spelled: Spelled, random: Random) -> None:
    """The tokens of what stays are those of the text, in their spelling and order, and nothing but bytes of it."""
    text = written(spelled, random)
    paths = paths_in(spelled)
    gone = set(random.sample(paths, random.randint(0, len(paths))))
    rest = without_nodes(text.encode(), gone).decode()

    assert list(tokens(without(spelled, gone))) == TOKEN.findall(rest)
    assert is_subsequence(rest.encode(), text.encode())
    assert rest.startswith(text[: len(text) - len(text.lstrip())])
    assert rest.endswith(text[len(text.rstrip()) :])


def pruned(value: Any, gone: set[Path], at: Path = ()) -> Any:
    """A decoded value without some of its nodes."""
    if isinstance(value, dict):
        return {k: pruned(v, gone, (*at, k)) for k, v in value.items() if (*at, k) not in gone}
    if isinstance(value, list):
        return [pruned(v, gone, (*at, i)) for i, v in enumerate(value) if (*at, i) not in gone]
    return value


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=4),
    max_leaves=20,
)


def all_paths(value: Any) -> list[Path]:
    nodes = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for step, inner in nodes for path in [(step,), *((step, *below) for below in all_paths(inner))]]


@given(
    VALUES,
    st.randoms(use_true_random=False),
    st.sampled_from([None, 0, 1, "\t"]),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :")]),
    st.booleans(),
)
def test_means_what_it_should(
    value: Any, random: Random, indent: int | str | None, separators: tuple[str, str], ascii_only: bool
) -> None:
    """However Python writes a value, what stays is the value without the nodes."""
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=ascii_only)
    paths = all_paths(value)
    gone = set(random.sample(paths, random.randint(0, len(paths))))

    assert pruned(value, gone) == json.loads(without_nodes(text.encode(), gone))


KIB = 64 * 1024


@pytest.mark.parametrize(
    "unit", [b"[", b"{", b'{"', b'"', b"\\", b'\\"', b'"\\"', b'{"a":', b"[1,", b" ", b",", b'"a",']
)
@pytest.mark.parametrize(
    ("before", "after"),
    [(b"", b""), (b'{"a":', b"}"), (b'{"a":["', b'"]}'), (b'{"a":[', b"0]}"), (b'{"a":1,"', b'":1}')],
)
def test_linear_time(unit: bytes, before: bytes, after: bytes) -> None:
    """64 KiB of whatever makes a careless reader slow take milliseconds, or some more under coverage."""
    text = before + unit * (KIB // len(unit)) + after

    def seconds() -> float:
        start = perf_counter()
        without_nodes(text, [("a", 0), ("a", "a", "a"), (0, 0), ("b",)])
        return perf_counter() - start

    assert min(seconds() for _ in range(3)) < 0.2
