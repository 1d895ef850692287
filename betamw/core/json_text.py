"""Taking nodes out of a JSON text, and leaving every other byte of it as it is.

Facts, from RFC 8259: whitespace is space, tab, line feed and carriage return; a key may be spelled with escapes, and
may be written twice, of which most readers, msgspec and Python's own among them, keep the last.

How: `msgspec.Raw` is a value's text, without the whitespace around it. So one level at a time, and only on the way to
a node that goes, the values' lengths lead from each to the next; what is inside of them msgspec skips, in C.

What goes with a node: the comma before it and the whitespace on both sides of that comma; in front of the first node
that stays, the comma after it and the whitespace up to that one. So the indentation of what stays, and of the closing
bracket, is kept, whether commas end lines or begin them. A list or object of which nothing stays is `[]` or `{}`.
"""

import re
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Final, cast

import msgspec

from betamw.core.selector import Path

NOT_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What `msgspec` raises on bytes that it does not read as JSON: they are something else, or nested too deeply."""

_Tree = dict[str | int, "_Tree | None"]
"""By key or index, what goes: all of it where the value is None, else something inside."""
_Cut = tuple[int, int]
"""From where to where."""
_Branch = tuple[int, msgspec.Raw, _Tree]
"""Where a value starts, the value, and what of it goes."""


class _Key:
    """A key of an object, equal to no other, so that a dict keeps all of them.

    Not an attrs class: these msgspec reads from JSON objects, without asking the hook.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


_text: Final = msgspec.json.Decoder(msgspec.Raw)
_list: Final = msgspec.json.Decoder(list[msgspec.Raw])
_object: Final = msgspec.json.Decoder(dict[_Key, msgspec.Raw], dec_hook=lambda key, name: key(name))
_name: Final = attrgetter("name")

_SPACE: Final = re.compile(rb"[ \t\r\n]*+")
# From the end of a value to the next one, after an opening bracket too: the first group starts where the node does.
_TO_ELEMENT: Final = re.compile(rb"[ \t\r\n,]*+()")
_TO_MEMBER: Final = re.compile(rb'[ \t\r\n,]*+("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\r\n]*+:[ \t\r\n]*+')


def without_nodes(text: bytes, paths: Iterable[Path]) -> bytes:
    """A JSON text without the members and elements at `paths`, which count as they do in the text as it is given.

    A key that is written several times goes each time; a path leads through the last of them. A path that leads
    nowhere takes nothing, nor does the empty one. A text that `msgspec` does not read is given back, as far as that
    shows on the way: letters that are no UTF-8 inside of what goes, or of what stays whole, do not. Never raises.
    Linear in the length of the text, for each level that the paths lead down.
    """
    tree = _tree(paths)
    if not tree:
        return text
    try:
        cuts = sorted(_all_cuts(text, tree))
    except NOT_JSON:
        return text
    pieces, at = [], 0
    for start, end in cuts:
        pieces.append(text[at:start])
        at = end
    return b"".join([*pieces, text[at:]])


def _tree(paths: Iterable[Path]) -> _Tree:
    root: _Tree = {}
    for path in filter(None, paths):
        tree: _Tree | None = root
        for step in path[:-1]:
            if tree is None:  # goes, with all that is in it
                break
            tree = tree.setdefault(step, {})
        if tree is not None:
            tree[path[-1]] = None
    return root


def _all_cuts(text: bytes, tree: _Tree) -> Iterator[_Cut]:
    """What to cut out of the text, none of it twice."""
    todo = [(_match(_SPACE, text, 0).end(), _text.decode(text), tree)]
    while todo:
        start, value, below = todo.pop()
        if text[start] in b"[{":
            cuts, deeper = _level(text, start, value, below)
            yield from cuts
            todo += deeper


def _level(text: bytes, start: int, value: msgspec.Raw, tree: _Tree) -> tuple[list[_Cut], Iterable[_Branch]]:
    """What to cut out between the brackets of the list or object that starts at `start`, and where to go on."""
    to_next, inside = _inside(text[start], value)
    cuts, branches = list[_Cut](), dict[str | int, _Branch]()
    first, end, none_stays = _match(_SPACE, text, start + 1).end(), start + 1, True
    for step, inner in inside:
        match = _match(to_next, text, end)
        before, end = end, match.end() + len(inner)
        below = tree.get(step, tree)
        if below is None:
            if not none_stays:
                cuts.append((before, end))
            continue
        if none_stays:
            cuts.append((first, match.start(1)))
            none_stays = False
        if below is not tree:
            branches[step] = (match.end(), inner, below)  # of a key that is written twice, the last
    if none_stays and end > start + 1:
        cuts.append((start + 1, start + len(value) - 1))
    return cuts, branches.values()


def _inside(bracket: int, value: msgspec.Raw) -> tuple[re.Pattern[bytes], Iterable[tuple[str | int, msgspec.Raw]]]:
    """The keys or indexes and the values in an object or a list, and the pattern that leads to each of them."""
    if bracket == ord("["):
        return _TO_ELEMENT, enumerate(_list.decode(value))
    members = _object.decode(value)
    return _TO_MEMBER, zip(map(_name, members), members.values(), strict=True)


def _match(pattern: re.Pattern[bytes], text: bytes, at: int) -> re.Match[bytes]:
    """A match that is certain, because msgspec has read the text."""
    return cast("re.Match[bytes]", pattern.match(text, at))
