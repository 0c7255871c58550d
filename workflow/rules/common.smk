"""What the files of rules/ share: functions that find a job's files and settings in its profile."""

from functools import partial
from operator import attrgetter

from strsbp.digest import code_digest
from strsbp.errors import SettingsError
from strsbp.settings import ModelSettings, SimulatedTable

PROFILE = "[a-z][a-z0-9_]*"
if IS_MODULE:  # other folders of results belong to the workflow that uses this one
    PROFILE = "|".join(sorted({STUDY.profile, *profiles(CONFIG_DIR)}))


wildcard_constraints:
    profile=PROFILE,
    seed="[0-9]+",


each = partial(expand, allow_missing=True)  # of the same profile


def setting(path, without=None):
    """A function that returns one value, or a group of values, of the study of a job's profile."""

    def value(wildcards):
        found = attrgetter(path)(study(wildcards.profile))
        return (
            found.model_dump(mode="json", exclude=without)
            if hasattr(found, "model_dump")
            else found
        )

    return value


def whole_study(wildcards):
    """The study without the paths of images: moving them must not rerun verdicts or the report."""
    places = {"container": True, "data": {"local_dir", "sets"}}
    return study(wildcards.profile).model_dump(mode="json", exclude=places)


def local_dir(wildcards, input):
    """The folder or file with a job's images, if it needs any."""
    dataset = wildcards.get("dataset") or Path(input.get("digits", "")).stem
    return study(wildcards.profile).data.source(dataset) if dataset else ""


def arms_of(experiment):
    """A function that returns the arms of an experiment's jobs by name."""
    return lambda wildcards: getattr(study(wildcards.profile), experiment).job_arms(
        study(wildcards.profile).all_arms
    )


this_arm = lambda wildcards: {wildcards.arm: study(wildcards.profile).arm(wildcards.arm)}


def cell_of(cells, wildcards):
    """The cell of a job, the one of `cells` that its wildcard names."""
    if wildcards.cell not in cells:
        raise SettingsError(
            f"There is no cell '{wildcards.cell}'; the cells are {', '.join(cells)}."
        )
    return {wildcards.cell: cells[wildcards.cell]}


def digits_of_arms(arms):
    """A function that returns the file describing the digits of the first of `arms(wildcards)`."""

    @in_one_sentence
    def digits(wildcards):
        dataset = next(iter(arms(wildcards).values())).dataset
        return f"results/{wildcards.profile}/prepare_data/{dataset}.json"

    return digits


def inputs_of_arms(arms):
    """A function, for `unpack`, that returns digits and effect-ratio tables of the arms."""

    @in_one_sentence
    def inputs(wildcards):
        folder = Path("results", wildcards.profile)
        tables = [
            # A module's prefix applies to results, not to the user's own files.
            local(arm.table.file) if arm.table.file else str(arm.table_path(folder))
            for arm in arms(wildcards).values()
        ]
        return dict(digits=digits_of_arms(arms)(wildcards), tables=tables)

    return inputs


def settings_of_arms(arms, without=()):
    """A function that returns settings of the arms and the hidden layers of the first."""

    @in_one_sentence
    def settings(wildcards):
        found = arms(wildcards)
        layers = study(wildcards.profile).architectures[next(iter(found.values())).architecture]
        left_out = {"seeds", *without}  # a new seed reruns no job of the others
        return dict(
            arms={
                name: arm.model_dump(mode="json", exclude=left_out) for name, arm in found.items()
            },
            layers=[layer.model_dump(mode="json", exclude_none=True) for layer in layers],
        )

    return settings


def default_table(spsp, grid, **changes):
    """The name of a table at the default constants, with `changes`."""
    constants = ModelSettings().model_dump(include=set(SimulatedTable.model_fields))
    return SimulatedTable(spsp=spsp, grid=grid, **constants | changes).key


def summaries(*experiments):
    """The summary of each experiment by its name."""
    return {name: f"results/{{profile}}/{name}/summary.csv" for name in experiments}


def if_asked(**files):
    """Inputs that a job has only if the study of its profile answers open questions."""
    return unpack(branch(setting("open_questions"), then=files))


def calls(function, *read, code_of=None, **files):
    """Parameters of `call`: the function to call, and files of the repository for it by name.

    The job runs again if the code of the function (or of the module `code_of`), one of these files
    or a further file `read` has changed; as inputs, they would rerun all in another checkout.
    """
    paths = [of_repository(file) for file in (*files.values(), *read)]

    def code(wildcards):
        study(wildcards.profile)  # fails unless the profile exists
        return code_digest(code_of or function, paths)

    return dict(function=function, files=files, code=code)
