"""Solve the expectation of e_ij, as a curve over the output count, for the trains of one table."""

from _job import job

with job(snakemake):
    from strsbp.settings import SimulatedTable
    from strsbp.spsp.exact import solve_curve, write_curve

    table = SimulatedTable.from_key(snakemake.wildcards.table)
    write_curve(solve_curve(table), snakemake.output.curve)
