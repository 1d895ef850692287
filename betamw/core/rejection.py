"""Reads an error reply: which of the betas sent does it refuse?

A reply that is not understood to the end refuses nothing: a beta left out without need never shows, one sent without
need shows as the error that the caller gets anyway.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice, takewhile
from typing import Final

import attrs

from betamw.core.dialects import Dialect, sentences
from betamw.core.reply import MAY_REFUSE
from betamw.core.reply_prose import ASKS_FOR_MORE, normalised, openings
from betamw.core.reply_text import error_type, read_texts
from betamw.core.telling import discreet
from betamw.core.wording import BETA_WORDS, ITEM

__all__ = ["Rejection", "error_type", "read_rejection"]

_QUOTES: Final = "`'\""
_MAX_TEXTS: Final = 8
_MAX_ATTEMPTS: Final = 128  # of finding a sentence, in all texts: each takes up to 0.1 ms
_HEAD: Final = 4096
_NEAR: Final = 1024
_NAMELIKE: Final = re.compile(r"[-_:=].*\d|\d.*[-_:=]|\w=\w")
_AND: Final = frozenset({"and", "or", "und", "et", "y", "e"})
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s|\Z)|\n")
_COMBINED: Final = re.compile(  # two things that do not go together: which of them to leave out is not ours to say
    r"(?:\s*headers?\b)?\s*(?:together|alongside|in combination"
    r"|in (?:the |your )?(?:messages?|prompts?|content|tools?)\b"  # nor what somebody wrote about a beta
    r"|(?:when|while|if)\b(?!.{0,40}(?:model|claude|provider|bedrock|vertex))"
    r"|with (?!th(?:e|is|at)\b|your\b|\S{0,40}(?:model|claude|provider|bedrock|vertex|oauth)))",
    re.IGNORECASE,
)
_ASKS_NEXT: Final = re.compile(
    r"(?:[.!?]\s|[;,])\s*(?:please\s|and\s)?(?:set|include|pass|send|add|specify|provide|enable)\b"
    r"|\A\W*(?:expected|did you mean)\b"
    r"|(?:endpoint|request|setting|feature|it|this|that) requires",
    re.IGNORECASE,
)
_ALTERNATIVES: Final = re.compile(  # what follows is a list of betas that are fine, or of all that were sent
    r"\b(?:one of|expected|did you mean|betas\s*[:=])"
    r"|\b(?:supported|allowed|valid|known|available|accepted|permitted)\b(?: \w+){0,4}\s*(?::|\bare\b|\bis\b)",
    re.IGNORECASE,
)


@attrs.frozen(field_transformer=discreet)
class Rejection:
    """What an error reply says of the betas that were sent.

    Attributes:
        betas: Those that it refuses, in the order sent; empty when it names none.
        rule: The dialect it is written in, from a closed table: `unexpected-value`, `long-context`, `invalid-flag`...
        named: Whether it says which; False for "invalid beta flag". A description ("the long context beta") says which.
    """

    betas: tuple[str, ...]
    rule: str
    named: bool


def read_rejection(
    status: int, body: bytes, sent: Sequence[str], content_type: str | None = None, *, header: str = "anthropic-beta"
) -> Rejection | None:
    """Read an error reply to a request that carried `sent` in `header`.

    None when it refuses none of them, or leaves any doubt. Without a content type the body itself tells. Only a reply
    with status 400 or 422 and at most 64 KiB is read. Never raises; takes time linear in the body.
    """
    if not sent or status not in MAY_REFUSE or (content_type is not None and "html" in content_type.lower()):
        return None
    header, asked = header.lower(), dict.fromkeys(sent)  # among thousands a name is found at once
    texts = (text for text in read_texts(body) if _speaks_of_betas(text, header))
    attempts = iter(range(_MAX_ATTEMPTS))
    readings = [_read_text(text, asked, header, attempts) for text in islice(texts, _MAX_TEXTS)]
    named = [reading for reading in readings if reading is not None and reading.named]
    if named:  # several errors in one reply, each naming another beta
        blamed = {beta for reading in named for beta in reading.betas}
        return Rejection(_in_order(blamed, asked), named[0].rule, named=True)
    return next(filter(None, readings), None)


def _speaks_of_betas(text: str, header: str) -> bool:
    head = text[:_HEAD].lower()
    return header in head or any(word in head for word in BETA_WORDS)


def _read_text(text: str, sent: Collection[str], header: str, attempts: Iterator[int]) -> Rejection | None:
    """Read one text of a reply: the first sentence of a dialect, at its start or after the labels of relays."""
    head = normalised(text[:_HEAD])
    lowered = head.lower()
    for start, _ in zip(openings(head), attempts, strict=False):
        for dialect, sentence in sentences(header):
            match = sentence.match(lowered, start)
            if match is None:
                continue
            end = match.end(match.lastgroup or 0)
            names = _names(dialect, head[match.start(match.lastgroup or 0) : end], sent)
            if names is not None:
                return _judged(dialect, names, head[end : match.end()], head[match.end() :], sent)
    return None


def _names(dialect: Dialect, listed: str, sent: Collection[str]) -> list[str] | None:
    """The betas that a sentence refuses, sent or not; None when what stands in their place does not look like names."""
    if dialect.describes is not None:
        return [beta for beta in sent if beta.startswith(f"{dialect.describes}-")]
    if not dialect.names:
        return []
    items = [item for item in ITEM.findall(listed) if item not in _AND]
    names = list(takewhile(lambda item: item[0] in _QUOTES or item in sent or _NAMELIKE.search(item), items))
    if not names or (dialect.predicate and names != items):
        return None
    return [_bare(name) for name in names]


def _judged(
    dialect: Dialect, names: Collection[str], between: str, rest: str, sent: Collection[str]
) -> Rejection | None:
    """Blame the names that were sent, unless what follows asks for a beta, or is about another one too.

    `between` is what follows the names within the dialect's sentence, `rest` what follows that.
    """
    rest = "" if dialect.token else rest[:_NEAR]
    sentence = _SENTENCE_END.split(rest, maxsplit=1)[0]
    if ASKS_FOR_MORE.search(sentence) or _ASKS_NEXT.search(rest) or _COMBINED.match(rest):
        return None
    others = ITEM.findall(_ALTERNATIVES.split(between + sentence, maxsplit=1)[0])
    betas = _meant(names, sent)
    if _meant({_bare(item) for item in others}, sent) or bool(betas) != dialect.names:
        return None
    return Rejection(betas, dialect.rule, dialect.names)


def _bare(item: str) -> str:
    return item.strip(_QUOTES).removeprefix("beta_header:")


def _in_order(betas: Collection[str], sent: Iterable[str]) -> tuple[str, ...]:
    return tuple(beta for beta in sent if beta in betas)


def _meant(names: Collection[str], sent: Collection[str]) -> tuple[str, ...]:
    """The betas sent that the names stand for: `realtime` is `realtime=v1`, where it was not sent itself."""
    features = {f"{name}=" for name in names if name not in sent}
    return tuple(beta for beta in sent if beta in names or "".join(beta.partition("=")[:2]) in features)
