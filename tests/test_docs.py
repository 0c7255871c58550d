"""The documentation: its numbers are current, its code runs as written, and its site builds."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest
from plans import DRY, planned

import strsbp
from strsbp.study import documents

SMALLER = {
    "first(500, 500)": "first(3, 3)",
    "repeats=200": "repeats=1",
    "repeats=20,": "repeats=1,",
}
"""What makes the examples tiny."""
FENCE = re.compile(r'^```(\w+)(?: title="(.+?)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)


def fences(page):
    """The code blocks of a page: language, title and content."""
    return FENCE.findall(page.read_text(encoding="utf-8"))


def test_generated_parts_are_up_to_date():
    for path, text in documents.documents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path} is out of date; run make docs"


def test_every_generated_part_stands_on_a_page(root):
    pages = [root / "README.md", *(root / "docs").rglob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert set(re.findall(r"<!-- (\w+): begin", text)) == set(documents.BLOCKS)


@pytest.mark.parametrize("page", ["tutorial", "how-to/table", "how-to/nir"])
def test_the_examples_in_python_run_as_written(root, page, tmp_path, monkeypatch):
    code = [text for language, title, text in fences(root / "docs" / f"{page}.md")
            if language == "python" and not title]  # fmt: skip
    assert code
    monkeypatch.chdir(tmp_path)
    if page == "how-to/nir":
        pytest.importorskip("nir", reason="the extra `nir` is not installed")
    names = {}
    for text in code:
        for of_use, for_a_test in SMALLER.items():
            text = text.replace(of_use, for_a_test)
        exec(compile(text, page, "exec"), names)


def test_the_examples_are_made_smaller_where_it_matters(root):
    pages = [root / "docs" / "tutorial.md", root / "docs" / "how-to" / "table.md"]
    text = "".join(page.read_text() for page in pages)
    assert [part for part in SMALLER if part not in text] == []


def test_the_tutorials_experiment_is_planned(root, tmp_path, copy_checkout, snakemake):
    """With the files that the tutorial writes; test_commands.py plans what its commands name."""
    checkout = copy_checkout(tmp_path / "checkout")
    for _, title, text in fences(root / "docs" / "tutorial.md"):
        if title and " " not in title:
            path = checkout / title
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    experiments = checkout / "strsbp" / "study" / "experiments" / "__init__.py"
    line = "PARTS_OF_THE_STUDY = (\n"
    assert line in experiments.read_text()
    experiments.write_text(experiments.read_text().replace(line, f'{line}    "firing",\n'))
    run = snakemake(*DRY, "results/quick/firing/summary.csv", cwd=checkout)
    assert run.returncode == 0, run.stdout
    assert planned(run.stdout)["summarise_firing"] == 1


def test_the_tutorials_experiment_summarises_the_committed_curves(root, tmp_path):
    [text] = [text for _, title, text in fences(root / "docs" / "tutorial.md")
              if title.endswith("firing/summarise.py")]  # fmt: skip
    names = {}
    exec(compile(text, "tutorial", "exec"), names)
    out = tmp_path / "summary.csv"
    curves = root / "results" / "paper" / "summarise_training" / "curves.csv"
    names["summarise_firing"](curves=curves, out=out)
    arm, quantity, epoch, *values = out.read_text().splitlines()[1].split(",")
    assert (arm, quantity, epoch) == ("strsbp", "spike_count_feedforward1", "20")
    assert 0 < float(values[0]) < 400


def test_every_public_name_is_in_the_reference(root):
    text = (root / "docs" / "reference" / "package.md").read_text()
    named = {path.rsplit(".", 1)[1] for path in re.findall(r"^::: (strsbp[.\w]+)$", text, re.M)}
    assert set(strsbp.__all__) - {"StrsbpError"} <= named  # errors are shown as a module


def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(root, tmp_path):
    pytest.importorskip("mkdocs", reason="the extra `docs` is not installed")
    site = tmp_path / "site"
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", site],
        cwd=root,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    pages = list(site.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        html = page.read_text(encoding="utf-8")
        loaded = re.findall(
            r"<(?:link|script|img|iframe|source)\b[^>]*(?:href|src)=[\"']?(\w+:)?//[^>]*", html
        )
        assert loaded == [], page
    method = (site / "method.html").read_text(encoding="utf-8")
    assert "<math" in method and "$$" not in method
    assert "<i>e</i><sub>ij</sub>" in (site / "index.html").read_text(encoding="utf-8")


def test_the_pictures_of_the_method_are_drawn(root):
    path = root / "docs" / "draw_method.py"
    spec = importlib.util.spec_from_file_location("draw_method", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    drawn = module.pictures(n_samples=1, n_updates=1)
    shown = re.findall(r"\(images/(\w+)\.png\)", (root / "docs" / "method.md").read_text())
    assert list(drawn) == shown
    assert {picture.stem for picture in (root / "docs" / "images").iterdir()} == set(shown)
    assert all(figure.axes for figure in drawn.values())
