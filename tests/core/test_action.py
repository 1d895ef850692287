"""What a hook may answer: how an answer is made, and what becomes of a hook that fails."""

import attrs
import pytest

from betamw.core.action import NO_ANSWER, Action, ask
from betamw.core.errors import BetaError, ConfigError, InvalidBetaError
from betamw.core.events import HookFailed
from betamw.core.rejection import Rejection

REJECTION = Rejection(("a",), "unexpected-value", named=True)


# How one is made.


@pytest.mark.parametrize(
    ("action", "kind", "betas", "substitutes"),
    [
        (Action.drop(), "drop", (), {}),
        (Action.drop("b", "a", "b"), "drop", ("b", "a"), {}),
        (Action.substitute({}), "substitute", (), {}),
        (Action.substitute({"b": "c", "a": "d"}), "substitute", ("b", "a"), {"b": "c", "a": "d"}),
        (Action.give_up(), "give_up", (), {}),
        (Action.not_a_rejection(), "not_a_rejection", (), {}),
    ],
)
def test_an_action_says_what_to_do(action, kind, betas, substitutes):
    """Its kind, and which betas it is about, in order and without repeats."""
    assert (kind, betas, substitutes) == (action.kind, action.betas, dict(action.substitutes))


def test_an_action_does_not_change():
    """Neither by an attribute nor by the mapping that it was made of."""
    names = {"a": "b"}
    action = Action.substitute(names)
    names["a"] = "c"
    assert {"a": "b"} == dict(action.substitutes)
    with pytest.raises(TypeError):
        action.substitutes["a"] = "c"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        action.kind = "drop"


@pytest.mark.parametrize("name", ["", "a b", "a,b", "caf\xe9", '"a"'])
def test_a_beta_to_drop_must_be_a_name(name):
    """The error says where it was given, and shows it."""
    with pytest.raises(InvalidBetaError) as error:
        Action.drop("a", name)
    assert f"a beta to drop must be visible ASCII without comma, whitespace or quotation mark, got {name!a}" == str(
        error.value
    )


@pytest.mark.parametrize("name", [None, 5, ["a"]])
def test_a_beta_to_drop_must_be_one_name(name):
    """Also of what is no string the error says where it was given, and shows it."""
    with pytest.raises(InvalidBetaError) as error:
        Action.drop("a", name)
    assert f"a beta to drop must be one name, a string, got {name!a}" == str(error.value)


@pytest.mark.parametrize("substitutes", [None, "older", ["a"], [("a", "b")]])
def test_substitutes_must_be_a_mapping(substitutes):
    """The error shows what was given."""
    with pytest.raises(ConfigError) as error:
        Action.substitute(substitutes)
    assert f"substitutes of an Action must be a mapping of beta names, got {substitutes!r}" == str(error.value)


@pytest.mark.parametrize("substitutes", [{"a b": "c"}, {"a": "b c"}, {"a": None}, {1: "a"}])
def test_substitutes_must_be_names(substitutes):
    """Both of each pair."""
    with pytest.raises(InvalidBetaError, match=r"^substitutes of an Action must be (visible ASCII|one name)"):
        Action.substitute(substitutes)


def test_a_beta_is_no_substitute_for_itself():
    """It was refused."""
    with pytest.raises(BetaError) as error:
        Action.substitute({"b": "c", "a": "a"})
    assert "substitutes of an Action must not put a beta in its own place, got 'a'" == str(error.value)


# Asking for one.


def answer(hook):
    """What a hook answers, and what is told of it."""
    told = []
    return ask(hook, REJECTION, told.append), told


@pytest.mark.parametrize("action", [Action.drop("b"), Action.give_up(), Action.not_a_rejection()])
def test_a_hook_is_asked_with_the_rejection(action):
    """Its answer counts."""
    asked = []
    assert (action, []) == answer(lambda rejection: (asked.append(rejection), action)[1])
    assert [REJECTION] == asked


@pytest.mark.parametrize("hook", [None, lambda rejection: None], ids=["no hook", "None"])
def test_no_answer(hook):
    """What the reply refuses is dropped, as the policy says."""
    assert (NO_ANSWER, []) == answer(hook)


@pytest.mark.parametrize("error", [ValueError("sk-ant-secret"), KeyError("a"), RecursionError(), ConfigError("no")])
def test_a_hook_that_raises_has_not_answered(error):
    """The exception's class is told, its text is not."""

    def broken(rejection):
        raise error

    assert (NO_ANSWER, [HookFailed(hook="on_rejection", error_type=type(error).__name__)]) == answer(broken)


@pytest.mark.parametrize("wrong", ["drop", True, False, 0, ("a",), Action], ids=repr)
def test_a_hook_that_answers_something_else_has_not_answered(wrong):
    """And is told, like one that raises."""
    assert (NO_ANSWER, [HookFailed(hook="on_rejection", error_type="TypeError")]) == answer(lambda rejection: wrong)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_meant_to_end_the_program_goes_through(error):
    """It is no failure of the hook."""

    def leaving(rejection):
        raise error

    with pytest.raises(error):
        answer(leaving)
