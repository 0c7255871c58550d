// The kernels' source as C++ for the CPU: what CUDA gives a kernel, with real barriers.
//
// Every thread of a block is a fibre (ucontext) by default: one runs until a barrier and yields, so
// that a missing barrier shows as a wrong result. With -DHOST_THREADS every thread of a block, and
// the blocks of a grid beside each other, are operating-system threads that meet at a
// std::barrier: a sanitizer then sees what is not ordered by barriers. Device atomics are relaxed:
// they order nothing, as in CUDA.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __launch_bounds__(threads)

struct Dim3 {
    unsigned x, y, z;
};

namespace host {

inline int dropped_barrier = 0;  // number of a barrier that does nothing, 0: none
inline std::string problem;      // why the last launch was not valid CUDA; empty if it was

struct Block;
#ifdef HOST_THREADS
#define PER_THREAD thread_local
#else
#define PER_THREAD
#endif
inline PER_THREAD Dim3 thread_index, block_index, block_size, grid_size;
inline PER_THREAD unsigned char* shared_memory;
inline PER_THREAD Block* block;

void barrier();

}  // namespace host

#define threadIdx host::thread_index
#define blockIdx host::block_index
#define blockDim host::block_size
#define gridDim host::grid_size
#define SHARED_MEMORY(name) unsigned char* name = host::shared_memory
#define BARRIER(number) \
    do { \
        if ((number) != host::dropped_barrier) host::barrier(); \
    } while (0)

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __float_as_int(float x) {
    int bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}
inline unsigned atomicOr(unsigned* p, unsigned v) {
    return __atomic_fetch_or(p, v, __ATOMIC_RELAXED);
}
inline int atomicAdd(int* p, int v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }
inline int atomicMin(int* p, int v) {
    int old = __atomic_load_n(p, __ATOMIC_RELAXED);
    while (v < old && !__atomic_compare_exchange_n(p, &old, v, true, __ATOMIC_RELAXED,
                                                   __ATOMIC_RELAXED)) {
    }
    return old;
}

#ifdef HOST_THREADS

#include <barrier>
#include <thread>

#ifndef HOST_SHARED_SHORT  // bytes of shared memory that a launch gets too little
#define HOST_SHARED_SHORT 0
#endif

namespace host {

struct Block {
    std::barrier<> gate;
    std::vector<unsigned char> memory;
    Block(unsigned threads, size_t bytes)
        : gate(threads), memory(bytes > HOST_SHARED_SHORT ? bytes - HOST_SHARED_SHORT : 0) {}
};

inline void barrier() { block->gate.arrive_and_wait(); }

inline void launch(const std::function<void()>& kernel, Dim3 grid, Dim3 size, size_t bytes) {
    constexpr unsigned most_threads = 512;  // at a time; more blocks than fit take turns
    const unsigned n_blocks = grid.x * grid.y, threads = size.x;
    const unsigned together = std::max(1u, most_threads / threads);
    for (unsigned start = 0; start < n_blocks; start += together) {
        std::vector<std::unique_ptr<Block>> blocks;
        std::vector<std::thread> running;
        for (unsigned b = start; b < std::min(n_blocks, start + together); ++b) {
            blocks.push_back(std::make_unique<Block>(threads, bytes));
            for (unsigned t = 0; t < threads; ++t)
                running.emplace_back([&kernel, b, t, grid, size, own = blocks.back().get()] {
                    thread_index = {t, 0, 0};
                    block_index = {b % grid.x, b / grid.x, 0};
                    block_size = size;
                    grid_size = grid;
                    shared_memory = own->memory.data();
                    block = own;
                    kernel();
                });
        }
        for (auto& thread : running) thread.join();
    }
}

}  // namespace host

#else

#include <setjmp.h>
#include <ucontext.h>

