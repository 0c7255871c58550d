"""The core time of a profile: all jobs that train, simulate or measure."""

from pathlib import Path

import pandas as pd

from strsbp.files import numbers, read_csv, read_json

RUNS = {"training": "train/*/seed*.json", "BPTT, training": "bptt/train/seed*.json"}
"""Runs whose provenance holds their time, summed over interruptions; each uses one core."""


def core_time(folder: str | Path) -> pd.DataFrame:
    """Jobs and their core seconds by kind, in the results folder of a profile.

    Columns: kind, jobs, seconds. For training runs the seconds are those of their provenance, for
    all other jobs the CPU time of Snakemake's benchmarks (below `benchmarks/`), so that a job
    whose benchmark was not kept is not counted.
    """
    folder, rows = Path(folder), []
    for kind, pattern in RUNS.items():
        for path in folder.glob(pattern):
            rows.append((kind, float(read_json(path).get("seconds") or 0)))
    for path in folder.glob("benchmarks/**/*.tsv"):
        kind, *rest = path.relative_to(folder / "benchmarks").parts
        if kind.startswith("train") or rest[0] == "train":
            continue
        frame = read_csv(path, ("cpu_time",), sep="\t")
        rows.append((kind.replace("_", " "), numbers(frame, "cpu_time", path).sum()))
    frame = pd.DataFrame(rows, columns=["kind", "seconds"])
    found = frame.groupby("kind", sort=False)["seconds"].agg(jobs="size", seconds="sum")
    return found.sort_values("seconds", ascending=False).reset_index()
