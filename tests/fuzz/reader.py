"""The reader of error replies: whatever a server answers, it blames only what was sent, and never raises."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from betamw.core.rejection import Rejection, error_type, read_rejection
from betamw.core.reply import MAY_REFUSE, Reply
from betamw.core.reply_text import read_texts
from betamw.core.telling import may_be_told

_CORPUS: Final = Path(__file__).parents[1] / "corpus"
_SENT: Final = ("interleaved-thinking-2025-05-14", "files-api-2025-04-14", "context-1m-2025-08-07", "tool_use:log=off")
_MOST_TEXTS: Final = 64
_WRITTEN: Final = ("content", "input", "text", "prompt")


def check(data: bytes) -> None:
    """The first byte is about what was sent and how it was answered, the others are the body."""
    how, body = data[:1].ljust(1, b"\0")[0], data[1:]
    sent = _SENT[: how & 7]
    status = (400, 422, 404, 200)[how >> 3 & 3]
    content_type = (None, "application/json", "text/html", "text/event-stream")[how >> 5 & 3]
    rejection = read_rejection(status, body, sent, content_type)
    if rejection is not None:
        _check_rejection(rejection, sent)
        assert status in MAY_REFUSE
        assert content_type != "text/html"
    assert len(read_texts(body)) <= _MOST_TEXTS
    kind = error_type(body)
    assert kind is None or (kind.isascii() and kind.isprintable() and " " not in kind)
    assert may_be_told(Reply(status=status, body=body).error_type)
    text = body.decode(errors="replace")
    for key in _WRITTEN:  # what a user or a model wrote is never read
        assert read_rejection(400, json.dumps({key: text, "error": {key: [{"text": text}]}}).encode(), _SENT) is None


def _check_rejection(rejection: Rejection, sent: tuple[str, ...]) -> None:
    assert rejection.betas == tuple(beta for beta in sent if beta in rejection.betas)
    assert rejection.named == bool(rejection.betas)
    assert may_be_told(rejection.rule)


def seeds() -> Iterator[bytes]:
    """Replies of the corpora, each as the answer to a request with all betas."""
    how = bytes([len(_SENT)])
    for name in ("error", "found"):
        replies = json.loads((_CORPUS / f"{name}_replies.json").read_text(encoding="utf-8"))
        yield from (how + reply["body"].encode() for reply in replies[::4])
    invented = json.loads((_CORPUS / "invented_replies.json").read_text(encoding="utf-8"))
    yield from (how + json.dumps({"message": message}).encode() for _, message, _ in invented["named_messages"][::4])
