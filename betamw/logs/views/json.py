"""The report as JSON, and the JSON Schema of it (`docs/report.schema.json`).

Facts: a file's name need not be UTF-8, and then holds what only an escaped text can.
"""

import inspect
import json
from typing import Any, Final

import msgspec

from betamw.logs.summary import Summary

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TIMES: Final = frozenset({"start", "since", "until", "first_seen", "last_seen", "last_accepted", "last_rejected"})


def as_json(summary: Summary) -> str:
    """A summary as one document, in ASCII: what a terminal would obey is escaped."""
    return json.dumps(msgspec.to_builtins(summary), indent=2)


def schema() -> dict[str, Any]:
    """The JSON Schema of `as_json`: new properties may come, so others are allowed."""
    (root,), parts = msgspec.json.schema_components([Summary], ref_template="#/$defs/{name}")
    for part in parts.values():
        part["description"] = inspect.cleandoc(part["description"])
        for name in _TIMES & part["properties"].keys():
            _say_that_it_is_a_time(part["properties"][name])
    return {"$schema": _DIALECT, "title": "betamw report --json", **root, "$defs": parts}


def _say_that_it_is_a_time(what: dict[str, Any]) -> None:
    for text in what.get("anyOf", [what]):
        if text["type"] == "string":
            text["format"] = "date-time"


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))  # noqa: T201  python -m betamw.logs.views.json > docs/report.schema.json
