// Leaky integrate-and-fire neurons (docs/algorithm.md, section 2): all steps of one layer.

#ifndef NEURONS_PER_THREAD
#define NEURONS_PER_THREAD 1
#endif

enum LayerKind { FEEDFORWARD = 0, RECURRENT = 1, OUTPUT = 2 };

// Grid (1, replicas): one block runs a replica's layer, with its neurons' state in registers and
// one barrier per step. At step t a layer's spikes are read from ring[(t - 1) % 3] and written to
// ring[t % 3], and ring[(t + 1) % 3] is cleared for the next step. While the input spikes of one
// step are added, those of the next step are listed. A list covers 1,024 inputs; more inputs take
// further lists, with one more barrier each.
extern "C" __global__ void __launch_bounds__(MOST_THREADS) lif(
    int n_steps, int n_inputs, int n_neurons, int n_padded, int n_connections, int kind,
    float decay_s, float decay_m, float gain, float fires_above, int refractory_steps,
    const u32* input_step_mask, const float* weights,
    const int* incoming_ptr, const int* incoming_pre, const int* incoming_connection,
    const float* rec_weights, u32* step_mask, u32* neuron_mask, int* counts
) {
    SHARED_MEMORY(shared);
    const int out_words = words_for(n_neurons);
    int* lists = (int*)shared;                // [2][SEGMENT_BITS]
    int* list_count = lists + 2 * SEGMENT_BITS;  // [2]
    u32* any_fired = (u32*)(list_count + 2);  // [3]: whether any neuron fired, indexed like `ring`
    u32* ring = any_fired + 3;                // [3][out_words]

    const size_t replica = blockIdx.y;
    const int in_words = words_for(n_inputs);
    const int time_words = words_for(n_steps);
    const int n_segments = (in_words + SEGMENT_WORDS - 1) / SEGMENT_WORDS;
    const int n_units = (n_steps - 1) * n_segments;
    input_step_mask += replica * n_steps * in_words;
    weights += replica * n_inputs * n_padded;
    step_mask += replica * n_steps * out_words;
    neuron_mask += replica * n_padded * time_words;
    counts += replica * n_padded;
    incoming_ptr += replica * (n_padded + 1);
    incoming_pre += replica * n_connections;
    incoming_connection += replica * n_connections;
    rec_weights += replica * n_connections;

    float current[NEURONS_PER_THREAD], membrane[NEURONS_PER_THREAD];
    int refractory[NEURONS_PER_THREAD], count[NEURONS_PER_THREAD];
    u32 bits[NEURONS_PER_THREAD];
#pragma unroll
    for (int k = 0; k < NEURONS_PER_THREAD; ++k) {
        current[k] = 0.0f;
        membrane[k] = 0.0f;
        refractory[k] = 0;
        count[k] = 0;
        bits[k] = 0;
    }
    for (int w = threadIdx.x; w < 3 * out_words; w += blockDim.x) ring[w] = 0;
    if (threadIdx.x < 3) any_fired[threadIdx.x] = 0;
    for (int w = threadIdx.x; w < out_words; w += blockDim.x) step_mask[w] = 0;
    if (threadIdx.x < SEGMENT_WORDS)
        list_bits(input_step_mask, smaller(in_words, SEGMENT_WORDS), 0, lists, list_count);
    BARRIER(3);

    for (int t = 1; t < n_steps; ++t) {
        const u32* fired_before = ring + ((t - 1) % 3) * out_words;
        u32* fired = ring + (t % 3) * out_words;
        u32* cleared = ring + ((t + 1) % 3) * out_words;
#pragma unroll
        for (int k = 0; k < NEURONS_PER_THREAD; ++k) current[k] *= decay_s;

        for (int segment = 0; segment < n_segments; ++segment) {
            const int unit = (t - 1) * n_segments + segment;
            const int next = unit + 1;
            if (next < n_units && threadIdx.x < SEGMENT_WORDS) {
                const int step = next / n_segments;
                const int word = (next % n_segments) * SEGMENT_WORDS;
                list_bits(
                    input_step_mask + (size_t)step * in_words + word,
                    smaller(in_words - word, SEGMENT_WORDS), word * WORD_BITS,
                    lists + (next % 2) * SEGMENT_BITS, list_count + next % 2
                );
            }
            const int* list = lists + (unit % 2) * SEGMENT_BITS;
            const int n_listed = list_count[unit % 2];
#pragma unroll
            for (int k = 0; k < NEURONS_PER_THREAD; ++k) {
                const int i = threadIdx.x + k * blockDim.x;
                if (i < n_neurons)
                    current[k] = add_listed(current[k], weights + i, n_padded, list, n_listed);
            }
            if (segment + 1 < n_segments) BARRIER(4);
        }

        const bool any = any_fired[(t - 1) % 3] != 0;
        int n_fired = 0;
        if (kind == OUTPUT && any)
            for (int w = 0; w < out_words; ++w) n_fired += __popc(fired_before[w]);
#pragma unroll
        for (int k = 0; k < NEURONS_PER_THREAD; ++k) {
            const int i = threadIdx.x + k * blockDim.x;
            if (i >= n_neurons) continue;
            if (kind == RECURRENT && any) {
                for (int c = incoming_ptr[i]; c < incoming_ptr[i + 1]; ++c) {
                    const int pre = incoming_pre[c];
                    if ((fired_before[pre / WORD_BITS] >> (pre % WORD_BITS)) & 1u)
                        current[k] += rec_weights[incoming_connection[c]];
                }
            } else if (kind == OUTPUT && any) {
                const u32 own = (fired_before[i / WORD_BITS] >> (i % WORD_BITS)) & 1u;
                current[k] -= (float)n_fired - (float)own;
            }
            const bool held = refractory[k] > 0;
            float v = membrane[k] * decay_m + current[k] * gain;
            v = held ? 0.0f : v;
            const bool spike = v > fires_above;
            const int left = held ? refractory[k] - 1 : 0;
            refractory[k] = spike ? refractory_steps : left;
            membrane[k] = spike ? 0.0f : v;
            if (spike) {
                atomicOr(fired + i / WORD_BITS, 1u << (i % WORD_BITS));
                atomicOr(any_fired + t % 3, 1u);
                bits[k] |= 1u << (t % WORD_BITS);
                ++count[k];
            }
            if (t % WORD_BITS == WORD_BITS - 1 || t == n_steps - 1) {
                neuron_mask[(size_t)i * time_words + t / WORD_BITS] = bits[k];
                bits[k] = 0;
            }
        }
        for (int w = threadIdx.x; w < out_words; w += blockDim.x) {
            cleared[w] = 0;
            if (t > 1) step_mask[(size_t)(t - 1) * out_words + w] = fired_before[w];
        }
        if (threadIdx.x == 0) any_fired[(t + 1) % 3] = 0;
        BARRIER(5);
    }

    const int last = n_steps - 1;
    for (int w = threadIdx.x; w < out_words; w += blockDim.x)
        step_mask[(size_t)last * out_words + w] = ring[(last % 3) * out_words + w];
#pragma unroll
    for (int k = 0; k < NEURONS_PER_THREAD; ++k) {
        const int i = threadIdx.x + k * blockDim.x;
        if (i < n_neurons) counts[i] = count[k];
    }
}

// Grid (1, replicas): adds a test image to the metrics of a layer. For the output layer it also
// stores the prediction, the class with the most spikes and the lowest one in a tie.
extern "C" __global__ void tally(
    int n_neurons, int n_padded, int layer, int n_layers, int n_samples, int output,
    const int* position, const int* counts, int* test_totals, int* test_silent,
    int* test_predictions
) {
    const size_t replica = blockIdx.y;
    const size_t sample = replica * n_samples + position[0];
    counts += replica * n_padded;
    int total = 0, none = 0;
    for (int i = threadIdx.x; i < n_neurons; i += blockDim.x) {
        total += counts[i];
        none += counts[i] == 0;
    }
    atomicAdd(test_totals + sample * n_layers + layer, total);  // both arrays start at 0
    atomicAdd(test_silent + sample * n_layers + layer, none);
    if (output && threadIdx.x == 0) {
        int best = 0;
        for (int i = 1; i < n_neurons; ++i)
            if (counts[i] > counts[best]) best = i;
        test_predictions[sample] = best;
    }
}

// Grid (1, 1), block 1: move to the next sample. The counter is on the device, so that the launches
// of all samples are identical and can be recorded as a graph.
extern "C" __global__ void next_sample(int* position) { position[0] += 1; }
