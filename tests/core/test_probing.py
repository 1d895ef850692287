"""The questions of a probe: every verdict is right, whatever the server, and no more are asked than were announced."""

import json
from collections.abc import Iterable, Sequence
from itertools import combinations
from math import comb, log2
from pathlib import Path
from random import Random
from statistics import mean

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from betamw.core.probe.finding import Finding, Reading
from betamw.core.probe.grouping import MAX_HEADER, at_evens, fitting
from betamw.core.probe.probing import Probe

FACTS = Path(__file__).parents[1] / "facts" / "provider_support.json"
ACCEPTED = Reading(kind="accepted")
UNNAMED = Reading(kind="refused", message="invalid beta flag")
OTHER = Reading(kind="other", message="something is wrong")


def names(count: int) -> tuple[str, ...]:
    return tuple(f"beta-{number}" for number in range(count))


@attrs.define
class Server:
    """Refuses what it does not take, in one of several ways; some pairs go only apart."""

    culprits: Iterable[str] = ()
    speaks: str = "unnamed"
    pairs: Sequence[Sequence[str]] = ()
    needs: Iterable[str] = ()
    requests: list[tuple[str, ...]] = attrs.Factory(list)

    def reply(self, betas: tuple[str, ...]) -> Reading:
        self.requests.append(betas)
        refused = tuple(beta for beta in betas if beta in self.culprits)
        if refused and self.speaks != "unnamed":
            named = refused if self.speaks == "all" else refused[:1]
            return Reading(kind="refused", betas=named)
        if refused:
            return UNNAMED
        if not set(self.needs) <= set(betas) or any(set(pair) <= set(betas) for pair in self.pairs):
            return OTHER
        return ACCEPTED

    def answer(self, probe: Probe) -> Probe:
        """Answer all that the probe asks."""
        while probe.sends is not None:
            probe.take(self.reply(probe.sends))
        return probe


def verdicts(probe: Probe) -> dict[str, str]:
    return {beta: probe.finding(beta).verdict for beta in probe.betas}


@st.composite
def servers(draw):
    """A server, and the betas that it is asked for."""
    betas = names(draw(st.integers(1, 16)))
    culprits = draw(st.sets(st.sampled_from(betas)))
    pair = st.lists(st.sampled_from(betas), min_size=2, max_size=2, unique=True)
    pairs = draw(st.lists(pair, max_size=3)) if len(betas) > 1 else []
    speaks = draw(st.sampled_from(["unnamed", "all", "one at a time"]))
    return Server(culprits, speaks, pairs, draw(st.sampled_from([(), ("needed",)]))), betas


@given(servers())
@settings(max_examples=100)
def test_every_verdict_is_right(asked):
    """What is refused alone is refused, all else accepted, pairs that clash too; within the announced requests."""
    server, betas = asked
    probe = server.answer(Probe(betas, tuple(server.needs)))

    expected = {beta: "refused" if beta in server.culprits else "accepted" for beta in betas}
    assert ("", expected) == (probe.stopped, verdicts(probe))
    assert len(server.requests) == probe.asked <= probe.at_most


@given(servers())
@settings(max_examples=100)
def test_a_clash_is_one(asked):
    """Betas that are said to go only apart are accepted one by one, and hold a pair that the server refuses."""
    server, betas = asked
    probe = server.answer(Probe(betas, tuple(server.needs)))

    alive = [pair for pair in server.pairs if set(pair).isdisjoint(server.culprits)]
    assert not probe.clash or any(set(pair) <= set(probe.clash) for pair in alive)
    assert set(probe.clash).isdisjoint(server.culprits)


@given(servers())
@settings(max_examples=100)
def test_known_conflicts_are_never_sent(asked):
    """What the catalog knows to be refused together is in no request, and every verdict is right all the same."""
    server, betas = asked
    probe = server.answer(Probe(betas, tuple(server.needs), server.pairs))

    expected = {beta: "refused" if beta in server.culprits else "accepted" for beta in betas}
    assert expected == verdicts(probe)
    assert not [sent for sent in server.requests for pair in server.pairs if set(pair) <= set(sent)]
    assert len(server.requests) <= probe.at_most


