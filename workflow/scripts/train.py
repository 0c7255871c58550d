"""Train one arm with one seed; goes on from its checkpoint where there is one."""

from pathlib import Path

from _job import job

with job(snakemake):
    from strsbp.data.prepared import read_prepared
    from strsbp.settings import ArmSettings, LayerSettings
    from strsbp.spsp import read_table
    from strsbp.training.run import describe_table, run_arm

    seed = int(snakemake.wildcards.seed)
    arm = ArmSettings.model_validate({**snakemake.params.arm, "seeds": [seed]})
    metrics = Path(snakemake.output.metrics)
    run_arm(
        arm,
        [LayerSettings.model_validate(layer) for layer in snakemake.params.layers],
        read_table(snakemake.input.table),
        read_prepared(snakemake.input.digits, snakemake.config["data"].get("local_dir")),
        seed,
        name=snakemake.wildcards.arm,
        metrics_path=metrics,
        provenance_path=snakemake.output.provenance,
        checkpoint_path=metrics.with_suffix(".ckpt.npz"),
        profile=snakemake.wildcards.profile,
        table_source=describe_table(arm, snakemake.input.table),
    )
