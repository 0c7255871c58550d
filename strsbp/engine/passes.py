"""Forward and backward passes of a sample through the layers, and many samples in one call.

These functions only call the kernels in order; see the kernels for what each computes. Most are
inlined, because numba compiles a called function again within each of its callers, at every level.
"""

import numpy as np

from strsbp.compiled import inlined, kernel
from strsbp.encoding import input_spikes
from strsbp.engine import adjoint, denominators, forward, loss, spsp, state, trains, update


@inlined
def forward_layer(layer, inputs):
    """Run the layer on the spikes `inputs` and store its own spikes in `layer.trains`."""
    if layer.output or layer.recurrent:
        forward.run_coupled(layer, inputs)
    else:
        forward.run_feedforward(layer, inputs)
    trains.transpose(*layer.trains)


@inlined
def repaired_offsets(layer, label):
    """Lateral factors of the output layer, and the repair of a silent label.

    Returns the spike offsets (hence counts) of the backward pass, after the repair.
    """
    offsets = layer.trains.neuron_ptr
    spsp.spsp_of_active(layer, layer.trains, np.arange(offsets.size - 1), layer.spsp_outputs)
    loss.lateral_factors(layer, label)
    if offsets[label + 1] == offsets[label]:
        loss.repair(layer, label)
        offsets = layer.repaired_ptr
    return offsets


@inlined
def layer_denominators(layer, inputs, active, derivative, offsets):
    """Fill the layer's s_i; returns the smallest |s_i|."""
    denominators.term_sums(layer, inputs, active, derivative.coefficients)
    if layer.recurrent:
        denominators.term_sums_recurrent(layer, derivative.coefficients)
    return denominators.denominators(layer, offsets, derivative)


@inlined
def solve(layer, right_hand_side):
    n = layer.n_neurons
    adjoint.solve_adjoint(
        layer.rows[state.DENOMINATORS, :n], layer.rec_ptr, layer.rec_post, layer.rec_values[1],
        layer.one_way, right_hand_side[:n], layer.system[0, :n], layer.system[1:, :n],
    )  # fmt: skip


@inlined
def back_errors(layer, offsets):
    """Store the factor of w_ij rho_ij in the error of the layer below.

    It is delta_i / s_i or, in a recurrent layer, y_i; with the published adjoint, delta_i.
    """
    error = layer.rows[state.SCALED_ERROR]
    if not layer.recurrent:
        loss.split_errors(layer, error / layer.rows[state.DENOMINATORS], offsets)
        return
    spsp.spsp_on_connections(layer)
    adjoint.off_diagonal(layer)
    if layer.published_adjoint:
        loss.split_errors(layer, error, offsets)
    else:
        solve(layer, error)
        loss.split_errors(layer, layer.system[0], offsets)


@inlined
def backward_layer(layer, inputs, derivative, has_error, step, root_scale, back, label):
    """Gradient, back-propagated error and update of one layer for one sample.

    Reads the row `ERROR`. `derivative`: de/do; `step`, `root_scale`: Adam's step size and
    square-root factor, bias-corrected; `back` (m,): receives the error of the layer below, or is
    empty. Returns the smallest |s_i|, infinite if none was computed.
    """
    rows = layer.rows
    smallest = np.float32(np.inf)
    update.regulariser_factors(layer)
    if has_error:
        offsets = layer.trains.neuron_ptr
        active = trains.find_active(inputs.neuron_ptr[: layer.n_inputs + 1], layer.active)
        if layer.output:
            offsets = repaired_offsets(layer, label)
        spsp.spsp_of_active(layer, inputs, active, layer.spsp)
        rows[state.SCALED_ERROR] = rows[state.ERROR] / layer.error_divisor
        if not layer.ablates_back:
            smallest = layer_denominators(layer, inputs, active, derivative, offsets)
        s = rows[state.ONES] if layer.ablates_weights else rows[state.DENOMINATORS]
        rows[state.WEIGHT_ERROR] = rows[state.SCALED_ERROR] / s * rows[state.LATERAL]
        if layer.normalised:
            loss.normalise(layer, active.size)
        if layer.as_hm2bp:
            loss.excite_silent(layer, offsets, active.size)
            loss.add_side_effect(layer, offsets, active)
        back_errors(layer, offsets)
    update.update_layer(layer, inputs, step, root_scale, has_error, back)
    if layer.recurrent:
        if has_error and back.size > 0 and layer.published_adjoint:
            # The published program applies R before it solves the system (finding F6).
            solve(layer, back)
            back[:] = layer.system[0, : layer.n_neurons]
        update.update_connections(layer, step, root_scale, has_error)
    return smallest


