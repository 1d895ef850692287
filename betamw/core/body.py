"""The fields of a JSON body that belong to a beta.

Facts: a field whose beta does not go with the request is answered with 400, `<path>: Extra inputs are not permitted`.
So dropping a beta whose field stays in the body only changes which 400 comes back. Which field belongs to which beta
is written in `catalog.toml`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Self

import attrs
import msgspec

from betamw.core.catalog import CATALOG, Catalog
from betamw.core.facts import Gate
from betamw.core.json_text import NOT_JSON
from betamw.core.selector import Node, Path, Selector
from betamw.core.telling import discreet


def gated_fields(
    body: object, *, method: str, template: str, betas: Collection[str], catalog: Catalog = CATALOG
) -> tuple[str, ...]:
    """Fields of a decoded JSON body that `betas` do not open, in document order and without repeats.

    They are dotted paths as the Claude API writes them: `tools.3`, `output_config.task_budget`, `messages.1.clear_at`.
    A field inside of one that is named already is not named again. `template` is `Catalog.template` of the path.
    """
    return tuple(closed_fields(body, method=method, template=template, betas=betas, catalog=catalog))


def closed_fields(
    body: object, *, method: str, template: str, betas: Collection[str], catalog: Catalog = CATALOG
) -> Mapping[str, tuple[Gate, ...]]:
    """The fields of `gated_fields`, each with the gates that keep it closed, or what is inside of it."""
    root = catalog.body_roots.get(f"{method.upper()} {template}")
    closed = [gate for gate in catalog.gates_at(method, template) if not gate.opened_by(betas)]
    within = [(path, gate) for gate in closed for path in _found([gate], body, root)]
    fields = document_order({path for path, _ in within}, body)
    by_field = {field: dict.fromkeys(gate for path, gate in within if path[: len(field)] == field) for field in fields}
    return {name: tuple(gates) for name, gates in zip(dotted(fields), by_field.values(), strict=True)}


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
    dropping = Dropping.of(body, method=method, template=template, sent=sent, dropped=dropped, catalog=catalog)
    return dotted(dropping.lost(dropping.decode()))


class _Words(dict[bytes, bool]):
    """Whether words are in a text, each looked for once."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def __missing__(self, word: bytes) -> bool:
        return self.setdefault(word, word in self._text)


@lru_cache(maxsize=1024)
def _shutting(
    catalog: Catalog, method: str, template: str, sent: frozenset[str], dropped: frozenset[str]
) -> tuple[tuple[Gate, ...], tuple[Gate, ...]]:
    """The gates that dropping closes, and those that are closed as it is, going by the betas that open a field."""
    gates, left = catalog.gates_at(method, template), sent - dropped
    closing = tuple(gate for gate in gates if gate.opened_by(sent) and not gate.opened_by(left))
    return closing, tuple(gate for gate in gates if not gate.opened_by(sent))


@attrs.frozen(field_transformer=discreet)
class Dropping:
    """What becomes of a body when betas are dropped.

    Attributes:
        text: The body.
        closing: The gates that dropping closes. Of these, and of `closed`, those whose words are not in the text may
            be missing.
        closed: The gates that are closed as it is.
        root: What selects the parts of the body that are bodies themselves (in a batch); None: all of it is one.
    """

    text: bytes
    closing: tuple[Gate, ...]
    closed: tuple[Gate, ...]
    root: Selector | None

    @classmethod
    def of(  # noqa: PLR0913  each by its name
        cls,
        text: bytes,
        *,
        method: str,
        template: str,
        sent: Collection[str],
        dropped: Collection[str],
        catalog: Catalog,
    ) -> Self:
        """The body as it is, the endpoint, the betas that go with it, and those of them that will not."""
        opening = catalog.opening  # others make no difference, and have no business in a cache
        closing, closed = _shutting(
            catalog, method, template, opening.intersection(sent), opening.intersection(dropped)
        )
        if closing and b"\\u" not in text:  # words may be looked for where none can be spelled by escapes
            holds = _Words(text).__getitem__
            closing = tuple(gate for gate in closing if gate.may_be_in(holds))
            closed = tuple(gate for gate in closed if closing and gate.may_be_in(holds))
        return cls(text, closing, closed, catalog.body_roots.get(f"{method.upper()} {template}"))

    def decode(self) -> object:
        """The body as values: as good as any other, None, where nothing is lost or the text is not JSON."""
        try:
            return msgspec.json.decode(self.text) if self.closing else None
        except NOT_JSON:
            return None

    def lost(self, body: object) -> list[Path]:
        """The fields of a decoded body that are open and will not be, in document order; none inside of another."""
        lost = _found(self.closing, body, self.root)
        if not lost:
            return []
        closed = set(_found(self.closed, body, self.root))
        return [path for path in lost if not any(path[:depth] in closed for depth in range(1, len(path) + 1))]

    def parts(self, body: object) -> Iterator[Node]:
        """The parts of a decoded body that are bodies themselves."""
        return _parts(body, self.root)


def document_order(paths: Iterable[Path], body: object) -> list[Path]:
    """Paths in the order of the body, without those that are inside of another."""
    return list(_outermost(sorted(paths, key=lambda path: _position(body, path))))


def dotted(paths: Iterable[Path]) -> tuple[str, ...]:
    """Paths as the Claude API writes them."""
    return tuple(".".join(map(str, path)) for path in paths)


def _found(gates: Collection[Gate], body: object, root: Selector | None) -> list[Path]:
    """The fields of the gates in a body; `root` selects the parts of it that are bodies themselves."""
    if not gates:
        return []
    return document_order({path + below for path, part in _parts(body, root) for below in _selected(gates, part)}, body)


def _parts(body: object, root: Selector | None) -> Iterator[Node]:
    return root.find(body) if root else iter([((), body)])


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
