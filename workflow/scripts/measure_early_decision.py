"""Train networks of several T with one seed, and decide before T."""

from _job import job

with job(snakemake):
    from strsbp.data.prepared import read_prepared
    from strsbp.settings import ArmSettings, LayerSettings
    from strsbp.spsp import read_table
    from strsbp.study.experiments.early_decision.measure import measure_early_decision
    from strsbp.study.experiments.early_decision.settings import EarlyDecisionSettings

    settings = EarlyDecisionSettings.model_validate(snakemake.params.settings)
    tables = map(read_table, snakemake.input.tables)
    measure_early_decision(
        ArmSettings.model_validate(snakemake.params.arm),
        [LayerSettings.model_validate(layer) for layer in snakemake.params.layers],
        dict(zip(settings.networks, tables, strict=True)),
        read_prepared(snakemake.input.digits, snakemake.config["data"].get("local_dir")),
        settings,
        int(snakemake.wildcards.seed),
        out=snakemake.output.summary,
    )
