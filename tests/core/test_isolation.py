"""The search for culprits that no reply names: it blames no innocent, ends with the exact set, at a known cost."""

import json
import random
from itertools import combinations

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from betamw.core.isolation import Findings, Search, Trial

ABCDEFGH = tuple("abcdefgh")


@attrs.define
class Server:
    """Refuses what holds a culprit; a beta of `named` by its name, and these first."""

    culprits: set[str] = attrs.field(converter=set)
    named: set[str] = attrs.field(factory=set, converter=set)

    def reply(self, sent):
        if named := self.named.intersection(sent):
            return named
        return not self.culprits.isdisjoint(sent)


class RandomServer:
    """Refuses that share of all that carries a beta, whatever it is."""

    def __init__(self, share, seed):
        self.share, self.random = share, random.Random(seed)  # noqa: S311  a draw, no secret

    def reply(self, sent):
        return bool(sent) and self.random.random() < self.share


@attrs.define
class Client:
    """Makes calls as the exchange does, and holds the verdicts as the memory does."""

    search: Search = attrs.field(factory=Search)
    verdicts: set[str] = attrs.field(factory=set, converter=set)
    suspicious: set[str] = attrs.field(factory=set, converter=set)
    sends: list[tuple[str, ...]] = attrs.field(factory=list)
    refused: int = 0
    answered: bool = False

    def call(self, server, betas, *, resends=2, searching=True, keep=()):
        """One call; returns how many of its sends were refused."""
        named: set[str] = set()
        trial = Trial(
            self.search,
            known=lambda beta: beta in self.verdicts or beta in named,
            suspicious=self.suspicious.__contains__,
            searching=searching,
        )
        self.sends, self.answered = [], False
        for left in range(resends, -1, -1):
            wanted = [beta for beta in betas if not trial.known(beta)]
            out = trial.leave_out([beta for beta in wanted if beta not in keep], left)
            sent = tuple(beta for beta in wanted if beta not in out)
            self.sends.append(sent)
            reply = server.reply(sent)
            if reply is True:
                trial.refused(sent)
            elif reply:
                named |= reply
                trial.refused(sent, named=True)
            else:
                self.answered = True
                self.verdicts |= named
                self._note(trial.accepted(sent), sent)
                break
        self.refused += (now := len(self.sends) - self.answered)
        return now

    def _note(self, findings, sent):
        self.verdicts -= {*findings.retracted, *sent}
        self.verdicts |= {*findings.culprits}

    def until_known(self, server, betas, **how):
        """Make the call until nothing is left to find out; returns the number of calls."""
        calls = 0
        while not self.knows(betas):
            self.call(server, betas, **how)
            calls += 1
            assert calls <= 3 * len(betas) + 1
        return calls

    def knows(self, betas):
        return not self.search.suspects and all(beta in self.search.good or beta in self.verdicts for beta in betas)


# A call.


def test_all_is_sent_at_first():
    """Nothing is known, so nothing is left out."""
    assert () == Trial(Search(), searching=True).leave_out(ABCDEFGH, 2)


def test_a_resend_carries_what_rather_passes():
    """After the first refusal in a scope: a group that passes at evens, when culprits are few."""
    client = Client()
    client.call(Server("h"), ABCDEFGH)
    assert [ABCDEFGH, ("a", "b")] == client.sends


def test_the_last_resend_carries_what_is_good():
    """So that the call is answered."""
    client = Client(Search(good=dict.fromkeys("gh")))
    client.call(Server("ab"), ABCDEFGH)
    assert ("g", "h") == client.sends[-1]


@pytest.mark.parametrize("resends", [1, 2, 3, 5])
def test_every_call_is_answered(resends):
    """With one resend at the least, in as many sends as the policy allows."""
    client, server = Client(), Server("ceh")
    while not client.knows(ABCDEFGH):
        assert resends >= client.call(server, ABCDEFGH, resends=resends)
        assert client.answered
    assert set("ceh") == client.verdicts


def test_a_call_that_may_not_resend_searches_nothing():
    """It would be the caller who gets the refusal: the suspects stay at home."""
    client = Client(Search(suspects=dict.fromkeys("ab")))
    assert 0 == client.call(Server("a"), "abc", resends=0)
    assert [("c",)] == client.sends


def test_one_call_searches_and_the_others_go_without_the_suspects():
    """The unknown goes out all the same."""
    client = Client(Search(good=dict.fromkeys("c"), suspects=dict.fromkeys("ab")))
    client.call(Server("a"), "abcd", searching=False)
    assert [("c", "d")] == client.sends


