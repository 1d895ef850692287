"""The invariants of the events: what the real chain writes keeps them, and each of them can be broken."""

import random

import msgspec
import pytest
from structlog.testing import LogCapture
from support.client import BODY, capturing_logger, open_client
from support.planted import POLICIES, play, stage

import betamw
from betamw.logs.invariants import _INVARIANTS, violations
from betamw.logs.record import Record

A, B, C, D = "files-api-2025-04-14", "context-1m-2025-08-07", "mcp-client-2025-11-20", "newer-2026-01-01"


def broken(events):
    """The invariants that events break, each with the first event that does."""
    found = {}
    for event in events:
        for invariant in violations(msgspec.convert(event, Record)):
            found.setdefault(invariant, event)
    return found


# What the chain writes.


@pytest.mark.parametrize("policy", POLICIES)
async def test_the_chain_keeps_them(policy):
    """Refusals, errors, redirects, lost connections, cancellations, invalid input: under each policy."""
    capture = LogCapture()
    async with stage(logger=capturing_logger(capture), **POLICIES[policy]) as on:
        await play(on)
        await play(on)
    assert {"betamw.request", "betamw.beta.rejected"} <= {event["event"] for event in capture.entries}
    assert {} == broken(capture.entries)


def meddler(chance):
    """A middleware that leaves out, adds and reorders betas as it likes."""

    async def meddle(request, handler):
        betas = [
            beta for beta in request.headers.get("anthropic-beta", "").split(",") if beta and chance.random() < 0.8
        ]
        betas += chance.sample((A, B, C, D, "their-own-2026-02-02"), chance.randrange(2))
        chance.shuffle(betas)
        request.headers.popall("anthropic-beta", None)
        if betas:
            request.headers["anthropic-beta"] = ",".join(dict.fromkeys(betas))
        return await handler(request)

    return meddle


@pytest.mark.parametrize(
    ("place", "substitutes"),
    [
        ("inside", "never"),
        ("between", "never"),
        ("outside", "never"),
        ("inside", {B: D, A: C}),
        ("between", {B: D, A: C}),
        ("outside", {B: D, A: C}),
    ],
)
async def test_another_hand_breaks_none(api, place, substitutes):
    """A middleware of somebody else's that has its own way with the header, anywhere in the chain."""
    chance = random.Random(7)  # noqa: S311  the same on every run

    def attached(*, api, logger):
        policy = betamw.FallbackPolicy(substitutes=substitutes)
        *first, last = betamw.chain(C, api=api, logger=logger, policy=policy)
        other = meddler(chance)
        return {"inside": (*first, last, other), "between": (*first, other, last), "outside": (other, *first, last)}[
            place
        ]

    async with open_client(api, middlewares=attached) as client:
        for _ in range(150):
            api.accept(A, B, C, D)
            api.refuse(*chance.sample((A, B, C, D), chance.randrange(3)))
            await client.call(",".join(chance.sample((A, B, D), chance.randrange(4))), json=BODY)
        assert {} == broken(client.capture.entries)


async def test_a_long_list_breaks_none(client, api):
    """Of sixty names fifty are told; what was refused may be among the others."""
    names = [f"beta-{number}-2026-01-01" for number in range(60)]
    api.refuse(*names[40:])
    async with client(*names[55:]) as c:
        await c.call(",".join(names))
        assert ["recovered"] == [event["outcome"] for event in c.events()]
        assert {} == broken(c.capture.entries)


async def test_names_that_are_not_told_break_none(client, api):
    """Two of them look alike in the log."""
    alike = ["sk-ant-api03-one", "sk-ant-api03-two", "sk-ant-api03-six"]
    api.refuse(alike[0])
    async with client(alike[2]) as c:
        with betamw.override(add=alike[1:2], remove=alike[2:]):
            await c.call(",".join((alike[0], A)))
            await c.call(",".join((alike[0], A)))
        assert {} == broken(c.capture.entries)


# Each can be broken.

