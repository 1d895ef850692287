"""The header's parser and writer, and the merge: lines of any bytes make a header that says what it should."""

from collections.abc import Iterator
from typing import Final

from betamw.core.beta import is_beta_name
from betamw.core.errors import InvalidBetaError
from betamw.core.events import Event, loggable
from betamw.core.header import elements, format_betas, parse_betas, read_header, union
from betamw.core.heading import Heading
from betamw.core.plan import Plan, adding, plan_at
from betamw.core.policy import SOURCES
from betamw.core.telling import holds_key, may_be_told

_LONGEST: Final = 250  # characters of an error, with the name of a setting in it
_MANY: Final = 50


def check(data: bytes) -> None:
    """One line of the header on each line; those after a line of `-` are what the other sources ask for."""
    text = data.decode("latin-1")
    blocks = [tuple(block.split("\n")) for block in text.split("\n-\n")]
    asked = [_check_lines(lines) for lines in blocks[:4]]
    plan = _check_plan(asked, blocks[4:5])
    _check_heading(blocks[0], plan)


def _check_lines(lines: tuple[str, ...]) -> tuple[str, ...]:
    betas, invalid, plain = read_header(lines)
    found = elements(lines)
    assert betas == union(name for name in found if is_beta_name(name))
    assert sorted([*betas, *invalid]) == sorted([*union(betas), *(name for name in found if not is_beta_name(name))])
    assert (betas, (), bool(betas)) == read_header((format_betas(betas),))
    assert not plain or (not invalid and len(found) == len(betas) > 0)
    assert all(told.isascii() and told.isprintable() and not holds_key(told) for told in loggable(betas))
    assert len(loggable(betas)) == min(len(betas), _MANY)
    try:
        parsed = parse_betas(lines)
    except InvalidBetaError as error:
        message = str(error)
        assert invalid
        assert message.isascii()
        assert message.isprintable()
        assert len(message) < _LONGEST
        assert not holds_key(message)
    else:
        assert (parsed, ()) == (betas, invalid)
        assert parsed == parse_betas([format_betas(parsed)])
    return betas


def _check_plan(asked: list[tuple[str, ...]], removed: list[tuple[str, ...]]) -> Plan:
    plan = plan_at()
    for source, betas in zip(SOURCES, asked, strict=False):
        plan = adding(plan, betas, source)
        assert adding(plan, betas, source) is plan
    gone = _check_lines(removed[0]) if removed else ()
    plan = plan.removing(gone)
    everything = union(*asked)
    assert plan.merged == tuple(beta for beta in everything if beta not in gone)
    assert plan.policy_drops == tuple(beta for beta in everything if beta in gone)
    assert tuple(plan.sources) == everything
    assert all(beta in asked[SOURCES.index(source)] for beta, source in plan.sources.items())
    backwards = plan_at().removing(gone)
    for source, betas in reversed([*zip(SOURCES, asked, strict=False)]):
        backwards = adding(backwards, betas, source)
    assert plan.wants == backwards.wants
    assert all(may_be_told(name) or repr(name) not in repr(plan) for name in everything)
    return plan


def _check_heading(lines: tuple[str, ...], plan: Plan) -> None:
    told: list[Event] = []
    heading = Heading(told.append, plan_at())
    heading.overhear(lines)
    for source, asked in list(zip(SOURCES, plan.wants.asked, strict=True))[1:]:
        heading.want(asked, source)
    heading.remove(plan.wants.removed)
    written = heading.write(heading.plan.merged)
    betas, invalid, plain = read_header(lines)
    if written is None:  # the lines stay as they are
        assert (heading.plan.merged, ()) == (betas, invalid)
        assert plain or not betas
    else:
        assert parse_betas([written]) == heading.plan.merged == plan.merged
    assert heading.write(heading.plan.merged) is None
    assert bool(invalid) == bool(told)
    heading.overhear((written,) if written else () if written == "" else lines)  # nobody else's hand
    assert heading.plan.merged == plan.merged


def seeds() -> Iterator[bytes]:
    """Headers as they are met, and as they should not be."""
    yield b"files-api-2025-04-14, context-1m-2025-08-07"
    yield b"a,b\nb ,, c\t,\n-\nd,a\n-\ne,f\n-\ng\n-\na,e"
    yield b'tool_use:logging=false,sk-ant-api03-x,a b,\xe9,a\x00b,"q"'
    yield b"\n-\n-\n\n,,\n-\n" + b"a," * 200
    yield b"x-api-key=sk-x, eyJhbGciOiJIUzI1NiJ9.e30.c2ln\n-\n" + b"x" * 200
