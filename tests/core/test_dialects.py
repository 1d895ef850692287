"""The sentences of servers: which of them refuse a beta, and which only speak of one."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from betamw.core.dialects import DIALECTS
from betamw.core.rejection import Rejection, read_rejection

CORPUS = Path(__file__).parents[1] / "corpus"
INVENTED = json.loads((CORPUS / "invented_replies.json").read_text(encoding="utf-8"))
REPLIES = {
    reply["id"]: reply
    for name in ("error_replies", "found_replies")
    for reply in json.loads((CORPUS / f"{name}.json").read_text(encoding="utf-8"))
}
SENT = tuple(INVENTED["sent"])

FILES = "files-api-2025-04-14"
CACHING = "prompt-caching-2024-07-31"
LONG = "context-1m-2025-08-07"


def read(message: str, sent: Sequence[str] = SENT, header: str = "anthropic-beta") -> Rejection | None:
    """Read a reply that says `message`."""
    body = json.dumps({"error": {"message": message}}).encode()
    return read_rejection(400, body, sent, header=header)


@pytest.mark.parametrize(("rule", "message", "betas"), INVENTED["named_messages"])
def test_a_sentence_that_names_betas_refuses_just_these(rule, message, betas):
    """The betas are blamed that the sentence refuses, and no others that it mentions."""
    assert Rejection(tuple(beta for beta in SENT if beta in betas), rule, named=True) == read(message)


@pytest.mark.parametrize("message", INVENTED["unnamed_messages"])
def test_a_sentence_that_names_no_beta_is_an_unnamed_rejection(message):
    """That some beta is refused is known, which one is not."""
    assert Rejection((), "invalid-flag", named=False) == read(message)


@pytest.mark.parametrize("message", INVENTED["other_messages"])
def test_a_sentence_that_refuses_no_beta_is_not_ours(message):
    """Requests for a beta, quotations, errors of other fields and names that were not sent drop nothing."""
    assert read(message) is None


@pytest.mark.parametrize(("rule", "seen"), [(dialect.rule, id_) for dialect in DIALECTS for id_ in dialect.seen])
def test_the_replies_that_a_dialect_is_taken_from_are_read_as_it(rule, seen):
    """The table's sources are true."""
    reply = REPLIES[seen]
    rejection = read_rejection(reply["status"], reply["body"].encode(), reply["sent"])
    assert rejection is not None
    assert rule == rejection.rule


@pytest.mark.parametrize("header", ["OpenAI-Beta", "openai-beta", "OPENAI-BETA"])
def test_another_header_is_looked_for_by_its_own_name(header):
    """An API with a beta header of its own is understood in any case of the name."""
    message = f"Unexpected value(s) `assistants=v9` for the `{header}` header"
    expected = Rejection(("assistants=v9",), "unexpected-value", named=True)
    assert expected == read(message, ["assistants=v9"], "OpenAI-Beta")


@pytest.mark.parametrize(
    ("named", "sent", "betas"),
    [
        ("realtime", ["assistants=v2", "realtime=v1"], ("realtime=v1",)),
        ("assistants", ["assistants=v1", "realtime=v1", "assistants=v2"], ("assistants=v1", "assistants=v2")),
        ("real", ["realtime=v1"], None),
        ("v1", ["realtime=v1"], None),
        ("tools", ["tools", "tools=v1"], ("tools",)),
        ("a=b", ["a=b=c"], None),
    ],
)
def test_a_name_stands_for_its_versions(named, sent, betas):
    """OpenAI refuses `realtime=v1` as 'realtime'; a name that was sent itself stands for nothing else."""
    expected = betas and Rejection(betas, "unsupported-header", named=True)
    assert expected == read(f"Unknown beta requested: '{named}'.", sent, "OpenAI-Beta")


@pytest.mark.parametrize("other", ["assistants", "assistants=v2"])
def test_a_name_of_another_is_a_doubt(other):
    """What is said of another beta that was sent counts by the name of its feature, too."""
    sent = ["realtime=v1", "assistants=v2"]
    assert read(f"Unknown beta requested: 'realtime', not '{other}'.", sent, "OpenAI-Beta") is None


@pytest.mark.parametrize("header", ["openai-beta", "x-anthropic-beta", "anthropic-beta-2", "anthropic-version"])
def test_a_refusal_of_another_header_is_not_ours(header):
    """The name of the header counts as a whole."""
    assert read(f"Unexpected value(s) `{FILES}` for the `{header}` header") is None


def test_a_header_without_beta_in_its_name_is_understood():
    """Nothing but the header's name has to tell what the sentence is about."""
    expected = Rejection(("fast-2",), "unsupported-header", named=True)
    assert expected == read("Unsupported X-Features: fast-2", ["fast-2"], "X-Features")


def test_the_beginning_of_another_name_is_not_blamed():
    """Of two betas of which one begins like the other, the one that is named is meant."""
    expected = Rejection((f"{CACHING}-x",), "unsupported-header", named=True)
    assert expected == read(f"Unsupported beta header: {CACHING}-x", [CACHING, f"{CACHING}-x"])


@pytest.mark.parametrize("end", ["", ".", ",", "!", ";", ")", "\n", " (request id: 1)", ". ", ": no"])
def test_punctuation_after_a_name_is_not_part_of_it(end):
    """A full stop may follow a name, though a name may hold one."""
    assert Rejection((FILES,), "unsupported-header", named=True) == read(f"Unsupported beta header: {FILES}{end}")


def test_betas_are_given_in_the_order_sent():
    """The order of a reply means nothing."""
    rejection = read(f"unsupported beta header(s): {LONG}, {FILES}", [FILES, LONG])
    assert Rejection((FILES, LONG), "unsupported-header", named=True) == rejection


def test_a_description_blames_nothing_when_no_such_beta_was_sent():
    """The long context beta of somebody else is not ours."""
    assert read("The long context beta is not yet available for this subscription.", [FILES]) is None


def test_two_errors_in_one_reply_blame_both_betas():
    """A validator lists one error for each beta."""
    errors = [{"message": f"Unsupported beta header: {LONG}"}, {"message": f"Unsupported beta header: {FILES}"}]
    body = json.dumps({"errors": errors}).encode()
    assert Rejection((FILES, LONG), "unsupported-header", named=True) == read_rejection(400, body, [FILES, LONG])


def test_a_name_counts_for_more_than_a_refusal_without_one():
    """The outer error may be the less precise one."""
    body = json.dumps({"message": "invalid beta flag", "detail": f"Unsupported beta header: {FILES}"}).encode()
    assert Rejection((FILES,), "unsupported-header", named=True) == read_rejection(400, body, [FILES])


def test_the_text_after_a_token_is_for_people():
    """What a gateway explains, and asks for, does not change what its token says."""
    message = f"capability_rejected: beta_header:{FILES}; send the full history, this backend requires {LONG}"
    assert Rejection((FILES,), "capability-rejected", named=True) == read(message)
