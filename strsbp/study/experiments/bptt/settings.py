"""How BPTT is trained for comparison with ST-RSBP and HM2-BP."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from strsbp.errors import SettingsError
from strsbp.settings import ArmName, ArmSettings, Closed, LayerSettings, Seeds
from strsbp.study.experiments.settings import ExperimentSettings

LIBRARIES = ("torch", "snntorch")
"""What the extra `bptt` of this package installs."""

TIME_COLUMNS = (
    "state", "method", "flushed", "round", "n_samples", "cpu_ms", "wall_ms",
)  # fmt: skip
"""The columns of the table of times per training sample."""

NETWORK_KEYS = (
    "architecture", "tau_m", "tau_s", "n_steps", "threshold_hidden", "threshold_output",
    "reservoir",
)  # fmt: skip
"""What BPTT takes from an arm besides its digits; the rest concerns only the other methods."""

NOT_OF_BPTT = sorted(
    set(ArmSettings.model_fields) - {*NETWORK_KEYS, "title", "dataset", "n_train", "n_test"}
)
"""Settings of an arm that do not affect a run of BPTT."""


SurrogateName = Literal["fast_sigmoid", "atan"]
SurrogateSlope = Annotated[float, Field(gt=0, le=1e6)]


class BpttTraining(Closed):
    """How a run of backpropagation through time (BPTT) is trained."""

    epochs: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Training epochs of BPTT."""
    batch_size: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Samples per update; larger batches take less time per sample but make fewer updates."""
    learning_rate: Annotated[float, Field(gt=0, le=10)] = 0.002
    """Adam's constant step size."""
    surrogate: SurrogateName = "fast_sigmoid"
    """The surrogate for a spike's derivative, by its name in snnTorch."""
    surrogate_slope: SurrogateSlope = 25.0
    """Its steepness: `slope` of `fast_sigmoid`, `alpha` of `atan`."""


class BpttSettings(BpttTraining, ExperimentSettings):
    """How BPTT is trained and what it is compared with."""

    arms: dict[str, ArmName]
    """Arms on the same digits, by the names that the summary gives them. BPTT uses the network,
    initial weights, time constants, T and digits of `strsbp`, the arm of ST-RSBP."""
    seeds: Seeds = [1]
    """One BPTT run per seed; use the arms' seeds, so that weights and spike trains are the same."""

    @model_validator(mode="after")
    def _has_strsbp(self):
        if "strsbp" not in self.arms:
            raise ValueError("`arms` must name an arm of ST-RSBP as `strsbp`")
        return self

    def arm_names(self) -> list[str]:
        return list(self.arms.values())

    def job_arms(self, arms):
        return {"strsbp": arms[self.arms["strsbp"]]}

    @property
    def of_run(self) -> dict[str, Any]:
        """What a run of BPTT depends on: the fields of `BpttTraining`."""
        return self.model_dump(mode="json", include=set(BpttTraining.model_fields))


def of_network(arm: ArmSettings, layers: Sequence[LayerSettings]) -> dict[str, Any]:
    """What BPTT takes from an arm with the hidden `layers`, besides its digits."""
    described = [layer.model_dump(mode="json", exclude_none=True) for layer in layers]
    return arm.model_dump(mode="json", include=set(NETWORK_KEYS)) | {"layers": described}


def compared_network(study) -> dict[str, Any]:
    """What BPTT takes from the arm that it is compared with; `study` is a `StudySettings`."""
    arm = study.arm(study.bptt.arms["strsbp"])
    return of_network(arm, study.architectures[arm.architecture])


def missing_library() -> str | None:
    """The first library of the extra `bptt` that is not installed; imports none of them."""
    return next((name for name in LIBRARIES if find_spec(name) is None), None)


def compared_files(study, trains: bool) -> dict[str, list[str]]:
    """The metrics of the compared runs by method; `times`: the table of times per sample, if any.

    `study` is a `StudySettings`; `trains`: whether BPTT is trained, else only runs that have files
    are compared. Raises `SettingsError` if the methods use different digits.
    """
    settings = study.bptt
    first, *others = settings.arm_names()
    for name in others:
        for key in ("dataset", "n_train", "n_test"):
            if getattr(study.arm(first), key) != getattr(study.arm(name), key):
                raise SettingsError(
                    f"`bptt` compares the arms '{first}' and '{name}', which differ in {key}; "
                    "choose arms with the same digits."
                )
    folder = Path("results", study.profile, "bptt")
    runs = [folder / "train" / f"seed{seed}" for seed in settings.seeds]
    if not trains:
        ends = (".csv", ".json")
        runs = [run for run in runs if all(run.with_suffix(end).is_file() for end in ends)]
    times = folder / "times.csv"
    return dict(
        **{method: study.runs([arm]) for method, arm in settings.arms.items()},
        bptt=[f"{run}.csv" for run in runs],
        times=[str(times)] if runs and (trains or times.is_file()) else [],
    )
