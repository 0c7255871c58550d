"""Train one arm with several seeds at once on a GPU, resuming from their checkpoints."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.cuda.run import run_batch
    from strsbp.study.inputs import read_networks
    from strsbp.training.run import describe_table

    networks = read_networks(snakemake)
    seeds = snakemake.params.seeds
    arm = networks.first.model_copy(update={"seeds": seeds})
    made, kept = Path(snakemake.output.runs), Path(snakemake.params.checkpoints)
    run_batch(
        arm,
        networks.layers,
        networks.tables[0],
        networks.digits,
        seeds,
        name=snakemake.wildcards.arm,
        metrics_path=lambda seed: made / f"seed{seed}.csv",
        provenance_path=lambda seed: made / f"seed{seed}.json",
        checkpoint_path=lambda seed: kept / f"seed{seed}.ckpt.npz",
        profile=snakemake.wildcards.profile,
        table_source=describe_table(arm, snakemake.input.tables[0]),
    )
