"""Take runs that were trained elsewhere into the results of this checkout, if they are current.

    python -m strsbp.adopt results/paper

looks at each `train/<arm>/seed<seed>.csv` with its provenance: do the settings, the data and the
table agree with the profile's config, and is the code that makes numbers the same as in the
commit of the run? Tables and descriptions of data are made first where they are missing. The runs
that agree are then up to date for Snakemake, and the others are listed with the reason; they stay
where they are, and Snakemake runs them again when asked for.
"""

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from strsbp.errors import StrsbpError
from strsbp.settings import file_sha256
from strsbp.study import load_profile
from strsbp.study_settings import StudySettings
from strsbp.summary.files import read_json

ROOT = Path(__file__).resolve().parents[1]

NUMERICS = (
    "strsbp/boosting.py",
    "strsbp/encoding.py",
    "strsbp/engine",
    "strsbp/network.py",
    "strsbp/reservoir.py",
    "strsbp/spsp/table.py",
    "strsbp/training.py",
)
"""The code that shapes a run's numbers. What it is fed (settings, images, table) is in the
provenance by value or content; the rest of the package reads, writes and reports."""

_WITHOUT_EFFECT = {"title", "seeds"}


def obstacle(
    run: dict, study: StudySettings, folder: Path, changed: Callable[[str], list[str]]
) -> str | None:
    """Why the run with the provenance `run` is not current in `study`, or None if it is.

    `folder` is the profile's results folder; `changed(commit)` lists the files of `NUMERICS` that
    differ from a commit.
    """
    name, seed = run["arm"], run["seed"]
    if name not in study.arms:
        return f"there is no arm '{name}'"
    arm = study.arm(name)
    if seed not in arm.seeds:
        return f"seed {seed} is not one of the arm's"
    settings = arm.model_dump(mode="json", exclude=_WITHOUT_EFFECT)
    differing = [key for key, value in settings.items() if run["settings"].get(key) != value]
    if differing:
        return f"its {', '.join(differing)} differ from the config"
    layers = study.architectures[arm.architecture]
    if run["architecture"] != [one.model_dump(mode="json", exclude_none=True) for one in layers]:
        return "its architecture differs from the config"
    if run["data"]["sha256"] != _subset_sha256(folder, arm):
        return "its images are others"
    if run["table"]["sha256"] != file_sha256(_table(folder, arm)):
        return "its effect-ratio table is another"
    if run["commit"] is None or run["dirty"]:
        return "it was not run from a committed state of the code"
    files = changed(run["commit"])
    return f"{', '.join(files)} changed since" if files else None


def _table(folder: Path, arm) -> Path:
    simulated = arm.simulated_table()
    return Path(arm.table.file) if simulated is None else folder / f"fit_spsp/{simulated.key}.txt"


def _description(folder: Path, arm) -> Path:
    return folder / "prepare_data" / f"{arm.dataset}.json"


@cache
def _digits(description: Path):
    from strsbp.data.prepared import read_prepared

    return read_prepared(description)


@cache
def _first_sha256(description: Path, n_train: int, n_test: int) -> str:
    return _digits(description).first(n_train, n_test).sha256()


def _subset_sha256(folder: Path, arm) -> str:
    return _first_sha256(_description(folder, arm), arm.n_train, arm.n_test)


@cache
def changed_since(commit: str) -> list[str]:
    """Files of `NUMERICS` that differ between `commit` and this checkout."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), "diff", "--name-only", commit, "--", *NUMERICS],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if done.returncode:
        return [f"the repository does not hold {commit[:12]}, so that the code may have"]
    return done.stdout.split()


def adopt(folder: Path, snakemake: Callable[..., None]) -> dict[str, str | None]:
    """Adopt the runs below `folder`; returns the obstacle of each, by its metrics file."""
    study = load_profile(ROOT / "config", folder.name)
    runs = {path: read_json(path) for path in sorted(folder.glob("train/*/seed*.json"))}
    arms = [study.arm(run["arm"]) for run in runs.values() if run["arm"] in study.arms]
    needed = {str(path(folder, arm)) for arm in arms for path in (_table, _description)}
    if needed:
        snakemake("--cores", "all", "--", *sorted(needed))
    found = {}
    for path, run in runs.items():
        metrics = path.with_suffix(".csv")
        there = metrics.is_file()
        found[str(metrics)] = obstacle(run, study, folder, changed_since) if there else "no metrics"
    current = [path for path, reason in found.items() if reason is None]
    if current:
        snakemake("--cores", "1", "--touch", "--allowed-rules", "train", "--", *current)
    return found


def main(arguments: list[str]) -> int:
    """Adopt the runs of the results folder that is named; 0 if all are current."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("Name one results folder: python -m strsbp.adopt results/paper", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    overlay = ROOT / "config" / f"{folder.name}.yaml"

    def snakemake(*words: str) -> None:
        configfile = ["--configfile", str(overlay)] if overlay.is_file() else []
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        subprocess.run([*command, "--quiet", "all", *configfile, *words], check=True)

    try:
        found = adopt(folder, snakemake)
    except StrsbpError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        print("Snakemake failed, see above; nothing was adopted.", file=sys.stderr)
        return 1
    for path, reason in found.items():
        print(f"{path}: {'current' if reason is None else f'not current: {reason}'}")
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
