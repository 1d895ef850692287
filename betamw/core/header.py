"""The value of a beta header: a list as in RFC 9110, section 5.6.1.

    #element => [ element ] *( OWS "," OWS [ element ] )

Facts: several lines of one header mean the same as one line joined by commas; empty elements and optional whitespace
(space, tab) mean nothing. A beta name is wider than an RFC 9110 token (`tool_use:logging=false` is a real one), see
`beta.py`. An empty value is itself refused by the Claude API, so nobody writes one: no beta, no header.
"""

from collections.abc import Iterable
from typing import Final

from betamw.core.beta import is_beta_name, validated
from betamw.core.cache import Cache
from betamw.core.telling import may_be_kept


def elements(values: Iterable[str]) -> list[str]:
    """The elements of a header's lines, repeats and invalid ones included."""
    return [stripped for value in values for element in value.split(",") if (stripped := element.strip(" \t"))]


def union(*lists: Iterable[str]) -> tuple[str, ...]:
    """Merge lists of betas: the first mention keeps its place, repeats vanish."""
    return tuple(dict.fromkeys(name for names in lists for name in names))


def parse_betas(values: Iterable[str]) -> tuple[str, ...]:
    """Read the lines of a beta header: `parse_betas(["a, b", "b,,c"])` is `("a", "b", "c")`.

    Raises `InvalidBetaError` for a name that cannot stand in a header, and `TypeError` for a bare string.
    """
    if isinstance(values, str):
        msg = "values must be an iterable of header values, got one str: wrap it in a list"
        raise TypeError(msg)
    return union(validated(name) for name in elements(values))


def format_betas(betas: Iterable[str]) -> str:
    """Write betas as one header value: `format_betas(("a", "b"))` is `"a,b"`; no betas give the empty string.

    Raises `InvalidBetaError` for a name that cannot stand in a header, and `TypeError` for a bare string.
    """
    if isinstance(betas, str):
        msg = "betas must be an iterable of beta names, got one str: wrap it in a list"
        raise TypeError(msg)
    return ",".join(union(validated(name) for name in betas))


def _read_header(values: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    found = elements(values)
    betas = union(name for name in found if is_beta_name(name))
    invalid = tuple(name for name in found if not is_beta_name(name))
    return betas, invalid, bool(betas) and len(found) == len(betas)


read_header: Final = Cache(_read_header, lambda values: may_be_kept(elements(values))).__getitem__
"""Read the lines that came with a request, where nothing may be raised.

`read_header(lines)` gives the valid names, the invalid elements, and whether the lines say just those names: no repeat,
nothing invalid, at least one. (Whitespace and empty elements say nothing.) An application sends few distinct headers,
and sends them all the time.
"""
