"""The words that relays put before an error they pass on.

Facts: SDKs, gateways and relays name the class of the error, the status, the operation and whose error it is, in any
order and number, each ended by punctuation:

    litellm.BadRequestError: BedrockException - ...
    InvokeModel: operation error Bedrock Runtime: InvokeModel, https response error StatusCode: 400, ...
    Error code: 400 - ...          上游返回错误 (400): ...

A guardrail or a validator that quotes the user's text ends its words the same way (`user message contains: ...`). So
each label must speak of the transport, and none may speak of what somebody wrote, hold a quotation, ask for something
or say that another kind of error came: any doubt, and what follows is not an error passed on.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

MAX_PROSE: Final = 1024
_MAX_LABELS: Final = 48
_MAX_CLASSES: Final = 4
_MAX_WORDS: Final = 14
_MAX_LABEL: Final = 200

_TYPOGRAPHIC: Final = str.maketrans(
    {
        "\u00a0": " ", "\u3000": " ", "\uff1a": ":", "\uff0c": ", ", "\u3001": ", ", "\uff1b": "; ", "\uff08": "(",
        "\uff09": ")", "\u3002": ". ", "\uff01": "! ", "\u3010": "[", "\u3011": "]", "\uff1d": "=",
        "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"',
        "\u300c": '"', "\u300d": '"', "\u300e": '"', "\u300f": '"', "\u0130": "I",  # its small letter is two
    }
)  # fmt: skip

_SPACES: Final = re.compile(r"\s{2,}")

ANOTHER_KIND: Final = re.compile(
    r"rate.?limit|throttl|too.?many|quota|exhausted|overload|over.?capacity|authenti|unauthori[sz]ed|permission|forbidden"
    r"|(?:access|authorization).?denied|billing|payment|credit|balance|not.?found|time.?d?.?out|guardrail|moderation"
    r"|content.?(?:filter|policy)|safety|(?<![0-9A-Za-z-])(?:40[1-4]|429|503|529)(?![0-9A-Za-z-])",
    re.IGNORECASE,
)
"""Types of errors, and statuses, that dropping a beta does not mend, whatever their message says."""

OF_OTHERS: Final = re.compile(
    r"\A[^{`\"]{0,40}\b(?:guardrails?|moderat(?:ed|ion)|content.?(?:filter|policy)"
    r"|(?:tool|function|mcp|command|plugin)s?\b[\w ]{0,30}\b(?:failed|failure|errors?|result|output)|flagged)\b",
    re.IGNORECASE,
)
"""How an error begins that comes from a guardrail or from a tool: its details quote what somebody wrote."""

ASKS_FOR_MORE: Final = re.compile(
    r"\b(?:requir(?:e[sd]?|ing|ement)|missing|need(?:s|ed)?|unless|that setting|be (?:included|provided|present|added)"
    r"|must (?:also )?(?:include|contain|have|specify|set|send|pass|use|be (?:set|sent|enabled))|add(?:ing|ed)?"
    r"|(?:please|also|you (?:must|should|can)) (?:include|set|pass|provide|specify|send|enable|use|supply)"
    r"|to (?:use|enable|access)\b.{1,120}\b(?:include|set|pass|provide|specify|send|supply)"
    r"|without(?! (?:it|them|(?:the|th(?:is|at|ese|ose)) (?:beta )?(?:header|flag|value|beta)s?)\b))\b"
    r"|需要|缺少|必须|必填|请添加|请设置|が必要|필요",
    re.IGNORECASE,
)
"""Words of an error that wants a beta added: the opposite of a refusal, and often of the same words otherwise."""

_QUOTED_WORD: Final = re.compile(r"""(["'`])[\w./:@-]{1,80}\1""")
_QUOTATION: Final = re.compile(r"""["`]|(?<!\w)'|'(?!\w)""")
_WRITTEN: Final = re.compile(  # what somebody wrote, what was run on it, and places inside of a request body
    r"(?:\b|_)(?:users?|prompts?|content|contain\w*|text|input(?! validation)|sa(?:id|ys?|ying)|reads?"
    r"|quot(?:e[sd]?|ing)|wrote|written|conversation|assistant|transcript|documents?|files?|tools?|tool_\w+|messages|block(?:s|ed)|flagged"
    r"|examples?|echo\w*|notes?|title|description|quer(?:y|ies)|questions?|answer|outputs?|summary|memory|history"
    r"|pars(?:e[drs]?|ing)|near|find|\w*search\w*|functions?|\w*agents?|mcp|web[\s_]?fetch|execution|schema|commands?|bash|shell|scripts?|plugins?)(?:\b|_)"
    r"|[A-Za-z_\]]\.\d|\[\d|用户|内容|输入|提示词|包含|原文",
    re.IGNORECASE,
)
_TRANSPORT: Final = re.compile(
    r"\b(?:POST|GET)\b|error|exception|fail|status|http|upstream|provider|backend|gateway|proxy|relay|router|api"
    r"|request|response|return|receiv|reject|refus|validation|argument|occurred|operation|invok|converse|bedrock"
    r"|vertex|anthropic|claude|azure|foundry|aws|amazon|google|openai|litellm|copilot|server|channel|\bcode|cause"
    r"|reason|detail|message|\bbody|bad|model_name|went wrong"
    r"|服务|错误|错誤|錯誤|失败|失敗|上游|异常|異常|报错|返回|请求|接口|渠道|エラー|오류|fehler|erreur|ошибк",
    re.IGNORECASE,
)
_IDENTIFIER: Final = re.compile(
    r"[\w-]*\d[\w-]*|[A-Z][a-z]+[A-Z]\w+|[A-Z]+_[A-Z_]+|UNKNOWN|undefined|null|none|nil|[xX*]+(?:-[xX*]+)*", re.ASCII
)
_URL: Final = re.compile(r"""["']?https?://[^\s"'`]*[\w/=]["']?""")
_LABEL: Final = re.compile(
    r"""((?:["']?https?://[^\s"'`]*[\w/=]["']?|[^:;,.!?|>(){}\[\]\n=-]|[=.-](?![\s=.-]))*+)(?:[^\w"'`\s]\s*+|\n\s*+|\Z)"""
)
_CLASS_OR_STATUS: Final = re.compile(r"(?:^|[\s:,])(?:\d{3}|\w*(?:Error|Exception)|Bad Request)\s+", re.IGNORECASE)


def normalised(text: str) -> str:
    """The text with typographic punctuation written as ASCII, so that one pattern reads every language's.

    Runs of whitespace become one character: errors come indented, and broken where a terminal was full.
    """
    return _SPACES.sub(_one_space, text.translate(_TYPOGRAPHIC))


def _one_space(run: re.Match[str]) -> str:
    return "\n" if run[0].endswith("\n") or run[0].count("\n") > 1 else " "


def openings(text: str) -> Iterator[int]:
    """Where an error may begin that the text reports: at its start, and after each label of a relay."""
    yield 0
    position = 0
    for _ in range(_MAX_LABELS):
        label = _LABEL.match(text, position, MAX_PROSE)
        if label is None or label.end() == position:
            return
        for bare in islice(_CLASS_OR_STATUS.finditer(label[1]), _MAX_CLASSES):
            if _is_transport(label[1][: bare.end()]):
                yield position + bare.end()
        if not _is_transport(label[1]):
            return
        position = label.end()
        yield position


def passes_on(prose: str) -> bool:
    """Whether the whole prose is what a relay puts before an error it passes on."""
    return prose == "" or len(prose) in openings(prose)


def _is_transport(label: str) -> bool:
    label = _URL.sub(" ", label)
    if (
        len(label) > _MAX_LABEL
        or _QUOTATION.search(_QUOTED_WORD.sub(" ", label))
        or _WRITTEN.search(label)
        or ANOTHER_KIND.search(label)
        or ASKS_FOR_MORE.search(label)
    ):
        return False
    words = label.split()
    if len(words) == 1 and _IDENTIFIER.fullmatch(words[0]):
        return True
    return not words or (len(words) <= _MAX_WORDS and _TRANSPORT.search(label) is not None)
