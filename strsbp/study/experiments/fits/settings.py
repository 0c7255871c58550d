"""Which fits of e_ij are ranked."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from strsbp.settings import ArmName, ArmSettings
from strsbp.study.experiments.settings import ExperimentSettings


class FitsSettings(ExperimentSettings):
    """Which fits of e_ij are ranked."""

    arms: Annotated[list[ArmName], Field(min_length=2)]
    """Arms that differ in the fit of their table alone; the first one's is the published fit."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 3
    """Epochs whose best test error counts."""

    def shared_seeds(self, arms: Mapping[str, ArmSettings]) -> list[int]:
        """The seeds that all arms have; `arms`: those of the study."""
        first, *others = (arms[name].seeds for name in self.arms)
        return [seed for seed in first if all(seed in seeds for seeds in others)]

    def arm_names(self) -> list[str]:
        return self.arms
