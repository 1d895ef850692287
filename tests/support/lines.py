"""Lines of logs as real formatters write them, and as what runs a program wraps them."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import structlog
from pythonjsonlogger.json import JsonFormatter
from structlog.processors import JSONRenderer, KeyValueRenderer, LogfmtRenderer

from betamw.logs.record import Record

Fields = dict[str, Any]

AT: Final = 1793491202.3
STAMP: Final = "2026-11-01T00:00:02.300000Z"
CALL: Final[Fields] = {
    "betamw_schema": 1,
    "betamw_call": "c2ce6f447ed4d57b",
    "http_request_method": "POST",
    "server_address": "api.anthropic.com",
    "url_template": "/v1/files/{file_id}",
    "betas_requested": ["files-api-2025-04-14", "<invalid len=3>"],
    "betas_scoped": [],
    "betas_injected": ["context-1m-2025-08-07"],
    "betas_merged": ["files-api-2025-04-14", "context-1m-2025-08-07"],
    "betas_sent": ["files-api-2025-04-14"],
    "betas_dropped_rejected": ["context-1m-2025-08-07"],
    "betas_dropped_remembered": [],
    "betas_dropped_policy": [],
    "betas_substituted": [],
    "betas_substitutes": [],
    "attempts": 2,
    "outcome": "recovered",
    "duration_s": 0.639124,
    "resend_overhead_s": 0.12,
    "server_port": 8443,
    "http_response_status_code": 200,
    "anthropic_request_id": "req_011CQ0000c9e9c616612e7696",
}
REJECTED: Final[Fields] = {
    "betamw_schema": 1,
    "betamw_call": "c2ce6f447ed4d57b",
    "server_address": "api.anthropic.com",
    "url_template": "/v1/messages",
    "betas_rejected": ["context-1m-2025-08-07"],
    "betas_sent": ["context-1m-2025-08-07"],
    "attempt": 1,
    "http_response_status_code": 400,
    "error_type": "invalid_request_error",
    "rejection_rule": "anthropic",
    "action": "resend",
    "reason": "dropped",
}


def event(fields: Fields, name: str = "betamw.request", **more: Any) -> Fields:
    """An event as structlog's processors hand it to a renderer."""
    return {**fields, "event": name, "level": "info", **more}


def record(fields: Fields, name: str = "betamw.request", at: float | None = AT) -> Record:
    """What is to be read from a line of it."""
    return msgspec.convert({**fields, "event": name}, Record) if at is None else _at(record(fields, name, None), at)


def _at(read: Record, at: float) -> Record:
    read.at = at
    return read


def plain(read: Record | None) -> Record | None:
    """A record without what the reader's own classes have beside it, so that it compares."""
    return read and Record(**{name: getattr(read, name) for name in Record.__struct_fields__})


def _stdlib(formatter: logging.Formatter, event: Fields) -> str:
    fields = {key: value for key, value in event.items() if key not in {"event", "level", "timestamp"}}
    made = logging.makeLogRecord({"name": "betamw", "levelname": "INFO", "msg": event["event"], **fields})
    made.created, made.msecs = AT, 300.0
    return formatter.format(made)


def _rendered(renderer: Callable[..., Any], event: Fields) -> str:
    text = renderer(None, "info", dict(event))
    return text if isinstance(text, str) else text.decode()


def _console(**options: Any) -> Callable[[Fields], str]:
    return lambda event: _rendered(structlog.dev.ConsoleRenderer(**options), event)


def _message(event: Fields) -> Fields:
    return {key: value for key, value in event.items() if key not in {"event", "timestamp"}}


