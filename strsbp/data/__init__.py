"""Data sets: digits embedded in a package, downloaded or read from a folder, and your own.

digits = load_dataset("mnist", local_dir=None).first(10_000, 10_000)
digits = read_dataset("mine", "mine.npz")
"""

from pathlib import Path

from strsbp.data.dataset import Digits, read_digits, save_digits
from strsbp.data.download import locate_files
from strsbp.data.idx import read_files
from strsbp.data.own import read_dataset, save_events
from strsbp.errors import DataError
from strsbp.settings import DATASET_NAMES

__all__ = ["Digits", "load_dataset", "read_dataset", "read_digits", "save_digits", "save_events"]


def load_dataset(name: str, local_dir: str | Path | None = None) -> Digits:
    """The whole data set `name`; take a subset with `.first(n_train, n_test)`.

    `mnist5k` comes with a Python package. `mnist` and `fashion-mnist` are read from `local_dir`
    or the folder named by the environment variable STRSBP_DATA_DIR, or else downloaded once (see
    `strsbp.data.download`); they are always verified by SHA-256. A set of another name is read from
    `local_dir` as `read_dataset` does. Raises `DataError`.
    """
    if name == "mnist5k":
        # Imported here because scikit-learn takes seconds to import.
        from strsbp.data.embedded import load_mnist5k

        return load_mnist5k()
    if name in DATASET_NAMES:
        return Digits(name, *read_files(locate_files(name, local_dir)))
    if local_dir is None:
        raise DataError(
            f"There is no data set '{name}'; name one of {', '.join(DATASET_NAMES)}, or a file of "
            "your own under data.sets."
        )
    return read_dataset(name, local_dir)
