"""Every setting of a network, an arm and its table, in one closed and documented place.

The models below are the single source: they validate the config files, give the defaults, and
generate ``workflow/schemas/config.schema.json``. A key that is not listed here is an error.
Constants and their sources are in ``docs/algorithm.md``.
"""

import hashlib
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from strsbp.errors import SettingsError

N_PIXELS = 28 * 28
"""Pixels of an image of the known data sets; a user's own images may have another number."""
N_CLASSES = 10

TARGET_COUNT_LABEL = 35
"""Target spike count of the label's output neuron (section 4)."""

ArmName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
SpspName = Literal["published", "unblocked", "corrected", "exact"]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


def _distinct(values: list) -> list:
    if len(set(values)) != len(values):
        raise ValueError("every value may be listed once")
    return values


DISTINCT = AfterValidator(_distinct)
SORTED = AfterValidator(lambda values: sorted(_distinct(values)))
"""For lists: no value twice; `SORTED` puts them in order too."""

Seeds = Annotated[list[Seed], Field(min_length=1), DISTINCT]


class Closed(BaseModel):
    """A model that refuses unknown keys and cannot be changed after it was checked."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class LayerSettings(Closed):
    """One hidden layer; the output layer (one neuron a class) always follows by itself."""

    kind: Literal["feedforward", "recurrent"]
    """`feedforward`, or `recurrent`: a trained sparse reservoir on a 3-D grid."""
    size: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Number of neurons of a feed-forward layer."""
    shape: tuple[int, int, int] | None = None
    """Grid of a recurrent layer; 5 x 5 x 16 is 400 neurons."""

    @model_validator(mode="after")
    def _size_or_shape(self):
        if self.kind == "feedforward" and (self.size is None or self.shape is not None):
            raise ValueError("a feedforward layer takes `size` and no `shape`")
        if self.kind == "recurrent":
            if self.shape is None or self.size is not None:
                raise ValueError("a recurrent layer takes `shape` and no `size`")
            if min(self.shape) < 1 or self.n_neurons > 100_000:
                raise ValueError("`shape` must hold three positive sizes, at most 100,000 neurons")
        return self

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        if self.kind == "feedforward":
            return self.size
        depth, height, width = self.shape
        return depth * height * width


class ModelSettings(Closed):
    """What defines the dynamics, the gradient and the learning rule of a network."""

    tau_m: Annotated[float, Field(gt=1, le=1e6)] = 64.0
    """Membrane time constant, in steps of 1 ms."""
    tau_s: Annotated[float, Field(gt=1, le=1e6)] = 8.0
    """Synaptic time constant, in steps of 1 ms."""
    refractory_steps: Annotated[int, Field(ge=0, le=1000)] = 2
    """Steps after a spike during which the membrane is held at 0."""
    n_steps: Annotated[int, Field(ge=TARGET_COUNT_LABEL, le=65_536)] = 400
    """Length T of every spike train, in steps; at least 35, the label's target count."""
    threshold_hidden: Annotated[float, Field(gt=0, le=1e6)] = 20.0
    """Firing threshold of the hidden layers, in mV."""
    threshold_output: Annotated[float, Field(gt=0, le=1e6)] = 15.0
    """Firing threshold of the output layer, in mV."""
    gradient: Literal[
        "strsbp", "strsbp_normalised", "hm2bp", "hm2bp_weights", "hm2bp_published"
    ] = "strsbp"
    """`strsbp`; `strsbp_normalised`: scaled in each layer and sample to the length that it has with
    s_i = 1; `hm2bp`: denominators s_i = 1; `hm2bp_weights`: s_i = 1 in the weight gradient alone,
    while the back-propagated error keeps its denominators; `hm2bp_published`: as the program of
    HM2-BP has it (finding F11)."""
    ablated_layers: Literal["feedforward", "all"] = "feedforward"
    """Layers in which a gradient other than `strsbp` acts; the output layer counts as
    feed-forward."""
    divide_by_threshold: bool = True
    """Whether each layer divides its error by its threshold, as Eq. 3 and the published program do;
    the published logs fit the program without the division (finding F10)."""
    error_gain: tuple[Annotated[float, Field(gt=0, le=1e6)], ...] = ()
    """Factors by which each layer multiplies its error, first hidden layer to output layer; empty
    for 1 in every layer."""
    reservoir: Literal["derived", "published"] = "derived"
    """`published` keeps the one-way connections of the published program (finding F5)."""
    adjoint: Literal["derived", "published"] = "derived"
    """`published` keeps the transposed solve of the published program (finding F6)."""
    shuffle: Literal["full", "published"] = "full"
    """`published` keeps the 5,000 random swaps of the published program (finding F8)."""
    learning_rate: Annotated[float, Field(gt=0, le=10)] = 0.001
    """Adam's step size at the start."""
    step_rule: Literal["published", "logged"] = "published"
    """Step size of epoch e (from 0): `published` is `learning_rate / sqrt(e + 1)`; `logged`, as in
    the published logs, `learning_rate / sqrt(max(e, 1))` (finding F9)."""
    regularisation: Annotated[float, Field(ge=0, le=1e6)] = 10.0
    """Strength lambda of the weight regularisation."""
    cost: Literal["forward", "repaired"] = "forward"
    """Output counts behind the reported cost: the network's own, or, as in the published program,
    those after a silent label was given a train. The gradient is the same."""

    def step_size(self, epoch: int) -> float:
        """Adam's step size in `epoch`, counted from 0."""
        epochs = max(epoch, 1) if self.step_rule == "logged" else epoch + 1
        return self.learning_rate / math.sqrt(epochs)

    def gain(self, layer: int) -> float:
        """What layer number `layer` (from 0) multiplies its error by."""
        return self.error_gain[layer] if self.error_gain else 1.0

    def check_layers(self, kinds: Sequence[str]) -> None:
        """Raise `SettingsError` where the settings do not suit hidden layers of `kinds`."""
        n_layers = len(kinds) + 1
        if self.error_gain and len(self.error_gain) != n_layers:
            raise SettingsError(
                f"`error_gain` has {len(self.error_gain)} factors, but the network has {n_layers} "
                "layers, the output layer included; give one for each."
            )
        of_feedforward = self.gradient in ("strsbp_normalised", "hm2bp_published")
        if of_feedforward and self.ablated_layers == "all" and "recurrent" in kinds:
            raise SettingsError(
                f"`gradient: {self.gradient}` is defined in feed-forward layers alone; set "
                "`ablated_layers: feedforward`."
            )


