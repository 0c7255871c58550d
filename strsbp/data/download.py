"""The four files of a data set: from a local folder, or downloaded once and cached.

A folder named by the user (`local_dir` or the environment variable STRSBP_DATA_DIR) is
authoritative: a missing or altered file there is an error, never a reason to download. Without
such a folder, pooch downloads the files to STRSBP_CACHE_DIR or the system's usual cache folder,
from the first mirror that serves the right bytes. Every file is verified by SHA-256 every time,
wherever it comes from: the hash of the file or of its decompressed content must match, since
mirrors compress the same data differently.

Packages that only a download needs are slow to import, so they are imported where they are used.
"""

import hashlib
import os
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from strsbp.data.idx import read_bytes
from strsbp.data.sources import SOURCES, Source, SourceFile
from strsbp.errors import DataError

RETRIES = 2
"""Retries per mirror; pooch waits 1 s, then 2 s."""
TIMEOUT = 20
"""An attempt fails after this many seconds without a response or a byte."""
CHUNK_SIZE = 1 << 16


def locate_files(name: str, local_dir: str | Path | None = None) -> tuple[Path, ...]:
    """Paths of the four verified files of the data set `name` (a key of `SOURCES`).

    Order: training images, training labels, test images, test labels. In a local folder, the
    files, gzipped or not, are looked for first in a subfolder called `name`, then in the folder
    itself. Raises `DataError`.
    """
    source = SOURCES[name]
    folder = local_dir or os.environ.get("STRSBP_DATA_DIR")
    if folder:
        folder = Path(folder).expanduser()
        return tuple(_find_local(name, source, file, folder) for file in source.files)
    return tuple(_fetch(name, source, file) for file in source.files)


def cache_dir(name: str) -> Path:
    """Cache folder of the data set `name`."""
    import pooch

    return Path(os.environ.get("STRSBP_CACHE_DIR") or pooch.os_cache("strsbp")) / name


def _find_local(name: str, source: Source, file: SourceFile, folder: Path) -> Path:
    if not os.path.isdir(folder):  # unlike Path.is_dir, accepts any string
        raise DataError(
            f"The data folder {folder} is not a folder; correct data.local_dir or STRSBP_DATA_DIR, "
            "or leave both out to download."
        )
    names = (file.name, file.name.removesuffix(".gz"))
    paths = (place / one for place in (folder / name, folder) for one in names)
    path = next((path for path in paths if path.exists()), None)
    if path is None:
        hint = f" ({source.hint})" if source.hint else ""
        raise DataError(
            f"The file {file.name} of {name} is neither in {folder / name} nor in {folder}; put "
            f"the four files there{hint}, or leave out data.local_dir and STRSBP_DATA_DIR to "
            "download them."
        )
    data = read_bytes(path)
    if not file.is_this(data):
        owner = _owner(data)
        is_other = f" (it belongs to {owner})" if owner else ""
        raise DataError(
            f"{path} is not {file.name} of {name} or was altered or truncated: its SHA-256 is "
            f"{hashlib.sha256(data).hexdigest()}{is_other}, {file.sha256} was expected, and "
            "its decompressed content differs too; put the original file there, or leave out "
            "data.local_dir and STRSBP_DATA_DIR to download it."
        )
    return path


def _owner(data: bytes) -> str | None:
    """The known data set and file whose bytes are `data`, or None."""
    for name, source in SOURCES.items():
        for file in source.files:
            if file.is_this(data):
                return f"{name}, {file.name}"
    return None


def _fetch(name: str, source: Source, file: SourceFile) -> Path:
    import pooch
    import requests

    folder = cache_dir(name)
    path = folder / file.name
    failures = []
    try:
        if path.exists():
            if file.is_this(read_bytes(path)):
                return path
            path.unlink(missing_ok=True)
        for mirror in source.mirrors:
            # pooch supports only one hash per file, so it gets none and `_download` verifies.
            fetcher = pooch.create(
                path=folder, base_url=mirror, registry={file.name: None}, retry_if_failed=RETRIES
            )
            try:
                return Path(fetcher.fetch(file.name, downloader=partial(_download, file)))
            # A RequestException is an OSError too, so it must be caught here.
            except (requests.RequestException, ValueError) as error:
                failures.append(f"{urlsplit(mirror).netloc} ({_reason(error)})")
    except OSError as error:
        raise DataError(
            f"{file.name} of {name} cannot be stored in the cache folder {folder} "
            f"({error.strerror or error}); name a writable folder in STRSBP_CACHE_DIR."
        ) from None
    hint = f" ({source.hint})" if source.hint else ""
    raise DataError(
        f"{file.name} of {name} with the expected SHA-256 {file.sha256} could not be downloaded "
        f"from {', '.join(failures)}; connect to the network, or name a folder that has the four "
        f"files{hint} in the setting data.local_dir or the environment variable STRSBP_DATA_DIR."
    )


def _download(file: SourceFile, url: str, output_file: Any, fetcher: Any) -> None:
    """A pooch downloader that verifies the file and shows a progress bar on a terminal.

    Raises `ValueError` for a wrong file, which makes pooch discard it and retry.
    """
    import pooch
    from tqdm import tqdm

    # pooch sets the real total, but treats a bar without a total as no bar.
    with tqdm(desc=file.name, total=1, unit="B", unit_scale=True, disable=None) as bar:
        stream = pooch.HTTPDownloader(progressbar=bar, chunk_size=CHUNK_SIZE, timeout=TIMEOUT)
        stream(url, output_file, fetcher)
    if not file.is_this(Path(output_file).read_bytes()):
        raise ValueError(f"{url} is not the expected file.")


def _reason(error: Exception) -> str:
    """Why a mirror failed, in a few words."""
    import requests

    response = getattr(error, "response", None)
    if response is not None:
        return f"answered {response.status_code}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the file was cut off"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, requests.RequestException):
        return type(error).__name__
    return "a file with another SHA-256"
