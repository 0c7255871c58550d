"""784-400-R400-10 in snnTorch: second-order neurons and an all-to-all recurrent layer.

`Synaptic` and `RSynaptic` have a current and a membrane like our neurons. Threshold 1 and reset by
subtraction are the library's defaults. The surrogate is the fast sigmoid of slope 25 from its
tutorials; with the default surrogate the gradient grows without bound over 400 steps.
"""

import snntorch
import torch
from snntorch import surrogate

TAU_M, TAU_S = 64, 8
RECURRENT_STD = 0.003
"""Standard deviation of initial recurrent weights; larger ones make the gradient explode."""


class _Recurrent(torch.nn.Linear):
    """All-to-all product divided by tau_s, like the currents from the layer below."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        torch.nn.init.normal_(self.weight, std=RECURRENT_STD)

    def forward(self, spikes):
        return super().forward(spikes) / TAU_S


class Network(torch.nn.Module):
    """Spikes (T, batch, 784) to counts (batch, 10)."""

    def __init__(self):
        super().__init__()
        neuron = {
            "alpha": 1 - 1 / TAU_S,
            "beta": 1 - 1 / TAU_M,
            "spike_grad": surrogate.fast_sigmoid(slope=25),
        }
        self.weights = torch.nn.ModuleList(
            torch.nn.Linear(n, m, bias=False) for n, m in ((784, 400), (400, 400), (400, 10))
        )
        self.neurons = torch.nn.ModuleList(
            [
                snntorch.Synaptic(**neuron),
                snntorch.RSynaptic(**neuron, linear_features=400),
                snntorch.Synaptic(**neuron),
            ]
        )
        # The library's own recurrent product has a bias and is not divided by tau_s; it diverges.
        self.neurons[1].recurrent = _Recurrent(400, 400, bias=False)

    def forward(self, spikes):
        for weights, neurons in zip(self.weights, self.neurons, strict=True):
            # One product for a layer's input of all steps; one per step takes about as long.
            currents = weights(spikes) / TAU_S
            state = [torch.zeros_like(currents[0]) for _ in neurons.reset_mem()]
            steps = []
            for current in currents.unbind():
                output = neurons(current, *state)
                state = output if len(state) == 3 else output[1:]
                steps.append(output[0])
            spikes = torch.stack(steps)
        return spikes.sum(dim=0)
