"""Verified idx files: from a local folder, the cache, or the first mirror that serves them."""

import hashlib
import os
from pathlib import Path

from strsbp.data.dataset import Digits
from strsbp.data.idx import decompressed, parse_images, parse_labels, read_compressed
from strsbp.data.sources import SOURCES, Source, SourceFile
from strsbp.errors import DataError

LOCAL_DIR_VARIABLE, CACHE_DIR_VARIABLE = "STRSBP_DATA_DIR", "STRSBP_CACHE_DIR"
RETRIES = 2
TIMEOUT_SECONDS = 30


def verified(data: bytes, file: SourceFile, where: str) -> bytes:
    """The decompressed content of `data` if it is `file`'s; else `DataError` naming `where`."""
    content = decompressed(data, where)
    if hashlib.sha256(data).hexdigest() == file.compressed_sha256:
        return content
    found = hashlib.sha256(content).hexdigest()
    if found != file.content_sha256:
        raise DataError(
            f"{where} was altered: the SHA-256 of its content is {found[:12]}..., expected "
            f"{file.content_sha256[:12]}...; replace it by the original {file.name}."
        )
    return content


def load_idx(name: str, local_dir: str | Path | None = None) -> Digits:
    """The data set `name` from four idx files.

    `local_dir`, or else the folder named by STRSBP_DATA_DIR, is read if given: the files lie in
    it or in a folder in it that is called like the data set. Otherwise they are downloaded once
    and cached. Raises `DataError`.
    """
    source = SOURCES[name]
    folder = local_dir or os.environ.get(LOCAL_DIR_VARIABLE)
    contents = [
        _from_folder(Path(folder), name, file) if folder else _from_mirrors(source, name, file)
        for file in source.files
    ]
    parsed = [
        (parse_labels if "labels" in file.name else parse_images)(content, file.name)
        for content, file in zip(contents, source.files, strict=True)
    ]
    return Digits(name, *parsed)


def _from_folder(folder: Path, name: str, file: SourceFile) -> bytes:
    for path in (folder / name / file.name, folder / file.name):
        if path.exists():
            return verified(read_compressed(path), file, str(path))
    raise DataError(
        f"{folder} holds no {file.name}, neither directly nor in {name}/; put the four files of "
        f"{name} there, or unset data.local_dir and {LOCAL_DIR_VARIABLE} to download them."
    )


def _from_mirrors(source: Source, name: str, file: SourceFile) -> bytes:
    import pooch

    cache = Path(os.environ.get(CACHE_DIR_VARIABLE) or pooch.os_cache("strsbp")) / name
    cached = cache / file.name
    if cached.exists():
        try:
            return verified(read_compressed(cached), file, str(cached))
        except DataError:
            cached.unlink()  # damaged since it was stored: fetch it anew
    failures = []
    for mirror in source.mirrors:
        fetcher = pooch.create(
            path=cache, base_url=mirror, registry={file.name: None}, retry_if_failed=RETRIES
        )
        downloader = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT_SECONDS)
        try:
            path = fetcher.fetch(file.name, downloader=downloader)
            return verified(read_compressed(path), file, mirror + file.name)
        except DataError as error:
            cached.unlink(missing_ok=True)
            failures.append(str(error).rstrip("."))
        except Exception as error:  # pooch passes on whatever its transport raises
            cached.unlink(missing_ok=True)
            failures.append(f"{mirror}: {_reason(error)}")
    raise DataError(
        f"{file.name} of {name} could not be downloaded ({'; '.join(failures)}); connect to the "
        f"network, or name a folder with the four files by data.local_dir or {LOCAL_DIR_VARIABLE}."
    )


def _reason(error: Exception) -> str:
    """The kind of failure in few words; transports nest long messages with addresses."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"HTTP status {status}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "no answer" if "onnect" in type(error).__name__ else type(error).__name__
