"""Which betas a call may go on without: by who needs them, and by what the body uses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from betamw.core.place import Place
from betamw.core.plan import adding, plan_at
from betamw.core.policy import FallbackPolicy
from betamw.core.ruling import bound, unpaired

CONTEXT = "context-management-2025-06-27"
COMPACT = "compact-2026-01-12"
MCP = "mcp-client-2025-11-20"
MCP_2026 = "mcp-client-2026-09-15"
FREE = "files-api-2025-04-14"
MESSAGES = Place(origin="https://api.anthropic.com", template="/v1/messages")
FILES = Place(origin="https://api.anthropic.com", template="/v1/files")
BODIES = {
    "none": b"",
    "no JSON": b"--boundary",
    "plain": b'{"model": "m", "messages": []}',
    "context": json.dumps({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}).encode(),
    "bare context": b'{"context_management": {"edits": []}}',
    "mcp": json.dumps({"mcp_servers": [{"url": "x"}], "tools": [{"type": "mcp_toolset"}]}).encode(),
}
BODIES["both"] = json.dumps({**json.loads(BODIES["context"]), **json.loads(BODIES["mcp"])}).encode()


def made(source="default", required=()):
    """A plan with one beta, `a`."""
    return adding(plan_at(), ("a",), source, frozenset(required))


def left(body, drops, sent, place=MESSAGES):
    """What of `drops` may go, with one of the bodies above."""
    return unpaired(tuple(drops), sent, method="POST", place=place, body=BODIES[body])


# Who needs it.


@pytest.mark.parametrize("source", ["request", "override", "default", "endpoint"])
def test_a_beta_may_be_dropped_whoever_asked(source):
    """By default nothing is bound but what is required."""
    assert bound("a", made(source), FallbackPolicy()) is None


def test_what_the_endpoint_requires_is_bound():
    """Without it the call has no meaning."""
    assert "required" == bound("a", made("endpoint", "a"), FallbackPolicy())


def test_what_the_policy_requires_is_bound():
    """By a pattern."""
    assert "required" == bound("a", made(), FallbackPolicy(required={"[a-c]"}))


@pytest.mark.parametrize("source", ["request", "override", "default", "endpoint"])
def test_a_source_that_is_not_droppable_binds_its_betas(source):
    """The policy says whose betas may be dropped."""
    others = {"request", "override", "default", "endpoint"} - {source}
    assert "source_not_droppable" == bound("a", made(source), FallbackPolicy(droppable_sources=others))


def test_required_is_the_stronger_reason():
    """Where both hold, the endpoint's need is told."""
    assert "required" == bound("a", made("endpoint", "a"), FallbackPolicy(droppable_sources=()))


# What the body uses.


@pytest.mark.parametrize("body", BODIES)
def test_dropping_nothing_is_always_possible(body):
    """No drops, no field lost."""
    assert () == left(body, (), [CONTEXT, MCP])


@pytest.mark.parametrize(
    ("body", "drops", "sent", "expected"),
    [
        ("plain", [CONTEXT, MCP], [CONTEXT, MCP], [CONTEXT, MCP]),
        ("none", [CONTEXT], [CONTEXT], [CONTEXT]),
        ("no JSON", [CONTEXT], [CONTEXT], [CONTEXT]),
        ("context", [CONTEXT], [CONTEXT], []),
        ("context", [FREE], [CONTEXT, FREE], [FREE]),
        ("context", [CONTEXT, FREE], [CONTEXT, FREE], [FREE]),
        ("context", [FREE, CONTEXT, MCP], [CONTEXT, FREE, MCP], [FREE, MCP]),
        ("mcp", [MCP], [MCP], []),
        ("mcp", [MCP], [MCP, MCP_2026], [MCP]),
        ("mcp", [MCP, MCP_2026], [MCP, MCP_2026], []),
        ("mcp", [MCP, MCP_2026, FREE], [MCP, MCP_2026, FREE], []),
        ("both", [CONTEXT, MCP, FREE], [CONTEXT, MCP, FREE], [FREE]),
        ("bare context", [CONTEXT], [CONTEXT, COMPACT], [CONTEXT]),
        ("bare context", [CONTEXT, COMPACT], [CONTEXT, COMPACT], []),
    ],
)
def test_a_beta_whose_field_is_used_stays(body, drops, sent, expected):
    """Unless another beta that was sent, and stays, allows the field too. Where two could stand in, neither goes."""
    assert tuple(expected) == left(body, drops, sent)


def test_a_field_belongs_to_its_endpoint():
    """Elsewhere it means something else."""
    assert (CONTEXT,) == left("context", [CONTEXT], [CONTEXT], FILES)


@given(
    body=st.sampled_from(sorted(BODIES)),
    sent=st.lists(st.sampled_from([CONTEXT, COMPACT, MCP, MCP_2026, FREE]), unique=True),
    data=st.data(),
)
def test_what_may_go_can_go_together(body, sent, data):
    """What is left of the drops is a part of them, in order, and asking again takes nothing more away."""
    drops = data.draw(st.lists(st.sampled_from(sent), unique=True) if sent else st.just([]))
    free = left(body, drops, sent)
    assert tuple(beta for beta in drops if beta in free) == free
    assert free == left(body, free, sent)
