"""Compare the gradients of several arms on the same weights and samples."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.gradients.measure import measure_gradients
    from strsbp.study.experiments.gradients.settings import GradientsSettings
    from strsbp.study.inputs import read_networks

    networks = read_networks(snakemake)
    measure_gradients(
        networks.arms,
        networks.layers,
        networks.tables_by_arm,
        networks.arm_digits,
        GradientsSettings.model_validate(snakemake.params.settings),
        gradients=snakemake.output.gradients,
        denominators=snakemake.output.denominators,
    )
