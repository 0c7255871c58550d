from typing import Annotated

from pydantic import Field

from strsbp.settings import SORTED, TARGET_COUNT_LABEL, ArmName, Seeds
from strsbp.study.experiments.gradient_check.settings import SurrogateSettings
from strsbp.study.experiments.settings import ExperimentSettings
from strsbp.study.experiments.simulated import with_steps


class GradientFlowSettings(ExperimentSettings):
    """How far back in time the gradient of BPTT reaches, beside ST-RSBP, for several T."""

    arm: ArmName
    """The arm whose network is used, before and after training with its own T."""
    n_steps: Annotated[
        list[Annotated[int, Field(ge=TARGET_COUNT_LABEL, le=65_536)]], SORTED, Field(min_length=1)
    ]
    """The lengths T of the spike trains; each T has its own table for ST-RSBP."""
    surrogate: SurrogateSettings
    """The surrogate gradient of BPTT."""
    n_samples: Annotated[int, Field(ge=2, le=1000)] = 25
    """Training images: the first n."""
    train_epochs: Annotated[int, Field(ge=1, le=1000)] = 1
    """Training epochs after which the comparison is repeated."""
    seeds: Seeds = [1]
    """Seeds of the weights and the spike trains, one network each."""

    def job_arms(self, arms):
        """The arm, then the arm with each T."""
        arm = arms[self.arm]
        return {self.arm: arm} | {f"{self.arm}_t_{n}": with_steps(arm, n) for n in self.n_steps}
