// Loss, traces, denominators and the errors that enter a layer (docs/algorithm.md, sections 4-7).

#define TARGET_COUNT_LABEL 35
#define TARGET_COUNT_OTHER 5
#define MARGIN 5
#define RHO_SILENT 0.5f  // rho_ij if either neuron is silent, except in `hm2bp_published`
#define REGULARISER_BETA 0.04
#define REGULARISER_SCALE 8.0
#define SMALLEST_RECURRENT 1e-4f

// Column i of the traces mu (section 5), from the spikes of neuron i; `column` points to its row 0.
__device__ inline void trace_column(
    const u32* mask, int n_steps, int n_padded, int refractory_steps, float decay_s, float decay_m,
    float gain, float* column
) {
    float window = 0.0f, above = 0.0f;
    column[(size_t)n_steps * n_padded] = 0.0f;
    column[0] = 0.0f;
    for (int t = n_steps - 1; t >= 1; --t) {
        window *= decay_m;
        const int earlier = t - refractory_steps;
        if (refractory_steps > 0 && earlier >= 0 &&
            ((mask[earlier / WORD_BITS] >> (earlier % WORD_BITS)) & 1u))
            window = 0.0f;  // the membrane is held at 0
        if ((mask[t / WORD_BITS] >> (t % WORD_BITS)) & 1u) window = 1.0f;
        above = above * decay_s + window * gain;
        column[(size_t)t * n_padded] = above;
    }
}

// e_ij: sum of the traces of i one step after each spike of j, in ascending order.
__device__ inline float spsp_of(
    const u32* pre_mask, int n_words, int n_padded, const float* column
) {
    float e = 0.0f;
    for (int w = 0; w < n_words; ++w)
        for (u32 word = pre_mask[w]; word != 0; word &= word - 1)
            e += column[(size_t)(w * WORD_BITS + __ffs(word)) * n_padded];  // step + 1
    return e;
}

// e_ij of one input j and each thread's neuron i, computed by all threads of a block together. If
// `lists` is false, the list from the previous call is reused, unless it has several segments.
__device__ inline float spsp_of_input(
    const u32* mask, int n_words, int n_padded, const float* column, bool own, bool lists,
    int* list, int* n_listed
) {
    float e = 0.0f;
    for (int word = 0; word < n_words; word += SEGMENT_WORDS) {
        if (lists || n_words > SEGMENT_WORDS) {
            BARRIER(29);
            if (threadIdx.x < SEGMENT_WORDS)  // a spike uses the trace one step later
                list_bits(
                    mask + word, smaller(n_words - word, SEGMENT_WORDS), word * WORD_BITS + 1,
                    list, n_listed
                );
            BARRIER(30);
        }
        if (own) e = add_listed(e, column, n_padded, list, *n_listed);
    }
    return e;
}

// Grid (neurons / block, replicas): traces of a hidden layer.
extern "C" __global__ void traces_of_layer(
    int n_steps, int n_padded, int refractory_steps, float decay_s, float decay_m, float gain,
    const int* has_error, const u32* neuron_mask, float* traces
) {
    const size_t replica = blockIdx.y;
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n_padded || !has_error[replica]) return;
    trace_column(
        neuron_mask + (replica * n_padded + i) * words_for(n_steps), n_steps, n_padded,
        refractory_steps, decay_s, decay_m, gain,
        traces + replica * (n_steps + 1) * n_padded + i
    );
}

