"""The texts of an error reply: what is left when every wrapper is taken off.

Facts: an error on its way through relays is wrapped up to about a dozen times: as JSON inside the `message` of the
next error, inside `error.metadata.raw` (OpenRouter), as a JSON string of JSON, after prose (`litellm.BadRequestError:
BedrockException - {...}`), as a Python literal (`Error code: 400 - {'type': 'error', ...}`, the text of the official
SDK's exception), in an array of one element (Google), in an `event: error` of a stream.

Only keys that hold errors are opened. `content`, `input` and the like hold what a user or a model wrote.
"""

import json
import re
from typing import Any, Final

from betamw.core.reply_prose import ANOTHER_KIND, MAX_PROSE, OF_OTHERS, normalised, passes_on

MAX_BODY: Final = 64 * 1024
_MAX_NODES: Final = 256
_MAX_TEXTS: Final = 64
_MAX_DEPTH: Final = 24
_MAX_LITERAL: Final = 16 * 1024
_SHORT: Final = 200

_ERROR_KEYS: Final = frozenset({
    "error", "errors", "err", "message", "msg", "detail", "details", "raw", "metadata", "upstream_error", "body",
    "reason", "error_message", "errormessage", "error_msg", "errormsg", "error_description", "cause", "inner_error",
    "innererror", "original_error", "provider_error", "upstream", "exception", "fault", "faultstring",
    "upstream_response", "response", "response_body", "responsebody",
})  # fmt: skip
_KIND_KEYS: Final = frozenset({
    "type", "__type", "code", "status", "error_type", "errortype", "error_code", "errorcode", "status_code",
    "statuscode",
})  # fmt: skip
_PLACE_KEYS: Final = ("param", "loc", "field", "path", "instancePath")
_BODY_PLACES: Final = frozenset({"messages", "system", "tools", "input", "prompt", "content", "body", "query", "path"})

_DECODER: Final = json.JSONDecoder(strict=False)  # relays put raw newlines into strings
_EMBEDDED: Final = re.compile(r""""(?=(?:\[\s*)?\{\s*\\")|(?:b?["'`])?(?P<json>(?:\[\s*)?\{)""")
_STREAMED: Final = re.compile(r"(?:event|data|id|retry)?:")
_DATA: Final = re.compile(r"^data:(.*)$", re.MULTILINE)
_PYTHON: Final = re.compile(
    r"""'((?:[^'\\]|\\.?)*+)(?:'|\Z)|"(?:[^"\\]|\\.?)*+(?:"|\Z)|\b(?:None|True|False)\b""", re.DOTALL
)
_PYTHON_OBJECT: Final = re.compile(r"\[?\s*\{\s*'")
_PYTHON_ESCAPE: Final = re.compile(r'\\(.)|"', re.DOTALL)
_WORDS: Final = {"None": "null", "True": "true", "False": "false"}
_ESCAPES: Final = {"\\'": "'", "\\x": "\\u00", '"': '\\"'}


def read_texts(body: bytes) -> tuple[str, ...]:
    """Every text of an error reply that may state the error, outermost first.

    There is none in a page of HTML, in a reply of more than 64 KiB, and in one that says of itself that it is another
    kind of error: rate limit, authentication, permission, overload, billing, not found. Never raises; takes time linear
    in the body.
    """
    if len(body) > MAX_BODY:
        return ()
    text = body.decode("utf-8-sig", errors="replace").strip()
    if text.startswith("<"):
        return ()
    texts: list[str] = []
    nodes: list[tuple[Any, int]] = [(event, 0) for event in _events(text)]
    for node, depth in nodes:  # grows while it is walked
        if len(nodes) > _MAX_NODES or len(texts) == _MAX_TEXTS:
            break
        match node:
            case str():
                prose, value = _unwrapped(node) if depth < _MAX_DEPTH else (node, None)
                texts += [prose] if prose else []
                nodes.append((value, depth + 1))
            case list():
                nodes.extend((element, depth) for element in node[:_MAX_TEXTS])
            case dict():
                if _is_another_kind(node):
                    return ()
                nodes.extend((value, depth) for value in _errors_of(node))
    return tuple(texts)


