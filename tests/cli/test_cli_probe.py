"""`betamw probe` against a real server: what it asks, prints and exits with, and what it never shows."""

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

import aiohttp
import attrs
import pytest
from rich.text import Text
from support.raw import raw_server
from support.raw import reply as raw_reply

import betamw
from betamw.cli import app as cli_app
from betamw.cli import probe_asking
from betamw.core.catalog import Conflict
from betamw.testing import SimulatedApi

ROOT = Path(__file__).parents[2]
KEY = "a-key-of-no-known-shape"
LONG, EFFORT, FILES, THINKING = BETAS = (
    "context-1m-2025-08-07",
    "effort-2025-11-24",
    "files-api-2025-04-14",
    "interleaved-thinking-2025-05-14",
)
INTERRUPTIBLE = """
import signal
from betamw.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in a shell's background
main()
"""
FOUR = [argument for beta in BETAS for argument in ("--beta", beta)]


@pytest.fixture
async def api(monkeypatch):
    """A server, and an environment that leads to it."""
    async with SimulatedApi() as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.base_url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
        monkeypatch.setenv("COLUMNS", "120")
        yield api


@pytest.fixture
def probe(capsys):
    """Run the command, which has an event loop of its own; returns exit code, stdout and stderr."""

    async def run(*arguments: str) -> tuple[int, str, str]:
        status = await asyncio.to_thread(cli_app.run, ["probe", *arguments])
        out, err = capsys.readouterr()
        assert KEY not in out + err
        return status, out, err

    return run


def verdicts(out: str) -> dict[str, str]:
    """The verdicts of a JSON document."""
    return {entry["beta"]: entry["verdict"] for entry in json.loads(out)["betas"]}


def rows(out: str) -> dict[str, list[str]]:
    """The cells of a table's lines that begin with a beta."""
    lines = [re.split(r" {2,}", line.strip()) for line in out.splitlines()]
    return {cells[0]: cells[1:] for cells in lines if cells[0] in BETAS}


# What it finds out.


async def test_all_accepted(api, probe):
    """One request, and exit code 0."""
    status, out, err = await probe(*FOUR)

    assert (0, 1) == (status, len(api.requests))
    assert {beta: ["accepted", "with all"] for beta in BETAS} == {beta: cells[:2] for beta, cells in rows(out).items()}
    assert "at most 11 requests" in err
    assert err.endswith("\n1 request: 4 accepted\n")


async def test_some_refused(api, probe):
    """What a reply names is refused, the rest asked for at once; exit code 1."""
    api.refuse(LONG, FILES)
    status, out, err = await probe(*FOUR)

    assert (1, 2) == (status, len(api.requests))
    assert ["refused", "named", "retired"] == rows(out)[LONG]
    assert ["accepted", "with others", "legacy"] == rows(out)[THINKING]
    assert "2 requests: 2 refused, 2 accepted" in err


@pytest.mark.parametrize("one_at_a_time", [False, True])
@pytest.mark.parametrize("dialect", ["anthropic", "anthropic-docs", "bedrock", "gateway-unnamed", "long-context"])
async def test_dialects(api, probe, dialect, one_at_a_time):
    """However a server refuses, the verdicts are the same, and no more is asked than was announced."""
    api.refuse(LONG, FILES)
    api.dialect, api.one_at_a_time = dialect, one_at_a_time
    status, out, err = await probe(*FOUR, "--json")

    assert 1 == status
    assert {LONG: "refused", EFFORT: "accepted", FILES: "refused", THINKING: "accepted"} == verdicts(out)
    assert int(re.search(r"at most (\d+) requests", err)[1]) >= len(api.requests) == json.loads(out)["requests"]


async def test_the_whole_catalog(api, probe):
    """All known betas but those of a credential, in one request; what the endpoint refuses together in another."""
    status, out, _ = await probe("--catalog", "--json")

    expected = {beta for beta in betamw.CATALOG.betas if not beta.startswith("oauth-")}
    assert (0, expected) == (status, verdicts(out).keys())
    assert len(api.requests) <= 3


async def test_what_is_sent(api, probe):
    """The request counts the tokens of a greeting, and carries the key and nothing of the user's."""
    await probe("--beta", EFFORT, "--model", "claude-haiku-4-5")

    request = api.requests[0]
    assert ("POST", "/v1/messages/count_tokens", (EFFORT,)) == (request.method, request.path, request.betas)
    assert {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "Hello"}]} == request.json()
    assert (KEY, None) == (request.headers["x-api-key"], request.headers.get("authorization"))
    assert ("2023-06-01", f"betamw/{betamw.__version__}") == (
        request.headers["anthropic-version"],
        request.headers["user-agent"],
    )


