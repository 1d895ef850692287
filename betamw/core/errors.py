"""The errors that betamw raises of its own: all of them at construction, none on the request path."""


class BetaError(Exception):
    """The base of every error that betamw raises of its own."""


class ConfigError(BetaError, ValueError):
    """A setting is not usable; the text says which, what was given and what is allowed."""


class InvalidBetaError(BetaError, ValueError):
    """A beta name cannot stand in a header; the text names it safely (escaped and cut)."""
