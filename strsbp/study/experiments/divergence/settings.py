from typing import Annotated

from pydantic import Field, model_validator

from strsbp.settings import ArmName
from strsbp.study.experiments.settings import ExperimentSettings


class DivergenceSettings(ExperimentSettings):
    """Which arms show whether Fig. 4's networks fail because of their dynamics or their table."""

    panels: Annotated[dict[str, list[ArmName]], Field(min_length=2, max_length=2)]
    """Titles of two sets of arms: every tau_m with its own table, then in the same order with the
    table of one tau_m."""
    epochs: Annotated[int, Field(ge=1)]
    """Epoch in which they are compared."""

    @model_validator(mode="after")
    def _pairs(self):
        own, other = self.panels.values()
        if len(own) != len(other):
            raise ValueError("`panels` takes two lists of the same number of arms")
        return self

    def arm_names(self) -> list[str]:
        return [arm for arms in self.panels.values() for arm in arms]
