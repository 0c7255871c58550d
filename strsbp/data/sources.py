"""Where the downloadable data sets come from, and how their files are recognised."""

import hashlib
from dataclasses import dataclass

from strsbp.data.idx import content_sha256


@dataclass(frozen=True)
class SourceFile:
    """One gzipped idx file."""

    name: str
    """Its name, the same at every mirror."""
    sha256: str
    """SHA-256 of the .gz file, in hex digits."""
    content_sha256: str
    """SHA-256 of the decompressed idx file."""

    def is_this(self, data: bytes) -> bool:
        """Whether `data` is this file, or the same idx file unpacked or compressed differently."""
        return (
            hashlib.sha256(data).hexdigest() == self.sha256
            or content_sha256(data) == self.content_sha256
        )


@dataclass(frozen=True)
class Source:
    """A data set of four files."""

    files: tuple[SourceFile, SourceFile, SourceFile, SourceFile]
    """Training images, training labels, test images, test labels."""
    mirrors: tuple[str, ...]
    """Base URLs, each ending in a slash, in the order they are tried."""
    hint: str = ""
    """Another way to get the files, as a clause for an error message."""


FILE_NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def _files(*hashes: str) -> tuple[SourceFile, SourceFile, SourceFile, SourceFile]:
    """The four files, from their `sha256` and `content_sha256` in turn."""
    a, b, c, d = map(SourceFile, FILE_NAMES, hashes[::2], hashes[1::2])
    return a, b, c, d


SOURCES = {
    "mnist": Source(
        files=_files(
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://raw.githubusercontent.com/fgnt/mnist/master/",
        ),
    ),
    # The first SHA-256 of each file is the one in Debian's package dataset-fashion-mnist. The
    # mirrors serve the authors' files, whose gzip headers differ; their content hash identifies
    # them.
    "fashion-mnist": Source(
        files=_files(
            "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
        mirrors=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            # This host supports only http; the SHA-256 protects the content.
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        hint=(
            "Debian's package dataset-fashion-mnist puts them in /usr/share/datasets/fashion-mnist"
        ),
    ),
}
"""The data sets by name."""