FORMATS: Final[dict[str, Callable[[Fields], str]]] = {
    "json": lambda event: _rendered(JSONRenderer(), event),
    "json sorted": lambda event: _rendered(JSONRenderer(sort_keys=True), event),
    "json compact": lambda event: json.dumps(event, separators=(",", ":")),
    "msgspec": lambda event: _rendered(JSONRenderer(serializer=lambda it, **_: msgspec.json.encode(it)), event),
    "key=value": lambda event: _rendered(KeyValueRenderer(), event),
    "key=value sorted": lambda event: _rendered(KeyValueRenderer(sort_keys=True, key_order=["event"]), event),
    "key=value bare": lambda event: _rendered(KeyValueRenderer(repr_native_str=False), event),
    "logfmt": lambda event: _rendered(LogfmtRenderer(), event),
    "logfmt ordered": lambda event: _rendered(LogfmtRenderer(key_order=["timestamp", "level", "event"]), event),
    "console": _console(colors=False),
    "console coloured": _console(colors=True, force_colors=True),
    "console narrow": _console(colors=False, pad_event_to=0, pad_level=False),
    "console wide": _console(colors=False, pad_event_to=60),
    "json under basicConfig": lambda event: f"INFO:betamw:{json.dumps(event)}",
    "message": lambda event: json.dumps(
        {"@timestamp": event.get("timestamp"), **_message(event), "message": event["event"]}
    ),
    "msg": lambda event: json.dumps({"ts": event.get("timestamp"), "msg": event["event"], **_message(event)}),
    "python-json-logger": lambda event: _stdlib(JsonFormatter("{levelname}{message}", style="{"), event),
    "nested extra": lambda event: json.dumps(
        {"message": event["event"], "time": event.get("timestamp"), "extra": _message(event)}
    ),
    "google": lambda event: json.dumps(
        {"jsonPayload": {**event, "attempts": float(event.get("attempts", 1))}, "insertId": "a1", "severity": "INFO"}
    ),
    "ecs": lambda event: json.dumps(
        {
            "@timestamp": event.get("timestamp"),
            "log.level": "info",
            "message": event["event"],
            "ecs": {"version": "1.6.0"},
            "log": {"logger": "betamw"},
            **_message(event),
        }
    ),
}
"""Formatters; each writes the time only if it is in the event."""


def _docker(line: str) -> Iterator[str]:
    yield json.dumps(
        {"log": f"{line}\n", "stream": "stdout", "time": "2026-11-01T00:00:02.300000000Z"}, separators=(",", ":")
    )


def _docker_cut(line: str) -> Iterator[str]:
    middle = len(line) // 2
    for piece in (line[:middle], f"{line[middle:]}\n"):
        yield json.dumps({"log": piece, "stream": "stderr", "time": "2026-11-01T00:00:02.3Z"}, separators=(",", ":"))


def _cri_cut(line: str) -> Iterator[str]:
    for tag, piece in (("P", line[:30]), ("P", line[30:50]), ("F", line[50:])):
        yield f"2026-11-01T00:00:02.300000000Z stdout {tag} {piece}"
        yield "2026-11-01T00:00:02.300000000Z stderr F between"


def _journal(message: Any) -> str:
    return json.dumps({"__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "1793491202300000", "MESSAGE": message, "_PID": "7"})


WRAPPINGS: Final[dict[str, Callable[[str], Iterator[str] | list[str]]]] = {
    "docker": _docker,
    "docker compose": lambda line: [f"\x1b[36mapi-1  | \x1b[0m{wrapped}" for wrapped in _docker(line)],
    "compose timestamps": lambda line: [f"api-1  | 2026-11-01T00:00:02.300000000Z {line}"],
    "cri": lambda line: [f"2026-11-01T01:00:02.300000000+01:00 stdout F {line}"],
    "cri cut": _cri_cut,
    "docker logs -t": lambda line: [f"2026-11-01T00:00:02.300000000Z {line}"],
    "kubectl": lambda line: [f"[pod/api-5d8f/app] 2026-11-01T00:00:02.300000000Z {line}"],
    "journalctl short-precise": lambda line: [f"Nov 01 00:00:02.300000 host python[12]: {line}"],
    "journalctl short-iso": lambda line: [f"2026-11-01T01:00:02.300000+0100 host python[12]: {line}"],
    "journalctl short-unix": lambda line: [f"1793491202.300000 host python[12]: {line}"],
    "journalctl json": lambda line: [_journal(line)],
    "journalctl json bytes": lambda line: [_journal([*line.encode()])],
    "syslog": lambda line: [f"<134>1 2026-11-01T00:00:02.3Z host app 12 - - {line}"],
    "google": lambda line: [json.dumps({"textPayload": line, "timestamp": "2026-11-01T00:00:02.3Z"})],
    "cloudwatch": lambda line: [json.dumps({"timestamp": 1793491202300, "message": line, "logStream": "a"})],
    "docker in cloudwatch": lambda line: [json.dumps({"message": wrapped}) for wrapped in _docker(line)],
}
"""What runs a program; each tells the time."""

CUTTING: Final[dict[str, Callable[[str], Iterator[str]]]] = {"docker cut": _docker_cut}
"""What cuts lines, where a short piece can be told from a line: JSON."""
