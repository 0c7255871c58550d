"""A run's checkpoint after each epoch, from which only the same run can resume."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from strsbp.checkpoint import load_checkpoint, save_checkpoint
from strsbp.errors import CheckpointError, SettingsError


def save_epoch(
    path: str | Path,
    fingerprint: str,
    arrays: dict[str, np.ndarray],
    rows: list[dict],
    times: Mapping[str, list[float]],
) -> None:
    """Write the state of a run after its latest epoch to `path`, atomically.

    `fingerprint`: SHA-256 of everything its metrics depend on; `arrays`: the trained state;
    `rows`: the metrics of its epochs; `times`: for each kind of timing, the seconds per epoch.
    """
    save_checkpoint(path, arrays, {"settings_sha256": fingerprint, "rows": rows, **times})


def load_epoch(
    path: str | Path,
    fingerprint: str,
    kinds: tuple[str, ...],
    take: Callable[[dict[str, np.ndarray], list[dict]], bool],
) -> dict[str, list[float]]:
    """Restore the run with `fingerprint` from the checkpoint `path`; returns its `times`.

    `kinds`: the keys of `times`. `take(arrays, rows)` sets the state of the run and returns
    whether arrays and rows are consistent; exceptions that it raises for arrays of another
    network are handled here. Raises `CheckpointError` if the file is damaged or belongs to
    another run.
    """
    arrays, document = load_checkpoint(path)
    if document.get("settings_sha256") != fingerprint:
        raise CheckpointError(
            f"The checkpoint {path} belongs to other settings, data or table; delete it to "
            "restart this run."
        )
    try:
        rows, times = document["rows"], {kind: document[kind] for kind in kinds}
        whole = all(len(t) == len(rows) for t in times.values()) and take(arrays, rows)
    except (KeyError, TypeError, ValueError, SettingsError):
        whole = False
    if not whole:
        raise CheckpointError(
            f"The checkpoint {path} does not contain a run of this network; delete it to "
            "restart this run."
        )
    return times