async def test_token(api, probe, monkeypatch):
    """Without a key the SDK's other variable is a Bearer token."""
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", KEY)
    await probe("--beta", EFFORT)

    assert f"Bearer {KEY}" == api.requests[0].headers["authorization"]
    assert "x-api-key" not in api.requests[0].headers


async def test_another_endpoint(api, probe):
    """What the endpoint requires goes along; it has no body, and so no model."""
    api.refuse(LONG)
    status, out, _ = await probe("--endpoint", "get /v1/agents", *FOUR, "--json")

    document = json.loads(out)
    assert (1, ["managed-agents-2026-04-01"], None) == (status, document["required"], document["model"])
    assert {("GET", "/v1/agents", b"")} == {(request.method, request.path, request.body) for request in api.requests}
    assert all("managed-agents-2026-04-01" in request.betas for request in api.requests)


async def test_another_api(api, probe):
    """Another header, and a path that the catalog does not know."""
    api.header = "OpenAI-Beta"
    status, _, err = await probe("--header-name", "OpenAI-Beta", "--endpoint", "GET /v1/models", "--beta", "a=v2")
    assert (0, ("a=v2",)) == (status, api.requests[0].betas)

    status, _, err = await probe("--header-name", "OpenAI-Beta", "--endpoint", "GET /v1/assistants", "--beta", "a=v2")
    assert 2 == status
    assert "no such endpoint" in err


async def test_an_endpoint_that_costs(api, probe):
    """It says so beforehand, and asks for `--yes`; then it wants no more than a token."""
    status, out, err = await probe(*FOUR, "--endpoint", "POST /v1/messages")
    assert (2, "", []) == (status, out, api.requests)
    assert "each of up to 14 requests is billed as a message: add --yes" in err

    status, _, err = await probe(*FOUR, "--endpoint", "POST /v1/messages", "--yes")
    assert (0, 1) == (status, api.requests[0].json()["max_tokens"])
    assert "each is billed as a message" in err


async def test_a_body(api, probe, tmp_path):
    """A file is sent as it is."""
    body = tmp_path / "body.json"
    body.write_text('{"model": "m-1",  "messages": []}')
    _, out, _ = await probe("--beta", EFFORT, "--body", str(body), "--json")

    assert body.read_bytes() == api.requests[0].body
    assert "m-1" == json.loads(out)["model"]


async def test_a_body_with_a_key_for_a_model(api, probe, tmp_path):
    """What stands in the place of a model, and is none, is not shown."""
    body = tmp_path / "body.json"
    body.write_text('{"model": "sk-ant-api03-secret"}')
    status, _, err = await probe("--beta", EFFORT, "--body", str(body))

    assert (2, [], 1) == (status, api.requests, err.count("\n"))
    assert "sk-ant" not in err


async def test_a_body_that_is_too_large(api, probe, tmp_path):
    """A file of more than 1 MiB is refused, whatever is in it."""
    body = tmp_path / "body.json"
    body.write_text("{}" + " " * 2**20)
    status, _, err = await probe("--beta", EFFORT, "--body", str(body))

    assert (2, []) == (status, api.requests)
    assert "must hold a JSON object of at most 1 MiB" in err


async def test_a_pair(api, probe):
    """Betas that are refused together only are accepted each, and named as a pair; that is not all accepted."""
    clash = Conflict((EFFORT, THINKING), "/v1/messages")
    api.catalog = attrs.evolve(betamw.CATALOG, conflicts=(clash,))
    status, out, _ = await probe(*FOUR, "--json")

    assert (1, {"accepted"}) == (status, set(verdicts(out).values()))
    assert {EFFORT, THINKING} == set(json.loads(out)["not_together"])


# How it is printed.


