// Input spikes as in strsbp/encoding.py, bit for bit: rate encoding (docs/algorithm.md, section 1),
// or packed spike trains.

// Philox-4x32-10: four 32-bit words per counter, one word per step.
__device__ inline void philox(u32 c0, u32 c1, u32 c2, u32 c3, u32 k0, u32 k1, u32* words) {
#pragma unroll
    for (int round = 0; round < 10; ++round) {
        const u64 p0 = (u64)0xD2511F53u * c0;
        const u64 p1 = (u64)0xCD9E8D57u * c2;
        c0 = (u32)(p1 >> 32) ^ c1 ^ k0;
        c1 = (u32)p1;
        c2 = (u32)(p0 >> 32) ^ c3 ^ k1;
        c3 = (u32)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
}

// Grid (inputs / block, replicas); block a multiple of 32; shared memory: one word per thread.
// Each thread encodes one pixel, or reads the train of one neuron, 32 steps at a time. Groups of 32
// threads then transpose their 32 x 32 bits for the mask by step. `packed_words`: 32-bit words per
// neuron of packed spike trains; 0 for images.
extern "C" __global__ void encode(
    int n_steps, int n_inputs, int n_samples, const int* position, const int* order,
    const u8* images, int packed_words, const u32* thresholds, const u64* seeds, u32 split,
    u32* step_mask, u32* neuron_mask, int* counts
) {
    SHARED_MEMORY(shared);
    u32* tile = (u32*)shared;
    const size_t replica = blockIdx.y;
    const int pixel = blockIdx.x * blockDim.x + threadIdx.x;
    const int lane = threadIdx.x % WORD_BITS;
    const int first_lane = threadIdx.x - lane;
    const int n_words = words_for(n_steps);
    const int row_words = words_for(n_inputs);
    const int sample = order[replica * n_samples + position[0]];
    const u32 k0 = (u32)seeds[replica];
    const u32 k1 = (u32)(seeds[replica] >> 32);
    const size_t input = (size_t)sample * n_inputs + pixel;
    const u32* train = (const u32*)images + input * packed_words;
    const int value = pixel < n_inputs && packed_words == 0 ? images[input] : 0;
    const u32 threshold = thresholds[value];

    int count = 0;
    for (int word = 0; word < n_words; ++word) {
        u32 bits = 0;
        if (value > 0) {
            for (int block = 0; block < WORD_BITS / 4; ++block) {
                u32 random[4];
                const u32 counter = word * (WORD_BITS / 4) + block;
                philox(counter, pixel, sample, split, k0, k1, random);
#pragma unroll
                for (int k = 0; k < 4; ++k)
                    bits |= (u32)(random[k] < threshold) << (4 * block + k);
            }
            if (word == 0) bits &= ~1u;  // never at t = 0
        } else if (pixel < n_inputs && word < packed_words) {
            bits = train[word];
        }
        const int rest = n_steps - word * WORD_BITS;
        if (rest < WORD_BITS) bits &= (1u << rest) - 1;
        count += __popc(bits);
        if (pixel < n_inputs) neuron_mask[(replica * n_inputs + pixel) * n_words + word] = bits;
        tile[threadIdx.x] = bits;
        BARRIER(1);
        const int step = word * WORD_BITS + lane;
        if (step < n_steps && first_lane + (int)(blockIdx.x * blockDim.x) < n_inputs) {
            u32 row = 0;
            for (int k = 0; k < WORD_BITS; ++k) row |= ((tile[first_lane + k] >> lane) & 1u) << k;
            step_mask[(replica * n_steps + step) * row_words + pixel / WORD_BITS] = row;
        }
        BARRIER(2);
    }
    if (pixel < n_inputs) counts[replica * n_inputs + pixel] = count;
}
