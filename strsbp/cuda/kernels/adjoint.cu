// The recurrent system Lmat^T y = b (docs/algorithm.md, section 7), solved as in the CPU engine.
//
// Connections are stored by pre-synaptic neuron l: row l of Lmat^T has s_l on the diagonal and
// values[c] at column post[c]. All arrays have a leading replica axis; n_connections is the largest
// number of connections of any replica, and rec_ptr gives the actual number of each.

#define TOLERANCE 1e-10
#define MAX_ITERATIONS 60

// Grid (connections / block, replicas): e_il on each connection, and the off-diagonal of Lmat.
extern "C" __global__ void spsp_of_connections(
    int n_steps, int n_padded, int n_connections, float threshold, const int* has_error,
    const u32* neuron_mask, const int* counts, const float* traces, const int* rec_ptr,
    const int* rec_pre, const int* rec_post, const float* rec_weights, float* spsp,
    float* off_diagonal
) {
    const size_t replica = blockIdx.y;
    const int c = blockIdx.x * blockDim.x + threadIdx.x;
    if (c >= rec_ptr[replica * (n_padded + 1) + n_padded] || !has_error[replica]) return;
    const size_t at = replica * n_connections + c;
    const int pre = rec_pre[at], post = rec_post[at];
    const int n_words = words_for(n_steps);
    const float e = spsp_of(
        neuron_mask + (replica * n_padded + pre) * n_words, n_words, n_padded,
        traces + replica * (n_steps + 1) * n_padded + post
    );
    const int count = counts[replica * n_padded + pre];
    float rho = RHO_SILENT;
    if (count > 0 && counts[replica * n_padded + post] > 0) rho = e / (float)count;
    spsp[at] = e;
    off_diagonal[at] = pre == post ? 0.0f : -rec_weights[at] * rho / threshold;
}

// Grid (1, replicas): substitution for a one-way reservoir (post <= pre). Neurons of one level
// depend only on those of earlier levels; `level_order` lists the neurons level by level.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) solve_triangular(
    int n_neurons, int n_padded, int n_connections, const int* has_error,
    const int* n_levels, const int* level_ptr, const int* level_order, const int* rec_ptr,
    const int* rec_post, const float* values, const float* s, const float* b, double* y
) {
    const size_t replica = blockIdx.y;
    if (!has_error[replica]) return;
    level_ptr += replica * (n_neurons + 1);
    level_order += replica * n_neurons;
    rec_ptr += replica * (n_padded + 1);
    rec_post += replica * n_connections;
    values += replica * n_connections;
    s += replica * n_padded;
    b += replica * n_padded;
    y += replica * n_padded;
    for (int level = 0; level < n_levels[replica]; ++level) {
        for (int k = level_ptr[level] + threadIdx.x; k < level_ptr[level + 1]; k += blockDim.x) {
            const int neuron = level_order[k];
            double total = (double)b[neuron];
            for (int c = rec_ptr[neuron]; c < rec_ptr[neuron + 1]; ++c)
                if (rec_post[c] != neuron) total -= (double)values[c] * y[rec_post[c]];
            y[neuron] = total / (double)s[neuron];
        }
        BARRIER(11);
    }
}

// One row of Lmat^T x.
__device__ inline double row_times(
    int neuron, const float* s, const int* rec_ptr, const int* rec_post, const float* values,
    const double* x
) {
    double total = (double)s[neuron] * x[neuron];
    for (int c = rec_ptr[neuron]; c < rec_ptr[neuron + 1]; ++c)
        total += (double)values[c] * x[rec_post[c]];
    return total;
}

// Dot product, summed in ascending order by one thread, so that the result is the same on every
// device. The loads do not depend on each other.
__device__ inline double dot(const double* x, const double* y, int n) {
    double total = 0.0;
#pragma unroll 8
    for (int i = 0; i < n; ++i) total += x[i] * y[i];
    return total;
}

