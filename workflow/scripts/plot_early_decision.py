"""Draw test error against spikes, synaptic operations and latency."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.early_decision.figure import plot_early_decision

    plot_early_decision(
        cost=snakemake.input.cost,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
