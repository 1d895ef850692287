"""What to act on, and what to be silent about."""

import pytest
from support.records import START, call, refusal

from betamw.logs.record import Record
from betamw.logs.selection import Selection
from betamw.logs.tally import Tally

NEW = "mine-2026-01-01"
RETIRED = "context-1m-2025-08-07"


def found(log, **selection):
    tally = Tally(Selection(**selection))
    tally.add_all(log)
    return tally.summary().findings


def kinds(log, **selection):
    return [finding.kind for finding in found(log, **selection)]


def good(number=1, at=START, **fields):
    return [call(at + n, **{"betas_requested": (NEW,)} | fields) for n in range(number)]


def refused(number=1, at=START, *, beta=NEW, model=None, **fields):
    """Calls that a reply refused the beta to, by name, and that were good without it."""
    where = {name: fields[name] for name in ("url_template", "server_address") if name in fields}
    return [
        record
        for n in range(number)
        for record in (
            refusal(at + n, betas_rejected=(beta,), gen_ai_request_model=model, **where),
            call(
                at + n,
                **{"betas_requested": (beta,)} | fields,
                betas_dropped_rejected=(beta,),
                outcome="recovered",
                attempts=2,
            ),
        )
    ]


def remembered(number=1, at=START, **fields):
    return [
        call(at + n, **{"betas_requested": (NEW,)} | fields, betas_dropped_remembered=(NEW,)) for n in range(number)
    ]


def test_never_accepted():
    """Refused and left out, and in no good call: who asks for it is told, with where to change that."""
    log = [*refused(), *remembered(6, betas_injected=(NEW,))]

    (finding,) = found(log)

    assert ("never_accepted", NEW, 7) == (finding.kind, finding.beta, finding.calls)
    assert {"request": 7, "injected": 6} == finding.asked_by
    assert f"{NEW} was never accepted: 1 reply refused it, and 7 calls went without it." in finding.text
    assert "`betas=`" in finding.text
    assert "endpoint rule" in finding.text


def test_never_accepted_where_nothing_names_it():
    """A beta that no reply named may be innocent, and the text says so."""
    log = [
        call(START + n, betas_requested=(NEW,), betas_dropped_rejected=(NEW,), outcome="recovered") for n in range(3)
    ]

    (finding,) = found([refusal(START), *log])

    assert "No reply named it" in finding.text


def test_refused_since():
    """Accepted until a time and not since: that time is told, and how many calls went without it since."""
    log = [*good(20), *refused(1, START + 100_000), *remembered(4, START + 100_001)]

    (finding,) = found(log)

    assert ("refused_since", 5) == (finding.kind, finding.calls)
    assert START + 19 == finding.since.timestamp()
    assert finding.text == (
        f"{NEW} was accepted until 2026-09-21 14:13 UTC and not since. If it does not come back, take it out of the "
        "caller's own header (the `betas=` of an SDK), or `override(remove=...)` it."
    )


def test_refused_since_where_nothing_is_resent():
    """Of a call that ends with the refusal, it is the last word on the beta."""
    given_up = [
        record
        for n in range(4)
        for record in (
            refusal(START + 100_000 + n, betas_rejected=(NEW,), action="give_up"),
            call(START + 100_000 + n, betas_requested=(NEW,), outcome="rejected"),
        )
    ]

    (finding,) = found([*good(20), *given_up])

    assert ("refused_since", 4) == (finding.kind, finding.calls)


def test_refused_since_within_one_moment():
    """All within ten seconds: the last refusals are told from the good calls before them all the same."""
    (finding,) = found([*good(1, START), *refused(3, START + 1)])

    assert ("refused_since", 3) == (finding.kind, finding.calls)


@pytest.mark.parametrize(
    ("place", "dimension", "value"),
    [
        ({"url_template": "/v1/files"}, "endpoint", "/v1/files"),
        ({"server_address": "bedrock.example"}, "origin", "bedrock.example"),
        ({"server_address": "bedrock.example", "url_template": "/model"}, "origin", "bedrock.example"),
        ({"gen_ai_request_model": "claude-x"}, "model", "claude-x"),
    ],
)
def test_clustered(place, dimension, value):
    """Refused at one endpoint, origin or model, and accepted at others."""
    others = {"gen_ai_request_model": "claude-y"} if dimension == "model" else {}
    log = [*good(50, **others), *refused(6, START + 3, model=place.get("gen_ai_request_model"), **place)]

    (finding,) = found(log)

    assert ("clustered", dimension, value, 6) == (finding.kind, finding.dimension, finding.value, finding.calls)
    where = {"endpoint": "at one endpoint"}.get(dimension, f"by one {dimension}")
    assert f"is refused {where}, {value} (6 of 6 refusals), while 50 other calls" in finding.text


