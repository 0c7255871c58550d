"""The four files of a data set: from a local folder, or downloaded once and cached.

A folder named by the user (`local_dir` or the environment variable STRSBP_DATA_DIR) is
authoritative: a missing or altered file there is an error, never a reason to download. Without
such a folder, pooch downloads the files to STRSBP_CACHE_DIR or the system's usual cache folder,
from the first mirror that serves the right content. Every file is verified every time, wherever it
comes from.

Packages that only a download needs are slow to import, so they are imported where they are used.
"""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from strsbp.data.idx import content_sha256, gzipped_or_not, read_bytes
from strsbp.data.sources import FILE_NAMES, SOURCES
from strsbp.errors import DataError

RETRIES = 2
"""Retries per mirror; pooch waits 1 s, then 2 s."""
TIMEOUT = 20
"""An attempt fails after this many seconds without a response or a byte."""


def locate_files(name: str, local_dir: str | Path | None = None) -> tuple[Path, ...]:
    """Paths of the four verified files of the data set `name` (a key of `SOURCES`).

    Order: training images, training labels, test images, test labels. In a local folder, the
    files, gzipped or not, are looked for first in a subfolder called `name`, then in the folder
    itself. Raises `DataError`.
    """
    folder = local_dir or os.environ.get("STRSBP_DATA_DIR")
    find = partial(_find_local, Path(folder).expanduser()) if folder else _fetch
    files = zip(FILE_NAMES, SOURCES[name].sha256, strict=True)
    return tuple(find(name, file, sha256) for file, sha256 in files)


def cache_dir(name: str) -> Path:
    """Cache folder of the data set `name`."""
    import pooch

    return Path(os.environ.get("STRSBP_CACHE_DIR") or pooch.os_cache("strsbp")) / name


def _find_local(folder: Path, name: str, file: str, sha256: str) -> Path:
    if not folder.is_dir():
        raise DataError(
            f"The data folder {folder} is not a folder; correct data.local_dir or STRSBP_DATA_DIR, "
            "or leave both out to download."
        )
    path = gzipped_or_not(folder / name, file) or gzipped_or_not(folder, file)
    if path is None:
        raise DataError(
            f"The file {file} of {name} is neither in {folder / name} nor in {folder}; put "
            f"the four files there{_hint(name)}, or leave out data.local_dir and STRSBP_DATA_DIR "
            "to download them."
        )
    found = content_sha256(read_bytes(path))
    if found != sha256:
        owners = [other for other, source in SOURCES.items() if found in source.sha256]
        raise DataError(
            f"{path} is not {file} of {name} or was altered or truncated: unpacked, its SHA-256 is "
            f"{found or 'unknown'}{''.join(f' (it belongs to {owner})' for owner in owners)}, not "
            f"{sha256}; put the original file there, or leave out data.local_dir and "
            "STRSBP_DATA_DIR to download it."
        )
    return path


def _hint(name: str) -> str:
    hint = SOURCES[name].hint
    return f" ({hint})" if hint else ""


def _fetch(name: str, file: str, sha256: str) -> Path:
    import pooch
    import requests

    folder, failures = cache_dir(name), []
    path = folder / file
    try:
        if path.exists():
            if content_sha256(read_bytes(path)) == sha256:
                return path
            path.unlink()
        for mirror in SOURCES[name].mirrors:
            # pooch hashes the gzipped file, so it gets no hash and `_download` verifies.
            fetcher = pooch.create(
                path=folder, base_url=mirror, registry={file: None}, retry_if_failed=RETRIES
            )
            try:
                return Path(fetcher.fetch(file, downloader=partial(_download, sha256)))
            # A RequestException is an OSError too, so it must be caught here.
            except (requests.RequestException, ValueError) as error:
                failures.append(f"{urlsplit(mirror).netloc} ({_reason(error)})")
    except OSError as error:
        raise DataError(
            f"{file} of {name} cannot be stored in the cache folder {folder} "
            f"({error.strerror or error}); name a writable folder in STRSBP_CACHE_DIR."
        ) from None
    raise DataError(
        f"{file} of {name} could not be downloaded from {', '.join(failures)}; connect to the "
        f"network, or name a folder that has the four files{_hint(name)} in the setting "
        "data.local_dir or the environment variable STRSBP_DATA_DIR."
    )


def _download(sha256: str, url: str, output_file: Any, fetcher: Any) -> None:
    """A pooch downloader that verifies the unpacked file and shows its progress on a terminal.

    Raises `ValueError` for a wrong file, which makes pooch discard it and retry.
    """
    import pooch

    stream = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=TIMEOUT)
    stream(url, output_file, fetcher)
    if content_sha256(Path(output_file).read_bytes()) != sha256:
        raise ValueError(f"{url} is not the expected file.")


def _reason(error: Exception) -> str:
    """Why a mirror failed, in a few words."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"answered {response.status_code}"
    return type(error).__name__ if isinstance(error, OSError) else "a file with another SHA-256"
