"""Local folders, mirrors and the cache, against a real server on this machine."""

import gzip
import hashlib
import socket
import struct
import threading
from collections import Counter
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pooch
import pytest
from refusals import refusal

from strsbp.data import download, load_dataset
from strsbp.data.download import RETRIES, locate_files
from strsbp.data.sources import FILE_NAMES as NAMES
from strsbp.data.sources import SOURCES, Source
from strsbp.errors import DataError

TRAIN_IMAGES = NAMES[0]


def small_set(seed) -> dict[str, bytes]:
    """The content of four sound files: 6 training and 4 test digits."""
    rng = np.random.default_rng(seed)
    content = []
    for n in (6, 4):
        pixels, labels = rng.integers(0, 256, n * 784, dtype=np.uint8), rng.integers(0, 10, n)
        content.append(struct.pack(">4I", 2051, n, 28, 28) + pixels.tobytes())
        content.append(struct.pack(">2I", 2049, n) + bytes(labels.tolist()))
    return dict(zip(NAMES, (gzip.compress(c, mtime=1) for c in content), strict=True))


FILES = {"mnist": small_set(1), "fashion-mnist": small_set(2)}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def source_of(name, mirrors=(), hint="", **changes) -> Source:
    """A source whose hashes are those of `FILES[name]`, as changed by `changes`."""
    files = FILES[name] | changes
    hashes = tuple(digest(gzip.decompress(files[n])) for n in NAMES)
    return Source(hashes, tuple(mirrors), hint=hint)


class Handler(BaseHTTPRequestHandler):
    def __init__(self, site, *arguments):
        self.site = site
        super().__init__(*arguments)

    def do_GET(self):  # noqa: N802
        self.site.hits[self.path] += 1
        answer = self.site.answers.get(self.path)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if answer is None or isinstance(answer, int):
            self.send_response(answer or 404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content, declared = answer if isinstance(answer, tuple) else (answer, len(answer))
        self.send_response(200)
        self.send_header("Content-Length", str(declared))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


class Site:
    """A server. `answers` maps a path to bytes, an error code, (bytes, declared length), or a
    list of these for one request after the other (the last one stays); `hits` counts requests."""

    def __init__(self):
        self.answers = {}
        self.hits = Counter()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self))
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def mirror(self, folder, name="mnist", **changes) -> str:
        """Serve `FILES[name]`, as changed by `changes`, in `folder`; returns its base URL."""
        for file, content in (FILES[name] | changes).items():
            self.answers[f"/{folder}/{file}"] = content
        return f"http://127.0.0.1:{self.server.server_port}/{folder}/"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def site():
    site = Site()
    yield site
    site.close()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, no folder in the environment, no waiting; returns the cache folder."""
    monkeypatch.delenv("STRSBP_DATA_DIR", raising=False)
    monkeypatch.setenv("STRSBP_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setattr(pooch.core.time, "sleep", lambda seconds: None)
    return tmp_path / "cache"


@pytest.fixture
def use(monkeypatch):
    """Function that puts a source in the place of a real one."""
    return lambda name, source: monkeypatch.setitem(SOURCES, name, source)


def dead_mirror() -> str:
    """Base URL at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


