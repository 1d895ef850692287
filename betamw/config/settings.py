"""`Config`: all that a chain can be told without code."""

from collections.abc import Iterable
from typing import Any

import attrs

from betamw.core import validators
from betamw.core.beta import validated_all
from betamw.core.catalog import CATALOG, Catalog
from betamw.core.endpoint import EndpointRule
from betamw.core.errors import ConfigError
from betamw.core.policy import FallbackPolicy
from betamw.core.telling import discreet, shown
from betamw.core.validators import instance_of
from betamw.memory import RejectionMemory
from betamw.middlewares.api import Api


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Pin:
    """A beta that is refused, as `RejectionMemory.pin` takes it."""

    beta: str
    origin: str | None = None
    endpoint: str | None = None
    model: str | None = None

    def __attrs_post_init__(self) -> None:
        self.put_into(RejectionMemory())

    def put_into(self, memory: RejectionMemory) -> None:
        """Pin it."""
        memory.pin(self.beta, origin=self.origin, endpoint=self.endpoint, model=self.model)


def _betas(names: Iterable[str]) -> tuple[str, ...]:
    return validated_all(names, where="betas of Config")


def _remove(names: Iterable[str]) -> tuple[str, ...]:
    return validated_all(names, where="remove of Config")


def _values(values: Iterable[Any]) -> Any:
    return tuple(values) if isinstance(values, Iterable) else values


def _each(kind: type) -> validators.Validator:
    def validate(_instance: object, attribute: "attrs.Attribute[Any]", values: object) -> None:
        if not isinstance(values, tuple) or not all(isinstance(value, kind) for value in values):
            msg = f"{attribute.name} must be a sequence of {kind.__name__} values, got {shown(values)}"
            raise ConfigError(msg)

    return validate


def _catalog(config: "Config") -> Catalog:
    api: object = config.api  # not validated yet
    return api.catalog if isinstance(api, Api) else CATALOG


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Config:
    """What a chain is told without code: `betamw.chain(config=betamw.load_config("betamw.toml"))`.

    Every value is checked here; a wrong one is a `ConfigError` or an `InvalidBetaError`. A `Config` holds as it is: it
    does not look at the environment, but for what `Api()` takes from there.

    Attributes:
        betas: Defaults that go out with every request, after those that the code gives to `chain`.
        remove: Betas that never go out, whoever asks for them, `override(add=...)` and endpoints included.
        api: Which requests are the API's.
        endpoints: What the endpoints need: all the rules that hold, by default those of the catalog of `api`.
        policy: What to do when a beta is refused; by default what that catalog calls required is never dropped.
        fallback: False: what is refused stays refused, nothing is left out or resent, whatever an `override` says.
        remember_for: Seconds that a verdict of the chain's memory holds.
        max_entries: Verdicts that it keeps at most.
        probe_lease: Seconds after which a probe of its that never came back is given up.
        pins: What it has pinned from the start.
        disable: True: `chain` is empty.
    """

    betas: tuple[str, ...] = attrs.field(default=(), converter=_betas)
    remove: tuple[str, ...] = attrs.field(default=(), converter=_remove)
    api: Api = attrs.field(factory=Api, validator=instance_of(Api))
    endpoints: tuple[EndpointRule, ...] = attrs.field(
        default=attrs.Factory(lambda config: _catalog(config).rules, takes_self=True),
        converter=_values,
        validator=_each(EndpointRule),
    )
    policy: FallbackPolicy = attrs.field(
        default=attrs.Factory(lambda config: FallbackPolicy(required=_catalog(config).required), takes_self=True),
        validator=instance_of(FallbackPolicy),
    )
    fallback: bool = attrs.field(default=True, validator=validators.boolean)
    remember_for: float = attrs.field(default=3600.0, validator=validators.seconds)
    max_entries: int = attrs.field(default=4096, validator=validators.at_least(1))
    probe_lease: float = attrs.field(default=60.0, validator=validators.seconds)
    pins: tuple[Pin, ...] = attrs.field(default=(), converter=_values, validator=_each(Pin))
    disable: bool = attrs.field(default=False, validator=validators.boolean)

    def __attrs_post_init__(self) -> None:
        self.new_memory()

    def new_memory(self) -> RejectionMemory:
        """A new memory with these settings and pins."""
        memory = RejectionMemory(self.remember_for, self.max_entries, self.probe_lease)
        self.put_pins_into(memory)
        return memory

    def put_pins_into(self, memory: RejectionMemory) -> None:
        """Pin in a memory what is pinned here."""
        for pin in self.pins:
            pin.put_into(memory)
