"""The variables of the environment, alone and on top of a file."""

import attrs
import pytest

import betamw

FILE = """
[betamw]
betas = ["a", "b"]
remove = ["c"]
fallback = false
disable = true
"""


def problems(*arguments) -> list[str]:
    """The lines of the error."""
    with pytest.raises(betamw.ConfigError) as raised:
        betamw.load_config(*arguments)
    return str(raised.value).splitlines()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("BETAMW_BETAS", " x , ,y,x", {"betas": ("x", "y")}),
        ("BETAMW_REMOVE", "x,y", {"remove": ("x", "y")}),
        ("BETAMW_FALLBACK", "on", {"fallback": True}),
        ("BETAMW_DISABLE", " False ", {"disable": False}),
    ],
)
def test_a_variable_takes_the_place_of_the_files_value(write, monkeypatch, name, value, expected):
    """The environment beats the file, in one value and in no other."""
    path = write(FILE)
    before = betamw.load_config(path)
    monkeypatch.setenv(name, value)

    assert attrs.evolve(before, **expected) == betamw.load_config(path)


@pytest.mark.parametrize(
    "name", ["BETAMW_BETAS", "BETAMW_REMOVE", "BETAMW_FALLBACK", "BETAMW_DISABLE", "BETAMW_CONFIG"]
)
@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable_is_not_set(write, monkeypatch, name, value):
    """What is set to nothing says nothing."""
    monkeypatch.setenv(name, value)

    assert ("a", "b") == betamw.load_config(write(FILE)).betas
    assert betamw.Config() == betamw.load_config()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("1", True),
        ("true", True),
        ("Yes", True),
        ("ON", True),
        ("0", False),
        ("FALSE", False),
        ("no", False),
        ("off", False),
    ],
)
def test_words_for_on_and_off(monkeypatch, word, expected):
    """The usual words, in any case."""
    monkeypatch.setenv("BETAMW_FALLBACK", word)

    assert expected == betamw.load_config().fallback


def test_the_file_of_the_environment(write, monkeypatch):
    """`BETAMW_CONFIG` names the file, where the code names none."""
    monkeypatch.setenv("BETAMW_CONFIG", str(write(FILE)))

    assert ("a", "b") == betamw.load_config().betas
    assert () == betamw.load_config(write("[betamw]", "other.toml")).betas


def test_problems_of_the_environment(monkeypatch):
    """Each has a line with the variable's name, and each bad beta of a list, too."""
    monkeypatch.setenv("BETAMW_BETAS", "a b,c,\xe9")
    monkeypatch.setenv("BETAMW_REMOVE", '"')
    monkeypatch.setenv("BETAMW_DISABLE", "2")
    names = [line.partition(" in the environment: ")[0] for line in problems()]

    assert ["BETAMW_BETAS", "BETAMW_BETAS", "BETAMW_REMOVE", "BETAMW_DISABLE"] == names


def test_problems_of_the_file_of_the_environment(write, monkeypatch):
    """They say how the file was named."""
    monkeypatch.setenv("BETAMW_CONFIG", "nope.toml")

    assert ["BETAMW_CONFIG=nope.toml: cannot be read: No such file or directory"] == problems()


def test_a_bad_base_url(write, monkeypatch):
    """The official SDK's variable is told by its own name, not by the file's."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "nowhere")
    (line,) = problems(write(FILE))

    assert line.startswith("ANTHROPIC_BASE_URL in the environment: base_url must have the scheme")


def test_unknown_variables_do_nothing(monkeypatch):
    """Others may have names like ours; `betamw config check` tells of them."""
    monkeypatch.setenv("BETAMW_REMOVED", "a")

    assert betamw.Config() == betamw.load_config()


def test_no_key_is_told(monkeypatch):
    """What looks like a key is not in the error."""
    monkeypatch.setenv("BETAMW_BETAS", "sk-ant-api03-0123456789 x")
    monkeypatch.setenv("BETAMW_FALLBACK", "sk-ant-api03-0123456789")

    assert [] == [line for line in problems() if "sk-ant" in line]
