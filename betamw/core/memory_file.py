"""The shape of a saved memory: verdicts, pins and searches, with the key under which its credentials are hashed.

Facts: the memory's clock means nothing to another process, so what is saved are times of day; and the clock of the day
may jump in between. So a lesson that was saved lasts for what was left of its time, by that clock, and never for longer
than one that is learned on loading. Who was at something is gone with the process: no suspicions, no leases.

Every error is a `ConfigError` that begins with `saved memory: `.
"""

import math
from itertools import chain
from typing import Annotated, Final

import attrs
import msgspec

from betamw.core.errors import ConfigError, at
from betamw.core.isolation import Search
from betamw.core.memory import Scope, Verdict, Verdicts
from betamw.core.telling import may_be_told

VERSION: Final = 1
KEY_BYTES: Final = 32
_Names = list[str]


class _Scope(msgspec.Struct, forbid_unknown_fields=True):
    origin: str
    endpoint: str
    model: str | None
    credential: str


class _Verdict(msgspec.Struct, forbid_unknown_fields=True):
    scope: _Scope
    beta: str
    expires_at: float


class _Pin(msgspec.Struct, forbid_unknown_fields=True):
    beta: str
    origin: str | None
    endpoint: str | None
    model: str | None


class _Found(msgspec.Struct, forbid_unknown_fields=True):
    good: _Names
    suspects: _Names
    groups: list[Annotated[_Names, msgspec.Meta(min_length=1)]]
    found: _Names


class _Search(msgspec.Struct, forbid_unknown_fields=True):
    scope: _Scope
    search: _Found
    expires_at: float


class _Version(msgspec.Struct):
    version: Annotated[int, msgspec.Meta(ge=0, le=2**31)]  # an `int` of any size cannot even be shown


class _MemoryFile(_Version, forbid_unknown_fields=True):
    hash_key: Annotated[bytes, msgspec.Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]  # base64 in JSON
    pins: list[_Pin]
    searches: list[_Search]
    verdicts: list[_Verdict]


def dump(memory: Verdicts, now: float, today: float) -> str:
    """Write a memory in JSON: `now` on its own clock is `today` on the clock of the day, both in seconds."""
    later = today - now
    verdicts = [verdict for verdict in memory.verdicts() if math.isfinite(verdict.expires_at)]  # the others are pins
    file = _MemoryFile(
        version=VERSION,
        hash_key=memory.hash_key,
        pins=[_Pin(beta, *where) for beta, pinned in memory.pins.items() for where in pinned],
        searches=[
            _Search(_written(scope), _Found(**search.to_json()), expires_at + later)
            for scope, search, expires_at in memory.searches()
        ],
        verdicts=[_Verdict(_written(verdict.scope), verdict.beta, verdict.expires_at + later) for verdict in verdicts],
    )
    return msgspec.json.encode(file).decode()


def load(text: object, memory: Verdicts, now: float, today: float) -> None:
    """Put what was saved into a memory that is empty; raises nothing but `ConfigError`."""
    with at("saved memory"):
        file = _decode(text)
        memory.hash_key = file.hash_key
        for number, pin in enumerate(file.pins):
            with at(f"pins[{number}]"):
                memory.pin(pin.beta, origin=pin.origin, endpoint=pin.endpoint, model=pin.model)
        longest = now + memory.remember_for
        for number, raw in enumerate(file.searches):
            _check(raw.search, f"searches[{number}]")
            search = Search.from_json(msgspec.structs.asdict(raw.search))
            memory.go_on(_read(raw.scope), search, min(now + (raw.expires_at - today), longest))
        for number, verdict in enumerate(file.verdicts):  # last, for they are of more use where not all have room
            _check_names([verdict.beta], f"verdicts[{number}]")
            expires_at = min(now + (verdict.expires_at - today), longest)
            memory.hold(Verdict(_read(verdict.scope), verdict.beta, expires_at))


def _decode(text: object) -> _MemoryFile:
    if not isinstance(text, str | bytes):
        msg = f"it must be str or bytes, got {type(text).__name__}"
        raise ConfigError(msg)
    try:
        version = msgspec.json.decode(text, type=_Version).version
        if version == VERSION:
            return msgspec.json.decode(text, type=_MemoryFile)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ConfigError(str(error)) from None
    msg = f"version must be {VERSION}, got {version}"
    raise ConfigError(msg)


def _check(found: _Found, place: str) -> None:
    """Check what a search relies on."""
    _check_names([*found.good, *found.suspects, *found.found], place)
    suspects = set(found.suspects)
    if not suspects.issuperset(chain.from_iterable(found.groups)):
        msg = f"{place}: the betas of a group must be suspects"
        raise ConfigError(msg)
    if not suspects.isdisjoint(found.good):
        msg = f"{place}: a beta must not be both good and a suspect"
        raise ConfigError(msg)


def _check_names(names: _Names, place: str) -> None:
    for name in names:
        if not may_be_told(name):
            msg = f"{place}: a beta must look like one: letters, digits and `._:=-`, at most 128, and no key"
            raise ConfigError(msg)


def _written(scope: Scope) -> _Scope:
    return _Scope(*attrs.astuple(scope))


def _read(scope: _Scope) -> Scope:
    return Scope(*msgspec.structs.astuple(scope))
