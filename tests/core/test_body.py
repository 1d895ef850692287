"""Which fields of a body belong to a beta, and which are lost with it."""

import json
from typing import Any

import pytest
from hypothesis import given
from support.bodies import (
    BATCHES,
    BETAS,
    BODIES,
    DEFINED,
    DEFINED_TOOLSET,
    ENDPOINTS,
    GATES,
    MESSAGES,
    PINNED,
    REFERENCE,
    SERVER,
    SIGNED,
    TOOLSET,
    UNSIGNED,
    USES,
    batch,
    message,
    tools,
)

from betamw.core.body import closed_fields, fields_lost, gated_fields
from betamw.core.catalog import CATALOG, Catalog, Gate


def fields_at(endpoint: str, body: object, betas: set[str]) -> tuple[str, ...]:
    method, template = endpoint.split(" ")
    return gated_fields(body, method=method, template=template, betas=betas)


def all_but(gate: Gate) -> set[str]:
    return set(CATALOG.betas) - set(gate.betas)


class TestEveryGate:
    def test_has_a_body(self) -> None:
        """Every gate with fields is tried here."""
        assert {gate.id for gate in CATALOG.gates if gate.fields} == {gate_id for gate_id, *_ in USES}

    @pytest.mark.parametrize(("gate_id", "body", "fields", "_other"), USES)
    def test_closed(self, gate_id: str, body: object, fields: str, _other: object) -> None:
        """Without the gate's betas, whatever else is sent, its fields are named: on each of its endpoints."""
        gate = GATES[gate_id]
        for endpoint in gate.endpoints:
            whole, prefix = (body, "") if endpoint != f"POST {BATCHES}" else batch(body, 0)

            assert tuple(prefix + field for field in fields.split()) == fields_at(endpoint, whole, all_but(gate))

    @pytest.mark.parametrize(("gate_id", "body", "_fields", "_other"), USES)
    def test_opened(self, gate_id: str, body: object, _fields: str, _other: object) -> None:
        """Any one of the gate's betas opens its fields."""
        gate = GATES[gate_id]

        assert dict.fromkeys(gate.betas, ()) == {
            beta: fields_at(gate.endpoints[0], body, {*all_but(gate), beta}) for beta in gate.betas
        }

    @pytest.mark.parametrize(("gate_id", "_body", "_fields", "other"), USES)
    def test_not_used(self, gate_id: str, _body: object, _fields: str, other: object) -> None:
        """A body that only looks like it does not need the gate's betas."""
        gate = GATES[gate_id]
        selected = [path for field in gate.fields for path in field.select(other) if gate.stands(other)]

        assert [] == selected


class TestGatedFields:
    def test_document_order(self) -> None:
        """Fields come in the order of the body, not of the catalog."""
        body = {"speed": "fast", **message(SIGNED, UNSIGNED), **tools("computer_20250124", "advisor_20260301")}

        assert ("speed", "messages.1.content.0", "messages.1.content.1", "tools.1", "tools.2") == fields_at(
            f"POST {MESSAGES}", body, set()
        )

    def test_outermost(self) -> None:
        """A field inside of a named one goes without saying."""
        body = {"context_management": {"edits": [{"type": "compact_20260112"}]}, "speed": "fast"}

        assert ("context_management", "speed") == fields_at(f"POST {MESSAGES}", body, set())

    def test_each_part_of_a_batch_by_itself(self) -> None:
        """A condition of a gate looks at one request of a batch, not at its neighbours."""
        body = {"requests": [{"params": {"tools": [TOOLSET]}}, {"params": {"mcp_servers": [SERVER]}}]}

        assert ("requests.1.params.mcp_servers",) == fields_at(f"POST {BATCHES}", body, {"mcp-client-2025-11-20"})

    def test_fields_of_a_message_are_not_those_of_a_batch(self) -> None:
        """The top of a batch has no gated fields."""
        assert () == fields_at(f"POST {BATCHES}", {"speed": "fast"}, set())

    def test_other_endpoint(self) -> None:
        """Where the catalog knows no gate, no field is gated."""
        assert () == fields_at("POST /v1/complete", {"speed": "fast"}, set())

    def test_method(self) -> None:
        """The method belongs to the endpoint, in any case of letters."""
        body = {"speed": "fast"}

        assert ("speed",) == gated_fields(body, method="post", template=MESSAGES, betas=())
        assert () == gated_fields(body, method="GET", template=MESSAGES, betas=())

    def test_other_catalog(self) -> None:
        """Another catalog has other gates."""
        catalog = Catalog.from_toml(
            'betas.feature.active = { a = "" }\n'
            'gates = [{ id = "g", betas = ["a"], endpoints = ["POST /chat"], fields = ["x"] }]'
        )

        assert ("x",) == gated_fields({"x": 1}, method="POST", template="/chat", betas=(), catalog=catalog)


