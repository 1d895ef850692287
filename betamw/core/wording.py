"""The parts of the sentences in which servers refuse betas, as regular expressions.

Facts: the sentences differ from server to server, and from language to language; the parts are few. Nothing in a part
can match for longer than a few hundred characters, and the parts that repeat give nothing back once matched, so a
sentence takes bounded time wherever it is tried. All are written in lower case, for text in which A-Z are lower case:
ignoring the case takes twice as long to compile.
"""

# ruff: noqa: RUF001  the letters and punctuation of other languages are what is looked for
import re
from functools import lru_cache
from typing import Final


def _any(words: str) -> str:
    """One of the words, which are separated by whitespace; a space within one is written as in a pattern."""
    return f"(?:{'|'.join(words.split())})"


_OPEN: Final = r"(?<![A-Za-z0-9_-])"
_SHUT: Final = r"(?![A-Za-z0-9_-])"

_ITEM: Final = (
    r"(?>`[^`\s]{1,200}`|\"[^\"\s]{1,200}\"|'[^'\s]{1,200}'"
    r"|(?<![A-Za-z0-9_-])[A-Za-z0-9_](?:[A-Za-z0-9_.:=+/@!~*-]{0,198}[A-Za-z0-9_=+~*])?)"
)
ITEM: Final = re.compile(_ITEM)
"""One item of a list of names, with the quotes around it; a full stop or colon after it is not part of it."""

_AND: Final = r"(?:,\s*(?:and\s|or\s)?|\s(?:and|or|und|et|y|e)\s|&|\||和|及|与|或)"
_NOUN: Final = _any("headers? flags? features? values? names? versions? tokens? identifiers? opt-?ins?")
_PROSE: Final = rf"(?:{_NOUN}|models?|this|for|on|in|by|with)(?![\w=-]|:\S)|\w*(?:request|trace)[_-]?id"
_FIRST: Final = rf"(?!{_PROSE}){_ITEM}"  # neither "for this model" nor "(trace_id:1)" holds a name
_MORE: Final = rf"(?=[`'\"]|[A-Za-z0-9_.]*[-_=:0-9][A-Za-z0-9]){_ITEM}"  # a word that could be prose is no second name
_NAMES: Final = (
    rf"(?P<names>(?<=\[){_ITEM}(?:\s{_ITEM}){{1,63}}+(?=\])"  # a list as Go prints it
    rf"|{_FIRST}(?:\s*{_AND}\s*{_MORE}){{0,63}}+)"
)

_ACCEPTED: Final = _any(r"""
    supported enabled allowed available valid recogni[sz]ed accepted permitted known implemented understood compatible
    offered usable a\s(?:valid|supported|known|recogni[sz]ed)""")
_ADVERB: Final = _any(r"yet currently presently an? in one\sof the being be")
_NOT: Final = _any(r"(?:currently\s)?not never no\slonger isn't aren't wasn't") + rf"(?:\s{_ADVERB})*\s"
_ADJECTIVE: Final = _any(r"""
    unexpected unsupported unknown unrecogni[sz]ed invalid illegal disallowed rejected refused unavailable disabled
    blocked incompatible non-?supported no\ssuch
    nicht\sunterst[uü]tzte[rsn]? ung[uü]ltige[rsn]? unbekannte[rsn]?
    non\spris(?:e|es)?\sen\scharge non\ssupport[eé]e?s? invalide inconnue?s?
    no\s(?:compatible|soportad[oa]|v[aá]lid[oa]|admitid[oa]|reconocid[oa])s? desconocid[oa]s? inv[aá]lid[oa]s?
    n[aã]o\ssuportad[oa]s? non\ssupportat[oaei]""")
_UNSPACED_ADJECTIVE: Final = _any(r"""
    (?:尚未|未)(?:验证|驗證)(?:或不支[持援])?的?
    (?:暂|尚|还)?不[被受]?支[持援]的? (?:无|無)效的? 未知的? 非法的? 不合法的?
    (?:无法|未)(?:识别|知)的? 不允许的? 未启用的?
    サポートされていない 無効な 不明な 未対応の 지원되지\s않는 잘못된 유효하지\s않은 알\s수\s없는
    неподдерживаем[а-я]+ неизвестн[а-я]+ недопустим[а-я]+""")
_ONE_BAD: Final = rf"(?:{_OPEN}(?:{_ADJECTIVE}|{_NOT}{_ACCEPTED}){_SHUT}|{_UNSPACED_ADJECTIVE})"
_BAD: Final = rf"(?:{_ONE_BAD}(?:\s*(?:{_any('or and , / 或 和')}\s*)?(?!\s))?){{1,4}}"

