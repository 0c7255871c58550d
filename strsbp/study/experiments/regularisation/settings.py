"""The regularisation sweep: strengths, with and without the division by the threshold."""

import re
from typing import Annotated

from pydantic import Field

from strsbp.errors import SettingsError
from strsbp.settings import ArmName, ArmSettings, Closed, Seeds
from strsbp.study.experiments.settings import ExperimentSettings

Strength = Annotated[float, Field(ge=0, le=1e6)]


class Cell(Closed):
    """One point of the sweep; its `key` names its files."""

    arm: ArmName
    """The arm that provides the cell's other settings."""
    regularisation: Strength
    """Strength lambda of the weight regularisation."""
    divide_by_threshold: bool
    """Whether each layer divides its error by its threshold."""

    @property
    def key(self) -> str:
        """Name of the cell in file names, such as `strsbp-10-divided`."""
        division = "divided" if self.divide_by_threshold else "undivided"
        return f"{self.arm}-{self.regularisation:.12g}-{division}"

    @classmethod
    def from_key(cls, key: str) -> "Cell":
        """Read a cell back from its `key`; raises `SettingsError`."""
        match = re.fullmatch(r"([a-z][a-z0-9_]*)-([0-9.]+(?:e[+-]?[0-9]+)?)-(un)?divided", key)
        if match is None:
            raise SettingsError(
                f"'{key}' does not name a cell of the sweep; a name looks like strsbp-10-divided."
            )
        return cls(
            arm=match[1], regularisation=float(match[2]), divide_by_threshold=match[3] is None
        )

    @classmethod
    def own(cls, name: str, arm: ArmSettings) -> "Cell":
        """The cell of the arm's own settings; `name`: its name."""
        return cls(arm=name, **arm.model_dump(include=set(cls.model_fields) - {"arm"}))

    def of(self, arm: ArmSettings) -> ArmSettings:
        """`arm` with the settings of this cell."""
        return arm.model_copy(update=self.model_dump(exclude={"arm"}))


class RegularisationSettings(ExperimentSettings):
    """Strengths of the regularisation, each with and without the division by the threshold."""

    arms: Annotated[list[ArmName], Field(min_length=1)]
    """Arms that provide the cells' other settings; the first is compared with every other arm."""
    strengths: Annotated[list[Strength], Field(min_length=1)]
    """Values of lambda."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 5
    """Training epochs per cell."""
    seeds: Seeds = [1, 2, 3]
    """One run per cell and seed."""
    n_samples: Annotated[int, Field(ge=1, le=60_000)] = 100
    """Training images on which the gradient of the error is measured: the first n."""

    def arm_names(self) -> list[str]:
        return self.arms

    def cells(self) -> list[Cell]:
        """Every strength with and without the division, for every arm."""
        return [
            Cell(arm=arm, regularisation=strength, divide_by_threshold=divided)
            for arm in self.arms
            for divided in (True, False)
            for strength in self.strengths
        ]
