"""Validators: what passes, and what an error says."""

import math

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from betamw.core import validators
from betamw.core.errors import BetaError, ConfigError


@attrs.frozen
class Settings:
    """One setting of each kind."""

    count: object = attrs.field(default=2, validator=validators.at_least(1))
    duration: object = attrs.field(default=1.5, validator=validators.seconds)
    switch: object = attrs.field(default=True, validator=validators.boolean)
    word: object = attrs.field(default="a", validator=validators.one_of("a", None))


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"count": 1},
        {"count": 10**30},
        {"duration": 1},
        {"duration": 1e-9},
        {"duration": 1e300},
        {"switch": False},
        {"word": None},
    ],
    ids=repr,
)
def test_what_passes(good):
    """Values in range are kept as they are."""
    settings = Settings(**good)
    assert good == {name: getattr(settings, name) for name in good}


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("count", 0, "count must be >= 1, got 0"),
        ("count", -1, "count must be >= 1, got -1"),
        ("count", True, "count must be an int >= 1, got True"),
        ("count", 2.0, "count must be an int >= 1, got 2.0"),
        ("count", "2", "count must be an int >= 1, got '2'"),
        ("count", None, "count must be an int >= 1, got None"),
        ("duration", 0, "duration must be a finite number of seconds > 0, got 0"),
        ("duration", -0.0, "duration must be a finite number of seconds > 0, got -0.0"),
        ("duration", -3, "duration must be a finite number of seconds > 0, got -3"),
        ("duration", math.inf, "duration must be a finite number of seconds > 0, got inf"),
        ("duration", math.nan, "duration must be a finite number of seconds > 0, got nan"),
        ("duration", True, "duration must be a finite number of seconds > 0, got True"),
        ("duration", "60", "duration must be a finite number of seconds > 0, got '60'"),
        ("duration", None, "duration must be a finite number of seconds > 0, got None"),
        ("duration", 1j, "duration must be a finite number of seconds > 0, got 1j"),
        ("switch", 1, "switch must be True or False, got 1"),
        ("switch", "yes", "switch must be True or False, got 'yes'"),
        ("switch", None, "switch must be True or False, got None"),
        ("word", "b", "word='b' is not allowed, it must be one of 'a', None"),
        ("word", ["a"], "word=['a'] is not allowed, it must be one of 'a', None"),
    ],
)
def test_what_an_error_says(name, value, error):
    """Which setting, what is allowed and what was given."""
    with pytest.raises(ConfigError) as caught:
        Settings(**{name: value})
    assert error == str(caught.value)


def test_a_config_error_is_a_value_error_of_ours():
    """Who knows nothing of betamw catches `ValueError`, who wants all of betamw's catches `BetaError`."""
    assert issubclass(ConfigError, ValueError)
    assert issubclass(ConfigError, BetaError)


def test_a_duration_beyond_any_float_is_a_config_error():
    """An int that is too large for a float is refused in words, not by an `OverflowError`."""
    with pytest.raises(ConfigError, match="duration must be a finite number of seconds > 0"):
        Settings(duration=10**400)


@given(value=st.one_of(st.integers(), st.floats()))
def test_a_duration_is_finite_and_above_zero(value):
    """All finite numbers above zero pass, and no others."""
    try:
        Settings(duration=value)
        passed = True
    except ConfigError:
        passed = False
    assert (math.isfinite(value) and value > 0) == passed


@given(minimum=st.integers(), value=st.integers())
def test_at_least_is_inclusive(minimum, value):
    """The minimum itself passes."""
    checked = attrs.make_class("Checked", {"n": attrs.field(validator=validators.at_least(minimum))})
    try:
        checked(value)
        passed = True
    except ConfigError:
        passed = False
    assert (value >= minimum) == passed
