"""The settings of a whole study, as in a config file: digits, arms, figures, experiments."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from strsbp.errors import SettingsError
from strsbp.settings import (
    DATASET_NAMES,
    LARGEST_SPLIT,
    ArmName,
    ArmSettings,
    Closed,
    DatasetName,
    LayerSettings,
    Seed,
    checked,
)
from strsbp.study.experiments import OPEN_QUESTIONS
from strsbp.study.experiments.settings import ExperimentSettings, with_experiments


class DataSettings(Closed):
    """Which digits the study uses."""

    dataset: DatasetName = "mnist5k"
    """`mnist5k` comes with a Python package; `mnist` and `fashion-mnist` are downloaded or read
    from a folder; any other name is one of `sets`."""
    sets: dict[DatasetName, Annotated[str, Field(min_length=1)]] = {}
    """Data sets of your own by name: an .npz file, or a folder with four idx files."""
    local_dir: str | None = None
    """Folder with the four idx files; the environment variable STRSBP_DATA_DIR also sets it."""
    n_train: Annotated[int, Field(ge=1, le=LARGEST_SPLIT)] = 250
    """Training images: the first n of the training set."""
    n_test: Annotated[int, Field(ge=1, le=LARGEST_SPLIT)] = 250
    """Test images: the first n of the test set."""

    @property
    def known(self) -> list[str]:
        """The names that an arm's `dataset` can have."""
        return [*DATASET_NAMES, *self.sets]

    def source(self, dataset: str) -> str:
        """The file or folder of `dataset`; empty for one that is embedded or downloaded."""
        return self.sets.get(dataset, self.local_dir or "")

    @model_validator(mode="after")
    def _names(self):
        for name in self.sets:
            if name in DATASET_NAMES:
                raise ValueError(f"`sets` gives the name '{name}', which is taken; choose another")
        return self


class SimulationSettings(Closed):
    """How the e_ij surfaces are simulated."""

    repeats: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """Random pairs of spike trains per cell of the grid."""
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


class VariantSettings(Closed):
    """A set of arms that repeats some of the study's arms with other settings."""

    title: Annotated[str, Field(min_length=1, max_length=60)]
    """Text added to the end of each arm's title."""
    arms: Annotated[dict[ArmName, dict[str, Any]], Field(min_length=1)]
    """The arms to repeat, each with its further settings."""
    settings: dict[str, Any]
    """Settings that all arms of the set share."""
    judged: bool = False
    """Whether claims are also judged with these arms, by the runs that exist."""


class _Parts(Closed):
    profile: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    """Name of the results folder: results/<profile>."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where networks are trained."""
    container: str | None = None
    """The image in which `--sdm apptainer` runs jobs: a file, or an address for Apptainer."""
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
    """The arms of the study, by name."""
    variants: dict[ArmName, VariantSettings] = {}
    """Further sets of arms, trained on demand; in the set `a`, the arm `b` is repeated under the
    name `a_b`."""
    figures: FigureSettings
    """The figures of training curves."""
    open_questions: bool = False
    """Whether the report answers the questions that the study leaves open; their experiments take
    longer than the study itself."""


if TYPE_CHECKING:  # a type checker does not see the keys of the experiments
    _Study = _Parts
else:
    _Study = with_experiments(_Parts)


