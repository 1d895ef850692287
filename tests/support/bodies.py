"""Bodies that use each gate of the catalog, and strategies made of them."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from betamw.core.catalog import CATALOG

MESSAGES = "/v1/messages"
BATCHES = "/v1/messages/batches"
GATES = {gate.id: gate for gate in CATALOG.gates}


def message(*content: Mapping[str, object], role: str = "assistant", **fields: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": "Hi"}, {"role": role, "content": list(content), **fields}]}


def tools(*types: str, **fields: object) -> dict[str, object]:
    return {"tools": [{"name": "get_time", "input_schema": {}}, *({"type": name, **fields} for name in types)]}


SERVER = {"type": "url", "url": "https://mcp.example/sse", "name": "s"}
TOOLSET = {"type": "mcp_toolset", "mcp_server_name": "s"}
PINNED = {**TOOLSET, "tools": [{"name": "echo"}]}
REFERENCE = {"type": "tool_reference", "name": "get_time"}
DEFINED = {"type": "tool_definition", "definition": {"name": "get_time", "input_schema": {}}}
DEFINED_TOOLSET = {"type": "tool_definition", "definition": TOOLSET}
SIGNED = {"type": "compaction", "content": "summary", "signature": "EqQB"}
UNSIGNED = {"type": "compaction", "content": "summary"}

# A gate, a body that uses it, the fields named, and a body close to it that does not.
USES: list[tuple[str, dict[str, object], str, dict[str, object]]] = [
    ("advisor-tool", tools("advisor_20260301"), "tools.1", tools("web_search_20260318")),
    (
        "advisor-tool",
        message({"type": "text", "text": "a"}, {"type": "advisor_tool_result"}),
        "messages.1.content.1",
        message({"type": "tool_result"}),
    ),
    ("code-execution-2025-05", tools("code_execution_20250522"), "tools.1", tools("code_execution_20250825")),
    ("computer-use-2024-10", tools("computer_20241022"), "tools.1", tools("computer_toolset_20260801")),
    ("computer-use-2024-10", tools("bash_20241022"), "tools.1", tools("bash_20250124")),
    ("computer-use-2024-10", tools("text_editor_20241022"), "tools.1", tools("text_editor_20250124")),
    ("computer-use-2025-01", tools("computer_20250124"), "tools.1", tools("bash_20250124", "text_editor_20250124")),
    ("computer-use-2025-11", tools("computer_20251124"), "tools.1", tools("browser_toolset_20260801")),
    (
        "inline-tools-definition",
        message({"type": "tool_addition", "tool": DEFINED}, role="system"),
        "messages.1.content.0",
        message({"type": "text", "text": "a plain system message"}, role="system"),
    ),
    (
        "mid-conversation-tools",
        message({"type": "tool_removal", "tool": REFERENCE}, role="system"),
        "messages.1.content.0",
        message({"type": "tool_removal", "tool": REFERENCE}, role="user"),
    ),
    (
        "mid-conversation-tools",
        message({"type": "tool_addition", "tool": REFERENCE}, role="system"),
        "messages.1.content.0",
        message({"type": "text", "text": "tool_addition"}, role="system"),
    ),
    (
        "mcp-2025-04",
        {"mcp_servers": [SERVER, {**SERVER, "tool_configuration": {"enabled": True}}], "tools": [TOOLSET]},
        "mcp_servers.1.tool_configuration",
        {"mcp_servers": [SERVER, SERVER], "tools": [TOOLSET]},
    ),
    ("mcp-2025-04/no-toolset", {"mcp_servers": [SERVER]}, "mcp_servers", {"mcp_servers": [SERVER], "tools": [TOOLSET]}),
    ("mcp-2025-11", {"tools": [TOOLSET]}, "tools.0", tools("custom")),
    (
        "mcp-2025-11/servers",
        {"mcp_servers": [SERVER], "tools": [TOOLSET]},
        "mcp_servers tools.0",
        {"mcp_servers": [SERVER]},
    ),
    ("mcp-2025-11/replay", message({"type": "mcp_tool_use"}), "messages.1.content.0", message({"type": "tool_use"})),
    ("mcp-2025-11/replay", message({"type": "mcp_tool_result"}), "messages.1.content.0", message({"type": "text"})),
    ("mcp-2026-09", {"tools": [PINNED]}, "tools.0.tools", {"tools": [TOOLSET]}),
    ("mcp-2026-09", message({"type": "mcp_tool_listing"}), "messages.1.content.0", message({"type": "text"})),
    (
        "mcp-2026-09",
        message({"type": "tool_addition", "tool": DEFINED_TOOLSET}, role="system"),
        "messages.1.content.0",
        message({"type": "tool_addition", "tool": DEFINED}, role="system"),
    ),
    (
        "context-editing",
        {"context_management": {"edits": [{"type": "compact_20260112"}, {"type": "clear_thinking_20251015"}]}},
        "context_management.edits.1",
        {"context_management": {"edits": [{"type": "compact_20260112"}]}},
    ),
    ("context-editing", {"context_management": {}}, "context_management", {"context_management": {"edits": []}}),
    ("context-editing/key", {"context_management": {"edits": []}}, "context_management", {"context": {}}),
    (
        "compaction-threshold",
        {"context_management": {"edits": [{"type": "compact_20260112"}]}},
        "context_management.edits.0",
        {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}},
    ),
    ("compaction-threshold", message(UNSIGNED), "messages.1.content.0", message(SIGNED)),
    ("compaction-threshold", message({**UNSIGNED, "signature": None}), "messages.1.content.0", message(SIGNED)),
    (
        "compaction-on-demand",
        {"compaction": {"type": "summarize"}},
        "compaction",
        {"context_management": {"edits": []}},
    ),
    ("compaction-on-demand", message(SIGNED), "messages.1.content.0", message(UNSIGNED)),
    ("message-threads", {"thread": {"type": "new"}}, "thread", {"metadata": {"user_id": "thread"}}),
    (
        "mid-conversation-clear-at",
        message(role="system", clear_at="next_turn"),
        "messages.1.clear_at",
        message(role="user", clear_at="next_turn"),
    ),
    (
        "mid-conversation-output-config",
        message(role="system", output_config={"effort": "low"}),
        "messages.1.output_config",
        {"output_config": {"effort": "low"}},
    ),
    (
        "structured-outputs-legacy",
        {"output_format": {"type": "json_schema"}},
        "output_format",
        {"output_config": {"format": {"type": "json_schema"}}},
    ),
    (
        "task-budgets",
        {"output_config": {"effort": "high", "task_budget": {"type": "tokens", "total": 20000}}},
        "output_config.task_budget",
        {"output_config": {"effort": "high"}},
    ),
    (
        "thinking-binding",
        {"thinking": {"type": "adaptive", "block_binding": "off"}},
        "thinking.block_binding",
        {"thinking": {"type": "adaptive"}},
    ),
    (
        "thinking-display-updates",
        {"thinking": {"type": "adaptive", "display": "updates"}},
        "thinking.display",
        {"thinking": {"type": "adaptive", "display": "summarized"}},
    ),
    ("fast-mode", {"speed": "fast"}, "speed", {"service_tier": "auto"}),
    (
        "fast-mode",
        {"fallbacks": [{"model": "m", "speed": "fast"}]},
        "fallbacks.0.speed",
        {"fallbacks": [{"model": "m"}]},
    ),
    ("fallbacks-default", {"fallbacks": "default"}, "fallbacks", {"fallbacks": [{"model": "m"}]}),
    ("fallbacks-list", {"fallbacks": [{"model": "m"}]}, "fallbacks", {"fallbacks": "default"}),
    ("fallbacks-list", message({"type": "fallback"}), "messages.1.content.0", message({"type": "text"})),
    (
        "fallback-credit-object",
        {"fallback_credit_token": {"type": "token"}},
        "fallback_credit_token",
        {"fallback_credit_token": "fct_1"},
    ),
    (
        "fallback-credit-string",
        {"fallback_credit_token": "fct_1"},
        "fallback_credit_token",
        {"fallback_credit_token": {"type": "token"}},
    ),
    ("billing-policy", {"billing_policy": {}}, "billing_policy", {"metadata": {}}),
    ("user-profiles-legacy-fields", {"external_id": "u"}, "external_id", {"external_user_details": {}}),
    (
        "user-profiles-legacy-fields/onboarded-at",
        {"external_id": "u", "external_user_onboarded_at": "2026-01-01"},
        "external_user_onboarded_at",
        {"external_id": "u"},
    ),
]


def batch(params: object, index: int) -> tuple[dict[str, object], str]:
    """A batch that holds `params` at `index`, and where that is."""
    requests = [{"custom_id": str(n), "params": {"model": "m"}} for n in range(index)]
    return {"requests": [*requests, {"custom_id": "last", "params": params}]}, f"requests.{index}.params."


def vocabulary() -> tuple[list[str], list[str]]:
    """Keys and strings that the catalog's selectors look for."""
    bodies = [body for _, used, _, other in USES for body in (used, other)]
    keys, words, todo = {"x"}, {"x"}, list[Any](bodies)
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            keys |= node.keys()
            todo += node.values()
        elif isinstance(node, list):
            todo += node
        elif isinstance(node, str):
            words.add(node)
    return sorted(keys), sorted(words)


KEYS, WORDS = vocabulary()
FRAGMENTS = st.sampled_from([body for _, used, _, other in USES for body in (used, other)])
NODES = st.recursive(
    st.none() | st.integers() | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=15,
)
BODIES = NODES | st.lists(FRAGMENTS, max_size=5).map(lambda parts: {k: v for part in parts for k, v in part.items()})
ENDPOINTS = st.sampled_from(sorted({endpoint for gate in CATALOG.gates for endpoint in gate.endpoints}))
BETAS = st.sets(st.sampled_from(sorted({beta for gate in CATALOG.gates for beta in gate.betas})))
