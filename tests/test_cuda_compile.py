"""The CUDA kernels compile to machine code, with NVRTC and, where it is installed, with nvcc.

Neither needs a GPU or a driver.
"""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent / "cuda_host"))
import nvrtc  # noqa: E402

from strsbp.cuda.driver import MOST_THREADS, SEGMENT_BITS, SEGMENT_WORDS  # noqa: E402
from strsbp.cuda.source import kernel_source, kernels, options  # noqa: E402

ARCHITECTURES = ["sm_90", *(pytest.param(f"sm_{n}", marks=pytest.mark.slow) for n in (80, 120))]
REGISTERS = 65_536
"""Of a multiprocessor, hence the most that a block may use."""


@pytest.fixture(scope="module")
def compiler():
    """NVRTC from its wheel, which the development requirements install on Linux."""
    if nvrtc.library() is None:
        pytest.skip("the wheel nvidia-cuda-nvrtc is not installed")
    return nvrtc.Nvrtc()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_kernel_compiles_to_machine_code(compiler, architecture):
    cubin, log = compiler.compile(kernel_source(), *options(1), f"-arch={architecture}")
    assert cubin is not None and log == "", log
    assert cubin.startswith(b"\x7fELF")
    for name in kernels():
        assert f".text.{name}\0".encode() in cubin, name


def test_wide_layers_with_separable_derivatives_compile_too(compiler):
    cubin, log = compiler.compile(kernel_source(), *options(2, 8), "-arch=sm_90")
    assert cubin is not None and log == "", log


def test_an_error_is_reported_with_its_file_and_line(compiler):
    source = kernel_source()
    place = source.index("const bool spike")
    start = source.rindex("#line 1", 0, place)
    line = source.count("\n", start, place)
    cubin, log = compiler.compile(
        source[:place] + "undeclared;" + source[place:], *options(1), "-arch=sm_90"
    )
    assert cubin is None
    assert f'forward.cu({line}): error: identifier "undeclared" is undefined' in log


def test_every_kernel_is_listed():
    assert len(kernels()) == kernel_source().count("__global__ void")


def test_sizes_are_the_same_in_driver_and_kernels():
    defined = dict(re.findall(r"#define (\w+) (\d+)", kernel_source()))
    assert int(defined["MOST_THREADS"]) == MOST_THREADS
    assert int(defined["SEGMENT_WORDS"]) == SEGMENT_WORDS
    assert SEGMENT_BITS == 32 * SEGMENT_WORDS


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_kernel_spills_registers(architecture, tmp_path):
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        pytest.skip("nvcc, which reports registers and spills, is not installed")
    (tmp_path / "kernels.cu").write_text(kernel_source())
    done = subprocess.run(
        [nvcc, "-cubin", f"-arch={architecture}", *options(1), "-Xptxas", "-v", "kernels.cu",
         "-o", "kernels.cubin"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    if "is not defined for option" in done.stderr and "gpu-architecture" in done.stderr:
        pytest.skip(f"this nvcc does not know {architecture}")
    assert done.returncode == 0, done.stderr
    usage = re.findall(
        r"Compiling entry function '(\w+)'.*?(\d+) bytes spill stores, (\d+) bytes spill loads"
        r".*?Used (\d+) registers",
        done.stderr,
        re.DOTALL,
    )
    assert sorted(name for name, *_ in usage) == sorted(kernels())
    for name, stores, loads, registers in usage:
        print(f"{architecture} {name}: {registers} registers, spilled {stores} + {loads} bytes")
        assert (stores, loads) == ("0", "0"), name
        bounded = re.search(rf"__launch_bounds__\(MOST_THREADS\) {name}\(", kernel_source())
        assert int(registers) * (MOST_THREADS if bounded else 128) <= REGISTERS, name


def test_the_stand_in_offers_nothing_that_cupy_lacks(stand_in):
    if importlib.util.find_spec("cupy") is None:
        pytest.skip("CuPy is not installed")
    import cupy

    public = [name for name in vars(stand_in) if not name.startswith("_")]
    borrowed = {"ctypes", "os", "sys", "Path", "np", "host_build"}
    for name in set(public) - borrowed:
        assert hasattr(cupy, name), name
    for name in ("get", "set", "fill", "dtype", "shape", "nbytes"):
        assert hasattr(cupy.ndarray, name), name
    for name in ("synchronize", "begin_capture", "end_capture", "__enter__", "__exit__"):
        assert hasattr(cupy.cuda.Stream, name), name
    assert hasattr(cupy.cuda.Graph, "launch") and hasattr(cupy.RawModule, "get_function")
    for name in ("getDeviceCount", "getDeviceProperties", "memGetInfo", "CUDARuntimeError"):
        assert hasattr(cupy.cuda.runtime, name), name
