"""Simulate the surface of e_ij over both spike counts for one table."""

from _job import job

with job(snakemake):
    from strsbp.settings import SimulatedTable, SimulationSettings
    from strsbp.spsp import save_surface, simulate_surface

    simulation = SimulationSettings.model_validate(snakemake.params.simulation)
    table = SimulatedTable.from_key(snakemake.wildcards.table)
    surface = simulate_surface(table, repeats=simulation.repeats, seed=simulation.seed)
    save_surface(surface, snakemake.output.surface)
