"""The networks that a workflow job trains or compares, with their digits."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from strsbp.data import Digits
from strsbp.data.prepared import read_prepared
from strsbp.engine.network import Network
from strsbp.network import build_network
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.spsp.table import EffectRatioTable, read_table
from strsbp.study.call import validated_arms
from strsbp.training.epochs import train


class Networks(NamedTuple):
    """Arms of one architecture, and all digits of the first arm's data set."""

    arms: dict[str, ArmSettings]
    layers: list[LayerSettings]
    """The hidden layers."""
    tables: list[EffectRatioTable]
    """The effect-ratio tables among the inputs, normally one per arm."""
    digits: Digits
    table_files: Sequence[str] = ()
    """Where the tables are."""

    @property
    def first(self) -> ArmSettings:
        """The first arm."""
        return next(iter(self.arms.values()))

    @property
    def arm_digits(self) -> Digits:
        """The images that the first arm uses, as its settings specify."""
        return self.digits.first(self.first.n_train, self.first.n_test)

    def build(self, seed: int) -> Network:
        """The network of the first arm before training."""
        arm, table = self.first, self.tables[0]
        return build_network(arm, self.layers, table, seed, *self.digits.sizes)

    def states(self, seed: int, epochs: int) -> Iterator[tuple[str, Network]]:
        """The network of the first arm, `untrained` and, unless it diverged, `trained`."""
        network = self.build(seed)
        yield "untrained", network
        train(network, self.digits.first(self.first.n_train, 1), epochs)
        if network.first_layer_not_finite() is None:
            yield "trained", network


def read_networks(job) -> Networks:
    """The networks of a job; `job` is the object `snakemake` in a script.

    `job.params.networks` holds the settings of arms and layers, `job.input` the description of
    the digits and any `tables`; `job.resources.local_dir` is the folder or file with the images
    (or empty). Raises a `StrsbpError` if a file cannot be read.
    """
    settings, files = job.params.networks, job.input.get("tables", [])
    return Networks(
        arms=validated_arms(settings),
        layers=[LayerSettings.model_validate(layer) for layer in settings["layers"]],
        tables=[read_table(path) for path in files],
        table_files=list(files),
        digits=read_prepared(job.input.digits, job.resources.local_dir or None),
    )
