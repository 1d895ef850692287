"""`betamw explain`: what it takes, how it looks, and what it says of bad input."""

import io
import json
import re
import sys

import pytest

from betamw.cli import app as cli_app

CONTEXT = "context-management-2025-06-27"
THINKING = "interleaved-thinking-2025-05-14"
LONG = "context-1m-2025-08-07"
AGENTS = "managed-agents-2026-04-01"
LONGEST = "mid-conversation-system-clear-at-2026-08-21"
KEY = "sk-ant-api03-do-not-tell"

EVERYTHING = (
    *("POST", "/v1/messages", f"--beta={LONG},{LONGEST}", "--beta=files_api_2025_04_14", f"--beta={AGENTS}"),
    f"--default={THINKING}",
)
BODY = {"model": "claude-opus-5", "context_management": {"edits": [{"type": "compact_20260112"}]}}


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def explain(capsys):
    """Explain in this process: exit code, what is written, and what is complained of."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli_app.run(["explain", *arguments])
        return code, *capsys.readouterr()

    return run


def told(explain, *arguments) -> dict:
    """The JSON of an explanation that goes well."""
    code, out, err = explain(*arguments, "--json")
    assert (0, "") == (code, err)
    return json.loads(out)


# How it looks.


def test_text(explain, tmp_path):
    """All that is known is in the text: the call, the header, who asks, the catalog's words, the warnings."""
    path = tmp_path / "body.json"
    path.write_text(json.dumps(BODY))
    code, out, err = explain(*EVERYTHING, f"--body={path}")

    assert (0, "") == (code, err)
    lines = [line.rstrip() for line in out.splitlines()]
    assert "call     POST /v1/messages at https://api.anthropic.com for claude-opus-5" == lines[0]
    assert f"{LONG}                        caller    yes   retired" in lines
    assert f"{THINKING}              default   yes   legacy" in lines
    assert "  status   retired: no effect" in lines
    assert "  opens    messages[role=system].clear_at" in lines
    assert f"warning  {LONG}: retired: no effect" in lines
    assert "warning  files_api_2025_04_14: not in the catalog: did you mean files-api-2025-04-14?" in lines
    assert "warning  the body's context_management needs compact-2026-01-12, which does not go out" in lines


def test_a_short_header_stays_in_its_line(explain):
    """A header that fits is shown as it goes out."""
    _, out, _ = explain("GET", "/v1/agents", f"--beta={CONTEXT} , a")

    assert f"header   anthropic-beta: {CONTEXT},a,{AGENTS}" in out.splitlines()


def test_no_header(explain):
    """Without betas there is no table, and nothing to say."""
    assert (
        0,
        "call     POST /v1/messages at https://api.anthropic.com\nheader   no anthropic-beta goes out\n",
        "",
    ) == explain("POST", "/v1/messages")


def test_what_is_left_out(explain, tmp_path):
    """What does not go out says why, and what goes in its place."""
    config = tmp_path / "betamw.toml"
    config.write_text(
        f'[betamw]\nremove = ["{LONG}"]\npolicy = {{ substitutes = "older", paired_fields = "strip" }}\n'
        f'[[betamw.pin]]\nbeta = "mcp-client-2026-09-15"\n[[betamw.pin]]\nbeta = "{CONTEXT}"\n'
    )
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"context_management": {"edits": [{"type": "clear_thinking_20251015"}]}}))
    _, out, _ = explain(
        *("POST", "/v1/messages", f"--beta={LONG}", "--beta=mcp-client-2026-09-15", f"--beta={CONTEXT}"),
        *(f"--config={config}", f"--body={body}"),
    )

    lines = [re.sub(r"\s+", " ", line).strip() for line in out.splitlines()]
    assert "body without context_management" in lines
    assert f"{LONG} caller no, removed retired" in lines
    assert "mcp-client-2026-09-15 caller no, pinned active" in lines
    assert "mcp-client-2025-11-20 nobody yes active" in lines
    assert "instead mcp-client-2025-11-20 goes out" in lines
    assert "asked goes in the place of mcp-client-2026-09-15" in lines


def test_conflict(explain):
    """Of two that are refused together one stays, and the rules that ask are named."""
    _, out, _ = explain("GET", "/v1/memory_stores", f"--beta={AGENTS}")

    assert "no, conflict" in out
    assert "  asked    /v1/memory_stores requires it" in out
    assert f"  instead  {AGENTS} goes out" in out
    assert f"  not with {AGENTS} (/v1/memory_stores)" in out


def test_a_rule_that_does_not_require(explain, tmp_path):
    """A rule that only wants a beta says so; what is newer is named."""
    config = tmp_path / "betamw.toml"
    config.write_text(
        '[betamw]\n[[betamw.endpoint]]\npath = "/v1/messages"\nbetas = ["mcp-client-2025-11-20"]\nrequired = false\n'
    )
    _, out, _ = explain("POST", "/v1/messages", f"--config={config}")

    assert "  asked    /v1/messages wants it" in out
    assert "  newer    mcp-client-2026-09-15" in out


