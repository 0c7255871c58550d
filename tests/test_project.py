"""The repository is consistent: generated files, names, dependencies, packaging."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from email import message_from_string
from typing import get_args

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement

import strsbp
from strsbp.study import schema
from strsbp.study.claims.measurements import TableName
from strsbp.study.experiments import EXPERIMENTS, OPEN_QUESTIONS, PARTS_OF_THE_STUDY
from strsbp.study.figures.catalogue import FIGURES
from strsbp.study.loading import read_config
from strsbp.study.settings import StudySettings


@pytest.fixture
def pyproject(root):
    """The content of pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text())


def test_every_key_is_described_in_the_table():
    table = schema.config_keys()
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) > 40
    assert [row for row in rows if row.split("|")[4].strip() == ""] == []


def test_the_schema_takes_the_shipped_config_and_no_unknown_key(root):
    validator = jsonschema.Draft202012Validator(schema.config_schema())
    config = read_config(root / "config" / "config.yaml")
    filled = {name: {**config["defaults"], **arm} for name, arm in config["arms"].items()}
    validator.validate({**config, "arms": filled})
    with pytest.raises(jsonschema.ValidationError, match="'dat' was unexpected"):
        validator.validate({**config, "dat": {}})


def rules_of(path):
    """The rules of a file by name, as text."""
    text = path.read_text()
    return dict(
        re.findall(
            r"^(?:use rule call as|rule) (\w+)(?: with)?:\n((?:    .*\n|\n)+)", text, re.MULTILINE
        )
    )


@pytest.fixture
def rule_files(root):
    """The rules of each file of workflow/rules, by the file's name."""
    return {path.stem: rules_of(path) for path in (root / "workflow" / "rules").glob("*.smk")}


def test_every_rule_file_says_what_it_reads_and_makes(root):
    for path in (root / "workflow" / "rules").glob("*.smk"):
        assert path.read_text().startswith('"""'), path


def test_common_rules_are_few(root):
    assert len((root / "workflow/rules/common.smk").read_text().splitlines()) <= 150


def test_rules_scripts_results_and_logs_share_names(root, rule_files):
    bodies = {name: body for rules in rule_files.values() for name, body in rules.items()}
    with_script = {
        name: body for name, body in bodies.items() if "script:" in body or "**calls(" in body
    }
    scripts = {path.stem for path in (root / "workflow" / "scripts").glob("[!_]*.py")}
    assert scripts - set(with_script) == {"plot"}
    for file, rules in rule_files.items():
        for name, body in rules.items():
            if name not in with_script or name == "call":
                continue
            words = ["log:", "message:"]
            if "**calls(" not in body:
                words += [f"../scripts/{name}.py", "conda:"]
                assert f'code=code("{name}.py"' in "".join(body.split())
            for word in words:
                assert word in body, f"rule {name} lacks {word}"
            of_experiment = file in EXPERIMENTS and not name.startswith("judge_")
            if of_experiment:
                assert name.split("_", 1)[1] == file
            folder = file if of_experiment else name
            if name != "build_report":
                assert f'"results/{{profile}}/{folder}/' in body
            assert f'"logs/{{profile}}/{folder}' in body


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_has_one_name(root, name, rule_files):
    folder = root / "strsbp" / "study" / "experiments" / name
    parts = {path.stem for path in folder.glob("*.py")}
    assert (folder / "__init__.py").is_file()
    assert name in rule_files
    if name in OPEN_QUESTIONS:
        assert {"summarise", "figure"} <= parts
        assert f"summarise_{name}" in rule_files[name]
    if "settings" in parts:
        assert name in StudySettings.model_fields
    if name in PARTS_OF_THE_STUDY + OPEN_QUESTIONS:
        assert (root / "results" / "paper" / name).is_dir()
    assert list((root / "tests").glob(f"test_{name}*.py"))


