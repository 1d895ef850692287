"""How servers word the refusal of a beta, and what relays wrap around it.

Facts: each dialect is the wording of a real server and each wrapper the shape of a real relay, as reports, captures and
documentation show them. Only some dialects name every refused beta in one reply; the others name the first, or none.

A dialect makes the `Refused` (a message and the JSON body around it), a wrapper makes of it what the client gets.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

LONG_CONTEXT: Final = "context-1m-"


def to_json(value: object) -> str:
    """Write JSON as the API does: compact, and not escaped to ASCII."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@attrs.frozen
class Refused:
    """A 400 on its way to the client: its message, and the JSON text around it."""

    message: str
    body: str


def envelope(message: str, request_id: str, kind: str = "invalid_request_error") -> Refused:
    """The error as the Claude API writes it."""
    error = {"type": kind, "message": message}
    return Refused(message, to_json({"type": "error", "error": error, "request_id": request_id}))


def _message_only(message: str, _request_id: str) -> Refused:
    return Refused(message, to_json({"message": message}))


def _error_only(message: str, _request_id: str) -> Refused:
    return Refused(message, to_json({"error": {"message": message}}))


def _copilot(message: str, _request_id: str) -> Refused:
    return Refused(message, to_json({"error": {"message": message, "code": "invalid_request_body"}}) + "\n")


def _openai(message: str, _request_id: str) -> Refused:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_beta"}
    return Refused(message, to_json({"error": error}))


def unexpected_values(betas: Sequence[str], header: str) -> str:
    """The sentence of the API itself; an empty header value is refused as one beta without a name."""
    quoted = ", ".join(f"`{beta}`" for beta in betas)
    return (
        f"Unexpected value(s) {quoted} for the `{header}` header. Please consult our documentation at "
        "platform.claude.com/docs or try again without the header."
    )


def _copilot_message(betas: Sequence[str], _header: str) -> str:
    return f"unsupported beta header(s): {', '.join(betas)}"


@attrs.frozen
class Dialect:
    """How one kind of server refuses betas.

    Attributes:
        message: Makes the message from the betas it names and the header's name.
        body: Makes the body from the message and the request id.
        lists: Whether one reply names every refused beta; else it names the first.
        named: Whether a reply names betas at all.
        prefix: Only betas that begin so are refused in these words; others are refused as "anthropic" does.
    """

    message: Callable[[Sequence[str], str], str]
    body: Callable[[str, str], Refused] = envelope
    lists: bool = False
    named: bool = True
    prefix: str = ""


_DIALECTS: Final[Mapping[str, Dialect]] = {
    "anthropic": Dialect(unexpected_values, lists=True),
    "anthropic-docs": Dialect(lambda betas, _: f"Unsupported beta header: {betas[0]}"),
    "copilot": Dialect(_copilot_message, _copilot, lists=True),
    "bedrock": Dialect(lambda *_: "invalid beta flag", _message_only, named=False),
    "bedrock-named": Dialect(unexpected_values, _message_only, lists=True),
    "long-context": Dialect(
        lambda *_: "The long context beta is not yet available for this subscription.", prefix=LONG_CONTEXT
    ),
    "relay-zh": Dialect(lambda betas, header: f"尚未验证或不支持的 {header}：{betas[0]}"),  # noqa: RUF001  its real colon
    "capability": Dialect(lambda betas, _: f"capability_rejected: beta_header:{betas[0]}"),
    "unrecognized": Dialect(lambda betas, header: f"Unrecognized {betas[0]} in {header}", _error_only),
    "not-enabled": Dialect(lambda betas, header: f"{header} {betas[0]} is not enabled for this organization."),
    "unsupported-colon": Dialect(lambda betas, header: f"unsupported {header}: {betas[0]}"),
    "openai": Dialect(lambda betas, _: f"Unknown beta requested: '{betas[0].partition('=')[0]}'.", _openai),
    "gateway-unnamed": Dialect(lambda *_: "Unsupported or invalid beta header.", _error_only, named=False),
}


def _litellm(refused: Refused, _request_id: str) -> str:
    message = f"{refused.body}. Received Model Group=claude-opus-5\nAvailable Model Group Fallbacks=None"
    return to_json({"error": {"message": message, "type": "None", "param": "None", "code": "400"}})


def _openrouter(refused: Refused, _request_id: str) -> str:
    metadata = {"raw": refused.body, "provider_name": "Google"}
    return to_json({"error": {"message": "Provider returned error", "code": 400, "metadata": metadata}})


def _new_api(refused: Refused, request_id: str) -> str:
    error = {"type": "<nil>", "message": f"{refused.message} (request id: {request_id})"}
    return to_json({"error": error, "type": "error"})


def _upstream_error(refused: Refused, _request_id: str) -> str:
    error = {"type": "upstream_error", "message": "Upstream request failed", "upstream_error": json.loads(refused.body)}
    return to_json({"error": error})


def _prose(refused: Refused, _request_id: str) -> str:
    message = f"litellm.BadRequestError: BedrockException - {refused.body}"
    return to_json({"error": {"message": message, "type": None, "param": None, "code": "400"}})


def _google(refused: Refused, _request_id: str) -> str:
    error: dict[str, Any] = {"code": 400, "message": refused.message, "status": "INVALID_ARGUMENT"}
    return to_json([{"error": error}])


def _aws(refused: Refused, _request_id: str) -> str:
    return to_json({"message": f"The model returned the following errors: {refused.message}"})


_WRAPPERS: Final[Mapping[str, Callable[[Refused, str], str]]] = {
    "plain": lambda refused, _: refused.body,
    "litellm": _litellm,
    "openrouter": _openrouter,
    "new-api": _new_api,
    "upstream_error": _upstream_error,
    "json-string": lambda refused, _: to_json(refused.body),
    "prose": _prose,
    "google": _google,
    "aws": _aws,
}

DIALECTS: Final = tuple(_DIALECTS)
"""The names that `SimulatedApi(dialect=...)` takes."""

UNNAMED_DIALECTS: Final = tuple(name for name, dialect in _DIALECTS.items() if not dialect.named)
"""Those of `DIALECTS` that refuse without saying which beta: the client has to find out."""

WRAPPERS: Final = tuple(_WRAPPERS)
"""The names that `SimulatedApi(wrapper=...)` takes."""


def refusal(dialect: str, betas: Sequence[str], *, header: str, request_id: str, lists: bool = True) -> Refused:
    """Refuse `betas` (at least one) in the words of `dialect`; `lists=False` names at most the first."""
    spoken = _DIALECTS[dialect]
    worded = [beta for beta in betas if beta.startswith(spoken.prefix)]
    if not worded:
        spoken, worded = _DIALECTS["anthropic"], list(betas)
    named = worded if lists and spoken.lists else worded[:1]
    return spoken.body(spoken.message(named, header), request_id)


def wrap(wrapper: str, refused: Refused, request_id: str) -> str:
    """The body that the client gets: JSON text."""
    return _WRAPPERS[wrapper](refused, request_id)