class TestOverlaps:
    @pytest.mark.parametrize(
        ("body", "betas", "fields"),
        [
            # Each date of the MCP connector has its own body; the newest includes the one before it.
            ({"mcp_servers": [SERVER]}, {"mcp-client-2025-04-04"}, ()),
            ({"mcp_servers": [SERVER]}, {"mcp-client-2025-11-20"}, ("mcp_servers",)),
            ({"mcp_servers": [SERVER], "tools": [TOOLSET]}, {"mcp-client-2025-11-20"}, ()),
            ({"mcp_servers": [SERVER], "tools": [TOOLSET]}, {"mcp-client-2026-09-15"}, ()),
            ({"mcp_servers": [SERVER], "tools": [TOOLSET]}, {"mcp-client-2025-04-04"}, ("mcp_servers", "tools.0")),
            ({"mcp_servers": [SERVER], "tools": [PINNED]}, {"mcp-client-2026-09-15"}, ()),
            ({"mcp_servers": [SERVER], "tools": [PINNED]}, {"mcp-client-2025-11-20"}, ("tools.0.tools",)),
            ({"mcp_servers": [SERVER], "tools": [PINNED]}, set(), ("mcp_servers", "tools.0")),
            (message({"type": "mcp_tool_use"}), {"mcp-client-2025-04-04"}, ()),
            # A toolset that comes in a message needs both betas, and its server the newest date.
            (
                {
                    "mcp_servers": [SERVER],
                    **message({"type": "tool_addition", "tool": DEFINED_TOOLSET}, role="system"),
                },
                {"inline-tools-2026-09-15", "mcp-client-2026-09-15"},
                (),
            ),
            (
                message({"type": "tool_addition", "tool": DEFINED_TOOLSET}, role="system"),
                {"inline-tools-2026-09-15"},
                ("messages.1.content.0",),
            ),
            (
                message({"type": "tool_addition", "tool": DEFINED_TOOLSET}, role="system"),
                {"mcp-client-2026-09-15"},
                ("messages.1.content.0",),
            ),
            # Tools by reference have two betas, by definition one.
            (
                message({"type": "tool_addition", "tool": REFERENCE}, role="system"),
                {"mid-conversation-tool-changes-2026-07-01"},
                (),
            ),
            (
                message({"type": "tool_addition", "tool": DEFINED}, role="system"),
                {"mid-conversation-tool-changes-2026-07-01"},
                ("messages.1.content.0",),
            ),
            # Two betas share the key context_management; each opens its own edits.
            ({"context_management": {"edits": [{"type": "compact_20260112"}]}}, {"compact-2026-01-12"}, ()),
            (
                {"context_management": {"edits": [{"type": "compact_20260112"}, {"type": "clear_thinking_20251015"}]}},
                {"compact-2026-01-12"},
                ("context_management.edits.1",),
            ),
            ({"context_management": {"edits": []}}, {"context-management-2025-06-27"}, ()),
            ({"context_management": {}}, {"compact-2026-01-12"}, ("context_management",)),
            # The two compactions tell their blocks apart by the signature.
            (message(SIGNED, UNSIGNED), {"compact-2026-01-12"}, ("messages.1.content.0",)),
            (message(SIGNED, UNSIGNED), {"compact-2026-09-04"}, ("messages.1.content.1",)),
            # The forms of a field have their dates.
            ({"fallbacks": "default"}, {"server-side-fallback-2026-06-01"}, ("fallbacks",)),
            ({"fallbacks": []}, {"server-side-fallback-2026-06-01"}, ()),
            ({"fallbacks": [{"speed": "fast"}]}, {"server-side-fallback-2026-06-01"}, ("fallbacks.0.speed",)),
            ({"fallbacks": [{"speed": "fast"}]}, {"fast-mode-2026-02-01"}, ("fallbacks",)),
            ({"fallback_credit_token": "t"}, {"fallback-credit-2026-06-01"}, ()),
            ({"fallback_credit_token": "t"}, {"fallback-credit-2026-07-01"}, ()),
            ({"fallback_credit_token": {}}, {"fallback-credit-2026-06-01"}, ("fallback_credit_token",)),
        ],
    )
    def test_overlap(self, body: object, betas: set[str], fields: tuple[str, ...]) -> None:
        """Where gates meet, a field is open when each gate that selects it is."""
        assert fields == fields_at(f"POST {MESSAGES}", body, betas)


