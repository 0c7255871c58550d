"""The study's two listings applied to one pair of neurons, for Fig. 5."""

from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.files import write_csv
from strsbp.reference.spsp import corrected_trace, published_trace
from strsbp.settings import ModelSettings
from strsbp.spsp.sampling import POST, PRE, drawn_train

O_I, O_J = 30, 12
"""The spike counts of the pair in the study's Fig. 5."""


def trace_spsp(*, seed: int, trace: str | Path) -> None:
    """Write both recursions on the same spike trains, drawn as in the corrected simulation.

    Columns: listing (1 or 2), step, spike_pre, spike_post (0 or 1), current, membrane (before any
    reset in the same step) and e_ij (of the whole pair).
    """
    model = ModelSettings()
    pre, post = (drawn_train(model, side, O_J, O_I, 0, seed, on_slots=True) for side in (PRE, POST))
    frames = []
    for listing, run in ((1, published_trace), (2, corrected_trace)):
        e, current, membrane = run(pre, post, **model.dynamics)
        columns = dict(
            listing=listing, step=np.arange(pre.size), spike_pre=pre.astype(int),
            spike_post=post.astype(int), current=current, membrane=membrane, e_ij=e,
        )  # fmt: skip
        frames.append(pd.DataFrame(columns))
    write_csv(pd.concat(frames), trace)
