"""The catalog that is shipped says what the collected facts say; other catalogs are read strictly."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from betamw.core.catalog import CATALOG, CATALOG_RULES, Catalog, Conflict, Gate, KnownBeta
from betamw.core.endpoint import OTHER
from betamw.core.errors import ConfigError

FACTS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "facts" / "claude_betas.json").read_text("utf-8"))

# Where the catalog says more than the facts, because of a source that was read later.
MCP_INCLUDES = "mcp-client-2026-09-15"  # "includes everything mcp-client-2025-11-20 does", says the connector's page
BETAS_ADDED = {"mcp-2025-11": (MCP_INCLUDES,)}
NOTE_CHANGED = {"mcp-2026-09": "replaces mcp-client-2025-11-20 (documented, see above)", "mcp-2025-04": ""}
PARTS = {  # parts of a gate: their betas and their confidence
    "mcp-2025-04/no-toolset": (("mcp-client-2025-04-04", MCP_INCLUDES), "inferred"),
    "mcp-2025-11/servers": (("mcp-client-2025-11-20", MCP_INCLUDES), "documented"),
    "mcp-2025-11/replay": (("mcp-client-2025-11-20", MCP_INCLUDES, "mcp-client-2025-04-04"), "inferred"),
    "context-editing/key": (("context-management-2025-06-27", "compact-2026-01-12"), "inferred"),
    "user-profiles-legacy-fields/onboarded-at": (("user-profiles-2026-08-18",), "documented"),
}

# What the facts say in words -> the gate and the selector, condition or words that say it in the catalog.
WHERE: dict[tuple[str, str], tuple[str, ...]] = {
    ("advisor-tool", "tools[].type == 'advisor_20260301'"): ("advisor-tool", "tools[type=advisor_20260301]"),
    ("advisor-tool", "messages[].content[].type == 'advisor_tool_result'"): (
        "advisor-tool",
        "messages[].content[type=advisor_tool_result]",
    ),
    ("billing-policy", "billing_policy present"): ("billing-policy", "billing_policy"),
    ("code-execution-2025-05", "tools[].type == 'code_execution_20250522'"): (
        "code-execution-2025-05",
        "tools[type=code_execution_20250522]",
    ),
    ("compaction-on-demand", "compaction present"): ("compaction-on-demand", "compaction"),
    ("compaction-on-demand", "messages[].content[] with type == 'compaction' and `signature`"): (
        "compaction-on-demand",
        "messages[].content[type=compaction][signature:string]",
    ),
    ("compaction-threshold", "context_management.edits[].type == 'compact_20260112'"): (
        "compaction-threshold",
        "context_management.edits[type=compact_20260112]",
    ),
    ("compaction-threshold", "messages[].content[] with type == 'compaction' and no `signature`"): (
        "compaction-threshold",
        "messages[].content[type=compaction][!signature:string]",
    ),
    ("computer-use-2024-10", "tools[].type in ['computer_20241022','bash_20241022','text_editor_20241022']"): (
        "computer-use-2024-10",
        "tools[type=computer_20241022|bash_20241022|text_editor_20241022]",
    ),
    ("computer-use-2025-01", "tools[].type == 'computer_20250124'"): (
        "computer-use-2025-01",
        "tools[type=computer_20250124]",
    ),
    ("computer-use-2025-11", "tools[].type == 'computer_20251124'"): (
        "computer-use-2025-11",
        "tools[type=computer_20251124]",
    ),
    ("context-editing", "context_management.edits[].type in ['clear_tool_uses_20250919','clear_thinking_20251015']"): (
        "context-editing",
        "context_management.edits[type=clear_tool_uses_20250919|clear_thinking_20251015]",
    ),
    ("context-editing", "context_management present without edits"): ("context-editing", "context_management{!edits}"),
    ("fallback-credit-object", "fallback_credit_token is an object"): (
        "fallback-credit-object",
        "fallback_credit_token:object",
    ),
    ("fallback-credit-string", "fallback_credit_token is a string"): (
        "fallback-credit-string",
        "fallback_credit_token:string",
    ),
    ("fallbacks-default", "fallbacks == 'default'"): ("fallbacks-default", "fallbacks=default"),
    ("fallbacks-list", "fallbacks is a list"): ("fallbacks-list", "fallbacks:array"),
    ("fallbacks-list", "messages[].content[].type == 'fallback' (replay; likely)"): (
        "fallbacks-list",
        "messages[].content[type=fallback]",
    ),
    ("fast-mode", "speed present"): ("fast-mode", "speed"),
    ("fast-mode", "fallbacks[].speed present"): ("fast-mode", "fallbacks[].speed"),
    ("fast-mode-usage-report", "query speeds[] present"): ("fast-mode-usage-report", "query speeds[] present"),
    ("fast-mode-usage-report", "query group_by contains 'speed'"): (
        "fast-mode-usage-report",
        "query group_by contains 'speed'",
    ),
    (
        "inline-tools-definition",
        "messages[role=system].content[].type == 'tool_addition' and .tool.type == 'tool_definition'",
    ): (
        "inline-tools-definition",
        "messages[role=system].content[type=tool_addition][tool.type=tool_definition]",
    ),
    ("mcp-2025-04", "mcp_servers[].tool_configuration present"): ("mcp-2025-04", "mcp_servers[].tool_configuration"),
    ("mcp-2025-04", "mcp_servers present and no tools[].type == 'mcp_toolset'"): (
        "mcp-2025-04/no-toolset",
        "mcp_servers",
        "unless tools[type=mcp_toolset]",
    ),
    # "Without `tools`" is the date 2025-11-20; the gate is opened by 2026-09-15 as well.
    ("mcp-2025-11", "tools[].type == 'mcp_toolset' (without `tools`)"): ("mcp-2025-11", "tools[type=mcp_toolset]"),
    ("mcp-2025-11", "mcp_servers present with a toolset"): (
        "mcp-2025-11/servers",
        "mcp_servers",
        "when tools[type=mcp_toolset]",
    ),
    ("mcp-2025-11", "messages[].content[].type in ['mcp_tool_use','mcp_tool_result'] (replay; inferred)"): (
        "mcp-2025-11/replay",
        "messages[].content[type=mcp_tool_use|mcp_tool_result]",
    ),
    ("mcp-2026-09", "tools[type=mcp_toolset].tools present"): ("mcp-2026-09", "tools[type=mcp_toolset].tools"),
    ("mcp-2026-09", "messages[].content[].type == 'mcp_tool_listing'"): (
        "mcp-2026-09",
        "messages[].content[type=mcp_tool_listing]",
    ),
    (
        "mcp-2026-09",
        "tool_addition whose tool.definition.type == 'mcp_toolset' (with inline-tools-2026-09-15)",
    ): (
        "mcp-2026-09",
        "messages[role=system].content[type=tool_addition][tool.definition.type=mcp_toolset]",
    ),
    ("message-threads", "thread present"): ("message-threads", "thread"),
    ("mid-conversation-clear-at", "messages[role=system].clear_at present"): (
        "mid-conversation-clear-at",
        "messages[role=system].clear_at",
    ),
    ("mid-conversation-output-config", "messages[role=system].output_config present"): (
        "mid-conversation-output-config",
        "messages[role=system].output_config",
    ),
    (
        "mid-conversation-tools",
        "messages[role=system].content[].type in ['tool_addition','tool_removal'] by reference",
    ): (
        "mid-conversation-tools",
        "messages[role=system].content[type=tool_addition|tool_removal][!tool.type=tool_definition]",
    ),
    ("output-128k", "max_tokens > 64000 on Claude Sonnet 3.7"): (
        "output-128k",
        "max_tokens > 64000 on Claude Sonnet 3.7",
    ),
    ("output-300k", "requests[].params.max_tokens > the model's normal cap (128000)"): (
        "output-300k",
        "requests[].params.max_tokens > the model's normal cap (128000)",
    ),
    ("structured-outputs-legacy", "output_format present (top level)"): ("structured-outputs-legacy", "output_format"),
    ("task-budgets", "output_config.task_budget present"): ("task-budgets", "output_config.task_budget"),
    ("thinking-binding", "thinking.block_binding present"): ("thinking-binding", "thinking.block_binding"),
    ("thinking-display-updates", "thinking.display == 'updates'"): (
        "thinking-display-updates",
        "thinking.display=updates",
    ),
    ("user-profiles-legacy-fields", "external_id present"): ("user-profiles-legacy-fields", "external_id"),
    ("user-profiles-legacy-fields", "external_user_onboarded_at present (2026-08-18 only)"): (
        "user-profiles-legacy-fields/onboarded-at",
        "external_user_onboarded_at",
    ),
}
NOT_IN_THE_FACTS = {("context-editing/key", "context_management"), ("thinking-token-count", "stream")}

FIELD_CONFLICTS = {  # the facts' two sides -> betas, fields
    (
        "fine-grained-tool-streaming-2025-05-14",
        "tools[] with computer_toolset_20260801 / browser_toolset_20260801",
    ): (
        ("fine-grained-tool-streaming-2025-05-14",),
        ("tools[type=computer_toolset_20260801|browser_toolset_20260801]",),
    ),
    ("compaction (compact-2026-09-04)", "context_management"): ((), ("compaction", "context_management")),
    ("fallbacks", "fallback_credit_token"): ((), ("fallbacks", "fallback_credit_token")),
    ("user-profiles-2026-03-24 / -2026-08-18", "external_user_details"): (
        ("user-profiles-2026-03-24", "user-profiles-2026-08-18"),
        ("external_user_details",),
    ),
}


def rest_of(status: str, text: str) -> str:
    """`deprecated: GA` is `GA`; `active (experimental)` is `experimental`."""
    rest = text[len(status) :]
    return rest[2:-1] if rest.startswith(" (") else rest.lstrip(":; ")


def as_date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def known_by_the_facts() -> Iterator[KnownBeta]:
    for fact in FACTS["betas"]:
        detail = rest_of(fact["status"], fact["status_detail"])
        status = fact["status"].replace(" ", "_")
        yield KnownBeta(fact["id"], fact["feature"], as_date(fact["date"]), status, detail, fact["kind"])
    for fact in FACTS["other_ids"]:
        if fact["note"] == "a tool type, not a beta (all null)":
            continue
        status = "legacy" if fact["note"].startswith("legacy; ") else "unknown"
        detail = rest_of(status, fact["note"]) if status == "legacy" else fact["note"]
        yield KnownBeta(fact["id"], fact["feature"] or fact["id"], as_date(fact["date"]), status, detail, "other")


def gate(gate_id: str) -> Gate:
    return next(gate for gate in CATALOG.gates if gate.id == gate_id)


def said(of: Gate) -> set[tuple[str, ...]]:
    """What a gate says of where the beta is used, in the form of `WHERE`."""
    conditions = [f"{word} {s.text}" for word, s in (("when", of.when), ("unless", of.unless)) if s is not None]
    return {(of.id, text, *conditions) for text in (*(field.text for field in of.fields), *of.where)}


class TestFacts:
    def test_betas(self) -> None:
        """Every known beta is there with its family, date, status, detail and kind."""
        assert {beta.name: beta for beta in known_by_the_facts()} == dict(CATALOG.betas)

    def test_betas_in_order(self) -> None:
        """Within a group the betas stand by family and date, so that a reader finds them."""
        groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for beta in CATALOG.betas.values():
            groups.setdefault((beta.kind, beta.status), []).append((beta.family, str(beta.date)))

        assert {group: sorted(betas) for group, betas in groups.items()} == groups

    def test_families(self) -> None:
        """The families that are read from the names are those of the facts, oldest first."""
        assert {family: tuple(names) for family, names in FACTS["families"].items()} == dict(CATALOG.families)

    def test_rules(self) -> None:
        """There is a rule for each endpoint that requires a beta, and for no other."""
        expected = [
            (
                fact.get("path_exact") or fact["path_prefix"].replace("{}", "{user_id}"),
                (fact["beta"],),
                None if fact["methods"] == "*" else frozenset(fact["methods"]),
                "path_exact" in fact,
                True,
            )
            for fact in FACTS["rules"]
            if fact["inject"]
        ]

        assert expected == [(rule.path, rule.betas, rule.methods, rule.exact, rule.required) for rule in CATALOG_RULES]

    def test_alternatives(self) -> None:
        """An endpoint's other accepted betas are known."""
        expected = {
            fact["path_prefix"]: tuple(beta for beta in fact["accepted_alternatives"] if beta != fact["beta"])
            for fact in FACTS["rules"]
            if "accepted_alternatives" in fact
        }

        assert expected == dict(CATALOG.alternatives)

    def test_without_header(self) -> None:
        """The documented status of a request without the beta is known."""
        expected = {
            fact["path_prefix"].replace("{}", "{user_id}"): fact["without_header_status"]
            for fact in FACTS["rules"]
            if "without_header_status" in fact
        }

        assert expected == {path: [status] for path, status in CATALOG.without_header.items()}

    def test_conflicts(self) -> None:
        """The only pair of betas that an endpoint refuses is the one of /v1/memory_stores."""
        expected = [
            Conflict((fact["a"], fact["b"]), fact["on"].removesuffix(" and sub-resources"))
            for fact in FACTS["conflicts"]
            if fact["result"] == "400"
        ]

        assert expected == list(CATALOG.conflicts)

    def test_field_conflicts(self) -> None:
        """What conflicts with a field, or two fields with each other, is kept beside the pairs of betas."""
        expected = [
            (*FIELD_CONFLICTS[fact["a"], fact["b"]], fact["on"], fact["result"])
            for fact in FACTS["conflicts"]
            if fact["result"] != "400" and not fact["result"].startswith("combinable")
        ]

        assert expected == [
            (found.betas, tuple(field.text for field in found.fields), found.path, found.result)
            for found in CATALOG.field_conflicts
        ]

    @pytest.mark.parametrize("fact", FACTS["gates"], ids=lambda fact: fact["id"])
    def test_gates(self, fact: dict[str, Any]) -> None:
        """A gate of the facts has its betas, endpoints, status and words in the catalog."""
        found = gate(fact["id"])

        assert {
            "betas": (*fact["any_of"], *BETAS_ADDED.get(found.id, ())),
            "prefer": fact["prefer"],
            "endpoints": tuple(endpoint.split(" (")[0] for endpoint in fact["endpoints"]),
            "direction": fact["direction"],
            "status": fact["status"],
            "confidence": fact["confidence"],
            "note": NOTE_CHANGED.get(found.id, fact["note"] or ""),
        } == {
            "betas": found.betas,
            "prefer": found.betas[0],
            "endpoints": found.endpoints,
            "direction": found.direction,
            "status": found.status,
            "confidence": found.confidence,
            "note": found.note,
        }

    def test_gates_are_those_of_the_facts(self) -> None:
        """The catalog has the gates of the facts, some of them in parts."""
        assert {fact["id"] for fact in FACTS["gates"]} | set(PARTS) == {gate.id for gate in CATALOG.gates}

    @pytest.mark.parametrize("part", PARTS)
    def test_parts_of_gates(self, part: str) -> None:
        """A part of a gate differs from it in betas or confidence, and holds for the same endpoints."""
        found, whole = gate(part), gate(part.partition("/")[0])

        assert (*PARTS[part], whole.endpoints, whole.status) == (
            found.betas,
            found.confidence,
            found.endpoints,
            found.status,
        )

    def test_gate_fields(self) -> None:
        """Every place that the facts name in words is in the catalog, and the catalog has no other."""
        named = {(fact["id"], where) for fact in FACTS["gates"] for where in fact["where"] if where != "(none)"}

        assert named == set(WHERE)
        assert set(WHERE.values()) | NOT_IN_THE_FACTS == {words for gate in CATALOG.gates for words in said(gate)}

    def test_batches(self) -> None:
        """In a batch the gates' selectors start at each request's params, as the facts say."""
        roots = {e for fact in FACTS["gates"] for e in fact["endpoints"] if "batches (" in e}

        assert roots == {f"{endpoint} ({root.text})" for endpoint, root in CATALOG.body_roots.items()}

    def test_url_templates(self) -> None:
        """The table holds each path of the SDK once."""
        assert tuple(sorted({url.split(" ")[1] for url in FACTS["url_templates"]})) == CATALOG.url_templates

    def test_gates_stand_on_known_paths(self) -> None:
        """A gate that has fields is reached by a template of the table."""
        paths = {endpoint.split(" ")[1] for gate in CATALOG.gates if gate.fields for endpoint in gate.endpoints}

        assert set() == paths - set(CATALOG.url_templates)

    def test_required(self) -> None:
        """What comes with a credential is never dropped."""
        assert ("oauth-*",) == CATALOG.required


