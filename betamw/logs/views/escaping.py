"""What a log says, as a terminal and a file may show it: names in logs come from outside."""

from typing import Final

from betamw.core.telling import holds_key, in_place_of

_MOST: Final = 200


def plain(text: str, *, ascii_only: bool = False, most: int = _MOST) -> str:
    r"""A text of the outside in one line, cut where it is long: what is not printable is escaped, a key is not told.

    What turns the direction of text, or hides it, is not printable either: `\x1b`, `\u202e`. With `ascii_only` all
    that is not ASCII is escaped, too.
    """
    if holds_key(text):
        return in_place_of(text)
    text = text if len(text) <= most else f"{text[:most]}..."
    if text.isprintable() and not (ascii_only and not text.isascii()):
        return text
    return "".join(
        character
        if character.isprintable() and (character.isascii() or not ascii_only)
        else character.encode("unicode_escape").decode()
        for character in text
    )
