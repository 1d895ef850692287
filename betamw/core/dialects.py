"""How servers word the refusal of a beta: a closed table of dialects.

A sentence is written in the parts of `wording.parts`, in capitals, and in plain patterns. The parts stand next to each
other with nothing between them but filler: a sentence that only happens to hold a beta's name, the header's name and a
word of refusal ("Unknown model foo, anthropic-beta: files-api-2025-04-14") is of no dialect.
"""

import re
from functools import lru_cache
from typing import Final

import attrs

from betamw.core.wording import parts

_PART: Final = re.compile(r"[A-Z]{3,}")


@attrs.frozen
class Dialect:
    """A way to refuse betas.

    Attributes:
        rule: Its name, `Rejection.rule`.
        sentences: What it says, from the start of the sentence.
        seen: Ids of real replies in `tests/corpus/` that are worded so; without one, the wording is that of gateways
            which answer like their neighbours.
        describes: The family that it refuses by a description, not by a name.
        names: Whether it says which betas it refuses.
        predicate: Whether the refusal comes after the names, so that their last one is what is refused.
        token: Whether it is a token of a protocol: what follows it in the text changes nothing.
    """

    rule: str
    sentences: tuple[str, ...]
    seen: tuple[str, ...] = ()
    describes: str | None = None
    names: bool = True
    predicate: bool = False
    token: bool = False


DIALECTS: Final = (
    Dialect(
        "capability-rejected",  # code.claude.com/docs/en/llm-gateway-protocol
        (r"capability_rejected:\s*(?:beta_header|beta|HEADER)s?\s*[:=]\s*NAMES",),
        seen=("claude-gateway-token",),
        token=True,
    ),
    Dialect(
        "unsupported-code",  # "unsupported_beta: X"
        (
            r"ADJECTIVE _(?:anthropic_)?beta(?:_[a-z]{1,12})?\s*[:=]\s*NAMES AFTER",
            r"beta(?:_[a-z]{1,12})?_(?:ADJECTIVE|not_(?:supported|allowed|enabled))\s*[:=]\s*NAMES AFTER",
        ),
    ),
    Dialect(
        "unexpected-value",  # "Unexpected value(s) `a`, `b` for the `anthropic-beta` header"
        ("LEAD GAP BAD GAP FEATURE NAMES GAP BETA",),
        seen=(
            "anthropic-docs-current",
            "vertex-count-tokens-two",
            "bedrock-invoke-named-multi",
            "unrecognized-in-header",
            "afk-mode-unquoted",
        ),
    ),
    Dialect(
        "unsupported-header",  # "Unsupported beta header: X", "anthropic-beta header contains unsupported values: X"
        (
            r"LEAD GAP BAD GAP TITLE WHOM GAP (?:BAD GAP)? FEATURE NAMES AFTER",
            r"LEAD (?>(?:\s|(?:the|an?|any|claude|anthropic)\s)*) BAD \s* BETA WHOM GAP NAMES AFTER",
            r"GAP BETA GAP BAD (?:\sfeatures?)? WHOM GAP FEATURE NAMES AFTER",
        ),
        seen=(
            "anthropic-docs-old",
            "copilot-output-128k",
            "tokenrhythm-zh-effort",
            "unsupported-anthropic-beta-colon",
            "zenrouter-unsupported-value",
            "ledger-unrecognized-beta",
            "broker-unsupported-feature",
            "openai-unknown-beta",
        ),
    ),
    Dialect(
        "not-enabled",  # "anthropic-beta X is not enabled for ...", "The X beta is not available", "X is no valid beta"
        (
            r"LEAD GAP BETA GAP NAMES GAP ISBAD AFTER",
            r"LEAD GAP NAMES GAP BETA GAP ISBAD AFTER",
            r"GAP NAMES GAP ISBAD GAP BETA",
        ),
        seen=("ccx-not-enabled-for-key", "heal-beta-header-not-supported", "desktop-credit-not-allowed-in"),
        predicate=True,
    ),
    Dialect(
        "not-accepted",  # "This model does not support beta X"
        (
            r"SUBJECT REJECTS GAP BETA GAP NAMES AFTER",
            r"SUBJECT REJECTS GAP NAMES GAP BETA",
        ),
    ),
    Dialect(
        "long-context",
        (
            r"LONG GAP ISBAD AFTER",
            r"(?:[\w'-]{1,40}\s){1,8}?(?:REJECTS|is\snot\s(?:yet\s)?available\sfor)\s LONG",
            r"BAD \s LONG",
        ),
        seen=("anthropic-longctx-subscription", "anthropic-longctx-authstyle", "longctx-organization"),
        describes="context-1m",
    ),
    Dialect(
        "invalid-flag",  # "invalid beta flag", "Unsupported or invalid beta header."
        (
            r"LEAD (?:(?:an?|the|one\sor\smore)\s)? BAD \s* (?:values?(?:\(s\))?\s(?:for|in)\s(?:the\s)?)? FLAGS END",
            r"(?:(?:the|one\sor\smore)\s(?:provided\s)?)? FLAGS \s(?:provided\s)?(?:(?:is|are|was|were)\s)? BAD END",
            r"SUBJECT REJECTS \s(?:(?:the|any)\s)? FLAGS END",
        ),
        seen=(
            "bedrock-invoke-opaque",
            "newapi-bedrock-goSDK",
            "local-gateway-opaque",
            "jetbrains-echoes-all-betas",
            "heal-flag-provided-in-request",
            "anthropic-beta-header-rejected",
            "vertex-adapter-headers-not-supported",
        ),
        names=False,
    ),
)
"""The first dialect of which a sentence is decides."""


@lru_cache(maxsize=16)
def sentences(header: str) -> tuple[tuple[Dialect, re.Pattern[str]], ...]:
    """The sentences of all dialects, in order, for betas that go in `header`; it and the texts in lower case.

    Compiling them takes about 0.1 s, once for each header: who wants that off the request path calls this beforehand.
    """
    part = parts(header)

    def compiled(sentence: str) -> re.Pattern[str]:
        words = (_PART.sub(lambda name: part[name[0]], word) for word in sentence.split())
        return re.compile("".join(words))

    return tuple((dialect, compiled(sentence)) for dialect in DIALECTS for sentence in dialect.sentences)
