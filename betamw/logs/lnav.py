"""betamw's format for lnav, a viewer of logs, put where lnav looks for it.

Facts, read from lnav 0.11.1 to 0.14: formats are read from all folders in `formats/` of its configuration folder, of
which `lnav -i` uses `installed`. The configuration folder is `~/.lnav` if it is there, else `lnav` in
`$XDG_CONFIG_HOME` if that is there, else in `~/.config` if that is there, else `~/.lnav`.
"""

import contextlib
import os
from importlib.resources import files
from pathlib import Path
from typing import Final

from betamw.core.errors import ConfigError

_NAME: Final = "betamw_log.json"  # as `lnav -i` would call it


def install(home: Path | None = None) -> Path:
    """Write the format where lnav reads it, and return where that is; what is there of an earlier version is replaced.

    Args:
        home: The home directory, by default the user's.

    Raises `ConfigError` where there is no such directory, or it cannot be written to.
    """
    home = home or Path(os.path.expanduser("~"))  # noqa: PTH111  `Path.home` raises
    if not home.is_dir():
        msg = f"cannot install the format for lnav: the home directory must be a directory, got {str(home)!r}"
        raise ConfigError(msg)
    path = _configuration(home, os.environ.get("XDG_CONFIG_HOME", "")) / "formats" / "installed" / _NAME
    half = path.with_name(f".{_NAME}.{os.getpid()}")  # lnav reads what ends in .json
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(files("betamw.logs").joinpath("betamw.lnav.json").read_bytes())
        half.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            half.unlink()
        msg = f"cannot install the format for lnav: {str(path)!r} cannot be written: {error.strerror}"
        raise ConfigError(msg) from None
    return path


def _configuration(home: Path, xdg: str) -> Path:
    if (home / ".lnav").is_dir():
        return home / ".lnav"
    if xdg and Path(xdg).is_dir():
        return Path(xdg) / "lnav"
    if (home / ".config").is_dir():
        return home / ".config" / "lnav"
    return home / ".lnav"