// Grid (1, replicas); block at least 64: BiCGSTAB with the diagonal as preconditioner. `work` has
// (7, n_padded) doubles per replica. `failed` is set for replicas whose true residual is too large.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) solve_iterative(
    int n_neurons, int n_padded, int n_connections, const int* has_error,
    const int* rec_ptr, const int* rec_post, const float* values, const float* s, const float* b,
    double* y, double* work, int* failed
) {
    SHARED_MEMORY(shared);
    double* results = (double*)shared;  // [5]: norm, r.r, r0.v or t.t, t.r, r0.r
    const size_t replica = blockIdx.y;
    const int n = n_neurons;
    if (!has_error[replica]) {
        if (threadIdx.x == 0) failed[replica] = 0;
        return;
    }
    rec_ptr += replica * (n_padded + 1);
    rec_post += replica * n_connections;
    values += replica * n_connections;
    s += replica * n_padded;
    b += replica * n_padded;
    y += replica * n_padded;
    work += replica * 7 * n_padded;
    double* r = work;
    double* r0 = r + n_padded;
    double* p = r0 + n_padded;
    double* v = p + n_padded;
    double* t = v + n_padded;
    double* ph = t + n_padded;
    double* sh = ph + n_padded;
    const bool first = threadIdx.x == 0;
    const bool second = threadIdx.x == 32;  // in another warp, so both work at the same time
#define EACH_NEURON for (int i = threadIdx.x; i < n; i += blockDim.x)
#define TIMES(i, x) row_times(i, s, rec_ptr, rec_post, values, x)

    EACH_NEURON y[i] = (double)b[i] / (double)s[i];
    BARRIER(12);
    EACH_NEURON {
        r[i] = (double)b[i] - TIMES(i, y);
        r0[i] = r[i];
        p[i] = 0.0;
        v[i] = 0.0;
    }
    BARRIER(13);
    if (first) {
        double norm = 0.0;
        for (int i = 0; i < n; ++i) norm += (double)b[i] * (double)b[i];
        results[0] = norm;
    }
    if (second) {
        results[1] = dot(r, r, n);
        results[4] = dot(r0, r, n);
    }
    BARRIER(14);
    const double goal = (TOLERANCE * TOLERANCE) * results[0];
    double rho = 1.0, alpha = 1.0, omega = 1.0;
    bool converged = results[1] <= goal;
    for (int iteration = 0; !converged && iteration < MAX_ITERATIONS; ++iteration) {
        const double rho_new = results[4];
        const double beta = (rho_new / rho) * (alpha / omega);
        rho = rho_new;
        EACH_NEURON {
            p[i] = r[i] + beta * (p[i] - omega * v[i]);
            ph[i] = p[i] / (double)s[i];
        }
        BARRIER(15);
        EACH_NEURON v[i] = TIMES(i, ph);
        BARRIER(16);
        if (first) results[2] = dot(r0, v, n);
        BARRIER(17);
        alpha = rho / results[2];
        EACH_NEURON {
            r[i] -= alpha * v[i];
            sh[i] = r[i] / (double)s[i];
        }
        BARRIER(18);
        EACH_NEURON t[i] = TIMES(i, sh);
        BARRIER(19);
        if (first) results[2] = dot(t, t, n);
        if (second) results[3] = dot(t, r, n);
        BARRIER(20);
        omega = results[2] > 0.0 ? results[3] / results[2] : 0.0;
        EACH_NEURON {
            y[i] += alpha * ph[i] + omega * sh[i];
            r[i] -= omega * t[i];
        }
        BARRIER(21);
        if (first) results[1] = dot(r, r, n);
        if (second) results[4] = dot(r0, r, n);
        BARRIER(22);
        converged = results[1] <= goal;
        if (omega == 0.0 && !converged) break;
    }
    // The recursively updated residual can drift, so check the true residual.
    EACH_NEURON t[i] = TIMES(i, y);
    BARRIER(23);
    if (first) {
        double residual = 0.0;
        for (int i = 0; i < n; ++i) {
            const double difference = (double)b[i] - t[i];
            residual += difference * difference;
        }
        failed[replica] = !(residual <= 100.0 * goal);
    }
#undef EACH_NEURON
#undef TIMES
}

// Grid (1, 1); block a multiple of 32: Gaussian elimination with partial pivoting for the replicas
// whose iteration failed (usually none), one after the other in the same matrix. A singular system
// gives nan.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) solve_elimination(
    int n_replicas, int n_neurons, int n_padded, int n_connections, const int* failed,
    const int* rec_ptr, const int* rec_post, const float* values, const float* s, const float* b,
    double* y, double* a
) {
    SHARED_MEMORY(shared);
    int* pivot_row = (int*)shared;
    const int n = n_neurons, width = n_neurons + 1;
    for (int replica = 0; replica < n_replicas; ++replica, rec_ptr += n_padded + 1,
             rec_post += n_connections, values += n_connections, s += n_padded, b += n_padded,
             y += n_padded) {
        if (!failed[replica]) continue;
        BARRIER(24);
        for (int row = threadIdx.x; row < n; row += blockDim.x) {
            double* entries = a + (size_t)row * width;
            for (int column = 0; column < n; ++column) entries[column] = 0.0;
            entries[row] = (double)s[row];
            for (int c = rec_ptr[row]; c < rec_ptr[row + 1]; ++c)
                entries[rec_post[c]] += (double)values[c];
            entries[n] = (double)b[row];
        }
        bool singular = false;
        for (int k = 0; k < n && !singular; ++k) {
            BARRIER(25);
            if (threadIdx.x == 0) {
                int pivot = k;
                for (int row = k + 1; row < n; ++row)
                    if (fabs(a[(size_t)row * width + k]) > fabs(a[(size_t)pivot * width + k]))
                        pivot = row;
                *pivot_row = pivot;
            }
            BARRIER(26);
            const int pivot = *pivot_row;
            singular = a[(size_t)pivot * width + k] == 0.0;
            if (singular) break;
            BARRIER(27);
            double* upper = a + (size_t)k * width;
            if (pivot != k) {
                double* other = a + (size_t)pivot * width;
                for (int column = k + threadIdx.x; column < width; column += blockDim.x) {
                    const double kept = upper[column];
                    upper[column] = other[column];
                    other[column] = kept;
                }
            }
            BARRIER(28);
            // 32 threads per row. Column k, which gives the factor, is not overwritten.
            for (int row = k + 1 + threadIdx.x / 32; row < n; row += blockDim.x / 32) {
                double* lower = a + (size_t)row * width;
                const double factor = lower[k] / upper[k];
                if (factor != 0.0)
                    for (int column = k + 1 + threadIdx.x % 32; column < width; column += 32)
                        lower[column] -= factor * upper[column];
            }
        }
        if (threadIdx.x == 0) {
            for (int k = n - 1; k >= 0; --k) {
                double total = a[(size_t)k * width + n];
                for (int column = k + 1; column < n; ++column)
                    total -= a[(size_t)k * width + column] * y[column];
                y[k] = total / a[(size_t)k * width + k];
            }
            if (singular)
                for (int k = 0; k < n; ++k) y[k] = 0.0 / 0.0;
        }
    }
}
