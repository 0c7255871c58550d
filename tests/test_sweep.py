"""Grids of time constants and thresholds: cells, their tables, training, summary."""

import numpy as np
import pandas as pd
import pytest
import yaml

from strsbp.data import Digits
from strsbp.errors import SettingsError, TableError
from strsbp.files import ResultsError
from strsbp.network import build_network
from strsbp.settings import ArmSettings, LayerSettings
from strsbp.spsp import fit_surface, simulate_surface
from strsbp.study.claims.questions import judge_questions
from strsbp.study.experiments.simulated import on_simulations
from strsbp.study.experiments.sweep import figure
from strsbp.study.experiments.sweep.measure import measure_cell, read_table_of, simulate_tables
from strsbp.study.experiments.sweep.settings import Cell, SweepSettings
from strsbp.study.experiments.sweep.summarise import COLUMNS, behind_chosen, summarise_sweep
from strsbp.study.inputs import Networks
from strsbp.study.loading import load_study, read_config
from strsbp.training.epochs import train

ARM = ArmSettings(title="ST-RSBP", table={"grid": 8}, n_steps=60)
SETTINGS = SweepSettings(
    arms=["strsbp"], tau_m=[32], tau_s=[16], threshold_hidden=[10], threshold_output=[], epochs=2,
    seeds=[1, 2],
)  # fmt: skip
ARMS = {"strsbp": ARM}
OWN = "m64-s8-h20-o15"
KEYS = {
    "time_constants": ["m32-s8-h20-o15", "m32-s16-h20-o15", OWN, "m64-s16-h20-o15"],
    "thresholds": ["m64-s8-h10-o15", OWN],
}


def test_the_grids_meet_in_the_arms_own_cell():
    cells = SETTINGS.cells(ARM)
    assert {grid: [cell.key for cell in found] for grid, found in cells.items()} == KEYS
    distinct = [cell.key for cell in SETTINGS.distinct_cells(ARM)]
    assert sorted(distinct) == sorted({*KEYS["time_constants"], *KEYS["thresholds"]})
    # The thresholds change no simulation.
    keys = [table.key for table in SETTINGS.tables(ARM)]
    assert keys == [
        f"published-m{m}-s{s}-r2-t60-g8" for m, s in [(32, 8), (32, 16), (64, 8), (64, 16)]
    ]


def test_a_cell_changes_its_constants_and_nothing_else():
    cell = Cell.from_key("m32-s16-h10-o15")
    changed = cell.arm(ARM).model_dump()
    differing = {name for name, value in ARM.model_dump().items() if changed[name] != value}
    assert differing == {"tau_m", "tau_s", "threshold_hidden"}
    assert Cell.of(cell.arm(ARM)) == cell


def test_a_cell_is_read_back_from_its_name():
    rng = np.random.default_rng(1)
    for _ in range(100):
        tau_m, tau_s = 1 + 10 ** rng.uniform(-3, 5.99, 2)
        hidden, output = 10 ** rng.uniform(-9, 6, 2)
        cell = Cell(tau_m=tau_m, tau_s=tau_s, threshold_hidden=hidden, threshold_output=output)
        read = Cell.from_key(cell.key)
        assert read.key == cell.key
        for name, value in cell.model_dump().items():
            assert getattr(read, name) == pytest.approx(value, rel=1e-11)


@pytest.mark.parametrize("key", ["m64-s8", "m64-s8-h20-o-15", "m0.5-s8-h20-o15", "m1.2.3-s8-h1-o1"])
def test_what_names_no_cell_is_refused_in_one_sentence(key):
    with pytest.raises(SettingsError) as caught:
        Cell.from_key(key)
    assert "\n" not in str(caught.value)


def test_an_unknown_arm_or_a_doubled_value_is_refused(root):
    raw = read_config(root / "config" / "config.yaml")
    with pytest.raises(SettingsError, match="`sweep` names the unknown arm 'nobody'"):
        load_study({**raw, "sweep": {"arms": ["nobody"]}}, "here")
    with pytest.raises(SettingsError, match="sweep.tau_m: no value may be listed twice"):
        load_study({**raw, "sweep": {"arms": ["strsbp"], "tau_m": [32, 32.0]}}, "here")


