"""Only type-checked: the public names, used as the documentation says."""

import ssl
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import anthropic
import httpx2
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse
from aioresponses import aioresponses

import betamw
import betamw.integrations.anthropic
from betamw.testing import FAULTS, Fault, ReceivedRequest, Refusal, SimulatedApi, run_middlewares


async def attach() -> None:
    """Everything that goes on a session."""
    api: betamw.Api = betamw.Api("https://gateway.example/anthropic", header="anthropic-beta")
    rules = [*betamw.CATALOG_RULES, betamw.EndpointRule("/v1/files", ["files-api-2025-04-14"], {"GET"}, required=False)]
    policy = betamw.FallbackPolicy(max_resends=1, on_unnamed="give_up", required=frozenset({"oauth-*"}))
    memory = betamw.RejectionMemory(remember_for=60, max_entries=10, probe_lease=5.0, clock=lambda: 0.0)
    chain: tuple[ClientMiddlewareType, ...] = betamw.chain(
        "files-api-2025-04-14", api=api, endpoints=rules, policy=policy, memory=memory, logger=None
    )
    by_hand: tuple[ClientMiddlewareType, ...] = (
        betamw.LoggingMiddleware(api=api),
        betamw.MergeMiddleware("files-api-2025-04-14", api=api),
        betamw.EndpointMiddleware(rules, api),
        betamw.FallbackMiddleware(policy, None, api),
        authenticate,
    )
    async with aiohttp.ClientSession(middlewares=(*chain, *by_hand)) as session:
        with betamw.override(add=["a"], remove=("b",), fallback=False):
            async with session.get("https://gateway.example/anthropic/v1/models") as response:
                read(betamw.usage(response))


async def configure() -> None:
    """Settings without code."""
    pin: betamw.Pin = betamw.Pin(beta="a", origin="https://gateway.example", endpoint="/v1/messages", model="m")
    config: betamw.Config = betamw.Config(
        betas=["a"],
        remove=("b",),
        api=betamw.Api(),
        endpoints=[*betamw.CATALOG_RULES],
        policy=betamw.FallbackPolicy(),
        fallback=False,
        remember_for=60.0,
        max_entries=10,
        probe_lease=5.0,
        pins=[pin],
        disable=False,
    )
    loaded: betamw.Config = betamw.load_config(Path("betamw.toml"))
    memory: betamw.RejectionMemory = loaded.new_memory()
    chains: list[tuple[ClientMiddlewareType, ...]] = [
        betamw.chain(config=config, memory=memory),
        betamw.chain(config="betamw.toml"),
        betamw.chain(config=Path("betamw.toml")),
        (betamw.MergeMiddleware(remove=["b"]), betamw.FallbackMiddleware(enabled=False)),
    ]
    betas: tuple[str, ...] = loaded.betas + betamw.load_config().remove
    print(chains, betas)


def another_api() -> tuple[ClientMiddlewareType, ...]:
    """A catalog of one's own, and the one that is shipped."""
    mine: betamw.Catalog = betamw.Catalog.load(Path("mine.toml"))
    shipped: betamw.Catalog = betamw.CATALOG
    rules: tuple[betamw.EndpointRule, ...] = (*mine.rules, *shipped.rules)
    api = betamw.Api("https://api.openai.com", header="OpenAI-Beta", catalog=mine)
    return (
        betamw.EndpointMiddleware(api=api),
        betamw.FallbackMiddleware(api=api),
        *betamw.chain(api=api, endpoints=rules),
    )


def ask(rejection: betamw.Rejection) -> betamw.Action | None:
    """A hook of the user's own."""
    if not rejection.named:
        return betamw.Action.give_up()
    if "compact-2026-09-04" in rejection.betas:
        return betamw.Action.substitute({"compact-2026-09-04": "compact-2026-01-12"})
    if rejection.rule == "mine":
        return betamw.Action.not_a_rejection()
    return betamw.Action.drop(*rejection.betas) if rejection.betas else None


async def be_strict(session: aiohttp.ClientSession) -> bytes:
    """A refusal as an error."""
    policies: list[betamw.FallbackPolicy] = [
        betamw.FallbackPolicy(strict=True, on_rejection=ask),
        betamw.FallbackPolicy(substitutes="older", paired_fields="strip"),
        betamw.FallbackPolicy(substitutes={"a-2026-01-02": "a-2026-01-01"}, on_unnamed="split"),
    ]
    try:
        async with session.get("https://api.anthropic.com/v1/models") as response:
            return await response.read()
    except betamw.BetaRejectedError as error:
        rejected: tuple[str, ...] = error.rejected
        sent: tuple[str, ...] = error.sent
        request_id: str | None = error.request_id
        print(policies, rejected, sent, request_id, error.status, error.headers, error.request_info)
        body: bytes = error.body
        return body


