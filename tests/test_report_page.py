"""The report: complete, self-contained, escaped, and the same for the same files."""

import base64
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import yaml
from synthetic_results import PANELS, write_runs

from strsbp.files import ResultsError
from strsbp.study.claims import Verdict
from strsbp.study.claims.entries import filled
from strsbp.study.claims.judging import COLUMNS, load_claims
from strsbp.study.loading import load_profile
from strsbp.study.report import answers, build_report
from strsbp.study.report.answers import headline
from strsbp.study.report.results import Results
from strsbp.study.report.sections import FIGURE_DATA, SECTIONS, Section
from strsbp.study.report.terminal import main, summary
from strsbp.study.report.text import (
    caption,
    duration,
    packaged,
    read_caption,
    symbols,
    value_text,
)
from strsbp.study.settings import StudySettings
from strsbp.study.summary import summarise_training

ROOT = Path(__file__).resolve().parents[1]
CAPTIONS = ROOT / "workflow" / "report"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"><path d="M0 0h8v4z"/></svg>'
HOSTILE = "<script>alert('x')</script> & e_ij"
VOID = {"meta", "img", "br", "link", "hr", "input"}


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


def claims_rows(title=None):
    verdicts = list(Verdict)
    claims = load_claims(ROOT / "resources" / "claims.yaml")
    return pd.DataFrame(
        [
            dict(
                id=claim.id, place=claim.place, statement=title or claim.statement,
                published=claim.published, what="strsbp minus hm2bp", measured=0.1, low=0.05,
                high=0.15, unit=claim.unit,
                verdict=verdicts[number % 5], reason=title or f"Reason {number}.",
                n_train=10, n_test=10, epochs=2, n_seeds=3, note=title or claim.note,
                other_verdicts=title or ("as logged: undecided" if number == 0 else ""),
            )
            for number, claim in enumerate(claims)
        ],
        columns=COLUMNS,
    )  # fmt: skip


def question(title=None):
    """An open question with a figure and a table of its own."""
    measure = dict(table="gradient_check", where=dict(layer="output3"))
    return dict(
        id="Q1", question=title or "Is it so?", text=title or "We looked.",
        figures=["gradient_check"],
        statements=[dict(statement=title or "It does.", subject="It", low=1, **measure)],
        tables=[
            dict(**measure, columns=["layer", "mean"], unit="error", caption="How close"),
        ],
    )  # fmt: skip


def inputs(folder: Path, *, title=None, seeds=(1, 2, 3)):
    """Everything that `build_report` takes, from invented results below `folder`."""
    metrics, _ = write_runs(folder, seeds=seeds, title=title)
    names = ("curves", "seeds", "arms", "pairs", "runs")
    tables = {name: folder / "summarise_training" / f"{name}.csv" for name in names}
    summarise_training(metrics, **tables)
    quality = [
        dict(spsp="published", grid=50, region="fitted", quantity="value_rms_error", value=0.3),
        dict(spsp="published", grid=100, region="fitted", quantity="value_rms_error", value=1.25),
        dict(spsp="published over corrected", grid=50, region="fitted", quantity="scale_ratio",
             value=61.5),
    ]  # fmt: skip
    authors = [
        dict(file=title or "a.txt", spsp="published", grid=50, measure="value_rms", ours=0.003,
             chance=0.002, repeats=1000, source="the authors"),
    ]  # fmt: skip
    findings = [
        dict(id="F1", place=title or "S-PSP", statement=title or "Almost HM2-BP.",
             verdict="confirmed", reason=title or "The cosine is 0.9999.", effect_text=title,
             measured=0.1, low=0.05, high=0.15, unit="number"),
        dict(id="F5", place="Reservoir", statement="One way.", verdict="not measured",
             reason="No.", unit="number", effect_text="derived minus strsbp: +0.10 points"),
    ]  # fmt: skip
    causes = [
        dict(title=title or "tau_m = 32", n_own=3, n_other=3, p_adjusted=0.04,
             failed_own=3, failed_other=2, difference=0.01, low=-0.01, high=0.03,
             n_pairs=1, cause="dynamics"),
    ]  # fmt: skip
    fits = [
        dict(title=title or "All digits", epochs=20, last_test_error=0.03, quantity="after_200",
             value=0.021, low=0.019, high=0.023, residual=0.0005),
    ]  # fmt: skip
    folder_of = {"quality": quality, "author_tables": authors, "findings": findings}
    answers = [
        dict(
            id="Q1", statement=title or "It does.", verdict="yes", reason=title or "2 is above 1."
        ),
        dict(id="Q1", statement="It is large.", verdict="no", reason="2 is below 3."),
    ]
    views = [
        dict(id="strsbp_best_error", title=title or "as logged", setting="logged", epoch="best",
             verdict="undecided"),
    ]  # fmt: skip
    truth = [dict(layer="output3", mean=0.25, low=0.125, high=0.375)]
    folder_of |= {
        "divergence": causes,
        "extrapolations": fits,
        "answers": answers,
        "gradient_check": truth,
        "settings": views,
    }
    for name, rows in folder_of.items():
        tables[name] = folder / "summarise_spsp" / f"{name}.csv"
        tables[name].parent.mkdir(exist_ok=True)
        pd.DataFrame(rows).to_csv(tables[name], index=False)
    figures = {name: folder / "figures" / f"{name}.svg" for name in FIGURE_DATA}
    for path in figures.values():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(SVG)
    questions = folder / "questions.yaml"
    questions.write_text(yaml.safe_dump(dict(questions=[question(title)])))
    claims_csv = folder / "judge_claims" / "claims.csv"
    claims_csv.parent.mkdir(exist_ok=True)
    claims_rows(title).to_csv(claims_csv, index=False)
    del tables["curves"], tables["seeds"]
    return dict(
        study=load_profile(ROOT / "config", "quick"), claims_csv=claims_csv, tables=tables,
        figures=figures, captions=CAPTIONS, topics=ROOT / "resources" / "claims.yaml",
        questions=questions, out=folder / "report.html",
        command="snakemake --cores all", citation=ROOT / "CITATION.cff",
    )  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    arguments = inputs(tmp_path_factory.mktemp("report") / "results" / "quick")
    build_report(**arguments)
    text = arguments["out"].read_text(encoding="utf-8")
    return arguments, text, Page(text)


