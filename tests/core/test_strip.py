"""A body without the fields of the betas that are dropped."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bodies import (
    BATCHES,
    BETAS,
    BODIES,
    ENDPOINTS,
    GATES,
    MESSAGES,
    PINNED,
    REFERENCE,
    SERVER,
    SIGNED,
    TOOLSET,
    USES,
    batch,
    message,
    tools,
)

from betamw.core.body import fields_lost
from betamw.core.catalog import CATALOG, Catalog
from betamw.core.strip import without_fields

EDITING, COMPACT = "context-management-2025-06-27", "compact-2026-01-12"
COMPUTER, ADVISOR = "computer-use-2025-01-24", "advisor-tool-2026-03-01"
INLINE = "inline-tools-2026-09-15"
FAST = "fast-mode-2026-02-01"


def stripped(
    body: object, *dropped: str, sent: set[str] | None = None, template: str = MESSAGES
) -> tuple[Any, tuple[str, ...]] | None:
    """The decoded rest and the fields; what is sent is what is dropped, unless told."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = without_fields(raw, method="POST", template=template, sent=sent or set(dropped), dropped=dropped)
    return found and (json.loads(found[0]), found[1])


GONE = object()


def without(value: Any, fields: tuple[str, ...], at: tuple[str, ...] = ()) -> Any:
    """A body without some of its fields, the lists of which nothing is left, and the messages without content."""
    if ".".join(at) in fields:
        return GONE
    if isinstance(value, dict):
        rest = {key: without(inner, fields, (*at, key)) for key, inner in value.items()}
        makes = [rest[key] for key in ("content", "output_config") if rest.get(key)]
        if at[-2:-1] == ("messages",) and at[-1].isdigit() and GONE in makes and makes.count(GONE) == len(makes):
            return GONE
        return {key: inner for key, inner in rest.items() if inner is not GONE}
    if isinstance(value, list):
        left = [without(inner, fields, (*at, str(index))) for index, inner in enumerate(value)]
        left = [inner for inner in left if inner is not GONE]
        return GONE if value and not left and at else left
    return value


class TestEveryGate:
    @pytest.mark.parametrize(("gate_id", "body", "fields", "_other"), USES)
    def test_goes(self, gate_id: str, body: dict[str, Any], fields: str, _other: object) -> None:
        """The fields of a gate go, and what is around them stays: on each of its endpoints."""
        gate = GATES[gate_id]
        full = {"model": "m", **body, "max_tokens": 1}
        for endpoint in gate.endpoints:
            whole, prefix = (full, "") if endpoint != f"POST {BATCHES}" else batch(full, 1)
            raw = json.dumps(whole, indent=1).encode()
            method, template = endpoint.split(" ")
            found = without_fields(
                raw, method=method, template=template, sent=set(CATALOG.betas), dropped=set(gate.betas)
            )
            named = tuple(prefix + field for field in fields.split())

            assert (json.dumps(without(whole, named), indent=1).encode(), named) == found


