"""Reading of the single-pair traces that Fig. 5 and the comparison of the listings draw."""

from pathlib import Path

import pandas as pd

from strsbp.files import ResultsError, read_csv

TRACE_COLUMNS = ("listing", "step", "spike_pre", "spike_post", "current", "membrane")
RULES = {
    1: (
        "Listing 1, published",
        r"$p \leftarrow p\,(1-1/\tau_s) + s_j$" + "\n"
        r"$q \leftarrow q\,(1-1/\tau_m) + p/\tau_s$",
    ),
    2: (
        "Listing 2, corrected",
        r"$\alpha \leftarrow \alpha + (-\alpha + s_j)/\tau_s$" + "\n"
        r"$\varepsilon \leftarrow \varepsilon + (-\varepsilon + R\,\alpha)/\tau_m$",
    ),
}
"""Title and update rule of each listing (docs/algorithm, section 9)."""


def read_traces(path: str | Path) -> dict[int, pd.DataFrame]:
    """The traces of the published (1) and of the corrected listing (2)."""
    rows = read_csv(path, TRACE_COLUMNS)
    traces = {name: rows[rows["listing"] == name] for name in RULES}
    for name, trace in traces.items():
        if trace.empty:
            raise ResultsError(f"{path} has no trace of listing {name}; trace the pair again.")
    return traces
