"""Reading an error reply: which of the betas sent does it refuse?"""

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from betamw.core.dialects import DIALECTS
from betamw.core.rejection import Rejection, error_type, read_rejection

CORPUS, FOUND, INVENTED = (
    json.loads((Path(__file__).parents[1] / "corpus" / f"{name}_replies.json").read_text(encoding="utf-8"))
    for name in ("error", "found", "invented")
)
FILES = "files-api-2025-04-14"
LONG = "context-1m-2025-08-07"
THINKING = "interleaved-thinking-2025-05-14"
SENT = (THINKING, FILES, LONG)
NAMED = (
    f"Unexpected value(s) `{FILES}` for the `anthropic-beta` header. Please consult our documentation at "
    "docs.anthropic.com or try again without the header."
)
REFUSED = Rejection((FILES,), "unexpected-value", named=True)


@pytest.mark.parametrize("reply", [pytest.param(reply, id=reply["id"]) for reply in CORPUS + FOUND])
def test_real_replies(reply):
    """Every reply of the corpus, and of those found later, is read as its entry says."""
    rejection = read_rejection(reply["status"], reply["body"].encode(), reply["sent"], reply["content_type"])
    read = ("none", set()) if rejection is None else ("named" if rejection.named else "unnamed", set(rejection.betas))
    expect = "named" if reply["expect"] == "described" else reply["expect"]
    assert (expect, set(reply["rejected"])) == read


@pytest.mark.parametrize(
    ("status", "content_type", "expected"),
    [
        (400, None, REFUSED),
        (422, None, REFUSED),
        (400, "application/json; charset=utf-8", REFUSED),
        (400, "text/plain", REFUSED),
        (400, "", REFUSED),
        (400, "text/html", None),
        (400, "Application/XHTML+XML", None),
        (200, None, None),
        (401, None, None),
        (403, None, None),
        (404, None, None),
        (413, None, None),
        (429, None, None),
        (500, None, None),
        (529, None, None),
    ],
)
def test_only_a_refusal_of_the_request_is_read(status, content_type, expected):
    """The status says whether leaving out a beta can help; a page of HTML is no API's error."""
    assert expected == read_rejection(status, json.dumps({"message": NAMED}).encode(), SENT, content_type)


def test_a_request_without_betas_is_never_refused_for_one():
    """What was not sent cannot be refused, whatever the reply says."""
    assert read_rejection(400, b"invalid beta flag", ()) is None


def test_a_beta_sent_twice_is_blamed_once():
    """Repeats mean nothing in a header."""
    assert REFUSED == read_rejection(400, NAMED.encode(), (FILES, THINKING, FILES))


NAMES = st.sampled_from([*SENT, "tool_use:logging=false", "zz-probe-2099-01-01"])
WORDS = ("error", "message", "anthropic-beta", "beta", "header", "Unexpected value(s)", "invalid beta flag", "requires")
WORDS += ("is not supported", "for the", "不支持的", "data: ", "long context beta", *"`\"'{}[]:,\\\n İ")
FRAGMENTS = st.sampled_from([*SENT, *WORDS])


@given(st.integers(), st.binary() | st.lists(FRAGMENTS).map("".join).map(str.encode), st.lists(NAMES), st.text())
@example(400, b"invalid beta flag", [""], "")
def test_no_reply_raises_and_only_betas_that_were_sent_are_blamed(status, body, sent, content_type):
    """Whatever comes in, the result is a part of what was sent, in that order."""
    rejection = read_rejection(status, body, sent, content_type)
    error_type(body)
    blamed = () if rejection is None else rejection.betas
    assert tuple(beta for beta in dict.fromkeys(sent) if beta in blamed) == blamed


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


WRAPPERS = {
    "anthropic": lambda text: _json({"type": "error", "error": {"type": "invalid_request_error", "message": text}}),
    "openrouter": lambda text: _json({"error": {"message": "Provider returned error", "metadata": {"raw": text}}}),
    "litellm": lambda text: f"litellm.BadRequestError: BedrockException - {text}",
    "litellm-group": lambda text: _json({"message": f"{text}. Received Model Group=m\nAvailable Fallbacks=None"}),
    "sdk": lambda text: f"Error code: 400 - {{'error': {{'message': {text!r}}}}}",
    "new-api": lambda text: _json({"error": {"type": "<nil>", "message": f"{text} (request id: 2026)"}}),
    "google": lambda text: _json([{"error": {"code": 400, "message": text, "status": "INVALID_ARGUMENT"}}]),
    "upstream": lambda text: _json({"error": {"type": "", "upstream_error": {"detail": text}}}),
    "string": lambda text: _json(text) if text.startswith(("{", "[{")) else text,
    "status": lambda text: f"API Error: 400 {text}",
    "relay": lambda text: f"[relay] upstream error (400): {text}",
    "aws": lambda text: f"The model returned the following errors: {text}",
}  # fmt: skip


