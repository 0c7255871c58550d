"""Every setting of a network, an arm and its table.

These models are the single source of truth: they validate the config files, define the defaults
and generate ``workflow/schemas/config.schema.json``. Unknown keys are errors. Constants and their
sources are documented in ``docs/algorithm.md``.
"""

import math
import re
from collections.abc import Sequence
from os.path import expanduser
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from strsbp.errors import SettingsError

N_PIXELS = 28 * 28
"""Pixels per image in the known data sets; other images may have a different number."""
N_CLASSES = 10

TARGET_COUNT_LABEL = 35
"""Target spike count of the label's output neuron (section 4)."""

DATASET_NAMES = ("mnist5k", "mnist", "fashion-mnist")
"""The data sets that need no file of the user's."""

ArmName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
SpspName = Literal["published", "unblocked", "corrected", "corrected_draft", "exact"]
DatasetName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Threshold = Annotated[float, Field(ge=1e-3, le=1e6)]
"""A firing threshold, in mV."""
LARGEST_SPLIT = 10_000_000
"""Limit on the samples of a training or test set."""


Model = TypeVar("Model", bound=BaseModel)


def _distinct(values: list) -> list:
    if len(set(values)) != len(values):
        raise ValueError("no value may be listed twice")
    return values


DISTINCT = AfterValidator(_distinct)
SORTED = AfterValidator(lambda values: sorted(_distinct(values)))
"""For lists without duplicates; `SORTED` also sorts them."""

Seeds = Annotated[list[Seed], Field(min_length=1), DISTINCT]


class Closed(BaseModel):
    """An immutable model that rejects unknown keys."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class LayerSettings(Closed):
    """One hidden layer; the output layer (one neuron per class) is always added automatically."""

    kind: Literal["feedforward", "recurrent"]
    """`feedforward`, or `recurrent`: a trained sparse reservoir on a 3-D grid."""
    size: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Number of neurons of a feed-forward layer."""
    shape: tuple[int, int, int] | None = None
    """Grid of a recurrent layer; 5 x 5 x 16 is 400 neurons."""

    @model_validator(mode="after")
    def _size_or_shape(self):
        if self.kind == "feedforward" and (self.size is None or self.shape is not None):
            raise ValueError("a feedforward layer needs `size` and no `shape`")
        if self.kind == "recurrent":
            if self.shape is None or self.size is not None:
                raise ValueError("a recurrent layer needs `shape` and no `size`")
            if min(self.shape) < 1 or self.n_neurons > 100_000:
                raise ValueError("`shape` must be three positive sizes, at most 100,000 neurons")
        return self

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return int(self.size or 0) if self.shape is None else math.prod(self.shape)


class Dynamics(Closed):
    """Settings that include the constants of the neurons' dynamics."""

    @property
    def dynamics(self) -> dict[str, float]:
        """`tau_m`, `tau_s` and `refractory_steps`, as keywords of the functions in reference/."""
        return self.model_dump(include={"tau_m", "tau_s", "refractory_steps"})


