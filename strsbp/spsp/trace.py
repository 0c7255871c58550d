"""The study's two listings applied to one pair of neurons, for Fig. 5."""

from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import write_csv
from strsbp.settings import ModelSettings
from strsbp.spsp.reference import corrected_trace, published_trace
from strsbp.spsp.sampling import POST, PRE, draw_on_slots

O_I, O_J = 30, 12
"""The spike counts of the pair in the study's Fig. 5."""


def trace_pair(*, seed: int) -> pd.DataFrame:
    """Both recursions on the same spike trains, drawn as in the corrected simulation.

    Returns a frame with columns listing (1 or 2), step, spike_pre, spike_post (0 or 1), current,
    membrane (before any reset in the same step) and e_ij (of the whole pair).
    """
    model, o_j, o_i = ModelSettings(), O_J, O_I
    spacing = max(model.refractory_steps, 1)
    slots = np.zeros(model.n_steps // spacing, dtype=np.int64)
    trains = []
    for side, count in ((PRE, o_j), (POST, o_i)):
        times = np.zeros(count, dtype=np.int64)
        buffer = np.zeros(4, dtype=np.uint32)
        draw_on_slots(count, spacing, seed, side, o_j, o_i, 0, buffer, slots, times)
        train = np.zeros(model.n_steps + 1, dtype=bool)
        train[times] = True
        trains.append(train)
    constants = model.model_dump(include={"tau_m", "tau_s", "refractory_steps"})
    frames = []
    for listing, run in ((1, published_trace), (2, corrected_trace)):
        e, current, membrane = run(*trains, **constants)
        columns = dict(
            listing=listing, step=np.arange(model.n_steps + 1), spike_pre=trains[0].astype(int),
            spike_post=trains[1].astype(int), current=current, membrane=membrane, e_ij=e,
        )  # fmt: skip
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def trace_spsp(*, seed: int, trace: str | Path) -> None:
    """Write `trace_pair` as CSV."""
    write_csv(trace_pair(seed=seed), trace)
