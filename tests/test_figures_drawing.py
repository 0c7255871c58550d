"""Every figure of the catalogue is drawn from data files, and is the same on every call."""

import functools
import io
import re
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
import yaml
from PIL import Image
from synthetic_results import EPOCHS, PANELS, write_runs, write_surfaces, write_trace

from strsbp.errors import StrsbpError
from strsbp.study.figures import style
from strsbp.study.figures.catalogue import CLAIMS, FIGURES, find_figure
from strsbp.study.loading import load_profile
from strsbp.study.summary import summarise_training

ROOT = Path(__file__).resolve().parents[1]
NAMES = [figure.name for figure in FIGURES]
QUICK = ("fig4", "fig7a", "early_decision")
"""One each of curves, surfaces and open questions."""
DIVERGENCE = {"own table": ["tau_m_32", "strsbp"], "table of 64": ["tau_m_96", "strsbp"]}
OPTIONS = {
    **{name: dict(panels=PANELS[name], epochs=EPOCHS[name]) for name in PANELS},
    "divergence": dict(panels=DIVERGENCE, epochs=10),
}


USED = ("strsbp_best_error", "hm2bp_best_error", "corrected_reference_value")
PUBLISHED = [
    claim for claim in yaml.safe_load((ROOT / CLAIMS).read_text())["claims"] if claim["id"] in USED
]
"""The claims that figures show: all of them take a while to check."""


