"""The kernels' CUDA source, as one text that is compiled at run time."""

import re
from importlib import resources

import numpy as np

FILES = (
    "common.cuh", "encode.cu", "forward.cu", "errors.cu", "gradients.cu", "adjoint.cu", "update.cu",
)  # fmt: skip

TYPES = {
    "int": np.int32, "u8": np.uint8, "u32": np.uint32, "u64": np.uint64, "float": np.float32,
    "double": np.float64,
}  # fmt: skip
"""Types of parameters, and of the elements of arrays."""

OPTIONS = ("-std=c++17", "-fmad=false")
"""-fmad=false: no fused multiply-add, so the kernels round like the CPU engine."""


def kernel_source() -> str:
    """All kernels as one text, with #line directives that refer to the original files."""
    folder = resources.files(__package__) / "kernels"
    parts = [f'#line 1 "{name}"\n{(folder / name).read_text("utf-8")}' for name in FILES]
    return "\n".join(parts)


def kernels() -> dict[str, dict[str, tuple[type, bool]]]:
    """The parameters of each kernel by name: their type, and whether it is that of an array."""
    pattern = r'extern "C" __global__ void (?:__launch_bounds__\(\w+\) )?(\w+)\(([^)]*)\)'
    return {
        kernel: {
            name: (TYPES[kind], bool(star))
            for kind, star, name in re.findall(r"(\w+)(\*?) (\w+)(?:,|\s*$)", parameters)
        }
        for kernel, parameters in re.findall(pattern, kernel_source())
    }


def options(neurons_per_thread: int, n_terms: int | None = None) -> tuple[str, ...]:
    """Compiler options.

    `neurons_per_thread`: neurons of the widest layer per thread; `n_terms`: terms of a separable
    derivative de/do, or None for a cubic.
    """
    terms = () if n_terms is None else (f"-DN_TERMS={n_terms}",)
    return (*OPTIONS, f"-DNEURONS_PER_THREAD={neurons_per_thread}", *terms)