def test_a_call_that_does_not_search_tries_no_group():
    """Refused before it could know, it resends at once what is good."""
    client = Client(Search(good=dict.fromkeys("c")))
    client.call(Server("a"), "abc", searching=False)
    assert [tuple("abc"), ("c",)] == client.sends


def test_a_refusal_that_is_explained_by_now_hides_nothing_else():
    """A call was under way while another found the culprit: its resend leaves out that one alone."""
    verdicts: set[str] = set()
    trial = Trial(Search(), known=verdicts.__contains__)
    trial.refused(("a", "b"))
    verdicts.add("a")
    assert () == trial.leave_out(["b"], 1)
    assert ("b",) == trial.leave_out(["b"], 0)
    assert Findings() == trial.accepted(())
    assert {} == trial.search.suspects


def test_a_beta_that_may_not_be_dropped_is_never_left_out():
    """It is carried by every send, and good once a call that carried it was."""
    client = Client()
    client.call(Server("b"), "abc", keep="a")
    assert all("a" in sent for sent in client.sends)
    assert "a" in client.search.good


def test_nothing_is_learned_when_the_culprit_may_not_be_dropped():
    """No resend can help, so none teaches."""
    client = Client()
    client.call(Server("a"), "abc", keep="a")
    assert (False, Search().to_json()) == (client.answered, client.search.to_json())


# What is learned.


def test_one_suspect_is_the_culprit():
    """A call with one beta, refused, and good without it."""
    client = Client()
    assert 1 == client.call(Server("a"), "a")
    assert {"a"} == client.verdicts


def test_an_unknown_beta_beside_good_ones_is_the_culprit():
    """No search is needed."""
    client = Client(Search(good=dict.fromkeys("abc")))
    assert 1 == client.call(Server("d"), "abcd")
    assert ({"d"}, [tuple("abcd"), tuple("abc")]) == (client.verdicts, client.sends)


def test_what_was_accepted_is_good():
    """A later refusal does not suspect it."""
    search = Search()
    Trial(search).accepted(("a", "b"))
    assert ["a", "b"] == list(search.good)


def test_who_is_left_over_is_the_culprit():
    """It is not even tried."""
    client = Client()
    client.call(Server("b"), "ab")
    assert ({"b"}, 1) == (client.verdicts, client.refused)


def test_nothing_is_learned_without_a_good_reply():
    """A resend that failed teaches nothing, and neither does what came before it."""
    search = Search(good=dict.fromkeys("a"))
    trial = Trial(search, searching=True)
    trial.refused(("a", "b"))
    trial.refused(("a",))
    assert Search(good=dict.fromkeys("a")).to_json() == search.to_json()


def test_a_culprit_says_nothing_of_the_others_in_its_group():
    """They are tried again, and good."""
    client = Client(Search(suspects=dict.fromkeys("abc"), groups=[frozenset("abc"), frozenset("ab")]))
    client.call(Server("a"), "a")
    assert ({"a"}, ["b", "c"], []) == (client.verdicts, list(client.search.suspects), client.search.groups)
    client.until_known(Server("a"), "abc")
    assert {"a"} == client.verdicts


def test_a_beta_refused_by_name_leaves_the_suspects():
    """And the groups it was in: that it is refused says nothing of the others."""
    client = Client(Search(suspects=dict.fromkeys("abc"), groups=[frozenset("abc")]))
    client.call(Server("", named="a"), "a")
    assert (["b", "c"], []) == (list(client.search.suspects), client.search.groups)


def test_replies_that_name_betas_do_not_cost_the_last_resend():
    """What nobody suspects stays at home too, once the call has nothing left but that resend."""
    client = Client(Search(suspects=dict.fromkeys("s"), good=dict.fromkeys("g")))
    client.call(Server("d", named="a"), "agds", resends=1, searching=False)
    assert ([tuple("agd"), ("g",)], True) == (client.sends, client.answered)


def test_the_suspicious_come_last():
    """One that was refused elsewhere is left out of the first groups, so that these pass."""
    client = Client(suspicious="c")
    client.until_known(Server("c"), "abcd")
    assert ({"c"}, 1) == (client.verdicts, client.refused)


def test_a_beta_nobody_suspects_goes_before_the_suspects():
    """It is left out only where a group with it would rather fail."""
    client = Client(Search(suspects=dict.fromkeys("ab"), groups=[frozenset("ab")]))
    client.call(Server("a"), "abc")
    assert "c" in client.sends[0]


def test_a_beta_that_is_found_is_tried_when_its_verdict_is_over():
    """Refused again, it is a culprit again; accepted, it is good."""
    client = Client()
    client.call(Server("a"), "ab")
    client.verdicts.clear()
    client.call(Server("a"), "ab")
    assert {"a"} == client.verdicts
    client.verdicts.clear()
    client.call(Server(""), "ab")
    assert (set(), ["b", "a"]) == (client.verdicts, list(client.search.good))


