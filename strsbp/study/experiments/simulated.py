"""An arm whose table is the published kind, whatever it was."""

from strsbp.settings import ArmSettings, TableSettings


def on_simulations(arm: ArmSettings) -> ArmSettings:
    """`arm` with the degree-4 fit of a simulation as its table.

    Networks with other constants than an arm's need tables of their own, which neither a file nor
    another fit gives. The simulation stays the arm's, or is the published one where it has none.
    """
    table = arm.table
    spsp = "published" if table.spsp == "exact" or table.file is not None else table.spsp
    kept = table.model_dump(include={"grid", "tau_m", "n_steps"})
    return arm.model_copy(update=dict(table=TableSettings(spsp=spsp, **kept)))