class TestTemplate:
    @pytest.mark.parametrize("template", CATALOG.url_templates)
    def test_every_template(self, template: str) -> None:
        """A path with ids in it has the template it was made from."""
        assert template == CATALOG.template(re.sub(r"{\w+}", "id_01", template))

    @pytest.mark.parametrize(
        ("path", "template"),
        [
            ("/v1/files/file_123", "/v1/files/{file_id}"),
            ("/v1/files/file_123/", "/v1/files/{file_id}"),
            ("/v1/files/a%2Fb", "/v1/files/{file_id}"),
            ("/v1/files", "/v1/files"),
            ("/v1/messages/count_tokens", "/v1/messages/count_tokens"),
            ("/v1/environments/env_1/work/poll", "/v1/environments/{environment_id}/work/poll"),
            ("/v1/environments/env_1/work/poll/ack", "/v1/environments/{environment_id}/work/{work_id}/ack"),
            ("/v1/organizations/spend_limits/effective", "/v1/organizations/spend_limits/effective"),
            ("/v1/files/file_123/content/more", OTHER),
            ("/v1/files//content", OTHER),
            ("/v1/complete", OTHER),
            ("/v1", OTHER),
            ("/", OTHER),
            ("", OTHER),
            ("/V1/messages", OTHER),
        ],
    )
    def test_paths(self, path: str, template: str) -> None:
        """Written segments go before placeholders, whole segments count, and what is not in the table is one thing."""
        assert template == CATALOG.template(path)

    @given(st.text() | st.lists(st.sampled_from(["v1", "files", "", "{file_id}", "work", "poll"])).map("/".join))
    def test_never_raises(self, path: str) -> None:
        """Any text has a template of the table, or none."""
        assert CATALOG.template(path) in {*CATALOG.url_templates, OTHER}


