"""What the application of the sample log does all day: its jobs, how much of each there is, and what goes wrong when.

Facts: nothing here is measured; it is of the shape that such applications have. Times are seconds since the first day
began, a Monday, 00:00 UTC.
"""

import random
from collections.abc import Iterator
from typing import Any, Final, Literal

import attrs

from betamw.testing import Refusal

MINUTE: Final = 60.0
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

OPUS, SONNET, HAIKU = "claude-opus-5", "claude-sonnet-5", "claude-haiku-4-5"
CONTEXT: Final = "context-management-2025-06-27"
LONG: Final = "context-1m-2025-08-07"
EFFORT: Final = "effort-2025-11-24"
THINKING: Final = "interleaved-thinking-2025-05-14"
FILES: Final = "files-api-2025-04-14"
MCP, OLDER_MCP = "mcp-client-2026-09-15", "mcp-client-2025-11-20"
CREDIT: Final = "fallback-credit-2026-06-01"
TOOL_SEARCH: Final = "tool-search-tool-2025-10-19"
AGENTS: Final = "managed-agents-2026-04-01"


@attrs.frozen
class Job:
    """Something that the application does with one call.

    Attributes:
        route: The application's own route, in its access log.
        weight: How much of it there is, beside the others.
        path: The endpoint.
        seconds: Half of its calls are answered sooner.
        header: What the calling code writes into `anthropic-beta`.
        model: In the body, if there is one.
        override: What the calling code gives to `betamw.override`.
    """

    route: str
    weight: float
    path: str
    seconds: float
    header: str = ""
    model: str | None = None
    override: dict[str, Any] = attrs.Factory(dict)
    method: str = "POST"


JOBS: Final = (
    Job("POST /chat", 34, "/v1/messages", 1.9, CONTEXT, SONNET),
    Job("POST /chat", 16, "/v1/messages", 3.1, CONTEXT, OPUS),
    Job("POST /titles", 12, "/v1/messages", 0.7, CONTEXT, HAIKU),
    Job("POST /contracts", 13, "/v1/messages", 7.5, f"{CONTEXT}, {LONG}", OPUS),
    Job("POST /tools", 4, "/v1/messages", 2.6, model=SONNET, override={"add": [TOOL_SEARCH]}),
    Job("POST /connectors", 3, "/v1/messages", 2.4, MCP, SONNET),
    Job("POST /invoices", 3, "/v1/messages", 1.5, CREDIT, SONNET),
    Job("POST /evals", 2, "/v1/messages", 2.0, model=OPUS, override={"remove": [THINKING]}),
    Job("POST /imports", 0.4, "/v1/messages", 1.8, "context management", SONNET),  # a slip: it cannot be a beta
    Job("GET /estimate", 6, "/v1/messages/count_tokens", 0.25, model=SONNET),
    Job("POST /uploads", 5, "/v1/files", 0.6),
    Job("GET /agents", 2, "/v1/agents", 0.2, method="GET"),
    Job("POST /research", 4, "/v1/sessions", 0.8),
)

RETIRED_AT: Final = 8 * DAY + 9.5 * HOUR  # on a Tuesday


@attrs.frozen
class Turn:
    """The API changes its mind about a beta."""

    at: float
    to: Literal["refuse", "accept"]
    beta: str | Refusal


TURNS: Final = (
    Turn(0.0, "refuse", TOOL_SEARCH),  # a name of other providers
    Turn(0.0, "refuse", Refusal(EFFORT, path="/v1/files")),
    Turn(0.0, "refuse", Refusal(CONTEXT, model=HAIKU)),
    Turn(2 * DAY + 13 * HOUR, "refuse", MCP),  # taken back for a day and a half
    Turn(4 * DAY + 1 * HOUR, "accept", MCP),
    Turn(RETIRED_AT, "refuse", LONG),
    Turn(9 * DAY + 14 * HOUR, "refuse", Refusal(AGENTS, path="/v1/sessions")),  # an incident: it is required there
    Turn(9 * DAY + 15 * HOUR, "accept", Refusal(AGENTS, path="/v1/sessions")),
)


@attrs.frozen
class Deploy:
    """The process is killed while it writes an event, when so much of it is there."""

    at: float
    share: float


DEPLOYS: Final = (Deploy(3 * DAY + 10.25 * HOUR, 0.55), Deploy(10 * DAY + 15.5 * HOUR, 0.97))

Mishap = Literal["rate limit", "overload", "server error", "hang-up", "timeout", "cancelled"]
MISHAPS: Final[tuple[tuple[Mishap, float], ...]] = (
    ("rate limit", 0.010),
    ("overload", 0.006),
    ("server error", 0.003),
    ("hang-up", 0.002),
    ("timeout", 0.003),
    ("cancelled", 0.008),
)
OVERLOADED: Final = (4 * DAY + 14 * HOUR, 4 * DAY + 16 * HOUR)

_BY_HOUR: Final = (1, 1, 1, 1, 1, 2, 4, 8, 16, 22, 24, 22, 18, 21, 24, 23, 20, 15, 9, 6, 4, 3, 2, 1)
_WEEKEND: Final = 0.2


def arrivals(rng: random.Random, days: float) -> Iterator[tuple[float, Job]]:
    """When which job is to be done, in order."""
    jobs, weights = JOBS, [job.weight for job in JOBS]
    for hour in range(int(days * 24)):
        share = _WEEKEND if hour // 24 % 7 >= 5 else 1.0  # noqa: PLR2004  Saturday and Sunday
        calls = int(_BY_HOUR[hour % 24] * share + rng.random())
        for moment in sorted(rng.random() for _ in range(calls)):
            yield (hour + moment) * HOUR, rng.choices(jobs, weights)[0]


def mishap(rng: random.Random, at: float) -> Mishap | None:
    """What goes wrong in a call, in most of them nothing."""
    if OVERLOADED[0] <= at < OVERLOADED[1] and rng.random() < 0.25:  # noqa: PLR2004  each fourth
        return "overload"
    drawn = rng.random()
    for name, share in MISHAPS:
        drawn -= share
        if drawn < 0:
            return name
    return None
