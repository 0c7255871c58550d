"""The shared look of all figures, and how a figure is saved.

Figures are `WIDTH` inches wide with a single text size, legible on a phone that shows them 390
pixels wide. Every series has its own colour of the Okabe-Ito palette, line style and marker, so it
can be told apart by colour-blind readers and in black-and-white prints.
"""

import re
import textwrap
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import count, cycle, islice
from pathlib import Path

import matplotlib as mpl
import numpy as np
import seaborn as sns
import seaborn.objects as so
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from strsbp.files import replacing

WIDTH = 5.2
FONT_SIZE = 9

INK = "#222222"
"""Text, axes, reference lines and the study's own numbers."""
MUTED = "#6b6b6b"
"""Guides and notes, which recede behind the data."""
OUTSIDE = "#ededed"
"""Background where there is no value or a fit is extrapolated."""

# Okabe and Ito's palette, darkest contrasts first; yellow is left out: too pale for lines.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
LINES = ("-", (5, 1.6), (1.2, 1.2), (5, 1.4, 1.2, 1.4), (8, 2), (3, 1), (8, 1.5, 3, 1.5))
MARKERS = ("o", "s", "^", "D", "v", "X", "P")
SYMBOLS = {"tau_m": r"$\tau_m$", "e_ij": "$e_{ij}$", "o_i": "$o_i$", "o_j": "$o_j$"}

SIZES = ("font.size", "axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize",
         "legend.fontsize", "legend.title_fontsize")  # fmt: skip
THEME = {
    **sns.axes_style("ticks"),
    **sns.plotting_context("paper"),
    **dict.fromkeys(SIZES, FONT_SIZE),
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib
    "text.color": INK,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e2e2e2",
    "legend.frameon": False,
    "savefig.dpi": 240,
    # Glyphs as outlines: the drawing looks the same everywhere, with no font installed.
    "svg.fonttype": "path",
    "svg.hashsalt": "strsbp",
}


@contextmanager
def theme():
    """Draw in the shared look; restores matplotlib's global settings afterwards."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The copy keyword", DeprecationWarning)  # of seaborn 0.13
        mpl.rcdefaults()
        mpl.rcParams.update(THEME)
        yield


themed = theme()
"""Decorator of a function that draws: it draws in the shared look."""


def save(figure: Figure, png: str | Path, svg: str | Path) -> None:
    """Save `figure` as PNG and SVG, both or neither; the same figure gives the same bytes."""
    with theme(), replacing(png) as png_path, replacing(svg) as svg_path:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out already; twice more would double the time
        # The layout's last digits differ from call to call.
        for part in figure.subfigs:
            part.bbox_relative.set_points(np.round(part.bbox_relative.get_points(), 6))
        for ax in figure.findobj(Axes):
            ax.set_position(np.round(ax.get_position(original=True).bounds, 6))
        figure.savefig(png_path, metadata={"Software": None})
        figure.savefig(svg_path, metadata={"Date": None, "Creator": None})


def draw_and_save(*, draw: str, options: dict, extra: dict, png: str, svg: str, **data) -> None:
    """Draw and save a figure; `draw`: the module whose function `draw` makes it."""
    save(import_module(draw).draw(**data, **options, **extra), png, svg)


def new_figure(height: float) -> Figure:
    """An empty figure, `height` inches high."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def stacked(heights: Sequence[float], columns: Sequence[int] = ()):
    """A figure and its axes in unaligned rows: their heights (inches) and panels per row (1)."""
    figure = new_figure(sum(heights))
    rows = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    columns = columns or [1] * len(heights)
    panels = [row.subplots(1, n, squeeze=False)[0] for row, n in zip(rows, columns, strict=True)]
    return figure, [ax for row in panels for ax in row]


def layer_title(name: str) -> str:
    """The title of a layer, or of its weights, from its name, such as `recurrent2_reservoir`."""
    kind, number, part = re.fullmatch(r"([a-z]+)([0-9]+)(_reservoir)?", name).groups()
    if kind == "output":
        return "output layer"
    where = "within " if part else ""
    return f"{where}{kind.replace('feedforward', 'feed-forward')} layer {number}"


def wrap(text: str, width: int = 24) -> str:
    """A label in lines of at most `width` characters."""
    return mathtext(textwrap.fill(text, width))


