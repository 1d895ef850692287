"""One call's dealings with the memory, and what it tells of them."""

import attrs
import pytest

from betamw.core.events import MemoryExpired, MemoryHit, MemoryLearned, MemoryReprobed
from betamw.core.lessons import Lessons
from betamw.core.memory import Scope, Verdicts
from betamw.core.place import Place

PLACE = Place(origin="https://api.anthropic.com", template="/v1/files/{file_id}")
SCOPE = Scope("https://api.anthropic.com", "/v1/files/{file_id}", "m", "me")


@attrs.define
class FakeRequest:
    """A request that counts what it is asked."""

    content: bytes = b'{"model": "m"}'
    secret: str = "me"
    replayable: bool = True
    asked: int = 0
    keys: list = attrs.Factory(list)

    def body(self):
        """Its body."""
        self.asked += 1
        return self.content

    def credential(self, key):
        """A hash of its credential."""
        self.asked += 1
        self.keys.append(key)
        return self.secret

    def may_be_replayed(self):
        """Like most."""
        return self.replayable


@attrs.define
class World:
    """A memory with its clock, and what was told."""

    memory: Verdicts = attrs.Factory(lambda: Verdicts(remember_for=100.0, probe_lease=10.0))
    now: float = 0.0
    told: list = attrs.Factory(list)

    def call(self, **request):
        """A new call."""
        return Lessons(self.memory, lambda: self.now, PLACE, FakeRequest(**request), self.told.append)

    def refused(self, *betas):
        """Betas were refused in an earlier call."""
        self.memory.learn(SCOPE, betas, self.now)

    def recalled(self, beta="a"):
        """What a call that is about to send `beta` does: `left out`, `probe` or `send`."""
        recall = self.memory.recall(SCOPE, [beta], self.now, holder=object())
        return "left out" if recall.left_out else "probe" if recall.probing else "send"

    def searching(self, *, suspects="", good="", **request):
        """A call in a scope where a search is under way, of which this much is known."""
        search = self.memory.begin_search(SCOPE, self.now)
        search.suspects.update(dict.fromkeys(suspects))
        search.good.update(dict.fromkeys(good))
        return self.call(**request)


@pytest.fixture
def world():
    """A world in which nothing has happened."""
    return World()


# Where a lesson holds.


def test_a_lesson_is_kept_for_endpoint_model_and_credential(world):
    """The scope is the place's, with the body's model and the request's credential."""
    world.call().refused(("a",))
    assert [(SCOPE, "a", 100.0)] == [attrs.astuple(verdict, recurse=False) for verdict in world.memory.verdicts()]


@pytest.mark.parametrize("request_", [{"content": b'{"model": "n"}'}, {"content": b""}, {"secret": "you"}])
def test_another_model_or_account_recalls_nothing(world, request_):
    """What was refused for one says nothing of another."""
    world.refused("a")
    assert () == world.call(**request_).recall(("a",), may_probe=True)


def test_the_request_is_not_asked_before_there_is_something_to_say(world):
    """Finding out the scope costs something; a call that neither asks nor tells need not."""
    call = world.call()
    call.hit(("a",))
    call.over()
    assert 0 == call.request.asked


def test_the_credential_is_hashed_under_the_key_of_the_memory(world):
    """Else the hashes of a saved memory would say nothing."""
    call = world.call()
    call.refused(("a",))
    assert [world.memory.hash_key] == call.request.keys


def test_the_request_is_asked_once(world):
    """Body and credential, whatever the call does."""
    call = world.call()
    call.refused(("a",))
    call.recall(("a", "b"), may_probe=True)
    call.accepted(("b",))
    call.over()
    assert 2 == call.request.asked


# What is told.


def test_what_is_remembered_is_recalled(world):
    """Recalling alone tells nothing: the body may yet need the beta."""
    world.refused("a", "b")
    assert (("b",), []) == (world.call().recall(("b", "x"), may_probe=True), world.told)


def test_a_hit_is_told(world):
    """Once it is decided that betas are left out; once for each beta."""
    call = world.call()
    call.hit(("a",))
    call.hit(iter(("a", "b")))
    call.hit(("b", "a"))
    call.hit(())
    assert [MemoryHit(betas=("a",)), MemoryHit(betas=("b",))] == world.told


