"""A run's checkpoint between two epochs, which only the same run goes on from."""

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
    """Write the state of a run after its last epoch to `path`, atomically.

    `fingerprint`: SHA-256 of all that its metrics depend on; `arrays`: what it trains; `rows`: the
    metrics of its epochs, and `times`: their seconds, by kind.
    """
    save_checkpoint(path, arrays, {"settings_sha256": fingerprint, "rows": rows, **times})


def load_epoch(
    path: str | Path,
    fingerprint: str,
    kinds: tuple[str, ...],
    take: Callable[[dict[str, np.ndarray], list[dict]], bool],
) -> dict[str, list[float]]:
    """Give the run of `fingerprint` what `save_epoch` wrote to `path`; returns its `times`.

    `kinds`: those of the times. `take(arrays, rows)` sets the state of the run and says whether
    arrays and rows belong together; it may raise what arrays of another network make it raise.
    Raises `CheckpointError` where the file is damaged or holds another run.
    """
    arrays, document = load_checkpoint(path)
    if document.get("settings_sha256") != fingerprint:
        raise CheckpointError(
            f"The checkpoint {path} belongs to other settings, data or table; delete it to start "
            "this run anew."
        )
    try:
        rows, times = document["rows"], {kind: document[kind] for kind in kinds}
        whole = all(len(t) == len(rows) for t in times.values()) and take(arrays, rows)
    except (KeyError, TypeError, ValueError, SettingsError):
        whole = False
    if not whole:
        raise CheckpointError(
            f"The checkpoint {path} does not hold a run of this network; delete it to start this "
            "run anew."
        )
    return times
