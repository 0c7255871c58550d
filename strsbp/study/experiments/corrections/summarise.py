"""What the study's corrections change in e_ij: the offset of the input current, and T = 200."""

from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import write_csv
from strsbp.reference.spsp import corrected_trace, published_trace, spsp_matrix
from strsbp.settings import ModelSettings
from strsbp.spsp.quality import curve_ratio
from strsbp.spsp.sampling import POST, PRE, drawn_train
from strsbp.spsp.simulate import load_surface
from strsbp.study.summary.intervals import mean_interval

COLUMNS = ["change", "quantity", "o_i", "mean", "low", "high"]
LISTINGS = {"listing 1": published_trace, "listing 2": corrected_trace}
COUNTS = (1, 2, 5, 10, 20, 30, 50, 100)
"""Output counts o_i at which e_ij is compared."""
O_J, N_TRAINS = 12, 100
"""Input spikes of the study's Fig. 5, and random trains of each neuron."""


def summarise_corrections(
    long: str | Path, short: str | Path, *, seed: int, out: str | Path
) -> None:
    """Compare e_ij with and without each correction; write `out`.

    `long`, `short`: the corrected simulation over T and over fewer steps (files). Rows by `change`:

    - `offset`: `delay` of each listing, the steps from the first input current to the first
      potential; and `ratio`, e_ij of Listing 1 with its input one step later over that as it is,
      for random trains, with a 95 % interval over the trains of i;
    - `t_200`: `ratio` of e_ij at the same counts, `short` over `long`, with a 95 % interval.
    """
    rows = [
        dict(change="offset", quantity=f"delay of {name}", mean=_delay(trace))
        for name, trace in LISTINGS.items()
    ]
    pre = _trains(O_J, PRE, seed)
    late = np.roll(pre, 1, axis=0)
    late[0] = False
    constants = ModelSettings().dynamics
    for o_i in COUNTS:
        post = _trains(o_i, POST, seed)
        later, own = (spsp_matrix(inputs, post, **constants).mean(axis=1) for inputs in (late, pre))
        found = mean_interval(later / own.mean() - own / own.mean())
        rows.append(
            dict(change="offset", quantity="ratio", o_i=o_i)
            | {name: 1 + value for name, value in found._asdict().items()}
        )
    ratio, spread = curve_ratio(load_surface(short), load_surface(long))
    for o_i in COUNTS:
        if o_i <= ratio.size:
            mean, width = ratio[o_i - 1], spread[o_i - 1]
            rows.append(
                dict(change="t_200", quantity="ratio", o_i=o_i, mean=mean, low=mean - width,
                     high=mean + width)
            )  # fmt: skip
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def _delay(trace) -> int:
    """Steps from the first input current to the first potential after a single spike of j."""
    model = ModelSettings()
    pre, post = np.zeros((2, model.n_steps + 1), dtype=bool)
    pre[model.n_steps // 2] = True
    _, current, membrane = trace(pre, post, **model.dynamics)
    return int(np.argmax(membrane > 0) - np.argmax(current > 0))


def _trains(count: int, side: int, seed: int) -> np.ndarray:
    """Random trains of the published simulation with `count` spikes, (T + 1, N_TRAINS) bool."""
    trains = [
        drawn_train(ModelSettings(), side, O_J, count, number, seed, on_slots=False)
        for number in range(N_TRAINS)
    ]
    return np.column_stack(trains)
