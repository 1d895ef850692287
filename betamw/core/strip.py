"""A JSON body without the fields of the betas that are dropped: `paired_fields="strip"`.

What goes, beside the fields that `fields_lost` names:

- A list of which nothing is left, with its key, or with its place in the list around it. A list that was empty before
  stays, and so does an object of which nothing is left: `output_config: {}` may be sent.
- What is gated once these are gone: `context_management` without `edits` belongs to another beta than with them.
- A message without content, for the Claude API answers 400 to a list that is empty and to a key that is missing:
  `messages.1: all messages must have non-empty content except for the optional final assistant message`. So of a system
  message that only brings a tool, nothing is sent.
- `tool_choice` once there are no `tools`, when it is `auto` or `none`: these say what happens without it, too.

What cannot go: the last message, and a tool that `tool_choice` demands, by its name or with `any`. The caller's code
counts on a call of that tool; a reply without it would be no answer, and `tool_choice` alone is the next 400.

What else refers to a field (a `tool_use` to its tool) stays. Should it be refused, that is the resend's reply, which
`DID_NOT_HELP` turns into the first.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

from betamw.core.body import Dropping, document_order, dotted
from betamw.core.catalog import CATALOG, Catalog
from betamw.core.json_text import without_nodes
from betamw.core.selector import Node, Path


def without_fields(  # noqa: PLR0913  each by its name, and `catalog` has a default
    body: bytes,
    *,
    method: str,
    template: str,
    sent: Collection[str],
    dropped: Collection[str],
    catalog: Catalog = CATALOG,
) -> tuple[bytes, tuple[str, ...]] | None:
    """A body that `sent` without `dropped` opens as far as `sent` did, and the fields that it lacks for that.

    What stays of the body is byte for byte as it was. The fields are dotted paths in the body as it was, those of
    `fields_lost` first of all; the body has no fields to lose any more. None when what stays cannot be sent. Never
    raises.
    """
    dropping = Dropping.of(body, method=method, template=template, sent=sent, dropped=dropped, catalog=catalog)
    whole = rest = dropping.decode()
    named, gone = set[Path](), set[Path]()
    while new := {*dropping.lost(rest), *_idle(dropping.parts(rest), gone)} - gone:
        named |= new
        gone = _with_emptied(whole, gone | new)
        rest = _rest(body, gone)
    if not all(_can_be_sent(root, part, gone) for root, part in dropping.parts(rest)):
        return None
    return without_nodes(body, gone), dotted(document_order(named, whole))


def _at(body: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        body = body[step]
    return body


def _rest(text: bytes, gone: Collection[Path]) -> object:
    """The body without what is gone; null in its place in a list, so that the paths to the rest hold."""
    rest = msgspec.json.decode(text)
    for *above, last in sorted(gone, key=len, reverse=True):
        owner = _at(rest, above)
        if isinstance(last, int):
            owner[last] = None
        else:
            del owner[last]
    return rest


def _with_emptied(whole: object, gone: set[Path]) -> set[Path]:
    """What is gone, and with it the lists of which nothing is left, and the messages whose content that was."""
    while emptied := {_list_or_message(path) for path in _used_up(whole, gone)} - gone:
        gone = gone | emptied
    return gone


def _used_up(whole: object, gone: Collection[Path]) -> Iterator[Path]:
    """The lists that had elements and have none left; that around everything cannot go."""
    removals = Counter(path[:-1] for path in gone if isinstance(path[-1], int))
    return (path for path, count in removals.items() if path and count == len(_at(whole, path)))


def _list_or_message(path: Path) -> Path:
    match path:
        case (*_, "messages", int(), "content"):
            return path[:-1]
    return path


def _idle(parts: Iterable[Node], gone: Collection[Path]) -> Iterator[Path]:
    """Each `tool_choice` that says what happens without it, too."""
    for root, part in parts:
        match part:
            case {"tool_choice": {"type": "auto" | "none"}} if (*root, "tools") in gone:
                yield (*root, "tool_choice")


def _can_be_sent(root: Path, part: object, gone: Collection[Path]) -> bool:
    """Whether what is left of a body has its messages, and the tool that it demands."""
    if (*root, "messages") in gone:
        return False
    match part:
        case {"tool_choice": _} if (*root, "tools") in gone:
            return False
        case {"tool_choice": {"type": "tool", "name": name}, "tools": [*tools]}:
            lacks_one = any((*root, "tools", index) in gone for index in range(len(tools)))
            return not lacks_one or any(isinstance(tool, dict) and tool.get("name") == name for tool in tools)
    return True
