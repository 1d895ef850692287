"""What is said of a call that is not made: the findings, the facts, and that nothing is told that may not be."""

import json

import attrs
import pytest
from yarl import URL

import betamw
from betamw.core.catalog import CATALOG, Catalog
from betamw.core.explanation.explain import Call, Settings, explain, untouched
from betamw.core.explanation.facts_at import facts_at, is_at_home
from betamw.core.explanation.findings import View
from betamw.core.explanation.nearest import nearest
from betamw.core.explanation.rehearsal import rehearse
from betamw.core.explanation.values import Asker, Clash, ExplainedBeta, Explanation, Finding
from betamw.core.memory import Verdicts

BASE = "https://api.example"
KEY = "sk-ant-api03-do-not-tell"

CONTEXT = "context-management-2025-06-27"
COMPACT, COMPACT_NOW = "compact-2026-01-12", "compact-2026-09-04"
AGENTS = "managed-agents-2026-04-01"
MEMORY = "agent-memory-2026-07-22"
COMPUTER = "computer-use-2025-11-24"
PLUGINS = "ce-plugins-2026-09-01"
BATCHES = "output-300k-2026-03-24"
STREAMING = "fine-grained-tool-streaming-2025-05-14"
PROFILES = "user-profiles-2026-08-18"


def call(*lines, method="POST", path="/v1/messages", body=None, catalog=CATALOG) -> Call:
    """A call with these lines in its header."""
    address = betamw.Api(BASE, catalog=catalog).address(URL(BASE + path))
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return Call(method=method, path=address.path, place=address.place, lines=lines, body=content)


def settings(*, pins=(), **given) -> Settings:
    """The settings of a chain, with the catalog's rules."""
    memory = Verdicts()
    for pin in pins:
        memory.pin(pin)
    return Settings(**{"rules": CATALOG.rules, "policy": betamw.FallbackPolicy(), "memory": memory, **given})


def found(*lines, given=None, **of_call) -> list[tuple[str, str | None, str | None]]:
    """What is found: code, beta, suggestion."""
    told = explain(call(*lines, **of_call), given or settings())
    return [(warning.code, warning.beta, warning.suggestion) for warning in told.warnings]


def texts(*lines, given=None, **of_call) -> list[str]:
    """What is found, in words."""
    return [warning.text for warning in explain(call(*lines, **of_call), given or settings()).warnings]


# What is found.

EDITS = {"edits": [{"type": "clear_thinking_20251015"}]}
COMPACTING = {"edits": [{"type": "compact_20260112"}]}
SERVERS = {"mcp_servers": [{"name": "s"}]}

