"""The base class of experiments' settings, and all of these settings as keys of a config."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

from pydantic import Field, create_model

from strsbp.settings import ArmSettings, Closed
from strsbp.study.experiments import EXPERIMENTS


class ExperimentSettings(Closed):
    """What an experiment takes from the config."""

    def arm_names(self) -> list[str]:
        """Arms of the study that the experiment uses: those of its key `arms` or `arm`, if any."""
        single = [self.arm] if hasattr(self, "arm") else []
        return list(getattr(self, "arms", single))

    def job_arms(self, arms: Mapping[str, ArmSettings]) -> dict[str, ArmSettings]:
        """The arms that its jobs are given; `arms`: the study's."""
        return {name: arms[name] for name in self.arm_names()}


def models() -> dict[str, type[ExperimentSettings]]:
    """The settings of each experiment that has any, such as `SweepSettings` for `sweep`."""
    found = {}
    for name in EXPERIMENTS:
        module = f"strsbp.study.experiments.{name}.settings"
        if find_spec(module) is not None:
            class_name = name.title().replace("_", "") + "Settings"
            found[name] = getattr(import_module(module), class_name)
    return found


def with_experiments(base: type[Closed]) -> type[Closed]:
    """`base` with one more key per experiment: its settings, under the experiment's name."""
    fields = {}
    for name, model in models().items():
        required = any(field.is_required() for field in model.model_fields.values())
        description = model.__doc__.split("\n\n")[0]
        default = ... if required else model()
        fields[name] = (model, Field(default, description=description))
    return create_model("WithExperiments", __base__=base, **fields)
