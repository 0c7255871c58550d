"""A stand-in for CuPy that runs the kernels on the CPU: what the package uses of it, and no more.

With the folder above this one on the path, `import cupy` finds it. Arrays are a class of their own
that NumPy cannot read, so that host code which forgets a copy fails here as it fails on a GPU.
"""

import ctypes
import os
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[2]))
import host_build  # noqa: E402

__version__ = "stand-in"


class ndarray:  # noqa: N801
    """A device array."""

    def __init__(self, host):
        self._host = host
        self.dtype, self.shape, self.nbytes = host.dtype, host.shape, host.nbytes

    def __array__(self, *args, **kwargs):
        raise TypeError("a device array is not converted to a NumPy array by itself; use get()")

    def get(self):
        """A copy on the host."""
        _not_while_capturing()
        return self._host.copy()

    def set(self, array):
        """Copy a host array of the same shape and dtype here."""
        _not_while_capturing()
        assert isinstance(array, np.ndarray) and array.flags.c_contiguous
        assert (array.shape, array.dtype) == (self.shape, self.dtype), (array.shape, self.shape)
        self._host[...] = array

    def fill(self, value):
        """Set every element."""
        _not_while_capturing()
        self._host.fill(value)


def zeros(shape, dtype):
    """A new array of zeros."""
    _not_while_capturing()
    return ndarray(np.zeros(shape, dtype))


def asarray(array):
    """A copy of a host array on the device."""
    _not_while_capturing()
    return ndarray(array.copy())


class RawModule:
    """Kernels compiled from source: the same source that the g++ build was made from."""

    def __init__(self, code, options):
        assert code == host_build.kernel_source()
        for needed in host_build.OPTIONS:
            assert needed in options, f"{needed} is missing"
        defined = [option for option in options if option.startswith("-D")]
        extra = os.environ.get("STRSBP_TEST_HOST_OPTIONS", "").split()
        self._library = ctypes.CDLL(str(host_build.build(*defined, *extra)))
        self._library.drop_barrier(int(os.environ.get("STRSBP_TEST_DROP_BARRIER", "0")))

    def get_function(self, name):
        """A kernel that takes device arrays and NumPy scalars."""
        kernel = host_build.Kernel(self._library, name)

        def call(grid, block, arguments, *, shared_mem=0):
            for value in arguments:  # CuPy passes a scalar with the size of its type
                assert isinstance(value, ndarray | np.generic), f"{name}: {type(value)}"
            host = [value._host if isinstance(value, ndarray) else value for value in arguments]
            stream = _current[-1]
            if stream is not None and stream.captured is not None:
                stream.captured.append(lambda: kernel(grid, block, host, shared_mem))
            else:
                kernel(grid, block, host, shared_mem)

        return call


_current = [None]


def _not_while_capturing():
    assert _current[-1] is None or _current[-1].captured is None, "not while a stream captures"


class _Graph:
    def __init__(self, launches):
        self._launches = launches

    def launch(self, stream):
        assert isinstance(stream, _Stream) and stream.captured is None
        for launch in self._launches:
            launch()


class _Stream:
    def __init__(self, non_blocking=False):
        assert non_blocking, "only a stream apart from the default one can be captured"
        self.captured = None

    def __enter__(self):
        _current.append(self)
        return self

    def __exit__(self, *exception):
        _current.pop()

    def synchronize(self):
        assert self.captured is None

    def begin_capture(self):
        assert _current[-1] is self and self.captured is None
        self.captured = []

    def end_capture(self):
        launches, self.captured = self.captured, None
        return _Graph(launches)


class cuda:  # noqa: N801
    """The names of `cupy.cuda` that the package uses."""

    Stream = _Stream

    class runtime:  # noqa: N801
        """Answers for one small device."""

        CUDARuntimeError = RuntimeError

        @staticmethod
        def getDeviceCount():  # noqa: N802
            return 1

        @staticmethod
        def getDeviceProperties(device):  # noqa: N802
            return {"name": b"stand-in", "multiProcessorCount": 1, "totalGlobalMem": 2**31}

        @staticmethod
        def driverGetVersion():  # noqa: N802
            return 0

        @staticmethod
        def runtimeGetVersion():  # noqa: N802
            return 0

        @staticmethod
        def memGetInfo():  # noqa: N802
            free = int(os.environ.get("STRSBP_TEST_GPU_MEMORY", str(2**30)))
            return free, 2**31
