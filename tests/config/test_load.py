"""`load_config`: what a file says, and all that can be wrong with it."""

import os
import re
from pathlib import Path

import pytest

import betamw

ALL = """
[betamw]
betas = ["a-2025-01-01"]
remove = ["b-2025-01-01"]
disable = true
fallback = false
base_url = ["https://one.example", "https://two.example/x"]
header = "OpenAI-Beta"
catalog_rules = false
[[betamw.endpoint]]
path = "/v1/files"
betas = ["files-api-2025-04-14"]
methods = ["get"]
required = false
exact = true
[betamw.policy]
max_resends = 1
on_unnamed = "give_up"
required = ["x-*"]
substitutes = { "mcp-client-2026-09-15" = "mcp-client-2025-11-20" }
paired_fields = "strip"
droppable_sources = ["default"]
strict = true
[betamw.memory]
remember_for = 900
max_entries = 7
probe_lease = 0.5
[[betamw.pin]]
beta = "context-1m-2025-08-07"
origin = "https://one.example"
endpoint = "/v1/messages"
model = "claude-haiku-4-5"
"""
EVERYTHING = betamw.Config(
    betas=["a-2025-01-01"],
    remove=["b-2025-01-01"],
    disable=True,
    fallback=False,
    api=betamw.Api(["https://one.example", "https://two.example/x"], "OpenAI-Beta"),
    endpoints=[betamw.EndpointRule("/v1/files", ["files-api-2025-04-14"], {"GET"}, required=False, exact=True)],
    policy=betamw.FallbackPolicy(
        max_resends=1,
        on_unnamed="give_up",
        required={"x-*"},
        substitutes={"mcp-client-2026-09-15": "mcp-client-2025-11-20"},
        paired_fields="strip",
        droppable_sources={"default"},
        strict=True,
    ),
    remember_for=900.0,
    max_entries=7,
    probe_lease=0.5,
    pins=[
        betamw.Pin(
            beta="context-1m-2025-08-07",
            origin="https://one.example",
            endpoint="/v1/messages",
            model="claude-haiku-4-5",
        )
    ],
)
CATALOG = """
required = ["mine-*"]
[betas.feature.active]
"mine-2026-01-01" = "a detail"
[endpoints]
templates = ["/v1/things"]
[[endpoints.rules]]
path = "/v1/things"
betas = ["mine-2026-01-01"]
"""


def problems(path: object = None) -> list[str]:
    """The lines of the error."""
    with pytest.raises(betamw.ConfigError) as raised:
        betamw.load_config(path)
    return str(raised.value).splitlines()


# What it says.


def test_everything(write):
    """Each key has its place in the `Config`."""
    assert EVERYTHING == betamw.load_config(write(ALL))


def test_pyproject(write):
    """In a `pyproject.toml` the table is below `tool`."""
    assert EVERYTHING == betamw.load_config(write(ALL.replace("betamw", "tool.betamw"), "pyproject.toml"))


@pytest.mark.parametrize("kind", [str, Path, os.fspath])
def test_kinds_of_path(write, kind):
    """A path is a string or path-like."""
    assert EVERYTHING == betamw.load_config(kind(write(ALL)))


@pytest.mark.parametrize("text", ["[betamw]", "betamw = {}", "\ufeff[betamw]\r\n", "other = 1\n[betamw]\n[more]\n"])
def test_nothing_said(write, text):
    """An empty table is the defaults; what else is in the file, a byte order mark and line ends are no matter."""
    assert betamw.Config() == betamw.load_config(write(text))


def test_no_file():
    """Without a file and variables it is the defaults."""
    assert betamw.Config() == betamw.load_config()


def test_nothing_is_searched(write):
    """A file that nobody has named is not read."""
    write(ALL)
    write("[tool.betamw]\nbetas = ['x']", "pyproject.toml")

    assert betamw.Config() == betamw.load_config()


def test_endpoints_come_on_top_of_the_catalog(write):
    """With the catalog's rules, those of the file come after them."""
    path = write("[betamw]\n[[betamw.endpoint]]\npath = '/v1/x'\nbetas = []")

    assert (*betamw.CATALOG_RULES, betamw.EndpointRule("/v1/x", [])) == betamw.load_config(path).endpoints


def test_catalog(write):
    """A catalog is found beside the file, wherever that is; its rules and required betas are in force."""
    write(CATALOG, "deep/mine.toml")
    config = betamw.load_config(write("[betamw]\ncatalog = 'mine.toml'", "deep/betamw.toml"))

    assert ("/v1/things",) == config.api.catalog.url_templates
    assert (betamw.EndpointRule("/v1/things", ["mine-2026-01-01"]),) == config.endpoints
    assert frozenset({"mine-*"}) == config.policy.required


