"""BPTT beside ST-RSBP and HM2-BP: test error over epochs and over seconds.

Every epoch, tests included, is assumed to take as long as the method's fastest one, because other
programs on the machine can only slow it down. For BPTT this is CPU time; for the other methods,
whose provenance holds nothing else, it is the wall-clock time of one thread. GPU runs have no
seconds here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from strsbp.files import ResultsError, numbers, read_csv, read_json, write_csv
from strsbp.study.experiments.bptt.settings import TIME_COLUMNS
from strsbp.study.summary.intervals import mean_interval, paired_difference
from strsbp.study.summary.training import Run, load_runs

COLUMNS = (
    "method", "title", "reference", "quantity", "epoch", "seconds", "mean", "low", "high",
    "n_seeds", "n_train", "n_test",
)  # fmt: skip
BPTT_TITLE = "BPTT (snnTorch)"

Files = Sequence[tuple[str | Path, str | Path]]
"""Metrics and provenance files of runs."""


@dataclass(frozen=True)
class Curve:
    """Test errors of one run, epoch by epoch, and seconds of its fastest epoch (NaN if unknown)."""

    seed: int
    errors: np.ndarray
    seconds: float


@dataclass(frozen=True)
class Method:
    """A method's title and runs; `data` is what its provenance says about the digits."""

    title: str
    data: dict[str, Any]
    curves: list[Curve]

    @property
    def epochs(self) -> int:
        """Epochs of the longest run."""
        return max(len(curve.errors) for curve in self.curves)

    def reaching(self, epoch: int) -> list[Curve]:
        """The runs that reached `epoch`."""
        return [curve for curve in self.curves if len(curve.errors) >= epoch]

    def best(self, epoch: int) -> dict[int, float]:
        """The smallest test error up to `epoch`, by seed."""
        return {curve.seed: float(curve.errors[:epoch].min()) for curve in self.reaching(epoch)}

    @property
    def mean_errors(self) -> np.ndarray:
        """Mean test error after each epoch."""
        return np.array(
            [
                np.mean([curve.errors[epoch - 1] for curve in self.reaching(epoch)])
                for epoch in range(1, self.epochs + 1)
            ]
        )

    @property
    def seconds(self) -> float:
        """Seconds of the fastest epoch, or NaN if no run recorded its time."""
        return min(self.known_seconds, default=np.nan)

    @property
    def known_seconds(self) -> list[float]:
        """Seconds per epoch of each run that recorded its time."""
        return [curve.seconds for curve in self.curves if not np.isnan(curve.seconds)]


def summarise_bptt(
    *,
    strsbp: Files,
    hm2bp: Files,
    bptt: Files,
    settings: Mapping[str, Any],
    network: Mapping[str, Any],
    out: str | Path,
    times: Sequence[str | Path] = (),
) -> None:
    """Write the comparison to `out` (csv); `bptt` may be empty, if it could not be trained.

    `settings` and `network` are what BPTT's runs must have been trained with. One row per number:

    - `test_error`: mean over seeds after each `epoch`, which ends `seconds` after the start;
    - `best_test_error`: the smallest up to the method's last epoch;
    - `best_test_error_difference`: BPTT's minus that of the method `reference`, up to the last
      epoch of the shorter one, paired by seed;
    - `seconds_per_epoch`: of the fastest epoch;
    - `seconds_to_common_error`: time to reach the smallest mean error that all methods reach;
    - `<state>_times` and `<state>_times_flushed`, with the table `times` (a list of at most one):
      the CPU time of a training sample over that of ST-RSBP, timed in the same round, with
      subnormal numbers kept and rounded to 0; intervals over rounds (`n_seeds`).

    Other intervals are 95 % t-intervals over seeds. Raises `ResultsError` if runs are missing or
    incomplete, or have other digits or settings.
    """
    methods = {"strsbp": _arm(strsbp), "hm2bp": _arm(hm2bp)}
    if bptt:
        methods["bptt"] = _bptt(bptt, settings, network, methods["strsbp"].data)
    rows = []
    for name, method in methods.items():
        rows += _error_rows(name, method) + _time_rows(name, method, methods)
    if "bptt" in methods:
        for reference in ("strsbp", "hm2bp"):
            rows += _difference_rows(methods, reference)
        for path in times:
            rows += _ratio_rows(read_csv(path, TIME_COLUMNS), _described("bptt", methods["bptt"]))
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def _arm(files: Files) -> Method:
    runs = load_runs(*zip(*files, strict=True))
    curves = [Curve(run.seed, _errors(run), _seconds_of_arm(run)) for run in runs]
    provenance = runs[0].provenance
    if not any(len(curve.errors) for curve in curves):
        raise ResultsError(
            f"Every run of the arm '{runs[0].arm}' diverged in its first epoch; compare BPTT with "
            "another arm."
        )
    return Method(provenance["settings"]["title"], provenance["data"], curves)


