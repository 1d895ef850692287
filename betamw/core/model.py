"""The model that a JSON body names."""

import hashlib
import re
from typing import Final

import msgspec

from betamw.core.json_text import NOT_JSON
from betamw.core.telling import holds_key

_TOLD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}")  # anthropic/claude-opus-5, claude-opus-4@20250514
_LONGEST: Final = 256  # characters; a name that is made up must not fill the memory


class _Body(msgspec.Struct):
    model: str | None = None


_decoder = msgspec.json.Decoder(_Body)


def model_of(body: bytes) -> str | None:
    """The value of `model` at the top of a JSON body, None where there is none or the bytes are something else.

    The rest of the body is scanned, not decoded. A model with a name without end is known by its beginning.
    """
    if not body:
        return None
    try:
        model = _decoder.decode(body).model
    except NOT_JSON:
        return None
    return None if model is None else model[:_LONGEST]


def is_model_name(model: str) -> bool:
    """Whether a text can be the name of a model, and is no key that was taken for one."""
    return model != "" and model.isprintable() and not holds_key(model)


def model_told(model: str | None) -> str | None:
    """The model as it may stand in a log: a short plain name, as of a vendor or a cloud, and no key; None otherwise."""
    return model if model is not None and _TOLD.fullmatch(model) and not holds_key(model) else None


def model_in_scope(model: str | None, key: bytes) -> str | None:
    """The model as the memory knows it: what can be no name, by a hash under the memory's key."""
    if model is None or is_model_name(model):
        return model
    return f"<{hashlib.blake2b(model.encode(), key=key, digest_size=16).hexdigest()}>"