async def test_json(api, probe):
    """The fields of the document, all of them."""
    api.refuse(LONG)
    _, out, _ = await probe("--beta", f"{LONG}, {EFFORT}", "--json")

    document = json.loads(out)
    reason = document["betas"][0].pop("reason")
    assert reason.startswith(f"HTTP 400: 'Unexpected value(s) `{LONG}`")
    assert {
        "version": 1,
        "base_url": api.base_url,
        "endpoint": "POST /v1/messages/count_tokens",
        "model": "claude-opus-5",
        "header": "anthropic-beta",
        "required": [],
        "requests": 2,
        "at_most": 5,
        "stopped": None,
        "not_together": [],
        "betas": [
            {"beta": LONG, "verdict": "refused", "how": "named", "status": "retired"},
            {"beta": EFFORT, "verdict": "accepted", "how": "alone", "reason": None, "status": "unknown"},
        ],
    } == document


async def test_toml(api, probe, tmp_path):
    """A chain with the printed configuration leaves out what was refused, at its first attempt."""
    api.refuse(LONG, FILES)
    _, out, _ = await probe(*FOUR, "--toml")
    path = tmp_path / "betamw.toml"
    path.write_text(out)
    api.clear()

    chain = betamw.chain(*BETAS, config=betamw.load_config(path))
    async with aiohttp.ClientSession(middlewares=chain) as session:
        async with session.post(f"{api.base_url}/v1/messages", json={"model": "claude-opus-5"}) as response:
            assert 200 == response.status

    assert [(EFFORT, THINKING)] == [request.betas for request in api.requests]
    assert f"# accepted: {EFFORT}\n" in out


async def test_toml_of_an_endpoint(api, probe, tmp_path):
    """What was refused at an endpoint without a model is pinned for that endpoint."""
    api.refuse(LONG)
    _, out, _ = await probe("--endpoint", "GET /v1/files/file_1", "--beta", LONG, "--toml")
    path = tmp_path / "betamw.toml"
    path.write_text(out)
    betamw.load_config(path)

    assert '\nbeta = "context-1m-2025-08-07"\nendpoint = "/v1/files/{file_id}"\n' in out


async def test_toml_of_what_the_endpoint_requires(api, probe):
    """It goes out, pinned or not: so it is not pinned."""
    api.refuse("managed-agents-2026-04-01")
    _, out, _ = await probe("--endpoint", "GET /v1/agents", "--beta", "managed-agents-2026-04-01", "--toml")

    assert "# refused: managed-agents-2026-04-01, which GET /v1/agents requires: nothing leaves it out there\n" in out
    assert "[[betamw.pin]]" not in out


async def test_toml_of_all_that_can_be(api, probe, tmp_path):
    """It says what is not known, and why; and it can be loaded all the same, as it is."""
    api.header = "X-Betas"
    api.respond_next(400, {"message": f"Unsupported beta header: {LONG}"})
    api.respond_next(401, after=1)
    _, out, _ = await probe(*FOUR, "--toml", "--header-name", "X-Betas")
    path = tmp_path / "betamw.toml"
    path.write_text(out)

    assert "X-Betas" == betamw.load_config(path).api.header
    assert "# It stopped early: the key is refused" in out
    assert f"# unclear: {EFFORT}\n" in out


async def test_a_base_url_with_a_key_in_it(api, probe):
    """A gateway's key in the path is not told, in no output."""
    base_url = f"{api.base_url}/sk-ant-secret"
    api.respond_next(200, {})
    status, out, err = await probe("--beta", EFFORT, "--base-url", base_url, "--toml")

    assert (0, "/sk-ant-secret/v1/messages/count_tokens") == (status, api.requests[0].path)
    assert "base_url is left out" in out
    assert "sk-ant" not in out + err


async def test_what_the_server_says(api, probe):
    """Its words stand below the table, once for all betas that they are about; so do betas that go only apart."""
    api.refuse(LONG, FILES)
    api.catalog = attrs.evolve(betamw.CATALOG, conflicts=(Conflict((EFFORT, THINKING), "/v1/messages"),))
    _, out, _ = await probe(*FOUR)

    assert f"{LONG} and 1 more: HTTP 400: 'Unexpected value(s) `{LONG}`, `{FILES}`" in out
    assert re.search(f"Each is accepted, but not all together: ({EFFORT}, {THINKING}|{THINKING}, {EFFORT})\n", out)

    _, out, _ = await probe(*FOUR, "--toml")
    assert "# not together: " in out


@pytest.mark.parametrize("columns", [60, 120])
async def test_table(api, probe, monkeypatch, columns):
    """It keeps to the width, and breaks no name."""
    monkeypatch.setenv("COLUMNS", str(columns))
    api.refuse(LONG)
    _, out, _ = await probe(*FOUR)

    assert columns >= max(map(len, out.splitlines()))
    assert set(BETAS) == rows(out).keys()
    assert "\x1b" not in out


