"""Where the downloadable data sets come from, and how their files are recognised."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceFile:
    """One gzipped idx file."""

    name: str
    """Its name, the same at every mirror."""
    sha256: str
    """SHA-256 of the file that the mirrors serve, in hex digits."""
    repacked_sha256: str | None = None
    """SHA-256 of the same data compressed with another gzip header, also valid in a folder."""

    @property
    def known_sha256(self) -> tuple[str, ...]:
        """Every SHA-256 by which the file is accepted."""
        return (
            (self.sha256,) if self.repacked_sha256 is None else (self.sha256, self.repacked_sha256)
        )


@dataclass(frozen=True)
class Source:
    """A data set of four files."""

    files: tuple[SourceFile, SourceFile, SourceFile, SourceFile]
    """Training images, training labels, test images, test labels."""
    mirrors: tuple[str, ...]
    """Base URLs, each ending in a slash, in the order in which they are tried."""
    hint: str = ""
    """Another way to get the files, as a clause of a sentence."""


SOURCES = {
    "mnist": Source(
        files=(
            SourceFile(
                "train-images-idx3-ubyte.gz",
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            SourceFile(
                "train-labels-idx1-ubyte.gz",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            SourceFile(
                "t10k-images-idx3-ubyte.gz",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            SourceFile(
                "t10k-labels-idx1-ubyte.gz",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://raw.githubusercontent.com/fgnt/mnist/master/",
        ),
    ),
    # The authors' files carry the original file name and time in their gzip headers; Debian's
    # package dataset-fashion-mnist has the same compressed data under a shorter header.
    "fashion-mnist": Source(
        files=(
            SourceFile(
                "train-images-idx3-ubyte.gz",
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
            ),
            SourceFile(
                "train-labels-idx1-ubyte.gz",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
            ),
            SourceFile(
                "t10k-images-idx3-ubyte.gz",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
            ),
            SourceFile(
                "t10k-labels-idx1-ubyte.gz",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
            ),
        ),
        mirrors=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            # This kind of storage host speaks http only; the SHA-256 guards the content.
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        hint=(
            "Debian's package dataset-fashion-mnist puts them in /usr/share/datasets/fashion-mnist"
        ),
    ),
}
"""The data sets by name."""
