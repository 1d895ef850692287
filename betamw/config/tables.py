"""A table of the file against its shape: what has the right type is given back, the rest is a problem each.

msgspec ends with the first problem of what it converts; so it converts key by key.
"""

from collections.abc import Mapping
from typing import Any, Final, get_args, get_origin

import msgspec

from betamw.config.problems import Problems, key_name, nearest
from betamw.core.telling import shown

_WORDS: Final = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "array": "an array",
    "object": "a table",
}


_WRONG: Final[Any] = object()


def read_table(given: object, shape: type[msgspec.Struct], where: str, problems: Problems) -> dict[str, Any]:
    """What of a table has the right shape. Arrays of strings are there also where one in them is none."""
    if not isinstance(given, Mapping):
        problems.add(where, f"must be a table, got {shown(given)}")
        return {}
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    good: dict[str, Any] = {}
    for key, value in given.items():
        at = f"{where}.{key_name(key)}"
        if key not in fields:
            problems.add(at, f"is not known, {nearest(key, fields)}")
        elif (read := _read(value, fields[key].type, at, problems)) is not _WRONG:
            good[key] = read
    for key, field in fields.items():
        if field.required and key not in given:
            problems.add(f"{where}.{key}", "is missing")
    return good


def _read(value: object, kind: Any, at: str, problems: Problems) -> Any:
    if _is_table(kind):
        return read_table(value, kind, at, problems)
    table: Any = get_args(kind)[0] if get_origin(kind) is list else None
    if not _is_table(table):
        return _converted(value, kind, at, problems)
    if isinstance(value, list):
        return [read_table(item, table, f"{at}[{number}]", problems) for number, item in enumerate(value)]
    problems.add(at, f"must be an array of tables, written [[{at}]], got {shown(value)}")
    return _WRONG


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _converted(value: Any, kind: Any, at: str, problems: Problems) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        expected, _, inside = str(error).partition(" - at ")
    if not inside:  # Expected `str | array`, got `int`
        words = " or ".join(_WORDS[word] for word in expected.split("`")[1].split(" | "))
        problems.add(at, f"must be {words}, got {shown(value)}")
        return _WRONG
    for where, item in items_of(value, at):  # of all arrays and mappings these are strings
        if not isinstance(item, str):
            problems.add(where, f"must be a string, got {shown(item)}")
    return value


def items_of(value: object, at: str) -> list[tuple[str, Any]]:
    """What is in an array or a table, with where that is; nothing of anything else."""
    if isinstance(value, list):
        return [(f"{at}[{number}]", item) for number, item in enumerate(value)]
    return [(f"{at}.{key_name(key)}", item) for key, item in value.items()] if isinstance(value, dict) else []