@given(st.integers(0, 12), st.sampled_from([(), ("needed",)]), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_a_server_without_reason(count, needed, random):
    """Replies at random end the questions within the announced number, too."""
    probe = Probe(names(count), needed)
    while probe.sends is not None:
        blamed = tuple(random.sample(probe.sends, min(1, len(probe.sends))))
        probe.take(random.choice([ACCEPTED, UNNAMED, OTHER, Reading(kind="refused", betas=blamed)]))

    assert probe.asked <= probe.at_most


@pytest.mark.parametrize(
    ("server", "requests"),
    [
        (Server(), 1),
        (Server(names(2), "all"), 2),
        (Server(names(8), "all"), 1),
        (Server(names(3), "one at a time"), 4),
    ],
    ids=["none", "two-named", "all-named", "one-at-a-time"],
)
def test_requests(server, requests):
    """All in the first request, and each named refusal takes out what it names."""
    server.answer(Probe(names(8)))

    assert requests == len(server.requests)


@pytest.mark.parametrize(
    ("culprits", "count", "mean_at_most", "at_most"),
    [(1, 8, 7.0, 8), (4, 8, 11.5, 13), (3, 13, 14.5, 17), (25, 36, 39.5, 41), (1, 60, 12.5, 14), (3, 60, 22.0, 27)],
)
def test_requests_of_a_search(culprits, count, mean_at_most, at_most):
    """So many are needed where nothing is named: on average and at most, over 50 draws."""
    random, needed = Random(1), []  # noqa: S311  the same draws each time
    for _ in range(50):
        server = Server(random.sample(names(count), culprits))
        server.answer(Probe(names(count)))
        needed.append(len(server.requests))

    assert log2(comb(count, culprits)) < mean(needed) <= mean_at_most
    assert max(needed) <= at_most


@pytest.mark.parametrize("provider", ["anthropic", "azure_ai", "bedrock", "bedrock_converse", "vertex_ai"])
def test_providers(provider):
    """The betas of each provider of a table that is in use are told apart."""
    column = json.loads(FACTS.read_text(encoding="utf-8"))[provider]
    refused = [beta for beta, name in column.items() if name != beta]
    server = Server(refused)
    probe = server.answer(Probe(column))

    assert refused == [beta for beta, verdict in verdicts(probe).items() if verdict == "refused"]
    assert len(server.requests) <= probe.at_most


def test_a_pair_is_found():
    """Two that the server refuses together are accepted, and named as a pair."""
    probe = Server(pairs=[("beta-1", "beta-6")]).answer(Probe(names(8)))

    assert {"accepted"} == set(verdicts(probe).values())
    assert {"beta-1", "beta-6"} == set(probe.clash)


@pytest.mark.parametrize("clash", [("beta-0", "beta-15"), ("beta-2", "beta-9", "beta-13"), names(16)])
def test_the_fewest_that_clash(clash):
    """However many it takes, none is named that need not be there; asking stops at the announced number."""
    probe = Server(pairs=[clash]).answer(Probe(names(16)))

    assert {"accepted"} == set(verdicts(probe).values())
    assert set(clash) <= set(probe.clash)
    assert len(clash) > 3 or len(clash) == len(probe.clash)
    assert probe.asked <= probe.at_most


@pytest.mark.parametrize("count", [1, 2, 3, 8, 40])
@pytest.mark.parametrize("needed", [(), ("needed",)])
def test_each_goes_alone_only(count, needed):
    """The dearest server, that refuses any two together, costs no more than was announced, and blames none."""
    betas = names(count)
    probe = Server(pairs=list(combinations(betas, 2)), needs=needed).answer(Probe(betas, needed))

    assert {"accepted"} == set(verdicts(probe).values())
    assert probe.asked <= probe.at_most


def test_a_pair_across_groups():
    """Whether what was accepted in parts goes together is asked in the end."""
    probe = Server(["beta-3"], pairs=[("beta-0", "beta-7")]).answer(Probe(names(8)))

    assert {"beta-0", "beta-7"} == set(probe.clash)


def test_a_reason_that_is_no_refusal():
    """A beta with which the request fails for another reason is unclear, with that reason; others are not."""

    def reply(betas):
        return OTHER if "beta-1" in betas else ACCEPTED

    probe = Probe(names(3))
    while probe.sends is not None:
        probe.take(reply(probe.sends))

    assert {"beta-0": "accepted", "beta-1": "unclear", "beta-2": "accepted"} == verdicts(probe)
    assert Finding("unclear", "alone", OTHER.message) == probe.finding("beta-1")


def test_a_request_that_is_no_good():
    """Where the request fails without betas, too, nothing is blamed on them."""
    probe = Probe(names(3))
    probe.take(OTHER)
    assert () == probe.sends
    probe.take(OTHER)

    assert (None, "the request is refused without any beta: something is wrong") == (probe.sends, probe.stopped)
    assert {"unclear"} == set(verdicts(probe).values())


def test_what_the_endpoint_requires_goes_along():
    """It is in every request, and not on trial."""
    server = Server(["beta-1"], needs=["needed"])
    probe = server.answer(Probe(names(3), ("needed",)))

    assert all("needed" in sent for sent in server.requests)
    assert {"beta-0": "accepted", "beta-1": "refused", "beta-2": "accepted"} == verdicts(probe)


@pytest.mark.parametrize("betas", [("needed",), ("needed", "beta-0")])
def test_what_the_endpoint_requires_is_asked_for(betas):
    """A request that was accepted with it has accepted it."""
    probe = Server(needs=["needed"]).answer(Probe(betas, ("needed",)))

    assert Finding("accepted", "required") == probe.finding("needed")
    assert 1 == probe.asked


@pytest.mark.parametrize("speaks", ["unnamed", "all"])
def test_what_the_endpoint_requires_is_refused(speaks):
    """Then nothing else can be asked for."""
    probe = Server(["needed"], speaks).answer(Probe((*names(3), "needed"), ("needed",)))

    assert "refused" == probe.finding("needed").verdict
    assert {"unclear"} == {probe.finding(beta).verdict for beta in names(3)}
    assert "needed" in probe.stopped


def test_a_conflict_with_what_the_endpoint_requires():
    """A beta that can never be sent there is unclear, and the reason says so."""
    server = Server(needs=["needed"])
    probe = server.answer(Probe(names(2), ("needed",), [("beta-0", "needed")]))

    assert ("unclear", "not asked") == (probe.finding("beta-0").verdict, probe.finding("beta-0").how)
    assert "needed" in probe.finding("beta-0").reason
    assert [("needed", "beta-1")] == server.requests


def test_stopped_early():
    """What is known stays so, and nothing is asked any more."""
    probe = Probe(names(4))
    probe.take(Reading(kind="refused", betas=("beta-2",)))
    probe.stop("interrupted")

    assert (None, "interrupted") == (probe.sends, probe.stopped)
    assert ["unclear", "unclear", "refused", "unclear"] == list(verdicts(probe).values())


def test_long_headers():
    """A header stays within its bound, however many betas there are."""
    betas = [f"{'x' * 110}-{number:03}" for number in range(150)]
    server = Server([betas[70]])
    probe = server.answer(Probe(betas))

    assert MAX_HEADER >= max(len(",".join(sent)) for sent in server.requests)
    assert [betas[70]] == [beta for beta, verdict in verdicts(probe).items() if verdict == "refused"]


def test_the_size_of_a_group():
    """The more are known to be refused, the fewer go together; half of two, always."""
    sizes = [at_evens(40, good=good, bad=bad, refused=False) for good, bad in [(60, 0), (20, 5), (5, 5), (0, 8)]]

    assert [19, 4, 1, 1] == sizes
    assert 1 == at_evens(2, good=60, bad=0, refused=True)


def test_what_fits():
    """Betas in their order, without those that do not go with an earlier one, as far as there is room."""
    assert ("a", "c") == fitting(("a", "b", "c", "d"), along=("x",), conflicts=[("a", "b")], most=5)
