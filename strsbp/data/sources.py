"""Where the downloadable data sets come from, and how their files are recognised."""

from typing import NamedTuple


class Source(NamedTuple):
    """A data set of the four idx files `FILE_NAMES`, gzipped or not."""

    sha256: tuple[str, ...]
    """SHA-256 of each unpacked file, since mirrors compress the same file differently."""
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
"""Training images, training labels, test images, test labels."""

SOURCES = {
    "mnist": Source(
        sha256=(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://raw.githubusercontent.com/fgnt/mnist/master/",
        ),
    ),
    "fashion-mnist": Source(
        sha256=(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
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
