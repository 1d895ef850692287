"""One event of ours, as it was read from a log.

Facts: an event's fields are those of `betamw.core.events` and `LoggingMiddleware`, flat; a field that is not in the log
has its default here. What the application has bound beside them is not kept.
"""

from typing import Final

import msgspec

CALL: Final = "betamw.request"
REFUSAL: Final = "betamw.beta.rejected"
INVALID: Final = "betamw.input.invalid"

Names = tuple[str, ...]


class Record(msgspec.Struct, gc=False, kw_only=True):
    """An event of ours. Decoded in place, so that a line costs one object; nobody changes it after the reader.

    Attributes:
        event: `betamw.request`, `betamw.beta.rejected`, `betamw.memory.learned` ... all begin with `betamw.`.
        at: When it was written, in seconds since 1970 (UTC); None where the line does not say.
    """

    event: str = ""
    at: float | None = None
    betamw_schema: int = 1
    betamw_call: str = ""
    http_request_method: str = ""
    server_address: str = ""
    server_port: int | None = None
    url_template: str = ""
    betas_requested: Names = ()
    betas_scoped: Names = ()
    betas_injected: Names = ()
    betas_merged: Names = ()
    betas_sent: Names = ()
    betas_dropped_rejected: Names = ()
    betas_dropped_remembered: Names = ()
    betas_dropped_policy: Names = ()
    betas_substituted: Names = ()
    betas_substitutes: Names = ()
    body_fields_stripped: Names = ()
    attempts: int = 1
    sdk_retry_count: int | None = None
    outcome: str = ""
    http_response_status_code: int | None = None
    error_type: str | None = None
    anthropic_request_id: str | None = None
    duration_s: float | None = None
    resend_overhead_s: float | None = None
    gen_ai_request_model: str | None = None
    betas_rejected: Names = ()
    attempt: int | None = None
    rejection_rule: str | None = None
    action: str | None = None
    reason: str | None = None
    betas: Names = ()
    ttl_s: float | None = None
    result: str | None = None
    problem: str | None = None
    origin: str | None = None
    length: int | None = None
    hook: str | None = None
