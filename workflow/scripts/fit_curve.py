"""Fit a simulated surface differently from the study, or use the expectation itself."""

from _job import job

with job(snakemake):
    from strsbp.settings import SimulatedTable
    from strsbp.spsp import load_surface, write_table
    from strsbp.spsp.exact import read_curve
    from strsbp.spsp.fits import exact, fit_curve

    table, fit = SimulatedTable.from_key(snakemake.wildcards.table), snakemake.wildcards.fit
    n_counts = table.n_steps + 1
    if fit == "exact":
        fitted = exact(read_curve(table, snakemake.input.source), n_counts)
    else:
        fitted = fit_curve(load_surface(snakemake.input.source), fit, n_counts)
    write_table(fitted, snakemake.output.table)