def fill(folder: Path, name="mnist", **changes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in (FILES[name] | changes).items():
        (folder / file).write_bytes(content)
    return folder


def altered(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


# --- download


def test_a_set_is_downloaded_parsed_and_cached(site, use, cache):
    use("mnist", source_of("mnist", [site.mirror("a")]))
    digits = load_dataset("mnist")
    assert digits.name == "mnist"
    content = gzip.decompress(FILES["mnist"][TRAIN_IMAGES])[16:]
    assert digits.train_images.tobytes() == content
    assert digits.test_labels.tobytes() == gzip.decompress(FILES["mnist"][NAMES[3]])[8:]
    assert sorted(p.name for p in (cache / "mnist").iterdir()) == sorted(NAMES)
    assert set(site.hits.values()) == {1}

    site.answers.clear()  # The second time everything comes from the cache.
    assert load_dataset("mnist").sha256() == digits.sha256()
    assert set(site.hits.values()) == {1}


def test_an_altered_file_in_the_cache_is_downloaded_again(site, use, cache):
    use("mnist", source_of("mnist", [site.mirror("a")]))
    fill(cache / "mnist")
    path = cache / "mnist" / TRAIN_IMAGES
    path.write_bytes(altered(path.read_bytes()))
    load_dataset("mnist")
    assert path.read_bytes() == FILES["mnist"][TRAIN_IMAGES]
    assert site.hits == {f"/a/{TRAIN_IMAGES}": 1}


def test_a_failure_is_tried_again(site, use):
    good = FILES["mnist"][TRAIN_IMAGES]
    answers = [503] * RETRIES + [good]
    use("mnist", source_of("mnist", [site.mirror("a", **{TRAIN_IMAGES: answers})]))
    load_dataset("mnist")
    assert site.hits[f"/a/{TRAIN_IMAGES}"] == RETRIES + 1


GOOD = FILES["mnist"][TRAIN_IMAGES]
BAD_ANSWERS = {
    "missing": (404, "answered 404"),
    "cut off": ((GOOD[:-100], len(GOOD)), "ChunkedEncodingError"),
    "a web page": (b"<html>Sign in</html>", "a file with another SHA-256"),
}


@pytest.mark.parametrize("answer", [a for a, _ in BAD_ANSWERS.values()], ids=BAD_ANSWERS)
def test_the_next_mirror_serves_what_the_first_does_not(site, use, cache, answer):
    mirrors = [site.mirror("a", **{TRAIN_IMAGES: answer}), site.mirror("b")]
    use("mnist", source_of("mnist", mirrors))
    path = locate_files("mnist")[0]
    assert path == cache / "mnist" / TRAIN_IMAGES
    assert path.read_bytes() == GOOD
    assert site.hits[f"/a/{TRAIN_IMAGES}"] == RETRIES + 1
    assert site.hits[f"/b/{TRAIN_IMAGES}"] == 1


@pytest.mark.parametrize(("answer", "reason"), BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_no_mirror_serves_the_file(site, use, cache, answer, reason):
    dead = dead_mirror()
    use("mnist", source_of("mnist", [dead, site.mirror("a", **{TRAIN_IMAGES: answer})]))
    text = refusal(lambda: load_dataset("mnist"), DataError)
    assert text.startswith(f"{TRAIN_IMAGES} of mnist could not be downloaded from")
    assert f"{dead.split('/')[2]} (ConnectionError)" in text
    assert f"127.0.0.1:{site.server.server_port} ({reason})" in text
    assert "data.local_dir" in text and "STRSBP_DATA_DIR" in text
    assert list((cache / "mnist").iterdir()) == []  # Nothing half-downloaded is left.


def test_a_mirror_that_does_not_answer_in_time(use, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.05)
    monkeypatch.setattr(download, "RETRIES", 0)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        use("mnist", source_of("mnist", [f"http://127.0.0.1:{silent.getsockname()[1]}/"]))
        assert "(ReadTimeout)" in refusal(lambda: load_dataset("mnist"), DataError)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_without_a_network_every_mirror_is_named(name, monkeypatch):
    def no_network(host, *arguments, **options):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    text = refusal(lambda: load_dataset(name), DataError)
    assert len(SOURCES[name].mirrors) >= 3
    for mirror in SOURCES[name].mirrors:
        assert f"{mirror.split('/')[2]} (ConnectionError)" in text
    assert ("/usr/share/datasets/fashion-mnist" in text) == (name == "fashion-mnist")


# --- local folders


@pytest.fixture
def offline(use, monkeypatch):
    """Both sets with the hashes of `FILES`, and a download that fails the test."""
    use("mnist", source_of("mnist", ["http://127.0.0.1:9/"]))
    use("fashion-mnist", source_of("fashion-mnist", ["http://127.0.0.1:9/"], hint="Ask Debian"))

    def refuse(*arguments):
        raise AssertionError("a download was tried")

    monkeypatch.setattr(download, "_download", refuse)


@pytest.mark.parametrize("subfolder", ["", "mnist"])
@pytest.mark.parametrize("how", ["argument", "environment"])
def test_a_local_folder(offline, tmp_path, monkeypatch, subfolder, how):
    folder = tmp_path / "my data"
    fill(folder / subfolder)
    if how == "environment":
        monkeypatch.setenv("STRSBP_DATA_DIR", str(folder))
        paths = locate_files("mnist")
    else:
        monkeypatch.setenv("STRSBP_DATA_DIR", str(tmp_path / "another"))  # The argument wins.
        paths = locate_files("mnist", str(folder))
    assert paths == tuple(folder / subfolder / name for name in NAMES)
    assert load_dataset("mnist", folder).test_images.shape == (4, 784)


def test_unpacked_files_below_the_home_folder(offline, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mnist").mkdir()
    for name, content in FILES["mnist"].items():
        (tmp_path / "mnist" / name.removesuffix(".gz")).write_bytes(gzip.decompress(content))
    paths = locate_files("mnist", "~/mnist")
    assert paths == tuple(tmp_path / "mnist" / name.removesuffix(".gz") for name in NAMES)
    assert load_dataset("mnist", "~/mnist").test_images.shape == (4, 784)
    altered = bytearray(paths[3].read_bytes())
    altered[-1] ^= 1
    paths[3].write_bytes(altered)
    said = refusal(lambda: load_dataset("mnist", "~/mnist"), DataError)
    assert "was altered or truncated" in said and str(paths[3]) in said


@pytest.fixture
def refused(offline, tmp_path):
    """Function that returns the sentence with which the folder `data` is refused."""
    return lambda name="mnist": refusal(lambda: load_dataset(name, tmp_path / "data"), DataError)


def test_an_altered_local_file_is_an_error(refused, tmp_path):
    name, content = NAMES[3], FILES["mnist"][NAMES[3]]
    fill(tmp_path / "data", **{name: altered(content)})
    text = refused()
    assert text.startswith(str(tmp_path / "data" / name)) and "altered or truncated" in text
    assert f", not {digest(gzip.decompress(content))}; put" in text


def test_a_missing_local_file_is_an_error(refused, tmp_path):
    (fill(tmp_path / "data") / NAMES[2]).unlink()
    assert f"{NAMES[2]} of mnist is neither in {tmp_path / 'data' / 'mnist'} nor" in refused()


# --- the same idx file, compressed in another way

REPACKED = gzip.compress(gzip.decompress(GOOD), compresslevel=1, mtime=2)


def test_a_local_file_that_was_compressed_in_another_way_is_accepted(offline, tmp_path):
    assert digest(REPACKED) != digest(GOOD)
    fill(tmp_path / "data", **{TRAIN_IMAGES: REPACKED})
    digits = load_dataset("mnist", tmp_path / "data")
    assert digits.train_images.tobytes() == gzip.decompress(GOOD)[16:]


def test_a_download_that_was_compressed_in_another_way_is_accepted_and_cached(site, use, cache):
    use("mnist", source_of("mnist", [site.mirror("a", **{TRAIN_IMAGES: REPACKED})]))
    for _ in range(2):
        assert locate_files("mnist")[0].read_bytes() == REPACKED
        assert site.hits[f"/a/{TRAIN_IMAGES}"] == 1


def test_other_content_is_refused_however_it_was_compressed(refused, tmp_path):
    other = gzip.compress(altered(gzip.decompress(GOOD)), mtime=1)
    fill(tmp_path / "data", **{TRAIN_IMAGES: other})
    assert f"unpacked, its SHA-256 is {digest(gzip.decompress(other))}, not" in refused()
