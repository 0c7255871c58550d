"""The report: complete, self-contained, escaped, and the same for the same files."""

import base64
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT

from strsbp.files import ResultsError
from strsbp.study.claims.entries import filled
from strsbp.study.experiments import OPEN_QUESTIONS
from strsbp.study.loading import load_profile
from strsbp.study.report.answers import headline
from strsbp.study.report.build import build_report
from strsbp.study.report.results import Results
from strsbp.study.report.sections import FIGURE_DATA, SECTIONS
from strsbp.study.report.terminal import summary
from strsbp.study.report.text import duration, packaged, symbols

CAPTIONS = ROOT / "workflow" / "report"
HOSTILE = "<script>alert('x')</script> & e_ij"
VOID = {"meta", "img", "br", "link", "hr", "input"}
PAPER = Path("results/paper")
TABLES = dict(
    findings="judge_findings/verdicts", divergence="divergence/summary",
    settings="judge_claims/settings",
    claims="judge_claims/claims", answers="judge_questions/answers",
) | {name: f"{name}/summary" for name in OPEN_QUESTIONS}  # fmt: skip
TABLES |= {name: f"summarise_training/{name}" for name in ("arms", "pairs", "runs")}
TABLES |= {"quality": "summarise_spsp/quality"}
AUTHORS = ROOT / "resources" / "author_tables_comparison.csv"


class Page(HTMLParser):
    """What a test asks of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.ids, self.links, self.loads, self.texts = [], [], [], [], []
        self.images, self.open, self.unbalanced = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        if tag == "img":
            self.images.append(found)
        self.loads += [
            value
            for name, value in attributes
            if name in ("src", "srcset", "data", "poster", "background")
            or (name == "href" and tag != "a")
        ]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a copy of the paper-size results, where the workflow would run."""
    folder = tmp_path_factory.mktemp("report")
    pictures = shutil.ignore_patterns("*.png", "report.html")
    shutil.copytree(ROOT / PAPER, folder / PAPER, ignore=pictures)
    return folder


@pytest.fixture
def arguments(folder, monkeypatch):
    """What `build_report` takes, with paths from `folder`; to be changed by a test."""
    monkeypatch.chdir(folder)
    tables = {name: PAPER / f"{path}.csv" for name, path in TABLES.items()}
    return dict(
        study=load_profile(ROOT / "config", "paper"),
        files=tables | dict(figures=[PAPER / f"figures/{name}.svg" for name in FIGURE_DATA]),
        author_tables=AUTHORS, citation=ROOT / "CITATION.cff", html=PAPER / "report.html",
        command="snakemake --cores all",
    )  # fmt: skip


def results_of(arguments, profile="paper"):
    """The `Results` of a profile, with the files of the study's own size."""
    return Results(
        study=load_profile(ROOT / "config", profile), tables=arguments["files"], figures={},
        root=ROOT, folder=PAPER, command="snakemake",
    )  # fmt: skip


@pytest.fixture(scope="module")
def committed():
    """The text of the report in the repository, and the page."""
    text = (ROOT / PAPER / "report.html").read_text(encoding="utf-8")
    return text, Page(text)


@pytest.fixture(scope="module")
def values():
    """What placeholders may name, at the study's own size."""
    return results_of(dict(files={})).values


def test_the_report_follows_from_the_results(arguments, committed):
    build_report(**arguments)
    assert arguments["html"].read_text(encoding="utf-8") == committed[0]


def test_every_section_figure_and_claim_is_there(committed):
    text, page = committed
    claims = pd.read_csv(ROOT / PAPER / "judge_claims" / "claims.csv")["id"]
    wanted = {section.id for section in SECTIONS} | {f"claim-{name}" for name in claims}
    assert wanted | {f"figure-{name}" for name in FIGURE_DATA} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids)), "anchors are unique"
    assert not page.unbalanced and not page.open
    assert text.startswith("<!DOCTYPE html>") and 'name="viewport"' in text
    for files in FIGURE_DATA.values():
        assert set(files) <= set(page.links)