class StudySettings(_Study):
    """The whole study: what a config file says."""

    @model_validator(mode="before")
    @classmethod
    def _apply_defaults(cls, raw):
        if not isinstance(raw, dict):
            return raw
        raw, defaults = dict(raw), raw.get("defaults") or {}
        if not isinstance(defaults, dict):
            return raw

        def filled(arms):  # an overlay drops an arm with `name: null`
            return {
                name: {**defaults, **arm} if isinstance(arm, dict) else arm
                for name, arm in arms.items()
                if arm is not None
            }

        if isinstance(raw.get("arms"), dict):
            raw["arms"] = filled(raw["arms"])
        logs = raw.get("published_logs")
        if isinstance(logs, dict) and isinstance(logs.get("arms"), dict):
            raw["published_logs"] = {**logs, "arms": filled(logs["arms"])}
        return raw

    @model_validator(mode="after")
    def _references(self):
        of_variants = [of for one in self.variants.values() for of in one.arms]
        _check_arms("variants", of_variants, self.arms)
        for name, experiment in self.experiments.items():
            _check_arms(name, experiment.arm_names(), self.all_arms)
        for figure, settings in self.figures:
            named = [arm for arms in settings.panels.values() for arm in arms]
            _check_arms(f"figures.{figure}", named, self.all_arms)
        for name, arm in self.all_arms.items():
            if arm.architecture not in self.architectures:
                raise ValueError(
                    f"arm '{name}' uses the unknown architecture '{arm.architecture}' "
                    f"(known: {', '.join(self.architectures)})"
                )
            if arm.dataset not in self.data.known:
                raise ValueError(
                    f"arm '{name}' uses the unknown data set '{arm.dataset}' (known: "
                    f"{', '.join(self.data.known)})"
                )
        return self

    @property
    def experiments(self) -> dict[str, ExperimentSettings]:
        """The settings of each experiment that has any, by name."""
        return {name: value for name, value in self if isinstance(value, ExperimentSettings)}

    @property
    def reported_arms(self) -> list[str]:
        """The arms in the report, including those of open questions only if it answers them."""
        if self.open_questions:
            logs = self.published_logs  # type: ignore[attr-defined]
            return [*self.arms, *logs.arm_names()]
        used: list[str] = []
        asked: list[str] = []
        for name, experiment in self.experiments.items():
            (asked if name in OPEN_QUESTIONS else used).extend(experiment.arm_names())
        for _, figure in self.figures:
            used.extend(arm for arms in figure.panels.values() for arm in arms)
        return [name for name in self.arms if name in used or name not in asked]

    def runs(self, arms: Iterable[str] | None = None, suffix: str = "csv") -> list[str]:
        """Paths of the files of all runs of `arms` (default: the reported ones), in their order."""
        return [
            f"results/{self.profile}/train/{name}/seed{seed}.{suffix}"
            for name in (self.reported_arms if arms is None else arms)
            for seed in self.arm(name).seeds
        ]

    @property
    def judged_variants(self) -> dict[str, str]:
        """The sets of arms with which claims are judged, too: names and titles."""
        return {name: one.title for name, one in self.variants.items() if one.judged}

    def summarised_runs(self, suffix: str = "csv", folder: str | Path = ".") -> list[str]:
        """Paths of the files of all reported runs, and of the other runs that exist.

        Those of variants and of further logs are trained on demand. `folder` has `results/`.
        """
        further = [name for name in self.all_arms if name not in [*self.arms, *self.reported_arms]]
        found = [
            run.removesuffix("csv") + suffix
            for run in self.runs(further)
            if all(Path(folder, run).with_suffix(end).is_file() for end in (".csv", ".json"))
        ]
        return self.runs(suffix=suffix) + found

    @property
    def variant_arms(self) -> list[str]:
        """The names of the arms of all variants."""
        return [f"{name}_{of}" for name, variant in self.variants.items() for of in variant.arms]

    @cached_property
    def all_arms(self) -> dict[str, ArmSettings]:
        """The arms of the study, of the published logs and of the variants, with all settings."""
        found = dict(self.arms)
        further = list(self.published_logs.arms.items())  # type: ignore[attr-defined]
        for name, variant in self.variants.items():
            for of, changes in variant.arms.items():
                arm = self.arms[of].model_dump()
                arm |= {"title": f"{arm['title']}, {variant.title}"} | variant.settings | changes
                where = f"variants.{name}.arms.{of}"
                further.append((f"{name}_{of}", checked(ArmSettings, arm, where)))
        for name, arm in further:
            if name in found:
                raise ValueError(f"two arms are called '{name}'; rename one of them")
            found[name] = arm
        return {name: self._with_data(arm) for name, arm in found.items()}

    def arm(self, name: str) -> ArmSettings:
        """The arm `name` of `all_arms`; raises `SettingsError` for an unknown name."""
        if name not in self.all_arms:
            known = ", ".join(self.all_arms)
            raise SettingsError(f"There is no arm '{name}'; the arms are {known}.")
        return self.all_arms[name]

    def _with_data(self, arm: ArmSettings) -> ArmSettings:
        left_out = [key for key in ("dataset", "n_train", "n_test") if getattr(arm, key) is None]
        return arm.model_copy(update={key: getattr(self.data, key) for key in left_out})


def _check_arms(where: str, named: Iterable[str], known: Iterable[str]) -> None:
    for name in named:
        if name not in known:
            raise ValueError(
                f"`{where}` names the unknown arm '{name}' (known: {', '.join(known)})"
            )
