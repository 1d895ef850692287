"""The known name that somebody may have meant by one that is not known.

Facts: what goes wrong in a beta's name is its separators (`files_api_2025_04_14`), its date (missing, of another beta,
without hyphens), its case, and a letter now and then.
"""

import re
from difflib import get_close_matches
from typing import Final

from betamw.core.beta import Beta
from betamw.core.catalog import Catalog

_SEPARATORS: Final = re.compile(r"[._:=-]+")
_DATE: Final = re.compile(r"-?([0-9]{4})-?([0-9]{2})-?([0-9]{2})$")
_ALIKE_FAMILY: Final = 0.8
_ALIKE_NAME: Final = 0.85


def nearest(name: str, catalog: Catalog) -> tuple[str | None, str]:
    """The name to suggest in place of an unknown one that may be told, None without any, and what to say of it."""
    spelled = _DATE.sub(r"-\1-\2-\3", _SEPARATORS.sub("-", name.lower()).strip("-"))
    if spelled in catalog.betas:
        return spelled, f"did you mean {spelled}?"
    families: dict[str, list[str]] = {}
    for known in catalog.betas.values():
        families.setdefault(known.family, []).append(known.name)
    given = Beta.parse(spelled)
    for family in get_close_matches(given.family, families, n=1, cutoff=_ALIKE_FAMILY):
        return _of_family(given, family, sorted(families[family]))
    for near in get_close_matches(spelled, catalog.betas, n=1, cutoff=_ALIKE_NAME):
        return near, f"did you mean {near}?"
    return None, "nothing like it is known"


def _of_family(given: Beta, family: str, names: list[str]) -> tuple[str, str]:
    same_day = f"{family}-{given.date}"
    if same_day in names:
        return same_day, f"did you mean {same_day}?"
    if family != given.family:
        return names[-1], f"did you mean {' or '.join(names)}?"
    lacks = "known with another date" if given.date else "known with a date"
    return names[-1], f"its family is {lacks}: {', '.join(names)}"
