"""The repository is consistent: generated files, names, dependencies, packaging."""

import re
import shutil
import subprocess
import sys
import tomllib
from email import message_from_string

import jsonschema
import pytest
import yaml
import yte
from packaging.requirements import Requirement

import strsbp
from strsbp.study import schema
from strsbp.study.experiments import EXPERIMENTS, OPEN_QUESTIONS
from strsbp.study.figures.catalogue import FIGURES
from strsbp.study.loading import read_config
from strsbp.study.settings import StudySettings


@pytest.fixture
def pyproject(root):
    """The content of pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text())


def test_the_schema_takes_the_shipped_config_and_no_unknown_key(root):
    validator = jsonschema.Draft202012Validator(schema.config_schema())
    config = read_config(root / "config" / "config.yaml")
    filled = {name: {**config["defaults"], **arm} for name, arm in config["arms"].items()}
    validator.validate({**config, "arms": filled})
    with pytest.raises(jsonschema.ValidationError, match="'dat' was unexpected"):
        validator.validate({**config, "dat": {}})


def rules_of(path):
    """The rules of a file by name, as text."""
    rule = r"^ *(?:use rule call as|rule) (\w+)(?: with)?:\n"
    _, *parts = re.split(rule, path.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.fixture
def rule_files(root):
    """The rules of each file of workflow/rules, by the file's name."""
    return {path.stem: rules_of(path) for path in (root / "workflow" / "rules").glob("*.smk")}


def test_rules_results_and_logs_share_names(rule_files):
    for file, rules in rule_files.items():
        for name, body in rules.items():
            if "**calls(" not in body:
                continue
            folder = name
            if file in EXPERIMENTS and not name.startswith("judge_"):
                folder = file
                assert name.split("_", 1)[1] == file
            assert "message:" in body and f'"logs/{{profile}}/{folder}' in body, name
            if name != "build_report":
                assert f'"results/{{profile}}/{folder}/' in body, name


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_has_one_name(root, name, rule_files):
    folder = root / "strsbp" / "study" / "experiments" / name
    parts = {path.stem for path in folder.glob("*.py")}
    assert (folder / "__init__.py").is_file()
    assert name in rule_files
    if name in OPEN_QUESTIONS:
        assert "summarise" in parts
        assert f"summarise_{name}" in rule_files[name]
    if "settings" in parts:
        assert name in StudySettings.model_fields
    assert (root / "results" / "paper" / name).is_dir()
    assert list((root / "tests").glob(f"test_{name}*.py"))


def test_the_slurm_profile_groups_fits_and_figures_and_names_no_other_rule(root, rule_files):
    path = root / "workflow" / "profiles" / "slurm" / "config.yaml"
    profile = yte.process_yaml(path.read_text())
    groups = dict(entry.split("=") for entry in profile["groups"])
    assert set(groups) == {"fit_spsp"} | {f"plot_{figure.name}" for figure in FIGURES}
    components = {entry.split("=")[0] for entry in profile["group-components"]}
    assert components == set(groups.values())
    rules = {name for found in rule_files.values() for name in found}
    assert {entry.split("=")[0] for entry in profile["set-threads"]} <= rules


def requirement_names(requirements):
    return {re.match(r"[\w-]+", text)[0].lower().replace("_", "-") for text in requirements}


def lower_bounds(requirements):
    bounds = {}
    for text in requirements:
        name, bound = re.fullmatch(r"([\w-]+) ?(>=.*)", text).groups()
        bounds[name] = bound
    return bounds


