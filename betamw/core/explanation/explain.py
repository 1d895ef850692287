"""What a call would send and why, without sending it: the rehearsal of a call, in words."""

from collections.abc import Iterator
from typing import Final

from betamw.core.explanation.facts_at import facts_at
from betamw.core.explanation.findings import findings
from betamw.core.explanation.rehearsal import Call, Rehearsal, Settings, rehearse
from betamw.core.explanation.values import Asker, Code, ExplainedBeta, Explanation, Finding
from betamw.core.header import elements, read_header
from betamw.core.model import is_model_name, model_of
from betamw.core.policy import SOURCES
from betamw.core.telling import in_place_of, may_be_told, name_told

__all__ = ["Call", "Settings", "explain", "untouched"]

_BY_THE_CALLER: Final = (Asker(source="request"),)


def explain(call: Call, settings: Settings) -> Explanation:
    """Say what becomes of a call's betas. Nothing is sent, and nothing is learned."""
    seen = rehearse(call, settings)
    return Explanation(
        method=call.method,
        origin=call.place.origin,
        url_template=call.place.template,
        model=_told_model(call.body),
        in_force=True,
        header_name=call.header,
        header=_told_header(seen.header) or None,
        rewritten=seen.header != ", ".join(call.lines),
        betas=tuple(_betas(seen)),
        body_fields_stripped=seen.stripped,
        warnings=findings(seen),
    )


def untouched(method: str, header: str, lines: tuple[str, ...], code: Code, why: str) -> Explanation:
    """Say of a call that no middleware has a part in that it goes out as it is, and why."""
    betas, _, _ = read_header(lines)
    return Explanation(
        method=method,
        origin=None,
        url_template=None,
        model=None,
        in_force=False,
        header_name=header,
        header=_told_header(", ".join(lines)) or None,
        rewritten=False,
        betas=tuple(ExplainedBeta(name=name_told(beta), sources=_BY_THE_CALLER, sent=True) for beta in betas),
        warnings=(Finding(code=code, text=why),),
    )


def _told_header(value: str) -> str:
    """A header's value byte for byte, if each name in it may be told."""
    names = elements([value])
    return value if all(map(may_be_told, names)) else ",".join(map(name_told, names))


def _told_model(body: bytes) -> str | None:
    model = model_of(body)
    return model if model is None or is_model_name(model) else in_place_of(model)


def _betas(seen: Rehearsal) -> Iterator[ExplainedBeta]:
    """Those that go out in the order of the header, the others where they would be."""
    call, why_not = seen.call, seen.why_not
    endpoint = f"{call.method} {call.place.template}"

    for beta in seen.plan.sources:
        new = seen.substituted.get(beta)
        instead = new or next(seen.rivals(beta), None) if beta in why_not else None
        yield ExplainedBeta(
            name=name_told(beta),
            sources=tuple(_askers(beta, seen)),
            sent=beta in seen.sent,
            why_not=why_not.get(beta),
            instead=None if instead is None else name_told(instead),
            catalog=facts_at(beta, endpoint, call.place.catalog),
        )
        if new is not None:
            yield ExplainedBeta(
                name=name_told(new),
                sources=(Asker(source="substitute", of=name_told(beta)),),
                sent=True,
                catalog=facts_at(new, endpoint, call.place.catalog),
            )


def _askers(beta: str, seen: Rehearsal) -> Iterator[Asker]:
    for source, betas in zip(SOURCES, seen.plan.wants.asked, strict=True):
        if beta not in betas:
            continue
        if source != "endpoint":
            yield Asker(source=source)
            continue
        for rule in seen.rules:
            if beta in rule.betas:
                yield Asker(source=source, path=rule.path, required=rule.required)
