"""The pictures of docs/method.md, computed and drawn with the package.

    python docs/draw_method.py

writes docs/images/*.png, in some twenty seconds, from the embedded digits and a table of
results/paper.
"""

from pathlib import Path

import numpy as np

import strsbp
from strsbp.encoding import TRAIN_SPLIT, Encoder
from strsbp.reference.lif import lif_traces, spike_counts
from strsbp.reference.network import ReferenceNetwork
from strsbp.reference.spsp import published_trace
from strsbp.settings import LayerSettings, ModelSettings
from strsbp.study.figures.style import (
    COLOURS,
    INK,
    MUTED,
    label_ends,
    letter,
    mathtext,
    new_figure,
    save,
    stacked,
    themed,
)  # fmt: skip

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
TABLE = ROOT / "results" / "paper" / "fit_spsp" / "published-m64-s8-r2-t400-g100.txt"
TIME = "time (steps of 1 ms)"
MODEL = ModelSettings(divide_by_threshold=False)
BLUE, ORANGE = COLOURS[:2]
DIGIT = 1000
"""Which of the embedded digits is drawn."""


def raster(ax, trains, names):
    """Draw one line of ticks per column of `trains`, the first one on top."""
    for row, train in enumerate(trains.T):
        ax.eventplot(np.flatnonzero(train), lineoffsets=-row, linelengths=0.7, colors=INK)
    ax.set_yticks(-np.arange(len(names)), names)
    ax.set_xlim(0, len(trains))
    ax.grid(False)


def over_time(height, titles, ratios):
    """A figure and its axes, one below the other, that share an axis of time."""
    figure = new_figure(height)
    axes = figure.subplots(len(titles), 1, sharex=True, height_ratios=ratios)
    axes[-1].set_xlabel(TIME)
    letter(dict(zip(axes, titles, strict=True)))
    return figure, axes


@themed
def draw_encoding(image, trains):
    """An image, and the spike trains of pixels of different brightness."""
    figure, (picture, spikes) = stacked([2.2, 2.4])
    picture.imshow(image.reshape(28, 28), cmap="gray_r")
    picture.set_axis_off()
    chosen = [np.argmin(np.abs(image.astype(int) - level)) for level in (255, 190, 120, 50)]
    raster(spikes, trains[:, chosen], [f"pixel {image[one]}" for one in chosen])
    spikes.set_xlabel(TIME)
    letter({picture: "the image, 28 x 28 pixels of 0 .. 255", spikes: "the trains of four pixels"})
    return figure


@themed
def draw_neuron(trains, weights, threshold):
    """Input spikes, and the current, potential and spikes that they cause."""
    traces = lif_traces(trains, weights[None], threshold=threshold, **MODEL.dynamics)
    titles = "input spikes", "they add to a current", "which fills the potential", "until it fires"
    figure, axes = over_time(5.4, titles, (1.2, 1.6, 2, 0.5))
    raster(axes[0], trains, [f"weight {one:+.0f}".replace("-", "−") for one in weights])
    axes[1].plot(traces.current[:, 0], color=BLUE, linewidth=1.2)
    axes[2].plot(traces.membrane[:, 0], color=BLUE, linewidth=1.2)
    axes[2].axhline(threshold, color=ORANGE, linestyle="--", linewidth=1)
    axes[1].set_ylabel("current a")
    axes[2].set_ylabel("potential v\n(mV)")
    raster(axes[3], traces.spikes, ["output"])
    label_ends({axes[2]: [(threshold, "threshold", ORANGE)]})
    figure.align_ylabels(axes)
    return figure


@themed
def draw_spsp(pre, post):
    """What each spike of i finds of the potential that j alone has built, and the sum."""
    e, _, membrane = published_trace(pre, post, **MODEL.dynamics)
    titles = "two spike trains", "each spike of i takes what j has built", "e_ij is the sum"
    figure, axes = over_time(4.4, titles, (0.8, 2, 1.6))
    raster(axes[0], np.column_stack([pre, post]), ["input j", "output i"])
    at = np.flatnonzero(post)
    axes[1].plot(membrane, color=BLUE, linewidth=1.2)
    axes[1].plot(at, membrane[at], "o", color=ORANGE, markersize=4)
    axes[1].set(ylabel="potential\ndue to j (mV)", ylim=(0, None))
    axes[2].plot(np.cumsum(np.where(post, membrane, 0.0)), color=ORANGE, linewidth=1.6)
    axes[2].set(ylabel="sum (mV)", ylim=(0, None))
    label_ends({axes[2]: [(e, f"e_ij = {e:.1f} mV", ORANGE)]})
    figure.align_ylabels(axes)
    return figure