@pytest.fixture(scope="module")
def values():
    """What placeholders may name, at the study's own size."""
    of_results = dict.fromkeys(Results.__dataclass_fields__)
    return Results(**of_results | dict(study=load_profile(ROOT / "config", "paper"))).values


@pytest.fixture
def arguments(built, tmp_path):
    """The inputs of `built` in a folder of the test's own, to be damaged."""
    old = built[0]["out"].parent
    new = tmp_path / "quick"
    shutil.copytree(old, new, ignore=shutil.ignore_patterns("*.html", "train"))

    def moved(path):
        return new / path.relative_to(old)

    return built[0] | dict(
        claims_csv=moved(built[0]["claims_csv"]),
        tables={name: moved(path) for name, path in built[0]["tables"].items()},
        figures={name: moved(path) for name, path in built[0]["figures"].items()},
        out=new / "report.html",
    )


def test_report_holds_each_section_figure_and_claim(built):
    arguments, _, page = built
    wanted = {section.id for section in SECTIONS} | {
        f"figure-{name}" for name in arguments["figures"]
    }
    claims = pd.read_csv(arguments["claims_csv"])
    wanted |= {f"claim-{name}" for name in claims["id"]}
    assert wanted <= set(page.ids)
    assert len(page.ids) == len(set(page.ids)), "anchors are unique"
    for number in range(len(claims)):
        assert f"Reason {number}." in page.text
    assert page.ids.index("question-Q1") < page.ids.index("figure-gradient_check")
    assert "It is large." in page.text
    assert "output layer" in page.text and "25.00 % [12.50, 37.50]" in page.text


def test_every_figure_says_what_is_seen(built):
    arguments, _, page = built
    alts = packaged("alts.yaml")
    assert set(alts) == set(FIGURE_DATA)
    assert {image["alt"] for image in page.images} == {
        " ".join(alts[name].split()) for name in arguments["figures"]
    } | {""}


def test_the_answer_comes_first_with_numbers_from_the_results(built):
    arguments, _, page = built
    answer = page.text[: page.text.index("The verdicts #")]
    verdicts = pd.read_csv(arguments["claims_csv"])["verdict"]
    counts = verdicts.value_counts()
    assert f"{len(verdicts)} claims, {counts['reproduces']} reproduce, " in answer
    assert f"{counts['undecided']} are undecided" in answer
    assert "Julien Verecken" in answer and "arXiv:1908.06378" in answer
    assert "seeds 1 to 3" in answer


def test_a_sentence_follows_its_verdict(built):
    """With what a claim says turned round, the answer no longer says it."""
    arguments, _, _ = built
    results = Results(**{key: value for key, value in arguments.items() if key != "out"},
                      folder=arguments["out"].parent)  # fmt: skip
    [claim] = [one for one in results.claims if one["id"] == "strsbp_better_after_10"]
    said = {}
    for verdict in ("reproduces", "does not reproduce", "not tested at this size"):
        claim["verdict"] = verdict
        said[verdict] = " ".join(headline(results))
    assert "holds: ST-RSBP reaches" in said["reproduces"]
    assert "does not hold" in said["does not reproduce"]
    assert "main result" not in said["not tested at this size"]


