"""Every figure of the catalogue is drawn from the results, and is the same on every call."""

import functools
import io
import re
from importlib import import_module
from operator import attrgetter

import matplotlib as mpl
import pandas as pd
import pytest
from conftest import ROOT
from PIL import Image

from strsbp.study.figures import style
from strsbp.study.figures.catalogue import FIGURES
from strsbp.study.loading import load_profile
from strsbp.study.summary.intervals import both_ways

PAPER = ROOT / "results" / "paper"
STUDY = load_profile(ROOT / "config", "paper")
NAMES = [figure.name for figure in FIGURES]
QUICK = ("fig4", "early_decision")


def draw(name, **changes):
    """Draw a figure of the catalogue from the results, as the workflow does."""
    figure = next(figure for figure in FIGURES if figure.name == name)
    data = {argument: PAPER / path for argument, path in figure.data.items()}
    data |= {argument: ROOT / path for argument, path in figure.resources.items()}
    options = dict(attrgetter(figure.options)(STUDY)) if figure.options else {}
    return import_module(figure.draw).draw(**data | options | figure.extra | changes)


def texts_of(drawn):
    return [text.get_text() for text in drawn.findobj(mpl.text.Text)]


def check_text(drawn):
    """All text has the one size and is typeset, and panels are lettered in order and titled."""
    texts = [text for text in drawn.findobj(mpl.text.Text) if text.get_text()]
    for text in texts:
        assert not re.search(r"^-\d|(feedforward|recurrent|output)\d", text.get_text())
    assert {text.get_fontsize() for text in texts} == {style.FONT_SIZE}
    titles = [title for ax in drawn.findobj(mpl.axes.Axes) if (title := ax.get_title("left"))]
    assert [title[0] for title in titles] == list("abcdefgh"[: len(titles)]) != []
    assert all(len(title) > len("a  ") for title in titles)


def saved(drawn, folder):
    """Save a figure in a new folder; returns the contents of its PNG and its SVG."""
    paths = [folder / f"a.{kind}" for kind in ("png", "svg")]
    style.save(drawn, *paths)
    assert sorted(folder.iterdir()) == paths, "no temporary file is left"
    return [path.read_bytes() for path in paths]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Function that returns a figure, drawn once for all tests, and its PNG and SVG."""

    @functools.cache
    def drawn_and_saved(name):
        drawn = draw(name)
        check_text(drawn)
        return drawn, *saved(drawn, tmp_path_factory.mktemp("figure") / name)

    return drawn_and_saved


@pytest.mark.parametrize("name", NAMES)
def test_figure_is_drawn(name, first):
    before = dict(mpl.rcParams)
    drawn, png, svg = first(name)
    assert dict(mpl.rcParams) == before
    for legend in drawn.legends:
        assert legend.get_window_extent().width <= drawn.bbox.width
    with Image.open(io.BytesIO(png)) as image:
        assert image.width == 1248 and image.info["dpi"][0] == pytest.approx(240, abs=1)
    svg = svg.decode()
    assert "<dc:date>" not in svg
    assert "<text" not in svg, "glyphs are outlines, so no font is needed"
    assert not re.search(r'(href|src)="https?:', svg)


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in NAMES],
)
def test_figure_is_byte_identical_on_a_second_call(name, first, tmp_path):
    assert saved(draw(name), tmp_path / name) == list(first(name)[1:])


def test_without_bptt_its_figure_says_so(first, tmp_path):
    said = "BPTT was not trained."
    frame = pd.read_csv(PAPER / "bptt" / "summary.csv")
    frame[~frame["method"].str.startswith("bptt")].to_csv(tmp_path / "bptt.csv", index=False)
    assert said in texts_of(draw("bptt", summary=tmp_path / "bptt.csv"))
    assert said not in texts_of(first("bptt")[0])


def test_every_arm_has_its_own_curve_and_colour(first):
    ax = first("fig4")[0].findobj(mpl.axes.Axes)[0]
    thick = [line for line in ax.lines if line.get_linewidth() > 1]
    thick = {mpl.colors.to_hex(line.get_color()).upper(): line for line in thick}
    curves = pd.read_csv(PAPER / "summarise_training" / "curves.csv")
    curves = curves[(curves["quantity"] == "test_error") & (curves["epoch"] <= 10)]
    for arm, colour in zip(*STUDY.figures.fig4.panels.values(), style.COLOURS, strict=False):
        mean = 100 * curves.loc[curves["arm"] == arm, "mean"].dropna()
        assert thick[colour].get_ydata() == pytest.approx(mean.to_numpy())
    assert len(thick) == 5


def test_differences_are_of_pairs_and_have_the_sign_that_the_axis_says(first):
    ax = first("fig4")[0].findobj(mpl.axes.Axes)[-1]
    assert "minus that of $\\tau_m$ = 64" in ax.get_xlabel()
    names = [label.get_text() for label in ax.get_yticklabels()]
    places = {
        names[int(y)]: x for line in ax.collections[1:] for x, y in line.get_offsets().tolist()
    }
    pairs = both_ways(pd.read_csv(PAPER / "summarise_training" / "pairs.csv"))
    pairs = pairs.query("arm_b == 'strsbp' and at_epoch == 10 and quantity == 'best_test_error'")
    wanted = 100 * pairs.set_index("arm_a")["difference"]
    for tau_m in (32, 128):
        (found,) = [x for name, x in places.items() if name.split("\n")[0].endswith(f" = {tau_m}")]
        assert found == pytest.approx(wanted[f"tau_m_{tau_m}"])
    assert wanted["tau_m_128"] < 0 < wanted["tau_m_32"]


def test_panels_with_curves_have_one_range(first):
    axes = first("fig6")[0].findobj(mpl.axes.Axes)
    ranges = {(ax.get_ylim(), ax.get_yscale()) for ax in axes[: len(STUDY.figures.fig6.panels)]}
    assert len(ranges) == 1


def test_other_fits_are_left_to_the_table_of_the_gradient_check(first):
    axes = first("gradient_check")[0].findobj(mpl.axes.Axes)
    names = {label.get_text() for ax in axes for label in ax.get_yticklabels()}
    fits = {arm.title for name, arm in STUDY.arms.items() if name.startswith("fit_")}
    assert names and not names & fits


def test_cells_of_the_sweep_have_their_values_and_frames(first):
    axes = first("sweep")[0].findobj(mpl.axes.Axes)
    (ax,) = [ax for ax in axes if ax.get_title("left") == "d  test error"]
    cells = pd.read_csv(PAPER / "sweep" / "summary.csv")
    cells = cells[(cells["of"] == "cell") & (cells["arm"] == cells["arm"].iloc[0])]
    cells = cells.query("grid == 'thresholds' and quantity == 'test_error'")
    wanted = sorted(f"{100 * mean:.1f}" for mean in cells["mean"].dropna())
    assert sorted(text.get_text() for text in ax.texts) == wanted
    assert len(ax.patches) == cells["own"].sum() + (cells["n_failed"] > 0).sum()


def test_labels_do_not_overlap():
    with style.theme():
        figure, (ax,) = style.stacked([2])
        ax.set_ylim(0, 1)
        style.label_ends({ax: [(y, f"name {y}", "k") for y in (0.5, 0.5, 0.51, 0.9)]})
        figure.draw_without_rendering()
        boxes = [mpl.text.Text.get_window_extent(text) for text in ax.texts]  # without its line
        boxes.sort(key=lambda box: box.y0)
    assert len(boxes) == 4
    assert all(low.y1 <= high.y0 + 1 for low, high in zip(boxes, boxes[1:], strict=False))
