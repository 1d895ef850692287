"""`betamw config`: check, show and schema."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

import betamw
from betamw.cli.app import run

GOOD = """
[betamw]
betas = ["a-2025-01-01", "b-2025-01-01"]
base_url = ["https://a.example", "https://b.example/x"]
catalog = "mine.toml"
[[betamw.endpoint]]
path = "/v1/files"
betas = ["files-api-2025-04-14"]
methods = ["GET"]
[[betamw.endpoint]]
path = "/v1/x"
betas = []
exact = true
[betamw.policy]
max_resends = 1
substitutes = { "mcp-client-2026-09-15" = "mcp-client-2025-11-20" }
[betamw.memory]
remember_for = 900.5
[[betamw.pin]]
beta = "context-1m-2025-08-07"
model = "a \\"model\\""
"""
CATALOG = 'required = ["mine-*"]\n[betas.feature.active]\n"mine-2026-01-01" = "a detail"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """A folder with a good file, and an environment without any variable of ours."""
    (tmp_path / "betamw.toml").write_text(GOOD)
    (tmp_path / "mine.toml").write_text(CATALOG)
    for name in ("BETAMW_CONFIG", "BETAMW_BETAS", "BETAMW_REMOVE", "BETAMW_FALLBACK", "BETAMW_DISABLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# check


@pytest.mark.parametrize(
    ("arguments", "variables", "line"),
    [
        ([], {}, "OK: no file"),
        (["betamw.toml"], {}, "OK: betamw.toml"),
        (["betamw.toml"], {"BETAMW_CONFIG": "nope.toml", "BETAMW_REMOVE": "a"}, "OK: betamw.toml, BETAMW_REMOVE"),
        ([], {"BETAMW_CONFIG": "betamw.toml"}, "OK: BETAMW_CONFIG=betamw.toml"),
        ([], {"BETAMW_DISABLE": "1"}, "OK: no file, BETAMW_DISABLE (everything is turned off)"),
    ],
)
def test_check_good(monkeypatch, capsys, arguments, variables, line):
    """One line says what was read."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert 0 == run(["config", "check", *arguments])
    assert (f"{line}\n", "") == capsys.readouterr()


def test_check_bad(folder, monkeypatch, capsys):
    """One line on stderr for each problem; variables that are not known are such, too."""
    (folder / "betamw.toml").write_text("[betamw]\nbeta = []\npolicy.strict = 1\n")
    monkeypatch.setenv("BETAMW_FALLBACK", "x")
    monkeypatch.setenv("BETAMW_REMOVED", "a")

    assert 2 == run(["config", "check", "betamw.toml"])
    expected = (
        "betamw.toml: betamw.beta: is not known, did you mean betas?\n"
        "betamw.toml: betamw.policy.strict: must be true or false, got 1\n"
        "BETAMW_FALLBACK in the environment: must be one of 1, true, yes, on, 0, false, no, off, got 'x'\n"
        "BETAMW_REMOVED in the environment: is not known, did you mean REMOVE? (after BETAMW_)\n"
    )
    assert ("", expected) == capsys.readouterr()


def test_check_unknown_variable(monkeypatch, capsys):
    """A variable that is not like any other is answered with those that there are."""
    monkeypatch.setenv("BETAMW_ZZZ", "a")

    assert 2 == run(["config", "check"])
    known = "CONFIG, BETAS, REMOVE, FALLBACK, DISABLE"
    assert (
        f"BETAMW_ZZZ in the environment: is not known, known are {known} (after BETAMW_)\n" == capsys.readouterr().err
    )


# show


@pytest.mark.parametrize("text", [GOOD, "[betamw]\nremove = ['x']\nfallback = false\ndisable = true"])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_show_reads_back(folder, monkeypatch, capsys, text, elsewhere):
    """What is shown is a file that says the same, also in another place."""
    (folder / "betamw.toml").write_text(text)
    assert 0 == run(["config", "show", "betamw.toml"])
    shown = folder / "elsewhere.toml"
    if elsewhere:
        shown = folder / "below" / "betamw.toml"
        shown.parent.mkdir()
    shown.write_text(capsys.readouterr().out)
    before, after = betamw.load_config("betamw.toml"), betamw.load_config(shown)

    assert before == after
    assert before.api.catalog.betas.keys() == after.api.catalog.betas.keys()


def test_show_defaults(capsys):
    """Without anything set, all values are there, and all are defaults."""
    assert 0 == run(["config", "show"])
    out = capsys.readouterr().out

    assert {"default"} == set(re.findall(r"  # (.*)$", out, re.MULTILINE))
    assert {"betas": [], "base_url": "https://api.anthropic.com"}.items() <= tomllib.loads(out)["betamw"].items()