@pytest.mark.parametrize(
    ("asking", "expected"),
    [
        ({}, "that need it, in place of the caller's own header."),
        ({"betas_requested": (), "betas_injected": (NEW,)}, "that need it, in place of a default for all."),
        ({"betas_requested": (), "betas_scoped": (NEW,)}, "that need it."),
    ],
)
def test_clustered_says_who_is_to_ask_no_more(asking, expected):
    """Only what asks now is to be replaced: nobody looks for a default that there is not."""
    (finding,) = found([*good(50, **asking), *refused(6, START + 3, url_template="/v1/files", **asking)])

    assert finding.text.endswith(expected)


def test_a_place_that_is_asked_later_is_clustered():
    """Where the good calls end because all go to an endpoint that never took it, that is what is said."""
    log = [*good(50), *refused(6, START + 100, url_template="/v1/files")]

    assert ["clustered"] == kinds(log)


SILENT = {
    "accepted always": good(50),
    "one call": refused(),
    "one call, and remembered by none": [*refused(), *good(1, betas_requested=("other-1",))],
    "overloaded": [call(START + n, betas_requested=(NEW,), outcome="error") for n in range(9)],
    "cancelled": [call(START + n, betas_requested=(NEW,), outcome="cancelled") for n in range(9)],
    "removed by a policy": [
        call(START + n, betas_requested=(RETIRED,), betas_sent=(), betas_dropped_policy=(RETIRED,)) for n in range(9)
    ],
    "too few since": [*good(20), *refused(1, START + 100), *remembered(1, START + 101)],
    "accepted again": [*good(20), *refused(9, START + 100), *good(1, START + 200)],
    "where most calls are": [*good(50), *good(2, url_template="/v1/files"), *refused(6, START + 3)],
    "the only model, for a while": [
        *good(50, START),
        *refused(9, START + 1000, model="claude-x"),
        *good(50, START + 2000),
    ],
    "the models of good calls unknown": [
        record for n in range(8) for record in (*good(3, START + n), *refused(1, START + n, model="claude-x"))
    ],
    "too few to be a cluster": [*good(50), *refused(4, START + 3, url_template="/v1/files")],
    "spread out": [*good(90), *refused(6, START + 3, url_template="/a"), *refused(6, START + 3, url_template="/b")],
}


@pytest.mark.parametrize("log", SILENT.values(), ids=SILENT.keys())
def test_silence(log):
    """What was neither accepted nor refused, what happened once, and what is as good as before, is no finding."""
    assert [] == kinds(log)


@pytest.mark.parametrize(
    ("beta", "kind", "successor"),
    [
        (RETIRED, "retired", None),
        ("server-side-fallback-2026-06-01", "superseded", "server-side-fallback-2026-07-01"),
        ("mcp-client-2025-04-04", "deprecated", "mcp-client-2025-11-20"),
    ],
)
def test_catalog(beta, kind, successor):
    """What the catalog says of a beta that is still asked for, and what takes its place."""
    (finding,) = found(good(3, betas_requested=(beta,)))

    assert (kind, beta, 3) == (finding.kind, finding.beta, finding.calls)
    assert (successor is not None) == finding.text.count(str(successor))


def test_one_finding_for_each_beta():
    """A retired beta that is never accepted has one finding, which says both."""
    (finding,) = found(refused(3, beta=RETIRED))

    assert "never_accepted" == finding.kind
    assert "The catalog calls it retired (no effect)." in finding.text


def test_invalid_input():
    """Names that cannot be betas, by where they came from."""
    log = [Record(event="betamw.input.invalid", at=START, origin="request", problem="invalid_beta_name")] * 3

    (finding,) = found(log)

    assert ("invalid_input", None, 3, "request") == (finding.kind, finding.beta, finding.calls, finding.value)
    assert finding.text.startswith("3 names in the anthropic-beta header (request) cannot be a beta")


def test_order():
    """By kind, and those of a kind by the number of calls."""
    log = [
        Record(event="betamw.input.invalid", at=START, origin="request"),
        *good(2, betas_requested=("mcp-client-2025-04-04",)),
        *good(4, betas_requested=("pdfs-2024-09-25",)),
        *refused(3),
    ]

    assert ["never_accepted", "deprecated", "deprecated", "invalid_input"] == kinds(log)
    assert [3, 4, 2, 1] == [finding.calls for finding in found(log)]


@pytest.mark.parametrize(("outcomes", "expected"), [({"recovered"}, []), ({"ok", "recovered"}, ["never_accepted"])])
def test_outcomes(outcomes, expected):
    """Where good calls were not selected, nothing is said about what is accepted."""
    assert expected == kinds(refused(5), outcomes=outcomes)


def test_other_betas_are_not_judged():
    """With betas, of others only some calls were seen: they have no findings."""
    log = [*refused(5, betas_requested=(NEW, "other-1")), *good(5, betas_requested=("pdfs-2024-09-25", "other-1"))]

    assert [] == kinds(log, betas=("other-*",))
