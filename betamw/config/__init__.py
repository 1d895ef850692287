"""Settings without code: a TOML file and the environment, read into a `Config` that `chain` takes."""

from betamw.config.load import load_config
from betamw.config.settings import Config, Pin

__all__ = ["Config", "Pin", "load_config"]
