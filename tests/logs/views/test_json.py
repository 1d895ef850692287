"""The report as JSON, and its schema."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from logs.summaries import VIOLATION, empty, hostile, summary

from betamw.logs.summary import SourceRead
from betamw.logs.views.json import as_json, schema

ROOT = Path(__file__).parents[3]


def problems(document) -> list[str]:
    """What a validator has against a document."""
    validator = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())
    return [error.message for error in validator.iter_errors(document)]


def test_file():
    """The schema in the repository is that of the code; `python -m betamw.logs.views.json` prints it."""
    printed = subprocess.run(
        [sys.executable, "-m", "betamw.logs.views.json"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )

    assert (ROOT / "docs" / "report.schema.json").read_text("utf-8") == printed.stdout


def test_schema():
    """It is a valid one."""
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("told", [summary(), summary(violations=(VIOLATION,)), empty(), hostile()])
def test_valid(told):
    """What is written is what the schema says."""
    assert [] == problems(json.loads(as_json(told)))


@pytest.mark.parametrize(
    ("path", "value"),
    [(("headline", "calls"), "7"), (("since",), 12), (("betas", 0, "sent"), None), (("findings",), {})],
)
def test_invalid(path, value):
    """It holds a document to its types."""
    document = json.loads(as_json(summary()))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    assert 1 == len(problems(document))


def test_values():
    """Times are ISO 8601 in UTC, durations numbers of seconds, what is not known is null."""
    document = json.loads(as_json(summary()))

    assert ("2026-11-01T00:00:00Z", 192.417) == (document["since"], document["headline"]["resend_seconds"])
    assert (None, 1) == (document["betas"][0]["last_rejected"], document["report_schema"])


def test_ascii():
    """What a terminal would obey, and what is no text, is escaped; read back, it is the same."""
    told = empty(sources=(SourceRead(file="\x1b[31m\u202e\udcff", lines=0, events=0),))

    assert as_json(told).replace("\n", "").isprintable()
    assert as_json(told).isascii()
    assert "\x1b[31m\u202e\udcff" == json.loads(as_json(told))["sources"][0]["file"]