class TestWhatGoes:
    def test_bytes(self) -> None:
        """What stays is byte for byte the caller's."""
        body = (
            b'{ "speed" : "fast",\n  "model":"m\\u00e9", "temperature":1.0e+0, "x":"\xc3\xa9", "n":1234567890123456789,'
            b' "a":1, "a" :2,"output_config":{"effort":"high","task_budget":{"total":1}}\t}\n'
        )
        rest = (
            b'{ "model":"m\\u00e9", "temperature":1.0e+0, "x":"\xc3\xa9", "n":1234567890123456789,'
            b' "a":1, "a" :2,"output_config":{"effort":"high"}\t}\n'
        )
        betas = {FAST, "task-budgets-2026-03-13"}

        assert (rest, ("speed", "output_config.task_budget")) == without_fields(
            body, method="POST", template=MESSAGES, sent=betas, dropped=betas
        )

    def test_list_that_becomes_empty(self) -> None:
        """A list of which nothing is left goes with its key."""
        body = {"tools": [{"type": "computer_20250124"}, {"type": "computer_20250124"}], "model": "m"}

        assert ({"model": "m"}, ("tools.0", "tools.1")) == stripped(body, COMPUTER)

    def test_list_in_a_list(self) -> None:
        """A list in a list goes with its place, and the list around it when that was all."""
        catalog = Catalog.from_toml(
            'betas.feature.active = { a = "" }\n'
            'gates = [{ id = "g", betas = ["a"], endpoints = ["POST /c"], fields = ["x[].y[k]"] }]'
        )

        def left(body: str) -> object:
            return without_fields(
                body.encode(), method="POST", template="/c", sent=["a"], dropped=["a"], catalog=catalog
            )

        assert (b'{"x":[{},{"y":[1]}]}', ("x.0.y.0", "x.1.y.1")) == left('{"x":[{"y":[{"k":1}]},{"y":[1,{"k":1}]}]}')

    def test_list_that_was_empty(self) -> None:
        """A list that was empty before stays."""
        body = {"tools": [], "messages": [], "context_management": {"edits": []}, "speed": "fast"}

        assert ({k: v for k, v in body.items() if k != "speed"}, ("speed",)) == stripped(
            body, FAST, sent={FAST, EDITING}
        )

    def test_object_that_becomes_empty(self) -> None:
        """An object of which nothing is left stays."""
        body = {"output_config": {"task_budget": {"total": 1}}}

        assert ({"output_config": {}}, ("output_config.task_budget",)) == stripped(body, "task-budgets-2026-03-13")

    def test_what_is_gated_after_that(self) -> None:
        """What belongs to a dropped beta only once other fields are gone, goes as well, and is named for both."""
        body = {"context_management": {"edits": [{"type": "clear_thinking_20251015"}]}, "model": "m"}

        assert ({"model": "m"}, ("context_management",)) == stripped(body, EDITING, sent={EDITING, COMPACT})

    def test_edits_of_another_beta(self) -> None:
        """The edits of a beta that stays, stay."""
        edits = [{"type": "clear_thinking_20251015"}, {"type": "compact_20260112"}]

        assert ({"context_management": {"edits": edits[1:]}}, ("context_management.edits.0",)) == stripped(
            {"context_management": {"edits": edits}}, EDITING, sent={EDITING, COMPACT}
        )

    def test_message_without_content(self) -> None:
        """A message of which no content is left goes as a whole."""
        body = message({"type": "tool_addition", "tool": REFERENCE}, role="system", name="n")

        assert ({"messages": body["messages"][:1]}, ("messages.1.content.0",)) == stripped(body, INLINE)

    def test_message_that_has_something_else(self) -> None:
        """A system message may have an `output_config` in place of content, and with that it stays."""
        body = message({"type": "tool_addition", "tool": REFERENCE}, role="system", output_config={"effort": "low"})
        left = {"messages": [body["messages"][0], {"role": "system", "output_config": {"effort": "low"}}]}

        assert (left, ("messages.1.content.0",)) == stripped(
            body, INLINE, sent={INLINE, "mid-conversation-output-config-2026-07-01"}
        )

    @pytest.mark.parametrize("content", [{}, {"content": []}, {"content": [{"type": "tool_removal"}]}])
    def test_message_that_loses_both(self, content: dict[str, object]) -> None:
        """Without either it goes."""
        turn = {"role": "user", "content": "Hi"}
        body = {"messages": [{"role": "system", "output_config": {"effort": "low"}, **content}, turn]}

        assert {"messages": [turn]} == stripped(body, INLINE, "mid-conversation-output-config-2026-07-01")[0]

    def test_message_that_never_had_any(self) -> None:
        """A message that had neither, and has lost nothing, is the caller's affair."""
        body = {"messages": [{"role": "system", "clear_at": "never", "output_config": {}}, {"role": "user"}]}

        assert {"messages": [{"role": "system", "output_config": {}}, {"role": "user"}]} == stripped(
            body, "mid-conversation-system-clear-at-2026-08-21"
        )[0]

    def test_content_of_another_thing(self) -> None:
        """What is called content elsewhere takes only itself along."""
        catalog = Catalog.from_toml(
            'betas.feature.active = { a = "" }\n'
            'gates = [{ id = "g", betas = ["a"], endpoints = ["POST /c"], fields = ["x[].content[k]", "content[k]"] }]'
        )
        body = b'{"x":[{"content":[{"k":1}]}],"content":[{"k":1}]}'

        assert (b'{"x":[{}]}', ("x.0.content.0", "content.0")) == without_fields(
            body, method="POST", template="/c", sent=["a"], dropped=["a"], catalog=catalog
        )

    def test_batch(self) -> None:
        """Each request of a batch is stripped by itself."""
        body = {"requests": [{"params": {"speed": "fast", "n": 0}}, {"params": {"n": 1}}, {"params": {"speed": None}}]}

        assert (
            {"requests": [{"params": {"n": 0}}, {"params": {"n": 1}}, {"params": {}}]},
            ("requests.0.params.speed", "requests.2.params.speed"),
        ) == stripped(body, FAST, template=BATCHES)

    def test_document_order(self) -> None:
        """The fields are named in the order of the body, with their places before anything went."""
        body = {**tools("advisor_20260301", "bash_20250124", "computer_20250124"), "speed": "fast"}

        assert ("tools.1", "tools.3", "speed") == stripped(body, FAST, COMPUTER, ADVISOR)[1]

    def test_server_and_its_toolset(self) -> None:
        """A condition of a gate holds as it did before anything went."""
        body = {"mcp_servers": [SERVER], "tools": [PINNED], "model": "m"}

        assert ({"model": "m"}, ("mcp_servers", "tools.0")) == stripped(body, "mcp-client-2026-09-15")

    def test_part_of_a_tool(self) -> None:
        """A beta that opens a part of a tool takes only that along."""
        sent = {"mcp-client-2026-09-15", "mcp-client-2025-11-20"}
        body = {"mcp_servers": [SERVER], "tools": [PINNED]}

        assert ({"mcp_servers": [SERVER], "tools": [TOOLSET]}, ("tools.0.tools",)) == stripped(
            body, "mcp-client-2026-09-15", sent=sent
        )

    def test_key_written_twice(self) -> None:
        """A key that is written twice goes twice."""
        assert ({"a": 1}, ("speed",)) == stripped(b'{"speed":1,"a":1,"\\u0073peed":2}', FAST)