def plot(data, ax, names: Iterable = (), **variables) -> so.Plot:
    """A seaborn plot of `data` on `ax`; `names` are the series, in the order of their styles."""
    names = list(names)
    styles = dict(color=COLOURS, linestyle=LINES, marker=MARKERS)
    scales = {
        key: so.Nominal(list(islice(cycle(values), len(names))), order=names)
        for key, values in styles.items()
        if names and key in variables
    }
    data = data.reset_index(drop=True)  # seaborn needs a unique index
    return so.Plot(data, **variables).on(ax).theme(THEME).scale(**scales)


def differences(ax, rows, label: str) -> None:
    """Draw `rows` with a name, a difference and its interval; those of one `series` look alike."""
    variables = dict(y="name", x="difference", xmin="low", xmax="high")
    positions = range(int(rows["series"].max()) + 1)
    plot(rows, ax, positions, **variables, color="series", marker="series").add(
        so.Range(linewidth=1.6), orient="y", legend=False
    ).add(so.Dot(pointsize=5.5), orient="y", legend=False).scale(
        y=so.Nominal(order=list(rows["name"]))
    ).label(x=label, y="").plot()
    ax.axvline(0, color=INK, linewidth=0.8, linestyle="--")


def percent(rows, *columns: str):
    """`rows` with the fractions in `columns` (default: a mean and its interval) in per cent."""
    return rows.assign(**{name: 100 * rows[name] for name in columns or ("mean", "low", "high")})


def logarithmic(ax, axis: str, subs=(1, 2, 5), formatter="{x:g}") -> None:
    """Make one `axis`, "x" or "y", logarithmic, with ticks at `subs` in every decade."""
    ax.set(**{f"{axis}scale": "log"})
    of_axis = getattr(ax, f"{axis}axis")
    of_axis.set_major_locator(LogLocator(subs=subs))
    of_axis.set_major_formatter(formatter)
    of_axis.set_minor_formatter(NullFormatter())


def look(position: int, **changes) -> dict:
    """Line2D's keywords for the series at `position`, for legends."""
    colour, line, marker = (styles[position % len(styles)] for styles in (COLOURS, LINES, MARKERS))
    line = line if isinstance(line, str) else (0, line)
    return dict(color=colour, linestyle=line, marker=marker, markersize=5) | changes


def legend(figure: Figure, looks: Mapping[str, dict], **options) -> None:
    """A legend below all panels."""
    handles = [Line2D([], [], label=mathtext(name), **keys) for name, keys in looks.items()]
    options = dict(ncols=min(3, len(handles))) | options
    figure.legend(handles=handles, loc="outside lower center", **options)


def letter(panels: Mapping) -> None:
    """Set the letters and titles of the axes in `panels` (axes: title)."""
    for number, (ax, title) in zip(count(ord("a")), panels.items(), strict=False):
        ax.set_title(f"{chr(number)}  {mathtext(title)}".rstrip())


def label_ends(ends_of: Mapping[Axes, Iterable[tuple[float, str, str]]]) -> None:
    """Write labels (y, text, colour) to the right of their axes, near y and linked to it."""
    figure = next(iter(ends_of)).get_figure(root=True)
    figure.draw_without_rendering()  # the layout decides where y is
    line = 1.15 * FONT_SIZE * figure.dpi / 72
    for ax, ends in ends_of.items():
        ends = sorted(ends, key=lambda end: end[0])
        texts = [wrap(text) for _, text, _ in ends]
        y = np.array([ax.transData.transform((1, end[0]))[1] for end in ends])
        height = np.array([line * (1.2 + text.count("\n")) for text in texts])
        shifts = np.zeros(len(y))
        for _ in range(200):
            overlap = np.maximum((height[1:] + height[:-1]) / 2 - np.diff(y + shifts), 0)
            shifts[1:] += overlap / 2
            shifts[:-1] -= overlap / 2
        for pixel, shift, text, (_, _, colour) in zip(y, shifts, texts, ends, strict=True):
            end = round(ax.transAxes.inverted().transform((0, pixel))[1], 3)  # see `save`
            ax.annotate(
                text, (1, end), (12, round(72 * shift / figure.dpi, 1)), "axes fraction",
                "offset points", color=colour, va="center",
                arrowprops=dict(
                    arrowstyle="-", color=colour, linewidth=0.6, relpos=(0, 0.5), shrinkA=1,
                    shrinkB=0,
                ),
            )  # fmt: skip


def mathtext(text: str) -> str:
    """`text` from a config file for matplotlib: only its symbols are set as mathematics."""
    text = text.replace("$", r"\$")
    for symbol, written in SYMBOLS.items():
        text = text.replace(symbol, written)
    return text
