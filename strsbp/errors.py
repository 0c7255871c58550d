"""Errors that a user can cause or must act on; each message is one plain sentence."""


class StrsbpError(Exception):
    """Base class of every error that this package raises deliberately.

    The message is one sentence that says what is wrong, where, and what to do, so a command can
    print it without a traceback.
    """


class SettingsError(StrsbpError):
    """A setting is unknown, of the wrong type or out of range."""


class DataError(StrsbpError):
    """A data set is missing, altered, truncated or inconsistent."""


class TableError(StrsbpError):
    """An effect-ratio table is missing, malformed or not finite, or cannot be fitted."""


class CheckpointError(StrsbpError):
    """A checkpoint, saved network or surface is missing, damaged or from other settings."""


class ClaimsError(StrsbpError):
    """The claims file or the measurements it refers to are inconsistent."""


def in_words(error: Exception) -> str:
    """The message of `error` on one line, without the final full stop."""
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()).strip(" .") or type(error).__name__
