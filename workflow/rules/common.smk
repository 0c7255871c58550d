"""What the files of rules/ share: functions that find a job's files and settings in its profile."""

from strsbp.digest import code_digest
from strsbp.errors import SettingsError
from strsbp.settings import ModelSettings, SimulatedTable

PROFILE = "[a-z][a-z0-9_]*"
if IS_MODULE:  # other folders of results belong to the workflow that uses this one
    PROFILE = "|".join(sorted({STUDY.profile, *profiles(CONFIG_DIR)}))


wildcard_constraints:
    profile=PROFILE,
    table="(published|unblocked|corrected|corrected_draft|exact)-m[0-9.e+]+-s[0-9.e+]+-r[0-9]+-t[0-9]+-g[0-9]+",
    arm="[a-z][a-z0-9_]*",
    seed="0|[1-9][0-9]*",


def setting(*path, without=()):
    """A function that returns one value, or a group of values, of the study of a job's profile."""

    def value(wildcards):
        node = study(wildcards.profile)
        for part in path:
            node = getattr(node, part)
        if hasattr(node, "model_dump"):
            exclude = without if isinstance(without, dict) else set(without)
            return node.model_dump(mode="json", exclude=exclude)
        return node

    return value


# The study without the folder of images, which is no reason to judge or to write anything again.
whole_study = setting(without={"data": {"local_dir", "sets"}})


def local_dir(wildcards, input):
    """The folder or file with a job's images; a resource, so that moved images rerun nothing."""
    return study(wildcards.profile).data.source(wildcards.get("dataset") or Path(input.digits).stem)


def arms_of(experiment):
    """A function that returns the arms of an experiment's jobs by name."""
    return lambda wildcards: getattr(study(wildcards.profile), experiment).job_arms(
        study(wildcards.profile).all_arms
    )


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


def for_tables(path, *tables):
    """`path` for each of the `tables`, which are named as `default_table` names them."""
    return expand(path, table=tables, allow_missing=True)


def code(source, *files):
    """A function that returns the digest of what a script, or a module of the package, executes.

    It also covers `files` of the repository: as inputs they would rerun all in another checkout.
    """
    if source.endswith(".py"):
        source = of_repository(f"workflow/scripts/{source}")
    files = [of_repository(file) for file in files]

    def digest(wildcards):
        study(wildcards.profile)  # fails unless the profile exists
        return code_digest(source, files)

    return digest


def calls(function, **files):
    """Parameters for scripts/call.py: the function to call and files of the repository for it.

    The function gets the named inputs, outputs and other parameters of the job as keywords, too.
    """
    return dict(function=function, files=files, code=code(function, *files.values()))