// Grid (1, replicas): errors of the output counts, prediction and cost; then, if any error is not
// 0, traces, lateral factors and the repair of a silent label, in place. If the spikes of the
// regular train are closer than the refractory period allows, only the first contributes to the
// traces, but the count includes all of them. With the flag `repaired_cost` the cost uses that
// count, too.
extern "C" __global__ void output_error(
    int n_steps, int n_classes, int n_padded, int refractory_steps, float decay_s, float decay_m,
    float gain, float threshold, float rho_silent, int repaired_cost, int n_samples,
    const int* position, const int* order, const u8* labels, const float* boost,
    int* counts, u32* neuron_mask, int* predictions, double* costs, int* has_error, float* error,
    float* lateral, float* spsp, float* traces
) {
    SHARED_MEMORY(shared);
    int* any_error = (int*)shared;
    const size_t replica = blockIdx.y;
    const int n_words = words_for(n_steps);
    const int sample = order[replica * n_samples + position[0]];
    const size_t at = replica * n_samples + sample;
    const int label = labels[sample];
    const int gap = n_steps / TARGET_COUNT_LABEL;
    const int n_regular = (n_steps - 1) / gap;
    counts += replica * n_padded;
    neuron_mask += replica * n_padded * n_words;
    traces += replica * (n_steps + 1) * n_padded;
    spsp += replica * n_classes * n_classes;
    error += replica * n_padded;
    lateral += replica * n_padded;

    if (threadIdx.x == 0) {
        double cost = 0.0;
        int best = 0, any = 0;
        for (int i = 0; i < n_classes; ++i) {
            if (counts[i] > counts[best]) best = i;
            const int target = i == label ? TARGET_COUNT_LABEL : TARGET_COUNT_OTHER;
            int d = counts[i] - target;
            const bool beyond = abs(d) > MARGIN;
            if (beyond) any = 1;
            error[i] = beyond ? boost[at] * (float)d : 0.0f;
            if (repaired_cost && i == label && counts[i] == 0) d = n_regular - target;
            if (abs(d) > MARGIN) cost += (double)d * (double)d;
        }
        predictions[at] = best;
        costs[at] = cost;
        has_error[replica] = any;
        *any_error = any;
    }
    BARRIER(6);
    if (!*any_error) return;

    for (int i = threadIdx.x; i < n_padded; i += blockDim.x)
        trace_column(
            neuron_mask + (size_t)i * n_words, n_steps, n_padded, refractory_steps, decay_s,
            decay_m, gain, traces + i
        );
    BARRIER(7);
    for (int pair = threadIdx.x; pair < n_classes * n_classes; pair += blockDim.x) {
        const int pre = pair / n_classes, post = pair % n_classes;
        spsp[pair] =
            spsp_of(neuron_mask + (size_t)pre * n_words, n_words, n_padded, traces + post);
    }
    BARRIER(8);

    const float inverse = 1.0f / threshold;
    for (int i = threadIdx.x; i < n_padded; i += blockDim.x) {
        float factor = 1.0f;
        if (i < n_classes && (counts[i] > 0 || i == label)) {
            float total = 0.0f;
            for (int other = 0; other < n_classes; ++other) {
                if (other == i || (counts[other] == 0 && other != label)) continue;
                float rho_il = rho_silent, rho_li = rho_silent;
                if (counts[i] > 0 && counts[other] > 0) {
                    rho_il = spsp[other * n_classes + i] / (float)counts[other];
                    rho_li = spsp[i * n_classes + other] / (float)counts[i];
                }
                total += rho_il * inverse * rho_li * inverse;
            }
            factor = 1.0f / (1.0f - total);
        }
        lateral[i] = factor;
    }
    BARRIER(36);
    if (threadIdx.x > 0 || counts[label] > 0) return;
    u32* mask = neuron_mask + (size_t)label * n_words;
    const int n_effective = gap > refractory_steps ? n_regular : 1;
    for (int k = 1; k <= n_effective; ++k)
        mask[gap * k / WORD_BITS] |= 1u << (gap * k % WORD_BITS);
    counts[label] = n_regular;
    trace_column(
        mask, n_steps, n_padded, refractory_steps, decay_s, decay_m, gain, traces + label
    );
}

