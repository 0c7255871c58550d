"""Train networks of several T with one seed, and decide before T."""

from _job import job

with job(snakemake):
    from strsbp.data.prepared import read_prepared
    from strsbp.settings import ArmSettings, LayerSettings
    from strsbp.spsp import read_table
    from strsbp.study.experiments.early_decision.measure import measure_cost
    from strsbp.study.experiments.early_decision.settings import CostSettings

    settings = CostSettings.model_validate(snakemake.params.cost)
    tables = map(read_table, snakemake.input.tables)
    measure_cost(
        ArmSettings.model_validate(snakemake.params.arm),
        [LayerSettings.model_validate(layer) for layer in snakemake.params.layers],
        dict(zip(settings.networks, tables, strict=True)),
        read_prepared(snakemake.input.digits, snakemake.config["data"].get("local_dir")),
        settings,
        int(snakemake.wildcards.seed),
        out=snakemake.output.cost,
    )
