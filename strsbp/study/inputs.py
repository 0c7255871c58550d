"""What a job of the workflow reads: networks to train or to compare, and their digits."""

from typing import NamedTuple

from strsbp.data import Digits
from strsbp.data.prepared import read_prepared
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.spsp.table import EffectRatioTable, read_table


class Networks(NamedTuple):
    """Arms on one architecture, and all digits of the first one's data set."""

    arms: dict[str, ArmSettings]
    layers: list[LayerSettings]
    """The hidden layers."""
    tables: list[EffectRatioTable]
    """The effect-ratio tables among the inputs; as a rule one for each arm."""
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
        """The images that the first arm sees, as its settings say."""
        return self.digits.first(self.first.n_train, self.first.n_test)


def read_networks(job) -> Networks:
    """The networks of a job: Snakemake's object `snakemake` of a script.

    `job.params.networks` holds settings of arms and layers, `job.input` the description of the
    digits and, as far as there are any, `tables`; `job.resources.local_dir` is the folder with
    images (or empty). Raises a `StrsbpError` for files that cannot be read.
    """
    settings = job.params.networks
    return Networks(
        arms={name: ArmSettings.model_validate(arm) for name, arm in settings["arms"].items()},
        layers=[LayerSettings.model_validate(layer) for layer in settings["layers"]],
        tables=[read_table(path) for path in job.input.get("tables", ())],
        digits=read_prepared(job.input.digits, job.resources.local_dir or None),
    )
