from typing import Annotated

from pydantic import Field

from strsbp.settings import ArmName, Seed
from strsbp.study.experiments.settings import ExperimentSettings


class ActivationSettings(ExperimentSettings):
    """On which network and images Eq. 3, o_i = a_i / threshold, is checked."""

    arm: ArmName
    """The arm whose network is checked, before and after training."""
    n_samples: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Test images: the first n."""
    seed: Seed = 1
    """Seed of the weights and the spike trains."""
    train_epochs: Annotated[int, Field(ge=1, le=1000)] = 1
    """Training epochs after which the check is repeated."""
