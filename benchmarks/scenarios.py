"""The calls that are made, with what must be on the wire for each."""

import json
from collections.abc import Mapping
from typing import Final

import attrs

BASE_URL: Final = "https://api.anthropic.com"
FROM_CALLER: Final = "interleaved-thinking-2025-05-14"
DEFAULT: Final = "context-management-2025-06-27"
HEADER: Final = "anthropic-beta"


def message(content: str) -> dict[str, object]:
    """The body of a request for a message."""
    return {
        "model": "claude-sonnet-4-5",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": content}],
    }


def conversation() -> dict[str, object]:
    """The body of a request in the middle of a conversation with tools: 10 KiB as JSON."""
    tool = {
        "description": "Looks up what is known of an order: its lines, its price, where it is and when it will arrive. "
        "Use it whenever an order is mentioned by its number.",
        "input_schema": {
            "type": "object",
            "properties": {
                "order": {"type": "string", "description": "The order's number, as in ORD-2026-001234"},
                "lines": {"type": "integer", "description": "How many lines to show at most"},
            },
            "required": ["order"],
        },
    }
    turns = ("user", "assistant") * 4
    said = "I was told that it left the warehouse on Tuesday, and have heard nothing since; could you have a look? "
    return {
        "model": "claude-sonnet-4-5",
        "max_tokens": 1024,
        "system": [{"type": "text", "text": "You answer the customers of a shop, politely and to the point. " * 40}],
        "tools": [{"name": f"look_up_{number}", **tool} for number in range(8)],
        "messages": [{"role": role, "content": said * 4} for role in turns] + [{"role": "user", "content": said}],
    }


def _headers(*betas: str) -> dict[str, str]:
    headers = {
        "content-type": "application/json",
        "x-api-key": "not-a-key",
        "anthropic-version": "2023-06-01",
    }
    return headers | {HEADER: ",".join(betas)} if betas else headers


@attrs.frozen(kw_only=True)
class Scenario:
    """A call of the stub benchmark.

    Attributes:
        name: What the tables call it.
        url: Where it goes.
        headers: What the caller sends.
        body: The request's body.
        defaults: The betas of the middleware.
        wire: The beta header that must go out, None for none.
        logged: Whether the call makes an event at INFO.
        refused: A beta of which the chain's memory holds that this endpoint refuses it; the hand-written middleware
            has no memory, and sends it.
    """

    name: str
    url: str = f"{BASE_URL}/v1/messages"
    headers: Mapping[str, str]
    body: bytes = json.dumps(message("Hello, Claude")).encode()
    defaults: tuple[str, ...] = ()
    wire: str | None
    logged: bool = True
    refused: str | None = None


MAIN: Final = Scenario(
    name="caller's header + one default",
    headers=_headers(FROM_CALLER),
    defaults=(DEFAULT,),
    wire=f"{FROM_CALLER},{DEFAULT}",
)

SCENARIOS: Final = (
    MAIN,
    Scenario(
        name="managed agents endpoint",
        url=f"{BASE_URL}/v1/agents",
        headers=_headers(),
        body=b'{"name":"reviewer","model":"claude-sonnet-4-5"}',
        wire="managed-agents-2026-04-01",
    ),
    Scenario(name="no beta at all", headers=_headers(), wire=None, logged=False),
    Scenario(
        name="foreign origin",
        url="https://example.com/v1/messages",
        headers=_headers(FROM_CALLER),
        defaults=(DEFAULT,),
        wire=FROM_CALLER,
        logged=False,
    ),
    Scenario(
        name="memory holds a verdict, 10 KiB body",
        headers=_headers(FROM_CALLER),
        body=json.dumps(message("What is a beta? " * 640)).encode(),
        defaults=(DEFAULT,),
        wire=FROM_CALLER,
        refused=DEFAULT,
    ),
)
