"""Every figure is drawn from data files, as PNG and SVG, and is the same on every call."""

import re
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from PIL import Image
from synthetic_results import EPOCHS, PANELS, write_runs, write_surfaces, write_trace

from strsbp.files import ResultsError
from strsbp.study.figures.curves import plot_curves
from strsbp.study.figures.style import figure
from strsbp.study.summary import summarise_training

CLAIMS = Path(__file__).resolve().parents[1] / "resources" / "claims.yaml"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    metrics, provenance = write_runs(folder)
    names = ("curves", "seeds", "arms", "pairs", "runs")
    tables = {name: folder / f"{name}.csv" for name in names}
    summarise_training(metrics, provenance, **tables)
    surfaces = write_surfaces(folder / "surfaces.csv")
    trace = write_trace(folder / "trace.csv")
    return folder, tables, surfaces, trace


def plot_function(name):
    return getattr(import_module(f"strsbp.study.figures.{name}"), f"plot_{name}")


GRADIENTS = """\
state,arm,title,layer,reference,quantity,mean,low,high,n_samples
untrained,a,Published e_ij,output3,hm2bp,cosine,0.9,0.88,0.92,9
untrained,a,Published e_ij,output3,published,cosine,1,,,9
trained,a,Published e_ij,output3,hm2bp,cosine,0.8,0.7,0.9,9
trained,a,Published e_ij,output3,published,cosine,1,,,9
"""
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def gradient_files(folder):
    """A small result of measure_gradients."""
    paths = dict(gradients=folder / "gradients.csv", denominators=folder / "denominators.csv")
    paths["gradients"].write_text(GRADIENTS)
    rows = ["state,arm,title,layer,statistic,value,n_samples"]
    for state in ("untrained", "trained"):
        rows += [f"{state},a,Published e_ij,output3,quantile_{q:g},{20 * q},9" for q in QUANTILES]
    paths["denominators"].write_text("\n".join(rows) + "\n")
    return paths


def bptt_file(path, methods):
    """A small result of summarise_bptt; the first method has no seconds."""
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


def cost_file(folder):
    """A small result of summarise_early_decision: one of two networks has no decision by margin."""
    rows = ["network,n_steps,threshold_hidden,threshold_output,stop,value,quantity,mean,low,high"]
    for network, stop, value, error in (
        ("t_50", "time", 20, 0.9), ("t_50", "time", 50, 0.9),
        ("t_400", "time", 50, 0.6), ("t_400", "time", 400, 0.1), ("t_400", "margin", 3, 0.11),
    ):  # fmt: skip
        start = f"{network},{network[2:]},20,15,{stop},{value}"
        rows.append(f"{start},error,{error},{error - 0.02},{error + 0.02}")
        for quantity, scale in (("spikes", 20), ("operations", 5000), ("latency", 1)):
            rows.append(f"{start},{quantity},{scale * value},,")
    path = folder / "cost.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


