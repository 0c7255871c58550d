"""Gradients followed back in time: against a known recursion, and the table and its figure."""

import numpy as np
import pandas as pd
import pytest
import small_networks
from small_networks import HIDDEN, N_PIXELS, table

from strsbp.network import build_network
from strsbp.study.experiments.bptt.settings import missing_library
from strsbp.study.experiments.gradient_flow.figure import draw
from strsbp.study.experiments.gradient_flow.measure import measure_gradient_flow, surrogate_flow
from strsbp.study.experiments.gradient_flow.settings import GradientFlowSettings
from strsbp.study.experiments.gradient_flow.summarise import summarise_gradient_flow
from strsbp.study.inputs import Networks

SURROGATE = dict(title="BPTT", function="fast_sigmoid", slope=25)


@pytest.fixture(scope="module")
def settings():
    return GradientFlowSettings(arm="strsbp", n_steps=[80, 40], surrogate=SURROGATE, n_samples=4)


def test_every_t_has_its_own_table(settings):
    own = small_networks.arm(n_steps=400)
    arms = list(settings.job_arms({"strsbp": own}).values())
    assert arms[0] == own and [arm.n_steps for arm in arms[1:]] == [40, 80]
    assert [arm.simulated_table().key for arm in arms[1:]] == [
        "published-m64-s8-r2-t40-g10",
        "published-m64-s8-r2-t80-g20",
    ]


def test_the_gradient_of_a_silent_output_layer_decays_with_the_membrane(settings):
    pytest.importorskip("snntorch")
    # Without output spikes nothing resets the membrane, so v(T-1) holds v(T-1-k) (1 - 1/tau_m)^k.
    model = small_networks.arm(n_steps=40, threshold_output=1000)
    network = build_network(model, HIDDEN, table(), 3, N_PIXELS)
    norms, gradients = surrogate_flow(network, small_networks.noise(), settings.surrogate)
    output = norms["output3"]
    assert output.shape == (39, 12) and output.min() > 0
    expected = (1 - 1 / model.tau_m) ** np.arange(39)
    # The surrogate's small slope lets a little through the lateral inhibition.
    np.testing.assert_allclose(output / output[0], np.tile(expected, (12, 1)).T, rtol=1e-3)
    assert set(gradients) == set(norms)


def test_decay_and_means_of_known_norms(tmp_path):
    rows = [
        dict(state="trained", n_steps=400, method="bptt", layer="output3", quantity="reaching",
             steps_back=back, image=image, norm=scale * 0.5 ** (back / 100))
        for image, scale in ((0, 0.01), (1, 100))
        for back in (0, 50, 100, 200, 300)
    ]  # fmt: skip
    rows.append(rows[0] | dict(quantity="weight_gradient", steps_back=None, image=None, norm=3))
    norms = pd.DataFrame(rows)
    norms.to_csv(tmp_path / "seed1.csv", index=False)
    # In another network, everything is larger, and the gradient does not decay.
    flat = 4 * norms["norm"] / 0.5 ** (norms["steps_back"].fillna(0) / 100)
    norms.assign(norm=flat).to_csv(tmp_path / "seed2.csv", index=False)
    networks = [tmp_path / "seed1.csv", tmp_path / "seed2.csv"]
    for n, decay, at_200, weight in ((1, 0.5, 0.25, 3), (2, 0.5**0.5, 2 * 0.5, 6)):
        summarise_gradient_flow(networks[:n], out=tmp_path / "summary.csv")
        frame = pd.read_csv(tmp_path / "summary.csv").set_index(["quantity", "steps_back"])
        assert (frame["n_seeds"] == n).all()
        assert frame["low"].notna().any() == (n == 2)
        assert frame["mean"]["per_100_steps"].item() == pytest.approx(decay)
        assert frame["mean"]["reaching", 200] == pytest.approx(at_200)
        assert frame["mean"]["weight_gradient"].item() == pytest.approx(weight)


def test_the_table_and_its_figure(settings, tmp_path):
    norms, out = tmp_path / "norms.csv", tmp_path / "summary.csv"
    arms = settings.job_arms({"strsbp": small_networks.arm()})
    networks = Networks(arms, HIDDEN, [table()] * len(arms), small_networks.noise())
    measure_gradient_flow(networks, settings, 3, out=norms)
    summarise_gradient_flow([norms], out=out)
    frame = pd.read_csv(out)
    weights = frame[frame["quantity"] == "weight_gradient"]
    assert (weights[weights["method"] == "strsbp"].groupby(["state", "n_steps"]).size() == 3).all()
    reaching = frame[frame["quantity"] == "reaching"]
    assert reaching.empty == (missing_library() is not None)
    if not reaching.empty:
        start = reaching[(reaching["layer"] == "output3") & (reaching["steps_back"] == 0)]
        np.testing.assert_allclose(start["mean"], 1)
        assert (reaching["steps_back"] < reaching["n_steps"]).all()
    assert len(draw(summary=out).axes) == 4