class TestFieldsLost:
    @staticmethod
    def lost(body: object, sent: set[str], dropped: set[str], template: str = MESSAGES) -> tuple[str, ...]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return fields_lost(raw, method="POST", template=template, sent=sent, dropped=dropped)

    def test_lost(self) -> None:
        """A field is lost with the beta that opened it."""
        assert ("speed",) == self.lost({"speed": "fast"}, {"fast-mode-2026-02-01"}, {"fast-mode-2026-02-01"})

    def test_another_beta_opens_it_too(self) -> None:
        """A field that a beta that stays opens as well is not lost."""
        sent = {"fallback-credit-2026-06-01", "fallback-credit-2026-07-01"}

        assert () == self.lost({"fallback_credit_token": "t"}, sent, {"fallback-credit-2026-06-01"})

    def test_closed_before(self) -> None:
        """A field that was closed all along is not lost."""
        body = {"speed": "fast", "thread": {}}

        assert ("thread",) == self.lost(body, {"message-threads-2026-08-12"}, {"message-threads-2026-08-12"})

    def test_inside_of_what_was_closed(self) -> None:
        """Nor is a field inside of one that was, or one that another beta kept closed."""
        addition = message({"type": "tool_addition", "tool": DEFINED_TOOLSET}, role="system")

        assert () == self.lost({"fallbacks": [{"speed": "fast"}]}, {"fast-mode-2026-02-01"}, {"fast-mode-2026-02-01"})
        assert () == self.lost(addition, {"inline-tools-2026-09-15"}, {"inline-tools-2026-09-15"})

    def test_dropped_but_not_sent(self) -> None:
        """Dropping what was not sent loses nothing."""
        assert () == self.lost({"speed": "fast"}, set(), {"fast-mode-2026-02-01"})

    def test_the_field_around_it(self) -> None:
        """With the last beta of a key the whole key is lost."""
        body = {"context_management": {"edits": [{"type": "clear_thinking_20251015"}]}}
        sent = {"context-management-2025-06-27"}

        assert ("context_management",) == self.lost(body, sent, sent)

    def test_batch(self) -> None:
        """In a batch each request may lose fields."""
        sent = {"fast-mode-2026-02-01"}

        assert ("requests.2.params.speed",) == self.lost(batch({"speed": "fast"}, 2)[0], sent, sent, BATCHES)

    def test_not_decoded_for_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A body is not decoded when what is dropped opens nothing there."""

        def decode(_body: bytes) -> object:
            raise AssertionError

        monkeypatch.setattr("betamw.core.body.msgspec.json.decode", decode)

        assert () == self.lost({"speed": "fast"}, {"files-api-2025-04-14"}, {"files-api-2025-04-14"})

    @pytest.mark.parametrize("body", [b'{"\\u0073peed": "fast"}', b'{"x": "\\u00e4", "speed": 1}'])
    def test_escaped(self, body: bytes) -> None:
        """A key that is spelled with escapes is found all the same."""
        assert ("speed",) == self.lost(body, {"fast-mode-2026-02-01"}, {"fast-mode-2026-02-01"})

    def test_the_word_alone(self) -> None:
        """A text that only holds the words of a field does not use it."""
        assert () == self.lost({"system": ["speed"]}, {"fast-mode-2026-02-01"}, {"fast-mode-2026-02-01"})

    @pytest.mark.parametrize(
        "body",
        [
            b'{"speed"',
            b'{"speed": "\xff"}',
            b"",
            b"\xff",
            b'"\xff"',
            b"{",
            b"[" * 100_000,
            b"1" * 5000,
            b"NaN",
            b"--boundary\r\n",
            b"null",
            b"[]",
            b'"s"',
        ],
    )
    def test_not_a_json_object(self, body: bytes) -> None:
        """Bytes that are no JSON object have no fields, and raise nothing."""
        assert () == self.lost(body, {"fast-mode-2026-02-01"}, {"fast-mode-2026-02-01"})


def without(body: Any, fields: tuple[str, ...]) -> object:
    """A copy of a body without some of its fields."""
    copy = json.loads(json.dumps(body))
    for field in reversed(fields):
        *above, last = field.split(".")
        node = copy
        for step in above:
            node = node[int(step)] if isinstance(node, list) else node[step]
        del node[int(last) if isinstance(node, list) else last]
    return copy


@given(ENDPOINTS, BODIES)
def test_all_betas_open_everything(endpoint: str, body: object) -> None:
    """With all betas sent nothing is gated."""
    assert () == fields_at(endpoint, body, set(CATALOG.betas))


@given(ENDPOINTS, BODIES, BETAS)
def test_without_its_gated_fields_a_body_passes(endpoint: str, body: object, betas: set[str]) -> None:
    """The fields named are in the body, and what is left without them is not gated."""
    fields = fields_at(endpoint, body, betas)

    assert () == fields_at(endpoint, without(body, fields), betas)


@given(ENDPOINTS, BODIES, BETAS)
def test_the_gates_say_what_opens(endpoint: str, body: object, betas: set[str]) -> None:
    """With a beta of each gate that closes a field, or something in it, nothing is gated."""
    method, template = endpoint.split()
    closed = closed_fields(body, method=method, template=template, betas=betas)

    assert () == fields_at(endpoint, body, betas | {gate.betas[0] for gates in closed.values() for gate in gates})


@given(ENDPOINTS, BODIES, BETAS, BETAS)
def test_nothing_lost_that_was_not_open(endpoint: str, body: object, sent: set[str], dropped: set[str]) -> None:
    """What is lost is gated afterwards and was not before."""
    method, template = endpoint.split(" ")
    raw = json.dumps(body).encode()
    lost = fields_lost(raw, method=method, template=template, sent=sent, dropped=dropped)

    assert set(lost) == set(fields_at(endpoint, body, sent - dropped)) - set(fields_at(endpoint, body, sent))
