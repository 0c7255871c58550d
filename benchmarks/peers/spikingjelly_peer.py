"""784-400-R400-10 in SpikingJelly: single-step layers and an all-to-all recurrent layer.

`CUBALIFNode` has a current and a membrane like our neurons, with threshold 1 and the arctangent
surrogate of the library's MNIST example; the recurrent layer is `LinearRecurrentContainer`. The
time loop is written here, as in that example, because multi-step mode indexes the sequence step by
step, and the gradient of that indexing takes time proportional to T squared (several times slower
at batch 64). The library's fused kernels are for GPUs.
"""

import torch
from spikingjelly.activation_based import functional, layer, neuron, surrogate

TAU_M, TAU_S = 64, 8
RECURRENT_STD = 0.003
"""Standard deviation of initial recurrent weights; larger ones make the gradient explode."""


class _Neurons(torch.nn.Module):
    """Neurons whose input current is divided by tau_s, as in ours."""

    def __init__(self):
        super().__init__()
        self.nodes = neuron.CUBALIFNode(
            c_decay=1 - 1 / TAU_S,
            v_decay=1 - 1 / TAU_M,
            v_threshold=1.0,
            surrogate_function=surrogate.ATan(),
        )

    def forward(self, current):
        return self.nodes(current / TAU_S)


class Network(torch.nn.Module):
    """Spikes (T, batch, 784) to counts (batch, 10)."""

    def __init__(self):
        super().__init__()
        self.weights = layer.Linear(784, 400, bias=False)
        self.step = torch.nn.Sequential(
            _Neurons(),
            # A single product of the layer's input and its last output: 400 x 800 weights.
            layer.LinearRecurrentContainer(_Neurons(), 400, 400, bias=False),
            layer.Linear(400, 10, bias=False),
            _Neurons(),
        )

        # The usual range for 400 inputs; the library's default would assume 800.
        torch.nn.init.kaiming_uniform_(self.step[1].rc.weight[:, :400], a=5**0.5)
        torch.nn.init.normal_(self.step[1].rc.weight[:, 400:], std=RECURRENT_STD)

    def forward(self, spikes):
        functional.reset_net(self)
        # One product for the input of all steps is slightly faster than one per step.
        counts = 0
        for current in self.weights(spikes).unbind():
            counts = counts + self.step(current)
        return counts
