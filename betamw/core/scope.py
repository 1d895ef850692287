"""Where a lesson holds."""

import attrs

from betamw.core.telling import discreet, shown


@attrs.frozen(cache_hash=True, field_transformer=discreet)  # it is looked up once for each beta of a call
class Scope:
    """Where a verdict holds. In the scope of a pin None stands for any.

    Attributes:
        origin: `https://api.anthropic.com`, with the base URL's path where it has one.
        endpoint: The url template, `/v1/messages`.
        model: The model in the JSON body, None where there is none.
        credential: A keyed hash of what authenticates the request; never the secret.
    """

    origin: str | None = attrs.field(repr=shown)
    endpoint: str | None = attrs.field(repr=shown)
    model: str | None = attrs.field(repr=shown)
    credential: str | None
