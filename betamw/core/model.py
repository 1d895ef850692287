"""The model that a JSON body names."""

from typing import Final

import msgspec

from betamw.core.json_text import NOT_JSON

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
