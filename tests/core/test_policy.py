"""FallbackPolicy: its defaults, what it takes, and what it says of a wrong value."""

import re

import attrs
import pytest

from betamw.core.catalog import CATALOG
from betamw.core.errors import ConfigError, InvalidBetaError
from betamw.core.policy import SOURCES, FallbackPolicy


def test_the_defaults():
    """Two resends, whoever asked, but never without what comes with the credential."""
    expected = {
        "max_resends": 2,
        "on_unnamed": "split",
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
        {"on_unnamed": "drop_all"},
        {"paired_fields": "strip"},
        {"strict": True},
        {"substitutes": "older"},
        {"on_rejection": print},
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
        ("on_unnamed", "ask", "on_unnamed='ask' is not allowed, it must be one of 'split', 'drop_all', 'give_up'"),
        ("on_unnamed", None, "on_unnamed=None is not allowed, it must be one of 'split', 'drop_all', 'give_up'"),
        ("paired_fields", "drop", "paired_fields='drop' is not allowed, it must be one of 'keep', 'strip'"),
        ("strict", 1, "strict must be True or False, got 1"),
        ("strict", 0, "strict must be True or False, got 0"),
        ("strict", None, "strict must be True or False, got None"),
        ("substitutes", "newer", "substitutes must be 'older', 'never' or a mapping of beta names, got 'newer'"),
        ("substitutes", None, "substitutes must be 'older', 'never' or a mapping of beta names, got None"),
        ("substitutes", ["a"], "substitutes must be 'older', 'never' or a mapping of beta names, got ['a']"),
        ("substitutes", {"a": "a"}, "substitutes must not put a beta in its own place, got 'a'"),
        ("on_rejection", "raise", "on_rejection must be a function that is not async, or None, got 'raise'"),
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


def test_a_hook_that_would_have_to_be_awaited_is_refused():
    """It would answer with a coroutine, on the path of a request."""

    async def hook(rejection):
        """Never called."""

    with pytest.raises(ConfigError, match="must be a function that is not async"):
        FallbackPolicy(on_rejection=hook)


@pytest.mark.parametrize("substitutes", [{"a b": "c"}, {"a": ""}, {"a": "b,c"}, {"a": "b\r\nx: y"}])
def test_a_substitute_can_stand_in_a_header(substitutes):
    """Both names are checked when the policy is made."""
    with pytest.raises(InvalidBetaError, match="substitutes must be visible ASCII"):
        FallbackPolicy(substitutes=substitutes)


# Substitutes.

OLD, OLDER, OLDEST = "mcp-client-2026-09-15", "mcp-client-2025-11-20", "mcp-client-2025-04-04"


@pytest.mark.parametrize(
    ("substitutes", "beta", "new"),
    [
        ("never", OLD, None),
        ("older", OLD, OLDER),
        ("older", OLDER, OLDEST),
        ("older", OLDEST, None),
        ("older", "files-api-2025-04-14", None),
        ("older", "mcp-client-2030-01-01", None),
        ("older", "nobody-knows-me", None),
        ("older", "compact-2026-09-04", None),
        ({OLD: "x"}, OLD, "x"),
        ({OLD: "x"}, "x", None),
        ({}, OLD, None),
    ],
)
def test_what_takes_the_place_of_a_refused_beta(substitutes, beta, new):
    """What the mapping says, or the next older date of the family that is no other API; once, not in a row."""
    assert new == FallbackPolicy(substitutes=substitutes).substitute(beta, CATALOG)


def test_a_mapping_is_taken_as_it_is_now():
    """What its owner does with it later is of no account."""
    given = {OLD: OLDER}
    policy = FallbackPolicy(substitutes=given)
    given.clear()
    assert {OLD: OLDER} == policy.substitutes


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
