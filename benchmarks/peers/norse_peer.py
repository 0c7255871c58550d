"""784-400-R400-10 in Norse: `LIFCell` and `LIFRecurrentCell` with the tanh surrogate.

The neurons have a current and a membrane with our time constants. The recurrent layer is
all-to-all without self-connections, the library's default. The time loop is written here, because
the library's layers for whole sequences index them step by step, and the gradient of that indexing
takes time proportional to T squared (several times slower at batch 64).
"""

import norse.torch as norse
import torch

TAU_M, TAU_S = 0.064, 0.008  # in seconds; the library's step is 1 ms
RECURRENT_STD = 0.003
"""Standard deviation of initial recurrent weights; larger ones make the gradient explode."""

PARAMETERS = norse.LIFParameters(
    tau_mem_inv=torch.as_tensor(1 / TAU_M),
    tau_syn_inv=torch.as_tensor(1 / TAU_S),
    # Norse's membrane is a leaky mean of the current; ours adds a / tau_s at each step. So Norse's
    # is tau_s / tau_m times ours, and so is its threshold.
    v_th=torch.as_tensor(TAU_S / TAU_M),
    # The default surrogate ignores alpha in version 1.1 and is too wide here: the gradient grows
    # without bound over 400 steps.
    method="tanh",
    alpha=torch.as_tensor(2 * TAU_M / TAU_S),
)


class Network(torch.nn.Module):
    """Spikes (T, batch, 784) to counts (batch, 10)."""

    def __init__(self):
        super().__init__()
        self.weights = torch.nn.Linear(784, 400, bias=False)
        self.step = norse.SequentialState(
            norse.LIFCell(PARAMETERS),
            norse.LIFRecurrentCell(400, 400, PARAMETERS),
            torch.nn.Linear(400, 10, bias=False),
            norse.LIFCell(PARAMETERS),
        )

        torch.nn.init.normal_(self.step[1].recurrent_weights, std=RECURRENT_STD)

    def forward(self, spikes):
        # One product for the input of all steps is slightly faster than one per step.
        counts, state = 0, None
        for current in self.weights(spikes).unbind():
            output, state = self.step(current, state)
            counts = counts + output
        return counts
