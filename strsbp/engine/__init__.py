from numba import config

from strsbp.errors import StrsbpError

if config.DISABLE_JIT:
    raise StrsbpError("The engine runs only if it is compiled; unset NUMBA_DISABLE_JIT.")