def test_base_url_of_the_sdk(write, monkeypatch):
    """Without a base URL in the file it is the official SDK's variable that counts."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://gateway.example")

    assert ("https://gateway.example",) == betamw.load_config(write("[betamw]")).api.base_url
    assert ("https://one.example",) == betamw.load_config(
        write("[betamw]\nbase_url='https://one.example'")
    ).api.base_url


# What is wrong with the file.


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"", "must have a table [betamw], got nothing"),
        (b"[betamv]", "must have a table [betamw], got betamv at the top"),
        (
            b"[tool.betamw]",
            "must have a table [betamw], got [tool.betamw], which is for a pyproject.toml",
        ),
        (b"[betamw]\nbetas = [", "must be TOML: Invalid value (at end of document)"),
        (b"[betamw]\n\n  betas = x", "must be TOML: Invalid value (at line 3, column 11)"),
        (b"[betamw]\nbetas = ['\xff']", "must be UTF-8, got something else at byte 19"),
        (b"[betamw]\nx = " + b"[" * 5000, "must be TOML: maximum recursion depth exceeded"),
        (b"[betamw]\nx = 1\nx = 1\n\n", "must be TOML: Cannot overwrite a value (at line 3, column 6)"),
        (b"betamw = 1", "betamw: must be a table, got 1"),
    ],
)
def test_a_file_that_cannot_be_used(write, text, line):
    """One line says what is wrong, with the file's name."""
    (told,) = problems(write(text))

    assert f"betamw.toml: {line}" == told[: len(line) + len("betamw.toml: ")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[project]", "must have a table [tool.betamw], add it, or name another file"),
        ("[betamw]", "must have a table [tool.betamw], got [betamw] without tool."),
        ("tool = 1", "must have a table [tool.betamw], add it, or name another file"),
        ("[tool]\nbetamw = 1", "tool.betamw: must be a table, got 1"),
        ("[tool.betamw.policy]\nmax_resends = -1", "tool.betamw.policy.max_resends: max_resends must be >= 0, got -1"),
    ],
)
def test_a_pyproject_that_cannot_be_used(write, text, line):
    """The table is named as it must be there."""
    assert [f"pyproject.toml: {line}"] == problems(write(text, "pyproject.toml"))


def test_a_file_that_is_not_there(write):
    """The name is told, and no traceback of the system's."""
    assert ["nope.toml: cannot be read: No such file or directory"] == problems("nope.toml")


def test_a_directory(tmp_path):
    """A directory is no file."""
    (line,) = problems(tmp_path)

    assert line.startswith(str(tmp_path))
    assert line.endswith(": cannot be read: Is a directory")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(write):
    """Without the permission it says so."""
    path = write(ALL)
    path.chmod(0)

    assert ["betamw.toml: cannot be read: Permission denied"] == problems(path)


@pytest.mark.parametrize("path", ["", b"betamw.toml", 5, "a\0b", Path, ["betamw.toml"]])
def test_no_path(path):
    """What is no path is refused with what was given."""
    (line,) = problems(path)

    assert line.startswith("config must be a Config or the path of a TOML file, got ")


# What is wrong with the values.

WRONG = {
    "betas": ("'a'", "must be an array, got 'a'"),
    "betas ": ("['a', 1]", "[1]: must be a string, got 1"),
    "remove": ("['a b']", "[0]: remove of Config must be visible ASCII"),
    "disable": ("'yes'", "must be true or false, got 'yes'"),
    "fallback": ("1", "must be true or false, got 1"),
    "base_url": ("5", "must be a string or an array, got 5"),
    "base_url ": ("['ftp://x']", "[0]: base_url must have the scheme http or https and a host, got 'ftp://x'"),
    "base_url  ": ("[]", "base_url must be a URL or a sequence of at least one, got []"),
    "header": ("'a b'", "header must be the name of a header (RFC 9110 token), got 'a b'"),
    "catalog_rules": ("'no'", "must be true or false, got 'no'"),
    "catalog": ("1", "must be a string, got 1"),
    "policy": ("1", "must be a table, got 1"),
    "policy.max_resends": ("1.5", "must be an integer, got 1.5"),
    "policy.on_unnamed": ("'x'", "on_unnamed='x' is not allowed, it must be one of 'split', 'drop_all', 'give_up'"),
    "policy.required": ("['']", "[0]: required must hold beta names or fnmatch patterns, got ''"),
    "policy.substitutes": ("'newer'", "substitutes must be 'older', 'never' or a mapping of beta names, got 'newer'"),
    "policy.substitutes ": ("{a = 'b c'}", ".a: substitutes must be visible ASCII"),
    "policy.substitutes  ": ("{a = 1}", ".a: must be a string, got 1"),
    "policy.paired_fields": ("'x'", "paired_fields='x' is not allowed, it must be one of 'keep', 'strip'"),
    "policy.droppable_sources": ("['default', 'x']", "[1]: droppable_sources must be of request, override, "),
    "policy.strict": ("0", "must be true or false, got 0"),
    "policy.on_rejection": ("'f'", "is not known, known are max_resends, "),
    "memory.remember_for": ("0", "remember_for must be a finite number of seconds > 0, got 0"),
    "memory.remember_for ": ("nan", "remember_for must be a finite number of seconds > 0, got nan"),
    "memory.max_entries": ("true", "must be an integer, got True"),
    "memory.probe_lease": ("'1'", "must be a number, got '1'"),
    "memory.clock": ("1", "is not known, known are remember_for, max_entries, probe_lease"),
    "endpoint": ("{path = '/v1'}", "must be an array of tables, written [[betamw.endpoint]], got {'path': '/v1'}"),
    "endpoint ": ("[1]", "[0]: must be a table, got 1"),
    "endpoint  ": ("[{path = '/a', betas = []}, {path = 'v1', betas = []}]", "[1].path: path must be segments like"),
    "pin": ("[{beta = 'a', model = ''}]", "[0].model: model must be None or the name of a model, got ''"),
    "pin ": ("[{model = 'a'}]", "[0].beta: is missing"),
    "pin  ": ("[{beta = 'a', origin = 'x'}]", "[0].origin: origin must have the scheme http or https and a host"),
    "beta": ("[]", "is not known, did you mean betas?"),
    "'odd key'": ("1", "is not known, known are betas, remove,"),
}


