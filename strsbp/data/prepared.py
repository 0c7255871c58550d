"""The digits of a study on disk: the images (.npz) and a description of them (.json).

The description is small enough for the repository; the images are not. So a step that needs
images depends on the description, and recreates the images if they are missing.
"""

from pathlib import Path

from strsbp.data import load_dataset, read_digits, save_digits
from strsbp.data.dataset import Digits
from strsbp.errors import DataError
from strsbp.files import read_json, write_json


def describe(digits: Digits) -> dict:
    """Name, number of images and pixels (or input neurons), and SHA-256 of a data set."""
    return dict(
        dataset=digits.name,
        n_train=len(digits.train_labels),
        n_test=digits.n_test,
        n_pixels=digits.sizes[0],
        sha256=digits.sha256(),
    )


def prepare_data(*, dataset: str, local_dir: str | Path | None, description: str | Path) -> None:
    """Load `dataset`; write its images to an .npz file beside `description`, then `description`."""
    digits = load_dataset(dataset, local_dir)
    save_digits(Path(description).with_suffix(".npz"), digits)
    write_json(describe(digits), description)


def read_prepared(description: str | Path, source: str | Path | None = None) -> Digits:
    """The digits described by the file `description`, read from the .npz of the same name.

    If the .npz is missing, the data set is loaded (from `source`, see `load_dataset`) and the .npz
    written. Raises `DataError` if the images do not match the description.
    """
    images = Path(description).with_suffix(".npz")
    expected = read_json(description)
    name, missing = expected["dataset"], not images.is_file()
    digits = load_dataset(name, source) if missing else read_digits(images)
    if describe(digits) != expected:
        raise DataError(
            f"The images of {name} do not match {description}; delete the description if the "
            "images are right, otherwise delete the .npz next to it."
        )
    if missing:
        save_digits(images, digits)
    return digits