// Grid (neurons / block, replicas); block a multiple of 32. The regulariser's factors and, if there
// is an error, the denominators s_i and all factors of S-PSPs in the update. `recurrent`,
// `ablates_weights` and `ablates_back` (which implies the former) are flags. `back_error`: the
// factors of w_ij rho_ij in the error passed back; those of a recurrent layer are delta_i, unless
// `take_solution` replaces them. The derivative de/do is a sum
// of N_TERMS products of `coefficients` [input count - 1][term] and `basis` [term][output count <
// n_counts], or with CUBIC the powers of the output count. `smallest` is the running minimum of
// |s_i|, as the bits of a float; `broken` says whether any s_i was nan.
extern "C" __global__ void layer_errors(
    int n_inputs, int n_neurons, int n_padded, int n_connections, int n_rows, int recurrent,
    int ablates_weights, int ablates_back, float threshold, float error_divisor,
    double regularisation,
    const int* n_terms, const int* has_error, const int* input_counts, int input_stride,
    const float* coefficients, int n_counts, const float* basis,
    const float* weights, const float* column_sums, const float* square_sums,
    const int* incoming_ptr, const int* incoming_pre, const int* incoming_connection,
    const float* rec_weights, const int* counts, const float* error, const float* lateral,
    float* factors, float* scaled_error, float* denominators, float* weight_error,
    float* back_error, int* smallest, int* broken
) {
    SHARED_MEMORY(shared);
    u32* active = (u32*)shared;              // [SEGMENT_WORDS]
    int* list = (int*)(active + SEGMENT_WORDS);  // [SEGMENT_BITS]
    int* n_listed = list + SEGMENT_BITS;

    const size_t replica = blockIdx.y;
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    const bool own = i < n_padded;
    const size_t at = replica * n_padded + i;
    if (own) {
        const double q = (double)square_sums[at] / (REGULARISER_SCALE * REGULARISER_SCALE) /
                         (double)n_terms[replica];
        const double scale = regularisation * REGULARISER_BETA / REGULARISER_SCALE;
        factors[at] = (float)(scale * exp(REGULARISER_BETA * (q - 1.0)));
    }
    if (!has_error[replica]) return;

    const float scaled = own ? error[at] / error_divisor : 0.0f;
    float s = 1.0f;
    if (!ablates_back) {
        input_counts += replica * input_stride;
        weights += replica * n_inputs * n_padded;
        float sums[N_TERMS];
        const float column_sum = own ? column_sums[at] : 0.0f;
#pragma unroll
        for (int k = 0; k < N_TERMS; ++k) sums[k] = coefficients[k] * column_sum;
        // Counts 0 and 1 use the first row, already included above.
        for (int base = 0; base < n_inputs; base += SEGMENT_BITS) {
            const int n_bits = smaller(n_inputs - base, SEGMENT_BITS);
            for (int w = threadIdx.x; w < words_for(n_bits); w += blockDim.x) {
                u32 bits = 0;
                for (int b = 0; b < WORD_BITS && w * WORD_BITS + b < n_bits; ++b)
                    bits |= (u32)(input_counts[base + w * WORD_BITS + b] > 1) << b;
                active[w] = bits;
            }
            BARRIER(9);
            if (threadIdx.x < SEGMENT_WORDS)
                list_bits(active, words_for(n_bits), base, list, n_listed);
            BARRIER(10);
            if (own) {
#pragma unroll 4
                for (int k = 0; k < *n_listed; ++k) {
                    const int j = list[k];
                    const float w = weights[(size_t)j * n_padded + i];
                    const float* row = coefficients + N_TERMS * table_row(input_counts[j], n_rows);
#pragma unroll
                    for (int term = 0; term < N_TERMS; ++term)
                        sums[term] += (row[term] - coefficients[term]) * w;
                }
            }
        }
        if (own && recurrent) {
            incoming_ptr += replica * (n_padded + 1);
            for (int c = incoming_ptr[i]; c < incoming_ptr[i + 1]; ++c) {
                const size_t place = replica * n_connections + c;
                const int pre = incoming_pre[place];
                const float w = rec_weights[replica * n_connections + incoming_connection[place]];
                const float* row =
                    coefficients + N_TERMS * table_row(counts[replica * n_padded + pre], n_rows);
#pragma unroll
                for (int k = 0; k < N_TERMS; ++k) sums[k] += row[k] * w;
            }
        }
        if (own && i < n_neurons) {
            int count = counts[at];
            if (recurrent) count = table_row(count, n_rows) + 1;
            float d = 0.0f;
            if (count > 0) {
#ifdef CUBIC
                const float c = (float)count;
                d = (((sums[0] * c + sums[1]) * c + sums[2]) * c + sums[3]) / threshold;
#else
#pragma unroll
                for (int k = 0; k < N_TERMS; ++k) d += sums[k] * basis[k * n_counts + count];
                d /= threshold;
#endif
            }
            s = 1.0f - d;
            if (recurrent && fabsf(s) < SMALLEST_RECURRENT)
                s = s >= 0.0f ? SMALLEST_RECURRENT : -SMALLEST_RECURRENT;
            if (s != s)
                atomicOr((u32*)broken + replica, 1u);
            else  // the bits of non-negative floats have the same order as the floats
                atomicMin(smallest + replica, __float_as_int(fabsf(s)));
        }
    }
    if (!own) return;
    scaled_error[at] = scaled;
    denominators[at] = s;
    weight_error[at] = (ablates_weights ? scaled : scaled / s) * lateral[at];
    back_error[at] = recurrent ? scaled : scaled / s;
}

// Grid (neurons / block, replicas): round the solution of a recurrent system. `target` is
// `back_error`, or the error of the layer below (finding F6).
extern "C" __global__ void take_solution(
    int n_neurons, int n_padded, const int* has_error, const double* solution, float* target
) {
    const size_t replica = blockIdx.y;
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n_neurons || !has_error[replica]) return;
    target[replica * n_padded + i] = (float)solution[replica * n_padded + i];
}