class TestOlder:
    """The date that can take the place of a refused one."""

    @pytest.mark.parametrize(
        ("beta", "older"),
        [
            ("mcp-client-2026-09-15", "mcp-client-2025-11-20"),
            ("mcp-client-2025-11-20", "mcp-client-2025-04-04"),
            ("mcp-client-2025-04-04", None),
            ("computer-use-2025-11-24", "computer-use-2025-01-24"),
            ("compact-2026-09-04", None),
            ("compact-2026-01-12", None),
            ("files-api-2025-04-14", None),
            ("mcp-client-2030-01-01", None),
            ("mcp-client", None),
            ("claude-code-20250219", None),
            ("", None),
        ],
    )
    def test_the_next_older_date(self, beta: str, older: str | None) -> None:
        """Of the same family, one step back; none for the oldest, another API, or a name that is not known."""
        assert older == CATALOG.older(beta)

    def test_it_is_always_older_and_of_the_family(self) -> None:
        """Whatever the catalog comes to hold, the way back ends."""
        for beta in CATALOG.betas.values():
            older = CATALOG.older(beta.name)
            if older is not None:
                known = CATALOG.betas[older]
                assert beta.family == known.family
                assert beta.date is not None
                assert known.date is not None
                assert beta.date > known.date

    def test_no_successors(self) -> None:
        """They are of a family, and say so where they stand in the file."""
        assert {"compact-2026-09-04"} == CATALOG.no_successors
        for name in CATALOG.no_successors:
            known = CATALOG.betas[name]
            assert name in CATALOG.families[known.family]
            assert "not its replacement" in known.detail

    def test_another_catalog(self) -> None:
        """A date that is another API has no older one, and is the older one of the next date all the same."""
        catalog = Catalog.from_toml(
            """
            no_successors = ["a-2026-01-02"]
            [betas.feature.active]
            a-2026-01-01 = ""
            a-2026-01-02 = ""
            a-2026-01-03 = ""
            """
        )

        assert [None, None, "a-2026-01-02"] == [catalog.older(f"a-2026-01-0{day}") for day in (1, 2, 3)]
        assert CATALOG.no_successors.isdisjoint(catalog.no_successors)


