"""One call's dealings with the memory, and what it tells of them."""

import attrs
import pytest

from betamw.core.events import MemoryExpired, MemoryHit, MemoryLearned, MemoryReprobed
from betamw.core.lessons import Lessons
from betamw.core.memory import Scope, Verdicts
from betamw.core.place import Place

PLACE = Place(origin="https://api.anthropic.com", path="/v1/files/f_1", template="/v1/files/{file_id}")
SCOPE = Scope("https://api.anthropic.com", "/v1/files/{file_id}", "m", "me")


@attrs.define
class FakeRequest:
    """A request that counts what it is asked."""

    content: bytes = b'{"model": "m"}'
    secret: str = "me"
    asked: int = 0

    def body(self):
        """Its body."""
        self.asked += 1
        return self.content

    def credential(self):
        """A hash of its credential."""
        self.asked += 1
        return self.secret

    def may_be_replayed(self):
        """Like most."""
        return True


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
        recall = self.memory.recall(SCOPE, [beta], self.now)
        return "left out" if recall.left_out else "probe" if recall.probing else "send"


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
    assert () == world.call(**request_).recall(("a",))


def test_the_request_is_not_asked_while_nothing_is_known(world):
    """Finding out the scope costs something, and a success has nothing to clear."""
    call = world.call()
    call.accepted(("a",))
    assert 0 == call.request.asked


def test_the_request_is_asked_once(world):
    """Body and credential, whatever the call does."""
    call = world.call()
    call.refused(("a",))
    call.recall(("a", "b"))
    call.accepted(("b",))
    call.over()
    assert 2 == call.request.asked


# What is told.


def test_what_is_remembered_is_recalled(world):
    """Recalling alone tells nothing: the body may yet need the beta."""
    world.refused("a", "b")
    assert (("b",), []) == (world.call().recall(("b", "x")), world.told)


def test_a_hit_is_told(world):
    """Once it is decided that betas are left out."""
    world.call().hit(("a",))
    assert [MemoryHit(betas=("a",))] == world.told


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
    assert () == call.recall(betas)
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
    call.recall(("b",))
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
    assert ("a",) == world.call().recall(("a",))


def test_a_probe_that_comes_back_late_does_not_end_the_lease_of_the_next(world):
    """The first probe hung for longer than its lease and a second is under way: still one at a time."""
    late = probing(world, "a")
    world.now = 110.0
    second = world.call()
    second.recall(("a",))
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
