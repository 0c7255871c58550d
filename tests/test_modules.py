"""The workflow as a module of another one: from a folder, or from a hosting service."""

import shutil
import subprocess

import pytest
from plans import DRY, planned


def write_workflow(folder, snakefile, *lines, rules="", first=""):
    """A workflow in `folder` that takes everything from the module at `snakefile`.

    `rules` of its own come after the module, those of `first` before it.
    """
    folder.mkdir(exist_ok=True)
    body = "\n".join(f"    {line}" for line in (f"snakefile: {snakefile}", *lines))
    text = f"{first}module strsbp:\n{body}\n\nuse rule * from strsbp as strsbp_*\n\n{rules}"
    (folder / "Snakefile").write_text(text)
    return folder


@pytest.fixture(scope="module")
def beside(tmp_path_factory, copy_checkout):
    """A folder with a checkout in `strsbp/`, as a submodule would lie there."""
    folder = tmp_path_factory.mktemp("uses a module")
    copy_checkout(folder / "strsbp")
    return folder


def test_a_module_without_config_is_the_quick_study(snakemake, beside):
    path = f'"{beside}/strsbp/workflow/Snakefile"'
    run = snakemake(*DRY, cwd=write_workflow(beside, path, 'prefix: "spikes"'))
    assert run.returncode == 0, run.stdout
    jobs = planned(run.stdout)
    assert jobs["strsbp_train"] >= 14
    assert jobs["strsbp_all"] == jobs["strsbp_build_report"] == 1


def test_a_modules_config_holds_only_what_differs(snakemake, beside):
    (beside / "table.txt").write_text("0.1 0 0 0 0\n" * 100)
    arm = '{"title": "mine", "seeds": [7], "table": {"file": "table.txt"}}'
    config = f'config: {{"profile": "mine", "arms": {{"mine": {arm}}}}}'
    write_workflow(beside, '"strsbp/workflow/Snakefile"', 'prefix: "spikes"', config)
    run = snakemake(*DRY, "spikes/results/mine/train/mine/seed7.csv", cwd=beside)
    assert run.returncode == 0, run.stdout
    assert planned(run.stdout) == dict(strsbp_train=1, strsbp_prepare_data=1)


def test_a_mistake_in_a_modules_config_is_one_sentence(snakemake, beside):
    write_workflow(beside, '"strsbp/workflow/Snakefile"', 'config: {"profile": "mine", "dat": {}}')
    run = snakemake(*DRY, cwd=beside)
    assert run.returncode != 0
    assert "the config of the module strsbp, dat: there is no such setting" in run.stdout
    assert "Traceback" not in run.stdout


def test_results_of_other_names_are_the_users_own(snakemake, beside):
    rules = 'rule mine:\n    output: "results/{sample}/report.html"\n    shell: "touch {output}"\n'
    write_workflow(beside, '"strsbp/workflow/Snakefile"', rules=rules)
    run = snakemake(*DRY, "results/sample/report.html", cwd=beside)
    assert planned(run.stdout) == dict(mine=1), run.stdout


def test_the_default_target_is_the_users_own_first_rule(snakemake, beside):
    first = 'rule mine:\n    output: "mine.txt"\n    shell: "touch {output}"\n\n'
    write_workflow(beside, '"strsbp/workflow/Snakefile"', 'prefix: "spikes"', first=first)
    run = snakemake(*DRY, cwd=beside)
    assert planned(run.stdout) == dict(mine=1), run.stdout


@pytest.fixture(scope="module")
def hosted(tmp_path_factory, copy_checkout, snakemake):
    """Function that runs Snakemake with a bare clone in place of what a hosting service has.

    The tag v0.1.0 is of this version, the tag v99 of a later one.
    """
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    host = tmp_path_factory.mktemp("host")
    work = copy_checkout(host / "work")

    def git(*words, cwd=work):
        name = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org")
        subprocess.run(["git", *name, *words], cwd=cwd, check=True, capture_output=True)

    git("init", "--initial-branch=main")
    git("add", ".")
    git("commit", "-m", "As it is")
    git("tag", "v0.1.0")
    text = (work / "CITATION.cff").read_text()
    (work / "CITATION.cff").write_text(text.replace("\nversion: ", "\nversion: 99."))
    git("commit", "-a", "-m", "Later")
    git("tag", "v99")
    git("clone", "--bare", work, host / "owner" / "strsbp", cwd=host)

    def run(*arguments, cwd):
        return snakemake(
            *arguments, cwd=cwd, XDG_CACHE_HOME=str(host / "cache"), GIT_CONFIG_COUNT="1",
            GIT_CONFIG_KEY_0=f"url.file://{host}/.insteadOf",
            GIT_CONFIG_VALUE_0="https://github.com/",
        )  # fmt: skip

    run.clone = work
    return run


GITHUB = 'github("owner/strsbp", path="workflow/Snakefile", tag="{}")'


def test_a_module_from_github_runs(hosted, tmp_path):
    """As the workflow catalog describes it; a job needs _job.py from the cache and the package."""
    figure = "spikes/results/quick/figures/listings.svg"
    write_workflow(tmp_path, GITHUB.format("v0.1.0"), 'prefix: "spikes"')
    run = hosted(figure, cwd=tmp_path)
    assert run.returncode == 0, run.stdout
    assert (tmp_path / figure).stat().st_size > 1000
    again = hosted(*DRY, figure, cwd=tmp_path)
    assert "Nothing to be done" in again.stdout


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (GITHUB.format("v99"), "needs version 99.0.1.0 of the package strsbp in Snakemake's"),
        ('gitfile("{clone}", path="workflow/Snakefile", tag="v0.1.0")', "instead of gitfile(...)"),
    ],
)
def test_a_module_that_cannot_run_is_one_sentence(hosted, tmp_path, source, words):
    write_workflow(tmp_path, source.format(clone=hosted.clone))
    run = hosted(*DRY, cwd=tmp_path)
    assert run.returncode != 0
    assert words in run.stdout and "Traceback" not in run.stdout
