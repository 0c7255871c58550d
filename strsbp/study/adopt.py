"""Take runs that were trained elsewhere into the results of this checkout, if they are current.

    python -m strsbp.study.adopt results/paper [--verify]

looks at each `train/<arm>/seed<seed>.csv` with its provenance: do the settings, the data and the
table agree with the profile's config, and is the code that makes numbers the same as in the
commit of the run? Tables and descriptions of data are made first where they are missing. The runs
that agree are then up to date for Snakemake, and the others are listed with the reason; they stay
where they are, and Snakemake runs them again when asked for.

A change of that code may well leave every number as it was. With --verify the first epoch of each
arm whose runs are older than such a change is trained again, with the arm's first seed; where it
gives the kept metrics to the last digit, the arm's runs are current, and `verified.json` says at
which commit that was found.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from strsbp.errors import StrsbpError
from strsbp.files import read_json, write_json
from strsbp.settings import file_sha256
from strsbp.study.loading import load_profile
from strsbp.study.settings import StudySettings
from strsbp.training import provenance

ROOT = Path(__file__).resolve().parents[2]

NUMERICS = (
    "strsbp/reference/boosting.py",
    "strsbp/cuda",
    "strsbp/encoding.py",
    "strsbp/engine",
    "strsbp/network.py",
    "strsbp/reference/reservoir.py",
    "strsbp/spsp/table.py",
    "strsbp/training/epochs.py",
)
"""The code that shapes a run's numbers. What it is fed (settings, images, table) is in the
provenance by value or content; the rest of the package reads, writes and reports."""

VERIFIED = "verified.json"
"""Below a results folder: the commit at which each arm's first epoch was trained again."""

SUMMARY = __doc__.split("\n")[0]

_WITHOUT_EFFECT = {"title", "seeds"}


def obstacle(
    run: dict, study: StudySettings, folder: Path, changed: Callable[[str], list[str]]
) -> str | None:
    """Why the run with the provenance `run` is not current in `study`, or None if it is.

    `folder` is the profile's results folder; `changed(commit)` lists the files of `NUMERICS` that
    differ from a commit.
    """
    name, seed = run["arm"], run["seed"]
    if not isinstance(name, str) or name not in study.arms:
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
    on_cpu = run.get("device") == "cpu"
    files = [f for f in changed(run["commit"]) if not (on_cpu and f.startswith("strsbp/cuda/"))]
    return f"{', '.join(files)} changed since" if files else None


