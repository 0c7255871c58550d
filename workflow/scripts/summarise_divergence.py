"""Compare each tau_m with its own table and with that of tau_m = 64."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.divergence.summarise import summarise_divergence

    own, other = snakemake.params.compared["panels"].values()
    summarise_divergence(
        runs=snakemake.input.runs,
        pairs=snakemake.input.pairs,
        own=own,
        other=other,
        at_epoch=snakemake.params.compared["epochs"],
        out=snakemake.output.summary,
    )
