"""What the rules share: the study of a profile, and functions that name files and settings.

Reads the config; makes no file. A mistake in the config or in the claims file ends here, in one
sentence, before any job starts.
"""

import re
import sys
from functools import cache, wraps
from pathlib import Path
from types import SimpleNamespace

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

ROOT = Path(workflow.current_basedir).parents[1]
sys.path.insert(0, str(ROOT))  # the package that lies beside this workflow, installed or not

from strsbp.study.claims import load_claims
from strsbp.study.claims.findings import load_findings
from strsbp.study.claims.questions import load_questions
from strsbp.study import records
from strsbp.study.experiments.bptt.settings import missing_library, of_network, trains_bptt
from strsbp.study.batches import gpu_seeds
from strsbp.study.figures.catalogue import CLAIMS as CLAIMS_NAME, FIGURES
from strsbp.study.experiments.regularisation.settings import Cell
from strsbp.errors import SettingsError, StrsbpError
from strsbp.settings import ModelSettings, SimulatedTable
from strsbp.study.sources import package_files
from strsbp.study.loading import load_profile, load_study, resolve_device

QUESTION_TABLES = {
    "exact": "compare_exact/exact.csv",
    "fits": "rank_fits/fits.csv",
    "bptt": "compare_bptt/bptt.csv",
    "constants": "summarise_constants/constants.csv",
    "truth": "summarise_truth/truth.csv",
    "cost": "summarise_cost/cost.csv",
}
"""The results files of the open questions, by the name that resources/questions.yaml uses, below
a profile's results folder."""


class StudyError(WorkflowError):
    """A mistake of the user. Where in the workflow it was noticed is of no use to anyone."""

    __traceback__ = None  # else Snakemake lists the lines of these files


