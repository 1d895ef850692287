"""The examples: each runs as a user runs it, against the simulated API."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import attrs
import pytest

import betamw
from betamw.testing import SimulatedApi

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py"))
THINKING = "interleaved-thinking-2025-05-14"
CONTEXT = "context-management-2025-06-27"
NO_SUCH = "no-such-beta-2020-01-01"
NAMES = ["hand_made_chain", "managed_agents", "official_sdk", "openai_beta", "quickstart", "tune_fallback"]
KEY = {"openai_beta.py": "OPENAI_API_KEY"}
NEEDS = {
    "langchain_chat.py": "langchain_litellm",
    "litellm_session.py": "litellm",
    "pydantic_ai_agent.py": "pydantic_ai",
}
"""The package of the extra `examples` that an example is for."""
OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True"}
"""LiteLLM asks the network for its tables where it is not told to take those it comes with."""


@attrs.frozen
class Ran:
    """What became of a program."""

    code: int
    out: list[str]
    err: str


async def run(name: str, base_url: str, key: str = "sk-test") -> Ran:
    """Run an example in a process of its own."""
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"{name} is for {NEEDS[name]}, which the extra `examples` installs")
    foreign = ("ANTHROPIC_", "OPENAI_", "LITELLM_", "LANGSMITH_", "LANGCHAIN_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | OFFLINE
    environment |= {"ANTHROPIC_BASE_URL": base_url, "ANTHROPIC_API_KEY": key, "PYTHONIOENCODING": "utf-8"}
    environment |= {"OPENAI_BASE_URL": f"{base_url.rstrip('/')}/v1/", "OPENAI_API_KEY": key}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), environment.get("PYTHONPATH"))))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", str(ROOT / "examples" / name)),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)  # importing LiteLLM alone takes seconds
    return Ran(process.returncode, out.decode().splitlines(), err.decode())


def test_all_are_here():
    """Every example has its tests below."""
    assert sorted([*(f"{name}.py" for name in NAMES), *NEEDS]) == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
async def test_no_key(name):
    """Without a key there is one line that says so, and no request."""
    async with SimulatedApi() as api:
        ran = await run(name, api.base_url, key="")

    assert Ran(1, [], f"set {KEY.get(name, 'ANTHROPIC_API_KEY')} to run this example{os.linesep}") == ran
    assert [] == api.requests


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in NEEDS])
async def test_request_headers(name):
    """The key and the API's version go with every request, and a trailing slash of the base URL does no harm."""
    async with SimulatedApi() as api:
        ran = await run(name, f"{api.base_url}/")

    assert (0, "") == (ran.code, ran.err)
    assert {("sk-test", name not in KEY)} == {(r.api_key, "anthropic-version" in r.headers) for r in api.requests}
    assert [] == [request.path for request in api.requests if "//" in request.path]


@pytest.mark.parametrize("name", EXAMPLES)
def test_size(name):
    """An example is short enough to be read at once."""
    assert 25 <= len((ROOT / "examples" / name).read_text().splitlines()) <= 60


async def test_quickstart():
    """The caller's beta and the default go out together; the event and the usage say so."""
    async with SimulatedApi() as api:
        ran = await run("quickstart.py", api.base_url)

    assert (0, "") == (ran.code, ran.err)
    assert [(CONTEXT, THINKING)] == [request.betas for request in api.requests]
    event, line = ran.out
    assert f"200 with {(CONTEXT, THINKING)}" == line
    assert ("betamw.request", [CONTEXT, THINKING]) == (json.loads(event)["event"], json.loads(event)["betas_sent"])


async def test_managed_agents():
    """The catalog's rule and the user's own inject their betas, each at its endpoint only."""
    async with SimulatedApi() as api:
        ran = await run("managed_agents.py", api.base_url)

    assert (
        Ran(
            0,
            [
                "200 /v1/agents: managed-agents-2026-04-01 (endpoint)",
                "200 /v1/files: files-api-2025-04-14 (endpoint)",
                "200 /v1/models: no betas",
            ],
            "",
        )
        == ran
    )
    assert [("managed-agents-2026-04-01",), ("files-api-2025-04-14",), ()] == [r.betas for r in api.requests]


async def test_tune_fallback():
    """A refused default is dropped, a chain that shares the memory profits, and `fallback=False` shows the refusal."""
    async with SimulatedApi(refuses=[NO_SUCH]) as api:
        ran = await run("tune_fallback.py", api.base_url)

    assert (
        Ran(
            0,
            [
                f"first chain: 200, 2 attempts, recovered, dropped {{'{NO_SUCH}': 'rejected'}}",
                f"second chain: 200, 1 attempts, ok, dropped {{'{NO_SUCH}': 'remembered'}}",
                "without fallback: 400, 1 attempts, rejected, dropped {}",
            ],
            "",
        )
        == ran
    )
    assert [(NO_SUCH,), (), (), (NO_SUCH,)] == [request.betas for request in api.requests]


