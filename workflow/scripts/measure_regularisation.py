"""Train one cell of the regularisation sweep, once per seed."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.regularisation.measure import measure_cell
    from strsbp.study.experiments.regularisation.settings import Cell
    from strsbp.study.inputs import read_networks

    networks = read_networks(snakemake)
    measure_cell(
        Cell.from_key(snakemake.wildcards.cell),
        networks.first,
        networks.layers,
        networks.tables[0],
        networks.arm_digits,
        out=snakemake.output.metrics,
        **snakemake.params.training,
    )
