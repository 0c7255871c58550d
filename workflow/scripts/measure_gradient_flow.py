"""Follow the gradient of BPTT back in time, beside ST-RSBP, for several T."""

from _job import job

with job(snakemake):
    from strsbp.spsp.table import read_table
    from strsbp.study.experiments.gradient_flow.measure import measure_gradient_flow
    from strsbp.study.experiments.gradient_flow.settings import GradientFlowSettings
    from strsbp.study.inputs import read_networks

    networks = read_networks(snakemake)
    settings = GradientFlowSettings.model_validate(snakemake.params.settings)
    measure_gradient_flow(
        networks.first,
        networks.layers,
        dict(zip(settings.n_steps, map(read_table, snakemake.input.tables_of_steps), strict=True)),
        networks.tables[0],
        networks.arm_digits,
        settings,
        out=snakemake.output.norms,
    )