async def test_colours(api, probe, monkeypatch):
    """A terminal gets colours and a bar on stderr, `NO_COLOR` no colours, and the text is the same."""
    plain = await probe(*FOUR)
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = await probe(*FOUR)
    monkeypatch.setenv("NO_COLOR", "1")
    uncoloured = await probe(*FOUR)

    assert "\x1b[32m" in coloured[1]
    assert "\x1b[3" not in uncoloured[1]
    assert plain[1].split() == Text.from_ansi(coloured[1]).plain.split()
    assert ("1 request " in coloured[2], "1 request " in plain[2]) == (True, False)


# What ends it.


async def test_the_key_is_refused(api, probe):
    """A reply that repeats the key is not repeated."""
    api.respond_next(401, {"error": {"type": "authentication_error", "message": f"invalid x-api-key {KEY}"}})
    status, out, err = await probe(*FOUR)

    assert (2, "") == (status, out)
    assert err.endswith("betamw probe: the key is refused (HTTP 401: a text with the key in it)\n")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ((403,), "the key is refused, or may not do this (HTTP 403"),
        ((404,), "no such endpoint"),
        ((200, "<html>", {}, "text/html"), "does not look like the API"),
        ((302, "", {"location": "https://elsewhere.example/"}), "redirects, which is not followed"),
        ((429, None, {"retry-after": "3600"}), "asks to wait for 3600 s"),
    ],
    ids=["forbidden", "not-found", "html", "redirect", "long-wait"],
)
async def test_no_use(api, probe, reply, words):
    """What says nothing about betas ends it with one line, after one request."""
    api.respond_next(*reply)
    status, out, err = await probe(*FOUR)

    assert (2, "", 1, 2) == (status, out, len(api.requests), err.count("\n"))
    assert words in err


async def test_what_is_known_by_then(api, probe):
    """Where it ends early, what is known is printed, and what is not is unclear."""
    api.refuse(LONG)
    api.respond_next(401, after=1)
    status, out, err = await probe(*FOUR)

    assert (2, "refused") == (status, rows(out)[LONG][0])
    assert ["unclear", "not asked"] == rows(out)[EFFORT][:2]
    assert "2 requests: 1 refused, 3 unclear\nbetamw probe: the key is refused" in err


async def test_stopped_as_json(api, probe):
    """The document says what ended it, also where nothing is known."""
    api.respond_next(401)
    status, out, _ = await probe(*FOUR, "--json")

    assert (2, {"unclear"}) == (status, set(verdicts(out).values()))
    assert json.loads(out)["stopped"].startswith("the key is refused")


async def test_a_request_that_is_no_good(api, probe):
    """Where the request fails without betas, too, the server's reason is given and no beta blamed."""
    for _ in range(2):
        api.respond_next(400, {"error": {"type": "invalid_request_error", "message": "model: not found"}})
    status, out, err = await probe(*FOUR)

    assert (2, "", ()) == (status, out, api.requests[1].betas)
    assert "refused without any beta: HTTP 400: 'model: not found'" in err


async def test_a_busy_server(api, probe):
    """It is asked again after the time that it wants, and that counts as a request."""
    for status in (529, 429, 503):
        api.respond_next(status, headers={"retry-after": "0"})
    status, out, _ = await probe(*FOUR, "--json")

    assert (0, 4) == (status, json.loads(out)["requests"])


async def test_a_server_that_stays_busy(api, probe, monkeypatch):
    """Where it does not say how long, the times grow; in the end there is one line."""
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(probe_asking.asyncio, "sleep", sleep)
    for retry_after in ({}, {"retry-after": "soon"}, {"retry-after": "0.5"}, {}):
        api.respond_next(529, headers=retry_after)
    status, _, err = await probe(*FOUR)

    assert (2, [1.0, 2.0, 0.5]) == (status, slept)
    assert err.endswith("betamw probe: HTTP 529: 'Overloaded'\n")


async def test_no_server(api, probe):
    """A connection that is refused is one line."""
    async with api.down():
        status, out, err = await probe(*FOUR)

    assert (2, "", 2) == (status, out, err.count("\n"))
    assert f"betamw probe: {api.base_url} cannot be asked" in err


