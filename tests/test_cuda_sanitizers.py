"""The CUDA kernels under sanitizers: no race between barriers, no access outside an array.

The kernels are built with a thread of the operating system for each thread of a block and run in a
process of their own (tests/cuda_host/sample.py). With STRSBP_ALL_BARRIERS=1 each barrier is left
out once, which takes several minutes.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from strsbp.cuda.source import kernel_source

HERE = Path(__file__).parent / "cuda_host"
SMALL = "-DHOST_THREADS -DSEGMENT_WORDS=1"
"""Threads, and lists so short that small networks take several."""
BARRIERS = sorted(map(int, re.findall(r"BARRIER\((\d+)\)", kernel_source())))
RACE = 66
VARIANTS = ["derived", "published", "strsbp_normalised", "hm2bp_published"]
"""Of the sample; together they launch every kernel and wait at every barrier."""

pytestmark = [pytest.mark.sanitizer, pytest.mark.slow]


def library(name: str) -> str:
    """Path of a sanitizer's library, or a skip where the compiler has none."""
    if shutil.which("g++") is None or platform.system() != "Linux":
        pytest.skip("sanitizers are run with g++ on Linux")
    found = subprocess.run(
        ["g++", f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(found).is_absolute():
        pytest.skip(f"g++ comes without {name}")
    return found


def run_sample(*variants, options, preload, drop=0, **environment):
    """Run the sample in a process that has loaded the libraries `preload`."""
    # A fixed layout of memory, which the thread sanitizer of older compilers needs.
    fixed = ["setarch", platform.machine(), "-R"] if shutil.which("setarch") else []
    return subprocess.run(
        [*fixed, sys.executable, str(HERE / "sample.py"), *variants],
        env=os.environ
        | {
            "LD_PRELOAD": " ".join(preload),
            "STRSBP_TEST_HOST_OPTIONS": options,
            "STRSBP_TEST_DROP_BARRIER": str(drop),
        }
        | environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900,
    )  # fmt: skip


def with_thread_sanitizer(*variants, drop=0):
    """Run the sample under the thread sanitizer; it ends with `RACE` at the first race."""
    settings = f"exitcode={RACE}:halt_on_error=1:ignore_noninstrumented_modules=1"
    done = run_sample(
        *variants, options=f"{SMALL} -fsanitize=thread", preload=[library("libtsan.so")], drop=drop,
        TSAN_OPTIONS=settings,
    )  # fmt: skip
    if "FATAL: ThreadSanitizer" in done.stdout:
        pytest.skip("the thread sanitizer does not run here: " + done.stdout.splitlines()[0])
    return done


def test_no_race():
    done = with_thread_sanitizer(*VARIANTS)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("barrier", BARRIERS)
def test_a_removed_barrier_is_a_race(barrier):
    # Barrier 5 comes after each step of the neurons.
    if barrier != 5 and os.environ.get("STRSBP_ALL_BARRIERS") != "1":
        pytest.skip("STRSBP_ALL_BARRIERS=1 leaves out every barrier in turn")
    done = with_thread_sanitizer(*VARIANTS, drop=barrier)
    assert done.returncode == RACE, done.stdout
    assert "WARNING: ThreadSanitizer: data race" in done.stdout


def test_no_access_outside_an_array_and_no_undefined_behaviour():
    done = run_sample(
        *VARIANTS,
        options=f"{SMALL} -fsanitize=address,undefined -fno-sanitize-recover=all",
        # The C++ library beside it, since its exceptions are looked up when the sanitizer starts.
        preload=[library("libasan.so"), library("libubsan.so"), library("libstdc++.so")],
        ASAN_OPTIONS="detect_leaks=0", UBSAN_OPTIONS="print_stacktrace=1",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "runtime error" not in done.stdout and "AddressSanitizer" not in done.stdout


def test_an_access_outside_an_array_is_seen():
    # One word of shared memory less than a kernel takes.
    done = run_sample(
        "published", options=f"{SMALL} -DHOST_SHARED_SHORT=4 -fsanitize=address",
        preload=[library("libasan.so"), library("libstdc++.so")], ASAN_OPTIONS="detect_leaks=0",
    )  # fmt: skip
    assert done.returncode != 0
    assert "heap-buffer-overflow" in done.stdout
