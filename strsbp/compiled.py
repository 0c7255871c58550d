"""How functions of this package are compiled by numba: decorators."""

from numba import njit

kernel = njit(cache=True, nogil=True, error_model="numpy")
"""Compiles the function by itself; the result is cached on disk."""
inlined = njit(cache=True, nogil=True, error_model="numpy", inline="always")
"""Compiles the function as a part of every kernel that calls it."""
parallel = njit(cache=True, nogil=True, error_model="numpy", parallel=True)
"""Compiles a kernel whose loops over `prange` run on several threads."""