TRUTH = """\
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


EXACT = """\
spsp,o_i,phi,low,high,expected,exact,derivative
published,0,,,,,0,0.2
published,1,0.2,0.19,0.21,0.2,0.2,0.1
published,2,0.3,0.29,0.31,0.3,0.3,-0.01
exact,0,,,,,0,0.2
exact,1,,,,,0.21,0.1
"""
FITS = """\
rank,arm,title,mean,low,high,smallest_denominator,value_inside_50,value_outside_50,derivative_inside_50
1,a,Published e_ij,0.1,0.09,0.11,0.5,0.01,3,0.2
2,b,Expectation,0.12,,,0.1,1e-17,1e-17,1e-17
3,c,All trains alike,0.13,0.1,0.16,0.2,,,
"""


def arguments(name, data):
    folder, tables, surfaces, trace = data
    if name in PANELS:
        curve = dict(curves=tables["curves"], seeds=tables["seeds"])
        marks = {} if name == "fig6" else dict(claims=CLAIMS)
        return curve | marks | dict(panels=PANELS[name], epochs=EPOCHS[name])
    if name == "divergence":
        panels = {"own table": ["tau_m_32", "strsbp"], "table of 64": ["tau_m_96", "strsbp"]}
        return dict(curves=tables["curves"], panels=panels, epochs=10)
    if name == "gradients":
        return gradient_files(folder)
    if name == "bptt":
        return dict(bptt=bptt_file(folder / "bptt.csv", ("strsbp", "hm2bp", "bptt")))
    if name == "gradient_check":
        path = folder / "truth.csv"
        path.write_text(TRUTH)
        return dict(truth=path)
    if name in ("expectation", "fits"):
        path = folder / f"{name}.csv"
        path.write_text(EXACT if name == "expectation" else FITS)
        return {"curves" if name == "expectation" else "fits": path}
    if name == "early_decision":
        return dict(cost=cost_file(folder))
    if name in ("fig5", "listings"):
        return dict(trace=trace)
    marks = {} if name == "fig1" else dict(claims=CLAIMS)
    return dict(surfaces=surfaces) | marks


@pytest.mark.parametrize(
    "name",
    [
        "fig1",
        "fig2",
        "fig3",
        "fig4",
        "fig5",
        "fig6",
        "fig7a",
        "fig7b",
        "listings",
        "gradients",
        "divergence",
        "bptt",
        "gradient_check",
        "early_decision",
        "expectation",
        "fits",
    ],
)
def test_figure_is_drawn_and_byte_identical_on_a_second_call(name, data):
    plot = plot_function(name)
    drawn = []
    for turn in ("first", "second"):
        paths = [data[0] / turn / f"{name}.{kind}" for kind in ("png", "svg")]
        plot(**arguments(name, data), png=paths[0], svg=paths[1])
        drawn.append([path.read_bytes() for path in paths])
        assert sorted(path.name for path in paths[0].parent.glob(f"*{name}*")) == sorted(
            path.name for path in paths
        ), "no temporary file is left"
    assert drawn[0] == drawn[1]
    png, svg = data[0] / "first" / f"{name}.png", drawn[0][1].decode()
    with Image.open(png) as image:
        assert image.width >= 1200 and image.info["dpi"][0] == pytest.approx(200, abs=1)
    assert "<dc:date>" not in svg
    assert "<text" not in svg, "glyphs are outlines, so no font is needed"
    assert not re.search(r'(href|src)="https?:', svg)


def test_an_arm_that_was_not_run_is_named(data, tmp_path):
    folder, tables, _, _ = data
    with pytest.raises(ResultsError, match="no arm 'missing'"):
        plot_function("fig4")(
            curves=tables["curves"], seeds=tables["seeds"], claims=CLAIMS,
            panels={"panel": ["missing"]}, epochs=10,
            png=tmp_path / "a.png", svg=tmp_path / "a.svg",
        )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_a_figure_that_fails_leaves_the_older_one(tmp_path):
    older = tmp_path / "a.png"
    older.write_bytes(b"older")
    with pytest.raises(ZeroDivisionError), figure(older, tmp_path / "a.svg"):
        1 / 0  # noqa: B018
    assert older.read_bytes() == b"older"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_without_bptt_its_figure_says_so(tmp_path):
    drawn = {}
    for methods in (("strsbp", "hm2bp"), ("strsbp", "hm2bp", "bptt")):
        source, svg = bptt_file(tmp_path / "bptt.csv", methods), tmp_path / "a.svg"
        plot_function("bptt")(bptt=source, png=tmp_path / "a.png", svg=svg)
        drawn[methods[-1]] = svg.read_text()
    assert "BPTT was not trained:" in drawn["hm2bp"]
    assert "BPTT was not trained:" not in drawn["bptt"]


@pytest.mark.parametrize(("times", "marks"), [((1.3, 1.5), "12"), ((5, 5), "25"), ((3, 7), "25")])
def test_the_times_of_gradients_can_be_read_off(times, marks, tmp_path):
    source, svg = tmp_path / "truth.csv", tmp_path / "a.svg"
    text = TRUTH.replace("cpu_ms,1.5,", f"cpu_ms,{times[0]},")
    source.write_text(text.replace("cpu_ms,1.3,", f"cpu_ms,{times[1]},"))
    plot_function("gradient_check")(truth=source, png=tmp_path / "a.png", svg=svg)
    for mark in marks:
        assert f"<!-- {mark} -->" in svg.read_text()


def test_titles_of_panels_are_text(tmp_path):
    row = dict(arm="a", title="$x", tau_m=64, epoch=1, quantity="test_error", mean=0.1, low=0.1,
               high=0.2, n_diverged=0)  # fmt: skip
    pd.DataFrame([row]).to_csv(tmp_path / "curves.csv", index=False)
    seed = dict(arm="a", seed=1, epoch=1, quantity="test_error", value=0.1, diverged=0)
    pd.DataFrame([seed]).to_csv(tmp_path / "seeds.csv", index=False)
    plot_curves(
        curves=tmp_path / "curves.csv", seeds=tmp_path / "seeds.csv", png=tmp_path / "a.png",
        svg=tmp_path / "a.svg", panels={"$\\frac{$ <b> & e_ij": ["a"]}, epochs=1,
    )  # fmt: skip
    ElementTree.parse(tmp_path / "a.svg")


@pytest.mark.parametrize("seeds", [(1,), (1, 2)])
def test_curves_of_few_seeds_are_drawn(seeds, tmp_path):
    metrics, provenance = write_runs(tmp_path, seeds=seeds, shorten=10, n_train=250)
    names = ("curves", "seeds", "arms", "pairs", "runs")
    tables = {name: tmp_path / f"{name}.csv" for name in names}
    summarise_training(metrics, provenance, **tables)
    for name in ("fig2", "fig4"):
        plot = plot_function(name)
        keywords = arguments(name, (tmp_path, tables, None, None))
        plot(**keywords, png=tmp_path / f"{name}.png", svg=tmp_path / f"{name}.svg")
        assert (tmp_path / f"{name}.png").stat().st_size > 5000
