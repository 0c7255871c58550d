"""How functions of this package are compiled by numba: decorators."""

from numba import njit

_OPTIONS = dict(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)

kernel = njit(**_OPTIONS)
"""Compiles the function by itself; the result is cached on disk."""
inlined = njit(**_OPTIONS, inline="always")
"""Compiles the function as a part of every kernel that calls it."""
parallel = njit(**_OPTIONS, parallel=True)
"""Compiles a kernel whose loops over `prange` run on several threads."""
