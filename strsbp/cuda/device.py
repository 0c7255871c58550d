"""Finding the GPU; the only place that imports CuPy."""

from functools import cache
from importlib.util import find_spec

from strsbp.errors import SettingsError, StrsbpError, in_words


class DeviceError(StrsbpError):
    """There is no GPU that the CUDA engine can use, or it has too little memory."""


@cache
def obstacle() -> str | None:
    """Why the CUDA engine cannot run here, as a clause for an error message, or None if it can."""
    if find_spec("cupy") is None:
        return "CuPy is not installed (pip install 'strsbp[cuda13]', or cuda12 for older drivers)"
    try:
        import cupy
    except ImportError as error:
        # CuPy wraps the cause in a page of advice.
        return f"CuPy cannot be loaded ({in_words(error.__cause__ or error)})"
    try:
        if cupy.cuda.runtime.getDeviceCount() > 0:
            return None
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return f"CuPy finds no GPU ({in_words(error)})"
    return "CuPy finds no GPU"


def resolve_device(device: str, where: str = "device", jobs_elsewhere: bool = False) -> str:
    """`cpu` or `cuda`: the device that the setting `device` selects on this machine.

    `auto` means a GPU if CuPy finds one, otherwise the CPU. `cuda` without a GPU raises
    `SettingsError`, unless jobs run on other machines (`jobs_elsewhere`), which find out there;
    `where` names the place of the setting in the message.
    """
    if device == "cpu" or (device == "cuda" and jobs_elsewhere):
        return device
    problem = obstacle()
    if problem is None:
        return "cuda"
    if device == "cuda":
        raise SettingsError(
            f"{where}, device: 'cuda' asks for a GPU, but {problem}; use 'auto' or 'cpu'."
        )
    return "cpu"


def array_module():
    """CuPy; raises `DeviceError` if it is missing or finds no GPU."""
    problem = obstacle()
    if problem is not None:
        raise DeviceError(
            f"A GPU was requested but {problem}; use a machine with a GPU, or set `device: cpu`."
        )
    import cupy

    return cupy


def gpu_name(xp) -> str:
    """Name of the device that `xp` uses."""
    return xp.cuda.runtime.getDeviceProperties(0)["name"].decode()