@pytest.mark.parametrize(("key", "value", "text"), [(key, *wrong) for key, wrong in WRONG.items()])
def test_a_wrong_value(write, key, value, text):
    """One line says where, what was expected and what was given."""
    (line,) = problems(write(f"[betamw]\n{key.strip()} = {value}"))

    assert line.startswith(f"betamw.toml: betamw.{key.strip()}{'' if text[0] in '[.' else ': '}{text}")


def test_all_at_once(write):
    """One error tells all that is wrong, in types, keys, values, the catalog and the environment, in this order."""
    path = write("""
[betamw]
betas = ["a b", 5, "c,d"]
catalog = "none.toml"
[betamw.policy]
max_resend = 1
max_resends = -1
strict = "no"
[[betamw.endpoint]]
[[betamw.endpoint]]
path = "x"
betas = []
methods = ["G E T"]
""")
    os.environ["BETAMW_FALLBACK"] = "perhaps"
    try:
        lines = problems(path)
    finally:
        del os.environ["BETAMW_FALLBACK"]

    assert [
        "betamw.betas[1]",
        "betamw.policy.max_resend",
        "betamw.policy.strict",
        "betamw.endpoint[0].path",
        "betamw.endpoint[0].betas",
        "betamw.betas[0]",
        "betamw.betas[2]",
        "betamw.policy.max_resends",
        "betamw.endpoint[1].path",
        "betamw.endpoint[1].methods[0]",
        "betamw.catalog",
    ] == [re.match(r"betamw\.toml: ([^: ]+): ", line)[1] for line in lines[:-1]]
    assert lines[-1].startswith("BETAMW_FALLBACK in the environment: must be one of 1, true, yes, on, ")


def test_what_no_value_alone_is_to_blame_for(write):
    """Where values are good and go together badly, the file is named."""
    path = write("[betamw]\nmemory.max_entries = 1\n[[betamw.pin]]\nbeta = 'a'\n[[betamw.pin]]\nbeta = 'b'")

    assert ["betamw.toml: there must be no more than max_entries=1 pins, got one more"] == problems(path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("nope = 1", "betamw.catalog: mine.toml: catalog: Object contains unknown field `nope`"),
        ("a = 1\nx", "betamw.catalog: mine.toml: must be TOML: Expected '=' after a key in a key/value pair"),
        (f"x = {'[' * 5000}", "betamw.catalog: mine.toml: must be TOML: maximum recursion depth exceeded"),
        ("sk-ant-api03-01234567 = 1", "betamw.catalog: mine.toml: what looks like a key cannot stand there"),
    ],
)
def test_a_bad_catalog(write, text, line):
    """A catalog that cannot be read is told with its own file, and where it was named."""
    write(text, "mine.toml")
    (told,) = problems(write("[betamw]\ncatalog = 'mine.toml'"))

    assert told.startswith(f"betamw.toml: {line}")


def test_a_catalog_without_a_name(write):
    """A null in the name of a file is no crash."""
    (line,) = problems(write('[betamw]\ncatalog = "a\\u0000b"'))

    assert line.endswith(": cannot be read: no path holds a null character")


KEY = "sk-ant-api03-0123456789abcdef"


@pytest.mark.parametrize(
    "text",
    [
        f"[betamw]\nbase_url = 'https://user:{KEY}@h.example'",
        f"[betamw]\nbase_url = 'https://h.example/?k={KEY}'",
        f"[betamw]\nbetas = ['{KEY} x']",
        f"[betamw]\nbetas = '{KEY}'",
        f"[betamw]\n{KEY} = 1",
        f"[betamw]\npolicy.substitutes = {{ {KEY} = 1 }}",
        f"[betamw]\ncatalog = '{KEY}.toml'",
        f"[betamw]\nheader = '{KEY} x'",
        f"{KEY} = 1",
        f"[{KEY}]\n[{KEY}]",
        f"['{KEY}'.a]\n['{KEY}'.a]",
    ],
)
def test_no_key_is_told(write, text):
    """What looks like a key is not in the error, wherever it stands."""
    assert [] == [line for line in problems(write(text)) if KEY[:10] in line]


def test_no_key_in_the_name_of_a_file(write):
    """Not even where it is the name of a file."""
    assert [] == [line for line in problems(f"{KEY}.toml") if KEY[:10] in line]
