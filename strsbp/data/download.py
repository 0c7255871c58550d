"""The four files of a data set: from a local folder, or downloaded once and cached.

A folder named by the user (`local_dir` or the environment variable STRSBP_DATA_DIR) is
authoritative: a missing or altered file there is an error, never a reason to download. Without
such a folder, pooch downloads the files to STRSBP_CACHE_DIR or the system's usual cache folder,
from the first mirror that serves the right content. Every file is verified every time, wherever it
comes from.

Packages that only a download needs are slow to import, so they are imported where they are used.
"""

import hashlib
import os
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from strsbp.data.idx import FILE_NAMES, find_file, read_content
from strsbp.errors import DataError

SHA256 = {
    "mnist": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "fashion-mnist": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
}
"""SHA-256 of each unpacked file, since mirrors compress the same file differently."""

MIRRORS = {
    "mnist": (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://raw.githubusercontent.com/fgnt/mnist/master/",
    ),
    "fashion-mnist": (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        # This host supports only http; the SHA-256 protects the content.
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
}
"""Base URLs, each ending in a slash, in the order they are tried."""

TIMEOUT = 20
"""An attempt fails after this many seconds without a response or a byte."""


def locate_files(name: str, local_dir: str | Path | None = None) -> list[Path]:
    """Paths of the four verified files of the data set `name`, in the order of `FILE_NAMES`.

    In a local folder, the files, gzipped or not, are looked for first in a subfolder called `name`,
    then in the folder itself. Raises `DataError`.
    """
    folder = local_dir or os.environ.get("STRSBP_DATA_DIR")
    find = partial(_find_local, Path(folder).expanduser()) if folder else _fetch
    files = zip(FILE_NAMES, SHA256[name], strict=True)
    return [find(name, file, sha256) for file, sha256 in files]


def _find_local(folder: Path, name: str, file: str, sha256: str) -> Path:
    path = find_file(folder / name, file) or find_file(folder, file)
    if path is None:
        raise DataError(
            f"The file {file} of {name} is neither in {folder / name} nor in {folder}; put the "
            "four files there, or leave out data.local_dir and STRSBP_DATA_DIR to download them."
        )
    if (found := _content_sha256(path)) != sha256:
        raise DataError(
            f"{path} is not {file} of {name} or was altered or truncated: unpacked, its SHA-256 is "
            f"{found}, not {sha256}; put the original file there, or leave out data.local_dir and "
            "STRSBP_DATA_DIR to download it."
        )
    return path


def _fetch(name: str, file: str, sha256: str) -> Path:
    import pooch
    import requests

    folder = Path(os.environ.get("STRSBP_CACHE_DIR") or pooch.os_cache("strsbp")) / name
    path, failures = folder / file, []
    try:
        with suppress(DataError):
            if path.exists() and _content_sha256(path) == sha256:
                return path
        path.unlink(missing_ok=True)
        for mirror in MIRRORS[name]:
            # pooch would hash the gzipped file, so it gets no hash and `_download` verifies.
            fetcher = pooch.create(
                path=folder, base_url=mirror, registry={file: None}, retry_if_failed=2
            )
            try:
                return Path(fetcher.fetch(file, downloader=partial(_download, sha256)))
            # A RequestException is an OSError too, so it must be caught here.
            except (requests.RequestException, DataError) as error:
                wrong = isinstance(error, DataError)
                reason = "sent another file" if wrong else type(error).__name__
                failures.append(f"{urlsplit(mirror).netloc} ({reason})")
    except OSError as error:
        raise DataError(
            f"{file} of {name} cannot be stored in the cache folder {folder} "
            f"({error.strerror or error}); name a writable folder in STRSBP_CACHE_DIR."
        ) from None
    raise DataError(
        f"{file} of {name} could not be downloaded from {', '.join(failures)}; connect to the "
        "network, or name a folder that has the four files in the setting data.local_dir or the "
        "environment variable STRSBP_DATA_DIR."
    )


def _download(sha256: str, url: str, output_file: Any, fetcher: Any) -> None:
    """A pooch downloader that verifies the unpacked file and shows its progress on a terminal."""
    import pooch

    stream = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=TIMEOUT)
    stream(url, output_file, fetcher)
    if _content_sha256(output_file) != sha256:
        raise DataError(f"{url} is not the expected file.")


def _content_sha256(path: str | Path) -> str:
    return hashlib.sha256(read_content(path)).hexdigest()
