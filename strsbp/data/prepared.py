"""The digits of a study on disk: the images (.npz) and a description of them (.json).

The description is small enough for the repository; the images are not. So a step that needs
images depends on the description, and recreates the images if they are missing.
"""

from pathlib import Path

from strsbp.data import DATASET_NAMES, load_dataset, read_dataset, read_digits, save_digits
from strsbp.data.dataset import Digits
from strsbp.errors import DataError
from strsbp.files import ResultsError, read_json, write_json


def load(name: str, source: str | Path | None = None) -> Digits:
    """The data set `name` from `source`: a `local_dir` of `load_dataset`, or the user's own file.

    Raises `DataError`.
    """
    if name in DATASET_NAMES:
        return load_dataset(name, source)
    if source is None:
        raise DataError(f"The data set '{name}' has no file; name it under data.sets.")
    return read_dataset(name, source)


def describe(digits: Digits) -> dict:
    """Name, number of images and pixels (or input neurons), and SHA-256 of a data set."""
    return dict(
        dataset=digits.name,
        n_train=len(digits.train_labels),
        n_test=digits.n_test,
        n_pixels=digits.sizes[0],
        sha256=digits.sha256(),
    )


def write_prepared(digits: Digits, images: str | Path, description: str | Path) -> None:
    """Write the images (.npz) and then their description (.json)."""
    save_digits(images, digits)
    write_json(describe(digits), description)


def prepare_data(*, dataset: str, local_dir: str | Path | None, description: str | Path) -> None:
    """Load `dataset` (see `load`) and write its `description`, with the images beside it."""
    digits = load(dataset, local_dir)
    write_prepared(digits, Path(description).with_suffix(".npz"), description)


def read_prepared(description: str | Path, source: str | Path | None = None) -> Digits:
    """The digits described by the file `description`, read from the .npz of the same name.

    If the .npz is missing, the data set is loaded (from `source`, see `load`) and the .npz
    written. Raises `DataError` if the images do not match the description.
    """
    description = Path(description)
    images = description.with_suffix(".npz")
    try:
        expected = read_json(description)
        name = expected["dataset"]
    except (ResultsError, KeyError):
        raise DataError(
            f"{description} does not describe a data set; delete it so that it is recreated."
        ) from None
    missing = not images.is_file()
    digits = load(name, source) if missing else read_digits(images)
    if describe(digits) != expected:
        raise DataError(
            f"The images of {name} do not match {description}; delete the description if the "
            "images are right, otherwise delete the .npz next to it."
        )
    if missing:
        save_digits(images, digits)
    return digits