@pytest.mark.parametrize(
    ("table", "spsp"),
    [
        (dict(spsp="exact"), "published"),
        (dict(spsp="corrected", fit="spline", grid=80), "corrected"),
        (dict(file="a.txt", spsp="corrected"), "published"),
    ],
)
def test_cells_have_simulated_tables_whatever_the_arms_is(table, spsp):
    arm = ArmSettings(title="other", table=table)
    found = Cell.of(arm).table(arm)
    assert (found.spsp, found.grid) == (spsp, table.get("grid", 100))
    assert on_simulations(arm).table.fit_name == "polynomial4"


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "tables.csv"
    keys = [one.key for one in SETTINGS.tables(ARM)[1:3]]
    simulate_tables(keys, repeats=5, seed=3, out=path)
    return path


def test_each_table_is_the_fit_of_its_own_simulation(tables):
    for table in SETTINGS.tables(ARM)[1:3]:
        expected = fit_surface(simulate_surface(table, repeats=5, seed=3)).coefficients
        found = read_table_of(tables, table.key).coefficients
        np.testing.assert_allclose(found, expected, rtol=1e-7)
    first, second = (read_table_of(tables, t.key).coefficients for t in SETTINGS.tables(ARM)[1:3])
    assert not np.allclose(first, second)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n"])
def test_a_file_without_the_table_is_refused(tables, tmp_path, text):
    with pytest.raises(TableError, match="does not hold the table nothing"):
        read_table_of(tables, "nothing")
    path = tmp_path / "tables.csv"
    for missing in (True, False):
        with pytest.raises(ResultsError) as caught:
            read_table_of(path, "k")
        assert "\n" not in str(caught.value)
        if missing:
            path.write_text(text)


def test_a_cell_is_trained_as_an_arm_with_its_constants(tables, tmp_path):
    rng = np.random.default_rng(2)
    images, labels = rng.integers(0, 256, (6, 30)).astype(np.uint8), np.arange(6).astype(np.uint8)
    digits = Digits("invented", images, labels, images[:4], labels[:4])
    hidden = [LayerSettings(kind="feedforward", size=size) for size in (10, 14)]
    key = SETTINGS.tables(ARM)[2].key
    table = read_table_of(tables, key)
    measure_cell(
        Networks({"a": ARM}, hidden, [], digits), "m64-s8-h2-o3", tables, epochs=2, seeds=[1, 5],
        n_train=6, n_test=4, out=tmp_path / "a.csv",
    )  # fmt: skip
    found = pd.read_csv(tmp_path / "a.csv")
    assert list(found["seed"]) == [1, 1, 5, 5]
    for seed in (1, 5):
        arm = ARM.model_copy(update=dict(threshold_hidden=2, threshold_output=3))
        rows = pd.DataFrame(train(build_network(arm, hidden, table, seed, 30), digits, 2))
        ours = found[found["seed"] == seed].reset_index()
        for name in rows.columns.drop("diverged"):
            np.testing.assert_allclose(ours[name], rows[name], rtol=1e-8)
        sizes = {"feedforward1": 10, "feedforward2": 14, "output3": 10}
        silent = sum(n * rows[f"silent_share_{layer}"] for layer, n in sizes.items())
        np.testing.assert_allclose(ours["silent_share"], silent / 34)
        smallest = rows[[f"smallest_denominator_{layer}" for layer in sizes]].min(axis=1)
        np.testing.assert_allclose(ours["smallest_denominator"], smallest)
    assert not found.loc[[1], "test_error":].equals(found.loc[[3], "test_error":])


def scan(path, errors, *, silent=0.4, smallest=0.5, diverged=()):
    """A file of `measure_cell` in which seed k ends with the k-th of `errors`."""
    rows = []
    for seed, error in enumerate(errors, start=1):
        for epoch in (1, 2):
            first = epoch == 1
            rows.append(
                dict(
                    seed=seed, silent_share=silent / 2, epoch=epoch,
                    smallest_denominator=smallest if first else smallest + 0.1,
                    test_error=0.9 if first else error, spike_count_feedforward1=8,
                    silent_share_feedforward1=0.1, spike_count_recurrent2=4,
                    silent_share_recurrent2=silent, spike_count_output3=99,
                    silent_share_output3=0.2,
                    diverged="output3" if seed in diverged and not first else "",
                )
            )  # fmt: skip
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def scans_of(folder, **changed):
    """Scans of all cells; both runs of tau_m = 32, tau_s = 16 fail, and one of tau_s = 16."""
    errors = {
        "m32-s8-h20-o15": dict(errors=(0.30, 0.34)),
        "m32-s16-h20-o15": dict(errors=(0.9, 0.9), silent=1.0, smallest=0.9),
        OWN: dict(errors=(0.20, 0.22)),
        "m64-s16-h20-o15": dict(errors=(0.22, 0.5), diverged=(2,)),
        "m64-s8-h10-o15": dict(errors=(0.15, 0.18)),
    } | changed
    folder = folder / "strsbp" / "measure"
    folder.mkdir(parents=True, exist_ok=True)
    return [scan(folder / f"{key}.csv", **values) for key, values in errors.items()]


