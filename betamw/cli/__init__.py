"""The command line `betamw`. It needs the extra `cli`; the library itself does without."""

import sys
from typing import Final

__all__ = ["main"]

_EXTRA: Final = frozenset({"click", "jinja2", "rich", "tomli_w"})
_NO_EXTRA: Final = "betamw's command line needs the extra 'cli': pip install 'betamw[cli]'"
_USAGE_ERROR: Final = 2


def main() -> None:
    """Run the command line of this process and exit; the console script `betamw` calls this."""
    try:
        from betamw.cli.app import run  # noqa: PLC0415  what it imports may be missing
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        sys.stderr.write(f"{_NO_EXTRA}\n")
        sys.exit(_USAGE_ERROR)
    sys.exit(run())
