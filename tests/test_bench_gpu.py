"""What `make gpu` does, rehearsed with the stand-in for CuPy."""

import json
import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest


@pytest.mark.slow
def test_the_run_on_a_gpu_on_a_small_scale(root, tmp_path):
    if shutil.which("g++") is None:
        pytest.skip("there is no g++ to compile the CUDA kernels for the CPU")
    path = (
        f"{root / 'tests' / 'cuda_host' / 'on_path'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    )
    done = subprocess.run(
        [sys.executable, root / "benchmarks" / "bench_gpu.py", "--rehearsal", "--out", tmp_path],
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((tmp_path / "stand-in" / "summary.json").read_text())
    assert list(summary) == ["machine", "tests", "equality", "times", "workflow"]
    assert all(step["passed"] for step in summary.values())
    equality = pd.read_csv(tmp_path / "stand-in" / "equality.csv")
    assert equality["metrics_equal"].all() and not equality["weights_different"].any()
    times = pd.read_csv(tmp_path / "stand-in" / "times.csv")
    assert times["replicas"].tolist() == [1, 1, 2] and (times["training_ms"] > 0).all()
    shares = pd.read_csv(tmp_path / "stand-in" / "kernels.csv").groupby("replicas")["share"].sum()
    assert shares.between(0.999, 1.001).all()