def test_report_needs_nothing_from_elsewhere(committed):
    text, page = committed
    assert all(value.startswith("data:") for value in page.loads)
    assert not re.search(r"@import|@font-face", text)
    for link in page.links:
        assert not re.match(r"(?!https://arxiv.org/)([a-z]+:|/)", link), f"{link} leaves the folder"
        if link.startswith("#"):
            assert link[1:] in page.ids
        elif not link.startswith("https:"):
            assert (ROOT / "results" / "paper" / link).is_file(), f"{link} is missing"
    images = [image["src"].partition(",")[2] for image in page.images if "src" in image]
    assert all(b"<svg" in base64.b64decode(content)[:1000] for content in images)


def test_a_sentence_follows_its_verdict(arguments):
    """If the verdict on a claim changes, the answer changes with it."""
    results = results_of(arguments)
    [claim] = [one for one in results.claims if one["id"] == "strsbp_better_after_10"]
    said = {}
    for verdict in ("reproduces", "does not reproduce", "not tested at this size"):
        claim["verdict"] = verdict
        said[verdict] = " ".join(answer["text"] for answer in headline(results))
    assert "Yes, as the study ran both" in said["reproduces"]
    assert "No: its best test error" in said["does not reproduce"]
    assert "its best test error" not in said["not tested at this size"]


@pytest.mark.parametrize("profile", ["quick", "full"])
def test_the_opening_can_be_written_for_every_profile(arguments, profile):
    """A setting that an arm of the paper's config gives may come from the defaults in another."""
    assert len(headline(results_of(arguments, profile))) > 4


def test_a_report_without_open_questions_says_how_to_get_them(arguments, tmp_path):
    for name in ("answers", *OPEN_QUESTIONS):
        del arguments["files"][name]
    build_report(**arguments | dict(html=tmp_path / "report.html"))
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "snakemake --cores 2 all_experiments" in page.text
    assert "question-Q1" not in page.ids and not page.unbalanced


