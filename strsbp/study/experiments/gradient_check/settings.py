"""How gradients are compared with the true gradient of the expected loss."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from strsbp.settings import DISTINCT, ArmName, ArmSettings, Closed, Seeds
from strsbp.study.experiments.bptt.settings import SurrogateName, SurrogateSlope
from strsbp.study.experiments.settings import ExperimentSettings

OF_GRADIENT = ("gradient", "ablated_layers", "adjoint")
"""What an arm contributes to the comparison besides its table."""

Step = Annotated[float, Field(gt=0, le=100)]


class SurrogateSettings(Closed):
    """A surrogate gradient for backpropagation through time."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    """The name shown in figures and tables."""
    function: SurrogateName
    """The surrogate for a spike's derivative, by its name in snnTorch."""
    slope: SurrogateSlope
    """Its steepness for a threshold of 1: `slope` of `fast_sigmoid`, `alpha` of `atan`."""


class GradientCheckSettings(ExperimentSettings):
    """How gradients are compared with finite differences of the expected loss."""

    arms: Annotated[list[ArmName], Field(min_length=1), DISTINCT]
    """Arms whose gradients are compared. The network, its weights and training are the first one's;
    the others contribute only `gradient`, `ablated_layers`, `adjoint` and the table."""
    surrogates: dict[ArmName, SurrogateSettings] = {}
    """Surrogate gradients by name, besides the arms; left out if snnTorch is not installed."""
    states: Annotated[dict[ArmName, Annotated[int, Field(ge=0, le=1000)]], Field(min_length=1)] = {
        "untrained": 0,
        "trained": 3,
    }
    """States of the weights by name, each with the training epochs that lead to it."""
    n_images: Annotated[int, Field(ge=2, le=60_000)] = 100
    """Training images over which loss and gradients are averaged: the first n."""
    n_encodings: Annotated[int, Field(ge=2, le=10_000, multiple_of=2)] = 4
    """Independent encodings per image; comparing two halves of them shows the noise."""
    n_directions: Annotated[int, Field(ge=8, le=100_000)] = 64
    """Random directions per group of weights, along which finite differences are taken."""
    steps: tuple[Step, Step] = (1.0, 2.0)
    """Two step sizes of these finite differences, each the standard deviation of the change of a
    neuron's summed weights."""
    seeds: Seeds = [1]
    """Seeds of the weights, the spike trains and the directions, one network each."""

    @model_validator(mode="after")
    def _distinct(self):
        if self.steps[0] >= self.steps[1]:
            raise ValueError("the second of two steps must be the larger one")
        doubled = set(self.arms) & set(self.surrogates)
        if doubled:
            raise ValueError(f"'{doubled.pop()}' names both an arm and a surrogate")
        return self

    @property
    def states_by_epochs(self) -> list[str]:
        """The states, those with fewer epochs first."""
        return sorted(self.states, key=self.states.get)

    def titles(self, arms: Mapping[str, ArmSettings]) -> dict[str, str]:
        """Titles of all compared gradients; `arms`: the study's."""
        titles = {name: arms[name].title for name in self.arms}
        return titles | {name: one.title for name, one in self.surrogates.items()}


def on_network_of(first: ArmSettings, arm: ArmSettings) -> ArmSettings:
    """`first` with the gradient of `arm`: only gradients of the same loss can be compared."""
    return first.model_copy(update={key: getattr(arm, key) for key in OF_GRADIENT})
