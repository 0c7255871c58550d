"""The engine's benchmark knows the kernels that the engine has."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import bench_engine
from strsbp.data import load_dataset
bench_engine.WARM_UP = bench_engine.SAMPLES = 3
bench_engine.RUNS = 1
bench_engine.stage_table(load_dataset("mnist5k")).to_csv(sys.stdout, index=False)
"""


def test_every_kernel_that_is_timed_exists(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    import bench_engine

    assert [name for module, name in bench_engine.STAGES if not hasattr(module, name)] == []


@pytest.mark.slow
def test_every_stage_is_timed(root):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(root / "benchmarks")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [line.split(",") for line in done.stdout.splitlines()]
    stages = {tuple(line[:2]): dict(zip(lines[0], line, strict=True)) for line in lines[1:]}
    expected = {("all", "encode")}
    for layer in ("feedforward1", "recurrent2", "output3"):
        for stage in ("forward", "traces and S-PSP", "denominators", "update"):
            expected.add((layer, stage))
    expected |= {("recurrent2", "recurrent S-PSP"), ("recurrent2", "adjoint")}
    expected.add(("output3", "lateral factor"))
    assert set(stages) == expected
    assert all(float(row["ms"]) > 0 for row in stages.values())