@pytest.mark.parametrize("fault", ["reset", "hang-up", "garbage", "cut"])
async def test_faults(api, probe, fault):
    """So is a reply that does not come to its end."""
    api.fail_next(fault)
    status, out, err = await probe(*FOUR)

    assert (2, "", 2) == (status, out, err.count("\n"))
    assert "cannot be asked" in err


async def test_garbage_with_the_key_in_it(probe, api):
    """What cannot be read is not repeated where the key is in it."""
    async with raw_server(lambda _: (f"HTTP/1.1 200 OK\r\n{KEY}\r\n\r\n".encode(), None)) as server:
        status, _, err = await probe(*FOUR, "--base-url", server.base_url)

    assert 2 == status
    assert "cannot be asked (ClientResponseError)" in err


async def test_a_body_without_end(probe, api):
    """No more is read of a reply than it takes to tell what it is."""
    async with raw_server(lambda _: raw_reply(b"[" * 70_000, length=10**9)) as server:
        status, _, _ = await probe(*FOUR, "--base-url", server.base_url, "--timeout", "20")

    assert 0 == status


async def test_no_reply(api, probe):
    """So is one that does not come in time."""
    api.fail_next("no-answer")
    status, _, err = await probe(*FOUR, "--timeout", "0.2")

    assert 2 == status
    assert "has not replied within 0.2 s" in err


async def test_no_tls(api, probe):
    """So is a server that speaks no TLS where it should."""
    status, _, err = await probe(*FOUR, "--base-url", api.base_url.replace("http:", "https:"))

    assert (2, 2) == (status, err.count("\n"))
    assert "cannot be asked" in err


@pytest.mark.parametrize("host", ["a..example", f"{'a' * 64}.example"])
async def test_a_host_that_is_none(api, probe, host):
    """So is a name that no resolver takes."""
    status, out, err = await probe(*FOUR, "--base-url", f"http://{host}")

    assert (2, "", 2) == (status, out, err.count("\n"))
    assert "cannot be asked (Unicode" in err


# The environment's proxy, and its other credentials.


@pytest.fixture
def proxies(monkeypatch):
    """Set the variables of proxies, and no others."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch.setenv


async def test_a_proxy(api, probe, proxies):
    """A proxy of the environment is asked in the server's place."""
    proxies("http_proxy", api.base_url)
    status, _, _ = await probe(*FOUR, "--base-url", "http://nowhere.invalid")

    assert (0, 1) == (status, len(api.requests))


async def test_no_proxy(api, probe, proxies):
    """But for hosts that are excepted."""
    proxies("http_proxy", "http://nowhere.invalid")
    proxies("no_proxy", "127.0.0.1")
    status, _, _ = await probe(*FOUR)

    assert 0 == status


async def test_a_proxy_that_is_none(api, probe, proxies):
    """One that cannot be read is one line."""
    proxies("http_proxy", "http://me:hidden@host:port")
    status, out, err = await probe(*FOUR)

    assert (2, "", 2) == (status, out, err.count("\n"))
    assert "cannot be asked (" in err
    assert "hidden" not in err


