"""Local folders, mirrors and the cache, against a real server on this machine."""

import gzip
import hashlib
import shutil
import socket
import struct
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pooch
import pytest
from refusals import refusal

from strsbp.data import download, load_dataset
from strsbp.data.download import MIRRORS, SHA256, locate_files
from strsbp.data.idx import FILE_NAMES
from strsbp.errors import DataError


def small_set() -> dict[str, bytes]:
    """The content of four sound files: 6 training and 4 test digits."""
    rng = np.random.default_rng(1)
    content = []
    for n in (6, 4):
        pixels, labels = rng.integers(0, 256, n * 784, dtype=np.uint8), rng.integers(0, 10, n)
        content.append(struct.pack(">4I", 2051, n, 28, 28) + pixels.tobytes())
        content.append(struct.pack(">2I", 2049, n) + bytes(labels.tolist()))
    return dict(zip(FILE_NAMES, content, strict=True))


UNPACKED = small_set()
FILES = {name: gzip.compress(content, mtime=1) for name, content in UNPACKED.items()}
IMAGES, LABELS = FILE_NAMES[0], FILE_NAMES[3]
REPACKED = gzip.compress(UNPACKED[IMAGES], compresslevel=1, mtime=2)
ALTERED = gzip.compress(UNPACKED[IMAGES][:-1] + b"\0")


def fill(folder, **changes):
    """Write `FILES`, as changed by `changes`, into `folder`; None stands for no file."""
    folder.mkdir(parents=True)
    for name, content in (FILES | changes).items():
        if content is not None:
            (folder / name).write_bytes(content)
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache for a data set of the hashes of `FILES`, and no waiting; the cache folder."""
    monkeypatch.delenv("STRSBP_DATA_DIR", raising=False)
    monkeypatch.setenv("STRSBP_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setattr(pooch.core.time, "sleep", lambda seconds: None)
    hashes = [hashlib.sha256(content).hexdigest() for content in UNPACKED.values()]
    monkeypatch.setitem(SHA256, "mnist", hashes)
    monkeypatch.setitem(MIRRORS, "mnist", ())
    return tmp_path / "cache" / "mnist"


@pytest.fixture
def mirrors(tmp_path, monkeypatch):
    """Function that makes the folders a, b, ... of a server the mirrors; returns the server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()

    def show(*folders):
        urls = [f"http://127.0.0.1:{server.server_port}/{folder}/" for folder in folders]
        monkeypatch.setitem(MIRRORS, "mnist", urls)

    yield show
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_set_is_downloaded_parsed_and_cached(mirrors, tmp_path, cache):
    fill(tmp_path / "a")
    mirrors("a")
    digits = load_dataset("mnist")
    assert digits.train_images.tobytes() == UNPACKED[IMAGES][16:]
    assert digits.test_labels.tobytes() == UNPACKED[LABELS][8:]
    assert sorted(path.name for path in cache.iterdir()) == sorted(FILE_NAMES)
    shutil.rmtree(tmp_path / "a")  # the second time everything comes from the cache
    assert load_dataset("mnist").sha256() == digits.sha256()


@pytest.mark.parametrize("content", [ALTERED, FILES[IMAGES][:-100]], ids=["altered", "truncated"])
def test_a_damaged_file_in_the_cache_is_downloaded_again(mirrors, tmp_path, cache, content):
    fill(tmp_path / "a")
    mirrors("a")
    fill(cache, **{IMAGES: content})
    assert locate_files("mnist")[0].read_bytes() == FILES[IMAGES]


BAD = {"missing": (None, "HTTPError"), "a web page": (b"<html>", "sent another file")}


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD)
def test_the_next_mirror_serves_what_the_first_does_not(mirrors, tmp_path, cache, content, reason):
    fill(tmp_path / "a", **{IMAGES: content})
    mirrors("a")
    text = refusal(lambda: load_dataset("mnist"), DataError)
    assert text.startswith(f"{IMAGES} of mnist could not be downloaded from 127.0.0.1:")
    assert f"({reason})" in text and "data.local_dir" in text and "STRSBP_DATA_DIR" in text
    assert list(cache.iterdir()) == [], "nothing half-downloaded is left"
    fill(tmp_path / "b", **{IMAGES: REPACKED})  # the same file, compressed in another way
    mirrors("a", "b")
    assert locate_files("mnist")[0].read_bytes() == REPACKED


def test_a_mirror_that_does_not_answer_in_time(monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.05)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setitem(MIRRORS, "mnist", [f"http://127.0.0.1:{silent.getsockname()[1]}/"])
        assert "(ReadTimeout)" in refusal(lambda: load_dataset("mnist"), DataError)


def test_without_a_network_every_mirror_is_named(monkeypatch):
    def no_network(host, *arguments, **options):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    text = refusal(lambda: load_dataset("fashion-mnist"), DataError)
    assert len(MIRRORS["fashion-mnist"]) == 3
    for mirror in MIRRORS["fashion-mnist"]:
        assert f"{mirror.split('/')[2]} (ConnectionError)" in text


def test_a_cache_that_cannot_be_written(mirrors, tmp_path, monkeypatch):
    fill(tmp_path / "a")
    mirrors("a")
    monkeypatch.setenv("STRSBP_CACHE_DIR", str(tmp_path / "a" / IMAGES))
    said = refusal(lambda: load_dataset("mnist"), DataError)
    assert "name a writable folder in STRSBP_CACHE_DIR" in said


# --- local folders, without any mirror


@pytest.mark.parametrize("subfolder", ["", "mnist"])
def test_a_local_folder(tmp_path, monkeypatch, subfolder):
    folder = tmp_path / "my data"
    fill(folder / subfolder, **{IMAGES: REPACKED})
    monkeypatch.setenv("STRSBP_DATA_DIR", str(folder))
    assert locate_files("mnist") == [folder / subfolder / name for name in FILE_NAMES]
    monkeypatch.setenv("STRSBP_DATA_DIR", str(tmp_path / "another"))  # the argument wins
    assert load_dataset("mnist", folder).test_images.shape == (4, 784)


@pytest.mark.parametrize("before_idx", ["-", "."])
def test_unpacked_files_below_the_home_folder(tmp_path, monkeypatch, before_idx):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    for name, content in UNPACKED.items():
        unpacked = name.removesuffix(".gz").replace("-idx", f"{before_idx}idx")
        (tmp_path / "data" / unpacked).write_bytes(content)
    assert load_dataset("mnist", "~/data").test_images.shape == (4, 784)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (ALTERED, "was altered or truncated: unpacked, its SHA-256 is"),
        (FILES[IMAGES][:-1], "cannot be read (Compressed file ended before"),
        (None, "of mnist is neither in"),
    ],
)
def test_a_wrong_local_file_is_an_error(tmp_path, content, words):
    folder = fill(tmp_path / "data", **{IMAGES: content})
    text = refusal(lambda: load_dataset("mnist", folder), DataError)
    assert words in text and IMAGES in text and str(folder) in text