def test_every_open_question_is_a_table_that_questions_may_name():
    assert set(OPEN_QUESTIONS) <= set(get_args(TableName))


def test_the_slurm_profile_groups_fits_and_figures_and_names_no_other_rule(root, rule_files):
    path = root / "workflow" / "profiles" / "slurm" / "config.yaml"
    profile = yaml.safe_load(path.read_text())
    groups = dict(entry.split("=") for entry in profile["groups"])
    assert set(groups) == {"fit_spsp"} | {f"plot_{figure.name}" for figure in FIGURES}
    components = {entry.split("=")[0] for entry in profile["group-components"]}
    assert components == set(groups.values())
    rules = {name for found in rule_files.values() for name in found}
    assert {entry.split("=")[0] for entry in profile["set-threads"]} <= rules


def test_scripts_and_entry_files_are_short(root):
    for path in [root / "workflow" / "Snakefile", *(root / "workflow" / "scripts").glob("*.py")]:
        limit = 100 if path.name == "_job.py" else 40
        assert len(path.read_text().splitlines()) <= limit, path


def test_captions_of_the_report_exist(root):
    for path in (root / "workflow").rglob("*.smk"):
        for caption in re.findall(r'caption="\.\./([^{]+?)"', path.read_text()):
            assert (root / "workflow" / caption).is_file(), f"{path}: no {caption}"
    assert (root / "workflow" / "report" / "workflow.rst").is_file()


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
    jobs = yaml.safe_load((root / "workflow" / "envs" / "strsbp.yaml").read_text())["dependencies"]
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


def test_the_lock_pins_every_dependency_with_hashes(root, pyproject):
    text = (root / "requirements.lock").read_text()
    pins = re.findall(r"^([\w.-]+)==[^\n]*((?:\n    --hash=sha256:[0-9a-f]{64}.*)+)", text, re.M)
    assert len(pins) == len(re.findall(r"^\w", text, re.M))
    extras = pyproject["project"]["optional-dependencies"]
    wanted = requirement_names(
        pyproject["project"]["dependencies"] + extras["dev"] + extras["docs"] + extras["workflow"]
    )
    assert wanted <= {name for name, _ in pins}


def test_the_locked_versions_are_ones_that_pyproject_allows(root, pyproject):
    text = (root / "requirements.lock").read_text()
    locked = dict(re.findall(r"^([\w.-]+)==([^ ;\n]+)", text, re.MULTILINE))
    extras = pyproject["project"]["optional-dependencies"]
    requirements = pyproject["project"]["dependencies"]
    requirements = requirements + extras["dev"] + extras["docs"] + extras["workflow"]
    for wanted in map(Requirement, requirements):
        assert wanted.specifier.contains(locked[wanted.name]), f"{wanted}; run make lock"


def test_make_installs_nothing_whose_hash_is_not_in_the_lock(root):
    text = (root / "Makefile").read_text().replace("\\\n", "")
    installs = re.findall(r"install\b[^\n]*requirements\.lock", text)
    assert installs and all("--require-hashes" in line for line in installs)


def test_warnings_are_errors_in_tests(pyproject):
    filters = pyproject["tool"]["pytest"]["ini_options"]["filterwarnings"]
    assert filters == ["error"], "no kind of warning is let through for all tests"


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


def test_every_folder_with_python_files_is_a_package(root):
    for path in (root / "strsbp").rglob("*.py"):
        assert (path.parent / "__init__.py").is_file(), f"{path.parent} lacks __init__.py"


def test_catalog_file_and_citation_are_well_formed(root):
    catalog = yaml.safe_load((root / ".snakemake-workflow-catalog.yml").read_text())
    assert catalog["usage"]["software-stack-deployment"]["conda"] is True
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert citation["version"] == strsbp.__version__
    deposit = json.loads((root / ".zenodo.json").read_text())
    for key in ("title", "license", "keywords"):
        assert deposit[key] == citation[key]
    assert deposit["description"] == citation["abstract"]