class TableSettings(Closed):
    """Which effect-ratio table de/do serves an arm. What is left out is the arm's own value."""

    spsp: SpspName = "published"
    """The trains behind e_ij: `published`, `unblocked` (without finding F2) and `corrected` are
    simulated; `exact` is the expectation, without Monte Carlo, over all trains with the refractory
    gap in the network's own dynamics, and needs no fit."""
    grid: Annotated[int, Field(ge=5, le=1000)] = 100
    """Largest spike count of the simulation; one row of the table for each input count."""
    degree: Annotated[int, Field(ge=2, le=8)] = 4
    """Degree of the polynomials; the authors' is 4."""
    fit: Literal["polynomial", "spline", "logarithmic", "saturating", "derivative", "exact"] = (
        "polynomial"
    )
    """What is fitted: a `polynomial` to each row of the simulation; one curve for all rows, as a
    smoothing `spline`, as a `logarithmic` or a `saturating` regression; a cubic to the
    `derivative` of that curve; or nothing: `exact` is the expectation over the same trains."""
    tau_m: Annotated[float, Field(gt=1, le=1e6)] | None = None
    """Membrane time constant of the simulation, if it is not the arm's."""
    n_steps: Annotated[int, Field(ge=2, le=65_536)] | None = None
    """Length of the simulated spike trains, if it is not the arm's."""
    file: str | None = None
    """A table used instead of a simulation: in the authors' text format, or a csv file."""

    @property
    def fit_name(self) -> str:
        """Name of the fit in file names."""
        if self.spsp == "exact":
            return "exact"
        return f"polynomial{self.degree}" if self.fit == "polynomial" else self.fit


