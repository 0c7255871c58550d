"""What a workflow job reads: the networks to train or compare, and their digits."""

from typing import NamedTuple

from strsbp.data import Digits
from strsbp.data.prepared import read_prepared
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.spsp.table import EffectRatioTable, read_table


class Networks(NamedTuple):
    """Arms of one architecture, and all digits of the first arm's data set."""

    arms: dict[str, ArmSettings]
    layers: list[LayerSettings]
    """The hidden layers."""
    tables: list[EffectRatioTable]
    """The effect-ratio tables among the inputs, normally one per arm."""
    digits: Digits

    @property
    def first(self) -> ArmSettings:
        """The first arm."""
        return next(iter(self.arms.values()))

    @property
    def tables_by_arm(self) -> dict[str, EffectRatioTable]:
        """The table of each arm."""
        return dict(zip(self.arms, self.tables, strict=True))

    @property
    def arm_digits(self) -> Digits:
        """The images that the first arm uses, as its settings specify."""
        return self.digits.first(self.first.n_train, self.first.n_test)


def read_networks(job) -> Networks:
    """The networks of a job; `job` is the object `snakemake` in a script.

    `job.params.networks` holds the settings of arms and layers, `job.input` the description of
    the digits and any `tables`; `job.resources.local_dir` is the folder or file with the images
    (or empty). Raises a `StrsbpError` if a file cannot be read.
    """
    settings = job.params.networks
    return Networks(
        arms={name: ArmSettings.model_validate(arm) for name, arm in settings["arms"].items()},
        layers=[LayerSettings.model_validate(layer) for layer in settings["layers"]],
        tables=[read_table(path) for path in job.input.get("tables", ())],
        digits=read_prepared(job.input.digits, job.resources.local_dir or None),
    )
