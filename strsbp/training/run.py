"""Train one arm with one seed, with checkpoints, metrics and provenance."""

import csv
import hashlib
import io
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from strsbp.checkpoint import load_checkpoint, save_checkpoint
from strsbp.data import Digits
from strsbp.errors import CheckpointError, SettingsError
from strsbp.files import file_sha256, write_json, write_text
from strsbp.network import build_network
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.spsp.table import Table
from strsbp.training import provenance
from strsbp.training.epochs import TrainingState, train_epoch


def run_hash(
    arm: ArmSettings, layers: list[LayerSettings], table: Table, digits: Digits, seed: int
) -> str:
    """SHA-256 of everything that a run's metrics depend on, except the number of epochs.

    The title, the arm's list of seeds and the number of epochs are left out, since they do not
    affect the numbers of an epoch.
    """
    relevant = arm.model_dump(mode="json", exclude={"title", "epochs", "seeds", "table"})
    parts = [
        json.dumps(relevant, sort_keys=True), *(layer.model_dump_json() for layer in layers),
        table.content(), digits.sha256(), str(seed),
    ]  # fmt: skip
    return hashlib.sha256("".join(f"{part}\0" for part in parts).encode()).hexdigest()


class Run:
    """One seed of an arm: its state, resumed from its checkpoint if there is one.

    `state`: its `TrainingState`; `seconds`: the time of each epoch.
    """

    def __init__(
        self, arm: ArmSettings, layers: list[LayerSettings], table: Table, digits: Digits,
        seed: int, checkpoint_path: str | Path,
    ):  # fmt: skip
        self.started = datetime.now(UTC).isoformat(timespec="seconds")
        self.arm, self.layers, self.digits, self.seed = arm, layers, digits, seed
        network = build_network(arm, layers, table, seed, *digits.sizes)
        self.state = TrainingState.start(network, digits)
        self.fingerprint = run_hash(arm, layers, table, digits, seed)
        self.checkpoint_path = Path(checkpoint_path)
        self.resumed = self.checkpoint_path.exists()
        self.seconds: list[float] = []
        if self.resumed:
            self.seconds = resume(self.state, self.checkpoint_path, self.fingerprint)

    def save(self, seconds: float) -> None:
        """Write a checkpoint after an epoch that took `seconds`."""
        self.seconds.append(seconds)
        document = {
            "settings_sha256": self.fingerprint, "rows": self.state.rows, "seconds": self.seconds,
        }  # fmt: skip
        save_checkpoint(self.checkpoint_path, self.state.arrays(), document)

    def describe(self, name: str, profile: str, table_source: dict) -> dict:
        """The provenance of the run, on this machine's CPU."""
        commit, dirty = provenance.code_commit()
        settings = self.arm.model_copy(update={"seeds": [self.seed]})
        return {
            "arm": name,
            "seed": self.seed,
            "profile": profile,
            "settings": settings.model_dump(mode="json"),
            "architecture": [
                layer.model_dump(mode="json", exclude_none=True) for layer in self.layers
            ],
            "settings_sha256": self.fingerprint,
            "table": table_source,
            "data": provenance.data(self.digits),
            "commit": commit,
            "dirty": dirty,
            "versions": provenance.versions(),
            "machine": provenance.machine(),
            "device": "cpu",
            "started": self.started,
            "seconds_per_epoch": [round(value, 3) for value in self.seconds],
            "seconds": round(sum(self.seconds), 3),
            "resumed": self.resumed,
        }


def run_arm(
    arm: ArmSettings,
    layers: list[LayerSettings],
    table: Table,
    digits: Digits,
    seed: int,
    *,
    name: str,
    metrics_path: str | Path,
    provenance_path: str | Path,
    checkpoint_path: str | Path,
    profile: str,
    table_source: dict,
    progress: bool = True,
) -> None:
    """Train `arm` on the first images of `digits` and write its metrics and provenance.

    A checkpoint is written after each epoch; an interrupted run resumes from it and ends with the
    same metrics, byte for byte. `table_source` says where the table came from. Raises
    `CheckpointError` for a checkpoint that is damaged or belongs to other settings.
    """
    digits = digits.first(arm.n_train, arm.n_test, arm.n_validation)
    run = Run(arm, layers, table, digits, seed, checkpoint_path)
    state, n_images = run.state, len(digits.train_labels) + len(digits.test_labels)
    with progress_bar(f"{name} seed {seed}", n_images, arm.epochs, state.epoch, progress) as bar:
        while state.epoch < arm.epochs and not state.diverged:
            begin = time.perf_counter()
            row = train_epoch(state, bar.update)
            bar.set_postfix_str(f"test error {100 * row['test_error']:.2f} %")
            run.save(time.perf_counter() - begin)

    rows = state.rows[: arm.epochs]
    if progress and (warning := trouble(rows[-1])):
        print(f"{name} seed {seed} {warning}", file=sys.stderr)
    write_text(metrics_csv(rows), metrics_path)
    write_json(run.describe(name, profile, table_source), provenance_path)
    # Last, so that a crash before this point loses nothing.
    run.checkpoint_path.unlink(missing_ok=True)


def trouble(row: dict) -> str:
    """What is wrong with a run whose last metrics are `row`, in words; empty if nothing is."""
    if row["diverged"]:
        return (
            f"diverged in epoch {row['epoch']}: a weight or moment of layer {row['diverged']} is "
            "not finite, so its curve ends there."
        )
    for key, share in row.items():
        if key.startswith("silent_share_") and share == 1:
            layer = key.removeprefix("silent_share_")
            return (
                f"ended with a silent layer: no neuron of {layer} fires on any test image, so the "
                "network cannot tell classes apart; lower its threshold or that of a layer below."
            )
    return ""


def progress_bar(title: str, n_images: int, epochs: int, done: int, shown: bool) -> tqdm:
    """A progress bar over the images of `epochs` epochs (`n_images` each), `done` complete."""
    return tqdm(
        total=n_images * epochs,
        initial=n_images * min(done, epochs),
        desc=title,
        unit="image",
        disable=None if shown else True,  # None: only on a terminal
        mininterval=1.0,
    )


def describe_table(arm: ArmSettings, path: str | Path) -> dict:
    """The provenance entry for the table `path` of an arm: its origin and SHA-256."""
    simulated = arm.simulated_table()
    origin = {"file": arm.table.file} if simulated is None else {"key": simulated.key}
    return origin | {"sha256": file_sha256(path)}


def resume(state: TrainingState, path: Path, fingerprint: str) -> list[float]:
    """Restore `state` from the checkpoint `path`; returns the seconds of its epochs.

    Raises `CheckpointError` if it is damaged or does not belong to the run with `fingerprint`.
    """
    arrays, document = load_checkpoint(path)
    if document.get("settings_sha256") != fingerprint:
        raise CheckpointError(
            f"The checkpoint {path} belongs to other settings, data or table; delete it to "
            "restart this run."
        )
    try:
        state.network.load_state(arrays)
        state.boost, state.rows = arrays["boost"], document["rows"]
        return document["seconds"]
    except (KeyError, SettingsError) as error:
        raise CheckpointError(
            f"The checkpoint {path} is of another version of strsbp ({error}); delete it to "
            "restart this run."
        ) from None


def metrics_csv(rows: list[dict]) -> str:
    """The rows of `train_epoch` as CSV text; nine digits represent every float32 exactly."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow(
            f"{value:.9g}" if isinstance(value, float) else value for value in row.values()
        )
    return text.getvalue()
