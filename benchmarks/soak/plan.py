"""What each call is, and which fault befalls each of its sends: drawn from the seed, the same in both processes."""

import json
import random
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import Any, Final

import attrs
from aiohttp import Payload

from betamw.core.header import union

DEFAULT: Final = "context-management-2025-06-27"
"""What the chain adds to every call."""

BETAS: Final = (
    DEFAULT,
    "interleaved-thinking-2025-05-14",
    "context-1m-2025-08-07",
    "files-api-2025-04-14",
    "token-efficient-tools-2025-02-19",
    "code-execution-2025-08-25",
    "extended-cache-ttl-2025-04-11",
    "mcp-client-2025-11-20",
)
REQUIRED: Final = "managed-agents-2026-04-01"
"""What `/v1/agents` cannot do without, by the catalog."""

_SETS: Final = ((), BETAS[1:2], BETAS[1:3], BETAS[2:4], BETAS[:4], BETAS[4:7], BETAS[3:], BETAS[1:])
_MODELS: Final = ("claude-opus-5", "claude-sonnet-5", "claude-haiku-5")
KEYS: Final = tuple(f"sk-soak-{number}" for number in range(4))
_PAD: Final = "All work and no play makes Jack a dull boy. "


def _weighted(weights: Mapping[str, int]) -> tuple[Sequence[str], Sequence[int]]:
    return tuple(weights), tuple(accumulate(weights.values()))


_PATHS: Final = _weighted(
    {
        "POST /v1/messages": 55,
        "POST /v1/messages/count_tokens": 10,
        "POST /v1/messages/batches": 5,
        "POST /v1/files": 5,
        "POST /v1/agents": 5,
        "GET /v1/models": 10,
        "GET /v1/files/{file_id}": 10,
    }
)
_BODIES: Final = _weighted(
    {"json": 40, "bytes": 20, "text": 5, "form": 5, "multipart": 5, "bytesio": 10, "generator": 8, "large": 2}
)
_READABLE: Final = {"json", "bytes", "text", "large", *(("bytesio",) if hasattr(Payload, "consumed") else ())}
"""Bodies that are in memory: their model is part of what a lesson is about. (A file's, but for aiohttp 3.12.0.)"""

_READINGS: Final = _weighted({"read": 25, "json": 20, "text": 5, "chunks": 20, "part": 15, "nothing": 15})

FAULTS: Final = {
    "reset before headers": 5,
    "reset after headers": 5,
    "reset after reply": 4,
    "cut body": 5,
    "too short": 5,
    "garbage": 4,
    "slow headers": 15,
    "dripping body": 10,
    "close after reply": 15,
    "gzip": 40,
    "chunked": 100,
    "bad gzip": 5,
    "endless 400": 2,
    "slow endless 400": 2,
    "early reply": 20,
    "refused just this once": 8,
    "429": 6,
    "500": 6,
    "529": 6,
    "bad request": 6,
    "not found": 4,
}
"""Per thousand sends; refusals and resends meet with three times as many."""

_FAULTS: Final = tuple(
    _weighted({"": 1000 - factor * sum(FAULTS.values())} | {name: factor * n for name, n in FAULTS.items()})
    for factor in (1, 3)
)
_HURRIED: Final = 0.04
"""The share of calls that are cancelled, and of those that have a total timeout."""
_LONGEST_WAIT: Final = 1.2


