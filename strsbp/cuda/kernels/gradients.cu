// The gradients `strsbp_normalised` and `hm2bp_published` in feed-forward layers, between the
// errors of a layer and its update. Both need sums over the inputs, so e_ij is stored; the rows of
// silent inputs are not written and contain values of earlier samples.

// Grid (inputs, replicas); block at least 32: e_ij of the inputs that spiked; `e_silent` if neuron
// i is silent. `counts` are those of the neurons i.
extern "C" __global__ void spsp_of_inputs(
    int n_steps, int n_inputs, int n_padded, float e_silent, const int* has_error,
    const u32* input_neuron_mask, const int* input_counts, int input_stride, const int* counts,
    const float* traces, float* input_spsp
) {
    SHARED_MEMORY(shared);
    int* list = (int*)shared;  // [SEGMENT_BITS]
    int* n_listed = list + SEGMENT_BITS;

    const size_t replica = blockIdx.y;
    const int j = blockIdx.x;
    if (!has_error[replica] || input_counts[replica * input_stride + j] == 0) return;
    const int n_words = words_for(n_steps);
    const u32* mask = input_neuron_mask + (replica * input_stride + j) * n_words;
    traces += replica * (n_steps + 1) * n_padded;
    input_spsp += (replica * n_inputs + j) * n_padded;
    for (int base = 0; base < n_padded; base += blockDim.x) {
        const int i = base + threadIdx.x;
        const bool own = i < n_padded;
        const float e =
            spsp_of_input(mask, n_words, n_padded, traces + i, own, base == 0, list, n_listed);
        if (own) input_spsp[i] = counts[replica * n_padded + i] > 0 ? e : e_silent;
    }
}

// Grid (1, replicas): scales s_i and the factors of e_ij so that the weight gradient has the same
// norm as with s_i = 1, and recomputes the factors of the error passed back. `squares` is a work
// array for sum_j e_ij^2.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) normalise(
    int n_inputs, int n_padded, const int* has_error, const int* input_counts, int input_stride,
    const float* input_spsp, const float* scaled_error, const float* lateral, float* squares,
    float* denominators, float* weight_error, float* back_error
) {
    SHARED_MEMORY(shared);
    float* ratio = (float*)shared;
    const size_t replica = blockIdx.y;
    if (!has_error[replica]) return;
    input_counts += replica * input_stride;
    input_spsp += replica * n_inputs * n_padded;
    const size_t first = replica * n_padded;
    for (int i = threadIdx.x; i < n_padded; i += blockDim.x) {
        float total = 0.0f;
#pragma unroll 8
        for (int j = 0; j < n_inputs; ++j) {
            const float e = input_spsp[(size_t)j * n_padded + i];
            total += input_counts[j] > 0 ? e * e : 0.0f;
        }
        squares[first + i] = total;
    }
    BARRIER(34);
    if (threadIdx.x == 0) {
        double length = 0.0, unscaled = 0.0;
#pragma unroll 8
        for (int i = 0; i < n_padded; ++i) {
            const size_t at = first + i;
            const double scaled = (double)weight_error[at];
            const double error = (double)(scaled_error[at] * lateral[at]);
            length += scaled * scaled * (double)squares[at];
            unscaled += error * error * (double)squares[at];
        }
        *ratio = unscaled > 0.0 ? (float)sqrt(length / unscaled) : 1.0f;
    }
    BARRIER(35);
    for (int i = threadIdx.x; i < n_padded; i += blockDim.x) {
        const size_t at = first + i;
        denominators[at] *= *ratio;
        weight_error[at] /= *ratio;
        back_error[at] = scaled_error[at] / denominators[at];
    }
}

// Grid (neurons / block, replicas): multiplies the factors of e_ij in the weight gradient by
// 1 + side_i, side_i = sum_j w_ij e_ij / (c_i threshold). For a silent neuron i, e_ij / c_i is
// replaced by 0.5, also for silent inputs (finding F11).
extern "C" __global__ void add_side_effect(
    int n_inputs, int n_padded, float threshold, const int* has_error, const int* input_counts,
    int input_stride, const int* counts, const float* input_spsp, const float* weights,
    const float* column_sums, float* weight_error
) {
    const size_t replica = blockIdx.y;
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n_padded || !has_error[replica]) return;
    const size_t at = replica * n_padded + i;
    input_counts += replica * input_stride;
    input_spsp += replica * n_inputs * n_padded + i;
    weights += replica * n_inputs * n_padded + i;
    float total = 0.0f;
#pragma unroll 8
    for (int j = 0; j < n_inputs; ++j) {
        const size_t place = (size_t)j * n_padded;
        const float product = weights[place] * input_spsp[place];
        total += input_counts[j] > 0 ? product : 0.0f;
    }
    total = counts[at] > 0 ? total / (float)counts[at] : 0.5f * column_sums[at];
    weight_error[at] *= 1.0f + total / threshold;
}
