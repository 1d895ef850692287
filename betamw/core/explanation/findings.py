"""What of a call will not do what was meant, as far as the catalog knows: a list of questions, each with its words."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, Final

import attrs
import msgspec

from betamw.core.body import closed_fields, dotted, fields_lost
from betamw.core.catalog import Catalog
from betamw.core.endpoint import OTHER, EndpointRule, RuleTable, begins, segments
from betamw.core.explanation.facts_at import ON_THEIR_WAY_OUT, facts_at, is_at_home
from betamw.core.explanation.nearest import nearest
from betamw.core.explanation.rehearsal import Call, Rehearsal
from betamw.core.explanation.values import Code, Finding
from betamw.core.facts import Gate
from betamw.core.header import union
from betamw.core.json_text import NOT_JSON
from betamw.core.telling import discreet, may_be_told, name_told, shown


@attrs.frozen(field_transformer=discreet)
class View:
    """A call that was rehearsed, and what its endpoint is known for."""

    seen: Rehearsal

    @property
    def call(self) -> Call:
        """The call."""
        return self.seen.call

    @property
    def catalog(self) -> Catalog:
        """The facts."""
        return self.call.place.catalog

    @property
    def at(self) -> dict[str, Any]:
        """Where the body goes, as functions of the body want it."""
        return {"method": self.call.method, "template": self.call.place.template, "catalog": self.catalog}

    @property
    def endpoint(self) -> str:
        """As in the catalog: `POST /v1/messages`."""
        return f"{self.call.method} {self.call.place.template}"

    @cached_property
    def body(self) -> object:
        """The body that goes out, as values; None where it is not JSON."""
        try:
            return msgspec.json.decode(self.seen.body)
        except NOT_JSON:
            return None

    @cached_property
    def catalog_rules(self) -> tuple[EndpointRule, ...]:
        """What the catalog says that the endpoint requires, be these rules in force or not."""
        return RuleTable(self.catalog.rules).rules_at(self.call.method, self.call.path)


def findings(seen: Rehearsal) -> tuple[Finding, ...]:
    """All that is to be said."""
    view = View(seen)
    return tuple(finding for question in _QUESTIONS for finding in question(view))


# The path, and the names.


def _path(view: View) -> Iterator[Finding]:
    if view.call.place.template == OTHER and view.catalog.url_templates and not view.seen.rules:
        text = f"the catalog does not know the path {shown(view.call.path)}: nothing is known of what it needs"
        yield Finding(code="unknown_path", text=text)


def _invalid(view: View) -> Iterator[Finding]:
    for length in view.seen.invalid:
        what = "can be no beta's name (visible ASCII without comma, whitespace or quotation mark): it is left out"
        yield Finding(code="invalid_name", text=f"an element of {length} characters {what}")


def _names(view: View) -> Iterator[Finding]:
    for beta in view.seen.sent:
        if not may_be_told(beta):
            text = "looks like a key, or like no beta's name: it goes out, and is shown nowhere"
            yield Finding(code="odd_name", beta=name_told(beta), text=text)
        elif beta not in view.catalog.betas:
            suggestion, text = nearest(beta, view.catalog)
            yield Finding(code="unknown_name", beta=beta, text=f"not in the catalog: {text}", suggestion=suggestion)


def _status(view: View) -> Iterator[Finding]:
    codes: dict[str, Code] = {code: code for code in ON_THEIR_WAY_OUT}
    for beta in view.seen.sent:
        facts = facts_at(beta, view.endpoint, view.catalog)
        if facts is None or facts.status not in codes:
            continue
        if facts.status == "legacy" and fields_lost(view.seen.body, sent=view.seen.sent, dropped=(beta,), **view.at):
            continue  # it is for just such a body that the header is still there
        new = facts.successor
        use = f"use {new}" if new is not None and new not in facts.detail else ""
        words = "; ".join(filter(None, (facts.detail, use)))
        text = ": ".join(filter(None, (facts.status.replace("_", " "), words)))
        yield Finding(code=codes[facts.status], beta=beta, text=text, suggestion=new)


# The endpoint.


def _elsewhere(view: View) -> Iterator[Finding]:
    """Of what the caller asks for in this call; an endpoint that is a beta itself is sent those of others, too."""
    if view.call.place.template == OTHER or view.catalog_rules:
        return
    for beta in view.seen.sent:
        by_caller = view.seen.plan.sources.get(beta) == "request"
        facts = facts_at(beta, view.endpoint, view.catalog)
        if by_caller and facts is not None and not is_at_home(beta, view.call.path, view.catalog):
            text = f"belongs to {', '.join(facts.endpoints)}, not to {view.endpoint}"
            yield Finding(code="elsewhere", beta=beta, text=text)


def _required(view: View) -> Iterator[Finding]:
    seen, catalog = view.seen, view.catalog
    rules = [rule for rule in (*seen.rules, *view.catalog_rules) if rule.required]
    for beta in union(*(rule.betas for rule in rules)):
        paths = [rule.path for rule in rules if beta in rule.betas]
        instead = union(*(catalog.alternatives.get(path, ()) for path in paths))
        why = seen.why_not.get(beta)
        if beta not in seen.sent and why != "conflict" and not set(instead).intersection(seen.sent):
            status = next((catalog.without_header[path] for path in paths if path in catalog.without_header), None)
            reply = "" if status is None else f"; the reply without it is a {status}"
            cause = "nobody asks for it" if why is None else f"it does not go out: {why}"
            text = f"{paths[0]} requires it, and {cause}{reply}"
            yield Finding(code="required_missing", beta=name_told(beta), text=text, suggestion=name_told(beta))


def _conflict(view: View) -> Iterator[Finding]:
    for one, other in view.call.place.conflicts:
        if {one, other} <= set(view.seen.sent):
            text = f"refused here together with {other}, and both are in the caller's header"
            yield Finding(code="conflict", beta=one, text=text)


def _pins(view: View) -> Iterator[Finding]:
    for beta in view.seen.sent:
        if beta in view.seen.pinned:
            text = "pinned, and goes out nevertheless: the policy, the endpoint or the body does not let it go"
            yield Finding(code="pin_without_effect", beta=beta, text=text)


# The body.


def _fields(view: View) -> Iterator[Finding]:
    """Fields that are refused without a beta: the next 400."""
    closed = closed_fields(view.body, betas=view.seen.sent, **view.at)
    by_openers: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for field, gates in closed.items():
        by_openers.setdefault(_openers(gates), []).append(field)
    for openers, fields in by_openers.items():
        need = " and ".join(_one_of(betas, alone=len(openers) == 1) for betas in openers)
        lost = next((beta for betas in openers for beta in betas if beta in view.seen.why_not), None)
        text = f"{_fields_in_words(fields)} {need}"
        if lost is None:
            text = f"{text}, which does not go out"
            yield Finding(code="field_closed", text=text, suggestion=_in_use(openers[0], view.catalog))
        else:
            text = f"{text}, and it does not go out: {view.seen.why_not[lost]}"
            yield Finding(code="field_lost", beta=name_told(lost), text=text, suggestion=name_told(lost))


def _one_of(betas: tuple[str, ...], *, alone: bool) -> str:
    words = " or ".join(betas)
    return words if alone or len(betas) == 1 else f"({words})"


def _in_use(betas: tuple[str, ...], catalog: Catalog) -> str:
    """The first one that is in use, else the first one."""
    return next((beta for beta in betas if catalog.betas[beta].status == "active"), betas[0])


def _fields_in_words(fields: list[str]) -> str:
    return f"the body's {', '.join(fields)} {'needs' if len(fields) == 1 else 'need'}"


def _openers(gates: Iterable[Gate]) -> tuple[tuple[str, ...], ...]:
    """The betas of which one each is needed, without what another of them says more narrowly."""
    needed = list(dict.fromkeys(gate.betas for gate in gates))
    return tuple(betas for betas in needed if not any(set(other) < set(betas) for other in needed))


def _field_conflicts(view: View) -> Iterator[Finding]:
    """Any of the fields beside any of the betas; without betas, all the fields at once."""
    root = view.catalog.body_roots.get(view.endpoint)
    parts = [part for _, part in root.find(view.body)] if root else [view.body]
    for conflict in view.catalog.field_conflicts:
        if begins(segments(conflict.path), segments(view.call.path)):
            beside = [beta for beta in conflict.betas if beta in view.seen.sent]
            for part in parts:
                found = [name for field in conflict.fields for name in dotted(field.select(part))]
                kinds = sum(1 for field in conflict.fields if next(field.select(part), None) is not None)
                if found and (beside if conflict.betas else kinds == len(conflict.fields)):
                    beta = beside[0] if beside else None
                    text = f"the body's {', '.join(found)}: {conflict.result}{f' beside {beta}' if beta else ''}"
                    yield Finding(code="field_conflict", beta=beta, text=text)
                    break


_QUESTIONS: Final[tuple[Callable[[View], Iterator[Finding]], ...]] = (
    _path,
    _invalid,
    _names,
    _status,
    _elsewhere,
    _required,
    _conflict,
    _pins,
    _fields,
    _field_conflicts,
)
