"""What is fuzzed: one function a format, which reads bytes and checks what it was given.

Each raises nothing but what is a fault. A function takes bytes; its docstring says what is read.
"""

import gzip
import json
import os
import tempfile
from pathlib import Path

import numpy as np
import yaml

from strsbp.checkpoint import load_checkpoint
from strsbp.data import read_digits
from strsbp.data.idx import content_sha256, parse_images, parse_labels
from strsbp.errors import StrsbpError
from strsbp.spsp import read_table
from strsbp.study.claims import load_claims, read_judged
from strsbp.study.loading import load_study, merged
from strsbp.study.plain import read_yaml
from strsbp.study.summary.training import _load_run

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))

BASE = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
SMALL = {
    **BASE,
    "arms": {"strsbp": {"title": "ST-RSBP"}, "b": {"title": "b", "tau_m": 40}},
    "gradients": {"arms": ["strsbp", "b"]},
    "fits": {"arms": ["strsbp", "b"]},
    "bptt": {"strsbp": "strsbp", "hm2bp": "b"},
    "gradient_check": {"arms": ["strsbp"]},
    "figures": {
        name: {"panels": {"p": ["strsbp"], "q": ["b"]}, "epochs": 2} for name in BASE["figures"]
    },
}


def refused(call):
    """What `call()` returns, or None where it refuses in one sentence."""
    try:
        return call()
    except StrsbpError as error:
        text = str(error)
        assert text.endswith(".") and text.isprintable() and len(text) < 12_000, ascii(text[:500])
        return None


def written(data: bytes, suffix: str) -> Path:
    path = FILE / f"input{suffix}"
    path.write_bytes(data)
    return path


def idx(data: bytes) -> None:
    images = refused(lambda: parse_images(data, "f.gz"))
    labels = refused(lambda: parse_labels(data, "f.gz"))
    if images is not None:
        assert images.dtype == np.uint8 and images.shape[1:] == (784,) and len(images)
    if labels is not None:
        assert labels.dtype == np.uint8 and labels.max() <= 9
    content_sha256(data)


def idx_raw(data: bytes) -> None:
    idx(gzip.compress(data, 1, mtime=0))


def digits(data: bytes) -> None:
    found = refused(lambda: read_digits(written(data, ".npz")))
    assert found is None or len(found.sha256()) == 64


def table(data: bytes) -> None:
    found = refused(lambda: read_table(written(data, ".txt")))
    assert found is None or np.isfinite(found.coefficients).all()


def checkpoint(data: bytes) -> None:
    found = refused(lambda: load_checkpoint(written(data, ".npz")))
    assert found is None or isinstance(found[1], dict)


def config(data: bytes) -> None:
    overlay = refused(lambda: read_yaml(written(data, ".yaml"), StrsbpError))
    study = None if overlay is None else refused(lambda: load_study(merged(SMALL, overlay), "here"))
    if study is not None:
        for name in (study.profile, *study.arms):
            assert name.isidentifier() and len(name) <= 64
        json.dumps(study.model_dump(mode="json"), allow_nan=False)


def claims(data: bytes) -> None:
    found = refused(lambda: load_claims(written(data, ".yaml")))
    for claim in found or ():
        assert claim.id.isidentifier() and isinstance(claim.rule.arms(), list)


def verdicts(data: bytes) -> None:
    found = refused(lambda: read_judged(written(data, ".csv")))
    assert found is None or not np.isinf(found[["published", "measured"]].to_numpy()).any()


METRICS = "epoch,test_error,train_error,cost,diverged\n1,0.5,0.5,2,\n"


def provenance(data: bytes) -> None:
    metrics = written(METRICS.encode(), ".csv")
    run = refused(lambda: _load_run(metrics, written(data, ".json")))
    if run is not None:
        assert isinstance(run.arm, str) and run.epochs == 1


TARGETS = {
    function.__name__: function
    for function in (
        idx, idx_raw, digits, table, checkpoint, config, claims, verdicts, provenance,
    )
}  # fmt: skip
