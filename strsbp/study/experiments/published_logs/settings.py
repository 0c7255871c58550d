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

    def arm_names(self) -> list[str]:
        return [
            arm for settings in self.compared.values() for arms in settings.values() for arm in arms
        ]
