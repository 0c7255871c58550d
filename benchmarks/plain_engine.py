"""A plain numba version of the same mathematics, with which the engine is compared.

One function per stage, dense T x n arrays, output-major weights, forward traces U of which each
output spike reads two rows (specification, section 5), and a pass over the weights at the end. This
is the straightforward implementation, compiled. Published reservoir and adjoint only.
"""

import math

import numpy as np
from numba import njit

from strsbp.engine.network import Network
from strsbp.reference.backward import lateral_factor
from strsbp.reference.denominator import floored
from strsbp.reference.loss import count_errors, repaired

_F = np.float32


@njit(cache=True, error_model="numpy")
def lif(inputs, weights, recurrent, lateral, tau_m, tau_s, threshold, refractory_steps):
    n_steps, m = inputs.shape
    n = weights.shape[0]
    spikes = np.zeros((n_steps, n), dtype=np.bool_)
    current, membrane = np.zeros(n, dtype=_F), np.zeros(n, dtype=_F)
    left = np.zeros(n, dtype=np.int64)
    columns = weights.T.copy()
    has_recurrent = recurrent.size > 0
    for t in range(1, n_steps):
        current *= _F(1 - 1 / tau_s)
        for j in range(m):
            if inputs[t - 1, j]:
                for i in range(n):
                    current[i] += columns[j, i]
        for k in range(n):
            if spikes[t - 1, k]:
                if has_recurrent:
                    for i in range(n):
                        current[i] += recurrent[i, k]
                elif lateral:
                    for i in range(n):
                        if i != k:
                            current[i] -= _F(1)
        for i in range(n):
            v = membrane[i] * _F(1 - 1 / tau_m) + current[i] / _F(tau_s)
            if left[i] > 0:
                v = _F(0)
                left[i] -= 1
            if v > threshold:
                spikes[t, i] = True
                left[i] = refractory_steps
                v = _F(0)
            membrane[i] = v
    return spikes


@njit(cache=True, error_model="numpy")
def spsp(pre, post, tau_m, tau_s, refractory_steps):
    n_steps, m = pre.shape
    n = post.shape[1]
    traces = np.zeros((n_steps, m), dtype=_F)
    p, q = np.zeros(m, dtype=_F), np.zeros(m, dtype=_F)
    for t in range(1, n_steps):
        for j in range(m):
            p[j] = p[j] * _F(1 - 1 / tau_s) + _F(pre[t - 1, j])
            q[j] = q[j] * _F(1 - 1 / tau_m) + p[j] / _F(tau_s)
            traces[t, j] = q[j]
    e = np.zeros((n, m), dtype=_F)
    for i in range(n):
        last = -1
        for t in range(n_steps):
            if post[t, i]:
                factor, start = _F(0), 0
                if last >= 0:
                    start = last + refractory_steps
                    factor = _F((1 - 1 / tau_m) ** (t - start))
                for j in range(m):
                    e[i, j] += traces[t, j] - factor * traces[start, j]
                last = t
    return e


@njit(cache=True, error_model="numpy")
def denominator_sum(weights, c_in, c_out, coefficients, threshold, recurrent):
    n, m = weights.shape
    n_rows = coefficients.shape[0]
    result = np.zeros(n, dtype=_F)
    for i in range(n):
        c = min(max(c_out[i], 1), n_rows) if recurrent else c_out[i]
        if c > 0:
            x = _F(c)
            for j in range(m):
                row = coefficients[min(max(c_in[j], 1), n_rows) - 1]
                slope = ((row[0] * x + row[1]) * x + row[2]) * x + row[3]
                result[i] += weights[i, j] * slope / threshold
    return result


@njit(cache=True, error_model="numpy")
def ratios(e, c_in, c_out):
    rho = np.empty_like(e)
    for i in range(e.shape[0]):
        for j in range(e.shape[1]):
            silent = c_out[i] == 0 or c_in[j] == 0
            rho[i, j] = _F(0.5) if silent else e[i, j] / _F(c_in[j])
    return rho


@njit(cache=True, error_model="numpy")
def substitution(s, recurrent, rho, threshold, b):
    y = np.zeros(s.size, dtype=_F)
    for k in range(s.size):
        total = b[k]
        for i in range(k):
            if recurrent[i, k] != 0:
                total += recurrent[i, k] * rho[i, k] / threshold * y[i]
        y[k] = total / s[k]
    return y


