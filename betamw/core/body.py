"""The fields of a JSON body that belong to a beta.

Facts: a field whose beta does not go with the request is answered with 400, `<path>: Extra inputs are not permitted`.
So dropping a beta whose field stays in the body only changes which 400 comes back. Which field belongs to which beta
is written in `catalog.toml`.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Any

import msgspec

from betamw.core.catalog import CATALOG, Catalog
from betamw.core.facts import Gate
from betamw.core.selector import Path, Selector


def gated_fields(
    body: object, *, method: str, template: str, betas: Collection[str], catalog: Catalog = CATALOG
) -> tuple[str, ...]:
    """Fields of a decoded JSON body that `betas` do not open, in document order and without repeats.

    They are dotted paths as the Claude API writes them: `tools.3`, `output_config.task_budget`, `messages.1.clear_at`.
    A field inside of one that is named already is not named again. `template` is `Catalog.template` of the path.
    """
    closed = [gate for gate in catalog.gates_at(method, template) if not gate.opened_by(betas)]
    return _found(closed, body, catalog.body_roots.get(f"{method.upper()} {template}"))


def fields_lost(  # noqa: PLR0913  each by its name, and `catalog` has a default
    body: bytes,
    *,
    method: str,
    template: str,
    sent: Collection[str],
    dropped: Collection[str],
    catalog: Catalog = CATALOG,
) -> tuple[str, ...]:
    """Fields that `sent` opens and `sent` without `dropped` does not: what dropping would make the next 400.

    The paths are those of `gated_fields`. Bytes that are not JSON have none; they are decoded only when dropping
    closes something on that endpoint. Never raises.
    """
    left = frozenset(sent).difference(dropped)
    closing = [gate for gate in catalog.gates_at(method, template) if gate.opened_by(sent) and not gate.opened_by(left)]
    if closing and b"\\u" not in body:  # words may be looked for where none can be spelled by escapes
        holds = cache(body.__contains__)
        closing = [gate for gate in closing if gate.may_be_in(holds)]
    if not closing:
        return ()
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    lost = _found(closing, decoded, catalog.body_roots.get(f"{method.upper()} {template}"))
    if not lost:
        return ()
    closed = gated_fields(decoded, method=method, template=template, betas=sent, catalog=catalog)
    return tuple(field for field in lost if not any(f"{field}.".startswith(f"{parent}.") for parent in closed))


def _found(gates: Collection[Gate], body: object, root: Selector | None) -> tuple[str, ...]:
    """The fields of the gates in a body; `root` selects the parts of it that are bodies themselves (in a batch)."""
    if not gates:
        return ()
    parts = root.find(body) if root else iter([((), body)])
    paths = {path + below for path, part in parts for below in _selected(gates, part)}
    return tuple(".".join(map(str, path)) for path in _outermost(sorted(paths, key=lambda path: _position(body, path))))


def _selected(gates: Iterable[Gate], body: object) -> Iterator[Path]:
    return (path for gate in gates if gate.stands(body) for field in gate.fields for path in field.select(body))


def _position(body: object, path: Path) -> tuple[int, ...]:
    """The place of a node in its document, to sort by: an object's keys count in the order they are written."""
    node: Any = body
    position: list[Any] = []
    for step in path:
        position.append(list(node).index(step) if isinstance(node, dict) else step)
        node = node[step]
    return tuple(position)


def _outermost(paths: Iterable[Path]) -> Iterator[Path]:
    """Leave out what is inside of another path; a parent is sorted before what it holds."""
    last: Path | None = None
    for path in paths:
        if last is None or path[: len(last)] != last:
            last = path
            yield path
