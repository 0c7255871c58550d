"""The study that the config describes, and those of the other profiles in config/."""

from functools import cache, wraps

from snakemake.logging import logger

from strsbp.cuda.device import resolve_device
from strsbp.errors import SettingsError, StrsbpError
from strsbp.study.experiments import EXPERIMENTS, OPEN_QUESTIONS
from strsbp.study.loading import completed, load_profile, load_study, profiles


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
    """The study of config.yaml, with the config of `--configfile` or of a module merged into it."""
    if "profile" in workflow.config_settings.config:
        raise SettingsError(
            "Choose a profile by its file, --configfile config/<profile>.yaml, not by --config."
        )
    return load_study(completed(config, CONFIG_DIR), " with ".join(CONFIG_FILES))


@cache
@in_one_sentence
def study(profile):
    """The configured study, or the one that config/<profile>.yaml describes."""
    found = STUDY if profile == STUDY.profile else load_profile(CONFIG_DIR, profile)
    if workflow.is_main_process:
        device(found)  # stops here if a GPU is required but missing
    return found


def device(settings):
    """`cpu` or `cuda`: where the networks of a study are trained."""
    where = " with ".join(CONFIG_FILES) if settings is STUDY else f"config/{settings.profile}.yaml"
    return resolve_device(settings.device, where, jobs_elsewhere=JOBS_ELSEWHERE)


CONFIG_DIR = of_repository("config/config.yaml").parent
for name in ("paper", "full"):  # fetches them for a remote module
    of_repository(f"config/{name}.yaml")
IS_MODULE = __name__ is not None  # the name of the module, if it is one
CONFIG_FILES = [beside(CONFIG_DIR / "config.yaml")]
CONFIG_FILES += (
    [f"the config of the module {__name__}"]
    if IS_MODULE
    else map(beside, workflow.overwrite_configfiles)
)
JOBS_ELSEWHERE = workflow.resource_settings.nodes is not None  # jobs run on other machines
STUDY = configured_study()
study(STUDY.profile)
