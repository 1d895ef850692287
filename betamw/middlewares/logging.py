"""LoggingMiddleware: one event for each call, that tells which betas went out and why."""

import re
import time
from collections.abc import Awaitable
from typing import Any, Final

import attrs
from aiohttp import ClientHandlerType, ClientResponse

from betamw.core.cache import Cache
from betamw.core.events import LONGEST_LIST, SCHEMA, Event, Level, Value, identifier, loggable
from betamw.core.plan import Plan
from betamw.core.reply import Reply
from betamw.core.telling import discreet
from betamw.core.validators import instance_of
from betamw.errors import BetaRejectedError
from betamw.middlewares.api import Api
from betamw.middlewares.call import Call
from betamw.middlewares.participant import Participant
from betamw.middlewares.reply import look_at_body, reply_of
from betamw.middlewares.sink import Sink
from betamw.middlewares.switch import heeding

CALL: Final = "betamw.request"
_COUNT: Final = re.compile(r"[0-9]{1,4}")
_METHODS: Final = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})

_ERROR_PATIENCE: Final = 0.05
"""Seconds to wait for the body of an error that cannot be a refusal: only its `error.type` is wanted, for the log."""


def _sink_of(middleware: "LoggingMiddleware") -> Sink:
    return Sink(middleware.logger)


@attrs.frozen(eq=False, field_transformer=discreet)
class LoggingMiddleware(Participant):
    """Writes the event `betamw.request` for each call, and one for what happened to its betas meanwhile.

    Level info where a beta was in play, else debug. A broken logger is warned of once and never fails a call.

    Attributes:
        logger: A structlog logger or a `logging.Logger`. By default structlog where that is configured when an event is
            written, else `logging.getLogger("betamw")` with the fields in `extra`.
        api: Which requests are the API's; by default `Api()`.
    """

    logger: Any = None
    api: Api = attrs.field(factory=Api, converter=heeding, validator=instance_of(Api))
    _sink: Sink = attrs.field(init=False, repr=False, default=attrs.Factory(_sink_of, takes_self=True))

    def take_part(self, call: Call, handler: ClientHandlerType) -> Awaitable[ClientResponse]:
        """Listen to the call."""
        call.listen(self)
        return handler(call.request)

    def told(self, call: Call, event: Event) -> None:
        """Write an event that happened meanwhile."""
        self._sink.write(event.name, event.level, _event_fields, call, event)

    async def failed(self, call: Call, response: ClientResponse) -> None:
        """Find out the type of an error while its response is still here; it may be a refusal that nobody has read."""
        level = _level(call)
        if call.error_type is None and self._sink.wants(level):
            if call.looked_at is not None and call.looked_at[0] is response:
                body = call.looked_at[1]
            else:
                body = await look_at_body(response, patience=0.0 if level == "debug" else _ERROR_PATIENCE)
            reply = reply_of(response, body)
            call.error_type = reply.error_type
            if not call.exchange.falls_back:
                call.exchange.receive(reply)

    def over(self, call: Call, error: BaseException | None) -> None:
        """Write the call's own event."""
        self._sink.write(CALL, _level(call), _call_fields, call, error)


def _level(call: Call) -> Level:
    exchange = call.exchange
    return "info" if exchange.plan.sources or exchange.sent else "debug"


def _event_fields(call: Call, event: Event) -> dict[str, Value]:
    fields: dict[str, Value] = {
        "betamw_schema": SCHEMA,
        "betamw_call": call.id,
        "server_address": call.address.server_address,
        "url_template": call.address.place.template,
        **event.fields(),
    }
    if call.address.server_port is not None:
        fields["server_port"] = call.address.server_port
    return fields


def _lists(plan: Plan) -> tuple[tuple[str, ...], ...]:
    return tuple(map(loggable, (plan.requested, plan.scoped, plan.injected, plan.merged, plan.policy_drops)))


_planned: Final = Cache(_lists, lambda plan: plan.wants.may_be_kept()).__getitem__
"""The lists of a plan as they may stand in a log."""


def _call_fields(call: Call, error: BaseException | None) -> dict[str, Value]:
    exchange, address, method = call.exchange, call.address, call.request.method
    plan = exchange.plan
    requested, scoped, injected, merged, policy_drops = _planned(plan)
    fields: dict[str, Value] = {
        "betamw_schema": SCHEMA,
        "betamw_call": call.id,
        "http_request_method": method if method in _METHODS else "_OTHER",
        "server_address": address.server_address,
        "url_template": address.place.template,
        "betas_requested": [*requested],
        "betas_scoped": [*scoped],
        "betas_injected": [*injected],
        "betas_merged": [*merged],
        "betas_sent": [*(merged if exchange.sent is plan.merged else loggable(exchange.sent))],
        "betas_dropped_rejected": [*loggable(rejected)] if (rejected := exchange.dropped("rejected")) else [],
        "betas_dropped_remembered": [*loggable(remembered)] if (remembered := exchange.dropped("remembered")) else [],
        "betas_dropped_policy": [*policy_drops],
        "betas_substituted": [*loggable(tuple(exchange.substituted))],
        "betas_substitutes": [*loggable(tuple(exchange.substituted.values()))],
        "attempts": exchange.attempts,
        "outcome": exchange.outcome,
        "duration_s": round(time.perf_counter() - call.started, 6),
    }
    if address.server_port is not None:
        fields["server_port"] = address.server_port
    if (model := exchange.model) is not None:
        fields["gen_ai_request_model"] = model
    if exchange.strips:
        fields["body_fields_stripped"] = [*exchange.stripped[:LONGEST_LIST]]
    if exchange.attempts > 1:
        fields["resend_overhead_s"] = round(call.overhead, 6)
    retries = call.request.headers.get("x-stainless-retry-count")
    if retries is not None and _COUNT.fullmatch(retries):
        fields["sdk_retry_count"] = int(retries)
    _add_ending(fields, call, error)
    return fields


def _add_ending(fields: dict[str, Value], call: Call, error: BaseException | None) -> None:
    response, error_type = call.response, call.error_type
    if isinstance(error, BetaRejectedError):
        reply = Reply(status=error.status, body=error.body, request_id=error.request_id)
        status, told_id, error_type = reply.status, reply.request_id, reply.error_type
    elif error is not None or response is None:
        fields["error_type"] = type(error).__name__
        return
    else:
        status, told_id = response.status, response.headers.get("request-id")
    fields["http_response_status_code"] = status
    if request_id := identifier(told_id):
        fields["anthropic_request_id"] = request_id
    if error_type is not None:
        fields["error_type"] = error_type