class TestNothingToStrip:
    @pytest.mark.parametrize(
        "body", [b'{"speed"', b"", b"\xff", b"[" * 100_000, b"null", b'["speed"]', b'"speed"', b'{"a": "speed"}']
    )
    def test_as_it_is(self, body: bytes) -> None:
        """A body without such fields, or that is no JSON, is given back."""
        assert (body, ()) == without_fields(body, method="POST", template=MESSAGES, sent={FAST}, dropped={FAST})

    def test_not_decoded_for_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A body is not decoded when what is dropped opens nothing in it."""

        def decode(_body: bytes) -> object:
            raise AssertionError

        monkeypatch.setattr("betamw.core.body.msgspec.json.decode", decode)

        assert (b'{"x":1}', ()) == without_fields(
            b'{"x":1}', method="POST", template=MESSAGES, sent={FAST}, dropped={FAST}
        )


ONLY = {"tools": [{"type": "computer_20250124", "name": "computer"}]}
BOTH = {"tools": [{"type": "computer_20250124", "name": "computer"}, {"name": "get_time"}, "junk"]}


class TestDepth:
    def test_at_the_limit(self) -> None:
        """However deep a body is, nothing is raised, and no field is named that did not go."""
        for depth in range(sys.getrecursionlimit()):
            body = b'{"speed":1,"x":' + b"[" * depth + b"]" * depth + b"}"
            found = without_fields(body, method="POST", template=MESSAGES, sent={FAST}, dropped={FAST})

            assert found in {None, (body, ()), (body.replace(b'"speed":1,', b""), ("speed",))}


class TestToolChoice:
    @pytest.mark.parametrize("choice", [{"type": "auto"}, {"type": "none"}, {"type": "auto", "x": 1}])
    def test_goes_with_the_last_tool(self, choice: object) -> None:
        """A `tool_choice` that demands nothing goes with the last tool, and is named."""
        assert ({"a": 1}, ("tools.0", "tool_choice")) == stripped({**ONLY, "tool_choice": choice, "a": 1}, COMPUTER)

    @pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "computer"}, {}, "required", None])
    def test_demands_the_last_tool(self, choice: object) -> None:
        """One that demands a tool, or that nobody knows, cannot be sent without tools."""
        assert stripped({**ONLY, "tool_choice": choice}, COMPUTER) is None

    def test_demands_what_goes(self) -> None:
        """Nor can one that names the tool that goes."""
        assert stripped({**BOTH, "tool_choice": {"type": "tool", "name": "computer"}}, COMPUTER) is None

    @pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "auto"}, {"type": "tool", "name": "get_time"}, None])
    def test_stays_with_other_tools(self, choice: object) -> None:
        """One that the tools which are left can meet, stays."""
        assert (
            {"tools": BOTH["tools"][1:], "tool_choice": choice},
            ("tools.0",),
        ) == stripped({**BOTH, "tool_choice": choice}, COMPUTER)

    @pytest.mark.parametrize("gone", [{}, {"tools": None}, {"tools": [{"name": "x"}]}])
    def test_not_ours(self, gone: dict[str, object]) -> None:
        """One that has no tool anyway is the caller's affair."""
        rest = {**gone, "tool_choice": {"type": "tool", "name": "computer"}}

        assert (rest, ("speed",)) == stripped({**rest, "speed": "fast"}, FAST)

    def test_in_a_batch(self) -> None:
        """One request that cannot be sent keeps the whole batch back."""
        body = batch({**ONLY, "tool_choice": {"type": "any"}}, 3)[0]

        assert stripped(body, COMPUTER, template=BATCHES) is None


class TestLastMessage:
    def test_cannot_go(self) -> None:
        """A body without messages cannot be sent."""
        body = {"messages": [{"role": "assistant", "content": [SIGNED]}]}

        assert stripped(body, "compact-2026-09-04") is None


SPELLINGS = st.sampled_from(
    [{}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}, {"indent": 1, "separators": (" ,", " : ")}]
)


@given(ENDPOINTS, BODIES, BETAS, BETAS, SPELLINGS)
def test_nothing_more_to_lose(
    endpoint: str, body: object, sent: set[str], dropped: set[str], spelling: dict[str, Any]
) -> None:
    """What is left has no fields to lose, lacks those that are named, and is the rest of the body."""
    method, template = endpoint.split(" ")
    raw = json.dumps(body, **spelling).encode()
    lost = fields_lost(raw, method=method, template=template, sent=sent, dropped=dropped)
    found = without_fields(raw, method=method, template=template, sent=sent, dropped=dropped)
    if found is None:
        assert lost
        return
    text, fields = found

    assert () == fields_lost(text, method=method, template=template, sent=sent, dropped=dropped)
    assert all(any(f"{field}.".startswith(f"{named}.") for named in fields) for field in lost)
    assert json.loads(json.dumps(without(body, fields), **spelling)) == json.loads(text)
