"""The settings of a whole study: digits, arms, figures. What a config file says."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from strsbp.errors import SettingsError
from strsbp.settings import (
    ArmName,
    ArmSettings,
    Closed,
    LayerSettings,
    Seed,
    SimulatedTable,
    checked,
)
from strsbp.study.experiments.bptt.settings import BpttSettings
from strsbp.study.experiments.early_decision.settings import EarlyDecisionSettings, network_table
from strsbp.study.experiments.fits.settings import FitsSettings
from strsbp.study.experiments.gradient_check.settings import GradientCheckSettings
from strsbp.study.experiments.gradients.settings import GradientSettings
from strsbp.study.experiments.regularisation.settings import RegularisationSettings
from strsbp.study.experiments.sweep.settings import Cell, SweepSettings


class DataSettings(Closed):
    """Which digits the study uses."""

    dataset: Literal["mnist5k", "mnist", "fashion-mnist"] = "mnist5k"
    """`mnist5k` comes with a Python package; the others are downloaded or read from a folder."""
    local_dir: str | None = None
    """Folder with the four idx files; the environment variable STRSBP_DATA_DIR serves too."""
    n_train: Annotated[int, Field(ge=1, le=60_000)] = 250
    """Training images: the first n of the training set."""
    n_test: Annotated[int, Field(ge=1, le=10_000)] = 250
    """Test images: the first n of the test set."""


class SimulationSettings(Closed):
    """How the e_ij surfaces are simulated."""

    repeats: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """Random pairs of spike trains for each cell of the grid."""
    seed: Seed = 1
    """Seed of the simulation."""


class CurveFigure(Closed):
    """A figure of test error over epochs."""

    panels: Annotated[dict[str, list[ArmName]], Field(min_length=1)]
    """Title of each panel, and the arms drawn in it."""
    epochs: Annotated[int, Field(ge=1)]
    """Epochs shown."""


class FigureSettings(Closed):
    """Which arms the figures of training curves draw."""

    fig2: CurveFigure
    """ST-RSBP against HM2-BP, 10 epochs."""
    fig3: CurveFigure
    """ST-RSBP against HM2-BP, 20 epochs."""
    fig4: CurveFigure
    """The time constant tau_m."""
    fig6: CurveFigure
    """The corrected e_ij."""
    divergence: CurveFigure
    """Inside the networks of Fig. 4: two panels, each tau_m with its own table and with another's,
    in the same order."""

    @model_validator(mode="after")
    def _two_panels(self):
        lengths = [len(arms) for arms in self.divergence.panels.values()]
        if len(lengths) != 2 or lengths[0] != lengths[1]:
            raise ValueError("`divergence` takes two panels with as many arms each")
        return self


class VariantSettings(Closed):
    """A second set of arms: some arms once more, with other settings."""

    title: Annotated[str, Field(min_length=1, max_length=60)]
    """What the title of each arm ends with."""
    arms: Annotated[dict[ArmName, dict[str, Any]], Field(min_length=1)]
    """The arms of the set, and what each has beyond the set's settings."""
    settings: dict[str, Any]
    """Settings that all arms of the set have."""


