"""The time of a training sample on a GPU, computed from bytes and chains of dependent steps.

    python benchmarks/model_cuda.py

prints the table of docs/cuda.md. Nothing here is measured on a GPU: cards are taken from their data
sheets, latencies are assumptions stated below, and the work is that of 784-400-R400-10 at T = 400
with the published reservoir and adjoint. Terms are added, as if nothing overlapped.
"""

from dataclasses import dataclass

T, INPUTS, HIDDEN, OUTPUTS = 400, 784, 400, 16
"""Steps; neurons of each layer, the output padded to a multiple of 16."""
PIXEL_SUM = 0.1307 * INPUTS
"""Mean of the pixels of MNIST, 0 to 1, over an image."""
ACTIVE_PIXELS = 150
SPIKES = {"input": PIXEL_SUM / 5.5 * (T - 1), "feedforward": 11.4 * 400, "recurrent": 7.5 * 400}
"""Spikes of a sample; of hidden layers from results/paper/train/strsbp/seed1.csv, last epoch."""
CONNECTIONS, LEVELS = 1388, 20
"""Of the published reservoir with seed 1: connections, and levels of its triangular system."""
KERNELS = 21
"""Launches of a training sample."""

# Assumed cycles: from a request to its data, a dependent float32 operation, a float64 division, a
# barrier with what surrounds it.
L2_LATENCY, FLOAT, DIVISION, STEP = 270, 4, 60, 150
LAUNCH = 1.5e-6
"""Assumed seconds from the end of a graph's kernel to the start of the next one's work."""
LOADS_TOGETHER = 8
"""Rows whose loads are under way at the same time."""


@dataclass(frozen=True)
class Card:
    """A GPU by its data sheet: clock in Hz, bandwidths in bytes a second, cache in bytes."""

    name: str
    multiprocessors: int
    clock: float
    memory: float
    l2_bandwidth: float
    l2_size: float


# The bandwidth of the L2 cache is no figure of the data sheets: 64 bytes a cycle and
# multiprocessor, of which a half is assumed to be reached.
CARDS = (
    Card("H100 SXM", 132, 1.755e9, 3.35e12, 0.5 * 64 * 132 * 1.755e9, 50e6),
    Card("RTX 4090", 128, 2.52e9, 1.008e12, 0.5 * 64 * 128 * 2.52e9, 72e6),
)


def listed(n: float) -> float:
    """Cycles to add n rows: groups of loads that wait for memory, and a chain of additions."""
    return max(1.0, n / LOADS_TOGETHER) * L2_LATENCY * (n > 0) + FLOAT * n


def forward_cycles() -> float:
    """The three layers, one after the other: T - 1 dependent steps each."""
    total = 0.0
    for spikes in SPIKES.values():
        total += (T - 1) * (STEP + listed(spikes / (T - 1)))
    recurrent = SPIKES["recurrent"] / (T - 1)
    return total + (T - 1) * min(1.0, recurrent) * 2 * L2_LATENCY  # its own spikes


def backward_cycles() -> float:
    """Chains of the backward pass: traces, denominators, the triangular system, sums."""
    traces = 4 * T * 4 * FLOAT  # once for each layer, and anew for a repaired label
    active = (ACTIVE_PIXELS, HIDDEN, HIDDEN)
    denominators = sum(n * (L2_LATENCY / 4 + 4 * FLOAT) for n in active)
    system = LEVELS * (3 * L2_LATENCY + DIVISION + STEP)
    spsp = 3 * listed(max(SPIKES["input"] / ACTIVE_PIXELS, SPIKES["feedforward"] / HIDDEN))
    sums = sum(n * FLOAT + n / 16 * L2_LATENCY for n in (INPUTS, HIDDEN, HIDDEN))
    return traces + denominators + system + spsp + sums


def weights() -> int:
    """Weights of a replica, with the padding of the output layer."""
    return INPUTS * HIDDEN + HIDDEN * HIDDEN + HIDDEN * OUTPUTS + CONNECTIONS


def sample_seconds(card: Card, replicas: int) -> dict[str, float]:
    """Seconds of one training sample of all replicas, by what they are spent on."""
    waves = -(-replicas // card.multiprocessors)
    weight_bytes = 28 * weights() * replicas  # three arrays read and written, and read for sums
    fits = 12 * weights() * replicas < card.l2_size
    widths = {"input": HIDDEN, "feedforward": HIDDEN, "recurrent": OUTPUTS}
    row_bytes = 4 * replicas * sum(SPIKES[name] * width for name, width in widths.items())
    return {
        "forward": waves * forward_cycles() / card.clock,
        "backward": waves * backward_cycles() / card.clock,
        "weights": weight_bytes / (card.l2_bandwidth if fits else card.memory),
        "rows": 2 * row_bytes / card.l2_bandwidth,  # forward, and in the S-PSP
        "launches": KERNELS * LAUNCH,
    }


def table() -> str:
    """The model as a Markdown table, in milliseconds."""
    lines = [
        "| Card | Replicas | forward | backward | weights | rows | launches | a sample of all "
        "| a sample of one |",
        "| --- " * 9 + "|",
    ]
    for card in CARDS:
        for replicas in (1, 16, 128):
            parts = sample_seconds(card, replicas)
            total = sum(parts.values())
            cells = [f"{1e3 * value:.2f}" for value in (*parts.values(), total)]
            lines.append(
                f"| {card.name} | {replicas} | {' | '.join(cells)} | {1e3 * total / replicas:.3f} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