def test_unknown_path(explain):
    """A path that the catalog does not know is called so."""
    _, out, _ = explain("GET", "/v1/mesages?x=1")

    assert out.startswith("call     GET (a path that the catalog does not know) at https://api.anthropic.com\n")
    assert "warning  the catalog does not know the path '/v1/mesages'" in out


def test_sixty_columns(cli, tmp_path):
    """At 60 columns no line is longer, and no name is broken but before its date."""
    path = tmp_path / "body.json"
    path.write_text(json.dumps(BODY))
    done = cli("explain", *EVERYTHING, f"--body={path}", COLUMNS="60")

    assert (0, "") == (done.returncode, done.stderr)
    assert [] == [line for line in done.stdout.splitlines() if len(line) > 60]
    assert re.search(r"^mid-conversation-system-clear-at- +caller +yes +active", done.stdout, re.MULTILINE)
    assert f"\n         {LONGEST}," in done.stdout


def test_a_name_is_broken_before_its_date(cli):
    """Where the table would be wider than the terminal each name stands on two lines, and is whole on them."""
    done = cli("explain", "POST", "/v1/messages", f"--beta={CONTEXT}", COLUMNS="45")

    assert (0, "") == (done.returncode, done.stderr)
    assert re.search(r"^context-management- +caller +yes +active *\n2025-06-27 *$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_plain(cli, variables):
    """A pipe, and NO_COLOR, get no colours."""
    done = cli("explain", "POST", "/v1/messages", f"--beta={LONG}", **variables)

    assert (0, "") == (done.returncode, done.stderr)
    assert [] == [code for code in re.findall(r"\x1b\[([0-9;]*)m", done.stdout) if re.search(r"\b[349][0-7]\b", code)]
    assert ("\x1b" in done.stdout) is bool(variables)  # bold and dim are no colours


def test_help(cli):
    """`--help` says what it does, and gives an example."""
    done = cli("explain", "--help", COLUMNS="60")

    assert (0, "") == (done.returncode, done.stderr)
    assert "Example:  betamw explain POST /v1/messages" in done.stdout
    assert [] == [line for line in done.stdout.splitlines() if len(line) > 60]


# JSON.

KEYS = {
    "": "betas body_fields_stripped header header_name in_force method model origin rewritten schema url_template "
    "warnings",
    "betas": "catalog instead name sent sources why_not",
    "betas.catalog": "conflicts date detail endpoints family fields kind limits newer status successor",
    "betas.catalog.conflicts": "beta path",
    "betas.sources": "of path required source",
    "warnings": "beta code suggestion text",
}


def shape(value, path="") -> dict[str, str]:
    """The keys of each kind of object in it."""
    if isinstance(value, list):
        return {where: keys for item in value for where, keys in shape(item, path).items()}
    if not isinstance(value, dict):
        return {}
    below = [shape(value[key], f"{path}.{key}".strip(".")) for key in value]
    return {path: " ".join(value)} | {where: keys for shapes in below for where, keys in shapes.items()}


def test_json(explain):
    """The keys are those that are documented."""
    found = told(explain, "GET", "/v1/memory_stores", f"--beta={AGENTS},{LONG}")

    assert KEYS == shape(found)
    assert 1 == found["schema"]
    assert "2026-04-01" == found["betas"][0]["catalog"]["date"]


def test_json_of_what_is_untouched(explain):
    """A call that is not the API's has the same keys."""
    found = told(explain, "POST", f"https://other.example/v1/messages?key={KEY}", f"--beta={LONG}")

    assert KEYS[""].split() == list(found)
    assert (False, None, LONG, None) == (found["in_force"], found["origin"], found["header"], found["url_template"])


# Where it goes.


def test_whole_url(explain):
    """A URL of the API is a call to it."""
    found = told(explain, "get", "https://api.anthropic.com/v1/agents/a?beta=true")

    assert ("GET", "/v1/agents/{agent_id}", AGENTS) == (found["method"], found["url_template"], found["header"])


def test_not_the_api(explain):
    """A URL of somebody else goes untouched, which is said, and is a warning."""
    code, out, err = explain("POST", "https://other.example/v1", f"--beta={LONG}", "--strict")

    assert (1, "") == (code, err)
    assert "call     POST untouched by betamw\n" in out
    assert f"{LONG}  caller    yes" in out
    assert "warning  not the API's, which is https://api.anthropic.com: the call goes out as it is\n" in out


def test_base_url_of_the_environment(explain, monkeypatch):
    """Without a configuration the API is the one that `chain()` takes."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://gateway.example:8080/anthropic/")

    found = told(explain, "GET", "/v1/agents")
    assert ("http://gateway.example:8080/anthropic", AGENTS) == (found["origin"], found["header"])


def test_base_url_of_the_configuration(explain, monkeypatch, tmp_path):
    """Where the configuration says which API it is, the environment's does not count, be it wrong."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "no URL")
    config = tmp_path / "betamw.toml"
    config.write_text('[betamw]\nbase_url = ["https://one.example/a", "https://two.example"]\n')

    assert "https://one.example/a" == told(explain, "GET", "/v1/agents", f"--config={config}")["origin"]


def test_turned_off(explain, monkeypatch, tmp_path):
    """Where the switch is thrown nothing else needs to be right."""
    monkeypatch.setenv("BETAMW_DISABLE", "1")

    found = told(explain, "POST", "/v1/messages", f"--beta={LONG}", f"--config={tmp_path / 'none.toml'}")
    assert (LONG, ["turned_off"]) == (found["header"], [warning["code"] for warning in found["warnings"]])


def test_environment_configures(explain, monkeypatch):
    """The environment counts as it does for `chain()`."""
    monkeypatch.setenv("BETAMW_BETAS", CONTEXT)
    monkeypatch.setenv("BETAMW_REMOVE", LONG)

    assert CONTEXT == told(explain, "POST", "/v1/messages", f"--beta={LONG}")["header"]


def test_bad_input_where_it_is_turned_off(explain, monkeypatch):
    """What is no path is none, whatever is turned off."""
    monkeypatch.setenv("BETAMW_DISABLE", "1")

    assert (2, "") == explain("POST", "v1/messages")[:2]


# Exit codes.


@pytest.mark.parametrize(("beta", "code"), [(LONG, 1), (CONTEXT, 0)])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_strict(explain, beta, code, more):
    """With `--strict` a warning makes the exit code 1."""
    assert code == explain("POST", "/v1/messages", f"--beta={beta}", "--strict", *more)[0]


def test_body_from_stdin(explain, monkeypatch):
    """`--body -` reads stdin."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(BODY).encode())))

    assert "claude-opus-5" == told(explain, "POST", "/v1/messages", "--body=-")["model"]


# Bad input.

WRONG = {
    "method": (["FETCH", "/v1/messages"], "must be one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, got 'FETCH'"),
    "method-and-path": (["/v1/messages", "POST"], "must be one of GET"),
    "path": (["POST", "v1/messages"], "must begin with a slash, like /v1/messages, or be a whole URL, got 'v1/me"),
    "no-path": (["POST"], "Missing argument 'PATH'"),
    "port": (["POST", "https://a.example:port/"], "PATH must be a path or a URL that can be called, got"),
    "host": (["POST", "https:///v1"], "PATH must be a path or a URL that can be called, got"),
    "control": (["POST", "/v1/messages", "--beta=a\nb"], "--beta must be a beta's name, or the text of a header"),
    "default": (["POST", "/v1/messages", "--default=a b"], "a default beta must be visible ASCII"),
    "no-body": (["POST", "/v1/messages", "--body=/no/such/file"], "'/no/such/file': No such file or directory"),
    "no-config": (["POST", "/v1/messages", "--config=/no/such.toml"], "/no/such.toml: cannot be read: No such file"),
}


@pytest.mark.parametrize(("arguments", "text"), WRONG.values(), ids=WRONG)
def test_bad_input(explain, arguments, text):
    """One line on stderr that says what is wrong, and exit code 2."""
    code, out, err = explain(*arguments)

    assert (2, "", 1) == (code, out, err.count("\n"))
    assert err.startswith("betamw explain: ")
    assert text in err


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "Input data was truncated"),
        (b"[1]", "got list"),
        (b"", "Input data was truncated"),
        (b"\xff", "malformed"),
    ],
)
def test_bad_body(explain, tmp_path, body, text):
    """A body that is no JSON object is bad input."""
    path = tmp_path / "body.json"
    path.write_bytes(body)
    code, out, err = explain("POST", "/v1/messages", f"--body={path}")

    assert (2, "", 1) == (code, out, err.count("\n"))
    assert "--body must be a JSON object: " in err
    assert text in err


@pytest.mark.parametrize(
    "arguments",
    [
        [KEY, "/v1/messages"],
        ["POST", KEY],
        ["POST", f"/v1/{KEY}", f"--beta={KEY},{KEY} x", "--json"],
        ["POST", f"/v1/{KEY}", f"--beta={KEY}", f"--default={KEY}"],
        ["POST", f"https://me:{KEY}@other.example/?key={KEY}", f"--beta={KEY}"],
        ["POST", f"https://me:{KEY}@other.example:x/?key={KEY}"],
    ],
)
def test_no_key_is_shown(explain, arguments):
    """A key that was pasted into the wrong place is not shown."""
    _, out, err = explain(*arguments)

    assert KEY not in out + err
    assert out + err
