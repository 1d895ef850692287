"""What `betamw explain` says of a call is what becomes of it: each call is explained, made, and compared."""

import json

import aiohttp
import attrs
import pytest

import betamw
from betamw.cli import app as cli_app
from betamw.testing import SimulatedApi

CONTEXT = "context-management-2025-06-27"
THINKING = "interleaved-thinking-2025-05-14"
LONG = "context-1m-2025-08-07"
AGENTS = "managed-agents-2026-04-01"
MEMORY = "agent-memory-2026-07-22"
FILES = "files-api-2025-04-14"
MCP_OLD, MCP_NEW = "mcp-client-2025-11-20", "mcp-client-2026-09-15"
DREAMS = "dreaming-2026-04-21"

EDITS = {"edits": [{"type": "clear_thinking_20251015"}]}
TOOLS = {"mcp_servers": [{"name": "s"}], "tools": [{"type": "mcp_toolset"}]}


@attrs.frozen
class Made:
    """A call. `config` is TOML below `[betamw]`; the base URL is put before it."""

    beta: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    config: str = ""
    method: str = "POST"
    path: str = "/v1/messages"
    body: dict | None = None
    prefix: str = ""


def pin(beta: str, **where: str) -> str:
    return f'[[betamw.pin]]\nbeta = "{beta}"\n' + "".join(f'{name} = "{value}"\n' for name, value in where.items())


def endpoint(path: str, *betas: str, required: bool = True) -> str:
    return f'[[betamw.endpoint]]\npath = "{path}"\nbetas = {json.dumps(betas)}\nrequired = {json.dumps(required)}\n'


