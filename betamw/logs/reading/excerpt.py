"""The beginning of a line that could not be read, to look at."""

import re
from typing import Final

from betamw.core.telling import shown

_MOST: Final = 200
_QUOTES: Final = ("'", '"')
_SECRET: Final = re.compile(r"(?i)authorization|bearer|password|secret|(?:access|auth|refresh|session).?token|api.?key")


def excerpt(line: bytes) -> str:
    """How a line begins, escaped and cut, without quotation marks around it; nothing that looks like a key.

    In a line that cannot be read nobody can tell what is the value of a credential, so none is shown that names one.
    """
    begin = line[:_MOST].decode("utf-8", "replace").strip()
    if _SECRET.search(begin):
        return "not shown, for it may hold a secret"
    text = shown(begin)
    if not text.startswith(_QUOTES):
        return text  # it is said that there is a key
    return text[1:].removesuffix(text[0])  # cut text has lost the one at its end
