"""Draw test error against spikes, synaptic operations and latency."""

from _job import job

with job(snakemake):
    from strsbp.figures.cost import plot_cost

    plot_cost(
        cost=snakemake.input.cost,
        png=snakemake.output.png,
        svg=snakemake.output.svg,
    )