def test_conda_environments_ask_for_what_pyproject_asks_for(root, pyproject):
    extras = pyproject["project"]["optional-dependencies"]
    wanted = lower_bounds(pyproject["project"]["dependencies"] + extras["workflow"])
    users = yaml.safe_load((root / "environment.yml").read_text())["dependencies"]
    jobs, of_bptt = (
        yaml.safe_load((root / "workflow" / "envs" / f"{name}.yaml").read_text())["dependencies"]
        for name in ("strsbp", "bptt")
    )
    names = {
        "lazy_loader": "lazy-loader",
        "matplotlib-base": "matplotlib",
        "seaborn-base": "seaborn",
        "snakemake-minimal": "snakemake",
    }

    def bounds(entries):
        entries = [entry for entry in entries if isinstance(entry, str) and entry != "pip"]
        given = lower_bounds(entries)
        return {names.get(name, name): bound for name, bound in given.items() if name != "python"}

    not_in_conda = {"uv", "nvidia-cuda-nvrtc", "nir", "axe-playwright-python"}
    tools = lower_bounds(extras["dev"] + extras["docs"])
    tools = {name: bound for name, bound in tools.items() if name not in not_in_conda}
    assert bounds(users) == {**wanted, **tools}
    not_in_jobs = {"snakemake", "pygments"}
    assert bounds(jobs) == {k: v for k, v in wanted.items() if k not in not_in_jobs}
    reporting = {"matplotlib", "seaborn", "jinja2"}
    measuring = {k: v for k, v in bounds(jobs).items() if k not in reporting}
    extra = lower_bounds(extras["bptt"])
    assert bounds(of_bptt) == measuring | {"pytorch-cpu": extra["torch"]}
    assert of_bptt[-1] == {"pip": [f"snntorch {extra['snntorch']}"]}
    # pip reads these as the lines of a requirements file, which may hold few of its options.
    assert users[-1] == {"pip": ["-e ."]}


HEAVY = {
    "cupy", "mlxtend", "numba", "numpy", "pooch", "requests", "sklearn", "strsbp.cuda",
    "strsbp.spsp",
}  # fmt: skip


@pytest.mark.parametrize(
    "code",
    [
        "import strsbp",
        "import strsbp.study.figures.catalogue",
        "from strsbp.study.loading import load_profile; load_profile('config', 'paper')",
    ],
)
def test_what_is_imported_first_needs_no_extra_and_loads_nothing_heavy(code, root, pyproject):
    extra = requirement_names(pyproject["project"]["optional-dependencies"]["workflow"])
    code += "; import sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True)
    assert run.returncode == 0 and "snakemake" in extra
    assert (HEAVY | extra).isdisjoint(run.stdout.split())


def test_the_locked_versions_are_ones_that_pyproject_allows(root, pyproject):
    text = (root / "requirements.lock").read_text()
    locked = dict(re.findall(r"^([\w.-]+)==([^ ;\n]+)", text, re.MULTILINE))
    extras = pyproject["project"]["optional-dependencies"]
    requirements = pyproject["project"]["dependencies"]
    requirements = requirements + extras["dev"] + extras["docs"] + extras["workflow"]
    for wanted in map(Requirement, requirements):
        assert wanted.specifier.contains(locked[wanted.name]), f"{wanted}; run make lock"


def test_the_lock_names_no_place_to_download_from(root):
    text = (root / "requirements.lock").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash)", text, re.MULTILINE)


def test_data_files_of_the_package_are_packaged(root, pyproject):
    patterns = pyproject["tool"]["setuptools"]["package-data"]
    packaged = {
        path
        for package, globs in patterns.items()
        for glob in globs
        for path in (root / package.replace(".", "/")).glob(glob)
    }
    present = {
        path
        for path in (root / "strsbp").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".py"
    }
    assert present <= packaged


def test_the_page_of_a_package_index(root, tmp_path):
    """Light requirements, the version of the package, and links that lead somewhere from there."""
    code = "from setuptools.build_meta import *; prepare_metadata_for_build_wheel({!r})"
    checkout = tmp_path / "checkout"
    shutil.copytree(root / "strsbp", checkout / "strsbp", ignore=lambda *_: ["__pycache__"])
    for name in ("README.md", "LICENSE", "pyproject.toml", "setup.py"):
        shutil.copy(root / name, checkout)
    subprocess.run(
        [sys.executable, "-c", code.format(str(tmp_path))], cwd=checkout, check=True,
        capture_output=True,
    )  # fmt: skip
    (path,) = tmp_path.glob("*.dist-info/METADATA")
    page = message_from_string(path.read_text(encoding="utf-8"))
    assert page["Version"] == strsbp.__version__ and len(page.get_all("Project-URL")) == 4
    needed = [text for text in page.get_all("Requires-Dist") if "extra ==" not in text]
    assert not {"snakemake", "matplotlib", "seaborn"} & requirement_names(needed)
    links = re.findall(r"\]\(([^)]*)\)", page.get_payload())
    assert links and all(link.startswith(("https://", "#")) for link in links), links


def test_catalog_file_and_citation_are_well_formed(root):
    catalog = yaml.safe_load((root / ".snakemake-workflow-catalog.yml").read_text())
    assert catalog["usage"]["software-stack-deployment"]["conda"] is True
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert citation["version"] == strsbp.__version__
