"""Hostile text in titles, claims and provenance: shown as text, on the page and in figures."""

import re
import warnings
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from bad_input import TEXTS, attempt, examples
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, PackageLoader, StrictUndefined
from test_report_page import inputs

from strsbp.study.claims.units import format_interval, format_value
from strsbp.study.figures import curves
from strsbp.study.figures.style import mathtext, new_figure, save, theme, wrap
from strsbp.study.report import build_report
from strsbp.study.report.results import Table
from strsbp.study.report.text import duration, symbols, value_text

HOSTILE = (
    "</title></td><script>alert(1)</script>", "\"><img src=x onerror='alert(1)'>", "a & b &amp; c",
    "{{ 7 * 7 }}{% raw %}", "'; --", "<svg/onload=alert(1)>", "tau_m<b>e_ij</b>", "]]><!--",
    "javascript:alert(1)", "$\\frac{$ \\$", "%s{0}",
)  # fmt: skip


class Tags(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attributes]

    def handle_data(self, data):
        self.text += data

    handle_startendtag = handle_starttag


@examples(200)
@given(text=st.sampled_from(HOSTILE) | TEXTS | st.text(max_size=20))
def test_symbols_leave_text_as_it_is_read(text):
    page = Tags(f"<p>{symbols(text)}</p>")
    assert set(page.tags) <= {"p", "i", "sub"} and page.attributes == []
    shown = unescape(re.sub(r"</?(i|sub)>", "", str(symbols(text))))
    for changed, back in (("τ", "tau"), ("\xa0", " "), ("_", "")):
        shown, text = shown.replace(changed, back), text.replace(changed, back)
    assert shown == text


@pytest.fixture(scope="module")
def environment():
    """Jinja as the report sets it up."""
    return Environment(
        loader=PackageLoader("strsbp.study.report"), autoescape=True, undefined=StrictUndefined
    )


@examples(100)
@given(header=st.sampled_from(HOSTILE) | TEXTS, cell=st.sampled_from(HOSTILE) | TEXTS)
def test_no_table_of_the_report_takes_markup(environment, header, cell):
    macros = environment.get_template("macros.html").make_module(dict(badges={}))
    page = Tags(str(macros.table(Table([header], [[cell], [symbols(cell)]], set()))))
    allowed = {"div", "table", "thead", "tbody", "tr", "th", "td", "i", "sub"}
    assert set(page.tags) <= allowed
    assert set(page.attributes) <= {"class", "scope", "tabindex"}


@pytest.fixture(scope="module")
def harmless(tmp_path_factory):
    """The page of harmless titles."""
    folder = tmp_path_factory.mktemp("harmless")
    build_report(**inputs(folder, title="harmless", seeds=(1,)))
    return Tags((folder / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", range(0, len(HOSTILE), 4))
def test_the_whole_page_has_the_same_tags_whatever_the_titles(harmless, tmp_path, number):
    title = " ".join(HOSTILE[number : number + 4])[:120]
    given_ = inputs(tmp_path, title=title, seeds=(1,))
    runs = pd.read_csv(given_["tables"]["runs"])
    for column in ("cpu", "platform", "device", "architecture", "dataset", "version_numpy"):
        if column in runs:
            runs[column] = title
    runs.to_csv(given_["tables"]["runs"], index=False)
    build_report(**given_)
    page = Tags((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "script" not in page.tags and page.tags.count("img") == harmless.tags.count("img")
    assert set(page.tags) == set(harmless.tags) | ({"i", "sub"} & set(page.tags))
    assert not [name for name in page.attributes if name.startswith("on")]
    assert set(page.attributes) == set(harmless.attributes)
    assert title.split(" ")[-1].replace("_", "") in page.text.replace("_", "")


@examples(25)
@given(title=st.sampled_from(HOSTILE) | TEXTS)
def test_any_title_that_a_config_may_hold_can_be_drawn(tmp_path_factory, title):
    from strsbp.errors import SettingsError
    from strsbp.study.plain import check_plain

    def refuse():
        check_plain(title, "here", SettingsError)
        return True

    if not attempt(refuse) or not title or len(title) > 120:
        return
    folder = tmp_path_factory.getbasetemp()
    with warnings.catch_warnings(), theme():
        warnings.simplefilter("ignore", UserWarning)  # a glyph that the font lacks
        drawn = new_figure(1)
        drawn.text(0.1, 0.5, mathtext(title))
        drawn.text(0.1, 0.1, wrap(title))
        save(drawn, folder / "t.png", folder / "t.svg")
    tags = {element.tag.split("}")[1] for element in ElementTree.parse(folder / "t.svg").iter()}
    assert "script" not in tags and "a" not in tags


def test_titles_of_panels_are_text_too(tmp_path):
    row = dict(arm="a", title="$x", tau_m=64, epoch=1, quantity="test_error", mean=0.1, low=0.1,
               high=0.2, n_diverged=0)  # fmt: skip
    pd.DataFrame([row, row | dict(arm="b")]).to_csv(tmp_path / "curves.csv", index=False)
    seed = dict(arm="a", seed=1, epoch=1, quantity="test_error", value=0.1, diverged=0)
    pd.DataFrame([seed, seed | dict(arm="b")]).to_csv(tmp_path / "seeds.csv", index=False)
    pair = dict(arm_a="a", arm_b="b", at_epoch=1, quantity="best_test_error", difference=0.1,
                low=0, high=0.2, n_pairs=2)  # fmt: skip
    pd.DataFrame([pair]).to_csv(tmp_path / "pairs.csv", index=False)
    tables = {name: tmp_path / f"{name}.csv" for name in ("curves", "seeds", "pairs")}
    drawn = curves.draw(**tables, panels={"$\\frac{$ <b> & e_ij": ["a", "b"]}, epochs=1)
    save(drawn, tmp_path / "a.png", tmp_path / "a.svg")
    ElementTree.parse(tmp_path / "a.svg")


@examples(200)
@given(
    value=st.none() | st.floats(),
    low=st.none() | st.floats(),
    high=st.none() | st.floats(),
    unit=st.sampled_from(["error", "points", "share", "factor", "number"]),
)
def test_any_number_in_words(value, low, high, unit):
    for text in (
        format_value(value, unit), format_interval(low, high, unit),
        value_text(value, unit, low, high), duration(float("nan") if value is None else value),
    ):  # fmt: skip
        assert isinstance(text, str) and "nan" not in text and "\n" not in text


def test_report_css_and_templates_load_nothing():
    folder = Path(__file__).resolve().parents[1] / "strsbp" / "report"
    for path in [*folder.glob("templates/*"), *folder.glob("*.css")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|//|@import|url\(|<script|\|\s*safe", text), path