def test_everything_is_escaped(arguments, tmp_path):
    texts = {"title", "statement", "reason", "note", "effect_text", "sentence", "place", "silent"}
    paths = arguments["files"]
    for name in TABLES:
        frame = pd.read_csv(paths[name])
        for column in texts & set(frame):
            frame[column] = HOSTILE
        paths[name] = tmp_path / f"{name}.csv"
        frame.to_csv(paths[name], index=False)
    arguments |= dict(html=tmp_path / "report.html", command=f"snakemake {HOSTILE}")
    build_report(**arguments)
    text = arguments["html"].read_text(encoding="utf-8")
    page = Page(text)
    assert page.tags.count("script") == 1 and not page.unbalanced
    assert "&lt;script&gt;" in text
    assert "<script>alert('x')</script>" in page.text, "it reads as it was written"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (dict(runs=Path("gone/runs.csv")), r"runs\.csv is missing"),
        (dict(arms=PAPER / "fits/summary.csv"), "has no column '"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_written(changed, said, arguments, tmp_path):
    arguments |= dict(html=tmp_path / "report.html", files=arguments["files"] | changed)
    with pytest.raises(ResultsError, match=said):
        build_report(**arguments)
    assert not arguments["html"].exists()


def test_captions_are_plain_text():
    """Snakemake's own report reads them as reStructuredText, and this one as they are."""
    for path in (ROOT / "workflow" / "report").glob("plot_*.rst"):
        assert not re.search(r"[`*|{}]|_(?!\w)|^\.\. |\n\n.", path.read_text(), re.MULTILINE), path


def test_placeholders_come_from_the_config_or_fail(values):
    assert filled("{{ study.simulation.repeats | number }} repeats", values) == "1,000 repeats"
    said = "The text 'T = {{ study.length }}…' cannot be filled in: .*'length'"
    with pytest.raises(ResultsError, match=said):
        filled("T = {{ study.length }}", values)


# What may stand in a text as it is: names, formulas, units, and the level of all intervals.
NO_NUMBERS = re.compile(
    r"{{.*?}}|Figs?\. [0-9]\w*(, [0-9]\w*)*( and [0-9]\w*)?|Listings? [0-9]( and (Listing )?[0-9])?"
    r"|Eq(uation|\.) [0-9]|section [0-9]+|F[0-9]+|HM2-BP|recurrent2_reservoir|--cores [0-9]|R²"
    r"|\w+ minus \w+"
    r"|95 %|1 ms|R = 1|s_i = 1( − D_i)?|epoch \+ 1|max\(epoch, 1\)|t = 0|step 0|\(2T\)|a_i = 0"
    r"|(includes?|above|below|right of|left of|sides of|excludes?|membrane at|is|yields) 0"
    r"|(through|around|towards|near|to|[Aa]t) 0|(at|around|above) 1",
    re.DOTALL,
)
OF_ENTRIES = {"statement", "subject", "note", "caption", "title", "text", "reason"}
NO_TEXTS = {"of", "table", "columns", "quantity"}


def texts():
    """Every file with texts of the report that are no results, and its texts."""
    for path in CAPTIONS.glob("*.rst"):
        yield path.name, [path.read_text()]
    for path in (ROOT / "strsbp" / "study" / "report" / "templates").glob("*.html"):
        yield path.name, [re.sub(r"{%.*?%}|<[^>]*>", "", path.read_text())]
    for name in ("sections.yaml", "alts.yaml"):
        yield name, list(texts_in(packaged(name), lambda key: key not in NO_TEXTS))
    for path in (ROOT / "resources").glob("*.yaml"):
        yield path.name, list(texts_in(yaml.safe_load(path.read_text()), OF_ENTRIES.__contains__))


def texts_in(node, wanted, key=None):
    """The texts below `node` under `wanted` keys."""
    if isinstance(node, dict):
        for name, one in node.items():
            answers = key == "answer" and name != "of"
            yield from texts_in(one, wanted, "text" if answers else name)
    elif isinstance(node, list):
        for one in node:
            yield from texts_in(one, wanted, key)
    elif isinstance(node, str) and wanted(key):
        yield node


@pytest.mark.parametrize("found", [pytest.param(found, id=name) for name, found in texts()])
def test_no_number_is_typed_in(found):
    assert found
    for text in found:
        left = NO_NUMBERS.sub("", " ".join(text.split()))
        assert re.findall(r".{0,30}[0-9].{0,20}", left) == []


def test_symbols_are_set_and_names_left_alone():
    assert symbols("e_ij") == "<i>e</i><sub>ij</sub>"
    assert symbols("tau_m = 64") == "<i>τ</i><sub>m</sub> = 64"
    assert symbols("tau_m_32 and n_train") == "tau_m_32 and n_train"
    assert symbols("`published`") == "<code>published</code>"
    assert symbols("finding F10") == 'finding <a href="#finding-F10">F10</a>'
    assert symbols("Reservoir (F5)") == "Reservoir (F5)"
    assert symbols("<o_i>") == "&lt;<i>o</i><sub>i</sub>&gt;"


@pytest.mark.parametrize(("seconds", "text"), [(41, "41 s"), (738, "12.3 min"), (18_720, "5.2 h")])
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_terminal_tells_where_the_report_is_and_the_claims_in_short(arguments):
    path = arguments["files"]["claims"]
    claims = pd.read_csv(path)
    lines = summary(path, "results/quick/report.html", width=100).splitlines()
    assert lines[-1] == "Report: results/quick/report.html"
    verdict, count = next(iter(claims["verdict"].value_counts().items()))
    assert lines[-2].startswith(f"{len(claims)} claims; ")
    assert f"{verdict}: {count}" in lines[-2]
    assert len(lines) == len(claims) + 4
    assert all(len(line) <= 100 for line in lines[: len(claims) + 1])
    for line, verdict in zip(lines[1:], claims["verdict"], strict=False):
        assert line.startswith(verdict)
