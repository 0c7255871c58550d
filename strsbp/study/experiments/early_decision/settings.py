"""Decisions before T, and accuracy against operations: the networks, and when they decide."""

from typing import Annotated

from pydantic import Field

from strsbp.settings import SORTED, TARGET_COUNT_LABEL, ArmName, Closed, Seeds, Threshold
from strsbp.study.experiments.settings import ExperimentSettings
from strsbp.study.experiments.simulated import with_steps


class EarlyDecisionNetwork(Closed):
    """One network: the arm with another T. Keys that are left out keep the arm's values."""

    n_steps: Annotated[int, Field(ge=TARGET_COUNT_LABEL, le=65_536)]
    """Length T of every spike train, in steps."""
    threshold_hidden: Threshold | None = None
    """Firing threshold of the hidden layers, in mV, if different from the arm's."""
    threshold_output: Threshold | None = None
    """Firing threshold of the output layer, in mV, if different from the arm's."""
    table_steps: Annotated[int, Field(ge=2, le=65_536)] | None = None
    """Length of the simulated spike trains of its effect-ratio table, if different from T."""


class EarlyDecisionSettings(ExperimentSettings):
    """Accuracy against cost: networks of several T, and decisions before T."""

    arm: ArmName
    """The arm whose settings the networks share, except for the table: each T has its own."""
    networks: Annotated[dict[ArmName, EarlyDecisionNetwork], Field(min_length=1)]
    """The networks, by name."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 3
    """Training epochs per network."""
    seeds: Annotated[Seeds, SORTED] = [1]
    """One job per seed, which trains every network once."""
    times: Annotated[list[Annotated[int, Field(ge=1, le=65_536)]], SORTED] = [50, 100, 200]
    """Steps after which a decision is taken; those of T or more are left out, and T is added."""
    margins: Annotated[list[Annotated[int, Field(ge=1, le=65_536)]], SORTED] = [1, 2, 3, 5, 8]
    """Spikes by which the first output must lead the second for a decision before T."""

    def job_arms(self, arms):
        """The networks by name, as arms."""
        found = {}
        for name, network in self.networks.items():
            changes = network.model_dump(
                include={"threshold_hidden", "threshold_output"}, exclude_none=True
            )
            arm = with_steps(arms[self.arm], network.n_steps, network.table_steps)
            found[name] = arm.model_copy(update=changes | dict(epochs=self.epochs))
        return found
