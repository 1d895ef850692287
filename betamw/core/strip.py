"""A JSON body without the fields of the betas that are dropped: `paired_fields="strip"`.

What goes, beside the fields that `fields_lost` names:

- A list of which nothing is left, with its key, or with its place in the list around it. A list that was empty before
  stays, and so does an object of which nothing is left: `output_config` requires no key, says the SDK.
- What is gated once these are gone: `context_management` without `edits` belongs to another beta than with them.
- A message that is left with neither content nor `output_config` (which a system message may have in its place): the
  API refuses it, says the SDK's `BetaSystemMessageParam`; others must have content (anthropics/claude-code#6774).
- `tool_choice` once there are no `tools`, when it is `auto` or `none`: these are the defaults with tools and without.

What cannot go: the last message, and a tool that `tool_choice` demands, by its name or with `any`. The caller's code
counts on a call of that tool: a reply without one would be no answer.

What else refers to a field that is gone (a `tool_use` block to its tool) stays. A server that minds answers the resend
with 400, and then the caller gets the first reply, as for every resend that did not help.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from copy import copy
from typing import Any

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
        rest = _rest(whole, gone)
    text = without_nodes(body, gone)
    unread = bool(gone) and text == body  # nested so deeply that the one decoder had just enough stack, the other not
    if unread or not all(_can_be_sent(root, part, gone) for root, part in dropping.parts(rest)):
        return None
    return text, dotted(document_order(named, whole))


def _rest(whole: object, gone: Iterable[Path]) -> object:
    """A copy of the body without what is gone; null in its place in a list, so that the paths to the rest hold."""
    rest: Any = copy(whole)
    copied = set[Path]()
    for *above, last in document_order(gone, whole):
        owner, path = rest, tuple[str | int, ...]()
        for step in above:
            path = (*path, step)
            if path not in copied:
                copied.add(path)
                owner[step] = copy(owner[step])
            owner = owner[step]
        if isinstance(last, int):
            owner[last] = None
        else:
            del owner[last]
    return rest


def _with_emptied(whole: object, gone: set[Path]) -> set[Path]:
    """What is gone, and with it the lists and the messages of which nothing is left."""
    while emptied := {*_used_up(whole, gone), *_hollow(whole, gone)} - gone:
        gone = gone | emptied
    return gone


def _at(body: Any, path: Path) -> Any:
    for step in path:
        body = body[step]
    return body


def _used_up(whole: object, gone: Collection[Path]) -> Iterator[Path]:
    """The lists that had elements and have none left."""
    removals = Counter(path[:-1] for path in gone if isinstance(path[-1], int))
    return (path for path, count in removals.items() if count == len(_at(whole, path)))


def _hollow(whole: object, gone: Collection[Path]) -> Iterator[Path]:
    """The messages that have lost the last of what makes a message."""
    for path in gone:
        match path:
            case (*above, "messages", int() as index, "content" | "output_config"):
                message = (*above, "messages", index)
                had = _at(whole, message)
                if not any(had.get(key) and (*message, key) not in gone for key in ("content", "output_config")):
                    yield message


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
