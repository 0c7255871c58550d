"""How the workflow calls a function: with a job's inputs, parameters and outputs as keywords."""

from importlib import import_module
from pathlib import Path

from strsbp.settings import ArmSettings


def validated_arms(networks: dict) -> dict[str, ArmSettings]:
    """The arms among the settings `networks` of a job, by name."""
    return {name: ArmSettings.model_validate(arm) for name, arm in networks["arms"].items()}


def call(job, root: Path) -> None:
    """Call the function `job.params.function` with the job's named inputs, parameters and outputs.

    Its `files` are those of the repository `root`. The argument that the parameter `gathered`
    names, if there is one, holds all inputs. With an input `digits`, it gets the job's
    `Networks` instead of `digits` and `tables`; without one, the settings of the `arms` alone.
    With a parameter `dataset`, it gets the `local_dir` of the job's images.
    """
    given = dict(job.params.items())
    module, _, name = given.pop("function").rpartition(".")
    given |= {key: root / path for key, path in given.pop("files").items()}
    inputs = dict(job.input.items())
    given |= {given.pop("gathered"): inputs} if "gathered" in given else inputs
    given |= dict(job.output.items())
    for only_reruns in ("code", "own_files"):
        given.pop(only_reruns, None)
    if "digits" in given:
        given = {key: given[key] for key in given if key not in ("digits", "tables")}
        from strsbp.study.inputs import read_networks  # loads numba, which few jobs need

        given["networks"] = read_networks(job)
    elif "networks" in given:
        given["arms"] = validated_arms(given.pop("networks"))
    elif "dataset" in given:
        given["local_dir"] = job.resources.local_dir or None
    getattr(import_module(module), name)(**given)
