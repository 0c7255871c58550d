"""Compare measured gradients with the true one, with intervals."""

from _job import job

with job(snakemake):
    from strsbp.study.experiments.gradient_check.summarise import summarise_gradient_check

    files = zip(
        snakemake.params.states, snakemake.input.projections, snakemake.input.times, strict=True
    )
    summarise_gradient_check(
        {state: dict(projections=projections, times=times) for state, projections, times in files},
        snakemake.params.titles,
        snakemake.params.seed,
        out=snakemake.output.summary,
    )
