import os

from strsbp.errors import StrsbpError

if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
    raise StrsbpError("The engine runs only if it is compiled; unset NUMBA_DISABLE_JIT.")
