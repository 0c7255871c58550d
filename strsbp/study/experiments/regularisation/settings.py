"""The regularisation sweep: strengths, with and without the division by the threshold."""

from collections.abc import Mapping
from itertools import product
from typing import Annotated

from pydantic import Field

from strsbp.settings import ArmName, ArmSettings, Seeds
from strsbp.study.experiments.settings import ExperimentSettings


class RegularisationSettings(ExperimentSettings):
    """Strengths of the regularisation, each with and without the division by the threshold."""

    arms: Annotated[list[ArmName], Field(min_length=1)]
    """Arms that provide the cells' other settings; the first is compared with every other arm."""
    strengths: Annotated[list[Annotated[float, Field(ge=0, le=1e6)]], Field(min_length=1)]
    """Values of lambda."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 5
    """Training epochs per cell."""
    seeds: Seeds = [1, 2, 3]
    """One run per cell and seed."""
    n_samples: Annotated[int, Field(ge=1, le=60_000)] = 100
    """Training images on which the gradient of the error is measured: the first n."""

    def cells(self, arms: Mapping[str, ArmSettings]) -> dict[str, ArmSettings]:
        """Each of `arms` with every strength, with and without the division, by `cell_key`."""
        found = {}
        for name, divided, strength in product(self.arms, (True, False), self.strengths):
            changes = dict(divide_by_threshold=divided, regularisation=strength)
            cell = arms[name].model_copy(update=changes)
            found[cell_key(name, cell)] = cell
        return found


def cell_key(name: str, arm: ArmSettings) -> str:
    """Name of the cell of an arm's settings in file names, such as `strsbp-10-divided`."""
    division = "divided" if arm.divide_by_threshold else "undivided"
    return f"{name}-{arm.regularisation:.12g}-{division}"