def error_type(body: bytes) -> str | None:
    """The API's `error.type` of an error reply: `{"error": {"type": "invalid_request_error"}}`.

    None when there is none, or it is no short plain token: it goes to logs. Never raises.
    """
    reply = _decoded(body[:MAX_BODY].decode("utf-8-sig", errors="replace").strip())
    error = reply.get("error") if isinstance(reply, dict) else None
    kind = error.get("type") if isinstance(error, dict) else None
    return kind if isinstance(kind, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", kind) else None


def _events(text: str) -> list[str]:
    """The data of each event of a stream; of anything else, the text itself."""
    if not _STREAMED.match(text):
        return [text]
    lines = text.replace("\r\n", "\n")
    return ["\n".join(_DATA.findall(event)).strip() for event in lines.split("\n\n")]


def _is_another_kind(error: dict[str, Any]) -> bool:
    kinds = (value for key, value in error.items() if key.lower() in _KIND_KEYS and isinstance(value, str | int))
    return any(ANOTHER_KIND.search(str(kind)[:200]) for kind in kinds)


def _errors_of(error: dict[str, Any]) -> list[Any]:
    """What the error-like keys hold; a message about a named place of the request begins with the place.

    Nothing, when it is about a place in the body, or says that a guardrail or a tool is what speaks.
    """
    place = next((place for key in _PLACE_KEYS if (place := _place(error.get(key)))), "")
    if re.split(r"[.\[/]", place.removeprefix("/"), maxsplit=1)[0].lower() in _BODY_PLACES:
        return []
    values = [value for key, value in error.items() if key.lower() in _ERROR_KEYS]
    if any(isinstance(value, str) and OF_OTHERS.search(value, 0, _SHORT) for value in values):
        return []
    return values + [f"{place}: {value}" for value in values if place and isinstance(value, str)]


def _place(value: object) -> str:
    """A place in a request: `param` of OpenAI's errors is a string, `loc` of pydantic's a list of steps."""
    if isinstance(value, list):
        steps = [step for step in value if isinstance(step, str)]
        return "" if not steps else steps[0] if steps[0] in _BODY_PLACES else steps[-1]
    return value if isinstance(value, str) else ""


def _unwrapped(text: str) -> tuple[str, object]:
    """A text without the JSON in it, and that JSON decoded; None when what stands before it is no relay's prose."""
    if text.startswith(('"', "[")) and (value := _decoded(text, whole=True)) is not None:
        return "", value
    opening = _EMBEDDED.search(text, 0, MAX_PROSE + 8)
    if opening is None or not passes_on(normalised(text[: opening.start()])):
        return text, None
    value = _decoded_object(text[opening.start("json") :]) if opening["json"] else _decoded(text[opening.start() :])
    return (text, None) if value is None else (text[: opening.start()].strip(), value)


def _decoded_object(text: str) -> object:
    """Decode JSON, a Python literal, or JSON whose quotes are still escaped for the string it was in."""
    value = _decoded(text)
    if value is None and len(text) <= _MAX_LITERAL and _PYTHON_OBJECT.match(text):
        value = _decoded(_PYTHON.sub(_python_to_json, text))
    if value is None and "\\" in text:
        value = _decoded(text.replace('\\"', '"').replace("\\\\", "\\"))
    return value


def _python_to_json(token: re.Match[str]) -> str:
    inner = token[1]
    if inner is None:
        return _WORDS.get(token[0], token[0])
    return '"' + _PYTHON_ESCAPE.sub(lambda escape: _ESCAPES.get(escape[0], escape[0]), inner) + '"'


def _decoded(text: str, *, whole: bool = False) -> object:
    """The JSON value that a text begins with (or is, for `whole`); None without one, or if nested too deep."""
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return None if whole and text[end:].strip() else value
