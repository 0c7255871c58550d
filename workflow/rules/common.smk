"""What the files of rules/ share: the study of a profile, and functions for files and settings."""

import sys
from functools import cache, wraps
from pathlib import Path

from snakemake.logging import logger

ROOT = Path(workflow.current_basedir).parents[1]
sys.path.insert(0, str(ROOT))  # the package beside this workflow, installed or not

from strsbp.cuda.device import resolve_device
from strsbp.digest import code_digest
from strsbp.errors import SettingsError, StrsbpError
from strsbp.settings import ModelSettings, SimulatedTable
from strsbp.study.experiments import EXPERIMENTS, OPEN_QUESTIONS
from strsbp.study.loading import load_profile, load_study


def in_one_sentence(function):
    """`function`, except that a user's mistake ends the workflow with one sentence."""

    @wraps(function)
    def wrapped(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except StrsbpError as error:
            sys.exit(f"Error: {error}")

    return wrapped


def beside(path):
    """`path` as rules name it: relative if it is below the working directory."""
    path = Path(path)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


@in_one_sentence
def configured_study():
    """The study that the config describes."""
    if "profile" in workflow.config_settings.config:
        raise SettingsError(
            "Choose a profile by its file, --configfile config/<profile>.yaml, not by --config."
        )
    return load_study(config, " with ".join(CONFIG_FILES))


@cache
@in_one_sentence
def study(profile):
    """The configured study, or the one that config/<profile>.yaml describes."""
    found = STUDY if profile == STUDY.profile else load_profile(ROOT / "config", profile)
    if workflow.is_main_process:
        device(found)  # stops here if a GPU is required but missing
    return found


def device(settings):
    """`cpu` or `cuda`: where the networks of a study are trained."""
    where = " with ".join(CONFIG_FILES) if settings is STUDY else f"config/{settings.profile}.yaml"
    return resolve_device(settings.device, where, jobs_elsewhere=JOBS_ELSEWHERE)


def setting(*path, without=()):
    """A function that returns one value, or a group of values, of the study of a job's profile."""

    def value(wildcards):
        node = study(wildcards.profile)
        for part in path:
            node = getattr(node, part)
        if hasattr(node, "model_dump"):
            return node.model_dump(mode="json", exclude=set(without))
        return node

    return value


def local_dir(wildcards, input):
    """The folder or file with a job's images; a resource, so that moved images rerun nothing."""
    return study(wildcards.profile).data.source(wildcards.get("dataset") or Path(input.digits).stem)


def arms_of(experiment):
    """A function that returns the names of the arms that an experiment uses."""
    return lambda wildcards: getattr(study(wildcards.profile), experiment).arm_names()


def digits_of_arms(names):
    """A function that returns the file describing the digits of the first of the arms `names`."""

    @in_one_sentence
    def digits(wildcards):
        arm = study(wildcards.profile).arm(names(wildcards)[0])
        return f"results/{wildcards.profile}/prepare_data/{arm.dataset}.json"

    return digits


def inputs_of_arms(names):
    """A function, for `unpack`, that returns digits and effect-ratio tables of the arms `names`."""

    @in_one_sentence
    def inputs(wildcards):
        arms = [study(wildcards.profile).arm(name) for name in names(wildcards)]
        folder = Path("results", wildcards.profile)
        tables = [str(arm.table_path(folder)) for arm in arms]
        return dict(digits=digits_of_arms(names)(wildcards), tables=tables)

    return inputs


def settings_of_arms(names, without=()):
    """A function that returns settings of the arms `names` and the hidden layers of the first."""

    @in_one_sentence
    def settings(wildcards):
        arms = {name: study(wildcards.profile).arm(name) for name in names(wildcards)}
        layers = study(wildcards.profile).architectures[next(iter(arms.values())).architecture]
        left_out = {"seeds", *without}  # a new seed reruns no job of the others
        return dict(
            arms={
                name: arm.model_dump(mode="json", exclude=left_out) for name, arm in arms.items()
            },
            layers=[layer.model_dump(mode="json", exclude_none=True) for layer in layers],
        )

    return settings


def default_table(spsp, grid, **changes):
    """The name of a table at the default constants, with `changes`."""
    constants = ModelSettings().model_dump(include=set(SimulatedTable.model_fields))
    return SimulatedTable(spsp=spsp, grid=grid, **constants | changes).key


def code(source, *files):
    """A function that returns the digest of what a script, or a module of the package, executes.

    It also covers `files` of the repository; as inputs, they would make another checkout rerun all.
    """
    source = ROOT / "workflow" / "scripts" / source if source.endswith(".py") else source
    return lambda wildcards: code_digest(source, [ROOT / file for file in files])


CONFIG_FILES = [beside(ROOT / "config" / "config.yaml")]
CONFIG_FILES += map(beside, workflow.overwrite_configfiles)
JOBS_ELSEWHERE = workflow.resource_settings.nodes is not None  # jobs run on other machines
STUDY = configured_study()
study(STUDY.profile)
