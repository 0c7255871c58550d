"""Our simulated tables against the ones that the authors published."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from strsbp.spsp.compare import AUTHOR_TABLES, compare_tables, share_as_far
from strsbp.spsp.fits import fit_surface
from strsbp.spsp.simulate import simulate_surface
from strsbp.spsp.table import EffectRatioTable, read_table, write_table

KEPT = ROOT / "resources" / "author_tables_comparison.csv"
FOLDER = os.environ.get("STRSBP_REFERENCE_DIR")


def test_equal_tables_do_not_differ():
    table = EffectRatioTable(np.arange(25.0).reshape(5, 5))
    measures = compare_tables(table, table)
    assert measures.pop("value_ratio") == 1
    assert set(measures.values()) == {0}


def test_a_scaled_table_differs_by_its_scale():
    table = EffectRatioTable(np.arange(25.0).reshape(5, 5))
    measures = compare_tables(EffectRatioTable(table.coefficients * 1.1), table)
    relative = ("value_rms", "value_largest", "derivative_rms", "derivative_largest")
    assert measures == pytest.approx(dict.fromkeys(relative, 0.1) | dict(value_ratio=1.1))


def test_a_file_is_one_of_the_draws():
    draws = pd.Series([0.98, 1.01, 1.0])
    assert share_as_far(0.97, draws, 1) == 1 / 4
    assert share_as_far(1.02, draws, 1) == 2 / 4  # 0.98 is as far on the other side
    assert share_as_far(1.0, draws, 1) == 1


def test_kept_comparison_is_within_chance():
    kept = pd.read_csv(KEPT)
    assert set(kept["file"]) == set(AUTHOR_TABLES)
    small = kept["grid"] == 50
    assert (kept.loc[small, "p"] > 0.05).all()
    # The larger one differs by more than all draws, but by little: it is noisier.
    noise = kept[~small & kept["measure"].str.endswith("_rms")]
    assert (noise["ours"] < 1.4 * noise["chance"]).all()


@pytest.mark.skipif(
    FOLDER is None, reason="STRSBP_REFERENCE_DIR does not name a folder with the authors' tables"
)
@pytest.mark.parametrize("name, largest", [
    ("p_Tau_64_400.txt", 0.01), ("corrected_p_Tau_64_400-50.txt", 0.01),
])  # fmt: skip
def test_fresh_tables_come_close_to_the_authors(name, largest):
    ours = fit_surface(simulate_surface(AUTHOR_TABLES[name], repeats=300, seed=5))
    measures = compare_tables(ours, read_table(Path(FOLDER) / name))
    assert measures["value_rms"] < largest
    assert measures["value_ratio"] == pytest.approx(1, abs=0.005)


@pytest.mark.skipif(
    FOLDER is None, reason="STRSBP_REFERENCE_DIR does not name a folder with the authors' tables"
)
@pytest.mark.parametrize("name", AUTHOR_TABLES)
def test_the_authors_files_are_written_back_byte_for_byte(name, tmp_path):
    write_table(read_table(Path(FOLDER) / name), tmp_path / name)
    assert (tmp_path / name).read_bytes() == (Path(FOLDER) / name).read_bytes()
