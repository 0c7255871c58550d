"""Train one arm with one seed, resuming from its checkpoint if there is one."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.study.inputs import read_networks
    from strsbp.training.run import describe_table, run_arm

    networks = read_networks(snakemake)
    seed = int(snakemake.wildcards.seed)
    arm = networks.first.model_copy(update={"seeds": [seed]})
    metrics = Path(snakemake.output.metrics)
    run_arm(
        arm,
        networks.layers,
        networks.tables[0],
        networks.digits,
        seed,
        name=snakemake.wildcards.arm,
        metrics_path=metrics,
        provenance_path=snakemake.output.provenance,
        checkpoint_path=metrics.with_suffix(".ckpt.npz"),
        profile=snakemake.wildcards.profile,
        table_source=describe_table(arm, snakemake.input.tables[0]),
    )
