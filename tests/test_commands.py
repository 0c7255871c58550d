"""Every command in the documentation can be given as it stands."""

import re
import shlex
import tomllib

import pytest
import yaml
from plans import DRY, planned
from snakemake.cli import get_argument_parser

from strsbp.study.command_line import not_config_files

PAGES = ("README.md", "CONTRIBUTING.md", "config/README.md", "docs", "workflow/profiles")


@pytest.fixture
def pages(root):
    """The text of each page with commands, by path."""
    found = [path for page in PAGES for path in [root / page, *(root / page).rglob("*")]]
    return {path: path.read_text("utf-8") for path in found if path.suffix in (".md", ".yaml")}


def commands(text, program):
    """The words after `program` of each command that runs it."""
    found = ["".join(span) for span in re.findall(r"`([^`\n]+)`|^#? {4,}(\S.*)$", text, re.M)]
    for block in re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", text, re.DOTALL | re.M):
        found += [line.removeprefix("$ ") for line in block.splitlines()]
    for command in found:
        if match := re.match(rf"(?:[A-Z_]+=\S+ )*{program} +(?!is )(.+)", command):
            yield shlex.split(match[1], comments=True)


def test_every_snakemake_command_is_one_that_snakemake_plans(
    root, pages, checkout, snakemake, monkeypatch
):
    overlays = re.findall(r"```yaml\n(profile: mine\n.*?)```", "".join(pages.values()), re.DOTALL)
    mine = [f"mine{index}.yaml" for index, _ in enumerate(overlays)]
    for name, text in zip(mine, overlays, strict=True):
        (checkout / name).write_text(text)
    (checkout / "mine.yaml").touch()
    monkeypatch.chdir(checkout)  # where the images of an overlay are to be
    exec(re.search(r"```python\n(.*?)```", pages[root / "docs/how-to/data.md"], re.DOTALL)[1], {})
    wanted, number = {}, 0
    for path, text in pages.items():
        for words in commands(text, "snakemake"):
            words = [str(checkout / word) if word.endswith(".yaml") else word for word in words]
            if words[0].startswith("-") or len(words) > 1:
                arguments, unknown = get_argument_parser().parse_known_args(words)
                assert not unknown and not not_config_files(words), f"{path}: {words}"
                configs = tuple(file.name for file in arguments.configfile or ())
                wanted.setdefault(configs, set()).update(arguments.targets)
                number += 1
    assert number > 15
    assert set(wanted) == {(), ("paper.yaml",), ("mine.yaml",)}
    for configs, targets in wanted.items():
        files = mine if configs == ("mine.yaml",) else [f"config/{name}" for name in configs]
        flags = ["--configfile", *files] if files else []
        plan = snakemake(*DRY, *flags, "--", *targets, cwd=checkout)
        assert plan.returncode == 0 and planned(plan.stdout), plan.stdout


def test_every_make_command_has_its_target(root, pages):
    targets = set(re.findall(r"^([\w-]+):", (root / "Makefile").read_text(), re.M))
    named = [word for text in pages.values() for words in commands(text, "make") for word in words]
    named = {word for word in named if not re.match(r"[A-Z]+=", word)}
    for path in (root / ".github" / "workflows").glob("*.yml"):
        named |= set(re.findall(r"run: make ([a-z][\w-]+)", path.read_text()))
    jobs = yaml.safe_load((root / ".github" / "workflows" / "tests.yml").read_text())["jobs"]
    named |= set(jobs["make"]["strategy"]["matrix"]["target"])
    assert {"report", "test", "lint", "results-current"} <= named <= targets


def test_every_extra_that_is_installed_exists(root, pages):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    named = {name for text in pages.values() for name in re.findall(r"-e '\.\[(\w+)\]'", text)}
    assert len(named) > 2 and named <= set(project["optional-dependencies"])