@pytest.fixture
def summary(tmp_path):
    out = tmp_path / "summary.csv"
    summarise_sweep(scans_of(tmp_path), settings=SETTINGS, arms=ARMS, out=out)
    return out


def value(path, column="mean", **where):
    frame = pd.read_csv(path)
    for name, wanted in where.items():
        frame = frame[frame[name] == wanted]
    assert len(frame) == 1, where
    return frame[column].iloc[0]


def test_every_cell_of_both_grids_is_summarised(summary):
    frame = pd.read_csv(summary)
    assert list(frame.columns) == COLUMNS
    cells = frame[(frame["of"] == "cell") & (frame["quantity"] == "test_error")]
    assert {g: list(f["cell"]) for g, f in cells.groupby("grid")} == KEYS
    assert (frame["n_train"] == 1000).all() and (frame["epochs"] == 2).all()

    of_own = dict(grid="thresholds", cell=OWN)
    assert value(summary, **of_own, quantity="test_error") == pytest.approx(0.21)
    # t of 95 % with one degree of freedom is 12.706; the standard error of the mean is 0.01.
    assert value(summary, "low", **of_own, quantity="test_error") == pytest.approx(
        0.21 - 0.12706, abs=1e-5
    )
    assert value(summary, **of_own, quantity="smallest_denominator") == 0.5  # of both epochs
    assert value(summary, **of_own, quantity="silent_share_last_hidden") == 0.4
    assert value(summary, **of_own, quantity="spike_count") == 6  # the output layer is not hidden
    assert value(summary, **of_own, quantity="drive") == 64 / 20


def test_ranks_follow_the_mean_errors(summary):
    times = dict(grid="time_constants", quantity="test_error")
    ranks = [value(summary, "rank", cell=key, **times) for key in KEYS["time_constants"]]
    assert ranks == [3, 4, 1, 2]  # of means 0.32, 0.9, 0.21 and, of the finite run, 0.22


def test_the_best_cell_for_other_seeds():
    errors = pd.DataFrame(
        {"own": [0.2, 0.2, 0.2], "a": [0.1, 0.3, 0.3], "b": [0.25, 0.15, 0.18], "c": [0, 0, None]},
        index=[1, 2, 3],
    )
    # Without seed 1, b is best (0.165); without 2, a has 0.2 and own 0.2, b 0.215: the first of
    # equals, own; without 3, a and own have 0.2 and b 0.2.
    errors.loc[3, "a"] = 0.31
    assert behind_chosen(errors, "own") == pytest.approx([0.2 - 0.25, 0, 0])
    assert behind_chosen(errors, "c") == []
    assert behind_chosen(errors.iloc[:1], "own") == []


def test_lines_through_the_own_cell(tmp_path):
    settings = SETTINGS.model_copy(
        update=dict(tau_m=[32, 128], tau_s=[4, 16], threshold_hidden=[], seeds=[1])
    )
    means = {
        (32, 4): 0.30, (32, 8): 0.31, (32, 16): 0.22, (64, 4): 0.25, (64, 8): 0.2,
        (64, 16): 0.21, (128, 4): 0.24, (128, 8): 0.28, (128, 16): 0.29,
    }  # fmt: skip
    folder = tmp_path / "strsbp" / "measure"
    folder.mkdir(parents=True)
    scans = [scan(folder / f"m{m}-s{s}-h20-o15.csv", [error]) for (m, s), error in means.items()]
    out = tmp_path / "summary.csv"
    summarise_sweep(scans, settings=settings, arms=ARMS, out=out)
    spreads = {
        line: value(out, grid="time_constants", of="line", cell=line)
        for line in ("first", "second", "product", "ratio")
    }
    # tau_m = 64; tau_s = 8; (128, 4), (64, 8), (32, 16); (32, 4), (64, 8), (128, 16)
    assert spreads == pytest.approx(dict(first=0.05, second=0.11, product=0.04, ratio=0.10))
    # A line of one cell has no spread.
    assert np.isnan(value(out, grid="thresholds", of="line", cell="product"))


