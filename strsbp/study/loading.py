"""Loading a study: the base config file, its overlays (profiles), and early checks.

``config/config.yaml`` is complete; an overlay such as ``config/paper.yaml`` holds only what
differs, and is merged key by key, as Snakemake merges ``--configfile`` into its base.
"""

from pathlib import Path
from typing import Any

from strsbp.errors import SettingsError, StrsbpError
from strsbp.files import read_yaml
from strsbp.settings import ArmSettings, checked
from strsbp.study.settings import StudySettings

BASE = "config.yaml"


def load_study(raw: dict[str, Any], where: str, *, directory: str | Path = ".") -> StudySettings:
    """The study that the merged config `raw` describes, after all checks that are fast.

    `where` names the source of `raw` in errors; paths of table files are relative to `directory`.
    Raises `SettingsError`, or `TableError` if a table file is missing or has the wrong shape.
    """
    defaults = raw.get("defaults") if isinstance(raw, dict) else None
    if isinstance(defaults, dict):  # else every arm would be blamed for a wrong default
        checked(ArmSettings, {"title": "none"} | defaults, f"{where}, defaults")
    study = checked(StudySettings, raw, where)
    for name, arm in study.all_arms.items():
        table = arm.simulated_table()
        try:
            if table is not None:
                table.check_grid()
            else:
                from strsbp.spsp.table import read_table  # imports numpy, which few configs need

                read_table(Path(directory) / str(arm.table.file))
        except StrsbpError as error:
            raise type(error)(f"{where}, arms.{name}.table: {error}") from None
    return study


def load_profile(config_dir: str | Path, name: str) -> StudySettings:
    """The study of the profile `name`: the base file with ``<name>.yaml`` merged into it.

    Raises `SettingsError` if `config_dir` does not describe the profile.
    """
    base_path = Path(config_dir) / BASE
    base = read_config(base_path)
    if base.get("profile") == name:
        return load_study(base, str(base_path))
    path = Path(config_dir) / f"{name}.yaml"
    if path.name == BASE or not path.is_file():
        raise SettingsError(
            f"There is no profile '{name}' in {config_dir} (known: "
            f"{', '.join(profiles(config_dir))}); pass the config file that describes it with "
            "--configfile."
        )
    overlay = read_config(path)
    if overlay.get("profile") != name:
        raise SettingsError(f"{path}, profile: must be '{name}', like the name of the file.")
    return load_study(merged(base, overlay), f"{base_path} with {path}")


def profiles(config_dir: str | Path) -> list[str]:
    """The names of the profiles that `config_dir` describes, that of the base file first."""
    overlays = sorted(p.stem for p in Path(config_dir).glob("*.yaml") if p.name != BASE)
    return [str(read_config(Path(config_dir) / BASE).get("profile")), *overlays]


def completed(config: dict[str, Any], config_dir: str | Path) -> dict[str, Any]:
    """`config` merged into the base file of `config_dir`, unless it has all keys of that file."""
    base = read_config(Path(config_dir) / BASE)
    return config if base.keys() <= config.keys() else merged(base, config)


def read_config(path: str | Path) -> dict[str, Any]:
    """The mapping in the YAML file `path`; raises `SettingsError`."""
    raw = read_yaml(path, SettingsError)
    if not isinstance(raw, dict):
        raise SettingsError(f"{path} must hold `key: value` pairs, as config/{BASE} does.")
    return raw


def merged(base: Any, overlay: Any) -> Any:
    """`base` with `overlay` merged into it: mappings key by key, all else replaced.

    The overlay's keys come first, as when Snakemake merges; tables list the arms in this order.
    """
    if not isinstance(base, dict) or not isinstance(overlay, dict):
        return overlay
    first = {key: merged(base.get(key), value) for key, value in overlay.items()}
    return first | {key: value for key, value in base.items() if key not in overlay}
