"""The grids of time constants and of thresholds around those of each arm, and their cells."""

from itertools import product
from typing import Annotated

from pydantic import Field

from strsbp.settings import LARGEST_SPLIT, SORTED, ArmName, ArmSettings, Seeds, Threshold
from strsbp.study.experiments.settings import ExperimentSettings
from strsbp.study.experiments.simulated import on_simulations

GRIDS = {
    "time_constants": ("tau_m", "tau_s"),
    "thresholds": ("threshold_hidden", "threshold_output"),
}
"""The two constants that differ between the cells of a grid; the grids meet at the arm's own."""

CONSTANTS = [name for names in GRIDS.values() for name in names]

TimeConstant = Annotated[float, Field(gt=1, le=1e6)]


class SweepSettings(ExperimentSettings):
    """Grids of time constants and thresholds around those of arms, and how cells are trained."""

    arms: Annotated[list[ArmName], Field(min_length=1)]
    """The arms whose constants the grids surround; an arm's values are added to every list
    below. The figure shows the first."""
    tau_m: Annotated[list[TimeConstant], SORTED] = [32, 128]
    """Membrane time constants of the first grid."""
    tau_s: Annotated[list[TimeConstant], SORTED] = [4, 16]
    """Synaptic time constants of the first grid, with the arm's thresholds."""
    threshold_hidden: Annotated[list[Threshold], SORTED] = [10, 40]
    """Thresholds of the hidden layers of the second grid."""
    threshold_output: Annotated[list[Threshold], SORTED] = [7.5, 30]
    """Thresholds of the output layer of the second grid, with the arm's time constants."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 3
    """Training epochs per cell."""
    seeds: Annotated[Seeds, SORTED] = [1, 2]
    """One run per cell and seed."""
    n_train: Annotated[int, Field(ge=1, le=LARGEST_SPLIT)] = 1000
    """Training images per cell: the first n."""
    n_test: Annotated[int, Field(ge=1, le=LARGEST_SPLIT)] = 1000
    """Test images per cell: the first n."""

    def grid(self, arm: ArmSettings, grid: str) -> dict[str, ArmSettings]:
        """The cells of a grid around `arm` in the order of their values, by `cell_key`.

        Each has the table of its own time constants, whatever the arm's is.
        """
        names, arm = GRIDS[grid], on_simulations(arm)
        table = arm.table.model_copy(update=dict(tau_m=None, n_steps=None))
        sizes = dict(epochs=self.epochs, n_train=self.n_train, n_test=self.n_test)
        arm = arm.model_copy(update=dict(table=table) | sizes)
        values = (sorted({*getattr(self, name), getattr(arm, name)}) for name in names)
        found = [
            arm.model_copy(update=dict(zip(names, point, strict=True)))
            for point in product(*values)
        ]
        return {cell_key(cell): cell for cell in found}

    def cells(self, arm: ArmSettings) -> dict[str, ArmSettings]:
        """The cells of both grids, each once."""
        return {key: cell for grid in GRIDS for key, cell in self.grid(arm, grid).items()}


def cell_key(arm: ArmSettings) -> str:
    """Name of the cell of an arm's constants in file names, such as `m64-s8-h20-o15`."""
    return (
        f"m{arm.tau_m:.12g}-s{arm.tau_s:.12g}"
        f"-h{arm.threshold_hidden:.12g}-o{arm.threshold_output:.12g}"
    )