def in_one_sentence(function):
    """`function`, with the errors of the package as Snakemake's."""

    @wraps(function)
    def wrapped(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except StrsbpError as error:
            raise StudyError(str(error)) from None

    return wrapped


def beside(path):
    """`path` as rules name it: relative where it lies below the working directory."""
    path = Path(path)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


@cache
@in_one_sentence
def study(profile):
    """The configured study, or the one that config/<profile>.yaml describes."""
    return STUDY if profile == STUDY.profile else load_profile(ROOT / "config", profile)


@in_one_sentence
def arm_settings(wildcards):
    """All settings of an arm's runs, so that a changed value reruns this arm alone."""
    return study(wildcards.profile).arm(wildcards.arm).model_dump(mode="json", exclude={"seeds"})


def layer_settings(wildcards):
    """The hidden layers of an arm's network."""
    settings = study(wildcards.profile)
    layers = settings.architectures[arm_settings(wildcards)["architecture"]]
    return [layer.model_dump(mode="json") for layer in layers]


def arm_digits(wildcards):
    """The description of an arm's data set; the images lie beside it."""
    dataset = arm_settings(wildcards)["dataset"]
    return f"results/{wildcards.profile}/prepare_data/{dataset}.json"


@in_one_sentence
def arm_table(wildcards):
    """The effect-ratio table of an arm: fitted to a simulation, or a file of the user's."""
    arm = study(wildcards.profile).arm(wildcards.arm)
    return str(arm.table_path(Path("results") / wildcards.profile))


def fit_source(wildcards):
    """What a fit starts from: a simulation, or the expectation that needs none."""
    if wildcards.fit == "exact":
        return f"results/{wildcards.profile}/solve_spsp/{wildcards.table}.csv"
    return f"results/{wildcards.profile}/simulate_spsp/{wildcards.table}.npz"


def one_arm(wildcards, name):
    """Wildcards of a run of the arm `name`."""
    return SimpleNamespace(profile=wildcards.profile, arm=name)


def compared_arms(wildcards):
    """The arms whose gradients are compared, with all settings."""
    names = study(wildcards.profile).gradients.arms
    return {name: arm_settings(one_arm(wildcards, name)) for name in names}


def compared_arm_tables(wildcards):
    """The effect-ratio table of each of them."""
    return [arm_table(one_arm(wildcards, name)) for name in compared_arms(wildcards)]


def compared_digits(wildcards):
    """The description of the first one's data set."""
    return arm_digits(one_arm(wildcards, study(wildcards.profile).gradients.arms[0]))


def compared_layers(wildcards):
    """The hidden layers of the first one's network."""
    return layer_settings(one_arm(wildcards, study(wildcards.profile).gradients.arms[0]))


def regularisation_arm(wildcards):
    """Wildcards of the arm whose settings a cell of the sweep of the regularisation has."""
    return one_arm(wildcards, Cell.from_key(wildcards.cell).arm)


def bptt_arm(wildcards):
    """Wildcards of the arm whose network and digits BPTT takes."""
    return one_arm(wildcards, study(wildcards.profile).bptt.strsbp)


def bptt_digits(wildcards):
    """The description of its data set."""
    return arm_digits(bptt_arm(wildcards))


def bptt_network(wildcards):
    """What BPTT takes from it, beside the digits."""
    settings = study(wildcards.profile)
    arm = settings.arm(settings.bptt.strsbp)
    return of_network(arm, settings.architectures[arm.architecture])


def bptt_sizes(wildcards):
    """How many digits of which set."""
    arm = arm_settings(bptt_arm(wildcards))
    return {key: arm[key] for key in ("dataset", "n_train", "n_test")}


def bptt_run_settings(wildcards):
    """What a run of BPTT depends on, of its own settings."""
    return study(wildcards.profile).bptt.of_run()


@in_one_sentence
def bptt_seeds(profile):
    """The seeds of BPTT that are compared: where it cannot be trained, those that are there."""
    settings = study(profile).bptt
    if settings.enabled == "no":
        return []
    if trains_bptt(settings, config_files(profile)):
        return settings.seeds
    folder = Path("results") / profile / "train_bptt"
    return [
        seed
        for seed in settings.seeds
        if all((folder / f"seed{seed}.{suffix}").is_file() for suffix in ("csv", "json"))
    ]


def runs_beside_bptt(method, suffix):
    """A function that lists the files `seed*.<suffix>` of the runs of a method compared."""

    @in_one_sentence
    def files(wildcards):
        settings = study(wildcards.profile)
        settings.check_rivals()  # only here, so that other targets do without
        folder, seeds = "train_bptt", bptt_seeds(wildcards.profile)
        if method != "bptt":
            arm = getattr(settings.bptt, method)
            folder, seeds = f"train/{arm}", settings.arms[arm].seeds
        return [f"results/{wildcards.profile}/{folder}/seed{seed}.{suffix}" for seed in seeds]

    return files


def truth_arms(wildcards):
    """The arms whose gradients are compared with the true one, with all settings."""
    names = study(wildcards.profile).truth.arms
    return {name: arm_settings(one_arm(wildcards, name)) for name in names}


def truth_arm_tables(wildcards):
    """The effect-ratio table of each of them."""
    return [arm_table(one_arm(wildcards, name)) for name in truth_arms(wildcards)]


def truth_digits(wildcards):
    """The description of the first one's data set."""
    return arm_digits(one_arm(wildcards, study(wildcards.profile).truth.arms[0]))


def truth_layers(wildcards):
    """The hidden layers of the first one's network."""
    return layer_settings(one_arm(wildcards, study(wildcards.profile).truth.arms[0]))


def truth_settings(wildcards):
    """What `truth` says, but for the states: another state reruns no other's job."""
    return study(wildcards.profile).truth.model_dump(mode="json", exclude={"states"})


@in_one_sentence
def truth_epochs(wildcards):
    """Epochs of training that lead to a state."""
    states = study(wildcards.profile).truth.states
    if wildcards.state not in states:
        raise SettingsError(
            f"There is no state '{wildcards.state}' in `truth` (known: {', '.join(states)})."
        )
    return states[wildcards.state]


def truth_states(wildcards):
    """The states, by epochs."""
    states = study(wildcards.profile).truth.states
    return sorted(states, key=states.get)


def truth_files(name):
    """A function that lists the file `name` of every state, in the order of `truth_states`."""

    def files(wildcards):
        return [
            f"results/{wildcards.profile}/measure_truth/{state}/{name}"
            for state in truth_states(wildcards)
        ]

    return files


def constants_arm(wildcards):
    """The arm around whose constants the grids lie, but for what each cell has of its own."""
    settings = arm_settings(one_arm(wildcards, study(wildcards.profile).constants.arm))
    left_out = ("epochs", "n_train", "n_test")
    return {name: value for name, value in settings.items() if name not in left_out}


def constants_digits(wildcards):
    """The description of its data set."""
    return arm_digits(one_arm(wildcards, study(wildcards.profile).constants.arm))


def constants_layers(wildcards):
    """The hidden layers of its network."""
    return layer_settings(one_arm(wildcards, study(wildcards.profile).constants.arm))


def constants_tables(wildcards):
    """The simulations behind the tables of all cells."""
    return [table.key for table in study(wildcards.profile).constants_tables()]


def constants_training(wildcards):
    """How every cell is trained."""
    keys = {"epochs", "seeds", "n_train", "n_test"}
    return study(wildcards.profile).constants.model_dump(mode="json", include=keys)


def constants_scans(wildcards):
    """The runs of all cells."""
    return [
        f"results/{wildcards.profile}/scan_constants/{cell.key}.csv"
        for cell in study(wildcards.profile).constants_cells()
    ]


def truth_titles(wildcards):
    """Titles of all gradients that are compared with the true one."""
    settings = study(wildcards.profile)
    titles = {name: settings.arms[name].title for name in settings.truth.arms}
    return titles | {name: one.title for name, one in settings.truth.surrogates.items()}


def cost_arm(wildcards):
    """The arm whose settings the networks of `cost` share."""
    return arm_settings(one_arm(wildcards, study(wildcards.profile).cost.arm))


def cost_digits(wildcards):
    """The description of its data set."""
    return arm_digits(one_arm(wildcards, study(wildcards.profile).cost.arm))


def cost_layers(wildcards):
    """The hidden layers of its network."""
    return layer_settings(one_arm(wildcards, study(wildcards.profile).cost.arm))


def cost_tables(wildcards):
    """The effect-ratio table of each network of `cost`."""
    tables = study(wildcards.profile).cost_tables().values()
    return [f"results/{wildcards.profile}/fit_spsp/{table.key}.txt" for table in tables]


def cost_settings(wildcards):
    """What `cost` says, but for the seeds: another seed reruns no other's job."""
    return study(wildcards.profile).cost.model_dump(mode="json", exclude={"seeds"})


def cost_seeds(wildcards):
    """The measurement of every seed of `cost`."""
    seeds = study(wildcards.profile).cost.seeds
    return [f"results/{wildcards.profile}/measure_cost/seed{seed}.csv" for seed in seeds]


def whole_study(wildcards):
    """Everything that the config says."""
    return study(wildcards.profile).model_dump(mode="json")


def study_setting(*path):
    """A function that finds one value of the study of a job's profile."""

    def value(wildcards):
        node = study(wildcards.profile)
        for part in path:
            node = getattr(node, part)
        return node.model_dump(mode="json") if hasattr(node, "model_dump") else node

    return value


def batch_seeds(wildcards):
    """The seeds that a GPU trains together."""
    return gpu_seeds(study(wildcards.profile), wildcards.arm, Path("results") / wildcards.profile)


def batch_of_run(wildcards):
    """The folder that holds a run's files after its batch has been trained on a GPU."""
    profile, _, arm, _ = wildcards.gpu_run.split("/")
    return f"results/{profile}/train_batch/{arm}"


def config_files(profile):
    """Where the settings of a profile stand, in words."""
    return " with ".join(CONFIG_FILES if profile == STUDY.profile else [f"config/{profile}.yaml"])


@in_one_sentence
def device(profile):
    """`cpu` or `cuda`, of which the latter must be here unless jobs run elsewhere."""
    wanted = study(profile).device
    if wanted == "cuda" and JOBS_ELSEWHERE:
        return wanted
    return resolve_device(wanted, config_files(profile))


@in_one_sentence
def gpu_runs():
    """A regular expression for the runs that GPUs train, as paths below results/, or for none.

    Of the configured profile and of those that the command line asks for.
    """
    asked = [re.match("results/([^/]+)/", argument) for argument in sys.argv[1:]]
    profiles = {STUDY.profile, *(match[1] for match in asked if match)}
    runs = [
        f"{profile}/train/{arm}/seed{seed}"
        for profile in sorted(profiles)
        if device(profile) == "cuda"
        for arm in study(profile).arms
        for seed in gpu_seeds(study(profile), arm, Path("results") / profile)
    ]
    return "|".join(map(re.escape, runs)) or "(?!)"


def default_table(spsp, grid):
    """The key of a table at the default constants."""
    model = ModelSettings()
    return SimulatedTable(
        spsp=spsp,
        grid=grid,
        tau_m=model.tau_m,
        tau_s=model.tau_s,
        refractory_steps=model.refractory_steps,
        n_steps=model.n_steps,
    ).key


def compared_tables():
    """The simulations that Figs. 1 and 7 and the fit's quality need, at the default constants."""
    return [
        default_table(spsp, grid)
        for spsp, grid in [
            ("published", 50),
            ("published", 100),
            ("corrected", 50),
            ("corrected", 100),
            ("unblocked", 50),
            ("unblocked", 100),
        ]
    ]


def ranked_arms(wildcards):
    """The arms whose fits are ranked, with all settings."""
    names = study(wildcards.profile).fits.arms
    return {name: arm_settings(one_arm(wildcards, name)) for name in names}


def ranked_runs(wildcards):
    """The metrics of their runs: of the seeds that all of them have."""
    arms = [study(wildcards.profile).arms[name] for name in study(wildcards.profile).fits.arms]
    seeds = [seed for seed in arms[0].seeds if all(seed in arm.seeds for arm in arms)]
    return [
        f"results/{wildcards.profile}/train/{name}/seed{seed}.csv"
        for name in study(wildcards.profile).fits.arms
        for seed in seeds
    ]


def runs(suffix):
    """A function that lists the files `seed*.<suffix>` of all runs of a study."""

    def files(wildcards):
        return [
            f"results/{wildcards.profile}/train/{name}/seed{seed}.{suffix}"
            for name, arm in study(wildcards.profile).arms.items()
            for seed in arm.seeds
        ]

    return files


def snakemake_command(wildcards):
    """What stands before a target in the commands that the report shows."""
    overlays = [beside(path) for path in workflow.overwrite_configfiles]
    if wildcards.profile == STUDY.profile and overlays:
        return " ".join(["snakemake --cores all --configfile", *overlays, "--"])
    return "snakemake --cores all"


@in_one_sentence
def check_targets(arguments):
    """End with one sentence if a file that was asked for belongs to no known profile or arm.

    Snakemake would find out itself, but with a traceback through the functions above; it tells
    the targets only after it has read the rules, hence the look at the command line.
    """
    for target in arguments:
        asked = re.match("results/([^/]+)/(?:train/([^/]+)/)?", target)
        if asked and asked[2]:
            study(asked[1]).arm(asked[2])
        elif asked:
            study(asked[1])
        if asked and "/train_bptt/" in target and MISSING_LIBRARY:
            raise SettingsError(
                f"BPTT is trained with {MISSING_LIBRARY}, which is not installed; install the "
                "extra with pip install -e '.[bptt]'."
            )


def code(script):
    """A script and the package files it depends on: an edited one reruns the script's rules."""
    script = ROOT / "workflow" / "scripts" / script
    return [beside(file) for file in [script, *package_files(script, PACKAGE)]]


# Results folders and files that do not have their experiment's name yet.
OLD_NAMES = {
    "gradients/gradients.csv": "compare_gradients/gradients.csv",
    "gradients/denominators.csv": "compare_gradients/denominators.csv",
    "expectation/curves.csv": "compare_exact/curves.csv",
    "fits/summary.csv": "rank_fits/fits.csv",
    "bptt/summary.csv": "compare_bptt/bptt.csv",
    "sweep/summary.csv": "summarise_constants/constants.csv",
    "gradient_check/summary.csv": "summarise_truth/truth.csv",
    "early_decision/summary.csv": "summarise_cost/cost.csv",
}


def figure_data(figure):
    """The data files of a figure of the catalogue, by argument."""
    return {
        name: CLAIMS if path == CLAIMS_NAME else f"results/{{profile}}/{OLD_NAMES.get(path, path)}"
        for name, path in figure.data.items()
    }


def figure_code(figure):
    """plot.py and what it imports, with the module that draws the figure and what that imports."""
    drawing = ROOT.joinpath(*figure.draw.split(".")).with_suffix(".py")
    return sorted({*code("plot.py"), *code(drawing)})


def question_tables(profile):
    """The files of QUESTION_TABLES by name."""
    return {name: f"results/{profile}/{path}" for name, path in QUESTION_TABLES.items()}


def results_folders():
    """The results folder of every profile that has one."""
    return sorted(folder for folder in Path("results").glob("*") if folder.is_dir())


@in_one_sentence
def restore_records():
    """Remember what made the files of a fresh checkout, so that they count as up to date."""
    for folder in results_folders():
        restored = records.restore(folder)
        if restored:
            logger.info(f"{folder}: {len(restored)} files are as {records.NAME} describes them.")


@in_one_sentence
def keep_records():
    """Keep beside the results what made them."""
    for folder in results_folders():
        records.keep(folder)


PACKAGE = ROOT / "strsbp"
CLAIMS = beside(ROOT / "resources" / "claims.yaml")
QUESTIONS = beside(ROOT / "resources" / "questions.yaml")
FINDINGS = beside(ROOT / "resources" / "findings.yaml")
AUTHOR_COMPARISON = beside(ROOT / "resources" / "author_tables_comparison.csv")
CONFIG_FILES = [beside(ROOT / "config" / "config.yaml")]
CONFIG_FILES += [beside(path) for path in workflow.overwrite_configfiles]
in_one_sentence(load_claims)(CLAIMS)
in_one_sentence(load_findings)(FINDINGS)
in_one_sentence(load_questions)(QUESTIONS)
STUDY = in_one_sentence(load_study)(config, " with ".join(CONFIG_FILES))
# Jobs on other machines find out there whether there is a GPU.
JOBS_ELSEWHERE = bool(
    {"--executor", "-e", "--profile", "--workflow-profile"}
    & {word.partition("=")[0] for word in sys.argv}
)
if STUDY.device == "auto":
    logger.info(f"Device: auto, which is '{device(STUDY.profile)}' on this machine.")
MISSING_LIBRARY = missing_library()
bptt_seeds(STUDY.profile)  # a BPTT that is asked for and cannot be had ends here
if STUDY.bptt.enabled == "auto" and MISSING_LIBRARY:
    logger.info(f"BPTT: auto, which trains none here: {MISSING_LIBRARY} is not installed.")
check_targets(sys.argv[1:])
GPU_RUNS = gpu_runs()
# Without the library, runs that are there are files like any other, which no rule makes.
BPTT_SEEDS = "(?!)" if MISSING_LIBRARY else r"\d+"
if workflow.is_main_process:
    restore_records()


onsuccess:
    keep_records()


onerror:
    keep_records()
