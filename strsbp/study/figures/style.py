"""The shared look of all figures, and how a figure is saved.

Every series has a colour of the Okabe-Ito palette, a line style and a marker of its own, so that
it can be told apart in black and white and by colour-blind readers. A file is the same, byte for
byte, whenever it is drawn from the same data.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from strsbp.files import replacing

STYLE = Path(__file__).with_name("strsbp.mplstyle")

INK = "#222222"
"""Text, axes and the study's own numbers."""
MUTED = "#6b6b6b"
"""What stands behind the data: guides, notes."""
OUTSIDE = "#ededed"
"""Ground of the region outside the fitted grid."""

# Okabe and Ito's palette, darkest contrasts first; yellow is left out: too pale for lines.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
LINES = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (5, 1.4, 1.2, 1.4)), (0, (8, 2)), (0, (3, 1)))
MARKERS = ("o", "s", "^", "D", "v", "X", "P")


def mathtext(title: str) -> str:
    """`title` of a config file for matplotlib: its symbols set as mathematics, nothing else."""
    text = title.replace("$", r"\$")
    return text.replace("tau_m", r"$\tau_m$").replace("e_ij", "$e_{ij}$")


class SeriesStyle(NamedTuple):
    """How one series is drawn."""

    color: str
    linestyle: str | tuple
    marker: str

    @property
    def line(self) -> dict:
        """Keyword arguments for `Axes.plot`; markers are filled with white, so lines show."""
        return dict(
            color=self.color,
            linestyle=self.linestyle,
            marker=self.marker,
            markerfacecolor="white",
            markeredgewidth=1.2,
        )


def series_styles() -> Iterator[SeriesStyle]:
    """An endless supply of styles, each series' own."""
    return (
        SeriesStyle(*parts)
        for parts in zip(cycle(COLOURS), cycle(LINES), cycle(MARKERS), strict=False)
    )


@contextmanager
def figure(png: str | Path, svg: str | Path, *, width: float = 7.2, height: float = 3.6):
    """Yield an empty `Figure` (inches) in the shared style, and save it as PNG and SVG at the end.

    No global state of matplotlib is touched; both files appear only when drawing succeeded.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.style.use(STYLE)
        drawn = Figure(figsize=(width, height))
        FigureCanvasAgg(drawn)
        yield drawn
        with replacing(png) as png_path, replacing(svg) as svg_path:
            drawn.savefig(png_path, metadata={"Software": None})
            drawn.savefig(svg_path, metadata={"Date": None, "Creator": None})
