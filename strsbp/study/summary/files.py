"""Reading and writing the results files: tidy csv, whole or not at all."""

import json
import os
import uuid
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.errors import StrsbpError
from strsbp.files import read_bounded, regular_size

LARGEST_JSON = 10_000_000
"""Bytes of a json file; the provenance of a run has a few thousand."""


class ResultsError(StrsbpError):
    """A results file is missing, incomplete or inconsistent with its companions."""


@contextmanager
def replacing(path: str | Path):
    """Yield a temporary path beside `path` that takes its place when the block succeeds.

    When the block fails, nothing is left behind and an older `path` stays as it was. The
    temporary name keeps the suffix, because some writers choose the format by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_csv(frame: pd.DataFrame, path: str | Path, *, digits: int = 9) -> None:
    """Write `frame` without its index; numbers to `digits` significant ones, unknown ones empty."""
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, float_format=f"%.{digits}g", lineterminator="\n")


def read_csv(path: str | Path, columns: Iterable[str] = ()) -> pd.DataFrame:
    """Read a results csv and make sure that `columns` are there.

    Raises `ResultsError` when the file is missing, is no csv or lacks a column.
    """
    try:
        regular_size(path)
        frame = pd.read_csv(path, compression=None, low_memory=False)
    except FileNotFoundError:
        raise ResultsError(f"{path} is missing; run the rule that makes it.") from None
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, UnicodeDecodeError) as error:  # pandas' parser errors are ValueErrors
        reason = str(error).splitlines()[0]
        raise ResultsError(f"{path} is not a readable csv ({reason}); make it again.") from None
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ResultsError(f"{path} has no column '{missing[0]}'; make it again.")
    return frame


def numbers(frame: pd.DataFrame, column: str, path: str | Path) -> pd.Series:
    """The column of `frame`, read from `path`, as float64 with NaN where a cell is empty.

    Raises `ResultsError` for a cell that is no finite number.
    """
    cells = frame[column]
    try:
        values = pd.to_numeric(cells, errors="coerce").astype(float)
    except (OverflowError, TypeError, ValueError):  # an integer beyond any float
        values = pd.Series(np.nan, cells.index)
    if not (np.isfinite(values) | cells.isna()).all():
        raise ResultsError(f"{path} holds a '{column}' that is no number; make it again.")
    return values


def read_json(path: str | Path) -> dict:
    """Read a json object; raises `ResultsError` when there is none at `path`."""
    try:
        content = json.loads(read_bounded(path, LARGEST_JSON))
    except FileNotFoundError:
        raise ResultsError(f"{path} is missing; run the rule that makes it.") from None
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise ResultsError(f"{path} is not valid json; make it again.") from None
    if not isinstance(content, dict):
        raise ResultsError(f"{path} does not hold a json object; make it again.")
    return content
