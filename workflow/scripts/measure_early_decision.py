"""Train networks of several T with one seed, and decide before T."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.early_decision.measure import measure_early_decision
    from strsbp.study.experiments.early_decision.settings import EarlyDecisionSettings
    from strsbp.study.inputs import read_networks

    settings = EarlyDecisionSettings.model_validate(snakemake.params.settings)
    networks = read_networks(snakemake)
    measure_early_decision(
        networks.first,
        networks.layers,
        dict(zip(settings.networks, networks.tables, strict=True)),
        networks.digits,
        settings,
        int(snakemake.wildcards.seed),
        out=snakemake.output.decisions,
    )