CALL = Record(
    event="betamw.request",
    betas_requested=(A, B),
    betas_scoped=(C,),
    betas_merged=(A, B, C),
    betas_sent=(A, C),
    betas_dropped_rejected=(B,),
    attempts=2,
    outcome="recovered",
    http_response_status_code=200,
    duration_s=2.0,
    resend_overhead_s=1.0,
)
ONE = {"attempts": 1, "resend_overhead_s": None, "outcome": "ok"}
REFUSAL = Record(
    event="betamw.beta.rejected",
    betas_sent=(A, B),
    betas_rejected=(B,),
    attempt=1,
    http_response_status_code=400,
    action="resend",
    reason="dropped",
)
LEARNED = Record(event="betamw.memory.learned", betas=(A,), ttl_s=60.0)
REPROBED = Record(event="betamw.memory.reprobed", betas=(A,), result="accepted")
BROKEN = [
    ("betas_merged is the union", CALL, {"betas_requested": (B, A)}),
    ("betas_merged is the union", CALL, {"betas_requested": (B, A, D)}),
    ("betas_merged is the union", CALL, {"betas_dropped_policy": (C,)}),
    ("betas_sent is betas_merged less", CALL, {"betas_sent": (A, B, C)}),
    ("betas_sent is betas_merged less", CALL, {"betas_sent": (A,)}),
    ("betas_sent is betas_merged less", CALL, {"betas_substituted": (C,), "betas_substitutes": (D,)}),
    ("no beta is in two", CALL, {"betas_dropped_remembered": (B,)}),
    ("what was dropped or substituted", CALL, {"betas_dropped_remembered": (D,)}),
    ("of equal length", CALL, {"betas_dropped_rejected": (), "betas_substituted": (B,)}),
    (
        "a substitute is none",
        CALL,
        {"betas_dropped_rejected": (), "betas_substituted": (B,), "betas_substitutes": (A,)},
    ),
    ("no list names a beta twice", CALL, {"betas_sent": (A, C, A)}),
    (
        "attempts is 1 or more",
        CALL,
        {**ONE, "attempts": 0, "betas_dropped_rejected": (), "betas_dropped_remembered": (B,)},
    ),
    ("where attempts is 1", CALL, ONE),
    ("outcome is one of", CALL, {"outcome": "fine", "error_type": "x"}),
    ("a call that recovered", CALL, {"betas_dropped_rejected": (), "betas_sent": (A, B, C)}),
    ("fits the outcome", CALL, {"http_response_status_code": 400}),
    ("fits the outcome", CALL, {"http_response_status_code": None}),
    ("fits the outcome", CALL, {"outcome": "cancelled", "error_type": "CancelledError"}),
    ("fits the outcome", CALL, {"outcome": "rejected", "error_type": "400"}),
    ("fits the outcome", CALL, {"outcome": "error", "error_type": "429"}),
    ("error_type is there", CALL, {"error_type": "400"}),
    ("resend_overhead_s is there", CALL, {"resend_overhead_s": None}),
    ("resend_overhead_s is not above", CALL, {"resend_overhead_s": 2.5}),
    ("resend_overhead_s is not above", CALL, {"duration_s": -1.0, "resend_overhead_s": -2.0}),
    ("betas_rejected are of betas_sent", REFUSAL, {"betas_rejected": (C,)}),
    ("a refusal is a 400", REFUSAL, {"http_response_status_code": 500}),
    ("attempt is 1", REFUSAL, {"attempt": 0}),
    ("attempt is 1", REFUSAL, {"attempt": None}),
    ("reason is one of", REFUSAL, {"action": "give_up", "reason": "whim"}),
    ("action is resend", REFUSAL, {"action": "give_up"}),
    ("action is resend", REFUSAL, {"reason": "strict"}),
    ("what is learned", LEARNED, {"ttl_s": 0.0}),
    ("what is learned", LEARNED, {"betas": ()}),
    ("result is", REPROBED, {"result": "maybe"}),
    ("betamw_schema is 1", REPROBED, {"betamw_schema": 2, "result": "maybe"}),
]


@pytest.mark.parametrize("record", [CALL, REFUSAL, LEARNED, REPROBED], ids=lambda record: record.event)
def test_what_is_broken_was_whole(record):
    """The events that the table breaks keep all of them."""
    assert [] == violations(record)


@pytest.mark.parametrize(("invariant", "record", "change"), BROKEN)
def test_each_can_be_broken(invariant, record, change):
    """One thing is wrong, and it is called by its name, alone."""
    (told,) = violations(msgspec.structs.replace(record, **change))
    assert invariant in told


def test_none_is_forgotten():
    """The table above breaks every one."""
    every = [told for table in _INVARIANTS.values() for told in table]
    assert [] == [told for told in every if not any(invariant in told for invariant, _, _ in BROKEN)]


def test_an_event_without_any():
    """Of an event that says nothing of the kind, nothing is said; also of one that a later version has added."""
    assert [] == violations(Record(event="betamw.input.invalid")) + violations(Record(event="betamw.later.event"))
