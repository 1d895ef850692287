"""What the user says is refused, until the user says otherwise: nothing that a server answers changes it."""

from itertools import product

from betamw.core.beta import validated
from betamw.core.endpoint import OTHER, path_template
from betamw.core.errors import ConfigError, InvalidBetaError
from betamw.core.model import is_model_name
from betamw.core.scope import Scope
from betamw.core.telling import may_be_told, shown

Where = tuple[str | None, str | None, str | None]
"""Origin, endpoint and model; None for any."""


class Pins(dict[str, dict[Where, None]]):
    """Where betas are pinned, by beta. A dictionary, for whether there are any is asked in every call."""

    def add(self, beta: str, where: Where, most: int) -> None:
        """Pin a beta. The origin is a scope's.

        Raises `InvalidBetaError` for the beta, also for one that may not be told, and `ConfigError` for an endpoint
        that is no path template, a model that is no name of one, and where there are `most` pins already: none of them
        may go to make room.
        """
        if not may_be_told(validated(beta)):
            msg = f"a beta that is pinned must look like one, for pins are shown and saved, got {len(beta)} characters"
            raise InvalidBetaError(msg)
        origin, endpoint, model = where
        if endpoint is not None and endpoint != OTHER:
            endpoint = path_template(endpoint, name="endpoint").rstrip("/")
        if model is not None and not (isinstance(model, str) and is_model_name(model)):
            msg = f"model must be None or the name of a model, got {shown(model)}"
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