@pytest.mark.parametrize("variable", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
async def test_netrc(api, probe, monkeypatch, tmp_path, variable):
    """What ~/.netrc holds for the host goes nowhere: the key is taken from its variable alone."""
    (netrc := tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hidden\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv(variable, KEY)
    status, _, _ = await probe(*FOUR)

    token = f"Bearer {KEY}" if variable == "ANTHROPIC_AUTH_TOKEN" else None
    assert (0, token) == (status, api.requests[0].headers.get("authorization"))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
async def test_interrupted(api, environment):
    """After ^C what is known is printed, and the exit code is what shells have for it."""
    api.refuse(LONG)
    api.fail_next("no-answer", after=1)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", INTERRUPTIBLE, "probe", *FOUR),
        cwd=ROOT,
        env={**environment, "ANTHROPIC_BASE_URL": api.base_url, "ANTHROPIC_API_KEY": KEY, "COLUMNS": "120"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    while len(api.requests) < 2:  # noqa: ASYNC110  the server has no event for it
        await asyncio.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    out, err = await asyncio.wait_for(process.communicate(), 20)

    assert (130, "refused") == (process.returncode, rows(out.decode())[LONG][0])
    assert err.decode().endswith("2 requests: 1 refused, 3 unclear\nbetamw probe: interrupted\n")
    assert KEY not in (out + err).decode()


# Bad input.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to ask about: give --beta NAME, or --catalog"),
        (["--beta", ""], "nothing to ask about"),
        (["--beta", "two words"], "--beta must be a beta's name"),
        (["--beta", "sk-ant-api03-secret"], "<invalid len=19>"),
        (["--beta", "x" * 129], "<invalid len=129>"),
        (["--beta", EFFORT, "--beta", EFFORT], f"--beta {EFFORT} is there more than once"),
        ([*FOUR, "--base-url", "not a url"], "must have the scheme http or https and a host"),
        ([*FOUR, "--base-url", "https://me:hidden@host.example"], "must hold no credentials"),
        ([*FOUR, "--header-name", "a header"], "must be the name of a header"),
        ([*FOUR, "--header-name", "X-Api-Key"], "must be the name of a header for betas, got X-Api-Key"),
        ([*FOUR, "--endpoint", "/v1/models"], "the path of --endpoint must be"),
        ([*FOUR, "--endpoint", "LOOK /v1/models"], "--endpoint must be a method and a path"),
        ([*FOUR, "--endpoint", "GET /v1/files/{file_id}"], "with its ids"),
        ([*FOUR, "--endpoint", "GET /v1/nothing"], "is none that the catalog knows"),
        ([*FOUR, "--endpoint", "POST /v1/agents"], "needs a --body"),
        ([*FOUR, "--endpoint", "GET /v1/models", "--model", "m"], "--model goes into the body of"),
        ([*FOUR, "--model", "sk-ant-api03-secret"], "the model must be the name of one"),
        ([*FOUR, "--model", "m", "--body", "LICENSE"], "exclude each other"),
        ([*FOUR, "--body", "no-such-file"], "--body 'no-such-file' cannot be read: No such file"),
        ([*FOUR, "--body", "LICENSE"], "--body 'LICENSE' must hold a JSON object"),
        ([*FOUR, "--timeout", "0"], "--timeout"),
        ([*FOUR, "--timeout", "nan"], "--timeout must be a number of seconds > 0"),
        ([*FOUR, "extra"], "extra"),
    ],
)
async def test_bad_input(api, probe, monkeypatch, arguments, words):
    """One line on stderr that says what was wrong, exit code 2, and no request; no secret is repeated."""
    monkeypatch.chdir(ROOT)
    status, out, err = await probe(*arguments)

    assert (2, "", 1, []) == (status, out, err.count("\n"), api.requests)
    assert err.startswith("betamw probe: ")
    assert words in err
    assert not re.search("secret|hidden", err)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "there is no key: set ANTHROPIC_API_KEY"),
        ({"ANTHROPIC_API_KEY": ""}, "there is no key: set ANTHROPIC_API_KEY"),
        ({"ANTHROPIC_API_KEY": f"{KEY}\n"}, "ANTHROPIC_API_KEY holds what no header can"),
        ({"ANTHROPIC_API_KEY": "two words"}, "ANTHROPIC_API_KEY holds what no header can"),
        ({"ANTHROPIC_AUTH_TOKEN": "a-kéy"}, "ANTHROPIC_AUTH_TOKEN holds what no header can"),
        ({"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "nowhere"}, "ANTHROPIC_BASE_URL in the environment"),
    ],
)
async def test_bad_environment(api, probe, monkeypatch, variables, words):
    """What the environment lacks, or holds in vain, is said before any request."""
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    status, out, err = await probe(*FOUR)

    assert (2, "", 1, []) == (status, out, err.count("\n"), api.requests)
    assert words in err


def test_help(cli):
    """`--help` has an example, the exit codes, and where the key comes from."""
    done = cli("probe", "--help")

    assert (0, "") == (done.returncode, done.stderr)
    text = " ".join(done.stdout.split())
    assert "Example: betamw probe --beta" in text
    assert "130 interrupted" in text
    assert "ANTHROPIC_API_KEY" in text


async def test_in_a_pipe(api, cli):
    """As a process: the result alone on stdout, what is said beside it on stderr."""
    done = await asyncio.to_thread(
        cli, "probe", *FOUR, "--json", ANTHROPIC_BASE_URL=api.base_url, ANTHROPIC_API_KEY=KEY
    )

    assert (0, 4) == (done.returncode, len(json.loads(done.stdout)["betas"]))
    assert done.stderr.startswith(f"Asking {api.base_url} about 4 betas: POST /v1/messages/count_tokens for")
