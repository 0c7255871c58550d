"""An arm with a simulated table of the published kind, whatever its own table is."""

from strsbp.settings import ArmSettings, TableSettings


def on_simulations(arm: ArmSettings) -> ArmSettings:
    """`arm` with the degree-4 fit of a simulation as its table.

    Networks whose constants differ from the arm's need their own tables, which neither a file nor
    another fit provides. The arm's simulation is kept; an arm without one gets the published one.
    """
    table = arm.table
    spsp = "published" if table.spsp == "exact" or table.file is not None else table.spsp
    kept = table.model_dump(include={"grid", "tau_m", "n_steps"})
    return arm.model_copy(update=dict(table=TableSettings(spsp=spsp, **kept)))


def with_steps(arm: ArmSettings, n_steps: int, table_steps: int | None = None) -> ArmSettings:
    """`arm` with trains of `n_steps`, and a table simulated over `table_steps` (default: the same).

    The grid of the simulation holds T / 4 spikes at most, as at T = 400.
    """
    arm, steps = on_simulations(arm), table_steps or n_steps
    table = arm.table.model_copy(update=dict(n_steps=steps, grid=min(arm.table.grid, steps // 4)))
    return arm.model_copy(update=dict(n_steps=n_steps, table=table))
