"""Secrets to plant, and how to find what is left of them: in a text, and in what is reachable from an object."""

import base64
import functools
import gc
import hashlib
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from betamw import CATALOG

_WINDOW = 12
_CONTAINERS = (dict, list, tuple, set, frozenset, types.MappingProxyType, types.MethodType, types.CellType)
_CACHE = type(functools.lru_cache(lambda: None))


@attrs.frozen
class Secret:
    """A secret that is planted in a place: letters and digits that stand nowhere else, perhaps with others around."""

    place: str
    shape: str = "{}"

    @property
    def core(self) -> str:
        return hashlib.sha256(self.place.encode()).hexdigest()[:30]

    def __str__(self) -> str:
        return self.shape.format(self.core)

    @functools.cached_property
    def traces(self) -> tuple[str, ...]:
        """Pieces of it as it is (percent-encoded or in JSON it is the same), in base64 and in hexadecimal digits."""
        core = self.core.encode()
        ways = [self.core, core.hex()]
        for before in range(3):  # what stands before shifts the base64
            encoded = base64.b64encode(b"\0" * before + core).decode()
            ways.append(encoded[before + 1 : -4])
        return tuple(way[at : at + _WINDOW] for way in ways for at in range(len(way) - _WINDOW + 1))

    def is_in(self, text: str) -> bool:
        """Whether a piece of it stands in a text."""
        return any(trace in text for trace in self.traces)


def found(secrets: Iterable[Secret], texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Which secrets are in which of the texts."""
    words = {name: "\n".join(set(text.split())) for name, text in texts.items()}  # there is much repetition
    return [(secret.place, name) for secret in secrets for name, text in words.items() if secret.is_in(text)]


def is_ours(value: object) -> bool:
    """Whether an object is of a class of the package."""
    return type(value).__module__.partition(".")[0] == "betamw"


def reachable(*roots: object) -> Iterator[Any]:
    """Everything that is held by these: their containers and caches, our own objects, closures; nobody else's objects.

    What a dictionary of a module or a class holds belongs to everybody, so functions and classes are not entered; and
    the catalog is what is shipped.
    """
    seen: dict[int, object] = {id(CATALOG): CATALOG}
    todo = list(roots)
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        yield value
        if isinstance(value, types.FunctionType):
            todo += [*(value.__closure__ or ()), value.__defaults__, value.__kwdefaults__]
        elif isinstance(value, functools.partial):
            todo += [value.func, value.args, value.keywords]
        elif isinstance(value, (*_CONTAINERS, _CACHE)) or (is_ours(value) and not isinstance(value, type)):
            todo += [other for other in gc.get_referents(value) if not isinstance(other, type | types.ModuleType)]


def held(*roots: object) -> str:
    """All texts that are held by these, one a line."""
    texts = []
    for value in reachable(*roots):
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, bytes | bytearray):
            texts.append(value.decode("latin-1"))
    return "\n".join(texts)