CALLS = {
    "nothing": Made(),
    "nothing-changes": Made(beta=(f"{CONTEXT} ,{THINKING}",)),
    "several": Made(beta=(CONTEXT, THINKING)),
    "duplicates": Made(beta=(f"{CONTEXT},{CONTEXT}", CONTEXT), default=(THINKING, CONTEXT)),
    "empty-elements": Made(beta=(", ,", f"{CONTEXT},,")),
    "empty": Made(beta=("",)),
    "invalid": Made(beta=(f"two words,{CONTEXT},ünsafe",)),
    "invalid-alone": Made(beta=('"quoted"',)),
    "unknown": Made(beta=("nobody-knows-2031-01-01",)),
    "defaults": Made(beta=(CONTEXT,), default=(THINKING,), config=f'betas = ["{LONG}"]'),
    "removed": Made(beta=(LONG,), default=(THINKING,), config=f'remove = ["{LONG}", "{FILES}"]'),
    "all-removed": Made(beta=(LONG,), config=f'remove = ["{LONG}"]'),
    "endpoint": Made(path="/v1/agents", method="GET"),
    "below-the-endpoint": Made(path="/v1/sessions/sess_1/events?beta=true&x=1", method="GET", beta=(CONTEXT,)),
    "slash-at-the-end": Made(path="/v1/agents/", method="GET"),
    "doubled-slash": Made(path="//v1/agents", method="GET"),
    "dots": Made(path="/v1/messages/../agents", method="GET"),
    "escaped": Made(path="/v1/%61gents", method="GET"),
    "space": Made(path="/v1/agents/a b", method="GET"),
    "unknown-path": Made(path="/v1/mesages"),
    "root": Made(path="/", method="GET"),
    "method-of-a-rule": Made(path="/v1/organizations/spend_limits", method="get"),
    "exact-rule": Made(path="/v1/organizations/spend_limits/effective", method="GET"),
    "placeholder-in-a-rule": Made(path="/v1/organizations/users/user_1/sign_out"),
    "required-and-removed": Made(path="/v1/agents", method="GET", config=f'remove = ["{AGENTS}"]'),
    "conflict-won-by-the-caller": Made(path="/v1/memory_stores", method="GET", beta=(AGENTS,)),
    "conflict-won-by-the-rule": Made(path="/v1/memory_stores/m/memories", method="GET", default=(AGENTS,)),
    "conflict-of-the-caller": Made(path="/v1/memory_stores", method="GET", beta=(AGENTS, MEMORY)),
    "conflict-and-removed": Made(
        path="/v1/memory_stores", method="GET", beta=(AGENTS,), config=f'remove = ["{AGENTS}"]'
    ),
    "conflict-elsewhere": Made(beta=(AGENTS, MEMORY), path="/v1/vaults", method="GET"),
    "own-rule": Made(config=endpoint("/v1/messages", FILES, required=False), beta=(CONTEXT,)),
    "own-rule-with-placeholder": Made(
        path="/v1/files/file_1/content", method="GET", config=endpoint("/v1/files/{id}/content", FILES)
    ),
    "own-rules-add-up": Made(
        path="/v1/files", method="GET", config=endpoint("/v1/files", FILES) + endpoint("/v1/files", LONG)
    ),
    "shield": Made(path="/v1/agents/a", method="GET", config=endpoint("/v1/agents/{id}")),
    "without-catalog-rules": Made(path="/v1/agents", method="GET", config="catalog_rules = false"),
    "prefix": Made(prefix="/anthropic/proxy", path="/v1/agents", method="GET", default=(THINKING,)),
    "prefix-missed": Made(prefix="/anthropic", path="/anthropic/v1/agents", method="GET"),
    "pin": Made(beta=(LONG, CONTEXT), config=pin(LONG)),
    "pin-of-all": Made(beta=(LONG,), config=pin(LONG)),
    "pin-makes-room": Made(beta=(f"{CONTEXT} , {THINKING}",), default=(LONG,), config=pin(LONG)),
    "pin-for-a-model": Made(
        beta=(LONG,), body={"model": "claude-haiku-4-5"}, config=pin(LONG, model="claude-haiku-4-5")
    ),
    "pin-for-another-model": Made(beta=(LONG,), body={"model": "claude-opus-5"}, config=pin(LONG, model="m")),
    "pin-for-an-endpoint": Made(beta=(LONG,), config=pin(LONG, endpoint="/v1/messages")),
    "pin-for-another-endpoint": Made(beta=(LONG,), config=pin(LONG, endpoint="/v1/models")),
    "pin-of-what-is-required": Made(path="/v1/agents", method="GET", config=pin(AGENTS)),
    "pin-of-a-used-field": Made(beta=(CONTEXT,), body={"context_management": EDITS}, config=pin(CONTEXT)),
    "pin-and-strip": Made(
        beta=(CONTEXT, THINKING),
        body={"model": "m", "context_management": EDITS},
        config=f'policy = {{ paired_fields = "strip" }}\n{pin(CONTEXT)}',
    ),
    "pin-and-substitute": Made(
        beta=(MCP_NEW, CONTEXT), body=TOOLS, config=f'policy = {{ substitutes = "older" }}\n{pin(MCP_NEW)}'
    ),
    "pin-of-a-source-that-stays": Made(
        beta=(LONG,),
        default=(FILES,),
        config=f'policy = {{ droppable_sources = ["default"] }}\n{pin(LONG)}{pin(FILES)}',
    ),
    "pin-under-a-strict-policy": Made(beta=(LONG,), config=f"policy = {{ strict = true }}\n{pin(LONG)}"),
    "pin-without-fallback": Made(beta=(LONG,), config=f"fallback = false\n{pin(LONG)}"),
    "field-without-its-beta": Made(beta=(THINKING,), body={"context_management": EDITS}),
    "field-with-its-beta": Made(beta=(CONTEXT,), body={"model": "m", "context_management": EDITS}),
    "field-of-a-removed-beta": Made(
        beta=(CONTEXT,), body={"context_management": EDITS}, config=f'remove = ["{CONTEXT}"]'
    ),
    "fields-that-need-two": Made(body={"context_management": EDITS, **TOOLS}, default=(CONTEXT,)),
    "fields-that-conflict": Made(
        beta=(CONTEXT, "compact-2026-09-04"), body={"context_management": EDITS, "compaction": {}}
    ),
    "field-beside-a-beta": Made(
        beta=("fine-grained-tool-streaming-2025-05-14",), body={"tools": [{"type": "browser_toolset_20260801"}]}
    ),
    "samples-of-dreams": Made(beta=(AGENTS,), path="/v1/dreams", body={}),
    "another-header": Made(beta=(CONTEXT,), default=(LONG,), config='header = "OpenAI-Beta"'),
    "turned-off": Made(beta=(f"{CONTEXT},, {LONG}",), default=(THINKING,), config="disable = true"),
}


