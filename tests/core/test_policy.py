"""FallbackPolicy: its defaults, what it takes, and what it says of a wrong value."""

import re

import attrs
import pytest

from betamw.core.errors import ConfigError
from betamw.core.policy import SOURCES, FallbackPolicy


def test_the_defaults():
    """Two resends, whoever asked, but never without what comes with the credential."""
    expected = {
        "max_resends": 2,
        "on_unnamed": "drop_all",
        "required": frozenset({"oauth-*"}),
        "substitutes": "never",
        "paired_fields": "keep",
        "droppable_sources": frozenset({"request", "override", "default", "endpoint"}),
        "strict": False,
        "on_rejection": None,
    }
    assert expected == attrs.asdict(FallbackPolicy())


def test_the_sources_in_the_order_of_the_merge():
    """The caller's header has the first say, an endpoint rule the last."""
    assert ("request", "override", "default", "endpoint") == SOURCES


@pytest.mark.parametrize(
    "good",
    [
        {"max_resends": 0},
        {"max_resends": 100},
        {"on_unnamed": "give_up"},
        {"required": frozenset()},
        {"required": frozenset({"a-*", "b"})},
        {"droppable_sources": frozenset()},
        {"droppable_sources": frozenset({"default"})},
    ],
    ids=repr,
)
def test_what_can_be_tuned(good):
    """Each of these is a policy."""
    policy = FallbackPolicy(**good)
    assert good == {name: getattr(policy, name) for name in good}


@pytest.mark.parametrize("names", [["default"], ("default", "default"), {"default"}, iter(["default"])])
def test_collections_of_any_kind(names):
    """Sets are made of whatever iterable is given."""
    assert frozenset({"default"}) == FallbackPolicy(droppable_sources=names).droppable_sources


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("max_resends", -1, "max_resends must be >= 0, got -1"),
        ("max_resends", True, "max_resends must be an int >= 0, got True"),
        ("max_resends", 1.0, "max_resends must be an int >= 0, got 1.0"),
        ("on_unnamed", "ask", "on_unnamed='ask' is not allowed, it must be one of 'drop_all', 'give_up'"),
        ("on_unnamed", None, "on_unnamed=None is not allowed, it must be one of 'drop_all', 'give_up'"),
        ("paired_fields", "drop", "paired_fields='drop' is not allowed, it must be one of 'keep'"),
        ("strict", 1, "strict must be True or False, got 1"),
        ("strict", 0, "strict must be True or False, got 0"),
        ("strict", None, "strict must be True or False, got None"),
        ("substitutes", "newer", "substitutes='newer' is not allowed, it must be one of 'never'"),
        ("substitutes", None, "substitutes=None is not allowed, it must be one of 'never'"),
        ("substitutes", ["a"], "substitutes=['a'] is not allowed, it must be one of 'never'"),
        ("on_rejection", "raise", "on_rejection='raise' is not allowed, it must be one of None"),
        ("required", [""], "required must hold beta names or fnmatch patterns, got ''"),
        ("required", [1], "required must be a collection of strings, got (1,)"),
        ("required", [b"a"], "required must be a collection of strings, got (b'a',)"),
        (
            "droppable_sources",
            ["caller", "default", "api"],
            "droppable_sources must be of request, override, default, endpoint, got 'api', 'caller'",
        ),
        (
            "droppable_sources",
            [1],
            "droppable_sources must be a collection of strings, got (1,)",
        ),
    ],
)
def test_what_is_wrong_is_said(name, value, error):
    """Which setting, what is allowed and what was given."""
    with pytest.raises(ConfigError) as caught:
        FallbackPolicy(**{name: value})
    assert error == str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("on_unnamed", "split"),
        ("paired_fields", "strip"),
        ("strict", True),
        ("substitutes", "older"),
        ("substitutes", {}),
        ("substitutes", {"a-2025-01-01": "a-2024-01-01"}),
        ("on_rejection", print),
    ],
)
def test_what_is_promised_for_later_says_so(name, value):
    """A setting that is documented but not there yet is refused, not ignored."""
    with pytest.raises(ConfigError, match=f"^{re.escape(f'{name}={value!r}')} is not supported yet, it must be one of"):
        FallbackPolicy(**{name: value})


@pytest.mark.parametrize("value", ["oauth-*", "", None, 3], ids=repr)
@pytest.mark.parametrize("name", ["required", "droppable_sources"])
def test_a_collection_is_no_bare_string(name, value):
    """A bare string would be taken for a set of letters; the error shows it."""
    with pytest.raises(ConfigError, match=re.escape(f"got {value!r}")):
        FallbackPolicy(**{name: value})


@pytest.mark.parametrize("name", ["required", "droppable_sources"])
def test_an_error_about_a_collection_names_the_setting(name):
    """Whoever reads `got 'oauth-*'` wants to know which of the eight settings is meant."""
    with pytest.raises(ConfigError, match=name):
        FallbackPolicy(**{name: "oauth-*"})


@pytest.mark.parametrize("name", ["required", "droppable_sources"])
def test_what_cannot_be_in_a_set_is_a_config_error(name):
    """Every value is checked, and a wrong one is a `ConfigError`: also a list within the list."""
    with pytest.raises(ConfigError, match=name):
        FallbackPolicy(**{name: [["oauth-*"]]})


@pytest.mark.parametrize(
    ("required", "beta", "expected"),
    [
        ({"oauth-*"}, "oauth-2025-04-20", True),
        ({"oauth-*"}, "Oauth-2025-04-20", False),
        ({"oauth-*"}, "x-oauth-2025-04-20", False),
        ({"a", "b"}, "b", True),
        ({"a", "b"}, "ab", False),
        ({"a-????-*"}, "a-2025-01-01", True),
        ({"[ab]"}, "b", True),
        ({"*"}, "tool_use:logging=false", True),
        (set(), "oauth-2025-04-20", False),
    ],
)
def test_required_is_a_set_of_patterns(required, beta, expected):
    """A name or an fnmatch pattern that matches the whole of it, case included."""
    assert expected == FallbackPolicy(required=required).requires(beta)


def test_settings_are_given_by_name():
    """No positions to remember, none to break."""
    with pytest.raises(TypeError):
        FallbackPolicy(3)


def test_a_policy_is_a_value():
    """Frozen and equal by its settings."""
    policy = FallbackPolicy(max_resends=1)
    assert FallbackPolicy(max_resends=1) == policy
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        policy.max_resends = 5