def test_a_lesson_is_told(world):
    """With the seconds that it holds."""
    world.call().refused(("a", "b"))
    assert [MemoryLearned(betas=("a", "b"), ttl_s=100.0)] == world.told


def test_an_acceptance_without_a_verdict_tells_nothing(world):
    """Most calls carry betas that nobody ever refused."""
    world.refused("a")
    world.call().accepted(("x",))
    assert [] == world.told


def test_an_acceptance_without_a_probe_clears_in_silence(world):
    """A beta that went out in spite of its verdict (its field is in the body) and was accepted."""
    world.refused("a")
    world.call().accepted(("a",))
    assert ([], "send") == (world.told, world.recalled())


# Probes.


def probing(world, *betas):
    """A call that has begun to probe betas whose verdict has expired."""
    world.refused(*betas)
    world.now = 100.0
    call = world.call()
    assert () == call.recall(betas, may_probe=True)
    assert [MemoryExpired(betas=betas)] == world.told
    world.told.clear()
    return call


def test_a_probe_accepted(world):
    """Told, and the verdict is gone."""
    call = probing(world, "a")
    call.accepted(("a", "x"))
    call.over()
    assert ([MemoryReprobed(betas=("a",), result="accepted")], "send") == (world.told, world.recalled())


def test_a_probe_refused(world):
    """Told after the lesson, and the verdict is new."""
    call = probing(world, "a")
    call.refused(("a",))
    call.over()
    expected = [MemoryLearned(betas=("a",), ttl_s=100.0), MemoryReprobed(betas=("a",), result="refused")]
    assert expected == world.told
    assert [200.0] == [verdict.expires_at for verdict in world.memory.verdicts()]


def test_a_probe_unknown(world):
    """A call that ended without an answer leaves the probe to the next one, at once."""
    probing(world, "a").over()
    assert ([MemoryReprobed(betas=("a",), result="unknown")], "probe") == (world.told, world.recalled())


def test_a_probe_of_several_betas_may_end_in_several_ways(world):
    """Each is reported once."""
    call = probing(world, "a", "b", "c")
    call.refused(("b",))
    call.accepted(("a",))
    call.over()
    assert {("b",): "refused", ("a",): "accepted", ("c",): "unknown"} == {
        event.betas: event.result for event in world.told if isinstance(event, MemoryReprobed)
    }


def test_a_call_may_recall_more_than_once(world):
    """A middleware further in may bring more betas, and they are probed as well."""
    call = probing(world, "a")
    world.refused("b")
    world.now = 300.0
    call.recall(("b",), may_probe=True)
    call.over()
    assert MemoryReprobed(betas=("a", "b"), result="unknown") == world.told[-1]


def test_a_call_without_a_probe_ends_in_silence(world):
    """And does not even ask for the scope."""
    call = world.call()
    call.over()
    assert ([], 0) == (world.told, call.request.asked)


def test_while_one_call_probes_another_leaves_the_beta_out(world):
    """Across calls: one lease."""
    probing(world, "a")
    assert ("a",) == world.call().recall(("a",), may_probe=True)


def test_a_probe_that_comes_back_late_does_not_end_the_lease_of_the_next(world):
    """The first probe hung for longer than its lease and a second is under way: still one at a time."""
    late = probing(world, "a")
    world.now = 110.0
    second = world.call()
    second.recall(("a",), may_probe=True)
    world.now = 111.0
    late.over()
    assert "left out" == world.recalled()


def test_a_probe_that_was_accepted_is_told_so_though_its_verdict_went_meanwhile(world):
    """The memory is bounded and can be emptied by hand; the answer to the probe is known all the same."""
    call = probing(world, "a", "b")
    world.memory.forget("a")
    call.accepted(("a", "b"))
    call.over()
    assert [MemoryReprobed(betas=("a", "b"), result="accepted")] == world.told


