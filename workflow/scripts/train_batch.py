"""Train one arm with several seeds at once on a GPU; goes on from their checkpoints."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.cuda.run import run_batch
    from strsbp.data.prepared import read_prepared
    from strsbp.settings import ArmSettings, LayerSettings
    from strsbp.spsp import read_table
    from strsbp.training.run import describe_table

    seeds = snakemake.params.seeds
    arm = ArmSettings.model_validate({**snakemake.params.arm, "seeds": seeds})
    made, kept = Path(snakemake.output.runs), Path(snakemake.params.checkpoints)
    run_batch(
        arm,
        [LayerSettings.model_validate(layer) for layer in snakemake.params.layers],
        read_table(snakemake.input.table),
        read_prepared(snakemake.input.digits, snakemake.config["data"].get("local_dir")),
        seeds,
        name=snakemake.wildcards.arm,
        metrics_path=lambda seed: made / f"seed{seed}.csv",
        provenance_path=lambda seed: made / f"seed{seed}.json",
        checkpoint_path=lambda seed: kept / f"seed{seed}.ckpt.npz",
        profile=snakemake.wildcards.profile,
        table_source=describe_table(arm, snakemake.input.table),
    )