def test_show_sources(monkeypatch, capsys):
    """Each value has where it comes from behind it."""
    monkeypatch.setenv("BETAMW_BETAS", "x")
    assert 0 == run(["config", "show", "betamw.toml"])
    sources = dict(re.findall(r"^(\S+)(?: = [^\[{]*?| = \[[^\]]*\])?  # (.*)$", capsys.readouterr().out, re.MULTILINE))

    assert {
        "betas": "BETAMW_BETAS",
        "remove": "default",
        "base_url": "betamw.toml",
        "catalog": "betamw.toml",
        "max_resends": "betamw.toml",
        "required": "default",
        "remember_for": "betamw.toml",
        "[[betamw.endpoint]]": "betamw.toml",
        "[[betamw.pin]]": "betamw.toml",
    }.items() <= sources.items()


def test_show_source_of_substitutes(tmp_path, capsys):
    """What is in a table of a table comes from where that does."""
    (file := tmp_path / "own.toml").write_text('[betamw.policy.substitutes]\n"a.b" = "c"\n', encoding="utf-8")
    assert 0 == run(["config", "show", str(file)])

    assert f'"a.b" = "c"  # {file}\n' in capsys.readouterr().out


def test_show_base_url_of_the_sdk(monkeypatch, capsys):
    """The official SDK's variable is a source like others."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://gateway.example")

    assert 0 == run(["config", "show"])
    assert 'base_url = "https://gateway.example"  # ANTHROPIC_BASE_URL\n' in capsys.readouterr().out


def test_show_json(monkeypatch, capsys):
    """With `--json` the sources of what is set stand beside the values."""
    monkeypatch.setenv("BETAMW_FALLBACK", "off")
    assert 0 == run(["config", "show", "--json", "betamw.toml"])
    shown = json.loads(capsys.readouterr().out)

    assert (1, "split", False) == (
        *[shown["betamw"]["policy"][key] for key in ("max_resends", "on_unnamed")],
        shown["betamw"]["fallback"],
    )
    assert {
        **dict.fromkeys(("betas", "base_url", "catalog", "endpoint", "pin"), "betamw.toml"),
        **dict.fromkeys(("policy.max_resends", "policy.substitutes", "memory.remember_for"), "betamw.toml"),
        "fallback": "BETAMW_FALLBACK",
    } == shown["from"]


def test_show_bad(folder, capsys):
    """What cannot be used is not shown; there are the problems."""
    assert 2 == run(["config", "show", "nope.toml"])
    assert ("", "nope.toml: cannot be read: No such file or directory\n") == capsys.readouterr()


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_show_tells_no_key(folder, capsys, option):
    """What looks like a key stays in the file."""
    key = "sk-ant-api03-0123456789"
    (folder / "betamw.toml").write_text(
        f"[betamw]\nbetas = ['{key}']\nbase_url = 'https://h.example/{key}/'\n"
        f"policy.required = ['{key}*']\npolicy.substitutes = {{ {key} = '{key}-2' }}\n"
        f"[[betamw.endpoint]]\npath = '/{key}'\nbetas = ['{key}']"
    )

    assert 0 == run(["config", "show", *option, "betamw.toml"])
    assert "sk-ant" not in capsys.readouterr().out


# schema


def test_schema(capsys):
    """It is the JSON Schema that a good file passes."""
    assert 0 == run(["config", "schema"])
    jsonschema.validate(tomllib.loads(GOOD), json.loads(capsys.readouterr().out))


# All of them.


@pytest.mark.parametrize("arguments", [["config"], ["config", "check"], ["config", "show"], ["config", "schema"]])
@pytest.mark.parametrize("width", [60, 100])
def test_help(monkeypatch, capsys, arguments, width):
    """`--help` says what it does, gives an example, and keeps to the terminal's width."""
    monkeypatch.setenv("COLUMNS", str(width))
    assert 0 == run([*arguments, "--help"])
    out, err = capsys.readouterr()

    assert ("", True) == (err, f"Example:  betamw {arguments[0]}" in out)
    assert [] == [line for line in out.splitlines() if len(line) > width]


def test_as_a_process(cli, folder):
    """In a pipe it is plain text, and a problem is the exit code 2."""
    (folder / "bad.toml").write_text("[betamw]\nbeta = 1")
    shown, bad = cli("config", "show", str(folder / "betamw.toml")), cli("config", "check", str(folder / "bad.toml"))

    assert (0, "", False) == (shown.returncode, shown.stderr, "\x1b" in shown.stdout)
    assert (2, "", 1) == (bad.returncode, bad.stdout, bad.stderr.count("\n"))


@pytest.mark.parametrize("arguments", [["check", "a", "b"], ["nope"], ["show", "--toml"]])
def test_wrong_arguments(capsys, arguments):
    """Wrong use is one line that says where there is help."""
    assert 2 == run(["config", *arguments])
    out, err = capsys.readouterr()

    assert ("", 1, True) == (out, err.count("\n"), "--help)" in err)
