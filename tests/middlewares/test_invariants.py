"""What must always hold of the events, over random calls against a real server."""

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.client import open_client

import betamw
from betamw.core.header import union
from betamw.testing import DIALECTS, SimulatedApi

BETAS = [
    "context-1m-2025-08-07",
    "files-api-2025-04-14",
    "interleaved-thinking-2025-05-14",
    "oauth-2025-04-20",
    "managed-agents-2026-04-01",
    "agent-memory-2026-07-22",
]
some = st.lists(st.sampled_from(BETAS), max_size=4)
few = st.lists(st.sampled_from(BETAS), max_size=4, unique=True)
calls = st.lists(
    st.fixed_dictionaries(
        {
            "header": st.one_of(st.none(), some.map(", ".join), some.map(",".join)),
            "add": few,
            "remove": st.lists(st.sampled_from(BETAS), max_size=1),
            "path": st.sampled_from(["/v1/messages", "/v1/agents", "/v1/memory_stores", "/elsewhere"]),
            "refused": few,
            "next": st.sampled_from([None, None, 400, 404, 429, 500]),
        }
    ),
    min_size=1,
    max_size=5,
)
policies = st.builds(
    betamw.FallbackPolicy,
    max_resends=st.integers(0, 3),
    on_unnamed=st.sampled_from(["drop_all", "give_up"]),
    droppable_sources=st.sampled_from([{"request"}, {"default", "endpoint"}, {"request", "override", "default"}]),
)


def check(event, beta_lists, max_resends):
    """Check one event against the invariants of the log."""
    requested, scoped, injected, merged, sent, *drops = beta_lists
    rejected, remembered, policy = drops
    asked = union(requested, scoped, injected)
    assert merged == [beta for beta in asked if beta not in policy]
    assert sent == [beta for beta in merged if beta not in rejected and beta not in remembered]
    assert len(rejected + remembered + policy) == len({*rejected, *remembered, *policy})
    assert {*rejected, *remembered} <= set(merged)
    assert not (event["attempts"] == 1 and rejected)
    assert 1 <= event["attempts"] <= max_resends + 1
    assert (event["attempts"] > 1) == ("resend_overhead_s" in event)
    assert (event["outcome"] == "recovered") == (event["http_response_status_code"] < 400 and bool(rejected))
    assert ("error_type" in event) == (event["http_response_status_code"] >= 400)
    assert event["outcome"] in {"ok", "recovered", "rejected", "error"}


FIELDS = [
    "requested",
    "scoped",
    "injected",
    "merged",
    "sent",
    "dropped_rejected",
    "dropped_remembered",
    "dropped_policy",
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calls, few, policies, st.sampled_from(DIALECTS), st.booleans())
def test_the_invariants_hold(steps, defaults, policy, dialect, one_at_a_time):
    """Whatever is asked, refused and answered: the lists of an event fit together, and with what reached the server."""

    async def run():
        async with SimulatedApi(dialect=dialect, one_at_a_time=one_at_a_time) as api:
            async with open_client(api, *defaults, policy=policy) as c:
                for step in steps:
                    await make(c, step)

    async def make(c, step):
        c.api.accept(*BETAS)
        c.api.refuse(*step["refused"])
        if step["next"]:
            c.api.respond_next(step["next"], after=1)
        c.api.clear()
        c.capture.entries.clear()
        add = [beta for beta in step["add"] if beta not in step["remove"]]
        with betamw.override(add=add, remove=step["remove"]):
            got = await c.call(*([] if step["header"] is None else [step["header"]]), path=step["path"])
        (event,) = c.events()
        check(event, [event[f"betas_{field}"] for field in FIELDS], policy.max_resends)
        assert (len(c.sent), list(c.sent[-1])) == (event["attempts"], event["betas_sent"])
        assert got.usage.sent == tuple(event["betas_sent"])
        assert event["attempts"] - 1 == sum(e["action"] == "resend" for e in c.events("betamw.beta.rejected"))

    asyncio.run(run())