def summarised(folder, **changes):
    """The tables of `summarise_training` of invented runs."""
    metrics, provenance = write_runs(folder, **changes)
    (folder / "resources").mkdir()
    (folder / CLAIMS).write_text(yaml.safe_dump(dict(claims=PUBLISHED)))
    tables = folder / "summarise_training"
    names = ("curves", "seeds", "arms", "pairs", "runs")
    summarise_training(metrics, provenance, **{name: tables / f"{name}.csv" for name in names})


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder with a small table for every figure."""
    folder = tmp_path_factory.mktemp("figures")
    summarised(folder)
    for figure in FIGURES:
        for path in figure.data.values():
            (folder / path).parent.mkdir(exist_ok=True)
    write_surfaces(folder / "summarise_spsp/surfaces.csv")
    write_trace(folder / "trace_spsp/trace.csv")
    gradient_files(folder / "gradients")
    bptt_file(folder / "bptt/summary.csv", ("strsbp", "hm2bp", "bptt"))
    early_decision_file(folder / "early_decision/summary.csv")
    sweep_file(folder / "sweep/summary.csv")
    (folder / "gradient_check/summary.csv").write_text(GRADIENT_CHECK)
    (folder / "activation/summary.csv").write_text(ACTIVATION)
    (folder / "gradient_flow/summary.csv").write_text(GRADIENT_FLOW)
    (folder / "expectation/curves.csv").write_text(EXPECTATION)
    (folder / "fits/summary.csv").write_text(FITS)
    (folder / "regularisation/summary.csv").write_text(REGULARISATION)
    (folder / "published_logs/curves.csv").write_text(PUBLISHED_LOGS)
    return folder


def draw(name, folder, **changes):
    """Draw a figure of the catalogue from a results folder, as the workflow does."""
    figure = find_figure(name)
    data = {argument: folder / path for argument, path in figure.data.items()}
    return figure.find_draw()(**data | OPTIONS.get(name, {}) | figure.extra | changes)


def texts_of(drawn):
    return [text.get_text() for text in drawn.findobj(mpl.text.Text)]


GRADIENTS = """\
state,arm,title,layer,reference,quantity,mean,low,high,n_samples
untrained,a,Published e_ij,output3,hm2bp,angle,9,8,10,9
untrained,a,Published e_ij,output3,published,angle,0,,,9
trained,a,Published e_ij,output3,hm2bp,angle,20,15,25,9
trained,a,Published e_ij,output3,published,angle,0,,,9
"""
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def gradient_files(folder):
    """Small tables of gradients and denominators, which are far from 1."""
    (folder / "gradients.csv").write_text(GRADIENTS)
    rows = ["state,arm,title,layer,statistic,value,n_samples"]
    for state in ("untrained", "trained"):
        rows += [f"{state},a,Published e_ij,output3,quantile_{q:g},{20 * q},9" for q in QUANTILES]
    (folder / "denominators.csv").write_text("\n".join(rows) + "\n")


def bptt_file(path, methods):
    """A small comparison with BPTT; the first method has no seconds."""
    rows = ["method,title,quantity,epoch,seconds,mean,low,high,n_seeds"]
    for place, method in enumerate(methods):
        for epoch in (1, 2, 3):
            seconds = "" if place == 0 else 4**place * epoch
            error = 0.3 / epoch
            rows.append(
                f"{method},{method.upper()},test_error,{epoch},{seconds},{error},"
                f"{error - 0.05},{error + 0.05},2"
            )
        rows.append(f"{method},{method.upper()},seconds_per_epoch,,,{4**place},,,2")
    path.write_text("\n".join(rows) + "\n")
    return path


def early_decision_file(path):
    """Two networks, of which one never learned."""
    rows = ["network,n_steps,threshold_hidden,threshold_output,stop,value,quantity,mean,low,high"]
    for network, stop, value, error in (
        ("t_50", "time", 20, 0.9), ("t_50", "time", 50, 0.9),
        ("t_400", "time", 50, 0.6), ("t_400", "time", 400, 0.1), ("t_400", "margin", 3, 0.11),
    ):  # fmt: skip
        start = f"{network},{network[2:]},20,15,{stop},{value}"
        rows.append(f"{start},error,{error},{error - 0.02},{error + 0.02}")
        for quantity, scale in (("spikes", 20), ("operations", 5000), ("latency", 1)):
            rows.append(f"{start},{quantity},{scale * value},,")
    path.write_text("\n".join(rows) + "\n")
    return path


def sweep_file(path):
    """A small result of the sweep: one cell's runs failed, and one cell is the arm's own."""
    columns = ["tau_m", "tau_s", "threshold_hidden", "threshold_output"]
    rows = [
        ",".join(
            ["arm", "grid", "of", "own", *columns, "quantity", "mean", "n_diverged", "n_failed"]
        )
    ]
    for grid, cells in (
        ("time_constants", ("32,8,20,15", "64,8,20,15", "32,16,20,15", "64,16,20,15")),
        ("thresholds", ("64,8,20,15", "64,8,20,30")),
    ):
        for cell in cells:
            own, failed = int(cell == "64,8,20,15"), int(cell == "32,16,20,15")
            rows += [
                f"strsbp,{grid},cell,{own},{cell},{quantity},{0.9 if failed else 0.2},0,{failed}"
                for quantity in ("test_error", "silent_share", "smallest_denominator")
            ]
    path.write_text("\n".join(rows) + "\n")
    return path


GRADIENT_CHECK = """\
state,layer,step,estimator,title,against,quantity,mean,low,high,n
untrained,output3,1,finite_difference,,,reliability,,,,8
untrained,output3,1,a,ST-RSBP,,cosine,,,,8
trained,output3,1,a,ST-RSBP,,cosine,0.9,0.8,1.05,8
trained,output3,2,a,ST-RSBP,,cosine,0.88,0.81,0.99,8
trained,output3,1,b,HM2-BP,,cosine,0.7,0.6,0.8,8
trained,output3,1,a,ST-RSBP,b,cosine_difference,0.2,0.1,0.3,8
trained,all,,a,ST-RSBP,,cpu_ms,1.5,1.4,1.6,8
trained,all,,b,HM2-BP,,cpu_ms,1.3,1.2,1.4,8
"""


ACTIVATION = """\
state,layer,of,count,statistic,value,n
trained,output3,all,,share_firing,0.5,20
trained,output3,count,1,quantile_0.05,1,5
trained,output3,count,1,quantile_0.5,1.02,5
trained,output3,count,1,quantile_0.95,1.1,5
trained,output3,count,1,share,0.25,5
trained,output3,count,30,quantile_0.05,1.01,5
trained,output3,count,30,quantile_0.5,1.05,5
trained,output3,count,30,quantile_0.95,1.2,5
trained,output3,count,30,share,0.25,5
"""
GRADIENT_FLOW = """\
state,n_steps,method,layer,quantity,steps_back,mean,low,high,n
trained,100,strsbp,output3,weight_gradient,,20,,,
trained,400,strsbp,output3,weight_gradient,,40,,,
trained,400,bptt,output3,weight_gradient,,100,,,
trained,400,bptt,output3,reaching,0,1,,,2
trained,400,bptt,output3,reaching,100,0.1,0.05,0.2,2
"""
EXPECTATION = """\
spsp,o_i,phi,low,high,expected,exact,derivative
published,0,,,,,0,0.2
published,1,0.2,0.19,0.21,0.2,0.2,0.1
published,2,0.3,0.29,0.31,0.3,0.3,-0.01
exact,0,,,,,0,0.2
exact,1,,,,,0.21,0.1
"""
REGULARISATION = """\
arm,title,regularisation,divide_by_threshold,at_epoch,quantity,mean,low,high
strsbp,ST-RSBP,0,True,1,test_error,0.04,0.03,0.05
strsbp,ST-RSBP,10,True,1,test_error,0.09,0.08,0.1
strsbp,ST-RSBP,10,False,1,test_error,0.05,0.04,0.06
strsbp,ST-RSBP,10,True,1,dead_share_feedforward1,0.4,,
strsbp,ST-RSBP,10,False,1,dead_share_recurrent2,0.2,0.1,0.3
strsbp,ST-RSBP,0,True,1,gradient_ratio_feedforward1,,,
strsbp,ST-RSBP,10,True,1,gradient_ratio_feedforward1,30,20,40
strsbp,ST-RSBP,10,False,1,gradient_ratio_recurrent2,300,,
hm2bp,HM2-BP,10,True,1,test_error,0.1,,
"""
PUBLISHED_LOGS = """\
log,setting,at_epoch,quantity,logged,mean,low,high
hm2bp_mnist,as logged,1,test_error,0.03,0.04,0.03,0.05
hm2bp_mnist,as logged,2,test_error,0.02,0.03,0.02,0.04
hm2bp_mnist,as logged,1,train_error,0.05,0.05,,
hm2bp_mnist,as published,1,test_error,0.03,0.06,,
"""
FITS = """\
rank,title,fit,difference,difference_low,difference_high,smallest_denominator,value_inside_50,value_outside_50,derivative_inside_50
1,Published e_ij,polynomial4,0,,,0.5,0.01,3,0.2
2,Expectation,exact,0.02,,,0.1,1e-17,1e-17,1e-17
3,All trains alike,exact,0.03,0.01,0.04,0.2,,,
"""


def check_text(drawn):
    """All text has the one size, and panels are lettered in order."""
    texts = [text for text in drawn.findobj(mpl.text.Text) if text.get_text()]
    assert {text.get_fontsize() for text in texts} == {style.FONT_SIZE}
    titles = [title for ax in drawn.findobj(mpl.axes.Axes) if (title := ax.get_title("left"))]
    assert [title[0] for title in titles] == list("abcdefgh"[: len(titles)]) != []


def saved(drawn, folder):
    """Save a figure in a new folder; returns the contents of its PNG and its SVG."""
    paths = [folder / f"a.{kind}" for kind in ("png", "svg")]
    style.save(drawn, *paths)
    assert sorted(folder.iterdir()) == paths, "no temporary file is left"
    return [path.read_bytes() for path in paths]


@pytest.fixture(scope="module")
def first(results, tmp_path_factory):
    """Function that returns a figure, drawn once for all tests, and its PNG and SVG."""

    @functools.cache
    def drawn_and_saved(name):
        drawn = draw(name, results)
        check_text(drawn)
        return drawn, *saved(drawn, tmp_path_factory.mktemp("figure") / name)

    return drawn_and_saved


@pytest.mark.parametrize("name", NAMES)
def test_figure_is_drawn(name, first):
    before = dict(mpl.rcParams)
    _, png, svg = first(name)
    assert dict(mpl.rcParams) == before
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
def test_figure_is_byte_identical_on_a_second_call(name, first, results, tmp_path):
    assert saved(draw(name, results), tmp_path / name) == list(first(name)[1:])


@pytest.mark.parametrize("name", ["fig2", "fig4", "divergence"])
def test_an_arm_that_was_not_run_is_named(name, results):
    with pytest.raises(StrsbpError, match="no arm 'missing'"):
        draw(name, results, panels={"a": ["strsbp"], "b": ["missing"]})


def test_the_catalogue_waits_for_no_heavy_library():
    code = (
        "import sys, strsbp.study.figures.catalogue; "
        "sys.exit(bool({'matplotlib', 'pandas', 'seaborn', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_every_figure_has_a_caption_and_settings():
    study = load_profile(ROOT / "config", "quick")
    assert len(set(NAMES)) == len(NAMES)
    for figure in FIGURES:
        assert (ROOT / "workflow" / "report" / f"plot_{figure.name}.rst").is_file()
        if figure.options:
            assert attrgetter(figure.options)(study).panels


def test_a_figure_that_cannot_be_saved_leaves_the_older_one(tmp_path):
    older = tmp_path / "a.png"
    older.write_bytes(b"older")
    (tmp_path / "a.svg").mkdir()
    with pytest.raises(OSError):
        style.save(mpl.figure.Figure(), older, tmp_path / "a.svg")
    assert older.read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "a.svg"]


def test_without_bptt_its_figure_says_so(first, results, tmp_path):
    said = "BPTT was not trained:\nits library is not installed."
    source = bptt_file(tmp_path / "bptt.csv", ("strsbp", "hm2bp"))
    assert said in texts_of(draw("bptt", results, summary=source))
    assert said not in texts_of(first("bptt")[0])


def test_every_arm_has_its_own_curve_and_colour(first, results):
    ax = first("fig4")[0].findobj(mpl.axes.Axes)[0]
    thick = [line for line in ax.lines if line.get_linewidth() > 1]
    thick = {mpl.colors.to_hex(line.get_color()).upper(): line for line in thick}
    curves = pd.read_csv(results / "summarise_training/curves.csv")
    curves = curves[(curves["quantity"] == "test_error") & (curves["epoch"] <= 10)]
    for arm, colour in zip(*PANELS["fig4"].values(), style.COLOURS, strict=False):
        mean = 100 * curves.loc[curves["arm"] == arm, "mean"].dropna()
        assert thick[colour].get_ydata() == pytest.approx(mean.to_numpy())
    assert len(thick) == 5


def test_differences_are_of_pairs_and_have_the_sign_that_the_axis_says(first):
    """In the invented runs tau_m = 50 ends 1.6 points above tau_m = 64, 128 ends 0.6 below."""
    ax = first("fig4")[0].findobj(mpl.axes.Axes)[-1]
    assert "minus that of $\\tau_m$ = 64" in ax.get_xlabel()
    names = [label.get_text() for label in ax.get_yticklabels()]
    places = {
        names[int(y)]: x for line in ax.collections[1:] for x, y in line.get_offsets().tolist()
    }
    assert places["$\\tau_m$ = 50 (3\u00a0seeds)"] == pytest.approx(1.6, abs=0.6)
    assert places["$\\tau_m$ = 128 (3\u00a0seeds)"] == pytest.approx(-0.6, abs=0.6)


def test_labels_do_not_overlap():
    with style.theme():
        figure, (ax,) = style.stacked([2])
        ax.set_ylim(0, 1)
        style.label_ends({ax: [(y, f"name {y}", "k") for y in (0.5, 0.5, 0.51, 0.9)]})
        figure.draw_without_rendering()
        boxes = sorted((t.get_window_extent() for t in ax.texts), key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 + 1 for low, high in zip(boxes, boxes[1:], strict=False))


def test_curves_of_one_seed_are_drawn_with_those_that_diverged(tmp_path):
    summarised(tmp_path, seeds=(1,), shorten=10, n_train=250)
    texts = texts_of(draw("fig4", tmp_path))
    assert {"test error (%)", "epoch", "$\\tau_m$ = 32 (1 of 1\ndiverged)"} <= set(texts)


@pytest.mark.parametrize("error", [0.0, 0.9])
def test_networks_without_an_error_or_without_a_hit_are_shown(tmp_path, error):
    path = early_decision_file(tmp_path / "summary.csv")
    rows = pd.read_csv(path)
    rows.loc[rows["quantity"] == "error", ["mean", "low", "high"]] = error
    rows.to_csv(path, index=False)
    drawn = find_figure("early_decision").find_draw()(summary=path)
    saved(drawn, tmp_path / "drawn")
    named = [text.get_text() for ax in drawn.axes for text in ax.texts]
    assert any("Not drawn" in text for text in named) == (error > 0.5)
