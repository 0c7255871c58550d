"""All runs of an arm on a GPU, as a workflow job."""

from collections.abc import Sequence
from pathlib import Path

from strsbp.cuda.run import run_batch
from strsbp.study.inputs import Networks
from strsbp.training.run import describe_table


def train_batch(
    *, networks: Networks, seeds: Sequence[int], profile: str, checkpoints: str, runs: str
) -> None:
    """Train the arm with all `seeds` at once, resuming from their checkpoints.

    `checkpoints`: the folder of these; `runs`: the folder of metrics and provenance.
    """
    ((name, arm),) = networks.arms.items()
    run_batch(
        arm,
        networks.layers,
        networks.tables[0],
        networks.digits,
        seeds,
        name=name,
        metrics_path=lambda seed: Path(runs, f"seed{seed}.csv"),
        provenance_path=lambda seed: Path(runs, f"seed{seed}.json"),
        checkpoint_path=lambda seed: Path(checkpoints, f"seed{seed}.ckpt.npz"),
        profile=profile,
        table_source=describe_table(arm, networks.table_files[0]),
    )
