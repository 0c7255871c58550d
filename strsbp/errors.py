"""The errors a user can cause or must act on; each carries one plain sentence."""


class StrsbpError(Exception):
    """Base of every error this package raises on purpose.

    The message is one sentence that says what is wrong, where, and what to do, so that a
    command can print it alone, without a traceback. What it quotes from a user's file may hold
    line breaks or codes that a terminal obeys; they are shown escaped.
    """

    def __str__(self):
        return "".join(
            character if character.isprintable() else ascii(character)[1:-1]
            for character in super().__str__()
        )


class SettingsError(StrsbpError):
    """A setting is unknown, of the wrong type or out of range."""


class DataError(StrsbpError):
    """A data set is missing, altered, truncated or inconsistent."""


class SamplingError(StrsbpError):
    """No spike train with the requested count and gap could be drawn."""


class TableError(StrsbpError):
    """An effect-ratio table has the wrong shape or holds values that are not finite."""


class CheckpointError(StrsbpError):
    """A checkpoint is damaged or belongs to another configuration."""


class ClaimsError(StrsbpError):
    """The claims file or the measurements that it refers to are inconsistent."""


def in_words(error: Exception) -> str:
    """The reason that `error` gives, on one line without its full stop."""
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()).strip(" .") or type(error).__name__