_PREDICATE: Final = _any(r"""
    (?:can\s?not|can't|could\snot|may\snot)\sbe\s(?:used|enabled|accepted) does(?:\snot|n't)\sexist
    (?:(?:has|have|is|are|was|were)\s)?(?:been\s)?(?:removed|retired|deprecated|sunset|withdrawn)
    (?:(?:has|have)\s)?been\s(?:disabled|blocked|rejected|refused)
    not\s(?:in|on|among|part\sof)\s(?:the\s|our\s|your\s)?(?:list\sof\s)?(?:supported|allowed|valid|known|allow-?list)
    not\s(?:allow|white)-?listed (?:wird|werden)\snicht\sunterst[uü]tzt n'est\spas\s(?:pris\sen\scharge|support[eé]e?)
    no\s(?:es|est[aá])\s(?:compatible|soportad[oa]|disponible) n[aã]o\s[eé]\ssuportad[oa]""")
_UNSPACED_PREDICATE: Final = _any(r"""
    (?:当前|暂|尚|均)?(?:不[被受]?支[持援]|不可用|不允许|未启用|未开通|未开放|无效)
    已(?:下线|废弃|弃用|停用|移除) (?:は)?サポートされていません
    지원되지\s않습니다 не\sподдерживается""")
_IS_BAD: Final = rf"(?:{_BAD}|{_OPEN}{_PREDICATE}{_SHUT}|{_UNSPACED_PREDICATE})"
_VERB: Final = _any(r"""
    (?:does|do|did|can|could|will)(?:\s?not|n't)(?:\s(?:currently|yet))*\s(?:support|accept|allow|recogni[sz]e|enable|use)
    reject(?:s|ed) refuse[sd]
    (?:is|are)\s(?:currently\s)?(?:incompatible|not\s(?:currently\s|yet\s)?(?:compatible|available|supported))\swith""")
_REJECTS: Final = rf"(?:{_OPEN}{_VERB}{_SHUT}|(?:暂|尚|还)?不(?:支[持援]|接受|允许)|拒绝了?)"

_FILLER: Final = _any(r"""
    the an? any this these that which your following some one\sor\smore for in of from on within as by
    is are was were has have got contain(?:s|ing|ed)? includ(?:es?|ing|ed) (?:with\s)?values? headers?(?!\.) tokens?
    flags? features? http request\sheaders? in\s(?:the|your|this)\srequest requested provided given specified supplied
    sent passed found used submitted received detected claude experimental you\s(?:sent|provided|requested|specified)
    der die das den dem im wert f[uü]r le la les (?:l')?en-t[eê]te valeur pour el encabezado valor para cabe[cç]alho
    intestazione""")
_UNSPACED_FILLER: Final = _any(r"""
    以下 如下 下列 这些 该 请求头? 标头 標頭 头部? 字段 参数 中 的 值 为 是 包含 检测到 了 は の ヘッダー? 値
    フラグ 헤더 값 [은는이가]\((?:는|은|가|이)\)
    заголов[а-я]+ значени[а-я]+ в""")
_STOP: Final = r"\(s\)|\s{1,9}|[:=>(\[)\]]|-(?=\s)|-header|,\s(?=which\b)"
_GAP: Final = rf"(?>(?:{_STOP}|{_OPEN}{_FILLER}{_SHUT}|{_UNSPACED_FILLER}){{0,24}}+)"
_LEAD_SUBJECT: Final = _any(
    "the your this api http incoming client upstream request headers? provider server gateway you we"
)
_LEAD_VERB: Final = _any(
    "contain(?:s|ed)? includes? included ha[sd] have sent received uses? used found got specified detected provided"
)
_LEAD: Final = rf"(?:(?:{_LEAD_SUBJECT}\s){{0,4}}{_LEAD_VERB}\s)?"

_FOREIGN_NOUN: Final = _any(
    "标志 功能 特性 标识 标头 標頭 请求头 头 ヘッダー フラグ 機能 헤더 플래그 заголов[а-я]+ флаг[а-я]*"
)
BETA_WORDS: Final = ("beta", "bêta", "ベータ", "베타", "бета")
"""A text without any of these, and without the header's name, speaks of no beta."""

_BETA: Final = rf"(?:beta(?=[\s-]?[^\x00-\x7f])|{'|'.join(BETA_WORDS[1:])})"
_FEATURE: Final = rf"(?:{_OPEN}betas?(?:[\s_-]{_NOUN})?{_SHUT}|{_OPEN}{_BETA}(?:[\s-]?{_FOREIGN_NOUN})?)"
_WRITTEN: Final = r"\b(?:users?|messages?|prompts?|tools?|content|files?|documents?)\b"
_FOR_WHOM: Final = (
    rf"(?:(?:\(s\))?\s{_any('by for on with in from via')}\s(?![^:\n]{{0,60}}?{_WRITTEN})[^:\n]{{1,60}}(?=:))?"
)

_WORD: Final = (
    r"(?!\W?(?:betas?|users?|prompts?|content|messages|tools?|text|inputs?)\b)"
    r"[`'\"(]?[\w./:@-][\w./:@'-]{0,79}(?<![:.])[`'\")]?\s"
)
_SERVICE: Final = _any(r"""
    model endpoint provider region deployment api server gateway upstream account organi[sz]ation \bwe\b \byou\b backend
    service claude bedrock vertex proxy relay platform plan subscription channel anthropic azure foundry router copilot
    databricks snowflake cortex glm kimi moonshot deepseek minimax qwen gemini gpt grok""")