def test_a_number_that_no_result_has_is_named(built, monkeypatch):
    arguments, _, _ = built
    entry = dict(of="strsbp_best_error", otherwise="It is {{ nothing.value }}.")
    monkeypatch.setattr(answers, "packaged", lambda name: dict(summary=dict(headline=[entry])))
    results = Results(**{key: value for key, value in arguments.items() if key != "out"},
                      folder=arguments["out"].parent)  # fmt: skip
    with pytest.raises(ResultsError, match="'nothing' is undefined"):
        headline(results)


def test_a_report_without_open_questions_says_how_to_get_them(arguments):
    for name in ("answers", "gradient_check"):
        del arguments["tables"][name]
    build_report(**arguments)
    page = Page(arguments["out"].read_text(encoding="utf-8"))
    assert "snakemake --cores 2 all_experiments" in page.text
    assert "question-Q1" not in page.ids and not page.unbalanced


def test_report_is_well_formed_html(built):
    _, text, page = built
    assert not page.unbalanced and not page.open
    assert text.startswith("<!DOCTYPE html>") and 'name="viewport"' in text
    assert page.tags.count("script") == 1


def test_report_needs_nothing_from_elsewhere(built):
    _, text, page = built
    assert all(value.startswith("data:") for value in page.loads)
    assert not re.search(r"url\(|@import|@font-face", text)
    for link in page.links:
        assert not re.match(r"(?!https://arxiv.org/)([a-z]+:|/)", link), f"{link} leaves the folder"
        if link.startswith("#"):
            assert link[1:] in page.ids
    images = [image["src"].partition(",") for image in page.images if "src" in image]
    assert {base64.b64decode(content) for _, _, content in images} == {SVG}


def test_figures_show_their_command_and_data(built):
    arguments, _, page = built
    folder = arguments["out"].parent
    for name, files in FIGURE_DATA.items():
        assert f"snakemake --cores all {folder}/figures/{name}.png" in page.text
        assert set(files) <= set(page.links)
        assert f"figures/{name}.svg" in page.links
    assert "judge_claims/claims.csv" in page.links
    assert (folder / "summarise_training/arms.csv").exists()


def test_report_tells_what_was_run(built):
    _, _, page = built
    facts = ("42 training runs of 14 arms took 11.2 h", "A processor with 2 cores, Linux",
             "0123456789ab (42 runs)", "python 3.11.2", "recurrent2 in epoch 4")  # fmt: skip
    for fact in facts:
        assert fact in page.text


def test_report_is_byte_identical_on_a_second_call(built, tmp_path):
    arguments, text, _ = built
    build_report(**arguments | dict(out=arguments["out"].with_name("again.html")))
    assert arguments["out"].with_name("again.html").read_text(encoding="utf-8") == text


def test_pairs_of_each_panel_are_compared_with_the_main_arm(built):
    _, text, _ = built
    section = Page(text[text.index('<section id="arms">') : text.index('<section id="spsp">')]).text
    differences = section[section.index("Differences of best") :]
    compared = sum(len(arms) - 1 for arms in PANELS["fig2"].values()) + 4 + 1
    twice = 2 + 1  # both of Fig. 3's pairs and that of Fig. 6 are there after 10 and 20 epochs
    assert differences.count("points [") + differences.count("– –") == compared + twice


def test_everything_is_escaped(tmp_path):
    arguments = inputs(tmp_path / "quick", title=HOSTILE, seeds=(1,))
    raw = arguments["study"].model_dump(mode="json")
    raw["figures"]["fig2"]["panels"] = {HOSTILE: ["strsbp", "hm2bp"]}
    arguments |= dict(study=StudySettings.model_validate(raw), command=f"snakemake {HOSTILE}")
    build_report(**arguments)
    text = arguments["out"].read_text(encoding="utf-8")
    page = Page(text)
    assert page.tags.count("script") == 1 and not page.unbalanced
    assert "&lt;script&gt;" in text
    assert "<script>alert('x')</script>" in page.text, "it reads as it was written"


def drop_caption(arguments):
    folder = arguments["out"].parent / "captions"
    shutil.copytree(CAPTIONS, folder)
    (folder / "plot_fig4.rst").unlink()
    arguments["captions"] = folder


