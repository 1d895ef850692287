"""`betamw demo`: the real chain, over real HTTP, against a simulated API; it checks what it shows."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import aiohttp
import attrs
import structlog
from rich.console import Console
from structlog.typing import EventDict, WrappedLogger

import betamw
from betamw.cli.demo_steps import DEFAULT, REFUSED, STEPS, Check, Observed, Step, checks
from betamw.cli.demo_text import Page
from betamw.testing import SimulatedApi

Attach = Callable[[betamw.Api, Any], tuple[aiohttp.ClientMiddlewareType, ...]]
"""Makes the middlewares of the demo's session, for an API and a logger."""

_SECONDS: Final = 5.0
_BODY: Final[Mapping[str, Any]] = {
    "model": "claude-opus-5",
    "max_tokens": 16,
    "messages": [{"role": "user", "content": "Hello"}],
}


def attach(api: betamw.Api, logger: Any) -> tuple[aiohttp.ClientMiddlewareType, ...]:
    """The chain that is shown."""
    return betamw.chain(DEFAULT, api=api, logger=logger)


def run_demo(console: Console, *, all_fields: bool = False, attach: Attach = attach) -> list[Check]:
    """Show and check all steps; return the checks that failed.

    Raises what aiohttp raises where this machine does not let the demo talk to itself.
    """
    return asyncio.run(_run(Page(console, all_fields), attach))


async def _run(page: Page, attach: Attach) -> list[Check]:
    async with SimulatedApi(refuses=REFUSED) as api, SimulatedApi() as foreign:
        log = Log(page.event)
        middlewares = attach(betamw.Api(api.base_url), log.logger)
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with aiohttp.ClientSession(middlewares=middlewares, timeout=timeout) as session:
            page.opening(api.base_url, foreign.base_url)
            stage = Stage(api, foreign, session, log)
            return await _walk(stage, page)


async def _walk(stage: "Stage", page: Page, steps: Iterable[Step] = STEPS) -> list[Check]:
    failed: list[Check] = []
    rows: list[tuple[Step, Observed]] = []
    total = 0
    for number, step in enumerate(steps, 1):
        page.step(number, step, stage.url(step))
        seen = await stage.perform(step)
        checked = list(checks(step, seen))
        page.observed(seen, checked)
        rows.append((step, seen))
        failed += [attrs.evolve(check, name=f"step {number}, {check.name}") for check in checked if not check.passed]
        total += len(checked)
    page.closing(rows, total, failed)
    return failed


@attrs.define(eq=False)
class Log:
    """Keeps and shows the events that go through its structlog logger, as they are written."""

    show: Callable[[Mapping[str, Any]], None]
    events: list[Mapping[str, Any]] = attrs.field(init=False, factory=list)
    logger: Any = attrs.field(init=False)

    @logger.default
    def _make_logger(self) -> Any:
        # Everything is given here, so that a configuration of structlog elsewhere in the process changes nothing.
        return structlog.wrap_logger(
            None,
            processors=[structlog.processors.add_log_level, self._take],
            wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
            context_class=dict,
            cache_logger_on_first_use=False,
        )

    def _take(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        self.events.append(dict(event))
        self.show(event)
        raise structlog.DropEvent


@attrs.define(eq=False)
class Stage:
    """Where the steps are performed: two servers, and a session with the chain.

    Attributes:
        api: The API.
        foreign: A server that is not the API's.
        session: Has the middlewares.
        log: Gets the events.
    """

    api: SimulatedApi
    foreign: SimulatedApi
    session: aiohttp.ClientSession
    log: Log

    def url(self, step: Step) -> str:
        """Where the step's call goes."""
        return (self.foreign if step.foreign else self.api).base_url + step.path

    async def perform(self, step: Step) -> Observed:
        """Make the call, and collect what is to be seen of it."""
        for server in (self.api, self.foreign):
            server.clear()
        self.log.events.clear()
        self.api.dialect = step.dialect
        headers = {"anthropic-beta": ", ".join(step.requested)} if step.requested else {}
        body = None if step.method == "GET" else _BODY
        async with self.session.request(step.method, self.url(step), json=body, headers=headers) as response:
            await response.read()
        here, there = (self.foreign, self.api) if step.foreign else (self.api, self.foreign)
        return Observed(
            status=response.status,
            usage=_usage(response),
            wire=tuple(request.betas for request in here.requests),
            elsewhere=len(there.requests),
            events=tuple(self.log.events),
        )


def _usage(response: aiohttp.ClientResponse) -> betamw.BetaUsage | None:
    try:
        return betamw.usage(response)
    except KeyError:
        return None
