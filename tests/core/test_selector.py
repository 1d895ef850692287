"""The selector language: what is selected, and that nothing in a body can break it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from betamw.core.catalog import CATALOG
from betamw.core.errors import ConfigError
from betamw.core.selector import Path, Selector

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["system", "x", "compaction", ""])
KEYS = st.sampled_from(["tools", "type", "messages", "role", "content", "tool", "a", ""])
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20)
SELECTORS = [
    *("tools[type=x]", "tools[].type", "tools{!type}", "messages[role=system].content[type=compaction][!a:string]"),
    *("a", "a.a", "a:array", "a[]:object", "a=x|system", "messages[tool.type=x][a]", "a[!tool.type]"),
    *(field.text for gate in CATALOG.gates for field in gate.fields),
]


def at(body: Any, path: Path) -> object:
    for step in path:
        body = body[step]
    return body


@pytest.mark.parametrize(
    ("selector", "body", "paths"),
    [
        ("speed", {"speed": "fast"}, [("speed",)]),
        ("speed", {"speed": None}, [("speed",)]),
        ("speed", {"model": "fast"}, []),
        ("speed", ["speed"], []),
        ("speed", "speed", []),
        ("a.b", {"a": {"b": 1}}, [("a", "b")]),
        ("a.b", {"a": {"c": 1}}, []),
        ("a.b", {"a": [{"b": 1}]}, []),
        ("a[]", {"a": ["x", None, {}]}, [("a", 0), ("a", 1), ("a", 2)]),
        ("a[]", {"a": {"0": 1}}, []),
        ("a[].b", {"a": [{"b": 1}, "b", {"b": 2}]}, [("a", 0, "b"), ("a", 2, "b")]),
        ("a[k=x]", {"a": [{"k": "x"}, {"k": "y"}, "x"]}, [("a", 0)]),
        ("a[k=x|y]", {"a": [{"k": "x"}, {"k": "y"}, {"k": "z"}]}, [("a", 0), ("a", 1)]),
        ("a[k=1]", {"a": [{"k": 1}, {"k": "1"}]}, [("a", 1)]),
        ("a[k=x]", {"a": {"k": "x"}}, []),
        ("a[k]", {"a": [{"k": None}, {}, "k"]}, [("a", 0)]),
        ("a[!k]", {"a": [{"k": None}, {}, "k"]}, [("a", 1)]),
        ("a[!k=x]", {"a": [{"k": "x"}, {"k": "y"}, {}]}, [("a", 1), ("a", 2)]),
        ("a[k:string]", {"a": [{"k": "x"}, {"k": None}]}, [("a", 0)]),
        ("a[!k:string]", {"a": [{"k": "x"}, {"k": None}, {}]}, [("a", 1), ("a", 2)]),
        ("a[k.l=x]", {"a": [{"k": {"l": "x"}}, {"k": "x"}, {"k": {}}]}, [("a", 0)]),
        ("a[k=x][!l]", {"a": [{"k": "x", "l": 1}, {"k": "x"}]}, [("a", 1)]),
        ("a[k=x].b[l=y]", {"a": [{"k": "x", "b": [{"l": "y"}]}, {"b": [{"l": "y"}]}]}, [("a", 0, "b", 0)]),
        ("a{k=x}", {"a": {"k": "x"}}, [("a",)]),
        ("a{k=x}", {"a": [{"k": "x"}]}, []),
        ("a{k=x}{!l}", {"a": {"k": "x", "l": 1}}, []),
        ("a{!k}", {"a": {}}, [("a",)]),
        ("a{!k}", {"a": None}, []),
        ("a=x", {"a": "x"}, [("a",)]),
        ("a=x", {"a": ["x"]}, []),
        ("a[]=x", {"a": ["x", "y"]}, [("a", 0)]),
        ("a:string", {"a": ""}, [("a",)]),
        ("a:object", {"a": {}}, [("a",)]),
        ("a:array", {"a": []}, [("a",)]),
        ("a:array", {"a": {}}, []),
    ],
)
def test_select(selector: str, body: object, paths: list[Path]) -> None:
    """A selector gives the paths of what it selects, in document order."""
    assert paths == list(Selector.parse(selector).select(body))


def test_equal_by_text() -> None:
    """A selector is known by its text."""
    assert Selector.parse("a[b]") == Selector.parse("a[b]")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a.",
        "a..b",
        ".a",
        "a b",
        "a[",
        "a]",
        "a{}",
        "a[b",
        "a[b]{c}",
        "a[b]c",
        "a=",
        "a=x.b",
        "a:int",
        "a:",
        "é",
    ],
)
def test_not_a_selector(text: str) -> None:
    """What the grammar does not know is an error that shows it."""
    with pytest.raises(ConfigError) as error:
        Selector.parse(text)

    assert "a selector is keys with brackets, joined by dots, like 'tools[type=x].name', got " + repr(text) == str(
        error.value
    )


@pytest.mark.parametrize("inner", ["!", "b=", "b.", "b:int", "b c", "!!b", "=x"])
def test_not_a_filter(inner: str) -> None:
    """An error in a filter shows the filter and the selector."""
    with pytest.raises(ConfigError) as error:
        Selector.parse(f"a[{inner}]")

    expected = (
        f"a filter is a key, 'key=word|word' or 'key:type', perhaps with '!' before, got {inner!r} in {f'a[{inner}]'!r}"
    )
    assert expected == str(error.value)


@given(st.sampled_from(SELECTORS), JSON)
def test_selected_paths_exist(selector: str, body: object) -> None:
    """Whatever the body, nothing is raised, and each path leads to the value that was found."""
    found = list(Selector.parse(selector).find(body))

    assert all(at(body, path) is value for path, value in found)


def test_deep_body() -> None:
    """A body of any depth is read without recursion."""
    body: object = {}
    for _ in range(100_000):
        body = {"a": body}

    assert [("a", "a")] == list(Selector.parse("a.a").select(body))
