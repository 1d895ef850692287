"""What a test expects to have arrived at the simulated API, and a failure that shows what did."""

from collections.abc import Iterable, Sequence

import attrs

from betamw.core import validators
from betamw.core.beta import validated
from betamw.core.endpoint import EndpointRule
from betamw.core.errors import ConfigError
from betamw.core.events import loggable
from betamw.core.telling import shown
from betamw.testing.received import ReceivedRequest
from betamw.testing.refusals import is_under


def _names(_instance: object, _attribute: object, betas: tuple[str, ...]) -> None:
    for beta in betas:
        validated(beta, where="beta of assert_sent")


def _template(_instance: object, _attribute: object, path: str | None) -> None:
    if path is not None:
        EndpointRule(path, ())  # it knows what a path template is, and says so


def _possible(expected: "Expectation", _attribute: object, attempts: int) -> None:
    if expected.betas and attempts == 0:
        msg = "attempts must be >= 1 where betas are expected, got 0"
        raise ConfigError(msg)


@attrs.frozen
class Expectation:
    """So many requests, the last of them with these betas.

    Attributes:
        betas: Exactly these, in any order.
        attempts: The number of requests.
        path: Only those at this path template and below it count; None for all.
    """

    betas: tuple[str, ...] = attrs.field(validator=_names)
    attempts: int = attrs.field(validator=[validators.at_least(0), _possible])
    path: str | None = attrs.field(validator=_template)

    def check(self, requests: Iterable[ReceivedRequest]) -> None:
        """Raise an `AssertionError` that shows what arrived, if that is something else."""
        __tracebackhide__ = True
        came = list(requests)
        arrived = [request for request in came if self.path is None or is_under(request.path, self.path)]
        last = arrived[-1].betas if arrived else ()
        if (len(arrived), sorted(last)) != (self.attempts, sorted(self.betas)):
            # Not left to pytest's rewriting of `assert`: it does not know what may be told, and others run tests too.
            raise AssertionError(self._difference(arrived, [request for request in came if request not in arrived]))

    def _difference(self, arrived: Sequence[ReceivedRequest], elsewhere: Sequence[ReceivedRequest]) -> str:
        where = "" if self.path is None else f" to {self.path}"
        requests = "1 request" if self.attempts == 1 else f"{self.attempts} requests"
        expected = (
            f"expected {requests}{where}, the last with {_listed(self.betas)}" if self.attempts else "expected none"
        )
        others = ["elsewhere:", *_lines(elsewhere)] if elsewhere else []
        return "\n".join((f"{expected}; {len(arrived)} arrived{':' if arrived else ''}", *_lines(arrived), *others))


def _lines(requests: Iterable[ReceivedRequest]) -> list[str]:
    return [f"  {request.method} {shown(request.path)[1:-1]}: {_listed(request.betas)}" for request in requests]


def _listed(betas: tuple[str, ...]) -> str:
    return ", ".join(loggable(betas)) or "no betas"
