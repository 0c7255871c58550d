"""Reading files that others wrote, within bounds."""

import errno
import os
import stat
from pathlib import Path


def read_bounded(path: str | Path, largest: int) -> bytes:
    """Content of the regular file `path`, which has at most `largest` bytes.

    Raises `OSError`, with a reason in words as `strerror`, also for a name that no file can have,
    for a larger file, and for a pipe or device, whose end might never come.
    """
    size = regular_size(path)
    if size <= largest:
        with open(path, "rb") as file:
            content = file.read(size + 1)  # no more, for room is made for what is asked for
        size = len(content)
    if size > largest:
        reason = f"it has {size:,} bytes and may have {largest:,}"
        raise OSError(errno.EFBIG, reason, str(path))
    return content


def regular_size(path: str | Path) -> int:
    """Bytes of the regular file `path`; raises `OSError` as `read_bounded` does."""
    try:
        status = os.stat(path)
    except ValueError:  # a NUL, or half of a character
        raise OSError(errno.EINVAL, "no file can have this name", repr(str(path))) from None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return status.st_size
