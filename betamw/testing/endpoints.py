"""What the simulated API answers when it has nothing against the betas: small replies of the documented shapes.

Any key, model, id and body will do: the simulation judges betas and nothing else. It also keeps nothing: every id is
there, a list has one item, and what was posted comes back in the reply.
"""

import email
import email.policy
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from betamw.core.endpoint import OTHER, segments
from betamw.testing.delivery import Reply
from betamw.testing.dialects import envelope, to_json
from betamw.testing.received import ReceivedRequest

TEXT: Final = ("Hello from the ", "simulated API.")
"""What the model says, in the pieces in which it is streamed."""

_SERVER_ERROR: Final = 500
_WRONG_METHOD: Final = "Method Not Allowed"
_ERROR_TYPES: Final[Mapping[int, str]] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}

_MODEL: Final = "claude-opus-5"
_CREATED: Final = "2026-01-01T00:00:00Z"
_USAGE: Final = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "service_tier": "standard"}
_OUTPUT_TOKENS: Final = 8


def error_type(status: int) -> str:
    """The `error.type` that the API gives an error status."""
    return _ERROR_TYPES.get(status, _ERROR_TYPES[400] if status < _SERVER_ERROR else _ERROR_TYPES[_SERVER_ERROR])


def error(status: int, message: str, request_id: str) -> Reply:
    """An error as the Claude API writes it."""
    return Reply(status, (envelope(message, request_id, error_type(status)).body.encode(),))


def answer(request: ReceivedRequest, template: str, request_id: str) -> Reply:
    """The reply of the endpoint; an unknown path is a 404, a method that the endpoint does not have a 405."""
    method = "GET" if request.method == "HEAD" else request.method
    if template == OTHER:
        return error(404, f"Not found: {request.path}", request_id)
    if handler := _HANDLERS.get((method, template)):
        return handler(request, request_id)
    if template in _POST_ONLY or method not in _METHODS:
        return error(405, _WRONG_METHOD, request_id)
    return _resource(request, method, template, request_id)


def _input_tokens(request: ReceivedRequest) -> int:
    return max(1, len(request.body) // 4)


def _message(request: ReceivedRequest, request_id: str) -> Reply:
    message: dict[str, Any] = {
        "id": request_id.replace("req_", "msg_"),
        "type": "message",
        "role": "assistant",
        "model": request.model or _MODEL,
        "content": [{"type": "text", "text": "".join(TEXT)}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": _input_tokens(request), "output_tokens": _OUTPUT_TOKENS, **_USAGE},
    }
    if request.fields.get("stream") is True:
        return _stream(message)
    return Reply.json(message)


def _stream(message: Mapping[str, Any]) -> Reply:
    """The message as server-sent events, in the order of the documentation."""
    started = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": started},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}} for text in TEXT),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": _OUTPUT_TOKENS},
        },
        {"type": "message_stop"},
    ]
    pieces = tuple(f"event: {event['type']}\ndata: {to_json(event)}\n\n".encode() for event in events)
    return Reply(200, pieces, "text/event-stream; charset=utf-8", {"Cache-Control": "no-cache"}, streamed=True)


def _count_tokens(request: ReceivedRequest, _request_id: str) -> Reply:
    return Reply.json({"input_tokens": _input_tokens(request)})


def _upload(request: ReceivedRequest, request_id: str) -> Reply:
    """The metadata of the first part that has a filename, else of the whole body."""
    head = f"Content-Type: {request.headers.get('Content-Type', '')}\r\n\r\n".encode()
    parts = email.message_from_bytes(head + request.body, policy=email.policy.HTTP).walk()
    part = next((part for part in parts if part.get_filename()), None)
    fields: dict[str, Any] = {"size_bytes": len(request.body)}
    if part is not None:
        content = part.get_payload(decode=True)
        size = len(content) if isinstance(content, bytes) else 0
        fields = {"filename": part.get_filename(), "mime_type": part.get_content_type(), "size_bytes": size}
    return Reply.json(_item("file", request_id.replace("req_", "file_"), fields))


_HANDLERS: Final[Mapping[tuple[str, str], Callable[[ReceivedRequest, str], Reply]]] = {
    ("POST", "/v1/messages"): _message,
    ("POST", "/v1/messages/count_tokens"): _count_tokens,
    ("POST", "/v1/files"): _upload,
}
_POST_ONLY: Final = frozenset({"/v1/messages", "/v1/messages/count_tokens"})
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

_AGENT: Final[Mapping[str, Any]] = {"version": 1, "tools": [], "mcp_servers": [], "skills": [], "system": None}
_SHAPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "agent": {"name": "simulated", "metadata": {}, "updated_at": _CREATED, "model": {"id": _MODEL}, **_AGENT},
    "environment": {"name": "simulated", "metadata": {}, "updated_at": _CREATED},
    "file": {"filename": "simulated.txt", "mime_type": "text/plain", "size_bytes": 0, "downloadable": False},
    "model": {"display_name": "Simulated", "lifecycle": "active"},
    "session": {"status": "idle", "title": None, "metadata": {}, "updated_at": _CREATED, "vault_ids": []},
}
"""What the items of some types hold besides id, type and date."""


def _item(kind: str, identity: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    item = {"id": identity, "type": kind, "created_at": _CREATED, **_SHAPES.get(kind, {})}
    return item | {name: value for name, value in fields.items() if name not in ("id", "type")}


def _resource(request: ReceivedRequest, method: str, template: str, request_id: str) -> Reply:
    """One item, when the template ends in a placeholder; else a list of items, or a new one."""
    *_, collection = (segment for segment in segments(template) if segment[:1] != "{")
    kind = _singular(collection)
    if template.endswith("}"):
        identity = unquote(segments(request.path)[-1])
        if method == "DELETE":
            return Reply.json({"id": identity, "type": f"{kind}_deleted"})
        return Reply.json(_item(kind, identity, request.fields))
    identity = _MODEL if kind == "model" else request_id.replace("req_", f"{kind}_")
    item = _item(kind, identity, request.fields)
    if method == "DELETE":
        return error(405, _WRONG_METHOD, request_id)
    if method == "GET":
        return Reply.json({"data": [item], "has_more": False, "first_id": identity, "last_id": identity})
    return Reply.json(item)


def _singular(plural: str) -> str:
    if plural == "batches":
        return "message_batch"
    return plural.removesuffix("ies") + "y" if plural.endswith("ies") else plural.removesuffix("s")
