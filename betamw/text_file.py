"""A text file that a user names: its content, or what is wrong with it."""

from pathlib import Path

from betamw.core.errors import ConfigError


def read_text(path: Path) -> str:
    """The text of a file in UTF-8; raises `ConfigError` that does not name the file."""
    try:
        return path.read_bytes().decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except OSError as error:
        msg = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        msg = f"must be UTF-8, got something else at byte {error.start}"
    except ValueError:  # a path from a file may hold a null
        msg = "cannot be read: no path holds a null character"
    raise ConfigError(msg)