_SUBJECT: Final = (
    rf"(?:(?:{_WORD}){{0,6}}?(?=\S{{0,80}}?{_SERVICE}){_WORD}(?:{_WORD}){{0,4}}?"
    rf"|[一-鿿]{{0,8}}{_any('模型 渠道 接口 端点 上游 服务 网关 账号 供应商 分组')}\s*)"
)
_LONG: Final = (
    r"(?:the\s)?(?:long[-\s]context(?:\swindow)?|1m(?:[-\s]tokens?)?(?:[-\s]context(?:\swindow)?)?)[-\s]betas?"
    r"(?:[-\s](?:header|flag|feature))?"
)
_FOLLOWS: Final = _any(r"""
    for on in by with without at to from when if while which that not please request you try and or list
    values?(?!\s(?:for|of|in)\b) headers? betas? flags? features? options? sent provided given specified found received
    via under as of only here anymore yet currently because since due""")
_STILL_BAD: Final = rf"(?:is|are|was|were)\s(?:not\s{_ACCEPTED}|un[a-z]|in(?:val|comp)|dis[a-z]|re[jf])"
_AFTER: Final = rf"(?=[`'\")\]]*\s*(?:\Z|[^\w\s]|[^\x00-\x7f]|{_FOLLOWS}\b|{_STILL_BAD}))"
_NOT_WHERE: Final = rf"(?:\b(?:account|organi[sz]ation|workspace|subscription|plan|team|tier|key)s?\b|{_WRITTEN})"
_CLAUSE: Final = r"(?:[^.:,;\n]|[.:](?=\S))"
_WHERE: Final = (  # in what, by whom; not for which account: that is about a permission
    r"(?:\s(?:provided|given|sent|found|specified|supplied|present))?"
    rf"(?:\s(?:for|by|on|in|with|via)\s(?!{_CLAUSE}{{0,60}}?{_NOT_WHERE})"
    rf"(?={_CLAUSE}{{0,60}}?(?:{_SERVICE}|request|header|field|body)){_CLAUSE}{{1,99}}+)?"
)
_END: Final = rf"(?={_WHERE}\s*(?:\Z|[.!](?:\s|\Z)|[,\n(;|\[]|[-–—]\s|request[\s_-]?id))"


@lru_cache(maxsize=16)
def parts(header: str) -> dict[str, str]:
    """The parts by name, for betas that go in `header`.

    - HEADER: the header's name, in any case and with `-`, `_` or a space; TITLE: also "beta header".
    - BETA: also "beta feature", "beta flag", "beta"; FEATURE: these, or nothing. FLAGS: a noun for betas in general.
    - NAMES: one name or a list, quoted or not. LONG: what describes `context-1m-*`.
    - BAD: "unexpected", "unsupported or invalid"; ISBAD: "is not enabled"; REJECTS: "does not support".
    - GAP: filler, possibly none ("the", "value(s)", "for", ":"). LEAD: "Your request contains", or nothing.
    - SUBJECT: whose verb it is: "This model". WHOM: "for this model", when a colon follows it.
    - AFTER: no noun follows ("invalid field"); END: nothing follows but a request id or another sentence.
    """
    spelled = re.sub(r"\\?[-_]", r"[-_\\s]", re.escape(header.lower()))
    name = rf"[`'\"]?(?:headers?\.)?{_OPEN}{spelled}(?:\.\d+|\[\d+\])?(?:-headers?)?(?!-?[A-Za-z0-9_])[`'\"]?"
    title = rf"(?:{name}|{_OPEN}beta[\s_-]headers?{_SHUT})"
    whose = rf"(?:(?:(?:anthropic|claude)\s)?beta[\s_-]|{name}\s)"
    flags = rf"{whose}(?:flag|header|value|feature)(?:\(s\)|s)?+(?:\svalues?)?+"
    return {
        "HEADER": name,
        "TITLE": title,
        "BETA": rf"(?:{title}|{_FEATURE})",
        "FEATURE": rf"(?:{_FEATURE}{_GAP})?",
        "FLAGS": rf"(?:{flags}|(?:{name}|{_BETA})\s?{_FOREIGN_NOUN}|{name}|(?:anthropic|claude)\sbetas?{_SHUT})",
        "NAMES": _NAMES,
        "LONG": _LONG,
        "BAD": _BAD,
        "ISBAD": _IS_BAD,
        "REJECTS": _REJECTS,
        "GAP": _GAP,
        "LEAD": _LEAD,
        "SUBJECT": _SUBJECT,
        "WHOM": _FOR_WHOM,
        "ADJECTIVE": _ADJECTIVE,
        "AFTER": _AFTER,
        "END": _END,
    }