namespace host {

// A context starts a fibre; later switches are jumps, which need no system call.
struct Fibre {
    ucontext_t context;
    jmp_buf place;
    bool started = false;
    std::unique_ptr<char[]> stack;
    Dim3 index;
    enum { IDLE, WAITING } state = IDLE;
};

struct Pool {
    jmp_buf scheduler;
    std::vector<std::unique_ptr<Fibre>> fibres;
    Fibre* running = nullptr;
    const std::function<void()>* kernel = nullptr;
    unsigned next_thread = 0, n_threads = 0, n_finished = 0;
};
inline Pool pool;

inline void yield(decltype(Fibre::state) state) {
    Fibre* self = pool.running;
    self->state = state;
    self->index = thread_index;
    if (_setjmp(self->place) == 0) _longjmp(pool.scheduler, 1);
    thread_index = pool.running->index;
}

inline void barrier() { yield(Fibre::WAITING); }

// Runs one thread after another until one waits at a barrier; another fibre then takes over.
inline void fibre_main() {
    for (;;) {
        while (pool.next_thread < pool.n_threads) {
            thread_index = {pool.next_thread++, 0, 0};
            (*pool.kernel)();
            ++pool.n_finished;
        }
        yield(Fibre::IDLE);
    }
}

inline void resume(Fibre* fibre) {
    pool.running = fibre;
    if (_setjmp(pool.scheduler) != 0) return;
    if (fibre->started) _longjmp(fibre->place, 1);
    fibre->started = true;
    setcontext(&fibre->context);
}

inline Fibre* idle_fibre() {
    for (auto& fibre : pool.fibres)
        if (fibre->state == Fibre::IDLE) return fibre.get();
    constexpr size_t stack_bytes = 128 * 1024;
    pool.fibres.push_back(std::make_unique<Fibre>());
    Fibre* fibre = pool.fibres.back().get();
    fibre->stack = std::make_unique<char[]>(stack_bytes);
    getcontext(&fibre->context);
    fibre->context.uc_stack.ss_sp = fibre->stack.get();
    fibre->context.uc_stack.ss_size = stack_bytes;
    fibre->context.uc_link = nullptr;
    makecontext(&fibre->context, fibre_main, 0);
    return fibre;
}

inline void run_block() {
    pool.next_thread = pool.n_finished = 0;
    std::vector<Fibre*> waiting;
    while (pool.next_thread < pool.n_threads) {
        Fibre* fibre = idle_fibre();
        resume(fibre);
        if (fibre->state == Fibre::WAITING) waiting.push_back(fibre);
    }
    while (!waiting.empty()) {
        if (pool.n_finished > 0) {
            problem = "a thread ended while others of its block wait at a barrier";
            pool.fibres.clear();
            return;
        }
        std::vector<Fibre*> still;
        for (Fibre* fibre : waiting) {
            resume(fibre);
            if (fibre->state == Fibre::WAITING) still.push_back(fibre);
        }
        waiting = still;
    }
}

inline void launch(const std::function<void()>& kernel, Dim3 grid, Dim3 size, size_t bytes) {
    std::vector<unsigned char> memory(bytes);
    block_size = size;
    grid_size = grid;
    pool.kernel = &kernel;
    pool.n_threads = size.x;
    for (unsigned y = 0; y < grid.y; ++y)
        for (unsigned x = 0; x < grid.x; ++x) {
            block_index = {x, y, 0};
            // Shared memory has arbitrary content when a block starts.
            std::memset(memory.data(), 0xA5, memory.size());
            shared_memory = memory.data();
            run_block();
        }
}

}  // namespace host

#endif

namespace host {

template <class... A, size_t... I>
void call(void (*kernel)(A...), void** arguments, std::index_sequence<I...>) {
    kernel(*static_cast<std::remove_cv_t<A>*>(arguments[I])...);
}

template <class... A>
void launch(void (*kernel)(A...), void** arguments, Dim3 grid, Dim3 size, size_t bytes) {
    std::function<void()> body = [kernel, arguments] {
        call(kernel, arguments, std::index_sequence_for<A...>{});
    };
    launch(body, grid, size, bytes);
}

}  // namespace host

