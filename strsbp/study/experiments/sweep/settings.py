"""The grids of time constants and of thresholds around those of each arm, and their cells."""

import re
from itertools import product
from typing import Annotated

from pydantic import Field

from strsbp.errors import SettingsError
from strsbp.settings import SORTED, ArmName, ArmSettings, Closed, Seeds, SimulatedTable, checked
from strsbp.study.experiments.settings import ExperimentSettings
from strsbp.study.experiments.simulated import on_simulations

TIME_CONSTANTS, THRESHOLDS = "time_constants", "thresholds"
"""The two grids; they meet at the arm's own constants."""

TimeConstant = Annotated[float, Field(gt=1, le=1e6)]
Threshold = Annotated[float, Field(gt=0, le=1e6)]


class Cell(Closed):
    """One point of a grid; its `key` names its files."""

    tau_m: TimeConstant
    tau_s: TimeConstant
    threshold_hidden: Threshold
    threshold_output: Threshold

    @property
    def key(self) -> str:
        """Name of the cell in file names, such as `m64-s8-h20-o15`."""
        return (
            f"m{self.tau_m:.12g}-s{self.tau_s:.12g}"
            f"-h{self.threshold_hidden:.12g}-o{self.threshold_output:.12g}"
        )

    @classmethod
    def from_key(cls, key: str) -> "Cell":
        """Read a cell back from its `key`; raises `SettingsError`."""
        number = r"([0-9.]+(?:e[+-]?[0-9]+)?)"
        match = re.fullmatch(f"m{number}-s{number}-h{number}-o{number}", key)
        if match is None:
            raise SettingsError(
                f"'{key}' does not name a cell of the grids; a name looks like m64-s8-h20-o15."
            )
        return checked(cls, dict(zip(cls.model_fields, match.groups(), strict=True)), f"cell {key}")

    @classmethod
    def of(cls, arm: ArmSettings) -> "Cell":
        """The cell of an arm's own constants."""
        return cls(**{name: getattr(arm, name) for name in cls.model_fields})

    def arm(self, arm: ArmSettings) -> ArmSettings:
        """`arm` with the constants of this cell."""
        return arm.model_copy(update=self.model_dump())

    def table(self, arm: ArmSettings) -> SimulatedTable:
        """The simulation behind this cell's effect-ratio table, with the cell's own dynamics."""
        arm = self.arm(on_simulations(arm))
        table = arm.table.model_copy(update=dict(tau_m=None, n_steps=None))
        return arm.model_copy(update=dict(table=table)).simulated_table()


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
    n_train: Annotated[int, Field(ge=1, le=60_000)] = 1000
    """Training images per cell: the first n."""
    n_test: Annotated[int, Field(ge=1, le=10_000)] = 1000
    """Test images per cell: the first n."""
    repeats: Annotated[int, Field(ge=1, le=1_000_000)] = 200
    """Random pairs of spike trains per point of each table's simulation."""

    def arm_names(self) -> list[str]:
        return self.arms

    def cells(self, arm: ArmSettings) -> dict[str, list[Cell]]:
        """The cells of both grids around the constants of `arm`, in the order of their values."""
        own = Cell.of(arm)
        return {
            grid: [own.model_copy(update=dict(zip(names, values, strict=True))) for values in found]
            for grid, names in (
                (TIME_CONSTANTS, ("tau_m", "tau_s")),
                (THRESHOLDS, ("threshold_hidden", "threshold_output")),
            )
            for found in [product(*(self._values(name, own) for name in names))]
        }

    def distinct_cells(self, arm: ArmSettings) -> list[Cell]:
        """The cells of both grids, each once."""
        found = {cell.key: cell for cells in self.cells(arm).values() for cell in cells}
        return list(found.values())

    def tables(self, arm: ArmSettings) -> list[SimulatedTable]:
        """The simulations behind the tables of all cells, each once."""
        found = {cell.table(arm).key: cell.table(arm) for cell in self.distinct_cells(arm)}
        return list(found.values())

    def _values(self, name: str, own: Cell) -> list[float]:
        return sorted({*getattr(self, name), getattr(own, name)})
