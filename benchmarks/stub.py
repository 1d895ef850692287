"""Part (a): the middlewares alone, with a stub handler in place of the network.

Measured: the middlewares, driven through aiohttp's own `build_client_middlewares` (built anew for each call, as aiohttp
does it), with a new `aiohttp.ClientRequest` for each call. Not measured: making that request (it is aiohttp's, and
would drown what is looked for), the session, the network. Equal requests share one URL object, as in aiohttp, where
yarl caches what it has parsed. The stub answers with a fresh small object in place of aiohttp's `ClientResponse`, of
which the middlewares look at the status and the headers only.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, cast

import orjson
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse, StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_middlewares import build_client_middlewares
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

import betamw
from benchmarks import logs
from benchmarks.hand_written import hand_written
from benchmarks.measure import Contestant, Race, progress, race
from benchmarks.scenarios import BASE_URL, HEADER, SCENARIOS, Scenario

NOTHING: Final = "no middleware"
NO_OP: Final = "no-op middleware"
HAND_WRITTEN: Final = "hand-written, JSON logs"
UNCONFIGURED: Final = "chain, logging unconfigured"
QUIET: Final = "chain, logs at WARNING"
JSON: Final = "chain, JSON logs"

_HEADERS: Final = CIMultiDictProxy(
    CIMultiDict({"content-type": "application/json", "request-id": "req_011CTZbpv4nEkmDXmZ1dz3kX"})
)
_DIFFERS: Final = ("betamw_call", "duration_s", "timestamp")


class StubResponse:
    """A good reply, as far as the middlewares look at one."""

    __slots__ = ("__weakref__", "headers", "status")

    def __init__(self) -> None:
        self.status = 200
        self.headers = _HEADERS


class StubRefusal(StubResponse):
    """A reply that refuses a beta, its body on a stream as aiohttp has it."""

    __slots__ = ("connection", "content", "content_length")

    def __init__(self, beta: str) -> None:
        super().__init__()
        self.status = 400
        self.connection = None
        message = f"Unexpected value(s) `{beta}` for the `anthropic-beta` header."
        body = orjson.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": message}})
        self.content_length = len(body)
        loop = asyncio.get_running_loop()
        self.content = StreamReader(BaseProtocol(loop), 2**16, loop=loop)
        self.content.feed_data(body)
        self.content.feed_eof()

    def release(self) -> None:
        """There is nothing to give back."""


async def _stub(_request: ClientRequest) -> ClientResponse:
    return cast("ClientResponse", StubResponse())


async def _no_op(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    return await handler(request)


def _request(scenario: Scenario) -> ClientRequest:
    loop = asyncio.get_running_loop()
    return ClientRequest("POST", URL(scenario.url), headers=scenario.headers, data=scenario.body, loop=loop)


async def _chain(scenario: Scenario) -> tuple[ClientMiddlewareType, ...]:
    """The chain, which has learned by a refusal what the scenario says it knows."""
    chain = betamw.chain(*scenario.defaults, api=betamw.Api(BASE_URL))
    if scenario.refused is not None:
        refused = scenario.refused

        async def refuse(request: ClientRequest) -> ClientResponse:
            carries = refused in request.headers.get(HEADER, "")
            return cast("ClientResponse", StubRefusal(refused) if carries else StubResponse())

        await build_client_middlewares(refuse, chain)(_request(scenario))
    return chain


async def _hand_written(scenario: Scenario) -> tuple[ClientMiddlewareType, ...]:
    return (hand_written(BASE_URL, *scenario.defaults),)


async def _one_no_op(_scenario: Scenario) -> tuple[ClientMiddlewareType, ...]:
    return (_no_op,)


async def _none(_scenario: Scenario) -> tuple[ClientMiddlewareType, ...]:
    return ()


_Make = Callable[[Scenario], Awaitable[tuple[ClientMiddlewareType, ...]]]
_CONTESTANTS: Final[dict[str, tuple[logs.Setup, _Make]]] = {
    NOTHING: (logs.unconfigured, _none),
    NO_OP: (logs.unconfigured, _one_no_op),
    HAND_WRITTEN: (logs.json_lines, _hand_written),
    UNCONFIGURED: (logs.unconfigured, _chain),
    QUIET: (logs.warnings_only, _chain),
    JSON: (logs.json_lines, _chain),
}


async def _contestant(name: str, scenario: Scenario) -> Contestant:
    set_up, make = _CONTESTANTS[name]
    set_up()
    middlewares = await make(scenario)

    async def prepare(calls: int) -> Callable[[], Awaitable[None]]:
        set_up()
        requests = [_request(scenario) for _ in range(calls)]

        async def run() -> None:
            if not middlewares:
                for request in requests:
                    await _stub(request)
                return
            for request in requests:  # aiohttp too builds the handler anew for each request
                await build_client_middlewares(_stub, middlewares)(request)

        return run

    return Contestant(name, prepare)


async def measure(rounds: int, calls: int) -> dict[str, Race]:
    """Run all scenarios; the result is by their names."""
    results = {}
    for scenario in SCENARIOS:
        progress(f"stub: {scenario.name}")
        contestants = [await _contestant(name, scenario) for name in _CONTESTANTS]
        results[scenario.name] = await race(contestants, rounds=rounds, calls=calls)
    return results


async def check() -> list[str]:
    """Compare what the chain and the hand-written middleware send and log; returns what is wrong."""
    wrong = []
    for scenario in SCENARIOS:
        ours, ours_logged = await _look(_chain, scenario)
        theirs, theirs_logged = await _look(_hand_written, scenario)
        if ours != scenario.wire:
            wrong.append(f"{scenario.name}: the chain sent {ours!r}, not {scenario.wire!r}")
        if scenario.refused is None and theirs != scenario.wire:
            wrong.append(f"{scenario.name}: the hand-written middleware sent {theirs!r}, not {scenario.wire!r}")
        if not len(ours_logged) == len(theirs_logged) == scenario.logged:
            wrong.append(
                f"{scenario.name}: {len(ours_logged)} and {len(theirs_logged)} events, not {scenario.logged:d}"
            )
        for our, their in zip(ours_logged, theirs_logged, strict=False):
            wrong += [f"{scenario.name}: {difference}" for difference in _differences(our, their, scenario)]
    return wrong


async def _look(make: _Make, scenario: Scenario) -> tuple[str | None, list[dict[str, Any]]]:
    """Make one call; returns the header that it sends and the events that it logs."""
    file = io.BytesIO()
    logs.json_lines(file)
    middlewares = await make(scenario)
    before = file.tell()
    request = _request(scenario)
    await build_client_middlewares(_stub, middlewares)(request)
    return request.headers.get(HEADER), [orjson.loads(line) for line in file.getvalue()[before:].splitlines()]


def _differences(our: dict[str, Any], their: dict[str, Any], scenario: Scenario) -> Iterable[str]:
    """How the chain's event differs from the hand-written one; what a memory changes in the values is no difference."""
    of_memory = set() if scenario.refused is None else {"gen_ai_request_model"}
    if our.keys() != their.keys() | of_memory:
        yield f"only one of the two events has {', '.join(sorted(our.keys() ^ (their.keys() | of_memory)))}"
    for key in sorted(our.keys() & their.keys() - set(_DIFFERS)):
        if scenario.refused is None and our[key] != their[key]:
            yield f"the chain logs {key}={our[key]!r}, the hand-written middleware {their[key]!r}"
    if scenario.refused is not None and our.get("betas_dropped_remembered") != [scenario.refused]:
        yield f"the chain did not remember {scenario.refused}"