class TestFromToml:
    def test_nothing(self) -> None:
        """A catalog may be empty: another API, of which nothing is known."""
        empty = Catalog.from_toml("")

        assert ({}, (), (), OTHER) == (empty.betas, empty.rules, empty.gates, empty.template("/v1/messages"))

    def test_gate_without_endpoints(self) -> None:
        """A gate that names no endpoint holds for the file's `gate_endpoints`; the method's case does not matter."""
        catalog = Catalog.from_toml(
            """
            gate_endpoints = ["POST /chat"]
            betas.feature.active = { a = "" }
            gates = [{ id = "g", betas = ["a"], fields = ["x"] }, { id = "words", betas = ["a"], where = ["query"] }]
            """
        )

        assert ["g"] == [gate.id for gate in catalog.gates_at("post", "/chat")]
        assert () == catalog.gates_at("GET", "/chat")

    def test_without_a_table_of_betas(self) -> None:
        """Rules, conflicts and gates may speak of betas that are listed nowhere."""
        catalog = Catalog.from_toml(
            """
            gates = [{ id = "g", betas = ["c"], endpoints = ["POST /chat"], fields = ["x"] }]
            [endpoints]
            rules = [{ path = "/files", betas = ["a=v1"] }]
            conflicts = [{ path = "/files", betas = ["a=v1", "a=v2"] }]
            """
        )

        assert [("/files", ("a=v1",), True)] == [(rule.path, rule.betas, rule.required) for rule in catalog.rules]
        assert ([("a=v1", "a=v2")], [("c",)]) == (
            [conflict.betas for conflict in catalog.conflicts],
            [gate.betas for gate in catalog.gates],
        )

    def test_without_a_table_of_templates(self) -> None:
        """The paths of rules and gates are told apart, each once, whatever its placeholders are called."""
        catalog = Catalog.from_toml(
            """
            gate_endpoints = ["POST /chat", "POST /files/{id}"]
            gates = [
              { id = "g", betas = ["c"], fields = ["x"] },
              { id = "h", betas = ["c"], endpoints = ["GET /models"], fields = ["x"] },
            ]
            [endpoints]
            rules = [{ path = "/files/{file}", betas = ["a"] }, { path = "/files/{file}/", betas = ["b"] }]
            """
        )

        assert ("/files/{file}", "/chat", "/models") == catalog.url_templates
        assert ("/files/{file}", OTHER) == (catalog.template("/files/1"), catalog.template("/files"))

    def test_a_table_of_templates_is_all(self) -> None:
        """A table is not added to: a rule's path that it lacks is told as any other."""
        catalog = Catalog.from_toml('endpoints = { templates = ["/b"], rules = [{ path = "/a", betas = ["x"] }] }')

        assert (OTHER, "/b") == (catalog.template("/a"), catalog.template("/b"))

    def test_families_need_two_dates(self) -> None:
        """A name of kind `other`, a name without a date and a single date make no family."""
        catalog = Catalog.from_toml(
            """
            [betas.feature.active]
            a-2026-01-02 = ""
            a-2025-12-31 = ""
            a = ""
            b-2026-01-01 = ""
            [betas.other.unknown]
            b-2025-01-01 = ""
            """
        )

        assert {"a": ("a-2025-12-31", "a-2026-01-02")} == dict(catalog.families)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("required = [", "catalog: Invalid value (at end of document)"),
            ("required = 1", "catalog: Expected `array`, got `int` - at `$.required`"),
            ("retired = []", "catalog: Object contains unknown field `retired`"),
            (
                'betas.feature.active = { "a b" = "" }',
                (
                    "catalog: betas.feature.active: a beta name must be visible ASCII without comma, whitespace or"
                    " quotation mark, got 'a b'"
                ),
            ),
            (
                'betas.feat.active = { a = "" }',
                "catalog: betas.feat.active: 'feat' must be one of 'feature', 'endpoint', 'other'",
            ),
            (
                'betas.feature.new = { a = "" }',
                (
                    "catalog: betas.feature.new: 'new' must be one of 'active', 'legacy', 'deprecated', 'superseded',"
                    " 'retired', 'unknown', 'legacy_shape'"
                ),
            ),
            (
                'betas.feature = { active = { a = "" }, retired = { a = "" } }',
                (
                    "catalog: betas.feature.retired: a beta is written once, got 'a', which is under"
                    " betas.feature.active too"
                ),
            ),
            (
                'no_successors = ["a"]\nbetas.other.active = { b = "" }',
                "catalog: no_successors: a beta must be one of those under [betas], got 'a'",
            ),
            (
                'endpoints.rules = [{ path = "/v1", betas = ["a"] }]\nbetas.other.active = { b = "" }',
                "catalog: endpoints.rules: '/v1': a beta must be one of those under [betas], got 'a'",
            ),
            (
                'endpoints.rules = [{ path = "/v1", betas = [], alternatives = ["a"] }]\n[betas.other.active]\nb = ""',
                "catalog: endpoints.rules: alternatives: a beta must be one of those under [betas], got 'a'",
            ),
            (
                'endpoints.rules = [{ path = "/v1", betas = ["a b"] }]',
                (
                    "catalog: endpoints.rules: '/v1': a beta name must be visible ASCII without comma, whitespace or"
                    " quotation mark, got 'a b'"
                ),
            ),
            (
                'endpoints.conflicts = [{ path = "/v1", betas = ["a"] }]',
                "catalog: Expected `array` of length 2, got 1 - at `$.endpoints.conflicts[0].betas`",
            ),
            (
                'endpoints.field_conflicts = [{ path = "v1", fields = [], result = "" }]',
                (
                    "catalog: endpoints.field_conflicts: 'v1': path must be segments like /v1/files/{file_id}, in ASCII"
                    " and without a query, got 'v1'"
                ),
            ),
            (
                'endpoints.templates = ["/v1/{id"]',
                (
                    "catalog: endpoints.templates: path must be segments like /v1/files/{file_id}, in ASCII and without"
                    " a query, got '/v1/{id'"
                ),
            ),
            (
                'endpoints.templates = ["/v1/{a}", "/v1/{b}"]',
                "catalog: templates '/v1/{a}' and '/v1/{b}' stand for the same paths",
            ),
            (
                'body_roots."/v1" = "a"',
                "catalog: body_roots: an endpoint is a method and a path template, like 'POST /v1/messages', got '/v1'",
            ),
            (
                'gates = [{ id = "g", betas = [] }, { id = "g", betas = [] }]',
                "catalog: gates: an id is given once, got twice 'g'",
            ),
            (
                'gates = [{ id = "g", betas = [], direction = "up" }]',
                "catalog: gates: 'g': 'up' must be one of 'request', 'response'",
            ),
            (
                'gates = [{ id = "g", betas = [], confidence = "low" }]',
                "catalog: gates: 'g': 'low' must be one of 'documented', 'inferred'",
            ),
            (
                'gates = [{ id = "g", betas = [], fields = ["a["] }]',
                (
                    "catalog: gates: 'g': a selector is keys with brackets, joined by dots, like 'tools[type=x].name',"
                    " got 'a['"
                ),
            ),
        ],
    )
    def test_errors(self, text: str, message: str) -> None:
        """An error says where it is, what was given and what is allowed."""
        with pytest.raises(ConfigError) as error:
            Catalog.from_toml(text)

        assert message == str(error.value)