class StudySettings(Closed):
    """The whole study: what a config file says."""

    profile: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    """Name of the results folder: results/<profile>."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where networks are trained."""
    data: DataSettings = DataSettings()
    """The digits."""
    simulation: SimulationSettings = SimulationSettings()
    """The e_ij simulations."""
    architectures: Annotated[
        dict[str, Annotated[list[LayerSettings], Field(min_length=1)]], Field(min_length=1)
    ]
    """Hidden layers of each architecture."""
    defaults: dict[str, Any] = {}
    """Settings that every arm starts from."""
    arms: Annotated[dict[ArmName, ArmSettings], Field(min_length=1)]
    """The arms, by name."""
    variants: dict[ArmName, VariantSettings] = {}
    """Further sets of arms: the set `a` holds the arm `b` once more, under the name `a_b`."""
    gradients: GradientSettings
    """The comparison of gradients."""
    fits: FitsSettings
    """The ranking of fits."""
    bptt: BpttSettings
    """The comparison with backpropagation through time (BPTT)."""
    sweep: SweepSettings
    """Grids of time constants and thresholds."""
    gradient_check: GradientCheckSettings
    """The comparison of gradients with the true gradient of the expected loss."""
    early_decision: EarlyDecisionSettings
    """Accuracy against cost, for networks of several T."""
    regularisation: RegularisationSettings
    """The sweep of the weight regularisation."""
    figures: FigureSettings
    """The figures of training curves."""

    @model_validator(mode="before")
    @classmethod
    def _apply_defaults(cls, raw):
        if not isinstance(raw, dict):
            return raw
        defaults, arms = raw.get("defaults") or {}, raw.get("arms")
        if isinstance(defaults, dict) and isinstance(arms, dict):
            arms = {
                name: {**defaults, **(arm or {})} if isinstance(arm, dict | None) else arm
                for name, arm in arms.items()
            }
            return {**raw, "arms": arms}
        return raw

    @model_validator(mode="after")
    def _add_variants(self):
        for name, variant in self.variants.items():
            for of, own in variant.arms.items():
                if of not in self.arms:
                    raise ValueError(
                        f"the variant '{name}' has the unknown arm '{of}' "
                        f"(known: {', '.join(self.arms)})"
                    )
                arm = self.arms[of].model_dump()
                arm |= {"title": f"{arm['title']}, {variant.title}"} | variant.settings | own
                self.arms[f"{name}_{of}"] = checked(ArmSettings, arm, f"variants.{name}.arms.{of}")
        return self

    @model_validator(mode="after")
    def _references(self):
        for name, arm in self.arms.items():
            if arm.architecture not in self.architectures:
                raise ValueError(
                    f"arm '{name}' uses the unknown architecture '{arm.architecture}' "
                    f"(known: {', '.join(self.architectures)})"
                )
        for key, named in (
            ("gradients", self.gradients.arms),
            ("fits", self.fits.arms),
            ("gradient_check", self.gradient_check.arms),
            ("regularisation", self.regularisation.arms),
        ):
            unknown = [arm for arm in named if arm not in self.arms]
            if unknown:
                raise ValueError(
                    f"`{key}` compares the unknown arm '{unknown[0]}' "
                    f"(known: {', '.join(self.arms)})"
                )
        self._check_rivals()
        if self.sweep.arm not in self.arms:
            raise ValueError(
                f"`sweep` lies around the unknown arm '{self.sweep.arm}' "
                f"(known: {', '.join(self.arms)})"
            )
        if self.early_decision.arm not in self.arms:
            raise ValueError(
                f"`early_decision` rests on the unknown arm '{self.early_decision.arm}' "
                f"(known: {', '.join(self.arms)})"
            )
        for figure, settings in self.figures:
            for arm in (arm for arms in settings.panels.values() for arm in arms):
                if arm not in self.arms:
                    raise ValueError(
                        f"figure '{figure}' draws the unknown arm '{arm}' "
                        f"(known: {', '.join(self.arms)})"
                    )
        return self

    def _check_rivals(self):
        for key in ("strsbp", "hm2bp"):
            name = getattr(self.bptt, key)
            if name not in self.arms:
                raise ValueError(
                    f"`bptt.{key}` is the unknown arm '{name}' (known: {', '.join(self.arms)})"
                )

    def check_rivals(self) -> None:
        """Raise `SettingsError` where the arms that `bptt` compares see other digits."""
        strsbp, hm2bp = self.arm(self.bptt.strsbp), self.arm(self.bptt.hm2bp)
        for key in ("dataset", "n_train", "n_test"):
            if getattr(strsbp, key) != getattr(hm2bp, key):
                raise SettingsError(
                    f"`bptt` compares the arms '{self.bptt.strsbp}' and '{self.bptt.hm2bp}', which "
                    f"differ in {key}; name two arms of the same digits there."
                )

    def sweep_cells(self) -> list[Cell]:
        """The cells of both grids of `sweep`, each once; raises `SettingsError`."""
        return self.sweep.distinct_cells(self.arm(self.sweep.arm))

    def sweep_tables(self) -> list[SimulatedTable]:
        """The simulations behind their tables."""
        return self.sweep.tables(self.arm(self.sweep.arm))

    def early_decision_tables(self) -> dict[str, SimulatedTable]:
        """The simulation behind the effect-ratio table of each network of `early_decision`."""
        arm = self.arm(self.early_decision.arm)
        return {
            name: network_table(arm, self.early_decision, name)
            for name in self.early_decision.networks
        }

    def arm(self, name: str) -> ArmSettings:
        """The arm called `name`, with the study's data settings filled in.

        Raises `SettingsError` for an unknown name.
        """
        if name not in self.arms:
            raise SettingsError(f"There is no arm '{name}'; the arms are {', '.join(self.arms)}.")
        arm = self.arms[name]
        return arm.model_copy(
            update={
                key: getattr(self.data, key)
                for key in ("dataset", "n_train", "n_test")
                if getattr(arm, key) is None
            }
        )