def _errors(run: Run) -> np.ndarray:
    """Test errors before the run diverged, if it did."""
    metrics = run.metrics
    return metrics.loc[metrics["epoch"] < run.diverged_at, "test_error"].to_numpy(dtype=float)


def _seconds_of_arm(run: Run) -> float:
    per_epoch = run.provenance.get("seconds_per_epoch")
    if run.provenance.get("device", "cpu") != "cpu" or not per_epoch:
        return np.nan
    return float(min(per_epoch))


def _bptt(files: Files, settings, network, data) -> Method:
    curves = []
    for metrics_path, provenance_path in files:
        document = read_json(provenance_path)
        for key, wanted in (("settings", settings), ("network", network), ("data", data)):
            if document.get(key) != wanted:
                raise ResultsError(
                    f"{provenance_path} is of a run with other {key} than those compared here; "
                    "install the extra 'bptt' to train it again, or remove its files."
                )
        seed, seconds = document.get("seed"), document.get("cpu_seconds_per_epoch")
        frame = read_csv(metrics_path, ("epoch", "test_error"))
        errors = numbers(frame, "test_error", metrics_path)
        if not errors.between(0, 1).all() or frame["epoch"].tolist() != list(
            range(1, settings["epochs"] + 1)
        ):
            raise ResultsError(
                f"{metrics_path} does not hold a test error for each of {settings['epochs']} "
                "epochs; run it again."
            )
        if not (
            isinstance(seed, int)
            and isinstance(seconds, list)
            and len(seconds) == len(errors)
            and all(isinstance(value, int | float) and 0 <= value < np.inf for value in seconds)
        ):
            raise ResultsError(
                f"{provenance_path} lacks the seed or the time of an epoch; run it again."
            )
        curves.append(Curve(seed, errors.to_numpy(), float(min(seconds))))
    return Method(BPTT_TITLE, data, curves)


def _described(name: str, method: Method) -> dict:
    return dict(
        method=name, title=method.title, reference="", n_train=method.data["n_train"],
        n_test=method.data["n_test"],
    )  # fmt: skip


def _over_seeds(values) -> dict:
    return mean_interval(values)._asdict() | dict(n_seeds=len(values))


def _error_rows(name: str, method: Method) -> list[dict]:
    described = _described(name, method)
    rows = []
    for epoch in range(1, method.epochs + 1):
        errors = [curve.errors[epoch - 1] for curve in method.reaching(epoch)]
        row = dict(quantity="test_error", epoch=epoch, seconds=epoch * method.seconds)
        rows.append(described | row | _over_seeds(errors))
    best = list(method.best(method.epochs).values())
    row = dict(quantity="best_test_error", epoch=method.epochs)
    return [*rows, described | row | _over_seeds(best)]


def _time_rows(name: str, method: Method, methods: Mapping[str, Method]) -> list[dict]:
    if np.isnan(method.seconds):
        return []
    common = max(one.mean_errors.min() for one in methods.values())
    epoch = int(np.argmax(method.mean_errors <= common)) + 1
    described = _described(name, method) | dict(n_seeds=len(method.known_seconds))
    to_common_error = dict(epoch=epoch, mean=epoch * method.seconds)
    return [
        described | dict(quantity="seconds_per_epoch", mean=method.seconds),
        described | dict(quantity="seconds_to_common_error") | to_common_error,
    ]


def _ratio_rows(times: pd.DataFrame, described: dict) -> list[dict]:
    spent = times.set_index(["state", "method", "flushed", "round"])["cpu_ms"].sort_index()
    rows = []
    for state in times["state"].unique():
        for flushed, suffix in ((0, ""), (1, "_flushed")):
            ratios = spent[state, "bptt", flushed] / spent[state, "strsbp", 0]
            row = dict(quantity=f"{state}_times{suffix}", reference="strsbp")
            rows.append(described | row | _over_seeds(ratios))
    return rows


def _difference_rows(methods: Mapping[str, Method], reference: str) -> list[dict]:
    ours, other = methods["bptt"], methods[reference]
    epoch = min(ours.epochs, other.epochs)
    a, b = ours.best(epoch), other.best(epoch)
    seeds = [seed for seed in a if seed in b]
    if not seeds:
        return []
    difference, _ = paired_difference([a[seed] for seed in seeds], [b[seed] for seed in seeds])
    return [
        _described("bptt", ours)
        | dict(reference=reference, quantity="best_test_error_difference", epoch=epoch)
        | difference._asdict()
        | dict(n_seeds=len(seeds))
    ]