FOUND = {
    "nothing": ([CONTEXT], {}, []),
    "nothing-is-said-of-active-ones": ([AGENTS], {"path": "/v1/agents"}, []),
    "unknown-status": (["effort-2025-11-24"], {}, []),
    "retired": (["context-1m-2025-08-07"], {}, [("retired", "context-1m-2025-08-07", None)]),
    "superseded": (
        ["fallback-credit-2026-06-01"],
        {},
        [("superseded", "fallback-credit-2026-06-01", "fallback-credit-2026-07-01")],
    ),
    "superseded-by-none-in-use": (
        ["computer-use-2024-10-22"],
        {},
        [("superseded", "computer-use-2024-10-22", None)],
    ),
    "deprecated": (["mcp-client-2025-04-04"], {}, [("deprecated", "mcp-client-2025-04-04", "mcp-client-2025-11-20")]),
    "legacy": ([COMPUTER], {}, [("legacy", COMPUTER, None)]),
    "legacy-and-needed": ([COMPUTER], {"body": {"tools": [{"type": "computer_20251124"}]}}, []),
    "deprecated-and-used": (
        ["mcp-client-2025-04-04"],
        {"body": {"mcp_servers": [{"tool_configuration": {}}]}},
        [("deprecated", "mcp-client-2025-04-04", "mcp-client-2025-11-20")],
    ),
    "legacy-shape": ([PROFILES], {"path": "/v1/user_profiles"}, [("legacy_shape", PROFILES, None)]),
    "removed-and-retired": (["context-1m-2025-08-07"], {"given": settings(removed=("context-1m-2025-08-07",))}, []),
    "unknown": (["nobody-knows"], {}, [("unknown_name", "nobody-knows", None)]),
    "unknown-and-like-another": (
        ["files_api_2025_04_14"],
        {},
        [("unknown_name", "files_api_2025_04_14", "files-api-2025-04-14")],
    ),
    "a-key": ([KEY], {}, [("odd_name", f"<invalid len={len(KEY)}>", None)]),
    "no-name": ([f"{CONTEXT}, two words"], {}, [("invalid_name", None, None)]),
    "unknown-path": ([CONTEXT], {"path": "/v1/mesages"}, [("unknown_path", None, None)]),
    "unknown-path-of-an-own-rule": (
        [CONTEXT],
        {"path": "/v2/mine", "given": settings(rules=[betamw.EndpointRule("/v2", [CONTEXT])])},
        [],
    ),
    "elsewhere": ([AGENTS], {}, [("elsewhere", AGENTS, None)]),
    "elsewhere-of-the-resource": ([BATCHES], {}, [("elsewhere", BATCHES, None)]),
    "elsewhere-of-a-default": ([], {"given": settings(defaults=(AGENTS,))}, []),
    "elsewhere-among-betas": ([AGENTS], {"path": "/v1/dreams"}, []),
    "elsewhere-by-the-method-only": (
        [PROFILES],
        {"path": "/v1/user_profiles", "method": "GET"},
        [("legacy_shape", PROFILES, None)],
    ),
    "elsewhere-of-an-unknown-path": ([AGENTS], {"path": "/v1/x"}, [("unknown_path", None, None)]),
    "required-and-removed": (
        [],
        {"path": "/v1/agents", "given": settings(removed=(AGENTS,))},
        [("required_missing", AGENTS, AGENTS)],
    ),
    "required-and-no-rule-for-it": (
        [],
        {"path": "/v1/organizations/plugins", "given": settings(rules=())},
        [("required_missing", PLUGINS, PLUGINS)],
    ),
    "required-or-its-alternative": ([AGENTS], {"path": "/v1/memory_stores", "given": settings(rules=())}, []),
    "required-and-lost-to-a-conflict": ([AGENTS], {"path": "/v1/memory_stores"}, []),
    "required-by-an-own-rule-only": (
        [],
        {
            "given": settings(rules=[betamw.EndpointRule("/v1/messages", [CONTEXT])], removed=(CONTEXT,)),
        },
        [("required_missing", CONTEXT, CONTEXT)],
    ),
    "wanted-and-removed": (
        [],
        {
            "given": settings(
                rules=[betamw.EndpointRule("/v1/messages", [CONTEXT], required=False)], removed=(CONTEXT,)
            ),
        },
        [],
    ),
    "conflict": ([AGENTS, MEMORY], {"path": "/v1/memory_stores"}, [("conflict", MEMORY, None)]),
    "pin": ([CONTEXT], {"given": settings(pins=[CONTEXT])}, []),
    "pin-of-what-is-required": (
        [],
        {"path": "/v1/agents", "given": settings(pins=[AGENTS])},
        [("pin_without_effect", AGENTS, None)],
    ),
    "pin-without-a-fallback": (
        [CONTEXT],
        {"given": settings(pins=[CONTEXT], policy=None)},
        [("pin_without_effect", CONTEXT, None)],
    ),
    "no-memory": ([CONTEXT], {"given": settings(memory=None)}, []),
    "field-closed": ([], {"body": {"context_management": EDITS}}, [("field_closed", None, CONTEXT)]),
    "field-closed-by-the-narrower": (
        [],
        {"body": {"context_management": COMPACTING}},
        [("field_closed", None, COMPACT)],
    ),
    "field-of-an-old-beta": ([], {"body": SERVERS}, [("field_closed", None, "mcp-client-2026-09-15")]),
    "field-of-an-older-beta": (
        [],
        {"body": {"output_format": {}}},
        [("field_closed", None, "structured-outputs-2025-11-13")],
    ),
    "field-in-a-batch": (
        [],
        {"path": "/v1/messages/batches", "body": {"requests": [{"params": {"context_management": EDITS}}]}},
        [("field_closed", None, CONTEXT)],
    ),
    "field-lost": (
        [CONTEXT],
        {"body": {"context_management": EDITS}, "given": settings(removed=(CONTEXT,))},
        [("field_lost", CONTEXT, CONTEXT)],
    ),
    "field-stripped": (
        [CONTEXT],
        {
            "body": {"context_management": EDITS},
            "given": settings(pins=[CONTEXT], policy=betamw.FallbackPolicy(paired_fields="strip")),
        },
        [],
    ),
    "no-json": ([CONTEXT], {"body": b"{"}, []),
    "fields-together": (
        [CONTEXT, COMPACT_NOW],
        {"body": {"context_management": EDITS, "compaction": {}}},
        [("field_conflict", None, None)],
    ),
    "fields-together-in-a-batch": (
        [CONTEXT, COMPACT_NOW],
        {
            "path": "/v1/messages/batches",
            "body": {"requests": [{"params": {}}, *[{"params": {"context_management": EDITS, "compaction": {}}}] * 2]},
        },
        [("field_conflict", None, None)],
    ),
    "fields-apart-in-a-batch": (
        [CONTEXT, COMPACT_NOW],
        {
            "path": "/v1/messages/batches",
            "body": {"requests": [{"params": {"context_management": EDITS}}, {"params": {"compaction": {}}}]},
        },
        [],
    ),
    "field-beside-a-beta": (
        [STREAMING],
        {"body": {"tools": [{"type": "browser_toolset_20260801"}]}},
        [("legacy", STREAMING, None), ("field_conflict", STREAMING, None)],
    ),
    "field-without-that-beta": ([], {"body": {"tools": [{"type": "browser_toolset_20260801"}]}}, []),
}


