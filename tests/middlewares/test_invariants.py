"""What must always hold of the events, over random calls against a real server."""

import asyncio
import json

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from support.client import BODY, open_client

import betamw
from betamw.core.body import gated_fields
from betamw.core.header import union
from betamw.core.policy import SOURCES
from betamw.logs.invariants import violations
from betamw.logs.record import Record
from betamw.testing import DIALECTS, SimulatedApi

BETAS = [
    "context-1m-2025-08-07",
    "files-api-2025-04-14",
    "oauth-2025-04-20",
    "managed-agents-2026-04-01",
    "agent-memory-2026-07-22",
    "context-management-2025-06-27",
    "compact-2026-01-12",
    "server-side-fallback-2026-07-01",
    "server-side-fallback-2026-06-01",
]
FIELDS = {
    "context_management": {"edits": [{"type": "compact_20260112"}, {"type": "clear_thinking_20251015"}]},
    "fallbacks": [{"model": "claude-haiku-5"}],
}
few = st.lists(st.sampled_from(BETAS), max_size=4, unique=True)
many = st.lists(st.sampled_from(BETAS), max_size=7)
calls = st.lists(
    st.fixed_dictionaries(
        {
            "header": st.one_of(st.none(), many.map(", ".join), many.map(",".join)),
            "add": few,
            "remove": st.lists(st.sampled_from(BETAS), max_size=1),
            "path": st.sampled_from(["/v1/messages", "/v1/messages", "/v1/agents", "/v1/memory_stores", "/elsewhere"]),
            "fields": st.lists(st.sampled_from(sorted(FIELDS)), unique=True),
            "refused": st.one_of(st.none(), few),  # None: as before
            "next": st.sampled_from([None, None, None, 400, 404, 429, 500]),
            "later": st.booleans(),
        }
    ),
    min_size=1,
    max_size=6,
)
policies = st.builds(
    betamw.FallbackPolicy,
    max_resends=st.integers(0, 3),
    on_unnamed=st.sampled_from(["split", "split", "drop_all", "give_up"]),
    substitutes=st.sampled_from(["never", "older", {BETAS[0]: BETAS[1], BETAS[5]: "mine-2026-01-01"}]),
    paired_fields=st.sampled_from(["keep", "strip"]),
    droppable_sources=st.sampled_from(
        [{"request"}, {"default", "endpoint"}, {"request", "override", "default"}, SOURCES]
    ),
)

servers = st.fixed_dictionaries({"dialect": st.sampled_from(DIALECTS), "one_at_a_time": st.booleans()})

LISTS = [
    "requested",
    "scoped",
    "injected",
    "merged",
    "sent",
    "dropped_rejected",
    "dropped_remembered",
    "dropped_policy",
    "substituted",
    "substitutes",
]


def check(event, policy):
    """Check one event against the invariants of the log."""
    requested, scoped, injected, merged, sent, rejected, remembered, by_policy, old, new = (
        event[f"betas_{name}"] for name in LISTS
    )
    asked = union(requested, scoped, injected)
    instead = dict(zip(old, new, strict=True))
    assert merged == [beta for beta in asked if beta not in by_policy]
    assert sent == [instead.get(beta, beta) for beta in merged if beta not in rejected + remembered]
    assert len(set(sent)) == len(sent)
    assert len(rejected + remembered + by_policy + old) == len({*rejected, *remembered, *by_policy, *old})
    assert {*rejected, *remembered, *old} <= set(merged)
    assert set(new).isdisjoint(merged)
    assert not (event["attempts"] == 1 and rejected)
    assert 1 <= event["attempts"] <= policy.max_resends + 1
    assert (event["attempts"] > 1) == ("resend_overhead_s" in event)
    good = event["http_response_status_code"] < 400
    assert (event["outcome"] == "recovered") == (good and event["attempts"] > 1)
    # Where it was a substitute that was refused, what it stood for had been refused before.
    assert event["outcome"] != "recovered" or rejected or old or (remembered and policy.substitutes != "never")
    assert ("error_type" in event) == (not good)
    assert event["outcome"] in {"ok", "recovered", "rejected", "error"}
    assert ("body_fields_stripped" in event) == (policy.paired_fields == "strip")


def check_wire(requests, event, body, policy):
    """Check what reached the server against the event."""
    assert (len(requests), list(requests[-1].betas)) == (event["attempts"], event["betas_sent"])
    stripped = event.get("body_fields_stripped", [])
    assert bool(stripped) == (requests[-1].body != body)
    assert {body} == {request.body for request in requests} or policy.paired_fields == "strip"

    def closed(betas, value):
        at = {"method": "POST", "template": event["url_template"]}
        return gated_fields(value, betas=betas, **at)

    if not closed(event["betas_merged"], json.loads(body)):  # then no send has a field that its betas do not open
        assert [()] * len(requests) == [closed(request.betas, request.json()) for request in requests]


@settings(max_examples=80)
@given(calls, few, policies, servers, st.booleans())
def test_the_invariants_hold(steps, defaults, policy, server, remembers):
    """Whatever is asked, refused and answered: the lists of an event fit together, and with what reached the server."""

    async def run():
        memory = betamw.RejectionMemory() if remembers else None
        async with SimulatedApi(**server) as api:
            async with open_client(api, *defaults, policy=policy, memory=memory) as c:
                for step in steps:
                    await make(c, step)

    async def make(c, step):
        if step["refused"] is not None:
            c.api.accept(*BETAS)
            c.api.refuse(*step["refused"])
        if step["next"]:
            c.api.respond_next(step["next"], after=int(step["later"]))
        c.api.clear()
        c.capture.entries.clear()
        add = [beta for beta in step["add"] if beta not in step["remove"]]
        header = [] if step["header"] is None else [step["header"]]
        body = json.dumps({**BODY, **{name: FIELDS[name] for name in step["fields"]}}).encode()
        with betamw.override(add=add, remove=step["remove"]):
            got = await c.call(*header, path=step["path"], data=body)
        (event,) = c.events()
        check(event, policy)
        assert [] == [told for entry in c.capture.entries for told in violations(msgspec.convert(entry, Record))]
        check_wire(c.api.requests, event, body, policy)
        usage, told = got.usage, event.get("body_fields_stripped", [])
        assert (usage.sent, usage.body_fields_stripped) == (tuple(event["betas_sent"]), tuple(told))
        assert dict(usage.substituted) == dict(zip(event["betas_substituted"], event["betas_substitutes"], strict=True))
        assert event["attempts"] - 1 == sum(e["action"] == "resend" for e in c.events("betamw.beta.rejected"))

    asyncio.run(run())
