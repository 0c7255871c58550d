"""The pictures of docs/method.md, computed and drawn with the package.

    python docs/draw_method.py

writes docs/images/*.png, in some twenty seconds, from the embedded digits and a table of
results/paper.
"""

from pathlib import Path

import matplotlib

matplotlib.use("agg")

import numpy as np
import pandas as pd
import seaborn.objects as so

import strsbp
from strsbp.encoding import TRAIN_SPLIT, Encoder
from strsbp.reference.lif import lif_traces, spike_counts
from strsbp.reference.network import ReferenceNetwork
from strsbp.settings import LayerSettings, ModelSettings
from strsbp.spsp.reference import published_trace
from strsbp.study.figures.style import (
    COLOURS,
    INK,
    MUTED,
    label_ends,
    letter,
    mathtext,
    new_figure,
    plot,
    save,
    stacked,
    themed,
)

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
TABLE = ROOT / "results" / "paper" / "fit_spsp" / "published-m64-s8-r2-t400-g100.txt"
TIME = "time (steps of 1 ms)"
MODEL = ModelSettings(divide_by_threshold=False)
CONSTANTS = MODEL.model_dump(include={"tau_m", "tau_s", "refractory_steps"})
DIGIT = 1000
"""Which of the embedded digits is drawn."""


def digits():
    """The embedded digits and the spike trains of one of them, bool of shape (T, 784)."""
    found = strsbp.load_dataset("mnist5k")
    encoder = Encoder(1, TRAIN_SPLIT, MODEL.n_steps)
    return found, lambda index: encoder.encode(found.train_images[index], index)


def raster(ax, trains, names):
    """Draw one line of ticks per column of `trains`, the first one on top."""
    for row, train in enumerate(trains.T):
        ax.eventplot(np.flatnonzero(train), lineoffsets=-row, linelengths=0.7, colors=INK)
    ax.set_yticks(-np.arange(len(names)), names)
    ax.set_xlim(0, len(trains))
    ax.grid(False)


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
    traces = lif_traces(trains, weights[None], threshold=threshold, **CONSTANTS)
    figure = new_figure(5.4)
    axes = figure.subplots(4, 1, sharex=True, height_ratios=(1.2, 1.6, 2, 0.5))
    raster(axes[0], trains, [f"weight {one:+.0f}".replace("-", "−") for one in weights])
    steps = pd.DataFrame(
        {"t": np.arange(len(trains)), "a": traces.current[:, 0], "v": traces.membrane[:, 0]}
    )
    for ax, column, label in ((axes[1], "a", "current a"), (axes[2], "v", "potential v\n(mV)")):
        line = so.Line(color=COLOURS[0], linewidth=1.2)
        plot(steps, ax, x="t", y=column).add(line).label(x="", y=label).plot()
        ax.set_xlim(0, len(trains))
    axes[2].axhline(threshold, color=COLOURS[1], linestyle="--", linewidth=1)
    raster(axes[3], traces.spikes, ["output"])
    axes[3].set_xlabel(TIME)
    label_ends({axes[2]: [(threshold, "threshold", COLOURS[1])]})
    titles = (
        "input spikes",
        "they add to a current",
        "which fills the potential",
        "until it fires",
    )
    letter(dict(zip(axes, titles, strict=True)))
    figure.align_ylabels(axes)
    return figure


@themed
def draw_spsp(pre, post):
    """What each spike of i finds of the potential that j alone has built, and the sum."""
    e, _, membrane = published_trace(pre, post, **CONSTANTS)
    figure = new_figure(4.4)
    axes = figure.subplots(3, 1, sharex=True, height_ratios=(0.8, 2, 1.6))
    raster(axes[0], np.column_stack([pre, post]), ["input j", "output i"])
    at = np.flatnonzero(post)
    steps = pd.DataFrame({"t": np.arange(len(pre)), "q": membrane})
    steps["sum"] = np.cumsum(np.where(post, membrane, 0.0))
    potential = plot(steps, axes[1], x="t", y="q").add(so.Line(color=COLOURS[0], linewidth=1.2))
    potential.label(x="", y="potential\ndue to j (mV)").plot()
    axes[1].plot(at, membrane[at], "o", color=COLOURS[1], markersize=4)
    total = plot(steps, axes[2], x="t", y="sum").add(so.Line(color=COLOURS[1], linewidth=1.6))
    total.label(x=TIME, y="sum (mV)").plot()
    for ax in axes[1:]:
        ax.set_xlim(0, len(pre))
        ax.set_ylim(bottom=0)
    label_ends({axes[2]: [(e, f"e_ij = {e:.1f} mV", COLOURS[1])]})
    titles = ("two spike trains", "each spike of i takes what j has built", "e_ij is the sum")
    letter(dict(zip(axes, titles, strict=True)))
    figure.align_ylabels(axes)
    return figure