@pytest.mark.parametrize(("lines", "of_call", "expected"), FOUND.values(), ids=FOUND)
def test_found(lines, of_call, expected):
    """What will not do what was meant is found, and nothing else is."""
    assert expected == found(*lines, **of_call)


WORDS = {
    "retired": (["context-1m-2025-08-07"], {}, "retired: no effect"),
    "successor-in-the-catalogs-words": (
        ["mcp-client-2025-04-04"],
        {},
        "deprecated: use mcp-client-2025-11-20",
    ),
    "unknown": (["files-api"], {}, "not in the catalog: its family is known with a date: files-api-2025-04-14"),
    "no-name": (
        ["two words"],
        {},
        (
            "an element of 9 characters can be no beta's name (visible ASCII without comma, whitespace or quotation "
            "mark): it is left out"
        ),
    ),
    "unknown-path": (
        [],
        {"path": f"/v1/{KEY}"},
        (
            "the catalog does not know the path a value of class str that holds what looks like a key: nothing is "
            "known of what it needs"
        ),
    ),
    "elsewhere": (
        [BATCHES],
        {},
        "belongs to POST /v1/messages/batches, not to POST /v1/messages",
    ),
    "required": (
        [],
        {"path": "/v1/agents", "given": settings(removed=(AGENTS,))},
        "/v1/agents requires it, and it does not go out: removed",
    ),
    "required-beside-an-own-rule": (
        [],
        {
            "path": "/v1/agents/a",
            "given": settings(rules=[betamw.EndpointRule("/v1/agents/{id}", [CONTEXT])]),
        },
        "/v1/agents requires it, and nobody asks for it",
    ),
    "required-with-a-status": (
        [],
        {"path": "/v1/organizations/plugins", "given": settings(rules=())},
        "/v1/organizations/plugins requires it, and nobody asks for it; the reply without it is a 404",
    ),
    "conflict": (
        [AGENTS, MEMORY],
        {"path": "/v1/memory_stores"},
        f"refused here together with {AGENTS}, and both are in the caller's header",
    ),
    "field": (
        [],
        {"body": {"context_management": {}}},
        f"the body's context_management needs {CONTEXT}, which does not go out",
    ),
    "fields": (
        [],
        {"body": {"fallbacks": [{"speed": 1}], "speed": 1}},
        (
            "the body's fallbacks needs fast-mode-2026-02-01 and (server-side-fallback-2026-07-01 or "
            "server-side-fallback-2026-06-01), which does not go out"
        ),
    ),
    "field-of-either": (
        [],
        {"body": SERVERS},
        "the body's mcp_servers needs mcp-client-2025-04-04 or mcp-client-2026-09-15, which does not go out",
    ),
    "two-fields-of-one": (
        [],
        {"body": {"messages": [{"role": "system", "clear_at": 1}, {"role": "system", "clear_at": 2}]}},
        (
            "the body's messages.0.clear_at, messages.1.clear_at need mid-conversation-system-clear-at-2026-08-21, "
            "which does not go out"
        ),
    ),
    "field-lost": (
        [CONTEXT],
        {"body": {"context_management": EDITS}, "given": settings(removed=(CONTEXT,))},
        f"the body's context_management needs {CONTEXT}, and it does not go out: removed",
    ),
    "fields-together": (
        [CONTEXT, COMPACT_NOW],
        {"body": {"context_management": EDITS, "compaction": {}}},
        "the body's compaction, context_management: cannot be combined",
    ),
    "field-beside-a-beta": (
        [STREAMING],
        {"body": {"tools": [{"type": "browser_toolset_20260801"}]}},
        f"the body's tools.0: rejected beside {STREAMING}",
    ),
}


