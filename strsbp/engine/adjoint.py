"""The adjoint system of a recurrent layer, Lmat^T y = b (specification, section 7).

Lmat has s on its diagonal and -w_il rho_il / theta at the existing connections l -> i. The
connections are stored by pre-synaptic neuron l, so the connections of one neuron form a row of
Lmat^T. In the published reservoir all connections run from higher to lower index, so substitution
in ascending order solves the system exactly. A reservoir with cycles is solved by BiCGSTAB in
float64, with the residual checked, or by Gaussian elimination if that does not converge. LAPACK
is not used because results must be the same on every machine.
"""

import numpy as np

from strsbp.compiled import inlined, kernel
from strsbp.engine.subnormal import one_seen

TOLERANCE = 1e-10
"""The iteration stops when its residual, relative to ||b||, is at most this; the true residual
may be up to ten times larger."""
MAX_ITERATIONS = 60


@kernel
def off_diagonal(layer):
    """Fill `rec_values[1]` with Lmat_il for each connection l -> i; 0 for self-connections."""
    ptr, rec_ptr = layer.trains.neuron_ptr, layer.rec_ptr
    for neuron in range(rec_ptr.size - 1):
        count = ptr[neuron + 1] - ptr[neuron]
        for c in range(rec_ptr[neuron], rec_ptr[neuron + 1]):
            i = layer.rec_post[c]
            rho = np.float32(0.5)
            if count > 0 and ptr[i + 1] > ptr[i]:
                rho = layer.rec_values[0, c] / np.float32(count)
            w = np.float32(0.0) if i == neuron else one_seen(layer.rec_trained[0, c])
            layer.rec_values[1, c] = -w * rho / layer.threshold


@kernel
def solve_triangular(s, rec_ptr, rec_post, values, b, y):
    """Forward substitution; every connection l -> i must have i <= l."""
    for neuron in range(s.size):
        total = np.float64(b[neuron])
        for c in range(rec_ptr[neuron], rec_ptr[neuron + 1]):
            if rec_post[c] != neuron:
                total -= np.float64(values[c]) * y[rec_post[c]]
        y[neuron] = total / np.float64(s[neuron])


@inlined
def _apply(s, rec_ptr, rec_post, values, x, out):
    """out = Lmat^T x."""
    for neuron in range(s.size):
        total = np.float64(s[neuron]) * x[neuron]
        for c in range(rec_ptr[neuron], rec_ptr[neuron + 1]):
            total += np.float64(values[c]) * x[rec_post[c]]
        out[neuron] = total


@kernel
def _dot(x, y):
    total = 0.0
    for i in range(x.size):
        total += x[i] * y[i]
    return total


@kernel
def solve_bicgstab(s, rec_ptr, rec_post, values, b, y, work):
    """BiCGSTAB with the diagonal as preconditioner; returns whether it converged.

    `work` (7, n) float64 is a work array.
    """
    n = s.size
    r, r0, p, v, t, ph, sh = work[0], work[1], work[2], work[3], work[4], work[5], work[6]
    for i in range(n):
        y[i] = np.float64(b[i]) / np.float64(s[i])
    _apply(s, rec_ptr, rec_post, values, y, r)
    norm = 0.0
    for i in range(n):
        r[i] = np.float64(b[i]) - r[i]
        r0[i] = r[i]
        p[i] = 0.0
        v[i] = 0.0
        norm += np.float64(b[i]) ** 2
    goal = (TOLERANCE**2) * norm
    rho, alpha, omega = 1.0, 1.0, 1.0
    converged = _dot(r, r) <= goal
    iteration = 0
    while not converged and iteration < MAX_ITERATIONS:
        iteration += 1
        rho_new = _dot(r0, r)
        beta = (rho_new / rho) * (alpha / omega)
        rho = rho_new
        for i in range(n):
            p[i] = r[i] + beta * (p[i] - omega * v[i])
            ph[i] = p[i] / np.float64(s[i])
        _apply(s, rec_ptr, rec_post, values, ph, v)
        alpha = rho / _dot(r0, v)
        for i in range(n):
            r[i] -= alpha * v[i]
            sh[i] = r[i] / np.float64(s[i])
        _apply(s, rec_ptr, rec_post, values, sh, t)
        tt = _dot(t, t)
        omega = _dot(t, r) / tt if tt > 0 else 0.0
        for i in range(n):
            y[i] += alpha * ph[i] + omega * sh[i]
            r[i] -= omega * t[i]
        converged = _dot(r, r) <= goal
        if omega == 0.0 and not converged:
            break
    # The recursively updated residual can drift, so check the true residual.
    _apply(s, rec_ptr, rec_post, values, y, t)
    residual = 0.0
    for i in range(n):
        residual += (np.float64(b[i]) - t[i]) ** 2
    return residual <= 100 * goal


@kernel
def solve_dense(s, rec_ptr, rec_post, values, b, y):
    """Gaussian elimination with partial pivoting; a singular system gives nan."""
    n = s.size
    a = np.zeros((n, n + 1))
    for neuron in range(n):
        a[neuron, neuron] = s[neuron]
        for c in range(rec_ptr[neuron], rec_ptr[neuron + 1]):
            a[neuron, rec_post[c]] += values[c]
        a[neuron, n] = b[neuron]
    for k in range(n):
        pivot = k
        for row in range(k + 1, n):
            if abs(a[row, k]) > abs(a[pivot, k]):
                pivot = row
        if a[pivot, k] == 0.0:
            y[:] = np.nan
            return
        if pivot != k:
            for column in range(k, n + 1):
                a[k, column], a[pivot, column] = a[pivot, column], a[k, column]
        upper = a[k]
        for row in range(k + 1, n):
            factor = a[row, k] / a[k, k]
            if factor != 0.0:
                lower = a[row]
                for column in range(k + 1, n + 1):
                    lower[column] -= factor * upper[column]
    for k in range(n - 1, -1, -1):
        total = a[k, n]
        for column in range(k + 1, n):
            total -= a[k, column] * y[column]
        y[k] = total / a[k, k]


@kernel
def solve_adjoint(s, rec_ptr, rec_post, values, one_way, b, y, work):
    """Solve Lmat^T y = b for `y` (n,) float64; `one_way`: the reservoir is triangular."""
    if one_way:
        solve_triangular(s, rec_ptr, rec_post, values, b, y)
    elif not solve_bicgstab(s, rec_ptr, rec_post, values, b, y, work):
        solve_dense(s, rec_ptr, rec_post, values, b, y)
