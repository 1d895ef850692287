"""The shape of a configuration file: its tables, their keys and types, and what an editor shows of them.

Only types are checked by it: what a value may be, the classes say that take it. So what else is said here is for
editors, and `tests/config/test_schema.py` holds it against those classes.
"""

from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from betamw.core.policy import SOURCES, FallbackPolicy
from betamw.memory import RejectionMemory
from betamw.middlewares.api import FIRST_PARTY

_POLICY: Final = FallbackPolicy()
_MEMORY: Final = RejectionMemory()


def _says(description: str, **schema: Any) -> Meta:
    return Meta(description=description, extra_json_schema=schema)


Beta = Annotated[str, Meta(extra_json_schema={"pattern": "^[!#-+\\--~]+$"})]
Seconds = Annotated[float, Meta(extra_json_schema={"exclusiveMinimum": 0})]


class Table(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A table of the file, in which every key must be known."""


class EndpointTable(Table):
    """What an endpoint needs; comes on top of the catalog's rules."""

    path: Annotated[str, _says("Path template below the base URL, like /v1/files/{file_id}; holds for all below it.")]
    betas: Annotated[list[Beta], _says("Go out with a request there; none at all shields the path from a shorter one.")]
    methods: Annotated[
        list[str] | UnsetType, _says("HTTP methods that it holds for; without it, all of them.", minItems=1)
    ] = UNSET
    required: Annotated[bool, _says("The betas are never dropped: without them a call has no meaning.")] = True
    exact: Annotated[bool, _says("The path itself only, nothing below it.")] = False


class PolicyTable(Table):
    """What to do when the server refuses a beta."""

    max_resends: Annotated[int, _says("Resends in one call; 0 only reads and logs.", minimum=0)] = _POLICY.max_resends
    on_unnamed: Annotated[
        str, _says("When a refusal does not say which beta it means.", enum=["split", "drop_all", "give_up"])
    ] = _POLICY.on_unnamed
    required: Annotated[list[str], _says("Names or fnmatch patterns of betas that are never dropped.")] = field(
        default_factory=lambda: sorted(_POLICY.required)
    )
    substitutes: Annotated[
        str | dict[str, str],
        _says('Old name = new name; or "older", the next older date of the family; or "never".'),
    ] = "never"
    paired_fields: Annotated[str, _says("When the body uses a field of a refused beta.", enum=["keep", "strip"])] = (
        _POLICY.paired_fields
    )
    droppable_sources: Annotated[
        list[Annotated[str, Meta(extra_json_schema={"enum": list(SOURCES)})]], _says("Whose betas may be dropped.")
    ] = field(default_factory=lambda: list(SOURCES))
    strict: Annotated[bool, _says("A refusal raises BetaRejectedError.")] = _POLICY.strict


class MemoryTable(Table):
    """Where lessons are kept."""

    remember_for: Annotated[Seconds, _says("Seconds that a verdict holds.")] = _MEMORY.remember_for
    max_entries: Annotated[int, _says("Verdicts kept at most.", minimum=1)] = _MEMORY.max_entries
    probe_lease: Annotated[Seconds, _says("Seconds after which a lost probe is given up.")] = _MEMORY.probe_lease


class PinTable(Table):
    """A beta that is refused, and never tried."""

    beta: Annotated[Beta, _says("The beta's name.")]
    origin: Annotated[str | UnsetType, _says("The base URL of an API; without it, any.")] = UNSET
    endpoint: Annotated[str | UnsetType, _says("A url template of the catalog, or _OTHER; without it, all.")] = UNSET
    model: Annotated[str | UnsetType, _says("The model in the JSON body; without it, any.")] = UNSET


class Settings(Table):
    """The table [betamw], in pyproject.toml [tool.betamw]."""

    betas: Annotated[list[Beta], _says("Go out with every request to the API.")] = []
    remove: Annotated[list[Beta], _says("Never go out, whoever asks for them.")] = []
    disable: Annotated[bool, _says("Turns everything off.")] = False
    fallback: Annotated[bool, _says("false: refusals are read and logged, nothing is left out or resent.")] = True
    base_url: Annotated[
        str | list[str], _says("The API's base URL, or several; by default ANTHROPIC_BASE_URL from the environment.")
    ] = FIRST_PARTY
    header: Annotated[str, _says("The name of the beta header.")] = "anthropic-beta"
    catalog: Annotated[str | UnsetType, _says("A catalog of your own, relative to this file.")] = UNSET
    catalog_rules: Annotated[bool, _says("Whether the endpoint rules of the catalog hold.")] = True
    endpoint: list[EndpointTable] = []
    policy: PolicyTable = field(default_factory=PolicyTable)
    memory: MemoryTable = field(default_factory=MemoryTable)
    pin: list[PinTable] = []


class File(msgspec.Struct):
    """A configuration of betamw: its table, beside others that are none of its business."""

    betamw: Settings


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a configuration file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(File)}
