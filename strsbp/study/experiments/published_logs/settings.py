"""The arms that repeat the published training logs."""

from strsbp.settings import ArmName, ArmSettings
from strsbp.study.experiments.settings import ExperimentSettings


class PublishedLogsSettings(ExperimentSettings):
    """Arms that repeat the published training logs, trained on demand."""

    arms: dict[ArmName, ArmSettings] = {}
    """The arms, by name; they start from `defaults`, as those of the study do."""