@given(st.lists(st.sampled_from(sorted(WRAPPERS)), max_size=12))
@example(["anthropic", "openrouter"] * 3)
@example(["relay", "status", "aws"] * 4)
def test_a_wrapped_refusal_is_read_as_the_refusal(wrappers):
    """No composition of up to twelve wrappers changes the reading."""
    text = NAMED
    for wrapper in wrappers:
        text = WRAPPERS[wrapper](text)
    assume(len(text) < 16 * 1024)  # each layer doubles the backslashes
    assert REFUSED == read_rejection(400, text.encode(), SENT)


QUOTED = st.sampled_from(
    [NAMED, "invalid beta flag", f"Unsupported beta header: {FILES}", f"不支持的 anthropic-beta: {FILES}",
     "The long context beta is not yet available for this subscription.", _json({"message": NAMED}),
     "beta headers are not supported", f"The {FILES} beta is not supported: send it without", "anthropic-beta rejected"]
)  # fmt: skip
QUOTING = st.sampled_from(
    ["messages.0.content: Input should be a valid list, got '{}'", 'Blocked by guardrail: user message contains "{}"',
     "Blocked by guardrail: user message contains {}", "Invalid tool input: {}", "prompt rejected: “{}”",
     "The user said: {}", "messages.3.content.0.text: {}", "Could not parse `{}`", "MCP server error: {}",
     "web_fetch error: {}", "USER_MESSAGE: {}", "tool_output error: {}"]
)  # fmt: skip


@given(QUOTED, QUOTING, st.sampled_from(sorted(WRAPPERS)))
def test_a_refusal_in_quoted_text_drops_nothing(quoted, quoting, wrapper):
    """An error that repeats what the user wrote about betas is no refusal of one."""
    body = WRAPPERS[wrapper](quoting.replace("{}", quoted))
    assert read_rejection(400, body.encode(), SENT) is None


DETAILS = st.sampled_from(
    ["Guardrail intervened", "Tool execution failed", "Content moderation", "MCP tool error", "content filter: blocked"]
)


@given(QUOTED, DETAILS, st.sampled_from(["detail", "details", "reason", "cause", "raw", "error"]))
def test_a_refusal_in_the_details_of_a_guardrail_or_a_tool_drops_nothing(quoted, message, key):
    """What such an error explains itself with is what somebody wrote, or what a program put out."""
    for details in (quoted, {"message": quoted}, [{"msg": quoted}]):
        assert read_rejection(400, _json({"error": {"message": message, key: details}}).encode(), SENT) is None


@given(st.sampled_from([NAMED, "invalid beta flag", "The long context beta is not yet available"]), st.data())
def test_a_refusal_broken_into_lines_is_read_as_the_refusal(message, data):
    """Replies come as a terminal showed them: a space may be a line break and an indentation."""
    spaces = st.sampled_from([" ", "  ", "\n    ", " \n  ", "\u00a0"])
    words = message.split(" ")
    broken = words[0] + "".join(data.draw(spaces) + word for word in words[1:])
    assert read_rejection(400, message.encode(), SENT) == read_rejection(400, _json({"message": broken}).encode(), SENT)


BEFORE = ("", "error: ", "error: {'", 'error: {\\"', "Unsupported beta header: ", "anthropic-beta ", "model ")
UNITS = ("{", '{"a":', "[{", "`", '"', "'", "'\\", "\\", "beta ", "invalid beta flag ", "error: ", "400 ", f"{FILES}, ")
UNITS += ("`a-1`, ", "the ", "a ", "a:", "-", "(", "\n", "值", "to use ", "is not supported ", "[a-1 ", "x" * 99 + " ")
UNITS += (
    "  \n  ",
    "\n ",
    "\u3000",
    "anthropic-beta\uff1a",
    "operation error Bedrock: ",
    "betas=",
    "(s)",
    "A_",
    ", which ",
)
LABELS = "400 error, " * 48
LAYERS = _json({"error": {"raw": _json({"message": _json({"message": "beta" * 5000})})}})
HOSTILE = {
    **{f"{before!r} {unit!r}": before + unit * (65536 // len(unit)) for before in BEFORE for unit in UNITS},
    "many texts": _json({"errors": [LABELS + "the " * 100 + "beta " + "a-1, " * 100] * 60}),
    **{
        f"{message[:end]!r} {texts} times": _json({"errors": [(message[:end] * 500)[: 60000 // texts]] * texts})
        for message in {rule: message for rule, message, _ in INVENTED["named_messages"]}.values()
        for end in (*(space.end() for space in re.finditer(" ", message)), len(message))
        for texts in (1, 14)
    },
    "many names": _json({"errors": [LABELS + "the model " + "a " * 9 + "anthropic-beta " + f"{FILES} , " * 99] * 50}),
    "many layers": _json({"message": "x" * 20000, "error": LAYERS}),
}


@pytest.mark.parametrize("body", [pytest.param(body.encode()[:65536], id=name) for name, body in HOSTILE.items()])
def test_hostile_replies_take_little_time(body):
    """64 KiB of anything are read in well under 50 ms."""
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        read_rejection(400, body, SENT)
        taken.append(time.perf_counter() - start)
        if taken[-1] < 0.02:
            break
    assert 0.05 > min(taken)


def test_rules_have_names_of_their_own():
    """A rule is what logs and hooks know a dialect by."""
    assert len(DIALECTS) == len({dialect.rule for dialect in DIALECTS})