def drop_column(arguments):
    path = arguments["tables"]["arms"]
    pd.read_csv(path).drop(columns="at_epoch").to_csv(path, index=False)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda given: given["figures"]["fig4"].unlink(), r"fig4\.svg is missing"),
        (lambda given: given["tables"].pop("runs"), "needs the results file 'runs'"),
        (drop_caption, r"plot_fig4\.rst is missing"),
        (drop_column, "no column 'at_epoch'"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_written(damage, said, arguments):
    damage(arguments)
    with pytest.raises(ResultsError, match=said):
        build_report(**arguments)
    assert not list(arguments["out"].parent.glob("*.html"))


def test_sections_can_be_added(built, tmp_path):
    arguments, _, _ = built
    entries = [dict(term="term", meaning="meaning")]
    extra = Section("glossary", "One more", lambda results: dict(terms=entries))
    build_report(**arguments | dict(out=tmp_path / "report.html", sections=[*SECTIONS[:2], extra]))
    assert "One more" in Page((tmp_path / "report.html").read_text(encoding="utf-8")).text


@pytest.mark.parametrize("path", sorted(CAPTIONS.glob("*.rst")), ids=lambda path: path.stem)
def test_captions_are_plain_and_valid(path, values):
    text = read_caption(path, values)
    html = caption(text, path)
    assert html.startswith("<p>") and not Page(html).unbalanced
    assert "{{" not in text


def test_a_malformed_caption_is_named():
    with pytest.raises(ResultsError, match=r"bad\.rst is malformed"):
        caption("Some `unclosed text.\n", "bad.rst")


def test_captions_cannot_bring_raw_html():
    assert "&lt;b&gt;" in caption("Text <b>bold</b>.\n", "raw.rst")
    with pytest.raises(ResultsError, match="malformed"):
        caption(".. raw:: html\n\n   <script></script>\n", "raw.rst")


def test_placeholders_come_from_the_config_or_fail(values):
    assert filled("{{ study.simulation.repeats | number }} repeats", values) == "1,000 repeats"
    said = "The text 'T = {{ study.length }}…' cannot be filled in: .*'length'"
    with pytest.raises(ResultsError, match=said):
        filled("T = {{ study.length }}", values)


# What may stand in a text as it is: names, formulas, units, and the level of all intervals.
NO_NUMBERS = re.compile(
    r"{{.*?}}|Figs?\. [0-9]\w*(, [0-9]\w*)*( and [0-9]\w*)?|Listings? [0-9]( and (Listing )?[0-9])?"
    r"|Eq(uation|\.) [0-9]|section [0-9]+|F[0-9]+|HM2-BP|recurrent2_reservoir|--cores [0-9]|R²"
    r"|95 %|1 ms|R = 1|s_i = 1( − D_i)?|epoch \+ 1|max\(epoch, 1\)|t = 0|step 0|\(2T\)|a_i = 0"
    r"|(includes?|above|below|right of|left of|sides of|excludes?|membrane at|is|yields) 0"
    r"|(through|around|towards|to|[Aa]t) 0|(at|around|above) 1",
    re.DOTALL,
)
OF_ENTRIES = {
    "statement",
    "subject",
    "note",
    "caption",
    "question",
    "title",
    "text",
    "not_measured",
}
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
    assert symbols("<o_i>") == "&lt;<i>o</i><sub>i</sub>&gt;"


def test_numbers_are_kept_in_one_piece():
    assert value_text(0.0824, "error", 0.08, 0.09) == "8.24\u00a0% [8.00,\u00a09.00]"
    assert value_text(-0.01, "points", -0.02, 0.01) == "−1.00\u00a0points [−2.00,\u00a0+1.00]"


@pytest.mark.parametrize(
    ("seconds", "text"), [(41, "41 s"), (738, "12.3 min"), (18_720, "5.2 h"), (float("nan"), "–")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_terminal_tells_where_the_report_is_and_the_claims_in_short(built, capsys):
    arguments, _, _ = built
    text = summary(arguments["claims_csv"], "results/quick/report.html", width=100)
    lines = text.splitlines()
    claims = pd.read_csv(arguments["claims_csv"])
    assert lines[-1] == "Report: results/quick/report.html"
    assert len(lines) == len(claims) + 4
    assert all(len(line) <= 100 for line in lines[: len(claims) + 1])
    for line, verdict in zip(lines[1:], claims["verdict"], strict=False):
        assert line.startswith(verdict)
    assert main([str(arguments["claims_csv"])]) == 0
    assert f"Report: {arguments['out']}" in capsys.readouterr().out


def test_terminal_tells_a_missing_file_in_one_sentence(tmp_path, capsys):
    assert main([str(tmp_path / "claims.csv")]) == 1
    shown = capsys.readouterr()
    assert not shown.out and shown.err.count("\n") == 1 and "is missing" in shown.err