@pytest.mark.parametrize(("lines", "of_call", "expected"), WORDS.values(), ids=WORDS)
def test_words(lines, of_call, expected):
    """A finding says what is wrong, and what would be right."""
    assert expected in texts(*lines, **of_call)


def test_newest_in_use():
    """Where the catalog's words name no successor it is the newest date in use."""
    catalog = Catalog.from_toml(
        "[betas.feature.active]\na-2026-01-01 = ''\na-2026-02-01 = ''\n[betas.feature.superseded]\na-2025-01-01 = ''\n"
    )
    told = explain(call("a-2025-01-01", catalog=catalog), Settings())

    assert ["superseded: use a-2026-02-01"] == [warning.text for warning in told.warnings]


def test_required_and_lost_to_a_conflict():
    """What takes the place of a required beta is the caller's choice, and nothing to warn of."""
    pairs = ", ".join(f"{{ path = '/v1/x', betas = {pair} }}" for pair in (["d", "e"], ["a", "c"], ["a", "b"]))
    catalog = Catalog.from_toml(
        "[betas.endpoint.active]\na = ''\nb = ''\nc = ''\nd = ''\ne = ''\n[endpoints]\n"
        f"rules = [{{ path = '/v1/x', betas = ['a'] }}]\nconflicts = [{pairs}]\n"
    )
    told = explain(call("b,d", path="/v1/x", catalog=catalog), Settings(rules=catalog.rules))

    assert [("b", None, None), ("d", None, None), ("a", "conflict", "b")] == [
        (beta.name, beta.why_not, beta.instead) for beta in told.betas
    ]
    assert () == told.warnings


def test_status_without_words():
    """A status alone is said alone."""
    catalog = Catalog.from_toml("[betas.feature.retired]\na-2025-01-01 = ''\n")

    assert ["retired"] == [w.text for w in explain(call("a-2025-01-01", catalog=catalog), Settings()).warnings]


# Names that are not known.

