// Shared by the kernels: names, spike masks and lists of set bits.
//
// The replica is always the last axis of the grid and the first axis of arrays. Spikes are stored
// as bit masks, by step ([t][neuron / 32]) and by neuron ([neuron][t / 32]): one bit per step,
// without a limit on the number of spikes. All sums are in the same order as in the CPU engine, so
// that both give the same bits; compile without fused multiply-add (-fmad=false).
//
// The files in this folder are joined into one source (see source.py). They must not use warp
// intrinsics or static shared memory, because the tests run them on the CPU.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#ifndef SHARED_MEMORY
#define SHARED_MEMORY(name) extern __shared__ __align__(16) unsigned char name[]
#endif
#ifndef BARRIER  // the number lets a test remove a single barrier
#define BARRIER(number) __syncthreads()
#endif

#define MOST_THREADS 512  // per block; used in __launch_bounds__ of kernels with large blocks
#define WORD_BITS 32
#ifndef SEGMENT_WORDS  // tests make it small, so that small networks need several segments
#define SEGMENT_WORDS 32
#endif
#ifndef N_TERMS  // terms of the derivative de/do; by default a cubic
#define N_TERMS 4
#define CUBIC
#endif
#define SEGMENT_BITS (SEGMENT_WORDS * WORD_BITS)

__device__ inline int words_for(int n_bits) { return (n_bits + WORD_BITS - 1) / WORD_BITS; }

__device__ inline int smaller(int a, int b) { return a < b ? a : b; }

__device__ inline int larger(int a, int b) { return a > b ? a : b; }

// Row of the table for an input count, which is clamped to 1 .. n_rows.
__device__ inline int table_row(int count, int n_rows) {
    return smaller(larger(count, 1), n_rows) - 1;
}

// List the positions of the set bits in at most SEGMENT_WORDS words, ascending, plus `base`. Thread
// w lists word w, after counting the bits of the words before it, so no barrier is needed.
__device__ inline void list_bits(const u32* words, int n_words, int base, int* list, int* count) {
    const int own = threadIdx.x;
    if (own >= n_words) return;
    int position = 0;
    for (int before = 0; before < own; ++before) position += __popc(words[before]);
    for (u32 word = words[own]; word != 0; word &= word - 1)
        list[position++] = base + own * WORD_BITS + __ffs(word) - 1;
    if (own == n_words - 1) *count = position;
}

// total + rows[list[k] * stride] for k = 0 .. count - 1, added in this order. Eight rows are loaded
// at the same time; only the additions depend on each other.
__device__ inline float add_listed(
    float total, const float* rows, size_t stride, const int* list, int count
) {
    int k = 0;
    for (; k + 8 <= count; k += 8) {
        float value[8];
#pragma unroll
        for (int u = 0; u < 8; ++u) value[u] = rows[(size_t)list[k + u] * stride];
#pragma unroll
        for (int u = 0; u < 8; ++u) total += value[u];
    }
    for (; k < count; ++k) total += rows[(size_t)list[k] * stride];
    return total;
}
