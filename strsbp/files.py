"""Reading and writing files: writes are atomic, and a bad file is reported in one sentence.

pandas and PyYAML are imported where they are used, so importing this module is cheap.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strsbp.errors import StrsbpError, in_words

if TYPE_CHECKING:
    import pandas as pd


class ResultsError(StrsbpError):
    """A results file is missing, incomplete or inconsistent with related files."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path next to `path`, which replaces it if the block succeeds.

    `path` has either its old content or all of the new content, even after a crash. The
    temporary name keeps the suffix because some writers choose the format by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex}{path.suffix}")
    try:
        yield temporary
        with open(temporary, "r+b") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file's content, as 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(text: str, path: str | Path) -> None:
    """Write `text` as UTF-8, atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode())


def write_json(content: dict, path: str | Path) -> None:
    """Write `content` as JSON, atomically."""
    write_text(json.dumps(content, indent=1) + "\n", path)


def write_csv(frame: "pd.DataFrame", path: str | Path, *, digits: int = 9) -> None:
    """Write `frame` without its index, with `digits` significant digits; NaN becomes empty."""
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False, float_format=f"%.{digits}g", lineterminator="\n")


def read_csv(path: str | Path, columns: Iterable[str] = (), sep: str = ",") -> "pd.DataFrame":
    """Read a results CSV file, whose cells `sep` separates, and check that it has `columns`.

    Raises `ResultsError` if the file is missing, is not CSV or lacks a column.
    """
    import pandas as pd

    with _reading(path, "CSV"):
        frame = pd.read_csv(path, sep=sep, compression=None, low_memory=False)
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ResultsError(f"{path} has no column '{missing[0]}'; make it again.")
    return frame


def numbers(frame: "pd.DataFrame", column: str, path: str | Path) -> "pd.Series":
    """The float64 numbers in `column` of the file `path`; NaN for an empty cell.

    Raises `ResultsError` for a cell that is not a finite number.
    """
    import numpy as np
    import pandas as pd

    values = pd.to_numeric(frame[column], errors="coerce").astype(float)
    if not (np.isfinite(values) | frame[column].isna()).all():
        raise ResultsError(f"{path} has a '{column}' that is not a number; make it again.")
    return values


def read_json(path: str | Path) -> dict:
    """Read the JSON object in `path`; raises `ResultsError` if there is none."""
    with _reading(path, "JSON"):
        return json.loads(Path(path).read_bytes())


@contextmanager
def _reading(path: str | Path, kind: str) -> Iterator[None]:
    """Say in one sentence why `path` cannot be read."""
    try:
        yield
    except FileNotFoundError:
        raise ResultsError(f"{path} is missing; run the rule that makes it.") from None
    except (OSError, ValueError) as error:  # the latter includes bad syntax and bad UTF-8
        raise ResultsError(
            f"{path} is not a readable {kind} file ({in_words(error)}); make it again."
        ) from None


def read_yaml(path: str | Path, error: type[StrsbpError]) -> Any:
    """The plain data in the YAML file `path`; raises `error` in one sentence."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Rejects duplicate keys, of which PyYAML would silently take the last."""

        def compose_mapping_node(self, anchor):
            node = super().compose_mapping_node(anchor)
            seen = set()
            for key, _ in node.value:
                if str(key.value) in seen:
                    problem = f"the key '{key.value}' appears twice"
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
                seen.add(str(key.value))
            return node

    try:
        return yaml.load(Path(path).read_bytes().decode(), Loader)
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror}.") from None
    except (yaml.YAMLError, ValueError) as problem:  # ValueError: not UTF-8, or a date like June 31
        mark = getattr(problem, "problem_mark", None)
        at = f" at line {mark.line + 1}" if mark else ""
        reason = getattr(problem, "problem", None) or in_words(problem)
        raise error(f"{path} is not valid YAML{at}: {reason}.") from None