@attrs.frozen
class Call:
    """One call of the client.

    Attributes:
        number: Its id.
        method: The HTTP method.
        path: Below the base URL.
        scope: What a lesson from this call holds for: endpoint, model and credential.
        key: The credential.
        model: In the JSON body, also where nobody can read it there.
        betas: In the caller's header.
        merged: What is meant to go out.
        body: The kind of the request's body, empty for none.
        size: Repetitions of a sentence in it.
        reading: What is done with the reply.
        cancelled_after: Seconds.
        timeout: The total timeout, in seconds.
    """

    number: int
    method: str
    path: str
    scope: str
    key: str
    model: str
    betas: tuple[str, ...]
    merged: tuple[str, ...]
    body: str
    size: int
    reading: str
    cancelled_after: float | None = None
    timeout: float | None = None

    def document(self) -> dict[str, Any]:
        """The request as JSON."""
        document = {"model": self.model, "max_tokens": 64, "messages": [{"role": "user", "content": _PAD * self.size}]}
        if self.size % 20 == 0:  # a field that a beta opens: without it this call is not resent
            document["context_management"] = {"edits": []}
        return document


def draw_call(seed: int, number: int) -> Call:
    """The call of this number."""
    draw = random.Random(seed << 64 | number << 8)  # noqa: S311  the same calls each time
    method, _, template = _draw(draw, _PATHS).partition(" ")
    body = "" if method == "GET" else "multipart" if template == "/v1/files" else _draw(draw, _BODIES)
    # A key in twenty is used for a while and never again: what was learned for it has to go some day.
    key = f"sk-soak-once-{number // 500}" if draw.random() < 1 / len(BETAS) / 2 else draw.choice(KEYS)
    model, betas = draw.choice(_MODELS), draw.choice(_SETS)
    hurry, wait = draw.random(), draw.random() * _LONGEST_WAIT
    return Call(
        number=number,
        method=method,
        path=template.replace("{file_id}", f"file_{number % 5000:05}"),
        scope=scope_of(template, model if body in _READABLE else "", key),
        key=key,
        model=model,
        betas=betas,
        merged=union(betas, (DEFAULT,), (REQUIRED,) if template == "/v1/agents" else ()),
        body=body,
        size=7000 if body == "large" else draw.randrange(40),
        reading=_draw(draw, _READINGS),
        cancelled_after=wait if hurry < _HURRIED else None,
        timeout=wait + 0.01 if _HURRIED < hurry < 2 * _HURRIED else None,
    )


def calm_call(seed: int, number: int, *, template: str, model: str, key: str) -> Call:
    """A call that wants all betas of a scope, is in no hurry, and reads all."""
    call = draw_call(seed, number)
    return attrs.evolve(
        call,
        method="POST",
        path=template,
        scope=scope_of(template, model, key),
        key=key,
        model=model,
        betas=BETAS,
        merged=BETAS,
        body="json",
        size=1,
        reading="read",
        cancelled_after=None,
        timeout=None,
    )


def calm_scopes() -> list[dict[str, str]]:
    """The scopes that `calm_call` is for."""
    paths = ("/v1/messages", "/v1/messages/count_tokens")
    return [{"template": path, "model": model, "key": key} for path in paths for model in _MODELS for key in KEYS]


def scope_of(template: str, model: str, key: str) -> str:
    """A name for what a lesson holds for."""
    return f"{template} {model} {key}"


def draw_fault(seed: int, number: int, send: int, *, often: bool) -> tuple[str, random.Random]:
    """What befalls the `send`th send of a call (from 1), empty for nothing; and a source of more chance."""
    draw = random.Random(seed << 64 | number << 8 | send)  # noqa: S311  the same faults each time
    return _draw(draw, _FAULTS[often]), draw


def reply_body(number: int, send: int) -> bytes:
    """The body of a good reply, another one for each send."""
    draw = random.Random(number << 8 | send)  # noqa: S311  the same replies each time
    lines = 2000 if draw.random() < 0.01 else draw.randrange(40)  # noqa: PLR2004  one in a hundred is long
    text = "".join([f"{number}.{send}.{line} {_PAD}" for line in range(lines)])
    return json.dumps({"type": "message", "call": number, "send": send, "text": text}).encode()


def _draw(draw: random.Random, weighted: tuple[Sequence[str], Sequence[int]]) -> str:
    return draw.choices(weighted[0], cum_weights=weighted[1])[0]


assert len({*chain.from_iterable(_SETS)}) == len(BETAS)
