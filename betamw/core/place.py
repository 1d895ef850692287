"""The endpoint that a call is for."""

import attrs

from betamw.core.catalog import CATALOG, Catalog


@attrs.frozen(kw_only=True)
class Place:
    """The endpoint that a call is for.

    Attributes:
        origin: The API's origin and base path, `https://api.anthropic.com`.
        path: The raw path below the base.
        template: The path's url template, or `_OTHER`.
        conflicts: The pairs of betas that the endpoint refuses together.
        catalog: The facts it was read from.
    """

    origin: str
    path: str
    template: str
    conflicts: tuple[tuple[str, str], ...] = ()
    catalog: Catalog = attrs.field(default=CATALOG, repr=False, eq=False)
