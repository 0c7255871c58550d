"""Train one cell of the sweep of the regularisation, once per seed."""

from _job import job

with job(snakemake):
    from strsbp.data.prepared import read_prepared
    from strsbp.settings import ArmSettings, LayerSettings
    from strsbp.spsp import read_table
    from strsbp.study.experiments.regularisation.measure import measure_cell
    from strsbp.study.experiments.regularisation.settings import Cell

    arm = ArmSettings.model_validate(snakemake.params.arm)
    digits = read_prepared(snakemake.input.digits, snakemake.config["data"].get("local_dir"))
    measure_cell(
        Cell.from_key(snakemake.wildcards.cell),
        arm,
        [LayerSettings.model_validate(layer) for layer in snakemake.params.layers],
        read_table(snakemake.input.table),
        digits.first(arm.n_train, arm.n_test),
        out=snakemake.output.metrics,
        **snakemake.params.regularisation,
    )
