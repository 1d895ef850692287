"""The honest competition: what a good engineer writes who wants the same header and the same log event, and no more.

One middleware, made for one API, with nothing to configure. It does not fall back, remember or validate, and nothing
keeps a secret out of its events. It logs the fields that the chain logs, with the same values; the program compares
them before it measures.
"""

import asyncio
import os
import time
from functools import lru_cache
from typing import Any, Final

import structlog
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse
from yarl import URL

HEADER: Final = "anthropic-beta"
_BAD_REQUEST: Final = 400
_MANAGED: Final = ("managed-agents-2026-04-01",)
_NEEDED: Final = {"agents": _MANAGED, "environments": _MANAGED, "sessions": _MANAGED, "vaults": _MANAGED}
_IDS: Final = {
    name: f"{name.removesuffix('s')}_id" for name in ("agents", "environments", "files", "sessions", "vaults")
}
_PLAIN: Final = frozenset({"/v1/messages", "/v1/messages/batches", "/v1/messages/count_tokens", "/v1/models"})


@lru_cache(maxsize=1024)
def _endpoint(path: str) -> tuple[str, tuple[str, ...]]:
    """The url template of a path, and the betas that the endpoint needs."""
    if path in _PLAIN:
        return path, ()
    _, _, collection, *rest = (*path.split("/"), "", "")
    needed = _NEEDED.get(collection, ())
    if (name := _IDS.get(collection)) is None:
        return "_OTHER", needed
    return f"/v1/{collection}/{{{name}}}" if any(rest) else f"/v1/{collection}", needed


def hand_written(base_url: str, *defaults: str) -> ClientMiddlewareType:
    """Make the middleware for one API, with betas that go out with every request to it."""
    base = URL(base_url)
    origin = base.origin()
    where: dict[str, Any] = {"betamw_schema": 1, "server_address": base.host}
    if not base.is_default_port():
        where["server_port"] = base.port
    log = structlog.get_logger("hand_written").bind()  # once: see structlog's page on performance

    async def middleware(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        url = request.url
        if url.origin() != origin:
            return await handler(request)
        started = time.perf_counter()
        template, needed = _endpoint(url.raw_path)
        lines = request.headers.getall(HEADER, ())
        requested = list(dict.fromkeys(name for line in lines for part in line.split(",") if (name := part.strip())))
        injected = [*defaults, *needed]
        merged = list(dict.fromkeys([*requested, *injected]))
        if merged != requested:
            request.headers[HEADER] = ",".join(merged)
        event = {
            **where,
            "betamw_call": os.urandom(8).hex(),
            "http_request_method": request.method,
            "url_template": template,
            "betas_requested": requested,
            "betas_scoped": [],
            "betas_injected": injected,
            "betas_merged": merged,
            "betas_sent": merged,
            "betas_dropped_rejected": [],
            "betas_dropped_remembered": [],
            "betas_dropped_policy": [],
            "betas_substituted": [],
            "betas_substitutes": [],
            "attempts": 1,
        }
        if (retries := request.headers.get("x-stainless-retry-count")) is not None:
            event["sdk_retry_count"] = int(retries)
        try:
            response = await handler(request)
            _add_answer(event, response)
        except BaseException as error:
            event["outcome"] = "cancelled" if isinstance(error, asyncio.CancelledError) else "error"
            event["error_type"] = type(error).__name__
            raise
        finally:
            event["duration_s"] = round(time.perf_counter() - started, 6)
            (log.info if merged else log.debug)("betamw.request", **event)
        return response

    return middleware


def _add_answer(event: dict[str, Any], response: ClientResponse) -> None:
    event["outcome"] = "ok" if response.status < _BAD_REQUEST else "error"
    event["http_response_status_code"] = response.status
    if (request_id := response.headers.get("request-id")) is not None:
        event["anthropic_request_id"] = request_id
    if response.status >= _BAD_REQUEST:
        event["error_type"] = str(response.status)


def log_only() -> ClientMiddlewareType:
    """Make a middleware that does nothing but write an event that is ready: what structlog alone costs."""
    log = structlog.get_logger("log_only").bind()
    lists: dict[str, list[str]] = {
        name: [] for name in ("scoped", "dropped_rejected", "dropped_remembered", "dropped_policy")
    }
    betas = ["interleaved-thinking-2025-05-14", "context-management-2025-06-27"]
    event: dict[str, Any] = {f"betas_{name}": value for name, value in lists.items()}
    event |= {"betas_requested": betas[:1], "betas_injected": betas[1:], "betas_merged": betas, "betas_sent": betas}
    event |= {"betas_substituted": [], "betas_substitutes": [], "attempts": 1, "outcome": "ok", "betamw_schema": 1}
    event |= {"betamw_call": "0123456789abcdef", "http_request_method": "POST", "server_address": "127.0.0.1"}
    event |= {"url_template": "/v1/messages", "duration_s": 0.001, "http_response_status_code": 200}

    async def middleware(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        log.info("betamw.request", **event)
        return response

    return middleware