@themed
def draw_denominator(table, result):
    """e_ij over the output count with its slope, and the denominators of a network's neurons."""
    figure, (curves, bars) = stacked([2.8, 2.4])
    counts = np.arange(1, 61)
    inputs = (10, 20, 30)
    rows = [
        pd.DataFrame({"o_i": counts, "e": table.value(o_j, counts), "o_j": str(o_j)})
        for o_j in inputs
    ]
    names = [str(o_j) for o_j in inputs]
    drawn = plot(pd.concat(rows), curves, names, x="o_i", y="e", color="o_j")
    drawn = drawn.add(so.Line(linewidth=1.6), legend=False)
    drawn.label(x=mathtext("output count o_i"), y=mathtext("e_ij (mV)")).plot()
    at, span = 12, np.array([4, 20])
    slope = table.derivative(20, at)
    curves.plot(span, table.value(20, at) + slope * (span - at), color=INK, linewidth=2.4)
    curves.text(20, 1.9, "black: the slope, what one\nmore output spike would add", color=INK)
    ends = [
        (float(table.value(o_j, 60)), f"{o_j} input spikes", COLOURS[k])
        for k, o_j in enumerate(inputs)
    ]
    label_ends({curves: ends})
    hidden = result.layers[0]
    s = pd.DataFrame({"s": hidden.s[hidden.counts > 0]})
    shares = so.Bars(color=COLOURS[0], edgewidth=0.5), so.Hist(binwidth=0.05)
    labels = dict(x="denominator $s_i$", y="neurons that fire")
    plot(s, bars, x="s").add(*shares).label(**labels).plot()
    bars.axvline(1, color=INK, linestyle="--", linewidth=1)
    letter({curves: "e_ij over the output count", bars: "the denominators of a hidden layer"})
    return figure


@themed
def draw_update(result, label, history):
    """Output counts and targets, the gradient of one neuron, and the counts over the updates."""
    figure, axes = stacked([2.2, 2.6, 2.4])
    counts = result.layers[-1].counts
    target = np.where(np.arange(10) == label, 35, 5)
    for neuron in range(10):
        colour = COLOURS[1] if neuron == label else MUTED
        axes[0].plot([neuron] * 2, [counts[neuron], target[neuron]], color=colour, linewidth=1.2)
    axes[0].plot(range(10), counts, "o", color=COLOURS[0], label="count")
    mark = dict(color=INK, markersize=12, markeredgewidth=2)
    axes[0].plot(range(10), target, "_", label="target", **mark)
    axes[0].legend(ncols=2, loc="upper right")
    axes[0].set(xticks=range(10), xlabel="output neuron", ylabel="spikes", ylim=(-2, 45))
    hidden = result.layers[0]
    neuron = np.argmax(np.abs(hidden.delta / hidden.s) * (hidden.counts > 0))
    gradient = hidden.gradient[neuron].reshape(28, 28)
    size = np.abs(gradient).max()
    axes[1].imshow(-gradient, cmap="RdBu", vmin=-size, vmax=size)
    axes[1].set_axis_off()
    for output in range(10):
        is_label = output == label
        colour = COLOURS[1] if is_label else MUTED
        axes[2].plot(history[:, output], color=colour, linewidth=2 if is_label else 0.8)
    axes[2].set(xlabel="updates on this sample", ylabel="spikes", xlim=(0, len(history) - 1))
    for y in (35, 5):
        axes[2].axhline(y, color=INK, linestyle="--", linewidth=0.8)
    others = np.median(np.delete(history[-1], label))
    ends = [(history[-1, label], f"output {label}", COLOURS[1]), (others, "the others", MUTED)]
    label_ends({axes[2]: ends})
    titles = ("what the outputs fire, and should",
              "the change asked of one hidden neuron", "after some updates")  # fmt: skip
    letter(dict(zip(axes, titles, strict=True)))
    return figure


def small_network(table, encode, labels, n_samples=200):
    """A 784-60-10 network in float64 after one epoch on the first `n_samples` digits."""
    hidden = [LayerSettings(kind="feedforward", size=60)]
    rng = np.random.default_rng(1)
    network = ReferenceNetwork.initialise(rng, 784, hidden, 10, table, MODEL)
    for step, index in enumerate(rng.permutation(len(labels))[:n_samples], start=1):
        network.train_sample(encode(index), int(labels[index]), step=step)
    return network, n_samples


def pictures(n_samples=200, n_updates=40):
    """Every picture by name."""
    found, encode = digits()
    trains, label = encode(DIGIT), int(found.train_labels[DIGIT])
    rng = np.random.default_rng(3)
    inputs = rng.random((250, 3)) < (0.09, 0.06, 0.05)
    pre, post = rng.random((2, 250)) < [[0.06], [0.04]]
    table = strsbp.read_table(TABLE)
    network, step = small_network(table, encode, found.train_labels, n_samples)
    result = network.backward(trains, network.forward(trains), label)
    history = [spike_counts(network.forward(trains)[-1])]
    for _ in range(n_updates):
        step += 1
        network.train_sample(trains, label, step=step)
        history.append(spike_counts(network.forward(trains)[-1]))
    return {
        "encoding": draw_encoding(found.train_images[DIGIT], trains),
        "neuron": draw_neuron(inputs, np.array([8.0, 6.0, -5.0]), MODEL.threshold_hidden),
        "spsp": draw_spsp(pre, post),
        "denominator": draw_denominator(table, result),
        "update": draw_update(result, label, np.array(history)),
    }


if __name__ == "__main__":
    for name, figure in pictures().items():
        save(figure, IMAGES / f"{name}.png", ROOT / "build" / f"{name}.svg")
        print(f"Drew docs/images/{name}.png.")
