"""From the metrics and provenance files of all runs to five tidy tables.

`curves` also has the arm's tau_m (steps of 1 ms), which labels the curves in Fig. 4.

A run diverged if its metrics file names a layer in the column `diverged`; its curve ends there.
From that epoch on the run is counted in `n_diverged` and excluded from every mean, interval and
pair. `n_seeds` (or `n_pairs`) is the number of runs behind a value, so the two columns together
account for every run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from types import MappingProxyType

import numpy as np
import pandas as pd

from strsbp.files import ResultsError, numbers, read_csv, read_json, write_csv
from strsbp.settings import ArmSettings
from strsbp.study.summary.intervals import mean_interval, paired_difference

CHECKPOINTS = (10, 20)
"""Epochs after which arms are compared, besides the last one."""
QUANTITIES = ("best_test_error", "last_test_error", "validated_test_error")
"""The smallest test error up to an epoch (as the study reports), the error after it, and, for runs
with validation images, the test error of the epoch up to it that is best on those."""


@dataclass(frozen=True)
class Run:
    """One run: its settings and its measurements."""

    provenance: dict
    metrics: pd.DataFrame

    @property
    def arm(self) -> str:
        return self.provenance["arm"]

    @property
    def seed(self) -> int:
        return self.provenance["seed"]

    @property
    def epochs(self) -> int:
        return self.provenance["settings"]["epochs"]

    @property
    def diverged_at(self) -> float:
        """Epoch in which the run diverged; infinity if it did not."""
        return np.inf if self.diverged is None else int(self.metrics["epoch"].iloc[-1])

    @property
    def diverged(self) -> str | None:
        """First layer whose weights were not finite, or None."""
        layer = self.metrics["diverged"].iloc[-1]
        return None if pd.isna(layer) or layer == "" else str(layer)

    @property
    def silent(self) -> str | None:
        """The layers without a spike on any test image, and after how many epochs; or None."""
        shares = self.metrics.filter(regex="^silent_share_").rename(columns=lambda name: name[13:])
        counts = shares.eq(1).sum()
        epochs = len(self.metrics)
        found = [f"{layer} in {n} of {epochs} epochs" for layer, n in counts.items() if n]
        return ", ".join(found) or None

    @property
    def comparable(self) -> tuple:
        """What two arms must have in common for their errors to be compared."""
        data = self.provenance["data"]
        return data["dataset"], data["n_train"], data["n_test"]

    @property
    def setting(self) -> tuple:
        """What the runs of an arm must have in common: all but the list of seeds and the title.

        A setting that is newer than a run had its default.
        """
        settings = ArmSettings.model_validate(self.provenance["settings"])
        return settings.model_dump(exclude={"seeds", "title"}), self.comparable

    def value(self, quantity: str, at_epoch: int) -> float:
        """`quantity` of the epochs 1..at_epoch."""
        epochs = self.metrics[self.metrics["epoch"] <= at_epoch]
        if quantity == "last_test_error":
            return float(epochs["test_error"].iloc[-1])
        chosen = "test_error" if quantity == "best_test_error" else "validation_error"
        return float(epochs["test_error"][epochs[chosen].idxmin()])


def summarise_training(
    metrics: Sequence[str | Path],
    titles: Mapping[str, str] = MappingProxyType({}),
    *,
    curves: str | Path,
    seeds: str | Path,
    arms: str | Path,
    pairs: str | Path,
    runs: str | Path,
) -> None:
    """Summarise the runs with these `metrics`; their provenance, <stem>.json, is beside them.

    - `curves`: mean and 95 % interval of every measured quantity, per arm and epoch;
    - `seeds`: the same for every single run, with `diverged` = 1 in a run's last row if it did;
    - `arms`: the `QUANTITIES` of each arm at the `CHECKPOINTS` it reaches and at its end;
    - `pairs`: differences between arms of equal data and sizes, paired over their common seeds,
      at the checkpoints that both reach and at the end of the shorter one;
    - `runs`: one row per run, with its sizes, time, machine and versions.

    `titles`: of the arms, which may be newer than their runs. Raises `ResultsError` for a run that
    is incomplete or inconsistent.
    """
    loaded = load_runs(metrics)
    by_arm: dict[str, list[Run]] = {}
    for run in loaded:
        settings = run.provenance["settings"]
        settings["title"] = titles.get(run.arm, settings["title"])
        by_arm.setdefault(run.arm, []).append(run)
    seed_rows = _seed_rows(loaded)
    write_csv(_curve_rows(by_arm, seed_rows), curves)
    write_csv(seed_rows, seeds)
    write_csv(_arm_rows(by_arm), arms)
    write_csv(_pair_rows(by_arm), pairs)
    write_csv(_run_rows(loaded), runs)


def load_runs(metrics: Sequence[str | Path]) -> list[Run]:
    """The runs with these metrics; raises `ResultsError` as the summary does."""
    runs, first = [], {}
    for path in metrics:
        run = _load_run(path)
        other, other_path = first.setdefault(run.arm, (run, path))
        if other.setting != run.setting:
            raise ResultsError(
                f"{path} was run with other settings than {other_path}, of the same arm; run the "
                "older one again."
            )
        runs.append(run)
    return runs


def _load_run(path: str | Path) -> Run:
    frame = read_csv(path, ("epoch", "test_error", "train_error", "cost", "diverged"))
    run = Run(read_json(Path(path).with_suffix(".json")), frame)
    for column in frame.columns.drop(["epoch", "diverged"]):
        frame[column] = numbers(frame, column, path)
    n_epochs = frame["test_error"].count()
    if frame.empty or (run.diverged is None and n_epochs != run.epochs):
        raise ResultsError(
            f"{path} has a test_error of {n_epochs} of {run.epochs} epochs and did not diverge; "
            "let the run finish or remove the file."
        )
    return run


def _describe(run: Run) -> dict:
    settings = run.provenance["settings"]
    return dict(arm=run.arm, title=settings["title"], architecture=settings["architecture"])


def _sizes(run: Run) -> dict:
    dataset, n_train, n_test = run.comparable
    return dict(dataset=dataset, n_train=n_train, n_test=n_test, epochs=run.epochs)


def _seed_rows(runs: list[Run]) -> pd.DataFrame:
    frames = []
    for run in runs:
        tidy = run.metrics.drop(columns="diverged").melt("epoch", var_name="quantity")
        tidy["diverged"] = (tidy["epoch"] >= run.diverged_at).astype(int)
        tidy.insert(0, "arm", run.arm)
        tidy.insert(1, "seed", run.seed)
        frames.append(tidy.dropna(subset="value"))
    return pd.concat(frames, ignore_index=True)


def _curve_rows(by_arm: dict[str, list[Run]], seed_rows: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (arm, quantity, epoch), group in seed_rows.groupby(
        ["arm", "quantity", "epoch"], sort=False
    ):
        runs = by_arm[arm]
        values = group.loc[group["diverged"] == 0, "value"]
        tau_m = runs[0].provenance["settings"].get("tau_m")
        rows.append(
            _describe(runs[0])
            | dict(tau_m=tau_m, epoch=epoch, quantity=quantity)
            | mean_interval(values)._asdict()
            | dict(n_seeds=len(values), n_diverged=sum(run.diverged_at <= epoch for run in runs))
        )
    return pd.DataFrame(rows)


def _ends(epochs: int) -> list[int]:
    return sorted({epochs, *(epoch for epoch in CHECKPOINTS if epoch < epochs)})


def _quantities(*runs: Run) -> list[str]:
    """Those of `QUANTITIES` that all `runs` have."""
    validated = all("validation_error" in run.metrics for run in runs)
    return [one for one in QUANTITIES if validated or one != "validated_test_error"]


def _arm_rows(by_arm: dict[str, list[Run]]) -> pd.DataFrame:
    rows = []
    for runs in by_arm.values():
        for at_epoch in _ends(runs[0].epochs):
            finished = [run for run in runs if run.diverged_at > at_epoch]
            for quantity in _quantities(*runs):
                rows.append(
                    _describe(runs[0])
                    | _sizes(runs[0])
                    | dict(at_epoch=at_epoch, quantity=quantity)
                    | mean_interval([run.value(quantity, at_epoch) for run in finished])._asdict()
                    | dict(n_seeds=len(finished), n_diverged=len(runs) - len(finished))
                )
    return pd.DataFrame(rows)


PAIR_COLUMNS = [
    "arm_a", "arm_b", "at_epoch", "quantity", "difference", "low", "high", "p_value", "n_pairs",
    "n_diverged_a", "n_diverged_b",
]  # fmt: skip


def _pair_rows(by_arm: dict[str, list[Run]]) -> pd.DataFrame:
    rows = []
    for (arm_a, runs_a), (arm_b, runs_b) in combinations(by_arm.items(), 2):
        of_seed = {run.seed: run for run in runs_b}
        both = [(run, of_seed[run.seed]) for run in runs_a if run.seed in of_seed]
        if runs_a[0].comparable != runs_b[0].comparable or not both:
            continue
        for at_epoch in _ends(min(runs_a[0].epochs, runs_b[0].epochs)):
            lost = [tuple(run.diverged_at <= at_epoch for run in pair) for pair in both]
            finished = [pair for pair, gone in zip(both, lost, strict=True) if not any(gone)]
            n_diverged_a, n_diverged_b = (sum(gone) for gone in zip(*lost, strict=True))
            for quantity in _quantities(runs_a[0], runs_b[0]):
                values = [[run.value(quantity, at_epoch) for run in pair] for pair in finished]
                (difference, low, high), p_value = paired_difference(*np.reshape(values, (-1, 2)).T)
                rows.append(
                    dict(
                        arm_a=arm_a, arm_b=arm_b, at_epoch=at_epoch, quantity=quantity,
                        difference=difference, low=low, high=high, p_value=p_value,
                        n_pairs=len(finished), n_diverged_a=n_diverged_a, n_diverged_b=n_diverged_b,
                    )
                )  # fmt: skip
    return pd.DataFrame(rows, columns=PAIR_COLUMNS)


def _run_rows(runs: list[Run]) -> pd.DataFrame:
    rows = []
    for run in runs:
        known, errors = run.provenance, run.metrics["test_error"]
        machine, table = known.get("machine") or {}, known.get("table") or {}
        rows.append(
            _describe(run)
            | dict(seed=run.seed)
            | _sizes(run)
            | dict(
                last_epoch=int(run.metrics["epoch"].iloc[-1]),
                best_test_error=errors.min(),
                last_test_error=errors.iloc[-1],
                diverged=run.diverged,
                silent=run.silent,
                seconds=known.get("seconds"),
                # The median ignores the first epoch, in which code is compiled.
                median_epoch_seconds=median(known.get("seconds_per_epoch") or [np.nan]),
                device=known.get("device"),
            )
            | {key: machine.get(key) for key in ("cpu", "cores", "platform")}
            | {key: known.get(key) for key in ("started", "resumed", "commit", "dirty")}
            | dict(
                settings_sha256=known.get("settings_sha256"),
                table=table.get("key") or table.get("file"),
                table_sha256=table.get("sha256"),
                data_sha256=known["data"].get("sha256"),
            )
            | {f"version_{key}": value for key, value in (known.get("versions") or {}).items()}
        )
    return pd.DataFrame(rows)
