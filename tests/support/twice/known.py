"""What is known to be visible, and shall not be: `KNOWN`, each with the calls that show it.

The suite leaves these calls out and expects them to fail in a test of their own; who mends one deletes it here.
"""

from collections.abc import Iterable
from typing import Final

import aiohttp
import attrs
from aiohttp import compression_utils

from support.twice.both import Call, calls
from support.twice.kinds import KINDS
from support.twice.modes import MODES

_OLDEST: Final = aiohttp.__version__.startswith("3.12.")
_PROXIES: Final = ("a proxy", "a proxy with headers")
_RESENT: Final = tuple(name for name, mode in MODES.items() if mode.resends)


@attrs.frozen
class Visible:
    """The product of these is what shows it."""

    modes: tuple[str, ...]
    kinds: tuple[str, ...]
    settings: tuple[str, ...]
    ways: tuple[str, ...] = ("content.read",)
    there: bool = True

    def shows(self, call: Call) -> bool:
        """Whether this call does."""
        ways = call.way in self.ways or self.ways == ("content.read",)
        return call.mode in self.modes and call.kind in self.kinds and call.setting in self.settings and ways

    def calls(self) -> list[Call]:
        """Those that do."""
        return calls(self.kinds, modes=self.modes, settings=self.settings, ways=self.ways)


_ALL: Final = {
    "what aiohttp has decompressed is taken for bare deflate": Visible(
        ("recovered from it",), ("400 deflate", "400 bare deflate"), ("as it comes",)
    ),
    "br and zstd are not decoded for the reader": Visible(
        ("recovered from it",), ("400 br", "400 zstd"), ("auto_decompress off", "auto_decompress off in the request")
    ),
    "nor is zstd where aiohttp does not know it": Visible(
        ("recovered from it",),
        ("400 zstd",),
        ("as it comes",),
        there=not getattr(compression_utils, "HAS_ZSTD", False),
    ),
    "the new stream allows for longer lines": Visible(
        ("no beta", "a beta that is taken", "handed over", "handed over after a vain resend"),
        ("400 in one long line",),
        ("a small read_bufsize",),
        ("lines", "readline"),
        there=_OLDEST,
    ),
    "through a proxy a resend takes another connection": Visible(_RESENT, tuple(KINDS), _PROXIES),
    "the first reply shows what others have put into the headers of the second request": Visible(
        ("handed over after a vain resend", "a resend in vain"),
        tuple(KINDS),
        ("another's middleware inside that signs",),
    ),
    "a digest is another credential each time": Visible(
        ("recovered",), ("302", "307"), ("digest authentication outside",)
    ),
}
KNOWN: Final = {reason: visible for reason, visible in _ALL.items() if visible.there}


def unknown(calls: Iterable[Call]) -> list[Call]:
    """Those that show nothing that is known."""
    return [call for call in calls if not any(visible.shows(call) for visible in KNOWN.values())]