NAMES = {
    "files_api_2025_04_14": ("files-api-2025-04-14", "did you mean files-api-2025-04-14?"),
    "Files-API-2025-04-14": ("files-api-2025-04-14", "did you mean files-api-2025-04-14?"),
    "files-api-20250414": ("files-api-2025-04-14", "did you mean files-api-2025-04-14?"),
    "filesapi-2025-04-14": ("files-api-2025-04-14", "did you mean files-api-2025-04-14?"),
    "files-api-2025-14-04": ("files-api-2025-04-14", "did you mean files-api-2025-04-14?"),
    "claude-code-2025-02-19": ("claude-code-20250219", "did you mean claude-code-20250219?"),
    "files-api": ("files-api-2025-04-14", "its family is known with a date: files-api-2025-04-14"),
    "files-api-2031-01-01": ("files-api-2025-04-14", "its family is known with another date: files-api-2025-04-14"),
    "compaction-2031-01-01": (
        "compact-2026-09-04",
        "did you mean compact-2026-01-12 or compact-2026-09-04?",
    ),
    "tool_use:logging=false": (None, "nothing like it is known"),
    "a": (None, "nothing like it is known"),
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=NAMES)
def test_nearest(name, expected):
    """Separators, case, a letter, the date: the name that was meant is found, and none is made up."""
    assert expected == nearest(name, CATALOG)


# What is known.


def test_facts():
    """The catalog's facts, as far as they matter to the endpoint."""
    facts = facts_at("fast-mode-2026-02-01", "POST /v1/messages", CATALOG)

    assert ("active", "research preview", "feature", "fast-mode") == (
        facts.status,
        facts.detail,
        facts.kind,
        facts.family,
    )
    assert (("speed", "fallbacks[].speed"), ()) == (facts.fields, facts.limits)
    assert (
        "POST /v1/messages",
        "POST /v1/messages/count_tokens",
        "POST /v1/messages/batches",
        "GET /v1/organizations/usage_report/messages",
    ) == facts.endpoints


def test_facts_elsewhere():
    """At another endpoint a beta opens other things."""
    facts = facts_at("fast-mode-2026-02-01", "GET /v1/organizations/usage_report/messages", CATALOG)

    assert ((), ("query speeds[] present", "query group_by contains 'speed'")) == (facts.fields, facts.limits)


def test_facts_of_an_endpoint_beta():
    """The paths that require it, with the method where only that one does, and what it is refused with."""
    assert ("GET /v1/organizations/spend_limits",) == facts_at("spend-limit-reads-2026-09-26", "", CATALOG).endpoints
    facts = facts_at(MEMORY, "", CATALOG)
    assert (("/v1/memory_stores",), (Clash(beta=AGENTS, path="/v1/memory_stores"),)) == (
        facts.endpoints,
        facts.conflicts,
    )


def test_newer():
    """Newer dates of the family are known, but for those that are another API."""
    assert ("mcp-client-2025-11-20", "mcp-client-2026-09-15") == facts_at("mcp-client-2025-04-04", "", CATALOG).newer
    assert () == facts_at(COMPACT, "", CATALOG).newer


def test_at_home():
    """A beta without a place is at home everywhere, another there and below."""
    assert is_at_home("context-1m-2025-08-07", "/v1/agents", CATALOG)
    assert is_at_home(AGENTS, "/v1/agents/a", CATALOG)
    assert not is_at_home(AGENTS, "/v1/messages", CATALOG)


# Who asks, and the header.


def test_everybody_who_asks():
    """All that ask for a beta are told, with the rules by their paths."""
    rules = (
        betamw.EndpointRule("/v1/agents", [AGENTS]),
        betamw.EndpointRule("/v1/agents", [AGENTS, CONTEXT], required=False),
    )
    told = explain(call(AGENTS, path="/v1/agents"), settings(rules=rules, defaults=(CONTEXT, AGENTS)))

    rule = Asker(source="endpoint", path="/v1/agents", required=True)
    optional = attrs.evolve(rule, required=False)
    assert {
        AGENTS: (Asker(source="request"), Asker(source="default"), rule, optional),
        CONTEXT: (Asker(source="default"), optional),
    } == {beta.name: beta.sources for beta in told.betas}


