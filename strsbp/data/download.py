"""The four files of a data set: from a local folder, or downloaded once and cached.

A folder that the user names, by `local_dir` or by the environment variable STRSBP_DATA_DIR, is
authoritative: a file that is missing or altered there is an error, never a reason to download.
Without one the files are downloaded by pooch to the folder in STRSBP_CACHE_DIR, or to the usual
cache folder of the system, from the first mirror that serves the right bytes. Every file is
verified by SHA-256 each time, wherever it comes from.
"""

import hashlib
import os
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests
from tqdm import tqdm

from strsbp.data.idx import read_bytes
from strsbp.data.sources import SOURCES, Source, SourceFile
from strsbp.errors import DataError

RETRIES = 2
"""Attempts after the first one, at each mirror; pooch waits 1 s, then 2 s."""
TIMEOUT = 20
"""Seconds without an answer or a byte after which an attempt has failed."""
CHUNK_SIZE = 1 << 16


def locate_files(name: str, local_dir: str | Path | None = None) -> tuple[Path, ...]:
    """Paths of the four verified files of the data set `name` (a key of `SOURCES`).

    Order: training images, training labels, test images, test labels. A local folder holds the
    files itself or in a subfolder called `name`, which is looked at first. Raises `DataError`.
    """
    source = SOURCES[name]
    folder = local_dir or os.environ.get("STRSBP_DATA_DIR")
    if folder:
        return tuple(_find_local(name, source, file, Path(folder)) for file in source.files)
    return tuple(_fetch(name, source, file) for file in source.files)


def cache_dir(name: str) -> Path:
    """Folder in which the files of the data set `name` are cached."""
    return Path(os.environ.get("STRSBP_CACHE_DIR") or pooch.os_cache("strsbp")) / name


def _find_local(name: str, source: Source, file: SourceFile, folder: Path) -> Path:
    if not folder.is_dir():
        raise DataError(
            f"The data folder {folder} is not a folder; correct data.local_dir or STRSBP_DATA_DIR, "
            "or leave both out to download."
        )
    path = next((p for p in (folder / name / file.name, folder / file.name) if p.exists()), None)
    if path is None:
        hint = f" ({source.hint})" if source.hint else ""
        raise DataError(
            f"The file {file.name} of {name} is neither in {folder / name} nor in {folder}; put "
            f"the four files there{hint}, or leave out data.local_dir and STRSBP_DATA_DIR to "
            "download them."
        )
    found = hashlib.sha256(read_bytes(path)).hexdigest()
    if found not in file.known_sha256:
        owner = _owner(found)
        is_other = f" (it is a file of {owner})" if owner else ""
        raise DataError(
            f"{path} is not {file.name} of {name} or was altered or truncated: its SHA-256 is "
            f"{found}{is_other} where {' or '.join(file.known_sha256)} was expected; put the "
            "original file there, or leave out data.local_dir and STRSBP_DATA_DIR to download it."
        )
    return path


def _owner(sha256: str) -> str | None:
    """The data set and file that a SHA-256 belongs to."""
    for name, source in SOURCES.items():
        for file in source.files:
            if sha256 in file.known_sha256:
                return f"{name}, {file.name}"
    return None


def _fetch(name: str, source: Source, file: SourceFile) -> Path:
    folder = cache_dir(name)
    failures = []
    for mirror in source.mirrors:
        fetcher = pooch.create(
            path=folder,
            base_url=mirror,
            registry={file.name: f"sha256:{file.sha256}"},
            retry_if_failed=RETRIES,
        )
        try:
            return Path(fetcher.fetch(file.name, downloader=_download))
        # A RequestException is an OSError too, so it must come first.
        except (requests.RequestException, ValueError) as error:
            failures.append(f"{urlsplit(mirror).netloc} ({_reason(error)})")
        except OSError as error:
            raise DataError(
                f"{file.name} of {name} cannot be kept in the cache folder {folder} "
                f"({error.strerror or error}); name a writable folder in STRSBP_CACHE_DIR."
            ) from None
    hint = f" ({source.hint})" if source.hint else ""
    raise DataError(
        f"{file.name} of {name} with the expected SHA-256 {file.sha256} could not be downloaded "
        f"from {', '.join(failures)}; connect to the network, or name a folder that holds the four "
        f"files{hint} in the setting data.local_dir or the environment variable STRSBP_DATA_DIR."
    )


def _download(url: str, output_file, fetcher) -> None:
    """A pooch downloader that shows a bar with the file's name, on a terminal only."""
    name = urlsplit(url).path.rsplit("/", 1)[-1]
    # pooch sets the true total, but takes a bar without any for no bar.
    with tqdm(desc=name, total=1, unit="B", unit_scale=True, disable=None) as bar:
        stream = pooch.HTTPDownloader(progressbar=bar, chunk_size=CHUNK_SIZE, timeout=TIMEOUT)
        stream(url, output_file, fetcher)


def _reason(error: Exception) -> str:
    """Why a mirror failed, in a few words."""
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
