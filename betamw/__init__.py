"""aiohttp client middlewares for beta headers: merge, inject, log, and fall back when a beta is refused."""

from betamw.catalog import CATALOG, CATALOG_RULES, Catalog
from betamw.config import Config, Pin, load_config
from betamw.core import events
from betamw.core.action import Action
from betamw.core.beta import Beta
from betamw.core.endpoint import EndpointRule
from betamw.core.errors import BetaError, ConfigError, InvalidBetaError
from betamw.core.events import BetaUsage
from betamw.core.header import format_betas, parse_betas
from betamw.core.policy import FallbackPolicy
from betamw.core.rejection import Rejection, read_rejection
from betamw.errors import BetaRejectedError
from betamw.memory import RejectionMemory
from betamw.middlewares.api import Api
from betamw.middlewares.chain import chain
from betamw.middlewares.endpoint import EndpointMiddleware
from betamw.middlewares.fallback import FallbackMiddleware
from betamw.middlewares.logging import LoggingMiddleware
from betamw.middlewares.merge import MergeMiddleware
from betamw.middlewares.override import override
from betamw.middlewares.participant import usage

__version__ = "0.1.0"

__all__ = [
    "CATALOG",
    "CATALOG_RULES",
    "Action",
    "Api",
    "Beta",
    "BetaError",
    "BetaRejectedError",
    "BetaUsage",
    "Catalog",
    "Config",
    "ConfigError",
    "EndpointMiddleware",
    "EndpointRule",
    "FallbackMiddleware",
    "FallbackPolicy",
    "InvalidBetaError",
    "LoggingMiddleware",
    "MergeMiddleware",
    "Pin",
    "Rejection",
    "RejectionMemory",
    "chain",
    "events",
    "format_betas",
    "load_config",
    "override",
    "parse_betas",
    "read_rejection",
    "usage",
]
