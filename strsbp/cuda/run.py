"""Train one arm with many seeds on a GPU; writes the same files as `strsbp.training.run`."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from strsbp.cuda.device import array_module, gpu_name
from strsbp.cuda.training import ReplicaRun, most_replicas, train_epochs
from strsbp.data import Digits
from strsbp.files import write_json, write_text
from strsbp.network import build_network
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.spsp import EffectRatioTable
from strsbp.training.epochs import TrainingState
from strsbp.training.resume import save_epoch
from strsbp.training.run import describe_run, metrics_csv, progress_bar, resume, run_hash


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
    started = datetime.now(UTC).isoformat(timespec="seconds")
    xp = array_module()
    digits = digits.first(arm.n_train, arm.n_test)
    template, fingerprints, seconds, resumed = None, {}, {}, {}
    runs: list[ReplicaRun] = []
    for seed in seeds:
        template = build_network(arm, layers, table, seed, digits.train_images.shape[1])
        start = TrainingState.start(template, digits)
        path = Path(checkpoint_path(seed))
        fingerprints[seed] = run_hash(arm, layers, table, digits, seed)
        resumed[seed] = path.exists()
        seconds[seed] = resume(start, path, fingerprints[seed]) if resumed[seed] else []
        # Copies, because a view would keep the whole network in memory.
        state = {key: array.copy() for key, array in template.state().items()}
        runs.append(ReplicaRun(seed, state, start.boost, start.rows))

    n_images = arm.n_train + arm.n_test
    title, done = f"{name}, {len(seeds)} seeds", sum(min(run.epoch, arm.epochs) for run in runs)
    with progress_bar(title, n_images, arm.epochs * len(seeds), done, progress) as bar:
        begin = time.perf_counter()

        def keep(trained: list[ReplicaRun]) -> None:
            nonlocal begin
            share = (time.perf_counter() - begin) / len(trained)
            for run in trained:
                seconds[run.seed].append(share)
                save_epoch(
                    checkpoint_path(run.seed), fingerprints[run.seed],
                    {**run.state, "boost": run.boost}, run.rows, {"seconds": seconds[run.seed]},
                )  # fmt: skip
            begin = time.perf_counter()

        n_together = most_replicas(template, runs, digits, xp)
        for first in range(0, len(runs), n_together):
            part = runs[first : first + n_together]
            train_epochs(template, part, digits, arm.epochs, xp, tick=bar.update, on_epoch=keep)

    for run in runs:
        seed = run.seed
        write_text(metrics_csv(run.rows[: arm.epochs]), metrics_path(seed))
        document = describe_run(
            arm, layers, digits, seed, seconds[seed], name=name, profile=profile,
            table_source=table_source, settings_sha256=fingerprints[seed], started=started,
            resumed=resumed[seed],
        )  # fmt: skip
        document["versions"] |= {"cupy": xp.__version__}
        document["machine"] |= {"gpu": gpu_name(xp)}
        document |= {"device": "cuda", "replicas": min(n_together, len(seeds))}
        write_json(document, provenance_path(seed))
    # Last, so that a crash before this point loses nothing.
    for seed in seeds:
        Path(checkpoint_path(seed)).unlink(missing_ok=True)