@themed
def draw_denominator(table, result):
    """e_ij over the output count with its slope, and the denominators of a network's neurons."""
    figure, (curves, bars) = stacked([2.8, 2.4])
    counts, ends = np.arange(1, 61), []
    for o_j, colour in zip((10, 20, 30), COLOURS, strict=False):
        e = table.value(o_j, counts)
        curves.plot(counts, e, color=colour, linewidth=1.6)
        ends.append((e[-1], f"{o_j} input spikes", colour))
    at, span = 12, np.array([4, 20])
    tangent = table.value(20, at) + table.derivative(20, at) * (span - at)
    curves.plot(span, tangent, color=INK, linewidth=2.4)
    curves.text(20, 1.9, "black: the slope, what one\nmore output spike would add", color=INK)
    curves.set(xlabel=mathtext("output count o_i"), ylabel=mathtext("e_ij (mV)"))
    label_ends({curves: ends})
    s = result.layers[0].s[result.layers[0].counts > 0]
    width = 0.05
    edges = np.arange(np.floor(s.min() / width), np.ceil(s.max() / width) + 1) * width
    bars.hist(s, edges, color=BLUE, edgecolor="white")
    bars.set(xlabel="denominator $s_i$", ylabel="neurons that fire")
    bars.axvline(1, color=INK, linestyle="--", linewidth=1)
    letter({curves: "e_ij over the output count", bars: "the denominators of a hidden layer"})
    return figure


@themed
def draw_update(result, label, history):
    """Output counts and targets, the gradient of one neuron, and the counts over the updates."""
    figure, (outputs, picture, updates) = stacked([2.2, 2.6, 2.4])
    counts, target = result.layers[-1].counts, np.where(np.arange(10) == label, 35, 5)
    for output in range(10):
        colour, width = (ORANGE, 2) if output == label else (MUTED, 0.8)
        outputs.plot([output] * 2, [counts[output], target[output]], color=colour, linewidth=1.2)
        updates.plot(history[:, output], color=colour, linewidth=width)
    outputs.plot(range(10), counts, "o", color=BLUE, label="count")
    mark = dict(color=INK, markersize=12, markeredgewidth=2)
    outputs.plot(range(10), target, "_", label="target", **mark)
    outputs.legend(ncols=2, loc="upper right")
    outputs.set(xticks=range(10), xlabel="output neuron", ylabel="spikes", ylim=(-2, 45))
    hidden = result.layers[0]
    neuron = np.argmax(np.abs(hidden.delta / hidden.s) * (hidden.counts > 0))
    gradient = hidden.gradient[neuron].reshape(28, 28)
    size = np.abs(gradient).max()
    picture.imshow(-gradient, cmap="RdBu", vmin=-size, vmax=size)
    picture.set_axis_off()
    updates.set(xlabel="updates on this sample", ylabel="spikes", xlim=(0, len(history) - 1))
    for y in (35, 5):
        updates.axhline(y, color=INK, linestyle="--", linewidth=0.8)
    others = np.median(np.delete(history[-1], label))
    ends = [(history[-1, label], f"output {label}", ORANGE), (others, "the others", MUTED)]
    label_ends({updates: ends})
    letter({
        outputs: "what the outputs fire, and should",
        picture: "the change asked of one hidden neuron",
        updates: "after some updates",
    })  # fmt: skip
    return figure


def pictures(n_samples=200, n_updates=40):
    """Every picture by name, of a 784-60-10 network in float64 trained on `n_samples` digits."""
    digits = strsbp.load_dataset("mnist5k")
    images, labels = digits.train_images, digits.train_labels
    encoder = Encoder(1, TRAIN_SPLIT, MODEL.n_steps)
    table = strsbp.read_table(TABLE)
    rng = np.random.default_rng(1)
    hidden = [LayerSettings(kind="feedforward", size=60)]
    network = ReferenceNetwork.initialise(rng, 784, hidden, 10, table, MODEL)
    for step, index in enumerate(rng.permutation(len(labels))[:n_samples], start=1):
        network.train_sample(encoder.encode(images[index], index), int(labels[index]), step=step)
    trains, label = encoder.encode(images[DIGIT], DIGIT), int(labels[DIGIT])
    result = network.backward(trains, network.forward(trains), label)
    history = [spike_counts(network.forward(trains)[-1])]
    for step in range(n_samples + 1, n_samples + n_updates + 1):
        network.train_sample(trains, label, step=step)
        history.append(spike_counts(network.forward(trains)[-1]))
    rng = np.random.default_rng(3)
    inputs = rng.random((250, 3)) < (0.09, 0.06, 0.05)
    pre, post = rng.random((2, 250)) < [[0.06], [0.04]]
    return {
        "encoding": draw_encoding(images[DIGIT], trains),
        "neuron": draw_neuron(inputs, np.array([8.0, 6.0, -5.0]), MODEL.threshold_hidden),
        "spsp": draw_spsp(pre, post),
        "denominator": draw_denominator(table, result),
        "update": draw_update(result, label, np.array(history)),
    }


if __name__ == "__main__":
    for name, figure in pictures().items():
        save(figure, IMAGES / f"{name}.png", ROOT / "build" / f"{name}.svg")
        print(f"Drew docs/images/{name}.png.")
