"""Reading of the single-pair traces that Fig. 5 and the comparison of the listings draw."""

from pathlib import Path

import pandas as pd

from strsbp.summary.files import ResultsError, read_csv

TRACE_COLUMNS = ("spsp", "step", "spike_j", "spike_i", "current", "membrane")
RULES = {
    "published": (
        "Listing 1, published",
        r"$p \leftarrow p\,(1-1/\tau_s) + s_j$" + "\n"
        r"$q \leftarrow q\,(1-1/\tau_m) + p/\tau_s$",
    ),
    "corrected": (
        "Listing 2, corrected",
        r"$\alpha \leftarrow \alpha + (-\alpha + s_j)/\tau_s$" + "\n"
        r"$\varepsilon \leftarrow \varepsilon + (-\varepsilon + R\,\alpha)/\tau_m$",
    ),
}
"""Title and update rule of each simulation (docs/algorithm, section 9)."""


def read_traces(path: str | Path) -> dict[str, pd.DataFrame]:
    """The published and the corrected trace, by name."""
    rows = read_csv(path, TRACE_COLUMNS)
    traces = {name: rows[rows["spsp"] == name] for name in RULES}
    for name, trace in traces.items():
        if trace.empty:
            raise ResultsError(f"{path} has no {name} trace; trace the pair again.")
    return traces