@pytest.mark.parametrize(("replayable", "may_probe"), [(False, True), (True, False), (False, False)])
def test_a_call_that_could_not_go_on_without_the_beta_does_not_probe(world, replayable, may_probe):
    """Its body is a stream, or no resend is left: the caller would get the refusal."""
    world.refused("a")
    world.now = 100.0
    call = world.call(replayable=replayable)
    assert (("a",), []) == (call.recall(("a",), may_probe=may_probe), world.told)
    assert "probe" == world.recalled()


def test_a_lesson_that_is_no_news_is_not_told(world):
    """Another call has learned it meanwhile."""
    world.refused("a")
    world.call().refused(("a", "b"))
    assert [MemoryLearned(betas=("b",), ttl_s=100.0)] == world.told


# Suspicions.


def test_what_a_reply_has_refused_is_left_out_by_others_at_once(world):
    """The call itself finds out whether that helps."""
    call = world.call()
    call.refuse(("a",))
    assert ("left out", (), []) == (world.recalled(), call.recall(("a",), may_probe=True), world.told)


def test_a_suspicion_ends_with_its_call(world):
    """Nothing came of it."""
    call = world.call()
    call.refuse(("a",))
    call.over()
    assert ("send", ()) == (world.recalled(), world.memory.verdicts())


def test_a_suspicion_that_is_borne_out_outlives_its_call(world):
    """It is a verdict now."""
    call = world.call()
    call.refuse(("a",))
    call.refused(("a",))
    call.over()
    assert "left out" == world.recalled()


def test_a_suspicion_does_not_end_with_another_call(world):
    """Two calls were refused; the one that was first is still at it."""
    first, second = world.call(), world.call()
    first.refuse(("a",))
    second.refuse(("a",))
    second.over()
    assert "left out" == world.recalled()


# The search.


def test_without_a_search_there_is_no_part_in_it(world):
    """And none is begun by asking, or by a success."""
    call = world.call()
    call.accepted(("a",))
    assert (None, 0) == (call.searching(("a",), may_search=True), len(world.memory))


def test_a_refusal_without_a_name_begins_a_search(world):
    """This call is the one that searches; what it suspects is left out by others, what is good is not."""
    call = world.searching(good="g")
    call.refuse_some(("g", "a", "b"), ("g", "a"))
    assert (True, ["left out", "send", "send"]) == (
        call.searching((), may_search=False).searching,
        [world.recalled(beta) for beta in "abg"],
    )


def test_one_call_at_a_time_searches(world):
    """The others take part as far as they are refused themselves."""
    first, second = world.call(), world.call()
    first.refuse_some(("a", "b"), ("a", "b"))
    second.refuse_some(("a", "b"), ("a", "b"))
    parts = [call.searching(("a", "b"), may_search=True).searching for call in (first, second)]
    assert [True, False] == parts


@pytest.mark.parametrize("end", ["over", "accepted"])
def test_when_it_has_come_to_its_end_the_next_one_searches(world, end):
    """Whether it has found out something or not."""
    first, second = world.searching(suspects="ab"), world.call()
    assert first.searching(("a",), may_search=True).searching
    first.over() if end == "over" else first.accepted(("a",))
    assert second.searching(("b",), may_search=True).searching


@pytest.mark.parametrize(
    ("betas", "may_search", "replayable"), [("x", True, True), ("a", False, True), ("a", True, False)]
)
def test_a_call_that_has_nothing_to_find_out_or_cannot_leaves_the_search_to_others(
    world, betas, may_search, replayable
):
    """It wants no suspect, has no resend left, or cannot be sent twice."""
    call, other = world.searching(suspects="ab", replayable=replayable), world.call()
    assert not call.searching(tuple(betas), may_search=may_search).searching
    assert other.searching(("a",), may_search=True).searching


def test_a_call_may_come_to_want_a_suspect(world):
    """A middleware further in may bring more betas."""
    call = world.searching(suspects="ab")
    parts = [call.searching(betas, may_search=True) for betas in ((), ("a",))]
    assert (True, True) == (parts[0] is parts[1], parts[1].searching)


