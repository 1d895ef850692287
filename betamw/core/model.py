"""The model that a JSON body names."""

import msgspec


class _Body(msgspec.Struct):
    model: str | None = None


_decoder = msgspec.json.Decoder(_Body)


def model_of(body: bytes) -> str | None:
    """The value of `model` at the top of a JSON body, None where there is none or the bytes are something else.

    The rest of the body is scanned, not decoded.
    """
    if not body:
        return None
    try:
        return _decoder.decode(body).model
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
