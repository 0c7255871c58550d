"""Digits: embedded, from a local folder, or downloaded; always verified."""

from pathlib import Path

from strsbp.data.dataset import Digits as Digits
from strsbp.data.dataset import read_digits as read_digits
from strsbp.data.dataset import save_digits as save_digits
from strsbp.errors import DataError

DATASETS = ("mnist5k", "mnist", "fashion-mnist")


def load_dataset(name: str, local_dir: str | Path | None = None) -> Digits:
    """The data set `name`: `mnist5k`, `mnist` or `fashion-mnist`.

    `local_dir`: folder with the idx files of the last two; without it, and without the
    environment variable STRSBP_DATA_DIR, they are downloaded. Raises `DataError`.
    """
    if name == "mnist5k":
        from strsbp.data.embedded import load_mnist5k

        return load_mnist5k()
    if name in DATASETS:
        from strsbp.data.download import load_idx

        return load_idx(name, local_dir)
    raise DataError(f"There is no data set '{name}'; choose {', '.join(DATASETS)}.")