class ModelSettings(Dynamics):
    """The dynamics, the gradient and the learning rule of a network."""

    tau_m: Annotated[float, Field(gt=1, le=1e6)] = 64.0
    """Membrane time constant, in steps of 1 ms."""
    tau_s: Annotated[float, Field(gt=1, le=1e6)] = 8.0
    """Synaptic time constant, in steps of 1 ms."""
    refractory_steps: Annotated[int, Field(ge=0, le=1000)] = 2
    """Steps after a spike during which the membrane is held at 0."""
    n_steps: Annotated[int, Field(ge=TARGET_COUNT_LABEL, le=65_536)] = 400
    """Length T of every spike train, in steps; at least 35, the label's target count."""
    threshold_hidden: Threshold = 20.0
    """Firing threshold of the hidden layers, in mV."""
    threshold_output: Threshold = 15.0
    """Firing threshold of the output layer, in mV."""
    gradient: Literal[
        "strsbp", "strsbp_normalised", "hm2bp", "hm2bp_weights", "hm2bp_published"
    ] = "strsbp"
    """`strsbp`: the study's method; `strsbp_normalised`: the same, scaled in each sample and
    feed-forward layer to the norm that it has with s_i = 1; `hm2bp`: denominators s_i = 1;
    `hm2bp_weights`: s_i = 1 in the weight gradient only, not in the back-propagated error;
    `hm2bp_published`: as in HM2-BP's own program (finding F11)."""
    ablated_layers: Literal["feedforward", "all"] = "feedforward"
    """Layers to which a gradient other than `strsbp` applies; the output layer counts as
    feed-forward."""
    divide_by_threshold: bool = True
    """Whether each layer divides its error by its threshold, as Eq. 3 and the published program do;
    the published logs fit the program without the division (finding F10)."""
    error_gain: tuple[Annotated[float, Field(gt=0, le=1e6)], ...] = ()
    """Factors by which each layer multiplies its error, first hidden layer to output layer; empty
    means 1 in every layer."""
    reservoir: Literal["derived", "published"] = "derived"
    """`published`: the one-way connections of the published program (finding F5)."""
    adjoint: Literal["derived", "published"] = "derived"
    """`published`: the transposed system of the published program (finding F6)."""
    shuffle: Literal["full", "published"] = "full"
    """`published`: the 5,000 random swaps of the published program (finding F8)."""
    learning_rate: Annotated[float, Field(gt=0, le=10)] = 0.001
    """Adam's initial step size."""
    step_rule: Literal["published", "logged"] = "published"
    """Step size of epoch e (from 0): `published` is `learning_rate / sqrt(e + 1)`; `logged`, as in
    the published logs, `learning_rate / sqrt(max(e, 1))` (finding F9)."""
    regularisation: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    """Strength lambda of the weight regularisation. The published program has 10, which silences
    many neurons if the error is divided by the threshold (finding F10); the equations have none."""
    cost: Literal["forward", "repaired"] = "forward"
    """Output counts used for the reported cost: `forward`, the network's own; `repaired`, as in the
    published program, those after a silent label was given a spike train. The gradient is the
    same."""

    def step_size(self, epoch: int) -> float:
        """Adam's step size in `epoch`, counted from 0."""
        epochs = max(epoch, 1) if self.step_rule == "logged" else epoch + 1
        return self.learning_rate / math.sqrt(epochs)

    def gain(self, layer: int) -> float:
        """Factor by which layer `layer` (from 0) multiplies its error."""
        return self.error_gain[layer] if self.error_gain else 1.0

    def check_layers(self, kinds: Sequence[str]) -> None:
        """Raise `SettingsError` if the settings do not fit hidden layers of these `kinds`."""
        n_layers = len(kinds) + 1
        if self.error_gain and len(self.error_gain) != n_layers:
            raise SettingsError(
                f"`error_gain` has {len(self.error_gain)} factors, but the network has {n_layers} "
                "layers including the output layer; give one factor per layer."
            )
        of_feedforward = self.gradient in ("strsbp_normalised", "hm2bp_published")
        if of_feedforward and self.ablated_layers == "all" and "recurrent" in kinds:
            raise SettingsError(
                f"`gradient: {self.gradient}` is defined only for feed-forward layers; set "
                "`ablated_layers: feedforward`."
            )


class TableSettings(Closed):
    """The effect-ratio table de/do of an arm; `tau_m` and `n_steps` are the arm's if left out."""

    spsp: SpspName = "published"
    """The simulation of e_ij: `published`, `unblocked` (without finding F2), `corrected` (Listing 2
    of the study) or `corrected_draft` (its first revision). `exact` is not simulated: it is the
    mean over all trains with the refractory gap, in the network's own dynamics; it needs no fit."""
    grid: Annotated[int, Field(ge=5, le=1000)] = 100
    """Largest spike count of the simulation; the table has one row per input count."""
    degree: Annotated[int, Field(ge=2, le=8)] = 4
    """Degree of the polynomials; the authors use 4."""
    fit: Literal["polynomial", "spline", "logarithmic", "saturating", "derivative", "exact"] = (
        "polynomial"
    )
    """What is fitted: a `polynomial` to each row of the simulation; one curve for all rows, as a
    smoothing `spline`, a `logarithmic` or a `saturating` regression; a cubic to the `derivative`
    of that curve; or nothing (`exact`: the exact mean over the same trains)."""
    tau_m: Annotated[float, Field(gt=1, le=1e6)] | None = None
    """Membrane time constant of the simulation, if different from the arm's."""
    n_steps: Annotated[int, Field(ge=2, le=65_536)] | None = None
    """Length of the simulated spike trains, if different from the arm's."""
    file: Annotated[str, AfterValidator(expanduser)] | None = None
    """A table to use instead of a simulation: in the authors' text format, or a CSV file."""

    @property
    def fit_name(self) -> str:
        """Name of the fit in file names."""
        if self.spsp == "exact":
            return "exact"
        return f"polynomial{self.degree}" if self.fit == "polynomial" else self.fit