class SimulatedTable(Closed):
    """A fully resolved simulation; its `key` names its files."""

    spsp: SpspName
    tau_m: float
    tau_s: float
    refractory_steps: int
    n_steps: int
    grid: int

    @property
    def key(self) -> str:
        """Name of the table in file names, such as `published-m64-s8-r2-t400-g100`."""
        return (
            f"{self.spsp}-m{self.tau_m:.12g}-s{self.tau_s:.12g}"
            f"-r{self.refractory_steps}-t{self.n_steps}-g{self.grid}"
        )

    @property
    def largest_count(self) -> int:
        """The largest number of spikes that a train of this simulation can hold.

        `published` and `unblocked` trains take times 0..T at least `refractory_steps` + 1 apart;
        `corrected` trains take multiples of `refractory_steps` (docs/algorithm.md, section 9).
        """
        if self.spsp == "corrected":
            return self.n_steps // max(self.refractory_steps, 1)
        if self.spsp == "exact":
            return (self.n_steps - 2) // (self.refractory_steps + 1) + 1
        return self.n_steps // (self.refractory_steps + 1) + 1

    def check_grid(self) -> None:
        """Raise `SettingsError` where no train of `grid` spikes exists."""
        if self.grid > self.largest_count:
            raise SettingsError(
                f"`grid` is {self.grid}, but a {self.spsp} simulation over n_steps {self.n_steps} "
                f"with refractory_steps {self.refractory_steps} has room for {self.largest_count} "
                "spikes; lower the grid or raise n_steps."
            )

    @classmethod
    def from_key(cls, key: str) -> "SimulatedTable":
        """Read a table's settings back from its `key`; raises `SettingsError`."""
        match = re.fullmatch(
            r"(published|unblocked|corrected|exact)-m([0-9.e+]+)-s([0-9.e+]+)-r(\d+)-t(\d+)-g(\d+)",
            key,
        )
        if match is None:
            raise SettingsError(
                f"'{key}' does not name a table; a name looks like published-m64-s8-r2-t400-g100."
            )
        spsp, tau_m, tau_s, refractory_steps, n_steps, grid = match.groups()
        return checked(
            cls,
            dict(
                spsp=spsp,
                tau_m=tau_m,
                tau_s=tau_s,
                refractory_steps=refractory_steps,
                n_steps=n_steps,
                grid=grid,
            ),
            where=f"table name {key}",
        )


class ArmSettings(ModelSettings):
    """One arm of the study: a model, its table, and how it is trained."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    """The name shown in legends and tables."""
    architecture: str = "784-400-R400-10"
    """Key of `architectures`."""
    table: TableSettings = TableSettings()
    """The effect-ratio table."""
    dataset: Literal["mnist5k", "mnist", "fashion-mnist"] | None = None
    """Data set of this arm, if it is not the study's."""
    n_train: Annotated[int, Field(ge=1, le=60_000)] | None = None
    """Training images of this arm (the first n), if they are not the study's."""
    n_test: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Test images of this arm (the first n), if they are not the study's."""
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Training epochs."""
    seeds: Seeds = [1, 2, 3]
    """One run for each; every random draw of a run follows from its seed."""

    def simulated_table(self) -> SimulatedTable | None:
        """The simulation that makes this arm's table, or None where a file serves it."""
        if self.table.file is not None:
            return None
        return SimulatedTable(
            spsp=self.table.spsp,
            tau_m=self.table.tau_m if self.table.tau_m is not None else self.tau_m,
            tau_s=self.tau_s,
            refractory_steps=self.refractory_steps,
            n_steps=self.table.n_steps if self.table.n_steps is not None else self.n_steps,
            grid=self.table.grid,
        )

    def table_path(self, folder: Path) -> Path:
        """The file with this arm's table, below the results folder `folder` of a profile."""
        simulated, fit = self.simulated_table(), self.table.fit_name
        if simulated is None:
            return Path(self.table.file)
        if fit == "polynomial4":
            return folder / "fit_spsp" / f"{simulated.key}.txt"
        return folder / "fit_curve" / f"{simulated.key}-{fit}.csv"


def checked(model, raw, where: str):
    """`model` built from `raw`, or a `SettingsError` in one sentence that names `where`."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            known = _known_keys(model, first["loc"][:-1])
            hint = f"; known keys: {', '.join(known)}" if known else ""
            reason = f"there is no such setting{hint}"
        elif "input" in first and not isinstance(first["input"], dict | list):
            reason = f"{reason}, not {first['input']!r}"
        more = len(error.errors()) - 1
        also = f" (and {more} more)" if more else ""
        at = f", {place}" if place else ""
        raise SettingsError(f"{where}{at}: {reason}{also}.") from None


def _known_keys(model, loc) -> list[str]:
    """Keys of the model that `loc` points into, as far as plain annotations tell."""
    schema = model.model_json_schema()
    node = schema
    for part in loc:
        node = _resolve(node, schema)
        if "properties" in node and part in node["properties"]:
            node = node["properties"][part]
        elif isinstance(node.get("additionalProperties"), dict):
            node = node["additionalProperties"]
        elif "patternProperties" in node:
            node = next(iter(node["patternProperties"].values()))
        elif "items" in node:
            node = node["items"]
        else:
            return []
    return list(_resolve(node, schema).get("properties", ()))


def _resolve(node, schema):
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def settings_hash(*parts: BaseModel | str | int) -> str:
    """SHA-256 over the canonical JSON of `parts`: what a run depends on, in 64 hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        text = part.model_dump_json() if isinstance(part, BaseModel) else str(part)
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file's content, in 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
