"""The JSON Schema for editors, and the example with all keys: neither may drift from what is read."""

import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
import tomli_w
from hypothesis import example, given
from hypothesis import strategies as st

import betamw
from betamw.config.shape import json_schema

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "examples" / "betamw.toml").read_text(encoding="utf-8")
ALL_KEYS = re.sub(r"^# (\[\[|[a-z_]+ = )", r"\1", EXAMPLE, flags=re.MULTILINE)
SCHEMA = jsonschema.Draft202012Validator(json_schema())
CATALOG = '[betas.feature.active]\n"mine-2026-01-01" = "a detail"\n'


def is_valid(text: str) -> bool:
    """Whether an editor finds no fault with a file."""
    return SCHEMA.is_valid(tomllib.loads(text))


def is_loaded(path: Path) -> bool:
    """Whether `load_config` finds no fault with it."""
    try:
        betamw.load_config(path)
    except betamw.ConfigError:
        return False
    return True


def test_it_is_a_schema():
    """The schema is valid itself."""
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_every_key_is_described():
    """An editor has something to show for each key, or for the table that it is."""
    tables = json_schema()["$defs"]
    keys = {f"{table}.{key}": shape for table, of in tables.items() for key, shape in of["properties"].items()}

    assert [] == [name for name, shape in keys.items() if not {"description", "$ref", "items"} & shape.keys()]
    assert [] == [table for table, shape in tables.items() if "description" not in shape]


def test_the_example_says_the_defaults(write):
    """What the example does not comment out is what holds without it."""
    assert betamw.Config() == betamw.load_config(write(EXAMPLE))
    assert is_valid(EXAMPLE)


def test_the_example_has_all_keys(write):
    """With what it comments out, too, each key of the schema is there, and the file is good."""
    write(CATALOG, "mine.toml")
    table = tomllib.loads(ALL_KEYS)["betamw"]
    tables = json_schema()["$defs"]

    assert is_loaded(write(ALL_KEYS))
    assert is_valid(ALL_KEYS)
    assert {
        "Settings": {*table},
        "PolicyTable": {*table["policy"]},
        "MemoryTable": {*table["memory"]},
        "EndpointTable": {*table["endpoint"][0]},
        "PinTable": {*table["pin"][0]},
    } == {name: {*tables[name]["properties"]} for name in tables if name != "File"}


@pytest.mark.parametrize(
    "text",
    [
        "betamw = 1",
        "[other]",
        "[betamw]\nbetas = 'a'",
        "[betamw]\nbetas = [1]",
        "[betamw]\nbetas = ['a b']",
        "[betamw]\nbeta = []",
        "[betamw]\ndisable = 'yes'",
        "[betamw]\nbase_url = 1",
        "[betamw.policy]\nmax_resends = -1",
        "[betamw.policy]\nmax_resends = true",
        "[betamw.policy]\non_unnamed = 'x'",
        "[betamw.policy]\npaired_fields = 'x'",
        "[betamw.policy]\ndroppable_sources = ['x']",
        "[betamw.policy]\nsubstitutes = { a = 1 }",
        "[betamw.memory]\nremember_for = 0",
        "[betamw.memory]\nmax_entries = 0",
        "[betamw.memory]\nprobe_lease = '1'",
        "[betamw.endpoint]\npath = '/v1'",
        "[[betamw.endpoint]]\npath = '/v1'",
        "[[betamw.endpoint]]\npath = '/v1'\nbetas = []\nmethods = []",
        "[[betamw.pin]]\nmodel = 'm'",
        "[[betamw.pin]]\nbeta = 'a'\nmodels = ['m']",
    ],
)
def test_both_refuse(write, text):
    """What the schema refuses is refused when it is read, and the other way round."""
    assert (False, False) == (is_valid(text), is_loaded(write(text)))


@pytest.mark.parametrize(
    "text",
    [
        "[betamw]",
        "[betamw]\nbetas = ['tool_use:logging=false', '!#~']",
        "[betamw]\nbase_url = ['https://a.example']",
        "[betamw.policy]\nmax_resends = 0\nsubstitutes = { a = 'b' }",
        *(f"[betamw.policy]\non_unnamed = '{word}'" for word in ("split", "drop_all", "give_up")),
        *(f"[betamw.policy]\npaired_fields = '{word}'" for word in ("keep", "strip")),
        *(
            f"[betamw.policy]\ndroppable_sources = ['{word}']"
            for word in ("request", "override", "default", "endpoint")
        ),
        *(f"[betamw.policy]\nsubstitutes = '{word}'" for word in ("older", "never")),
        "[betamw.memory]\nremember_for = 1\nprobe_lease = 0.5\nmax_entries = 1",
    ],
)
def test_both_accept(write, text):
    """What is good is good for both."""
    assert (True, True) == (is_valid(text), is_loaded(write(text)))


SCALARS = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.dates(), st.text(max_size=3), st.sampled_from(["split", "a-b", "/v1"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b c"]), inner, max_size=2),
)


def tables(name: str) -> "st.SearchStrategy[dict]":
    """What may stand in a table of the shape, right or wrong."""
    keys = json_schema()["$defs"][name]["properties"].keys() | {"unknown"}
    return st.dictionaries(st.sampled_from(sorted(keys)), VALUES, max_size=4)


ANYTHING = st.tuples(
    tables("Settings"), tables("PolicyTable"), tables("MemoryTable"), tables("EndpointTable"), tables("PinTable")
).map(lambda made: {"policy": made[1], "memory": made[2], "endpoint": [made[3]], "pin": [made[4]], **made[0]})


@given(ANYTHING)
@example({"betas": ["a"]})
def test_whatever_is_written(tmp_path_factory, table):
    """It is loaded or refused with a line for each problem, and nothing that the schema refuses is loaded."""
    problems: list[str] = []
    text, path = tomli_w.dumps({"betamw": table}), tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8", newline="")
    try:
        betamw.load_config(path)
    except betamw.ConfigError as error:
        problems = str(error).split("\n")

    assert [] == [line for line in problems if not line.startswith(f"{path}: ")]
    assert problems or is_valid(text)
