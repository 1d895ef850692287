"""What a test of code that uses betas needs: a server on this machine that treats betas as the Claude API does."""

from betamw.testing.dialects import DIALECTS, UNNAMED_DIALECTS, WRAPPERS
from betamw.testing.faults import FAULTS, Fault
from betamw.testing.mocked import run_middlewares
from betamw.testing.received import ReceivedRequest
from betamw.testing.refusals import Refusal
from betamw.testing.server import SimulatedApi

__all__ = [
    "DIALECTS",
    "FAULTS",
    "UNNAMED_DIALECTS",
    "WRAPPERS",
    "Fault",
    "ReceivedRequest",
    "Refusal",
    "SimulatedApi",
    "run_middlewares",
]