async def authenticate(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """A middleware of the user's own."""
    return await handler(request)


def read(usage: betamw.BetaUsage) -> tuple[str, ...]:
    """What a call tells."""
    sources: Mapping[str, str] = usage.sources
    dropped: Mapping[str, str] = usage.dropped
    attempts: int = usage.attempts
    outcome: str = usage.outcome
    stripped: tuple[str, ...] = usage.body_fields_stripped
    print(sources, dropped, attempts, stripped, outcome, usage.requested, usage.scoped, usage.injected, usage.merged)
    return usage.sent


def names() -> None:
    """Headers, names and refusals."""
    betas: tuple[str, ...] = betamw.parse_betas(["a, b"])
    value: str = betamw.format_betas(betas)
    family: str = betamw.Beta.parse(value).family
    rejection: betamw.Rejection | None = betamw.read_rejection(400, b"", betas, "application/json")
    if rejection is not None:
        print(family, rejection.betas, rejection.rule, rejection.named)


def remember() -> betamw.RejectionMemory:
    """A memory by hand."""
    memory = betamw.RejectionMemory()
    memory.pin("a")
    memory.pin("a", origin="https://gateway.example/anthropic", endpoint="/v1/messages", model="m")
    count: int = memory.forget("a") + memory.forget()
    listed: list[tuple[str, float, str | None]] = [(v.beta, v.expires_at, v.scope.model) for v in memory.verdicts()]
    print(count, listed)
    saved: str = memory.to_json()
    same: betamw.RejectionMemory = betamw.RejectionMemory.from_json(saved.encode())
    print(same)
    return betamw.RejectionMemory.from_json(saved, remember_for=60, max_entries=10, probe_lease=5.0, clock=lambda: 0.0)


async def simulate() -> None:
    """A test of a user's own."""
    async with SimulatedApi(refuses=["a", Refusal("b", path="/v1/files")], dialect="copilot", encoding="gzip") as api:
        api.refuse("c")
        first: ReceivedRequest = api.requests[0]
        print(api.base_url, first.method, first.path, first.headers["anthropic-beta"], first.betas, first.body)
        fault: Fault = FAULTS[0]
        api.fail_next(fault, 400, {"error": {}}, seconds=0.5, after=1)
        api.fail_next("cut")
        sent: list[tuple[str, ...]] = api.sent
        api.assert_sent("a", "b", attempts=len(sent), path="/v1/messages")
        async with api.down():
            print(api.requests)
    async with SimulatedApi(ssl_context=ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)) as api:
        print(api.base_url)


async def official_sdk() -> None:
    """The SDK's client, and what its responses tell."""
    client: httpx2.AsyncClient = betamw.integrations.anthropic.http_client(
        "files-api-2025-04-14",
        api=betamw.Api("https://gateway.example/anthropic"),
        endpoints=betamw.CATALOG_RULES,
        policy=betamw.FallbackPolicy(strict=True),
        memory=None,
        logger=None,
        config=betamw.Config(),
        session=lambda middlewares: aiohttp.ClientSession(middlewares=middlewares, trust_env=True),
    )
    async with anthropic.AsyncAnthropic(http_client=client) as sdk:
        raw = await sdk.models.with_raw_response.list()
        read(betamw.integrations.anthropic.usage(raw))
        read(betamw.integrations.anthropic.usage(raw.http_response))
        async with sdk.models.with_streaming_response.list() as streaming:
            read(betamw.integrations.anthropic.usage(streaming))
        async with sdk.messages.stream(model="claude-opus-5", max_tokens=8, messages=[]) as events:
            read(betamw.integrations.anthropic.usage(events))
        async with await sdk.messages.create(model="m", max_tokens=8, messages=[], stream=True) as stream:
            read(betamw.integrations.anthropic.usage(stream))
        try:
            await sdk.models.retrieve("claude-opus-5")
        except anthropic.APIStatusError as error:
            read(betamw.integrations.anthropic.usage(error))


def mock() -> None:
    """A test that uses aioresponses."""
    with aioresponses() as mocked, run_middlewares(mocked) as same:
        same.post("https://api.anthropic.com/v1/messages", repeat=2)
        print(mocked.requests)