# Servers that change, and worse.


def test_good_ones_that_are_refused_are_in_doubt_with_all_that_was_found():
    """The set of the server has changed, or it refuses at random: what was held is tried again."""
    client = Client(Search(good=dict.fromkeys("abcx"), found={"d": None}), verdicts="d")
    client.call(Server("a"), "abcd", searching=False)
    assert (set(), ["x"], set("abcd")) == (client.verdicts, list(client.search.good), set(client.search.suspects))


def test_the_search_goes_on_when_the_set_has_changed():
    """It ends with the new one."""
    client = Client()
    client.until_known(Server("a"), ABCDEFGH)
    client.call(Server("bc"), ABCDEFGH)
    client.until_known(Server("bc"), ABCDEFGH)
    assert set("bc") == client.verdicts


def test_a_set_that_changes_during_the_search_is_found_in_the_end():
    """Each call that is refused with good ones only starts anew."""
    client, server = Client(), Server("ae")
    client.call(server, ABCDEFGH)
    server.culprits = {"b", "h"}
    for _ in range(60):
        client.call(server, ABCDEFGH)
        assert client.answered
    assert {"b", "h"} <= client.verdicts


def test_a_server_that_refuses_everything_teaches_nothing():
    """Each call ends as the policy says, with the caller's own refusal."""
    client = Client(Search(good=dict.fromkeys("ab")))
    before = client.search.to_json()
    for _ in range(20):
        client.call(RandomServer(2, 0), "abcd")
        assert 3 == len(client.sends)
    assert before == client.search.to_json()


@given(st.floats(0, 1), st.integers(0, 99), st.integers(1, 3), st.integers(1, 10))
@settings(max_examples=80)
def test_a_server_that_refuses_at_random_does_no_lasting_harm(share, seed, resends, count):
    """No call sends more than allowed; when the server comes to its senses and the verdicts are over, all is good."""
    betas = tuple(f"beta-{number}" for number in range(count))
    client, server = Client(), RandomServer(share, seed)
    for _ in range(40):
        assert resends >= client.call(server, betas, resends=resends) - (not client.answered)
    client.until_known(Server(""), betas, resends=resends)
    client.verdicts.clear()
    client.call(Server(""), betas)
    assert betas == client.sends[-1]


BETAS = st.sets(st.sampled_from(ABCDEFGH))
CALLS = st.lists(st.tuples(st.lists(st.sampled_from(ABCDEFGH), unique=True), st.booleans(), st.integers(0, 3)))


@given(BETAS, BETAS, BETAS, BETAS, CALLS)
@settings(max_examples=400)
def test_no_innocent_is_blamed(culprits, named, keep, suspicious, calls):
    """Whatever the calls want, whoever searches, and whether replies name some: what is found is so."""
    server, client = Server(culprits - keep, named - keep), Client(suspicious=suspicious)
    refused = server.culprits | server.named
    for betas, searching, resends in calls:
        client.call(server, betas, searching=searching, resends=resends, keep=keep)
        assert client.verdicts <= refused
        assert refused.isdisjoint(client.search.good)
        assert client.search.suspects.keys() >= set().union(*client.search.groups)
    # and in the end the exact set, for calls that send all
    for _ in range(40):
        client.call(server, ABCDEFGH, keep=keep)
        assert client.answered
    assert (refused, {}) == (client.verdicts, client.search.suspects)


@given(st.lists(st.tuples(BETAS, st.booleans(), st.sampled_from(["end", "cancel"])), max_size=30), BETAS, st.randoms())
def test_calls_may_overlap(calls, culprits, order):
    """Calls that began before another ended, or that never end: no innocent is blamed, and none is lost for good."""
    server, client, trials = Server(culprits), Client(), []
    for betas, searching, end in calls:
        trial = Trial(client.search, known=client.verdicts.__contains__, searching=searching)
        wanted = [beta for beta in sorted(betas) if beta not in client.verdicts]
        sent = [beta for beta in wanted if beta not in trial.leave_out(wanted, 1)]
        trials.append((trial, sorted(betas), sent, end))
    order.shuffle(trials)
    for trial, betas, first, end in trials:
        sent = first
        if refused := server.reply(first):
            trial.refused(first)
            wanted = [beta for beta in betas if beta not in client.verdicts]
            sent = [beta for beta in wanted if beta not in trial.leave_out(wanted, 0)]
        assert not (refused and server.reply(sent))
        if end == "end":
            client.verdicts |= set(trial.accepted(sent).culprits)
        assert client.verdicts <= culprits
    client.until_known(server, ABCDEFGH)
    assert culprits == client.verdicts


# What it costs.


