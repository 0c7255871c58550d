"""BPTT beside ST-RSBP and HM2-BP: test error over epochs and over seconds.

Every epoch, tests included, is assumed to take as long as the method's fastest one, because other
programs on the machine can only slow it down. For BPTT this is CPU time; for the other methods,
whose provenance holds nothing else, it is the wall-clock time of one thread. GPU runs have no
seconds here.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from strsbp.files import ResultsError, numbers, read_csv, read_json, write_csv
from strsbp.study.experiments.bptt.settings import TIME_COLUMNS
from strsbp.study.summary.intervals import mean_interval, paired_difference
from strsbp.study.summary.training import load_runs

COLUMNS = (
    "method", "title", "reference", "quantity", "epoch", "seconds", "mean", "low", "high",
    "p_value", "n_seeds", "n_train", "n_test", "repeats",
)  # fmt: skip

Files = Sequence[str | Path]
"""Paths of metrics; a .json file of the same name has the provenance."""


class Method(NamedTuple):
    """A method and its runs; `data` is what their provenance says about the digits."""

    title: str
    data: dict[str, Any]
    errors: pd.DataFrame
    """Test errors by epoch (rows) and seed (columns); NaN once a run diverged."""
    seconds: list[float]
    """Seconds of the fastest epoch of each run that recorded its time."""

    def best(self, epoch: int) -> pd.Series:
        """The smallest test error up to `epoch`, by seed, of the runs that reached it."""
        return self.errors.loc[:epoch, self.errors.loc[epoch].notna()].min()

    def row(self, name: str, values=(), **known) -> dict:
        """A row about the method called `name`: the mean of `values`, their interval and number."""
        sizes = {key: self.data[key] for key in ("n_train", "n_test")}
        over_seeds = mean_interval(values)._asdict() | dict(n_seeds=len(values))
        return dict(method=name, title=self.title) | sizes | over_seeds | known


def summarise_bptt(
    *,
    bptt: Files,
    settings: Mapping[str, Any],
    network: Mapping[str, Any],
    out: str | Path,
    times: Sequence[str | Path] = (),
    **arms: Files,
) -> None:
    """Write the comparison of BPTT with the `arms`, the runs of each by method, to `out` (csv).

    `strsbp` and `hm2bp` are among them; `bptt` may be empty, if it could not be trained.

    `settings` and `network` are what BPTT's runs must have been trained with. One row per number:

    - `test_error`: mean over seeds after each `epoch`, which ends `seconds` after the start;
    - `best_test_error`: the smallest up to the method's last epoch;
    - `best_test_error_difference`: BPTT's minus that of the method `reference`, up to the last
      epoch of the shorter one, paired by seed;
    - `seconds_per_epoch`: of the fastest epoch;
    - `seconds_to_common_error`: time to reach the smallest mean error that all methods reach;
    - `<state>_times` and `<state>_times_flushed`, with the table `times` (a list of at most one):
      the CPU time of a training sample over that of ST-RSBP, timed in the same round, with
      subnormal numbers kept and rounded to 0; intervals over rounds (`repeats`).

    Other intervals are 95 % t-intervals over seeds. Raises `ResultsError` if runs are missing or
    incomplete, or have other digits or settings.
    """
    methods = {name: _arm(files) for name, files in arms.items()}
    if bptt:
        methods["bptt"] = _bptt(bptt, settings, network, methods["strsbp"].data)
    common = max(method.errors.mean(axis=1).min() for method in methods.values())
    rows = []
    for name, method in methods.items():
        seconds, last = min(method.seconds, default=np.nan), method.errors.index[-1]
        for epoch, errors in method.errors.iterrows():
            known = dict(quantity="test_error", epoch=epoch, seconds=epoch * seconds)
            rows.append(method.row(name, errors.dropna(), **known))
        rows.append(method.row(name, method.best(last), quantity="best_test_error", epoch=last))
        if method.seconds:
            n = dict(n_seeds=len(method.seconds))
            rows.append(method.row(name, **n, quantity="seconds_per_epoch", mean=seconds))
            reached = (method.errors.mean(axis=1) <= common).idxmax()
            known = n | dict(epoch=reached, mean=reached * seconds)
            rows.append(method.row(name, **known, quantity="seconds_to_common_error"))
    if bptt:
        rows += _difference_rows(methods) + _ratio_rows(methods["bptt"], times)
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def _arm(files: Files) -> Method:
    runs = load_runs(files)
    errors = {
        run.seed: run.metrics[run.metrics["epoch"] < run.diverged_at].set_index("epoch")[
            "test_error"
        ]
        for run in runs
    }
    if all(of_run.empty for of_run in errors.values()):
        raise ResultsError(
            f"Every run of the arm '{runs[0].arm}' diverged in its first epoch; compare BPTT with "
            "another arm."
        )
    known = [run.provenance for run in runs]
    seconds = [
        float(min(one["seconds_per_epoch"]))
        for one in known
        if one.get("device", "cpu") == "cpu" and one.get("seconds_per_epoch")
    ]
    return Method(known[0]["settings"]["title"], known[0]["data"], pd.DataFrame(errors), seconds)


def _bptt(files: Files, settings, network, data) -> Method:
    errors, seconds = {}, []
    for path in files:
        document = read_json(Path(path).with_suffix(".json"))
        for key, wanted in (("settings", settings), ("network", network), ("data", data)):
            if document.get(key) != wanted:
                raise ResultsError(
                    f"{path} is of a run with other {key} than those compared here; install the "
                    "extra 'bptt' to train it again, or remove its files."
                )
        frame = read_csv(path, ("epoch", "test_error")).set_index("epoch")
        of_run = numbers(frame, "test_error", path).dropna()
        if len(of_run) != settings["epochs"]:
            raise ResultsError(
                f"{path} does not hold a test error for each of {settings['epochs']} epochs; run "
                "it again."
            )
        errors[document["seed"]] = of_run
        seconds.append(float(min(document["cpu_seconds_per_epoch"])))
    return Method("BPTT (snnTorch)", data, pd.DataFrame(errors), seconds)


def _difference_rows(methods: Mapping[str, Method]) -> list[dict]:
    ours, rows = methods["bptt"], []
    for reference, other in methods.items():
        if other is ours:
            continue
        epoch = min(ours.errors.index[-1], other.errors.index[-1])
        pairs = pd.concat([ours.best(epoch), other.best(epoch)], axis=1, join="inner")
        if not pairs.empty:
            difference, p_value = paired_difference(*pairs.to_numpy().T)
            known = dict(reference=reference, quantity="best_test_error_difference", epoch=epoch)
            known |= difference._asdict() | dict(p_value=p_value, n_seeds=len(pairs))
            rows.append(ours.row("bptt", **known))
    return rows


def _ratio_rows(bptt: Method, times: Sequence[str | Path]) -> list[dict]:
    rows = []
    for path in times:
        frame = read_csv(path, TIME_COLUMNS)
        spent = frame.set_index(["state", "method", "flushed", "round"])["cpu_ms"].sort_index()
        for state in frame["state"].unique():
            for flushed, suffix in ((0, ""), (1, "_flushed")):
                ratios = spent[state, "bptt", flushed] / spent[state, "strsbp", 0]
                known = dict(quantity=f"{state}_times{suffix}", reference="strsbp")
                known |= mean_interval(ratios)._asdict() | dict(repeats=len(ratios))
                rows.append(dict(method="bptt", title=bptt.title) | known)
    return rows
