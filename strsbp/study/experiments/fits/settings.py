from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from strsbp.settings import ArmName, ArmSettings
from strsbp.study.experiments.settings import ExperimentSettings


class FitsSettings(ExperimentSettings):
    """Which fits of e_ij are ranked."""

    arms: Annotated[list[ArmName], Field(min_length=2)]
    """Arms that differ only in the fit of their table; the first one has the published fit."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 3
    """The best test error of the first n epochs determines the rank."""

    def shared_seeds(self, arms: Mapping[str, ArmSettings]) -> list[int]:
        """The seeds that all arms have; `arms`: the study's."""
        first, *others = (arms[name].seeds for name in self.arms)
        return [seed for seed in first if all(seed in seeds for seeds in others)]