@njit(cache=True, error_model="numpy")
def adam(weights, mask, gradient, first, second, factors, rate, step):
    c1, c2 = 1 - 0.9**step, 1 - 0.999**step
    for i in range(weights.shape[0]):
        for j in range(weights.shape[1]):
            if mask[i, j]:
                g = gradient[i, j] + factors[i] * weights[i, j]
                first[i, j] = _F(0.9) * first[i, j] + _F(0.1) * g
                second[i, j] = _F(0.999) * second[i, j] + _F(0.001) * g * g
                root = math.sqrt(second[i, j] / c2)
                weights[i, j] -= _F(rate * (first[i, j] / c1) / (root + 1e-8))


class PlainNetwork:
    """A network with the weights of `network`, which must use the published options."""

    def __init__(self, network: Network):
        self.model, self.coefficients = network.model, network.derivative.coefficients
        self.n_updates = 0
        self.layers = []
        for layer in network.layers:
            n = layer.n_neurons
            recurrent = np.zeros((n, n) if layer.recurrent else (0, 0), dtype=_F)
            if layer.recurrent:
                recurrent[layer.rec_post, layer.rec_pre] = layer.rec_weights
            weights = layer.weights[:, :n].T.copy()
            self.layers.append(
                dict(
                    kind="output" if layer.output else "rec" if layer.recurrent else "ff",
                    theta=layer.threshold, weights=weights, recurrent=recurrent,
                    moments=[np.zeros_like(weights) for _ in range(2)],
                    rec_moments=[np.zeros_like(recurrent) for _ in range(2)],
                    mask=np.ones(weights.shape, dtype=np.bool_), rec_mask=recurrent != 0,
                )
            )  # fmt: skip

    def forward(self, inputs):
        model, spikes = self.model, [inputs]
        for layer in self.layers:
            spikes.append(
                lif(
                    spikes[-1], layer["weights"], layer["recurrent"], layer["kind"] == "output",
                    model.tau_m, model.tau_s, _F(layer["theta"] - 1e-6), model.refractory_steps,
                )
            )  # fmt: skip
        return spikes

    def train_sample(self, inputs, label, boost=1.0, epoch=0):
        model = self.model
        dynamics = (model.tau_m, model.tau_s, model.refractory_steps)
        spikes = self.forward(inputs)
        counts = [s.sum(axis=0) for s in spikes]
        error = (boost * count_errors(counts[-1], label)).astype(_F)
        rho = ratios(spsp(spikes[-1], spikes[-1], *dynamics), counts[-1], counts[-1])
        lateral = lateral_factor(rho, counts[-1], label, self.layers[-1]["theta"]).astype(_F)
        spikes[-1] = repaired(spikes[-1], label)
        counts[-1] = spikes[-1].sum(axis=0)
        self.n_updates += 1
        for k in range(len(self.layers) - 1, -1, -1):
            error = self._layer(
                self.layers[k], spikes[k], spikes[k + 1], counts[k], counts[k + 1], error,
                lateral if k == len(self.layers) - 1 else _F(1), dynamics,
                model.learning_rate / math.sqrt(epoch + 1),
            )  # fmt: skip
        return counts[-1]

    def _layer(self, layer, pre, post, c_in, c_out, error, lateral, dynamics, rate):
        weights, recurrent, theta = layer["weights"], layer["recurrent"], layer["theta"]
        is_recurrent = layer["kind"] == "rec"
        delta = error / theta
        e = spsp(pre, post, *dynamics)
        rho = ratios(e, c_in, c_out)
        total = denominator_sum(weights, c_in, c_out, self.coefficients, theta, is_recurrent)
        if is_recurrent:
            total += denominator_sum(recurrent, c_out, c_out, self.coefficients, theta, True)
        s = (1 - total).astype(_F)
        squares = ((weights / 8) ** 2).sum(axis=1)
        terms = weights.shape[1] + 1
        if is_recurrent:
            s = floored(s).astype(_F)
            e_rec = spsp(post, post, *dynamics)
            below = (delta @ (weights * rho)).astype(_F)
            below = substitution(s, recurrent, ratios(e_rec, c_out, c_out), theta, below)
            squares += ((recurrent / 8) ** 2).sum(axis=1)
            terms += np.count_nonzero(layer["rec_mask"])
        else:
            below = ((delta / s) @ (weights * rho)).astype(_F)
        factors = (10 * 0.04 / 8 * np.exp(0.04 * (squares / terms - 1))).astype(_F)
        gradient = (lateral * delta / s)[:, None] * e
        adam(weights, layer["mask"], gradient, *layer["moments"], factors, rate, self.n_updates)
        if is_recurrent:
            adam(
                recurrent, layer["rec_mask"], (delta / s)[:, None] * e_rec,
                *layer["rec_moments"], factors, rate, self.n_updates,
            )  # fmt: skip
        return below
