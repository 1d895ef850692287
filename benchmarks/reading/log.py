"""The log that is read: a mix of what an application, its runtime and other programs write into one file.

Of a hundred lines, on average, 56 are events of ours as structlog's JSON renderer writes them (52 calls, 4 refusals and
lessons), 40 are JSON lines of other programs, 2 are calls in lines of docker's json-file driver, one is a call as
key=value and one as structlog's console renderer writes it. 70,000 calls a day, of 40 kinds: a few are refused a beta,
or fail.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs
import structlog

LISTS: Final = (
    "requested",
    "scoped",
    "injected",
    "sent",
    "dropped_rejected",
    "dropped_remembered",
    "dropped_policy",
)
_BETAS: Final = (
    *("context-management-2025-06-27", "files-api-2025-04-14", "interleaved-thinking-2025-05-14"),
    *("managed-agents-2026-04-01", "compact-2026-01-12", "mine-2026-02-02", "mcp-client-2025-11-20"),
)
_ENDPOINTS: Final = ("/v1/messages", "/v1/messages", "/v1/messages/count_tokens", "/v1/files/{file_id}", "/v1/agents")
_WEIGHTS: Final = {"call": 52, "news": 4, "other": 40, "docker": 2, "key=value": 1, "console": 1}
_START: Final = datetime(2026, 11, 1, tzinfo=UTC)

_json = structlog.processors.JSONRenderer()
_logfmt = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])
_console = structlog.dev.ConsoleRenderer(colors=False)


@attrs.define
class Book:
    """What was written.

    Attributes:
        lines: Lines in all; `json` those that are one JSON document.
        outcomes: Calls by outcome; `in_json` those of them that are in such lines.
        betas: How often which beta is in which list of the calls; `betas_in_json` likewise.
    """

    lines: int = 0
    json: int = 0
    outcomes: Counter[str] = attrs.Factory(Counter)
    in_json: Counter[str] = attrs.Factory(Counter)
    betas: Counter[str] = attrs.Factory(Counter)
    betas_in_json: Counter[str] = attrs.Factory(Counter)


def write(path: Path, lines: int) -> Book:
    """Write a log of so many lines."""
    book, dice = Book(), random.Random(20261123)  # noqa: S311  a sample, not a secret
    kinds = [_kind(dice) for _ in range(40)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(lines):
            time = (_START + timedelta(seconds=number / 1.5)).isoformat().replace("+00:00", "Z")
            what = dice.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
            event = _event(what, dice, kinds, number) | {"level": "info", "timestamp": time}
            _enter(book, what, event)
            file.write(_line(what, event, time) + "\n")
    return book


def _kind(dice: random.Random) -> dict[str, Any]:
    """What calls of a kind have in common."""
    asked = dice.sample(_BETAS, 4)
    requested, injected = asked[: dice.randint(0, 2)], asked[2 : dice.randint(3, 4)]
    merged = [*requested, *injected]
    refused, remembered = dice.choices([(merged[-1:], []), ([], merged[-1:]), ([], [])], [1, 1, 8])[0]
    lists = {
        "requested": requested,
        "injected": injected,
        "merged": merged,
        "sent": [beta for beta in merged if beta not in (*refused, *remembered)],
        "dropped_rejected": refused,
        "dropped_remembered": remembered,
    }
    names = ("requested", "scoped", "injected", "merged", "sent", *LISTS[4:], "substituted", "substitutes")
    outcome = "recovered" if refused else dice.choices(["ok", "error", "cancelled"], [95, 4, 1])[0]
    return {
        "http_request_method": "POST",
        "server_address": "api.anthropic.com",
        "url_template": dice.choice(_ENDPOINTS),
        **{f"betas_{name}": lists.get(name, []) for name in names},
        "attempts": 1 + len(refused),
        "outcome": outcome,
    }


def _event(what: str, dice: random.Random, kinds: list[dict[str, Any]], number: int) -> dict[str, Any]:
    if what == "other":
        return {
            "event": "http.access",
            "method": "GET",
            "path": f"/items/{number}",
            "status": 200,
            "duration_ms": round(dice.expovariate(0.1), 3),
            "request_id": f"{dice.getrandbits(128):032x}",
            "user": f"u{number % 1000}",
        }
    kind, call = dice.choice(kinds), f"{dice.getrandbits(64):016x}"
    if what == "news":
        return {
            "betamw_schema": 1,
            "betamw_call": call,
            **{name: kind[name] for name in ("server_address", "url_template")},
            "betas_rejected": kind["betas_sent"][:1],
            "betas_sent": kind["betas_sent"],
            "attempt": 1,
            "http_response_status_code": 400,
            "error_type": "invalid_request_error",
            "rejection_rule": "anthropic",
            "action": "give_up",
            "reason": "fallback_off",
            "event": dice.choice(["betamw.beta.rejected", "betamw.memory.learned"]),
        }
    duration = round(dice.expovariate(1) + 0.05, 6)
    return {
        "betamw_schema": 1,
        "betamw_call": call,
        **kind,
        "duration_s": duration,
        **({"resend_overhead_s": round(duration / 4, 6)} if kind["attempts"] > 1 else {}),
        "http_response_status_code": 500 if kind["outcome"] == "error" else 200,
        "anthropic_request_id": f"req_{dice.getrandbits(96):024x}",
        "event": "betamw.request",
    }


def _line(what: str, event: dict[str, Any], time: str) -> str:
    if what == "docker":
        return json.dumps({"log": f"{_json(None, '', event)!s}\n", "stream": "stdout", "time": time})
    if what == "key=value":
        return str(_logfmt(None, "", dict(event)))
    return str(_console(None, "", dict(event)) if what == "console" else _json(None, "", event))


def _enter(book: Book, what: str, event: dict[str, Any]) -> None:
    readable = what not in {"key=value", "console"}
    book.lines += 1
    book.json += readable
    if event["event"] == "betamw.request":
        book.outcomes[event["outcome"]] += 1
        book.betas.update(_listed(event))
        if readable:
            book.in_json[event["outcome"]] += 1
            book.betas_in_json.update(_listed(event))


def _listed(event: dict[str, Any]) -> Iterator[str]:
    for name in LISTS:
        yield from (f"{name} {beta}" for beta in event[f"betas_{name}"])
