"""What is known to be visible, and shall not be: `KNOWN`, each with the calls that show it.

The suite passes over these differences, and expects each in a test of its own; who mends one deletes it here.
"""

from collections.abc import Iterable
from typing import Final

import aiohttp
import attrs
from aiohttp import compression_utils

from support.twice.both import Call, Difference, calls
from support.twice.kinds import KINDS
from support.twice.modes import MODES
from support.twice.settings import SETTINGS

_OLDEST: Final = aiohttp.__version__.startswith("3.12.")
_PROXIES: Final = ("a proxy", "a proxy with headers")
_RESENT: Final = tuple(name for name, mode in MODES.items() if mode.resends)


@attrs.frozen
class Visible:
    """The product of these shows it: without `ways` in all of them, with a `part` in this part of what is compared."""

    modes: tuple[str, ...]
    kinds: tuple[str, ...]
    settings: tuple[str, ...]
    ways: tuple[str, ...] = ()
    part: str = ""
    there: bool = True

    def explains(self, found: Difference) -> bool:
        """Whether this is why."""
        call = found.call
        named = call.mode in self.modes and call.kind in self.kinds and call.setting in self.settings
        return named and (not self.ways or call.way in self.ways) and self.part in ("", found.part)

    def calls(self) -> list[Call]:
        """Those that do."""
        return calls(self.kinds, modes=self.modes, settings=self.settings, ways=self.ways)


_LOOKS: Final = ("a beta that is taken", "handed over after a vain resend")
_ALL: Final = {
    "a total timeout that strikes in the look ends the call": Visible(
        _LOOKS, ("400 that stalls", "400 that stalls at once"), ("a total timeout during the look",)
    ),
    "what came before a read timeout in the look is lost": Visible(
        _LOOKS, ("400 that stalls",), ("a sock_read timeout during the look",), ("all that comes",)
    ),
    "what aiohttp has decompressed is taken for bare deflate": Visible(
        ("recovered from it",), ("400 deflate", "400 bare deflate"), tuple(SETTINGS)
    ),
    "br and zstd are not decoded for the reader": Visible(
        ("recovered from it",), ("400 br", "400 zstd"), ("auto_decompress off", "auto_decompress off in the request")
    ),
    "nor is zstd where aiohttp does not know it": Visible(
        ("recovered from it",),
        ("400 zstd",),
        tuple(SETTINGS),
        there=not getattr(compression_utils, "HAS_ZSTD", False),
    ),
    "the new stream allows for longer lines": Visible(
        ("no beta", "a beta that is taken", "handed over", "handed over after a vain resend"),
        ("400 in one long line",),
        ("a small read_bufsize",),
        ("lines", "readline"),
        there=_OLDEST,
    ),
    "a look at what another has read makes a new stream that has seen no bytes": Visible(
        ("no beta", "a beta that is taken"),
        tuple(KINDS),
        ("another's middleware inside that reads",),
        ("what the stream tells",),
        part="read",
    ),
    "through a proxy a resend takes another connection": Visible(_RESENT, tuple(KINDS), _PROXIES, part="connections"),
    "the first reply shows what others have put into the headers of the second request": Visible(
        ("handed over after a vain resend", "a resend in vain"),
        tuple(KINDS),
        ("another's middleware inside that signs",),
        part="request_info",
    ),
    "a digest is another credential each time": Visible(
        ("recovered", "recovered with none left"),
        tuple(name for name in KINDS if name.startswith("30")),
        ("digest authentication outside",),
    ),
}
KNOWN: Final = {reason: visible for reason, visible in _ALL.items() if visible.there}


def unknown(differences: Iterable[Difference]) -> list[Difference]:
    """Those that nothing explains that is known."""
    return [found for found in differences if not any(visible.explains(found) for visible in KNOWN.values())]