def test_a_search_that_is_dropped_meanwhile_leaves_the_call_its_own(world):
    """It goes on with what it has."""
    call = world.call()
    call.refuse_some(("a",), ("a",))
    world.memory.forget()
    assert not call.searching(("a",), may_search=True).search.suspects
    call.accepted(())
    assert [MemoryLearned(betas=("a",), ttl_s=100.0)] == world.told


def test_a_culprit_is_a_lesson(world):
    """The call was good without the one beta that was refused."""
    call = world.call()
    call.refuse_some(("a",), ("a",))
    call.accepted(())
    call.over()
    assert ([MemoryLearned(betas=("a",), ttl_s=100.0)], "left out") == (world.told, world.recalled())


def test_a_probe_that_a_search_has_found_is_reported(world):
    """Refused once more, without a name."""
    call = probing(world, "a")
    call.refuse_some(("a",), ("a",))
    call.accepted(())
    call.over()
    assert [MemoryLearned(betas=("a",), ttl_s=100.0), MemoryReprobed(betas=("a",), result="refused")] == world.told


def test_what_was_found_and_is_in_doubt_again_is_no_verdict_any_more(world):
    """Good ones were refused: the server has changed."""
    call = world.searching(good="gh")
    call.refuse_some(("g", "a"), ("g", "a"))
    call.accepted(("g",))
    assert "left out" == world.recalled("a")
    call = world.call()
    call.refuse_some(("g", "h"), ("g", "h"))
    call.accepted(())
    assert "send" == world.recalled("a")


def test_what_a_reply_has_named_explains_a_refusal(world):
    """The others that were sent with it are not suspected."""
    call = world.call()
    call.refuse_some(("a", "b"), ("a", "b"))
    call.refuse(("a",))
    call.accepted(("b",))
    assert ({}, ["b"]) == ((search := call.searching((), may_search=False).search).suspects, list(search.good))


def test_what_is_refused_elsewhere_is_tried_last(world):
    """Another model's culprits are likely this one's."""
    world.memory.learn(attrs.evolve(SCOPE, model="n"), ("a",), 0.0)
    call = world.call()
    call.refuse_some(tuple("abcdefgh"), tuple("abcdefgh"))
    assert "a" in call.searching((), may_search=False).leave_out(tuple("abcdefgh"), 1)


@pytest.mark.parametrize(("sent", "doubted"), [("g", {"g"}), ("gx", set())])
def test_a_last_resend_with_good_ones_that_is_refused_is_noted(world, sent, doubted):
    """By the search, for the next call; unless something else was in it."""
    call = world.searching(good="g", suspects="ab")
    call.refuse_some(("g", "a"), ("g", "a"))
    trial = call.searching((), may_search=False)
    trial.leave_out(("g", "a"), 0)
    call.refused_in_vain(tuple(sent))
    assert doubted == trial.search.doubted


def test_without_a_search_a_refusal_in_vain_is_nothing(world):
    """There was no search to go on with."""
    call = world.call()
    call.refused_in_vain(("a",))
    assert 0 == call.request.asked


# How long a search holds.


def test_a_search_is_fresh_for_as_long_as_calls_search(world):
    """Each good one prolongs it."""
    world.searching(suspects="ab")
    for _ in range(3):
        world.now += 60.0
        call = world.call()
        call.searching(("a",), may_search=True)
        call.accepted(("x",))
        call.over()
    assert {"a", "b"} == set(world.memory.search(SCOPE, world.now).suspects)


def test_a_search_in_which_nobody_searches_suspects_nobody_in_the_end(world):
    """However many calls are good without its suspects; what these have carried is good."""
    world.searching(suspects="ab")
    for _ in range(3):
        world.now += 40.0
        world.call().accepted(("x",))
    assert ({}, ["x"]) == ((search := world.memory.search(SCOPE, world.now)).suspects, list(search.good))


def test_what_is_good_is_known_for_as_long_as_calls_are_good(world):
    """Where nothing is suspected there is nobody who could search."""
    world.searching(good="g")
    for _ in range(3):
        world.now += 60.0
        world.call().accepted(("x",))
    assert ["g", "x"] == list(world.memory.search(SCOPE, world.now).good)
