"""Measure gradients and finite differences of the expected loss on one state of a network."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.gradient_check.measure import measure_gradient_check
    from strsbp.study.experiments.gradient_check.settings import GradientCheckSettings
    from strsbp.study.inputs import read_networks

    networks = read_networks(snakemake)
    measure_gradient_check(
        networks.arms,
        networks.layers,
        networks.tables_by_arm,
        networks.arm_digits,
        GradientCheckSettings.model_validate(snakemake.params.settings),
        snakemake.params.epochs,
        projections=snakemake.output.projections,
        times=snakemake.output.times,
    )
