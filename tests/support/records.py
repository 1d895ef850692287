"""Events as a log has them, made up call by call, and what they add up to, counted one by one."""

import math
from collections import Counter, defaultdict

from hypothesis import strategies as st

from betamw.logs.record import Record

BETAS = ["files-api-2025-04-14", "context-1m-2025-08-07", "mine-2026-01-01", "compact-2026-01-12"]
ORIGINS = [("api.anthropic.com", None), ("localhost", 8080)]
TEMPLATES = ["/v1/messages", "/v1/files/{file_id}"]
START = 1_790_000_000.0


def call(at=START, **fields):
    """A good call that sent what it was asked for, unless the fields say otherwise."""
    asked = [beta for source in ("requested", "scoped", "injected") for beta in fields.get(f"betas_{source}", ())]
    left_out = {
        beta
        for why in ("dropped_rejected", "dropped_remembered", "substituted")
        for beta in fields.get(f"betas_{why}", ())
    }
    sent = tuple(beta for beta in dict.fromkeys(asked) if beta not in left_out)
    given = {
        "event": "betamw.request",
        "betamw_call": "c",
        "server_address": "api.anthropic.com",
        "url_template": "/v1/messages",
        "betas_sent": sent,
        "outcome": "ok",
        "duration_s": 1.0,
    }
    return Record(**given | fields, at=at)


def refusal(at=START, **fields):
    """A reply that refused betas."""
    given = {
        "event": "betamw.beta.rejected",
        "betamw_call": "c",
        "server_address": "api.anthropic.com",
        "url_template": "/v1/messages",
        "action": "resend",
    }
    return Record(**given | fields, at=at)


# Made once: Hypothesis looks anew at what is made for each draw, which would take most of the time.
_TIMES = st.one_of(st.none(), st.floats(START, START + 40 * 86400), st.floats(0, 4e9))
_PLACES = st.tuples(st.sampled_from(ORIGINS), st.sampled_from(TEMPLATES), st.sampled_from([None, "claude-x"]))
_FEW = st.lists(st.sampled_from(BETAS), unique=True, max_size=3).map(tuple)
_OUTCOMES = st.sampled_from(["ok", "error", "cancelled", "rejected"])
_DURATIONS = st.one_of(st.none(), st.floats(0.001, 1000))
_PARTS = st.floats(0, 0.9)


@st.composite
def conversations(draw):
    """One call with the refusals that it met, in the order in which a log has them."""
    at = draw(_TIMES)
    (address, port), template, model = draw(_PLACES)
    where = {
        "server_address": address,
        "server_port": port,
        "url_template": template,
        "gen_ai_request_model": model,
    }
    asked = {f"betas_{source}": draw(_FEW) for source in ("requested", "scoped", "injected")}
    left = list(dict.fromkeys(beta for names in asked.values() for beta in names))
    remembered = tuple(left[: draw(st.integers(0, 1))])
    left = left[len(remembered) :]
    dropped, refusals = [], []
    while left and draw(st.booleans()):
        culprits, named = tuple(left[: draw(st.integers(1, 2))]), draw(st.booleans())
        refusals.append(refusal(at, **where, betas_rejected=culprits if named else (), betas_sent=tuple(left)))
        dropped += culprits
        left = left[len(culprits) :]
    outcome = draw(_OUTCOMES)
    if outcome == "rejected" and left:
        named = tuple(left[:1])
        refusals.append(refusal(at, **where, betas_rejected=named, betas_sent=tuple(left), action="give_up"))
    duration = draw(_DURATIONS)
    resent = {} if not dropped else {"resend_overhead_s": (duration or 1) * draw(_PARTS)}
    ending = call(
        at,
        **where,
        **asked,
        **resent,
        betas_sent=tuple(left),
        betas_dropped_rejected=tuple(dropped),
        betas_dropped_remembered=remembered,
        attempts=len([each for each in refusals if each.action == "resend"]) + 1,
        outcome="recovered" if outcome == "ok" and dropped else outcome,
        duration_s=duration,
    )
    return [*refusals, ending]


def _one_after_the_other(calls):
    for number, records in enumerate(calls):
        for record in records:
            record.betamw_call = f"{number:016x}"
    return [record for records in calls for record in records]


logs = st.lists(conversations(), max_size=15).map(_one_after_the_other)


def count(records):
    """What a log adds up to, by the plainest of ways: beta -> what became of it."""
    unnamed = Counter(
        each.betamw_call for each in records if each.event == "betamw.beta.rejected" and not each.betas_rejected
    )
    named = defaultdict(set)
    betas = defaultdict(Counter)
    for each in records:
        if each.event == "betamw.beta.rejected":
            for beta in each.betas_rejected:
                betas[beta]["rejected"] += 1
                named[each.betamw_call].add(beta)
    for each in records:
        if each.event != "betamw.request":
            continue
        asked = {*each.betas_requested, *each.betas_scoped, *each.betas_injected}
        for beta in {*asked, *each.betas_sent}:
            betas[beta]["asked"] += beta in asked
            betas[beta]["requested"] += beta in each.betas_requested
            betas[beta]["scoped"] += beta in each.betas_scoped
            betas[beta]["injected"] += beta in each.betas_injected
            betas[beta]["sent"] += beta in each.betas_sent
            betas[beta]["accepted"] += beta in each.betas_sent and each.outcome in {"ok", "recovered"}
            betas[beta]["remembered"] += beta in each.betas_dropped_remembered
            if unnamed[each.betamw_call] and beta in each.betas_dropped_rejected:
                betas[beta]["rejected"] += beta not in named[each.betamw_call]
    return betas


def percentile(values, percent):
    """The least of the values that so many percent of them do not exceed."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]
