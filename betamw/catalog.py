"""Catalog: what is known about an API's betas, read from a file."""

import os
from pathlib import Path
from typing import Final, Self

import attrs

from betamw.core import catalog as core
from betamw.core.errors import ConfigError, at
from betamw.core.telling import shown, without_key
from betamw.text_file import read_text


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Catalog(core.Catalog):
    """What is known about an API's betas; `CATALOG` is what is known of the Claude API's.

    One of your own is a TOML file, every part of which may be left out:

    ```toml
    required = ["auth-*"]                  # fnmatch patterns of betas that are never dropped

    [betas.endpoint.active]                # [betas.KIND.STATUS]: the names, each with a note
    "assistants=v2" = "all of the Assistants API"

    [betas.feature.deprecated]
    "assistants=v1" = ""
    "caching=v1" = "generally available"

    [endpoints]
    rules = [                              # what endpoints require, and all that is below their paths
      { path = "/v1/assistants", betas = ["assistants=v2"] },
      { path = "/v1/threads", betas = ["assistants=v2"], methods = ["POST"], exact = true },
    ]
    conflicts = [                          # pairs that are refused together
      { path = "/v1/threads", betas = ["assistants=v1", "assistants=v2"] },
    ]
    templates = ["/v1/assistants", "/v1/threads", "/v1/threads/{thread_id}"]

    [[gates]]                              # fields of a JSON body that are refused without one of the betas
    id = "caching"
    betas = ["caching=v1"]
    endpoints = ["POST /v1/threads"]
    fields = ["cache_control", "messages[].content[type=cached]"]
    ```

    - A kind is `feature` (opens body fields), `endpoint` or `other`; a status `active`, `legacy`, `deprecated`,
      `superseded`, `retired`, `unknown` or `legacy_shape`. Without `[betas]` the other parts may speak of any beta,
      with it of these only. What goes out is not checked against it: the list is open.
    - `templates` are the paths that logs and lessons tell apart; any other is `_OTHER`. Without them these are the
      paths of rules and gates.
    - A `substitutes="older"` policy takes a beta's next older date from `[betas]`, but for those in `no_successors`.

    The file of the Claude API (`betamw/core/catalog.toml` in the package) is written like this, and explains the rest.

    Attributes:
        betas: Known betas by name: `name`, `family`, `date`, `status`, `detail`, `kind`.
        rules: What the endpoints require, as `EndpointRule` values.
        required: The patterns of betas that are never dropped.
        url_templates: The paths that are told apart.

    There are more, one for each part of the file.
    """

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a catalog from a TOML file.

        Raises `ConfigError` for a file that is not there, cannot be read, is not TOML or holds something else than a
        catalog does; the text says which file, where in it, what was given and what is allowed.
        """
        if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str):
            msg = f"the path of a catalog must be a str or an os.PathLike, got {shown(path)}"
            raise ConfigError(msg)
        with at(shown(os.fspath(path))):
            try:
                return cls.from_toml(read_text(Path(path)))
            except ConfigError as error:
                raise ConfigError(without_key(str(error))) from None


def _shipped() -> Catalog:
    fields = (field.name for field in attrs.fields(core.Catalog) if field.init)
    return Catalog(**{name: getattr(core.CATALOG, name) for name in fields})


CATALOG: Final = _shipped()
"""What is known of the Claude API's betas."""
CATALOG_RULES: Final = CATALOG.rules
"""The betas that the Claude API's endpoints require, as of the catalog's date."""
