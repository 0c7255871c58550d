"""One run of an arm, as a workflow job."""

from pathlib import Path

from strsbp.study.inputs import Networks
from strsbp.training.run import describe_table, run_arm


def train(
    *, networks: Networks, seed: int, profile: str, metrics: str | Path, provenance: str | Path
) -> None:
    """Train the arm with one `seed`, resuming from its checkpoint if there is one."""
    ((name, arm),) = networks.arms.items()
    run_arm(
        arm,
        networks.layers,
        networks.tables[0],
        networks.digits,
        seed,
        name=name,
        metrics_path=metrics,
        provenance_path=provenance,
        checkpoint_path=Path(metrics).with_suffix(".ckpt.npz"),
        profile=profile,
        table_source=describe_table(arm, networks.table_files[0]),
    )
