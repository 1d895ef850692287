"""Calls that are like an earlier one in all but their times, read without decoding what they have in common.

Facts: most of a call's line is its lists of betas, and in all of a log there are few different ones. The sink writes
them together, with the endpoint and the outcome, between `http_request_method` and `duration_s`, and JSON renderers
keep that order. A JSON object of which complete members are cut out is one still. So these bytes are decoded once, and
of a later line that holds the same only the rest is.
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

import attrs
import msgspec

from betamw.logs.reading.direct import Seconds, decode_call, decode_docker
from betamw.logs.reading.times import LATEST
from betamw.logs.record import Names, Record

_FROM: Final = b'"http_request_method"'
_TO: Final = b'"duration_s"'
_DOCKER: Final = b'{"log":'
_BEFORE: Final = re.compile(rb"[^\s{]{1,100} +\| +|[^\s{]{1,40} std(?:out|err) F ")
"""What Compose and the runtimes of Kubernetes put before a line, whole: its own time counts."""

_MOST: Final = 500
"""Different middles that are kept; where there are many more, nothing is gained."""
_LONGEST: Final = 4096
"""Bytes of a middle that is kept: of all together some megabytes."""


@attrs.frozen(eq=False)
class Like:
    """What calls have in common: one of them, with its `server_port` and `gen_ai_request_model` at hand."""

    call: Record
    port: int | None = None
    model: str | None = None


_NOTHING: Final = Like(Record())


class Repeat(msgspec.Struct, gc=False, kw_only=True):
    """A call `like` an earlier one in all but these: as a `Record` has them, and always with a time."""

    betamw_schema: int = 1
    betamw_call: Annotated[str, msgspec.Meta(min_length=1)]
    duration_s: Seconds
    server_port: int | None = None
    body_fields_stripped: Names = ()
    resend_overhead_s: Seconds | None = None
    sdk_retry_count: int | None = None
    http_response_status_code: int | None = None
    anthropic_request_id: str | None = None
    error_type: str | None = None
    gen_ai_request_model: str | None = None
    event: Literal["betamw.request"]
    timestamp: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    at: Any = 0.0
    like: Any = _NOTHING


_decode: Final = msgspec.json.Decoder(Repeat).decode
_decode_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

_COMMON: Final = frozenset(
    {
        *("server_address", "url_template", "attempts", "outcome"),
        *(name for name in Record.__struct_fields__ if name.startswith("betas_") and name != "betas_rejected"),
    }
)
"""All that counts of a call, but for what a `Repeat` has: it must be in what is kept, else it may differ."""


@attrs.define
class Repeats:
    """The calls of a log so far, by what they have in common.

    Attributes:
        find: The call on a line if it is like an earlier one, else None. A closure: a look-up of `self` would cost.
        missed: Lines of calls that were like none.
    """

    find: Callable[[bytes], Repeat | None] = attrs.field(init=False)
    missed: int = attrs.field(init=False, default=0)
    _known: dict[bytes, Like] = attrs.field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self.find = self._finder()

    def pays(self, events: int) -> bool:
        """Whether enough of the events so far were found here."""
        return self.missed <= _MOST or 2 * self.missed < events

    def _finder(self) -> Callable[[bytes], Repeat | None]:
        known, learn, unwrapped, first, to = self._known, self._learn, _unwrapped, _FROM, _TO

        def find(line: bytes) -> Repeat | None:
            head, begun, rest = line.partition(first)
            if not begun:
                return find(inner) if line[:7] == _DOCKER and (inner := unwrapped(line)) else None
            middle, _, tail = rest.rpartition(to)
            like = known.get(middle)
            if like is None:
                return learn(line, head, middle)
            try:
                repeat = _decode(head + to + tail)
            except (ValueError, RecursionError):
                before = _BEFORE.match(head)
                return None if before is None else find(line[before.end() :])
            at = repeat.timestamp.timestamp()
            if repeat.server_port != like.port or repeat.gen_ai_request_model != like.model or not 0.0 < at < LATEST:
                return None
            repeat.at = at
            repeat.like = like
            return repeat

        return find

    def _learn(self, line: bytes, head: bytes, middle: bytes) -> None:
        """Keep the middle of a line, if it is complete members of the call that the line is, and all that counts."""
        self.missed += 1
        members = (_FROM + middle).rstrip()
        before = _BEFORE.match(head)
        start = 0 if before is None else before.end()
        if len(self._known) >= _MOST or len(members) > _LONGEST or members[-1:] != b",":
            return
        try:
            common = _decode_members(b"{%b}" % members[:-1]).keys()
            call = decode_call(line[start:])
        except (ValueError, RecursionError):
            return
        if common >= _COMMON and common.isdisjoint(Repeat.__struct_fields__):
            self._known[middle] = Like(call, call.server_port, call.gen_ai_request_model)


def _unwrapped(line: bytes) -> bytes:
    """What Docker has put into an object, if it is a whole line."""
    try:
        inner = decode_docker(line).log
    except (ValueError, RecursionError):
        return b""
    return inner.encode("utf-8", "replace") if inner[-1:] == "\n" else b""