class SimulatedTable(Dynamics):
    """All settings of a simulation; its files are named after its `key`."""

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
    def on_slots(self) -> bool:
        """Whether spikes lie on multiples of `refractory_steps`, as in the study's Listing 2."""
        return self.spsp in ("corrected", "corrected_draft")

    @property
    def largest_count(self) -> int:
        """The largest number of spikes in a train of this simulation.

        `published` and `unblocked` trains use times 0..T at least `refractory_steps` + 1 apart
        (docs/algorithm.md, section 9).
        """
        if self.on_slots:
            return self.n_steps // max(self.refractory_steps, 1)
        if self.spsp == "exact":
            return (self.n_steps - 2) // (self.refractory_steps + 1) + 1
        return self.n_steps // (self.refractory_steps + 1) + 1

    def check_grid(self) -> None:
        """Raise `SettingsError` if a train cannot have `grid` spikes."""
        if self.grid > self.largest_count:
            raise SettingsError(
                f"`grid` is {self.grid}, but a train of `{self.spsp}` with n_steps {self.n_steps} "
                f"and refractory_steps {self.refractory_steps} has room for {self.largest_count} "
                "spikes; lower the grid or raise n_steps."
            )

    @classmethod
    def from_key(cls, key: str) -> "SimulatedTable":
        """The settings encoded in a `key`; raises `SettingsError`."""
        number = r"([0-9.e+]+)"
        match = re.fullmatch(f"([a-z_]+)-m{number}-s{number}-r{number}-t{number}-g{number}", key)
        if match is None:
            raise SettingsError(
                f"'{key}' is not the name of a table, such as published-m64-s8-r2-t400-g100."
            )
        return checked(cls, dict(zip(cls.model_fields, match.groups(), strict=True)), key)


class ArmSettings(ModelSettings):
    """One arm of the study: a model, its table, and how it is trained."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    """The name shown in legends and tables."""
    architecture: str = "784-400-R400-10"
    """Key of `architectures`."""
    table: TableSettings = TableSettings()
    """The effect-ratio table."""
    dataset: DatasetName | None = None
    """Data set of this arm, if different from the study's."""
    n_train: Annotated[int, Field(ge=1, le=LARGEST_SPLIT)] | None = None
    """Training images of this arm (the first n), if different from the study's."""
    n_test: Annotated[int, Field(ge=1, le=LARGEST_SPLIT)] | None = None
    """Test images of this arm (the first n), if different from the study's."""
    n_validation: Annotated[int, Field(ge=0, le=LARGEST_SPLIT)] = 0
    """Validation images: the last n of the training set, for choosing an epoch (0: none)."""
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Training epochs."""
    seeds: Seeds = [1, 2, 3]
    """One run per seed, which determines all random draws of the run."""

    def simulated_table(self) -> SimulatedTable | None:
        """The simulation behind this arm's table, or None if the table is read from a file."""
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
        """The file of this arm's table, in the results folder `folder` of a profile."""
        simulated, fit = self.simulated_table(), self.table.fit_name
        if simulated is None:
            return Path(str(self.table.file))
        if fit == "polynomial4":
            return folder / "fit_spsp" / f"{simulated.key}.txt"
        return folder / "fit_curve" / f"{simulated.key}-{fit}.csv"


def checked(model: type[Model], raw: object, where: str) -> Model:
    """`model` validated from `raw`; raises a one-sentence `SettingsError` that names `where`."""
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


def _known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """Keys of the (nested) model at `loc`, or an empty list if the schema does not tell."""
    schema = node = model.model_json_schema()
    for part in (*loc, None):
        while "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        if part is not None:
            inside = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
            choices = [node.get("properties", {}).get(part), *inside, node.get("items"), {}]
            node = next(choice for choice in choices if isinstance(choice, dict))
    return list(node.get("properties", ()))
