// S-PSP, gradient, error passed back, regulariser and Adam in one pass over the weights
// (docs/algorithm.md, sections 5-7), and the sums over the new weights that the next sample needs.

#define BETA_1 ((float)0.9)
#define REST_1 ((float)(1 - 0.9))
#define BETA_2 ((float)0.999)
#define REST_2 ((float)(1 - 0.999))
#define EPSILON ((float)1e-8)
#define LANES 16

// One Adam step; returns the new weight. `step` and `root_scale` hold the bias corrections.
__device__ inline float adam(
    float weight, float gradient, float* first, float* second, float step, float root_scale
) {
    const float m = BETA_1 * *first + REST_1 * gradient;
    const float v = BETA_2 * *second + REST_2 * (gradient * gradient);
    *first = m;
    *second = v;
    return weight - step * m / (sqrtf(v) * root_scale + EPSILON);
}

// Grid (inputs, replicas); block a multiple of 16, at least 32: a block updates the weights of one
// input to all outputs and sums the error passed back to it, over sixteen lanes as in the CPU
// engine. With the flag `stored` e_ij is read from `input_spsp`, otherwise it is computed here.
// `counts` are those of the outputs, `rho_silent` is rho_ij if either neuron is silent.
extern "C" __global__ void update_weights(
    int n_steps, int n_inputs, int n_padded, int wants_back, const int* position,
    const float* steps, const float* root_scales, const int* has_error,
    const u32* input_neuron_mask, const int* input_counts, int input_stride, const float* traces,
    int stored, const float* input_spsp, const float* factors, const float* weight_error,
    const int* counts, float rho_silent, const float* back_error,
    float* weights, float* first_moments, float* second_moments, float* back
) {
    SHARED_MEMORY(shared);
    float* products = (float*)shared;      // [block]
    int* list = (int*)(products + blockDim.x);  // [SEGMENT_BITS]
    int* n_listed = list + SEGMENT_BITS;

    const size_t replica = blockIdx.y;
    const int j = blockIdx.x;
    const int n_words = words_for(n_steps);
    const float step = steps[position[0]], root_scale = root_scales[position[0]];
    const int count = input_counts[replica * input_stride + j];
    const bool error = has_error[replica] != 0;
    const bool has_spsp = error && count > 0;
    const bool passes_back = error && wants_back;
    const u32* mask = input_neuron_mask + (replica * input_stride + j) * n_words;
    const float share = 1.0f / (float)count;
    traces += replica * (n_steps + 1) * n_padded;

    float lane_sum = 0.0f;
    for (int base = 0; base < n_padded; base += blockDim.x) {
        const int i = base + threadIdx.x;
        const bool own = i < n_padded;
        const size_t at = replica * n_padded + i;
        const size_t place = (replica * n_inputs + j) * n_padded + i;
        float e = 0.0f;
        if (has_spsp && stored)
            e = own ? input_spsp[place] : 0.0f;
        else if (has_spsp)
            e = spsp_of_input(mask, n_words, n_padded, traces + i, own, base == 0, list, n_listed);
        float product = 0.0f;
        if (own) {
            const float w = weights[place];
            float gradient = factors[at] * w;
            if (passes_back) {
                const bool both_fired = has_spsp && counts[at] > 0;
                product = w * ((both_fired ? e * share : rho_silent) * back_error[at]);
            }
            if (has_spsp) gradient = e * weight_error[at] + gradient;
            weights[place] = adam(
                w, gradient, first_moments + place, second_moments + place, step, root_scale
            );
        }
        if (passes_back) {
            products[threadIdx.x] = product;
            BARRIER(31);
            if (threadIdx.x < LANES)
                for (int k = threadIdx.x; k < smaller(blockDim.x, n_padded - base); k += LANES)
                    lane_sum += products[k];
            BARRIER(32);
        }
    }
    if (passes_back) {
        if (threadIdx.x < LANES) products[threadIdx.x] = lane_sum;
        BARRIER(33);
        if (threadIdx.x == 0) {
            float total = 0.0f;
            for (int lane = 0; lane < LANES; ++lane) total += products[lane];
            back[replica * input_stride + j] = total;
        }
    }
}

// Grid (connections / block, replicas): update the recurrent weights.
extern "C" __global__ void update_connections(
    int n_padded, int n_connections, const int* position, const float* steps,
    const float* root_scales, const int* has_error, const int* rec_ptr, const int* rec_post,
    const float* spsp, const float* factors, const float* weight_error,
    float* rec_weights, float* rec_first_moments, float* rec_second_moments
) {
    const size_t replica = blockIdx.y;
    const int c = blockIdx.x * blockDim.x + threadIdx.x;
    if (c >= rec_ptr[replica * (n_padded + 1) + n_padded]) return;
    const size_t at = replica * n_connections + c;
    const size_t post = replica * n_padded + rec_post[at];
    const float w = rec_weights[at];
    float gradient = factors[post] * w;
    if (has_error[replica]) gradient = spsp[at] * weight_error[post] + gradient;
    rec_weights[at] = adam(
        w, gradient, rec_first_moments + at, rec_second_moments + at, steps[position[0]],
        root_scales[position[0]]
    );
}

// Grid (neurons / block, replicas): sum_j w_ij over the inputs, and the sum of squares over input
// and recurrent weights.
extern "C" __global__ void weight_sums(
    int n_inputs, int n_padded, int n_connections, int recurrent, const float* weights,
    const int* incoming_ptr, const int* incoming_connection, const float* rec_weights,
    float* column_sums, float* square_sums
) {
    const size_t replica = blockIdx.y;
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n_padded) return;
    weights += replica * n_inputs * n_padded + i;
    float column = 0.0f, square = 0.0f;
#pragma unroll 16
    for (int j = 0; j < n_inputs; ++j) {
        const float w = weights[(size_t)j * n_padded];
        column += w;
        square += w * w;
    }
    if (recurrent) {
        incoming_ptr += replica * (n_padded + 1);
        incoming_connection += replica * n_connections;
        rec_weights += replica * n_connections;
        for (int c = incoming_ptr[i]; c < incoming_ptr[i + 1]; ++c) {
            const float w = rec_weights[incoming_connection[c]];
            square += w * w;
        }
    }
    column_sums[replica * n_padded + i] = column;
    square_sums[replica * n_padded + i] = square;
}