def test_what_failed_runs_have_in_common(summary):
    failed, trained = dict(of="failed runs"), dict(of="trained runs")
    # One run of tau_s = 16 diverged, both of the cell with tau_m = 32 too ended above one half.
    assert value(summary, **failed, quantity="runs") == 3
    assert value(summary, **failed, quantity="diverged_runs") == 1
    assert value(summary, **trained, quantity="runs") == 7
    silent = "silent_share_last_hidden"
    assert value(summary, **failed, quantity=silent) == pytest.approx((1 + 1 + 0.4) / 3)
    assert value(summary, **failed, quantity=f"{silent}_smallest") == 0.4
    assert value(summary, **failed, quantity="smallest_denominator_largest") == 0.9
    assert value(summary, **failed, quantity="drive_largest") == 3.2
    assert value(summary, **trained, quantity="drive_smallest") == 1.6
    assert value(summary, "n_failed", cell="m64-s16-h20-o15", quantity="drive") == 1


def test_grids_in_which_nothing_or_everything_failed(tmp_path):
    keys = {*KEYS["time_constants"], *KEYS["thresholds"]}
    out = tmp_path / "summary.csv"
    fine = scans_of(tmp_path, **{key: dict(errors=(0.2, 0.3)) for key in keys})
    summarise_sweep(fine, settings=SETTINGS, arms=ARMS, out=out)
    assert value(out, of="failed runs", quantity="runs") == 0
    assert np.isnan(value(out, of="failed runs", quantity="drive"))
    dead = scans_of(tmp_path, **{key: dict(errors=(0.9, 0.9), diverged=(1, 2)) for key in keys})
    summarise_sweep(dead, settings=SETTINGS, arms=ARMS, out=out)
    assert value(out, of="trained runs", quantity="runs") == 0
    assert np.isnan(value(out, grid="thresholds", cell=OWN, quantity="test_error"))
    assert figure.draw(summary=out).axes


def test_incomplete_scans_are_refused(tmp_path):
    out = tmp_path / "summary.csv"
    scans = scans_of(tmp_path)
    some = [path for path in scans if path.stem != OWN]
    with pytest.raises(ResultsError, match=f"cell {OWN} of strsbp was not trained"):
        summarise_sweep(some, settings=SETTINGS, arms=ARMS, out=out)
    longer = SETTINGS.model_copy(update=dict(epochs=3))
    with pytest.raises(ResultsError, match="does not hold 3 epochs of the seeds 1, 2"):
        summarise_sweep(scans, settings=longer, arms=ARMS, out=out)
    more = SETTINGS.model_copy(update=dict(seeds=[1, 2, 3]))
    with pytest.raises(ResultsError, match="does not hold 2 epochs of the seeds 1, 2, 3"):
        summarise_sweep(scans, settings=more, arms=ARMS, out=out)
    assert not out.exists()


def test_the_question_is_judged_from_the_summary(root, summary, tmp_path):
    kept = yaml.safe_load((root / "resources" / "questions.yaml").read_text())["questions"]
    path = tmp_path / "questions.yaml"
    path.write_text(yaml.safe_dump(dict(questions=[q for q in kept if q["id"] == "Q6"])))
    out = tmp_path / "answers.csv"
    judge_questions(questions=path, tables=dict(sweep=summary), out=out)
    answers = pd.read_csv(out).set_index("statement")
    # Two seeds are not enough for any of them.
    assert set(answers["verdict"]) == {"not answered at this size"}
    asked = "The published thresholds are within one point of the best pair on their grid."
    assert answers.loc[asked, "reason"].startswith("Needs 3 seeds (here 2).")


def test_the_figure_needs_both_grids(summary):
    assert figure.draw(summary=summary).axes
    frame = pd.read_csv(summary)
    frame[frame["grid"] != "thresholds"].to_csv(summary, index=False)
    with pytest.raises(ResultsError, match="no cell of the grid 'thresholds'"):
        figure.draw(summary=summary)
