from typing import Annotated

from pydantic import Field

from strsbp.settings import ArmName
from strsbp.study.experiments.settings import ExperimentSettings


class AblationSettings(ExperimentSettings):
    """Which readings of the study's ablation might explain the difference that it measured."""

    reference: ArmName
    """The arm of ST-RSBP."""
    readings: Annotated[list[ArmName], Field(min_length=1)]
    """Arms that read "da_i/dw_ij = e_ij" in different ways."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 10
    """The best test error of the first n epochs is compared."""

    def arm_names(self) -> list[str]:
        return [self.reference, *self.readings]
