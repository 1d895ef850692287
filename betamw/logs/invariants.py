"""What must always hold of an event, whoever wrote the log: `betamw report --check`.

Facts: a list of names is cut at `LONGEST_LIST`, and a name that may not be told stands there as `<invalid len=N>`, so
that two names can look alike. What such a list would have to hold cannot be said, and nothing is said of it.
A middleware of somebody else's further in may order the header anew: so the order of `betas_sent` is not compared.
"""

from collections.abc import Callable, Mapping
from typing import Final, get_args

from betamw.core.events import LONGEST_LIST, SCHEMA, Outcome, Ruling
from betamw.core.header import union
from betamw.core.reply import BAD_REQUEST, MAY_REFUSE
from betamw.core.telling import may_be_told
from betamw.logs.record import CALL, REFUSAL, Names, Record

_OUTCOMES: Final = frozenset(get_args(Outcome))
_RULINGS: Final = frozenset(get_args(Ruling))
_GOOD: Final = frozenset({"ok", "recovered"})
_UNKNOWN_SCHEMA: Final = f"betamw_schema is {SCHEMA}: what a later one means, this version does not know"


def violations(record: Record) -> list[str]:
    """The invariants that an event breaks, as sentences from a closed table; none for an event without any."""
    if record.betamw_schema != SCHEMA:
        return [_UNKNOWN_SCHEMA]
    return [invariant for invariant, holds in _INVARIANTS.get(record.event, {}).items() if not holds(record)]


def _whole(*lists: Names) -> bool:
    return all(len(names) < LONGEST_LIST for names in lists)


def _plain(names: Names) -> Names:
    """The names that are told as they are."""
    return tuple(filter(may_be_told, names))


def _merged(record: Record) -> bool:
    asked = record.betas_requested, record.betas_scoped, record.betas_injected
    policy = record.betas_dropped_policy
    if not _whole(*asked, policy, record.betas_merged):
        return True
    return _plain(record.betas_merged) == tuple(b for b in union(*map(_plain, asked)) if b not in policy)


def _sent(record: Record) -> bool:
    drops = *record.betas_dropped_rejected, *record.betas_dropped_remembered
    old, new = record.betas_substituted, record.betas_substitutes
    if not _whole(record.betas_merged, record.betas_sent, drops, old, new):
        return True
    return {*_plain(record.betas_sent)} == {*_plain(record.betas_merged)}.difference(drops, old) | {*_plain(new)}


def _drops(record: Record) -> tuple[Names, ...]:
    rejected, remembered = record.betas_dropped_rejected, record.betas_dropped_remembered
    return rejected, remembered, record.betas_dropped_policy, record.betas_substituted


def _no_name_twice(*lists: Names) -> bool:
    names = [name for told in lists for name in _plain(told)]
    return len(names) == len({*names})


def _each_once(record: Record) -> bool:
    lists = record.betas_requested, record.betas_scoped, record.betas_injected, record.betas_merged, record.betas_sent
    return all(map(_no_name_twice, lists))


def _of_the_merged(record: Record) -> bool:
    merged, (rejected, remembered, _, substituted) = record.betas_merged, _drops(record)
    return not _whole(merged) or {*_plain((*rejected, *remembered, *substituted))} <= {*merged}


def _overhead(record: Record) -> bool:
    overhead, duration = record.resend_overhead_s, record.duration_s
    return overhead is None or (overhead >= 0 and (duration is None or overhead <= duration))


def _recovered(record: Record) -> bool:
    return record.outcome != "recovered" or (record.attempts > 1 and any(_drops(record)[:2] + _drops(record)[3:]))


def _status(record: Record) -> bool:
    status, outcome = record.http_response_status_code, record.outcome
    if outcome == "cancelled":
        return status is None
    if outcome in _GOOD or outcome == "rejected":
        return status is not None and (status < BAD_REQUEST) == (outcome in _GOOD)
    return status is None or status >= BAD_REQUEST or outcome not in _OUTCOMES


_Table = Mapping[str, Callable[[Record], bool]]

_OF_A_CALL: Final[_Table] = {
    "betas_merged is the union of betas_requested, _scoped and _injected, in order, less betas_dropped_policy": _merged,
    "betas_sent is betas_merged less what was dropped, with the substitutes in place": _sent,
    "no beta is in two of the lists of drops and of what was substituted": lambda r: _no_name_twice(*_drops(r)),
    "what was dropped or substituted, but for the policy's drops, is in betas_merged": _of_the_merged,
    "betas_substituted and betas_substitutes are of equal length": lambda r: (
        len(r.betas_substituted) == len(r.betas_substitutes)
    ),
    "a substitute is none of betas_merged": lambda r: not {*_plain(r.betas_substitutes)} & {*r.betas_merged},
    "no list names a beta twice": _each_once,
    "attempts is 1 or more": lambda r: r.attempts >= 1,
    "where attempts is 1, betas_dropped_rejected is empty": lambda r: r.attempts > 1 or not r.betas_dropped_rejected,
    f"outcome is one of {', '.join(get_args(Outcome))}": lambda r: r.outcome in _OUTCOMES,
    "a call that recovered was sent again, without a beta or with another in its place": _recovered,
    "http_response_status_code is there for a reply, and fits the outcome": _status,
    "error_type is there where the outcome is not good, and only there": lambda r: (
        (r.error_type is None) == (r.outcome in _GOOD)
    ),
    "resend_overhead_s is there where attempts is above 1, and only there": lambda r: (
        (r.resend_overhead_s is not None) == (r.attempts > 1)
    ),
    "resend_overhead_s is not above duration_s, and neither is negative": lambda r: (
        _overhead(r) and (r.duration_s or 0) >= 0
    ),
}

_OF_A_REFUSAL: Final[_Table] = {
    "betas_rejected are of betas_sent": lambda r: (
        not _whole(r.betas_sent) or {*_plain(r.betas_rejected)} <= {*r.betas_sent}
    ),
    "a refusal is a 400 or a 422": lambda r: r.http_response_status_code in MAY_REFUSE,
    "attempt is 1 or more": lambda r: r.attempt is not None and r.attempt >= 1,
    "reason is one of the known rulings": lambda r: r.reason in _RULINGS,
    "action is resend where the reason is dropped, else give_up": lambda r: (
        r.action == ("resend" if r.reason == "dropped" else "give_up")
    ),
}

_INVARIANTS: Final[Mapping[str, _Table]] = {
    CALL: _OF_A_CALL,
    REFUSAL: _OF_A_REFUSAL,
    "betamw.memory.learned": {
        "what is learned is of some betas, and for some time": lambda r: bool(r.betas) and (r.ttl_s or 0) > 0
    },
    "betamw.memory.reprobed": {
        "result is accepted, refused or unknown": lambda r: r.result in {"accepted", "refused", "unknown"}
    },
}
