"""What SimulatedApi and Refusal do not take."""

import pytest

from betamw.core.errors import BetaError, ConfigError, InvalidBetaError
from betamw.testing import DIALECTS, WRAPPERS, Refusal, SimulatedApi


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"refuses": "context-1m-2025-08-07"}, "an iterable of beta names, .* got 'context-1m-2025-08-07'"),
        ({"refuses": None}, "an iterable of beta names, .* got None"),
        ({"refuses": [7]}, "must be a name, an fnmatch pattern or a Refusal, got 7"),
        (
            {"dialect": "klingon"},
            f"dialect='klingon' is not allowed, it must be one of '{DIALECTS[0]}', '{DIALECTS[1]}'",
        ),
        ({"wrapper": "foil"}, f"wrapper='foil' is not allowed, it must be one of '{WRAPPERS[0]}', '{WRAPPERS[1]}'"),
        ({"header": "anthropic beta"}, "header must be the name of a header .RFC 9110 token., got 'anthropic beta'"),
        ({"header": ""}, "header must be the name of a header .RFC 9110 token., got ''"),
        ({"catalog": {}}, r"catalog must be a Catalog, got \{\}"),
        ({"encoding": "br"}, "encoding='br' is not allowed, it must be one of None, 'gzip', 'deflate'"),
        ({"drip": -1}, "drip must be a finite number of seconds >= 0, got -1"),
        ({"drip": 10**400}, "drip must be a finite number of seconds >= 0, got 1000"),
        ({"drip": float("inf")}, "drip must be a finite number of seconds >= 0, got inf"),
        ({"drip": True}, "drip must be a finite number of seconds >= 0, got True"),
        ({"cut": -1}, "cut must be >= 0, got -1"),
        ({"cut": 1.5}, "cut must be an int >= 0, got 1.5"),
        ({"one_at_a_time": 1}, "one_at_a_time must be True or False, got 1"),
    ],
)
def test_wrong_setting(settings, text):
    """A wrong setting fails at construction and says what was given and what is allowed."""
    with pytest.raises(ConfigError, match=text):
        SimulatedApi(**settings)


def test_wrong_beta():
    """A name that cannot stand in a header cannot be refused."""
    with pytest.raises(InvalidBetaError, match=r"beta of a Refusal must be visible ASCII .* got 'a,b'"):
        SimulatedApi(refuses=["a,b"])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"beta": 7}, "beta of a Refusal must be one name, a string, got 7"),
        ({"beta": "a", "path": "v1/files"}, "path must be segments like .* got 'v1/files'"),
        ({"beta": "a", "path": "/v1/files?limit=1"}, "path must .* without a query"),
        ({"beta": "a", "model": ""}, "model must be None or a text that is not empty, got ''"),
        ({"beta": "a", "api_key": 7}, "api_key must be None or a text that is not empty, got 7"),
    ],
)
def test_wrong_refusal(arguments, text):
    """A refusal is checked when it is made."""
    with pytest.raises(BetaError, match=text):
        Refusal(**arguments)


def test_wrong_while_running():
    """A setting that is changed later is checked too."""
    api = SimulatedApi()

    with pytest.raises(ConfigError, match="dialect='klingon'"):
        api.dialect = "klingon"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"status": 199}, "status must be an int from 200 to 599, got 199"),
        ({"status": "200"}, "status must be an int from 200 to 599, got '200'"),
        ({"after": -1}, "after must be >= 0, got -1"),
    ],
)
def test_wrong_literal_reply(arguments, text):
    """A literal reply is checked when it is queued."""
    with pytest.raises(ConfigError, match=text):
        SimulatedApi().respond_next(**arguments)


def test_no_address_before_the_start():
    """An API that does not run has no address yet."""
    with pytest.raises(RuntimeError, match="use it in `async with`"):
        _ = SimulatedApi().base_url
