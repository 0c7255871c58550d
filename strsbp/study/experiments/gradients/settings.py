from typing import Annotated

from pydantic import Field

from strsbp.settings import ArmName, Seeds
from strsbp.study.experiments.settings import ExperimentSettings


class GradientsSettings(ExperimentSettings):
    """How the gradients of arms are compared on the same weights and samples."""

    arms: Annotated[list[ArmName], Field(min_length=1)]
    """The compared arms, all with the first one's architecture and reservoir."""
    n_samples: Annotated[int, Field(ge=2, le=60_000)] = 100
    """Training images per comparison: the first n."""
    seeds: Seeds = [1]
    """Seeds of the weights and the spike trains of the images, one network each."""
    train_epochs: Annotated[int, Field(ge=1, le=1000)] = 3
    """Training epochs of the first arm after which the comparison is repeated."""