@pytest.mark.parametrize("count", range(1, 8))
def test_every_set_is_found_in_bounded_time(count):
    """All sets of up to seven betas: no more than two refused sends a call, nor than log2 of the row for a culprit."""
    betas = ABCDEFGH[:count]
    for culprits in (set(chosen) for size in range(count + 1) for chosen in combinations(betas, size)):
        client = Client()
        client.until_known(Server(culprits), betas)
        assert culprits == client.verdicts
        assert client.refused <= 1 + len(culprits) * count.bit_length()


@pytest.mark.parametrize(
    ("count", "culprits", "most"), [(8, 4, 7.2), (8, 1, 2.3), (13, 3, 6.4)], ids=["4 of 8", "1 of 8", "3 of 13"]
)
def test_fewer_sends_are_refused_than_by_halving(count, culprits, most):
    """Halving takes 8.5, 2.5 and 7.3 on average; the promise is 9, 3 and 8."""
    draws, refused = random.Random(3), 0  # noqa: S311  draws, no secrets
    betas = [f"beta-{number}" for number in range(count)]
    for _ in range(200):
        client, chosen = Client(), set(draws.sample(betas, culprits))
        client.until_known(Server(chosen), betas)
        assert chosen == client.verdicts
        refused += client.refused
    assert refused / 200 <= most


def test_fifty_betas_are_no_burden():
    """The search ends for many, of which half are refused."""
    client, betas = Client(), [f"beta-{number}" for number in range(50)]
    client.until_known(Server(betas[::2]), betas)
    assert set(betas[::2]) == client.verdicts


# What is held.


def test_a_search_can_be_saved():
    """And goes on where it was."""
    client = Client()
    client.call(Server("ch"), ABCDEFGH)
    client.search.found["z"] = None
    saved = json.dumps(client.search.to_json())
    assert client.search.to_json() == Search.from_json(json.loads(saved)).to_json()
    client.search = Search.from_json(json.loads(saved))
    client.until_known(Server("ch"), ABCDEFGH)
    assert set("ch") == client.verdicts


def test_what_is_held_is_bounded():
    """A caller that makes up names does not fill the memory; what is forgotten is unknown again."""
    search = Search()
    for number in range(300):
        Trial(search).accepted((f"good-{number}",))
        trial = Trial(search)
        trial.refused((f"bad-{number}",))
        trial.accepted(())
    assert (256, 256) == (len(search.good), len(search.found))
    trial = Trial(search)
    trial.refused(tuple(f"suspect-{number}" for number in range(257)))
    trial.accepted(())
    assert ({}, []) == (search.suspects, search.groups)


def test_the_same_calls_lead_to_the_same_sends():
    """Nothing is left to chance, nor to the order in which a set happens to be walked."""
    sends = []
    for names in (ABCDEFGH, tuple(f"{letter}-2025-01-01" for letter in ABCDEFGH)):
        client, calls = Client(), []
        while not client.knows(names):
            client.call(Server((names[2], names[5])), names)
            calls += [[beta[0] for beta in sent] for sent in client.sends]
        sends.append(calls)
    assert sends[0] == sends[1]


# Names that may not be told.


def test_a_name_that_may_not_be_told_is_not_held():
    """It could be a key. It goes along until a reply refuses, and neither it nor what it went with is suspected."""
    name = "sk-ant-api03-x"
    for culprits in ({name}, {"a"}):
        client = Client()
        client.call(Server(culprits), ("a", "b", name))
        assert (True, False, {}) == (client.answered, name in str(client.search.to_json()), client.search.suspects)
    search = Search()
    search.learn(("a", name), [("a", "b", name)], lambda _: False)
    assert {"good": ["a"], "suspects": [], "groups": [], "found": []} == search.to_json()


def test_a_search_ends_beside_such_a_name():
    """Calls without it find the culprit as ever."""
    client, name = Client(), "sk-ant-api03-x"
    for _ in range(12):
        client.call(Server("c"), (*ABCDEFGH, name))
        client.call(Server("c"), ABCDEFGH)
    assert ({"c"}, True) == (client.verdicts, client.knows(ABCDEFGH))


@pytest.mark.parametrize("count", [300, 3000])
def test_a_row_is_found_by_few_looks(count):
    """A search among thousands of names takes time that grows with their number, and no faster."""
    looks = 0

    class Looking(frozenset):
        def __contains__(self, beta):
            nonlocal looks
            looks += 1
            return frozenset.__contains__(self, beta)

    trial = Trial(Search(), searching=True, suspicious=Looking().__contains__)
    betas = [f"b{number}" for number in range(count)]
    trial.refused(betas)
    trial.leave_out(betas, 1)
    assert looks <= 2 * count
