"""Which events count."""

import pytest
from support.records import START, call, refusal

from betamw.core.errors import ConfigError
from betamw.logs.record import Record
from betamw.logs.selection import Selection

CALL = call(betas_requested=("files-api-2025-04-14",), url_template="/v1/files/{file_id}")


@pytest.mark.parametrize(
    ("selection", "record", "expected"),
    [
        ({}, CALL, True),
        ({}, Record(), True),
        ({"since": START}, CALL, True),
        ({"since": START + 1}, CALL, False),
        ({"until": START}, CALL, False),
        ({"until": START + 1}, CALL, True),
        ({"since": 0}, call(None), False),
        ({"until": START}, call(None), False),
        ({"betas": ("files-api-*",)}, CALL, True),
        ({"betas": ("other", "files-api-2025-04-14")}, CALL, True),
        ({"betas": ("Files-*",)}, CALL, False),
        ({"betas": ("*",)}, call(), False),
        ({"betas": ("a",)}, refusal(betas_rejected=("a",)), True),
        ({"betas": ("a",)}, Record(event="betamw.memory.learned", betas=("a",)), True),
        ({"endpoints": ("/v1/files/{file_id}",)}, CALL, True),
        ({"endpoints": ("/v1/files/*", "/v2")}, CALL, True),
        ({"endpoints": ("/v1/files",)}, CALL, False),
        ({"outcomes": {"ok"}}, CALL, True),
        ({"outcomes": {"error", "rejected"}}, CALL, False),
        ({"outcomes": {"ok"}}, refusal(), False),
    ],
)
def test_matches(selection, record, expected):
    """What is given must fit, and all of it."""
    assert expected == Selection(**selection).matches(record)


@pytest.mark.parametrize(
    ("selection", "error"),
    [
        ({"since": "yesterday"}, "since must be in seconds since 1970, or None, got 'yesterday'"),
        ({"until": float("nan")}, "until must be in seconds since 1970, or None, got nan"),
        ({"since": 2, "until": 2}, "since must be before until, got 2 and 2"),
        ({"betas": "a"}, "betas must be a tuple of patterns, got 'a'"),
        ({"endpoints": ("",)}, r"endpoints must be a tuple of patterns, got \(''\,\)"),
        ({"outcomes": {"good"}}, "outcomes must be of ok, recovered, rejected, error, cancelled, got 'good'"),
    ],
)
def test_bad_selections(selection, error):
    """A clear error at once: what was given, and what is allowed."""
    with pytest.raises(ConfigError, match=f"^{error}$"):
        Selection(**selection)
