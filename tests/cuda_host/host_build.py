"""Compiles the kernels' source, unchanged, with g++ and calls them with NumPy arrays."""

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from strsbp.cuda.source import OPTIONS as OPTIONS
from strsbp.cuda.source import kernel_source, kernels

HERE = Path(__file__).parent
CACHE = Path(tempfile.gettempdir()) / f"strsbp-cuda-host-{os.getuid()}"

SHARED_LIMIT = 48 * 1024
"""Bytes of shared memory that every launch may ask for."""


def compiler() -> str | None:
    """The C++ compiler, or None."""
    return shutil.which("g++")


def host_program() -> str:
    """The kernels with what C needs to call each of them by its name."""
    calls = [
        f'extern "C" const char* launch_{name}(void** arguments, unsigned gx, unsigned gy, '
        f"unsigned threads, size_t bytes) {{ host::problem.clear(); "
        f"host::launch({name}, arguments, {{gx, gy, 1}}, {{threads, 1, 1}}, bytes); "
        "return host::problem.c_str(); }\n"
        for name in kernels()
    ]
    drop = 'extern "C" void drop_barrier(int number) { host::dropped_barrier = number; }\n'
    return f'#include "host.h"\n{kernel_source()}\n#line 1 "calls"\n{"".join(calls)}{drop}'


def build(*options: str, optimise: str = "-O2") -> Path:
    """The shared library of all kernels; kept in a folder for temporary files, by content."""
    text = host_program()
    command = [
        compiler(), "-std=c++20", optimise, "-g1", "-fPIC", "-shared", "-pthread", "-Wall",
        "-ffp-contract=off", "-Wno-unknown-pragmas", "-fno-gnu-unique", "-U_FORTIFY_SOURCE",
        "-Wl,-Bsymbolic", *options,
    ]  # fmt: skip
    version = subprocess.run([compiler(), "--version"], capture_output=True, text=True).stdout
    parts = [version, text, (HERE / "host.h").read_text(), *command]
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
    library = CACHE / f"{key}.so"
    if not library.exists():
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            source, made = Path(folder) / "kernels.cpp", Path(folder) / "kernels.so"
            source.write_text(text)
            done = subprocess.run(
                [*command, f"-I{HERE}", str(source), "-o", str(made)],
                capture_output=True, text=True,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert "warning" not in done.stderr, done.stderr
            made.replace(library)
    return library


class Kernel:
    """One kernel, called as CuPy calls a `RawKernel`; what CUDA would not notice is an error."""

    def __init__(self, library, name: str):
        self.name = name
        self._launch = getattr(library, f"launch_{name}")
        self._launch.restype = ctypes.c_char_p
        self._parameters = kernels()[name]

    def __call__(self, grid, block, arguments, shared_mem=0):
        assert shared_mem <= SHARED_LIMIT, f"{self.name}: {shared_mem} bytes of shared memory"
        assert 1 <= block[0] <= 1024 and block[1:] in ((), (1,), (1, 1)), block
        given = zip(self._parameters.items(), arguments, strict=True)
        for (name, wanted), value in given:
            assert (value.dtype, isinstance(value, np.ndarray)) == wanted, f"{self.name}: {name}"
        kept = [_value(argument) for argument in arguments]
        pointers = (ctypes.c_void_p * len(kept))(*(ctypes.addressof(value) for value in kept))
        gx, gy = (*grid, 1)[:2]
        problem = self._launch(
            pointers, ctypes.c_uint(gx), ctypes.c_uint(gy), ctypes.c_uint(block[0]),
            ctypes.c_size_t(shared_mem),
        )  # fmt: skip
        assert not problem, f"{self.name}: {problem.decode()}"


def _value(argument):
    if isinstance(argument, np.ndarray):
        assert argument.flags.c_contiguous, "a kernel's array must be contiguous"
        return ctypes.c_void_p(argument.ctypes.data)
    return np.ctypeslib.as_ctypes_type(argument.dtype)(argument.item())