@kernel
def forward_layers(inputs, layers):
    """Run all layers, first to last."""
    below = inputs
    for k in range(len(layers)):
        layer = layers[k]
        forward_layer(layer, below)
        below = layer.trains


@inlined
def backward_layers(inputs, layers, derivative, has_error, step, root_scale, label, smallest):
    """Update all layers, last to first; `smallest` (n_layers,) receives their smallest |s_i|."""
    for k in range(len(layers) - 1, -1, -1):
        layer = layers[k]
        if k > 0:
            below = layers[k - 1].trains
            back = layers[k - 1].rows[state.ERROR][: layers[k - 1].n_neurons]
        else:
            below = inputs
            back = layer.rows[state.ERROR][:0]
        smallest[k] = backward_layer(
            layer, below, derivative, has_error, step, root_scale, back, label
        )


@kernel
def train_on_spikes(inputs, layers, derivative, label, boost, step, root_scale, smallest):
    """One forward pass and one update on the input spikes; returns (cost, predicted class)."""
    forward_layers(inputs, layers)
    cost, prediction, has_error = loss.output_error(layers[len(layers) - 1], label, boost)
    backward_layers(inputs, layers, derivative, has_error, step, root_scale, label, smallest)
    return cost, prediction


@kernel
def encode(image, index, key, inputs):
    """Set `inputs` to the spikes of `image`, number `index` of its split; see `input_spikes`."""
    n_steps = inputs.step_ptr.size - 1
    input_spikes(image, index, key, n_steps, inputs.neuron_ptr, inputs.neuron_times)
    trains.transpose(inputs.neuron_ptr, inputs.neuron_times, inputs.step_ptr, inputs.step_idx)


@kernel
def train_samples(
    images, order, labels, boosts, key, inputs, layers, derivative, steps, root_scales,
    costs, predictions, smallest,
):  # fmt: skip
    """Train on images[order[k]] for k = 0, 1, ..., one update each.

    `labels`, `boosts`, `steps` and `root_scales` (the last three float32) have one entry per k.
    Fills `costs` and `predictions` (n,), and `smallest` (n, n_layers).
    """
    for k in range(order.size):
        encode(images[order[k]], order[k], key, inputs)
        costs[k], predictions[k] = train_on_spikes(
            inputs, layers, derivative, labels[k], boosts[k], steps[k], root_scales[k],
            smallest[k],
        )  # fmt: skip


@kernel
def predict_samples(images, order, key, inputs, layers, predictions, n_spikes, n_silent):
    """Fill `predictions` (n,) with the class of images[order[k]]; the lowest class in a tie.

    Also fills `n_spikes` and `n_silent` (n, n_layers): spikes and silent neurons of each layer.
    """
    for k in range(order.size):
        encode(images[order[k]], order[k], key, inputs)
        forward_layers(inputs, layers)
        for position in range(len(layers)):
            layer = layers[position]
            ptr = layer.trains.neuron_ptr
            n_spikes[k, position] = ptr[layer.n_neurons]
            silent = 0
            best, best_count = 0, -1
            for i in range(layer.n_neurons):
                count = ptr[i + 1] - ptr[i]
                silent += count == 0
                if count > best_count:
                    best, best_count = i, count
            n_silent[k, position] = silent
            predictions[k] = best  # overwritten by each layer; the output layer comes last
