"""Loading a study: the base config file, its overlays (profiles), and what can be checked early.

``config/config.yaml`` is complete; an overlay such as ``config/paper.yaml`` holds only what
differs, and is merged key by key, as Snakemake merges ``--configfile`` over its base.
"""

import re
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import Any

from strsbp.errors import SettingsError, StrsbpError, TableError
from strsbp.files import read_yaml
from strsbp.settings import N_CLASSES, N_PIXELS, ArmSettings, LayerSettings, checked
from strsbp.study.settings import StudySettings

BASE = "config.yaml"

LARGEST_NETWORK = 100_000_000
"""The most weights (possible connections of reservoirs included) of a network, and the most states
(neurons x steps); the study's largest has 637,600 of either."""
LARGEST_COEFFICIENT = 1e30
"""Of an effect-ratio table; the engine computes in float32, whose numbers end at 3e38."""


def load_study(raw: dict[str, Any], where: str, *, directory: str | Path = ".") -> StudySettings:
    """The study that the merged config `raw` describes, checked as far as possible without work.

    `where` names the origin of `raw` in errors; table files are sought from `directory`. Raises
    `SettingsError`, or the `TableError` of a table file that is missing or of the wrong shape.
    """
    defaults = raw.get("defaults") if isinstance(raw, dict) else None
    if isinstance(defaults, dict):  # else every arm would be blamed for a default's misspelling
        for key in defaults:
            if key not in ArmSettings.model_fields:
                known = ", ".join(ArmSettings.model_fields)
                raise SettingsError(
                    f"{where}, defaults.{key}: there is no such setting; known keys: {known}."
                )
    study = checked(StudySettings, raw, where)
    networks = {f"arms.{name}": arm for name, arm in study.all_arms.items()}
    for name, experiment in study.experiments.items():
        for place, arm in experiment.trained(study.all_arms).items():
            networks[f"{name}.{place}"] = arm
    for place, arm in networks.items():
        _check_size(study.architectures[arm.architecture], arm, f"{where}, {place}")
        table = arm.simulated_table()
        try:
            if table is not None:
                table.check_grid()
            else:
                _check_table_file(Path(directory) / arm.table.file)
        except StrsbpError as error:
            raise type(error)(f"{where}, {place}.table: {error}") from None
    return study


def load_profile(config_dir: str | Path, name: str) -> StudySettings:
    """The study of the profile `name`: the base file, with ``<name>.yaml`` merged over it.

    Raises `SettingsError` for a profile that `config_dir` does not describe.
    """
    base_path = Path(config_dir) / BASE
    base = read_config(base_path)
    if base.get("profile") == name:
        return load_study(base, str(base_path))
    path = Path(config_dir) / f"{name}.yaml"
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) or path.name == BASE or not path.is_file():
        known = sorted(p.stem for p in Path(config_dir).glob("*.yaml") if p.name != BASE)
        raise SettingsError(
            f"There is no profile '{name}' in {config_dir} (known: "
            f"{', '.join([str(base.get('profile')), *known])}); name the config file that "
            "describes it with --configfile."
        )
    overlay = read_config(path)
    if overlay.get("profile") != name:
        raise SettingsError(f"{path}, profile: must be '{name}', like the name of the file.")
    return load_study(merged(base, overlay), f"{base_path} with {path}")


def read_config(path: str | Path) -> dict[str, Any]:
    """The mapping in the YAML file `path`; raises `SettingsError`."""
    raw = read_yaml(path, SettingsError)
    if not isinstance(raw, dict):
        raise SettingsError(f"{path} must hold `key: value` pairs, as config/{BASE} does.")
    return raw


def merged(*configs: dict[str, Any]) -> dict[str, Any]:
    """The first config with the others laid over it: mappings key by key, all else replaced.

    Keys of an overlay come first, as where Snakemake merges: the order of arms is that of tables.
    """

    def over(base, top):
        if not isinstance(base, dict) or not isinstance(top, dict):
            return top
        first = {key: over(base.get(key), value) for key, value in top.items()}
        return first | {key: value for key, value in base.items() if key not in top}

    return reduce(over, configs, {})


def _check_size(layers: list[LayerSettings], arm: ArmSettings, where: str) -> None:
    """Raise `SettingsError` for a network that would fill the memory instead of being trained."""
    widths = [N_PIXELS, *(layer.n_neurons for layer in layers), N_CLASSES]
    sizes = {"weights": sum(below * above for below, above in pairwise(widths))}
    sizes["weights"] += sum(layer.n_neurons**2 for layer in layers if layer.kind == "recurrent")
    sizes["states (neurons x n_steps)"] = sum(widths) * arm.n_steps
    for what, size in sizes.items():
        if size > LARGEST_NETWORK:
            raise SettingsError(
                f"{where}: its network has {size:,} {what}, more than the {LARGEST_NETWORK:,} that "
                f"this program takes; give architectures.{arm.architecture} fewer neurons."
            )


def _check_table_file(path: Path) -> None:
    from strsbp.spsp import read_table  # needs numpy, which reading a config does not

    largest = read_table(path).largest()
    if largest > LARGEST_COEFFICIENT:
        raise TableError(
            f"{path} holds the number {largest:.3g}, which no network can be trained with; numbers "
            f"up to {LARGEST_COEFFICIENT:g} are taken."
        )
