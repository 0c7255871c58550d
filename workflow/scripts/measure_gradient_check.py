"""Measure gradients and finite differences of the expected loss on one state of a network."""

from _job import job

with job(snakemake):
    from strsbp.data.prepared import read_prepared
    from strsbp.settings import ArmSettings, LayerSettings
    from strsbp.spsp import read_table
    from strsbp.study.experiments.gradient_check.measure import measure_gradient_check
    from strsbp.study.experiments.gradient_check.settings import GradientCheckSettings

    arms = {name: ArmSettings.model_validate(arm) for name, arm in snakemake.params.arms.items()}
    first = next(iter(arms.values()))
    digits = read_prepared(snakemake.input.digits, snakemake.config["data"].get("local_dir"))
    measure_gradient_check(
        arms,
        [LayerSettings.model_validate(layer) for layer in snakemake.params.layers],
        dict(zip(arms, map(read_table, snakemake.input.tables), strict=True)),
        digits.first(first.n_train, first.n_test),
        GradientCheckSettings.model_validate(snakemake.params.settings),
        snakemake.params.epochs,
        projections=snakemake.output.projections,
        times=snakemake.output.times,
    )
