"""Train one arm with many seeds on a GPU; writes the same files as `strsbp.training.run`."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from strsbp.cuda.device import array_module, gpu_name
from strsbp.cuda.training import most_replicas, train_epochs
from strsbp.data import Digits
from strsbp.files import write_json, write_text
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.spsp.table import EffectRatioTable
from strsbp.training.epochs import TrainingState
from strsbp.training.run import Run, metrics_csv, progress_bar, trouble


def run_batch(
    arm: ArmSettings,
    layers: list[LayerSettings],
    table: EffectRatioTable,
    digits: Digits,
    seeds: Sequence[int],
    *,
    name: str,
    metrics_path: Callable[[int], str | Path],
    provenance_path: Callable[[int], str | Path],
    checkpoint_path: Callable[[int], str | Path],
    profile: str,
    table_source: dict,
    progress: bool = True,
) -> None:
    """Train `arm` with all `seeds` at once and write their metrics and provenance.

    The paths are functions of the seed. Checkpoints are the same as those of `run_arm` on a CPU:
    each seed has one after each epoch, and an interrupted batch resumes from them with the same
    metrics. The recorded time of a seed is its share of the batch's time. If the seeds do not fit
    into GPU memory together, they are trained in parts, one after the other. Raises `DeviceError`
    if there is no GPU or too little memory, and `CheckpointError` for a checkpoint that is damaged
    or belongs to other settings.
    """
    xp = array_module()
    digits = digits.first(arm.n_train, arm.n_test, arm.n_validation)
    runs = {seed: Run(arm, layers, table, digits, seed, checkpoint_path(seed)) for seed in seeds}
    states = [run.state for run in runs.values()]
    n_images = arm.n_train + arm.n_test + arm.n_validation
    title, done = f"{name}, {len(seeds)} seeds", sum(min(one.epoch, arm.epochs) for one in states)
    with progress_bar(title, n_images, arm.epochs * len(seeds), done, progress) as bar:
        begin = time.perf_counter()

        def keep(trained: list[TrainingState]) -> None:
            nonlocal begin
            share = (time.perf_counter() - begin) / len(trained)
            for state in trained:
                runs[state.network.seed].save(share)
            begin = time.perf_counter()

        n_together = most_replicas(states, xp)
        for first in range(0, len(states), n_together):
            part = states[first : first + n_together]
            train_epochs(part, arm.epochs, xp, tick=bar.update, on_epoch=keep)

    for seed, run in runs.items():
        if progress and (warning := trouble(run.state.rows[: arm.epochs][-1])):
            print(f"{name} seed {seed} {warning}", file=sys.stderr)
        write_text(metrics_csv(run.state.rows[: arm.epochs]), metrics_path(seed))
        document = run.describe(name, profile, table_source)
        document["versions"] |= {"cupy": xp.__version__}
        document["machine"] |= {"gpu": gpu_name(xp)}
        document |= {"device": "cuda", "replicas": min(n_together, len(seeds))}
        write_json(document, provenance_path(seed))
    # Last, so that a crash before this point loses nothing.
    for run in runs.values():
        run.checkpoint_path.unlink(missing_ok=True)