REASONS = {"removed": "policy", "conflict": "policy", "pinned": "remembered"}
REFUSED = {"required_missing", "conflict", "field_closed", "field_lost", "field_conflict", "unknown_path"}


def explained(capsys, made: Made, config: str, url: str, tmp_path) -> dict:
    """What is said of the call."""
    arguments = [f"--beta={beta}" for beta in made.beta] + [f"--default={beta}" for beta in made.default]
    if made.body is not None:
        body = tmp_path / "body.json"
        body.write_text(json.dumps(made.body))
        arguments.append(f"--body={body}")
    assert 0 == cli_app.run(["explain", made.method, url, "--config", config, "--json", *arguments])
    return json.loads(capsys.readouterr().out)


async def make(made: Made, config: str, url: str) -> tuple[int, betamw.BetaUsage | None]:
    """What becomes of it."""
    name = betamw.load_config(config).api.header
    headers = {name: ",".join(made.beta)} if made.beta else {}
    async with aiohttp.ClientSession(middlewares=betamw.chain(*made.default, config=config)) as session:
        async with session.request(made.method, url, json=made.body, headers=headers) as response:
            await response.read()
            return response.status, betamw.usage(response)


@pytest.mark.parametrize("made", CALLS.values(), ids=CALLS)
async def test_explain_says_what_happens(made, tmp_path, capsys):
    """Header, sources, what is left out and why, the fields that go, and whether the API will have it."""
    async with SimulatedApi() as api:
        base = api.base_url + made.prefix
        config = tmp_path / "betamw.toml"
        config.write_text(f'[betamw]\nbase_url = "{base}"\n{made.config}')
        told = explained(capsys, made, str(config), made.path, tmp_path)
        _, usage = await make(made, str(config), base + made.path)
        received = api.requests[0]

    asked = [beta for beta in told["betas"] if beta["sources"][0]["source"] != "substitute"]
    assert received.headers.get(told["header_name"]) == told["header"]
    assert received.method == told["method"]
    assert dict(usage.sources) == {beta["name"]: beta["sources"][0]["source"] for beta in asked}
    assert dict(usage.dropped) == {
        beta["name"]: REASONS[beta["why_not"]] for beta in asked if beta["why_not"] and not told_substitute(beta, told)
    }
    assert dict(usage.substituted) == {beta["name"]: beta["instead"] for beta in asked if told_substitute(beta, told)}
    assert list(usage.body_fields_stripped) == told["body_fields_stripped"]
    assert (received.body == json.dumps(made.body).encode()) is (
        made.body is not None and not told["body_fields_stripped"]
    )


def told_substitute(beta: dict, told: dict) -> bool:
    """Whether another goes in the place of a beta."""
    return any(source["of"] == beta["name"] for other in told["betas"] for source in other["sources"])


KNOWN_TO_THE_SIMULATION = [name for name, made in CALLS.items() if not made.prefix and name != "turned-off"]


@pytest.mark.parametrize("name", KNOWN_TO_THE_SIMULATION)
async def test_what_is_refused_was_warned_of(name, tmp_path, capsys):
    """Where the simulated API answers with an error there was a warning, and no such warning elsewhere."""
    made = CALLS[name]
    async with SimulatedApi() as api:
        config = tmp_path / "betamw.toml"
        config.write_text(f'[betamw]\nbase_url = "{api.base_url}"\n{made.config}')
        told = explained(capsys, made, str(config), made.path, tmp_path)
        status, _ = await make(made, str(config), api.base_url + made.path)

    assert (status >= 400) is bool(REFUSED.intersection(warning["code"] for warning in told["warnings"]))