def test_several_lines_stay():
    """Lines that nobody changes are told as one value, and stay as they are."""
    told = explain(call(CONTEXT, f"{COMPACT} , "), settings())

    assert (f"{CONTEXT}, {COMPACT} , ", False) == (told.header, told.rewritten)


def test_several_lines_become_one():
    """Lines that something is added to are written anew."""
    told = explain(call(CONTEXT, f"{COMPACT} , "), settings(defaults=("a",)))

    assert (f"{CONTEXT},{COMPACT},a", True) == (told.header, told.rewritten)


def test_no_header():
    """No beta, no header."""
    assert None is explain(call(CONTEXT), settings(removed=(CONTEXT,))).header


def test_a_substitute_of_what_was_asked_for():
    """A substitute stands behind what it takes the place of, and that says so."""
    policy = betamw.FallbackPolicy(substitutes={COMPACT: "a"})
    told = explain(call(COMPACT, CONTEXT), settings(pins=[COMPACT], policy=policy))

    assert [
        (COMPACT, False, "pinned", "a", None),
        ("a", True, None, None, COMPACT),
        (CONTEXT, True, None, None, None),
    ] == [(beta.name, beta.sent, beta.why_not, beta.instead, beta.sources[0].of) for beta in told.betas]


def test_memory_is_as_before():
    """A verdict that is due for a probe is due for the next call as well: an explanation learns and takes nothing."""
    memory = Verdicts(remember_for=1.0)
    asked = call(CONTEXT)
    scope = betamw.core.scope.Scope(asked.place.origin, asked.place.template, None, "")
    memory.learn(scope, [CONTEXT], -10.0)

    explain(asked, settings(memory=memory))

    assert (CONTEXT,) == memory.recall(scope, [CONTEXT], 0.0, holder=object()).probing


def test_model():
    """The model is that of the body."""
    assert "anthropic/m@1" == explain(call(body={"model": "anthropic/m@1"}), settings()).model


def test_untouched():
    """A call that no middleware has a part in goes out as it is, with all that the caller asks for."""
    told = untouched("GET", "anthropic-beta", ("a", "b"), "turned_off", "why")

    assert (
        Explanation(
            method="GET",
            origin=None,
            url_template=None,
            model=None,
            in_force=False,
            header_name="anthropic-beta",
            header="a, b",
            rewritten=False,
            betas=tuple(ExplainedBeta(name=name, sources=(Asker(source="request"),), sent=True) for name in "ab"),
            warnings=(Finding(code="turned_off", text="why"),),
        )
        == told
    )
    assert None is untouched("GET", "anthropic-beta", (), "turned_off", "why").header


def test_in_force():
    """Otherwise they have one, though they need not change anything."""
    assert explain(call(), Settings()).in_force


# What is told.


def test_no_secret_is_told():
    """What looks like a key is nowhere in an explanation, wherever it stood."""
    told = explain(
        call(f"{KEY},{KEY} x", body={"model": KEY}, path=f"/v1/{KEY}/{KEY}"),
        settings(defaults=(f"{KEY}-2",), removed=(f"{KEY}-3",)),
    )

    assert KEY not in f"{told!r} {attrs.asdict(told)}"
    assert told.header == f"<invalid len={len(KEY)}>,<invalid len={len(KEY) + 2}>"


def test_no_secret_is_in_a_repr():
    """Nor in what an explanation is made from."""
    asked = call(f"{KEY},a", body={"model": KEY}, path=f"/v1/{KEY}")
    seen = rehearse(asked, settings(defaults=(KEY,)))

    assert KEY not in f"{asked!r} {seen!r} {View(seen)!r}"


def test_no_secret_is_told_of_what_is_untouched():
    """Nor where the call goes out as it is."""
    told = untouched("POST", "anthropic-beta", (f"a, {KEY}",), "not_the_api", "why")

    assert KEY not in f"{told!r} {attrs.asdict(told)}"
    assert (f"a,<invalid len={len(KEY)}>", False, ["not_the_api"]) == (
        told.header,
        told.in_force,
        [warning.code for warning in told.warnings],
    )
