from typing import Annotated

from pydantic import Field

from strsbp.settings import ArmName, Seeds
from strsbp.study.experiments.settings import ExperimentSettings


class ActivationSettings(ExperimentSettings):
    """On which networks and images Eq. 3, o_i = a_i / threshold, is checked."""

    arms: Annotated[list[ArmName], Field(min_length=1)]
    """The arms whose networks are checked, before and after training; the figure shows the
    first."""
    n_samples: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Test images: the first n."""
    seeds: Seeds = [1]
    """One job per arm and seed."""
    train_epochs: Annotated[int, Field(ge=1, le=1000)] = 1
    """Training epochs after which the check is repeated."""