async def test_tune_fallback_unnamed():
    """The example's policy makes no guesses."""
    async with SimulatedApi(refuses=[NO_SUCH], dialect="gateway-unnamed") as api:
        ran = await run("tune_fallback.py", api.base_url)

    assert ["first chain: 400, 1 attempts, rejected, dropped {}"] == ran.out[:1]


async def test_hand_made_chain():
    """What a user's own middleware adds is sent and logged like any other beta."""
    async with SimulatedApi() as api:
        ran = await run("hand_made_chain.py", api.base_url)

    sent = [CONTEXT, THINKING]
    assert Ran(0, [f"INFO betamw.request outcome=ok sent={sent}", "200"], "") == ran
    assert [tuple(sent)] == [request.betas for request in api.requests]


async def test_hand_made_chain_refused():
    """What a user's own middleware adds is dropped when it is refused."""
    async with SimulatedApi(refuses=[CONTEXT]) as api:
        ran = await run("hand_made_chain.py", api.base_url)

    assert [(CONTEXT, THINKING), (THINKING,)] == [request.betas for request in api.requests]
    assert [f"INFO betamw.request outcome=recovered sent={[THINKING]}", "200"] == ran.out[-2:]


async def test_official_sdk():
    """A refused beta is dropped inside of one call of the SDK, and left out of the next, a stream."""
    async with SimulatedApi(refuses=[NO_SUCH]) as api:
        ran = await run("official_sdk.py", api.base_url)

    sent, text = (CONTEXT, THINKING), "Hello from the simulated API."
    dropped = [f"sent {sent}, dropped {{'{NO_SUCH}': '{why}'}}" for why in ("rejected", "remembered")]
    assert Ran(0, [text, dropped[0], text, dropped[1]], "") == ran
    assert [(CONTEXT, NO_SUCH, THINKING), sent, sent] == [request.betas for request in api.requests]


@pytest.mark.parametrize("name", NEEDS)
async def test_clients(name):
    """Under a client of others the caller's beta and the defaults go out, and one call recovers from a refusal."""
    async with SimulatedApi(refuses=[NO_SUCH]) as api:
        ran = await run(name, f"{api.base_url}/")

    assert (0, "") == (ran.code, ran.err)
    assert [(CONTEXT, THINKING, NO_SUCH), (CONTEXT, THINKING), (CONTEXT, THINKING)] == [r.betas for r in api.requests]
    assert {("POST", "/v1/messages", "sk-test")} == {(r.method, r.path, r.api_key) for r in api.requests}
    told = [json.loads(line) if line.startswith("{") else line for line in ran.out]
    calls = [each for each in told if isinstance(each, str) or each["event"] == "betamw.request"]
    told_of_calls = [
        each if isinstance(each, str) else (each["outcome"], each["betas_requested"], each["betas_injected"])
        for each in calls
    ]
    asked = [CONTEXT], [THINKING, NO_SUCH]
    text = "Hello from the simulated API."
    assert [("recovered", *asked), text, ("ok", *asked), text] == told_of_calls


async def test_openai_beta():
    """Its own header and catalog: an endpoint's beta goes out, a refused one is dropped by the name of its feature."""
    catalog = betamw.Catalog.load(ROOT / "examples" / "openai_betas.toml")
    async with SimulatedApi(["realtime=v1"], "openai", header="OpenAI-Beta", catalog=catalog) as api:
        ran = await run("openai_beta.py", api.base_url)

    assert (0, "") == (ran.code, ran.err)
    assert [
        "200 /v1/assistants: assistants=v2 (endpoint), dropped {'realtime=v1': 'rejected'}",
        "200 /v1/assistants: assistants=v2 (endpoint), dropped {'realtime=v1': 'remembered'}",
        "200 /v1/models: no betas, dropped {'realtime=v1': 'rejected'}",
    ] == [line for line in ran.out if not line.startswith("{")]
    first = ("realtime=v1", "assistants=v2")
    assert [first, first[1:], first[1:], first[:1], ()] == [request.betas for request in api.requests]


@pytest.mark.parametrize("name", EXAMPLES)
def test_docstring_tells_what_is_printed(name):
    """An example says how to run it and what it prints, and needs no simulated API."""
    text = (ROOT / "examples" / name).read_text()

    assert f"{KEY.get(name, 'ANTHROPIC_API_KEY')}=... python examples/{name}" in text
    assert re.search(r"\bPrints\b", text)
    assert "SimulatedApi" not in text