def _table(folder: Path, arm) -> Path:
    return arm.table_path(folder)


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
    if not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", str(commit)):  # git would take an option, too
        return ["it names no commit, so that the code may have"]
    done = subprocess.run(
        ["git", "-C", str(ROOT), "diff", "--name-only", commit, "--", *NUMERICS],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if done.returncode:
        return [f"the repository does not hold {commit[:12]}, so that the code may have"]
    return done.stdout.split()


def first_epoch(run: dict, study: StudySettings, folder: Path) -> str:
    """The metrics of the run's first epoch as CSV text, trained with this checkout's code."""
    from strsbp.data.prepared import read_prepared
    from strsbp.network import build_network
    from strsbp.spsp import read_table
    from strsbp.training.epochs import TrainingState, train_epoch
    from strsbp.training.run import metrics_csv

    arm = study.arm(run["arm"])
    digits = read_prepared(_description(folder, arm), study.data.local_dir)
    digits = digits.first(arm.n_train, arm.n_test)
    network = build_network(
        arm, study.architectures[arm.architecture], read_table(_table(folder, arm)), run["seed"],
        digits.train_images.shape[1],
    )  # fmt: skip
    return metrics_csv([train_epoch(TrainingState.start(network, digits))])


def verify(
    runs: dict[Path, dict], study: StudySettings, folder: Path, verified: dict[str, str]
) -> None:
    """Train one first epoch of each arm in `runs` (by metrics file); notes the arms that agree.

    `verified` receives this checkout's commit by arm. Raises `StrsbpError` for a checkout with
    changes that are not committed, which no commit names.
    """
    commit, dirty = provenance.code_commit()
    if commit is None or dirty:
        raise StrsbpError(
            "The package has changes that are not committed, so that what is verified has no name; "
            "commit them first."
        )
    arms: dict[str, Path] = {}
    for path, run in runs.items():
        arms.setdefault(run["arm"], path)
    for name, path in arms.items():
        text = path.read_text(encoding="utf-8", errors="replace")
        kept = "".join(text.splitlines(keepends=True)[:2])
        agrees = first_epoch(runs[path], study, folder) == kept
        if agrees:
            verified[name] = commit
        else:  # whatever an earlier commit gave
            verified.pop(name, None)
        print(f"{path}: first epoch {'as kept' if agrees else 'differs'}", flush=True)


def _provenance(path: Path) -> dict:
    """The provenance in `path`, with the entries that `obstacle` looks at.

    Raises `StrsbpError` where one is missing or of another kind, or is not of the run that the
    path names.
    """
    run = read_json(path)
    kinds = dict(arm=str, seed=int, settings=dict, architecture=list, data=dict, table=dict)
    for key, kind in kinds.items():
        if not isinstance(run.get(key), kind):
            raise StrsbpError(f"{path} has no entry '{key}' of a run's; remove the file.")
    for key in ("data", "table"):
        if not isinstance(run[key].get("sha256"), str):
            raise StrsbpError(f"{path} has no SHA-256 of its {key}; remove the file.")
    if (run["arm"], f"seed{run['seed']}") != (path.parent.name, path.stem):
        raise StrsbpError(
            f"{path} describes a run of another name, arm {run['arm']!r} with seed {run['seed']}; "
            "move it and its csv to their places."
        )
    commit = run.get("commit")
    if not isinstance(commit, str | None):
        raise StrsbpError(f"{path} has a commit that is no text; remove the file.")
    return run | dict(commit=commit, dirty=run.get("dirty"))


def adopt(
    folder: Path, snakemake: Callable[..., None], verifying: bool = False
) -> dict[str, str | None]:
    """Adopt the runs below `folder`; returns the obstacle of each, by its metrics file.

    `verifying`: see the head of this file.
    """
    study = load_profile(ROOT / "config", folder.name)
    runs = {path: _provenance(path) for path in sorted(folder.glob("train/*/seed*.json"))}
    arms = [study.arm(run["arm"]) for run in runs.values() if run["arm"] in study.arms]
    needed = {str(path(folder, arm)) for arm in arms for path in (_table, _description)}
    if needed:
        snakemake("--cores", "all", "--", *sorted(needed))

    note = folder / VERIFIED
    verified: dict[str, str] = read_json(note) if note.is_file() else {}
    if not all(isinstance(commit, str) for commit in verified.values()):
        raise StrsbpError(f"{note} does not name a commit for each arm; remove it.")

    def judged(run: dict) -> str | None:
        of_run = obstacle(run, study, folder, changed_since)
        if of_run is None or run["arm"] not in verified:
            return of_run
        return obstacle(run | dict(commit=verified[run["arm"]]), study, folder, changed_since)

    found = {}
    for path, run in runs.items():
        metrics = path.with_suffix(".csv")
        found[metrics] = judged(run) if metrics.is_file() else "no metrics"
    if verifying:
        by_metrics = {path.with_suffix(".csv"): run for path, run in runs.items()}
        older = {
            path: by_metrics[path]
            for path, reason in found.items()
            if reason is not None
            and path.is_file()
            and obstacle(by_metrics[path], study, folder, lambda commit: []) is None
        }
        verify(older, study, folder, verified)
        write_json(dict(sorted(verified.items())), note)
        found |= {path: judged(run) for path, run in older.items()}
    current = [str(path) for path, reason in found.items() if reason is None]
    if current:
        # Forced, for a run that is newer than what it was made from would be passed over, and
        # nothing be known of it.
        force = ("--allowed-rules", "train", "--forcerun", "train")
        snakemake("--cores", "1", "--touch", *force, "--", *current)
    return {str(path): reason for path, reason in found.items()}


def main(arguments: list[str]) -> int:
    """Adopt the runs of the results folder that is named; 0 if all are current."""
    parser = argparse.ArgumentParser(
        prog="python -m strsbp.study.adopt", description=__doc__.split("\n")[0]
    )
    parser.add_argument("folder", type=Path, help="results/<profile>")
    parser.add_argument("--verify", action="store_true", help="train first epochs again")
    options = parser.parse_args(arguments)
    folder = options.folder
    if not os.path.isdir(folder):  # takes any text, as Path.is_dir does not
        message = f"There is no folder {folder}; name one such as results/paper."
        print(StrsbpError(message), file=sys.stderr)
        return 2
    overlay = ROOT / "config" / f"{folder.name}.yaml"

    def snakemake(*words: str) -> None:
        configfile = ["--configfile", str(overlay)] if overlay.is_file() else []
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        subprocess.run([*command, "--quiet", "all", *configfile, *words], check=True)

    try:
        found = adopt(folder, snakemake, options.verify)
    except StrsbpError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or folder}: {error.strerror or error}.", file=sys.stderr)
        return 1
    except subprocess.TimeoutExpired as error:
        print(f"{error.cmd[0]} did not answer; nothing was adopted.", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        print("Snakemake failed, see above; nothing was adopted.", file=sys.stderr)
        return 1
    for path, reason in found.items():
        print(f"{path}: {'current' if reason is None else f'not current: {reason}'}")
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
