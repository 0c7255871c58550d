"""Compiles CUDA source to machine code with NVRTC, for which no GPU and no driver is needed."""

import ctypes
import importlib.util
from pathlib import Path


def library() -> Path | None:
    """The NVRTC of the wheel nvidia-cuda-nvrtc, or None where it is not installed."""
    spec = importlib.util.find_spec("nvidia")
    for folder in spec.submodule_search_locations if spec else []:
        found = sorted(Path(folder).glob("*/lib/libnvrtc.so.*"))
        if found:
            return found[-1]
    return None


class Nvrtc:
    """The few functions of NVRTC that a compilation needs."""

    def __init__(self):
        # NVRTC needs these libraries, but does not find those of older wheels by itself.
        for builtins in library().parent.glob("libnvrtc-builtins.so.*"):
            ctypes.CDLL(str(builtins), mode=ctypes.RTLD_GLOBAL)
        self._library = ctypes.CDLL(str(library()))
        self._library.nvrtcGetErrorString.restype = ctypes.c_char_p

    def _checked(self, name, *arguments):
        status = getattr(self._library, name)(*arguments)
        assert status == 0, f"{name}: {self._library.nvrtcGetErrorString(status).decode()}"

    def _text(self, program, what):
        size = ctypes.c_size_t()
        self._checked(f"nvrtcGet{what}Size", program, ctypes.byref(size))
        text = ctypes.create_string_buffer(size.value)
        self._checked(f"nvrtcGet{what}", program, text)
        return text.raw

    def compile(self, source: str, *options: str) -> tuple[bytes | None, str]:
        """The cubin (None where there are errors) and the compiler's messages."""
        program = ctypes.c_void_p()
        self._checked(
            "nvrtcCreateProgram",
            ctypes.byref(program),
            source.encode(),
            b"kernels.cu",
            0,
            None,
            None,
        )
        try:
            encoded = [option.encode() for option in options]
            array = (ctypes.c_char_p * len(encoded))(*encoded)
            status = self._library.nvrtcCompileProgram(program, len(encoded), array)
            log = self._text(program, "ProgramLog").rstrip(b"\0").decode()
            return (self._text(program, "CUBIN") if status == 0 else None), log
        finally:
            self._checked("nvrtcDestroyProgram", ctypes.byref(program))
