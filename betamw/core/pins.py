"""What the user says is refused, until the user says otherwise: nothing that a server answers changes it."""

from itertools import product

from betamw.core.beta import validated
from betamw.core.endpoint import OTHER, path_template
from betamw.core.errors import ConfigError
from betamw.core.scope import Scope

Where = tuple[str | None, str | None, str | None]
"""Origin, endpoint and model; None for any."""


class Pins(dict[str, dict[Where, None]]):
    """Where betas are pinned, by beta. A dictionary, for whether there are any is asked in every call."""

    def add(self, beta: str, where: Where, most: int) -> None:
        """Pin a beta. The origin is a scope's.

        Raises `InvalidBetaError` for the beta, and `ConfigError` for an endpoint that is no path template, a model that
        is no name of one, and where there are `most` pins already: none of them may go to make room.
        """
        validated(beta)
        origin, endpoint, model = where
        if endpoint is not None and endpoint != OTHER:
            endpoint = path_template(endpoint, name="endpoint").rstrip("/")
        if model is not None and not (isinstance(model, str) and model and model.isprintable()):
            msg = f"model must be None or the name of a model, got {ascii(model)[:80]}"
            raise ConfigError(msg)
        where = origin, endpoint, model
        if where not in self.get(beta, ()):
            if self.count() >= most:
                msg = f"there must be no more than max_entries={most} pins, got one more"
                raise ConfigError(msg)
            self.setdefault(beta, {})[where] = None

    def holds(self, scope: Scope, beta: str) -> bool:
        """Whether a beta is pinned in this scope, there and elsewhere."""
        pinned = self.get(beta)
        if pinned is None:
            return False
        anywhere = product((scope.origin, None), (scope.endpoint, None), (scope.model, None))
        return not pinned.keys().isdisjoint(anywhere)

    def forget(self, beta: str | None) -> int:
        """Forget the pins of a beta, or all of them; returns how many there were."""
        if beta is not None:
            return len(self.pop(beta, ()))
        count = self.count()
        self.clear()
        return count

    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self.values()))
