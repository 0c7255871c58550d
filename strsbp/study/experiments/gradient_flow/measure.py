"""How much of an error at the last step reaches the membranes some steps back in time, by BPTT.

BPTT multiplies the gradient by one Jacobian per step, so that it may vanish or explode; ST-RSBP
has no steps to go back. So two things are measured: for BPTT, the norm of the gradient of the
output layer's last membrane potentials, weighted by the errors d_i, with respect to the membrane
potentials of each layer and step; and for both methods, the norm of the gradient of the training
loss with respect to the weights, for several T.

This module needs the extra `bptt` for BPTT; without it, only ST-RSBP is measured.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from strsbp.data import Digits
from strsbp.encoding import TRAIN_SPLIT
from strsbp.engine.network import Network
from strsbp.files import write_csv
from strsbp.study.experiments.bptt.settings import missing_library
from strsbp.study.experiments.gradient_check.measure import target_counts
from strsbp.study.experiments.gradient_check.settings import SurrogateSettings
from strsbp.study.experiments.gradient_flow.settings import GradientFlowSettings
from strsbp.study.experiments.gradients.measure import Probe
from strsbp.study.inputs import Networks

COLUMNS = ["state", "n_steps", "method", "layer", "quantity", "steps_back", "image", "norm"]
REACHING, WEIGHTS = "reaching", "weight_gradient"
"""What the norm is of: the gradient at an earlier step, or that of the weights."""
STEPS_BACK = (0, 1, 2, 5, 10, 20, 30, 40, 50, 75, 100, 150, 200, 250, 300, 350, 400)


def measure_gradient_flow(
    networks: Networks, settings: dict, seed: int, *, out: str | Path
) -> None:
    """Follow the gradients of an arm's network for every T of `settings`; write `out` (csv).

    `networks`: the arm, whose weights are used before and after training, then the arm for each T;
    `seed`: of the weights and the spike trains.
    Norms, by layer: `reaching`, that of the gradient at `steps_back` for each image, relative to
    that at the output layer's last step; and `weight_gradient`, that of the gradient averaged over
    the images.
    """
    settings, digits = GradientFlowSettings.model_validate(settings), networks.arm_digits
    samples = digits.first(min(settings.n_samples, len(digits.train_labels)), 1)
    models = list(zip(networks.arms.values(), networks.tables, strict=True))[1:]
    rows = []
    for state, network in networks.states(seed, settings.train_epochs):
        for model, table in models:
            probe = Probe(model, table, network)
            found = [*_strsbp_rows(probe, samples), *_bptt_rows(probe, samples, settings.surrogate)]
            rows += [dict(state=state, n_steps=model.n_steps) | row for row in found]
    write_csv(pd.DataFrame(rows, columns=COLUMNS), out)


def _strsbp_rows(probe: Probe, samples: Digits) -> Iterator[dict]:
    sums = dict.fromkeys((layer.name for layer in probe.network.layers), 0.0)
    images, labels = samples.train_images, samples.train_labels
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        for name, gradient in (probe.gradients(image, index, int(label)) or {}).items():
            sums[name] = sums[name] + gradient
    for name, total in sums.items():
        yield _row("strsbp", name, WEIGHTS, np.linalg.norm(total) / len(labels))


def _row(method, layer, quantity, norm, steps_back=np.nan, image=np.nan) -> dict:
    return dict(
        method=method, layer=layer, quantity=quantity, steps_back=steps_back, image=image,
        norm=float(norm),
    )  # fmt: skip


def _bptt_rows(probe: Probe, samples: Digits, settings: SurrogateSettings) -> Iterator[dict]:
    if missing_library():
        print("BPTT is left out: snnTorch, the extra `bptt` of strsbp, is not installed.")
        return
    norms, gradients = surrogate_flow(probe.network, samples, settings)
    start = norms[list(norms)[-1]][0]
    for layer, of_layer in norms.items():
        for back in STEPS_BACK:
            for image in np.flatnonzero(start) if back < len(of_layer) else ():
                norm = of_layer[back, image] / start[image]
                yield _row("bptt", layer, REACHING, norm, back, image)
        yield _row("bptt", layer, WEIGHTS, gradients[layer] / len(samples.train_labels))


def surrogate_flow(network: Network, samples: Digits, settings: SurrogateSettings):
    """Norms of BPTT's gradients for the training images of `samples`.

    Returns by layer the norms (T - 1, n_samples) of the gradient of sum_i d_i v_i(T - 1) with
    respect to the layer's membrane potentials, both relative to the threshold, by steps back from
    the last; and the norm of the training loss's gradient with respect to the layer's weights,
    summed over the images.
    """
    import torch

    from strsbp.study.experiments.gradient_check.surrogate import (
        counts_of,
        loss_of,
        surrogate_layers,
    )

    layers = surrogate_layers(network, settings)
    for layer in layers:
        layer.membranes = []
    spikes = []
    for index, image in enumerate(samples.train_images):
        network.encode(image, index, TRAIN_SPLIT)
        spikes.append(network.inputs.to_dense()[:, : network.n_inputs])
    trains = torch.from_numpy(np.stack(spikes, axis=1).astype(np.float32))
    wanted = target_counts(samples.train_labels, network.n_classes).astype(np.float32)
    error, loss = loss_of(counts_of(layers, trains), torch.from_numpy(wanted))
    last = layers[-1].membranes[-1]
    (last * error.detach()).sum().backward(retain_graph=True)
    norms = {
        one.layer.name: float(one.layer.threshold)
        * np.stack([_norms(step) for step in reversed(one.membranes)])
        for one in layers
    }
    sizes = {}
    for one in layers:
        found = torch.autograd.grad(loss, one.parameters, retain_graph=True)
        sizes[one.layer.name] = float(torch.cat([part.ravel() for part in found]).norm())
    return norms, sizes


def _norms(step) -> np.ndarray:
    """The norm of the gradient of each image, (n_samples,) float64; 0 if none reaches the step."""
    if step.grad is None:
        return np.zeros(len(step))
    return step.grad.double().norm(dim=1).numpy()
