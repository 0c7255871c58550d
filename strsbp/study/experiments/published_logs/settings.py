"""The arms that repeat the published training logs."""

from pydantic import model_validator

from strsbp.settings import ArmName, ArmSettings
from strsbp.study.experiments.settings import ExperimentSettings


class PublishedLogsSettings(ExperimentSettings):
    """Arms that repeat the published training logs.

    Those in `compared` belong to the open questions; the others are trained on demand.
    """

    arms: dict[ArmName, ArmSettings] = {}
    """The arms, by name; like the study's, they start from `defaults`."""
    compared: dict[str, dict[str, list[ArmName]]] = {}
    """For each log of resources/published_logs.csv and each setting, the arms whose runs are
    pooled; they differ only in their number of epochs."""

    @model_validator(mode="after")
    def _known(self):
        for name in self.compared_arms():
            if name not in self.arms:
                raise ValueError(f"`compared` names the arm '{name}', which is not in `arms`")
        return self

    def compared_arms(self) -> list[str]:
        """The arms that are compared with a log."""
        return [
            arm for settings in self.compared.values() for arms in settings.values() for arm in arms
        ]
