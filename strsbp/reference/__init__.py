"""The mathematics of ST-RSBP in plain float64 NumPy: slow, but easy to read.

There is one module per part of ``docs/algorithm.md``; faster implementations are tested against
it. All random draws use a ``numpy.random.Generator`` passed as an argument.
"""

from strsbp.reference.adam import adam_step, step_size
from strsbp.reference.backward import (
    feedforward_error,
    lateral_factor,
    normalised,
    recurrent_error,
    recurrent_system,
    regularisation,
    rho,
    side_effect,
    weight_gradient,
)
from strsbp.reference.boosting import class_error_rates, updated_boost
from strsbp.reference.denominator import (
    ablated,
    derivative,
    feedforward_sum,
    floored,
    recurrent_sum,
)
from strsbp.reference.lif import (
    LifTraces,
    lateral_inhibition,
    lif_forward,
    lif_traces,
    prediction,
    spike_counts,
)
from strsbp.reference.loss import (
    cost,
    count_errors,
    output_delta,
    repaired,
    repaired_train,
    targets,
)
from strsbp.reference.network import (
    LayerResult,
    ReferenceLayer,
    ReferenceNetwork,
    SampleResult,
)
from strsbp.reference.reservoir import (
    connection_probability,
    draw_cell_types,
    draw_connections,
    grid_coordinates,
)
from strsbp.reference.spsp import spsp_matrix, spsp_matrix_from_traces, unreset_traces

__all__ = [
    "LayerResult",
    "LifTraces",
    "ReferenceLayer",
    "ReferenceNetwork",
    "SampleResult",
    "ablated",
    "adam_step",
    "class_error_rates",
    "connection_probability",
    "cost",
    "count_errors",
    "derivative",
    "draw_cell_types",
    "draw_connections",
    "feedforward_error",
    "feedforward_sum",
    "floored",
    "grid_coordinates",
    "lateral_factor",
    "lateral_inhibition",
    "lif_forward",
    "lif_traces",
    "normalised",
    "output_delta",
    "prediction",
    "recurrent_error",
    "recurrent_sum",
    "recurrent_system",
    "regularisation",
    "repaired",
    "repaired_train",
    "rho",
    "side_effect",
    "spike_counts",
    "spsp_matrix",
    "spsp_matrix_from_traces",
    "step_size",
    "targets",
    "unreset_traces",
    "updated_boost",
    "weight_gradient",
]
