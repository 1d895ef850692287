"""The readers of request bodies: what is taken out of a JSON text is gone, and every other byte stays.

Python's own `json` says what a text means; what `msgspec` does not read is left as it is.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec
from support.bodies import USES, batch

from betamw.core.body import fields_lost
from betamw.core.catalog import CATALOG
from betamw.core.json_text import NOT_JSON, without_nodes
from betamw.core.model import model_of
from betamw.core.selector import Path
from betamw.core.strip import without_fields

_BETAS: Final = sorted(CATALOG.opening)
_TEMPLATES: Final = ("/v1/messages", "/v1/messages/batches", "/v1/messages/count_tokens", "/v1/files")
_MOST_PATHS: Final = 400
_WRITE: Final = 128
_DEEPEST: Final = 12
_SPACES: Final = ("", "", " ", "\n  ", "\t", "\r\n")
_SCALARS: Final = ("null", "-0", "1.0e+5", "9" * 30, '"\\ud83d\\ude00"', '"é"', '""', '"]"', '"{\\"a\\":1,"', '"\\\\"')
_KEYS: Final = (
    *('"a"', '"\\u0061"', '"b"', '""', '"\\"b"', '"content"', '"messages"', '"tools"', '"type"', '"role"', '"edits"'),
    *('"context_management"', '"mcp_servers"', '"output_config"', '"tool_choice"', '"speed"', '"requests"', '"params"'),
)
_STRINGS: Final = ('"mcp_toolset"', '"computer_20250124"', '"system"', '"fast"', '"compaction"', '"auto"', '"tool"')


def check(data: bytes) -> None:
    """The first byte chooses paths, the next two betas and an endpoint; the others are a body, or how to write one."""
    pick, betas, where = data[:3].ljust(3, b"\0")
    body = data[3:] if where < _WRITE else _written(iter(data[3:])).encode()
    try:
        msgspec.json.decode(body)
    except NOT_JSON:
        assert _is_subsequence(without_nodes(body, [("a",), (0,)]), body)
        model_of(body)  # scans what it does not need, so it may find one nevertheless
        _check_fields(body, betas, _TEMPLATES[where % 4])
        return
    meant = json.loads(body)
    model = meant.get("model") if isinstance(meant, dict) else None
    assert model_of(body) in (None, model[:256] if isinstance(model, str) else None)
    paths = [*islice(_paths(meant), _MOST_PATHS)]
    gone = {path for number, path in enumerate(paths) if not (number + pick) % (1 + pick % 7)}
    rest = without_nodes(body, gone)
    assert json.loads(rest) == _pruned(meant, gone)
    assert _is_subsequence(rest, body)
    assert without_nodes(body, ()) == body
    _check_fields(body, betas, _TEMPLATES[where % 4])


def _written(left: Iterator[int], depth: int = 0) -> str:
    """JSON as the bytes say: one for what it is, others for what is in it; when they end, so does it."""
    how = next(left, 0)
    space = _SPACES[how // 8 % len(_SPACES)]
    if how % 8 < 3 or depth > _DEEPEST:
        return space + (_SCALARS + _STRINGS)[how % (len(_SCALARS) + len(_STRINGS))] + space
    count = next(left, 0) % 5
    if how % 8 < 5:
        return f"{space}[{space}{','.join(_written(left, depth + 1) for _ in range(count))}{space}]"
    members = (f"{space}{_KEYS[next(left, 0) % len(_KEYS)]}{space}:{_written(left, depth + 1)}" for _ in range(count))
    return f"{{{','.join(members)}{space}}}"


def _check_fields(body: bytes, betas: int, template: str) -> None:
    sent = _BETAS[betas % 16 :: 1 + betas // 64]
    dropped = sent[:: 1 + betas % 3]
    asked: dict[str, Any] = {"method": "POST", "template": template, "sent": sent, "dropped": dropped}
    lost = fields_lost(body, **asked)
    stripped = without_fields(body, **asked)
    if stripped is None:
        assert lost
        return
    text, fields = stripped
    assert all(any(f"{path}.".startswith(f"{field}.") for field in fields) for path in lost)
    assert bool(fields) == (text != body)
    assert fields_lost(text, **asked) == ()
    assert _is_subsequence(text, body)
    if fields:
        json.loads(text)


def _paths(value: Any) -> Iterator[Path]:
    todo: list[tuple[Path, Any]] = [((), value)]
    for path, node in todo:  # grows while it is walked
        inside: Iterable[tuple[Any, Any]] = ()
        if isinstance(node, dict):
            inside = node.items()
        elif isinstance(node, list):
            inside = enumerate(node)
        for step, inner in inside:
            yield (*path, step)
            todo.append(((*path, step), inner))


def _pruned(value: Any, gone: set[Path], at: Path = ()) -> Any:
    if isinstance(value, dict):
        return {key: _pruned(inner, gone, (*at, key)) for key, inner in value.items() if (*at, key) not in gone}
    if isinstance(value, list):
        return [_pruned(inner, gone, (*at, index)) for index, inner in enumerate(value) if (*at, index) not in gone]
    return value


def _is_subsequence(part: bytes, whole: bytes) -> bool:
    left = iter(whole)
    return all(byte in left for byte in part)


def seeds() -> Iterator[bytes]:
    """Bodies that use each gate, alone, in a batch, indented; and JSON as it should not be written."""
    for number, (_, used, _, other) in enumerate(USES):
        how = bytes([number % 256, number * 5 % 256, 0])
        yield how + json.dumps({"model": "m", **used}).encode()
        if number % 8 == 0:
            yield how + json.dumps({**other, **used}, indent=1).encode()
            yield bytes([1, number % 256, 1]) + json.dumps(batch(used, 1)[0]).encode()
    yield b'\1\0\0{"a":1,"\\u0061":{"b":[1,{"c":"\\ud83d\\ude00"}]},"a":{"b":[2]}}'
    yield bytes([0, 0, _WRITE, *range(5, 250, 7)])
    yield b"\0\0\0" + b'[1, "]", {"\\"": -0.0e+1}, [[]], {}]\r\n'
