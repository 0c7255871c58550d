"""Config files with anything in them: a checked study, or one sentence; never another folder."""

import json
import os
from pathlib import Path

import pytest
import yaml
from bad_input import (
    NO_FILES,
    TEXTS,
    VALUES,
    attempt,
    changed_tree,
    damaged,
    examples,
    no_file,
    peak_memory,
    refusal,
)
from hypothesis import given
from hypothesis import strategies as st

from strsbp.errors import SettingsError, StrsbpError
from strsbp.settings import ArmSettings, LayerSettings, SimulatedTable
from strsbp.study.loading import LARGEST_NETWORK, load_profile, load_study, merged, read_config
from strsbp.study.plain import LARGEST_FILE, MOST_NODES, read_yaml
from strsbp.study.settings import StudySettings

CONFIG = Path(__file__).resolve().parents[1] / "config"
BASE = read_config(CONFIG / "config.yaml")
FEW = {
    **BASE,
    "arms": {"strsbp": {"title": "ST-RSBP"}, "b": {"title": "b", "tau_m": 40}},
    "gradients": {"arms": ["strsbp", "b"]},
    "fits": {"arms": ["strsbp", "b"]},
    "bptt": {"strsbp": "strsbp", "hm2bp": "b"},
    "gradient_check": {"arms": ["strsbp"]},
    "figures": {
        name: {"panels": {"p": ["strsbp"], "q": ["b"]}, "epochs": 2} for name in BASE["figures"]
    },
}
"""A small complete study."""
load_study(FEW, "here")  # else nothing below would be tried
MEMORY = 32 << 20


def check(study: StudySettings):
    """What must hold for every study that is accepted."""
    names = {study.profile, *study.arms}
    for name in names:
        # Results go to results/<profile>/train/<arm>/: these names are parts of paths.
        assert os.path.basename(name) == name and name.isidentifier() and len(name) <= 64
    for name in study.arms:
        arm = study.arm(name)
        table = arm.simulated_table()
        if table is not None:
            assert "/" not in table.key and SimulatedTable.from_key(table.key) == table
        assert arm.title.isprintable() or "\xa0" in arm.title or not arm.title.isascii()
    json.dumps(study.model_dump(mode="json"), allow_nan=False)


@examples(150)
@given(raw=changed_tree(FEW) | VALUES)
def test_any_change_of_a_study_is_checked_or_refused(raw):
    study = attempt(lambda: load_study(raw, "here"))
    if study is not None:
        check(study)


def dumped(value) -> str:
    return yaml.safe_dump(value, allow_unicode=True)


@examples(80)
@given(overlay=changed_tree({"profile": "mine", "arms": {"strsbp": {"tau_m": 40}}, "data": {}}))
def test_any_overlay_file(tmp_path_factory, overlay):
    folder = tmp_path_factory.getbasetemp() / "config"
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(dumped(FEW))
    (folder / "mine.yaml").write_bytes(dumped(overlay).encode("utf-8", "surrogatepass"))
    study = attempt(lambda: load_profile(folder, "mine"))
    if study is not None:
        check(study)
        assert study.profile == "mine"


@examples(150)
@given(content=damaged((CONFIG / "paper.yaml").read_bytes()) | st.binary(max_size=40))
def test_any_damage_to_a_config_file(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_bytes(content)
    overlay = attempt(lambda: read_config(path), SettingsError)
    if overlay is not None:
        study = attempt(lambda: load_study(merged(BASE, overlay), "here"))
        if study is not None:
            check(study)


YAML = st.sampled_from(
    [
        "a: !!bool maybe", "a: !!int ''", "a: !!int 0x", "a: !!float ''", "a: !!timestamp x",
        "a: 2020-99-99", "a: !!binary '%'", "a: !!null x", "a: !!set {x, y}", "a: !!omap [x]",
        "a: !!python/object/apply:os.system ['touch made']", "a: !!python/name:os.system",
        "a: !<tag:yaml.org,2002:python/object/new:os.system> [x]", "a: &b [*b]", "&a {? *a : 1}",
        "? [1, 2]\n: 3", "? {a: 1}\n: 3", "a: *none", "a: =", "<<: 3", "<<: [1, 2]", "a: 1\na: 2",
        "a: " + "9" * 5000, "a: 1:2:3:4:5:6:7:8:9" * 9, "a: " + "1:" * 4000 + "1",
        "a: 0b" + "1" * 99,
        "a: .nan", "a: -.inf", "---\na: 1\n---\nb: 2", "%YAML 9.9\n---\na: 1", "\ufeffa: 1",
        "a:\tb",
        'a: "\\ud800"', 'a: "\\x00"', 'a: "\\U0011ffff"', "a: |\n  two\n  lines", "\x00", "\x85",
        "a: !!str {b: c}", "a: !!map [1]", "a: !!seq {b: 1}", "[" * 3000, "{a: " * 3000,
        "- " * 3000,
        "a: 1.5e999999", "a: 2020-01-01", "a: 2020-01-01T00:00:00+99:99", "1: 2", "null: 3", "~",
    ]
)  # fmt: skip


@examples(150)
@given(text=YAML | st.lists(YAML, min_size=2, max_size=2).map("\n".join) | st.text(max_size=30))
def test_any_yaml_is_plain_data_or_refused(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    raw = attempt(lambda: read_yaml(path, SettingsError), SettingsError)
    if raw is not None:
        json.dumps(raw)  # plain, and without a part that contains itself
    assert not os.path.exists("made")


LAUGHS = "a0: &a0 [ha, ha]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}, *a{i}]\n" for i in range(60))
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{i + 1}: &a{i + 1}\n  <<: [*a{i}, *a{i}]\n" for i in range(60)
)
MAPPINGS = "a0: &a0 {x: 1}\n" + "".join(
    f"a{i + 1}: &a{i + 1} {{x: *a{i}, y: *a{i}}}\n" for i in range(60)
)


@pytest.mark.parametrize("bomb", [LAUGHS, MERGES, MAPPINGS])
def test_a_billion_laughs_are_counted_before_they_are_built(tmp_path, bomb):
    path = tmp_path / "bomb.yaml"
    path.write_text(bomb)
    found = peak_memory(lambda: refusal(lambda: read_config(path), SettingsError))
    assert found < MEMORY
    assert f"more than {MOST_NODES:,}" in refusal(lambda: read_config(path))


@pytest.mark.parametrize("width", [2, 10])
def test_a_study_in_memory_is_counted_too(width):
    """Snakemake reads `--configfile` itself and hands over what it found."""
    bomb = {}
    for _ in range(60):
        bomb = dict.fromkeys(map(str, range(width)), bomb or 1)
    loop = {}
    loop["table"] = loop
    for value, words in ((bomb, "expands to more than"), (loop, "contains itself")):
        for raw in (value, FEW | {"defaults": value}, FEW | {"arms": {"strsbp": value}}):
            assert words in refusal(lambda raw=raw: load_study(raw, "here"), SettingsError)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "large.yaml"
    with open(path, "wb") as file:
        file.truncate(1 << 32)
    assert peak_memory(lambda: refusal(lambda: read_config(path), SettingsError)) < 1 << 20
    path.write_text("a: " + "x" * LARGEST_FILE)
    assert "bytes" in refusal(lambda: read_config(path), SettingsError)


@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_neither_hangs_nor_fills_the_memory(tmp_path, kind):
    path = no_file(tmp_path, kind)
    refusal(lambda: read_config(path), SettingsError)


NAMES = [
    "..", ".", "", "/", "../up", "a/b", "/etc/passwd", "a\0b", "a\n", "a\nb", "x" * 300, "x" * 5000,
    "A", "1a", "a-b", "a b", "a.b", "é", "~", "$HOME", "`id`", "{seed}", "con.", "\ud800",
    "a\u2028",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_no_name_leaves_the_results_folder(tmp_path, name):
    for change in (
        {"profile": name},
        {"arms": {name: {"title": "x"}}},
        {"gradients": {"arms": [name]}},
        {"fits": {"arms": [name, name]}},
        {"gradient_check": {"arms": [name]}},
        {"gradient_check": {"states": {name: 1}}},
        {"figures": {"fig2": {"panels": {"p": [name]}}}},
        {"arms": {"b": {"architecture": name}}},
    ):
        refusal(lambda change=change: load_study(merged(FEW, change), "here"), SettingsError)
    refusal(lambda: load_profile(CONFIG, name), SettingsError)
    study = load_study(FEW, "here")
    refusal(lambda: study.arm(name), SettingsError)
    refusal(lambda: SimulatedTable.from_key(name), SettingsError)


@examples(100)
@given(name=TEXTS)
def test_an_architecture_may_be_called_anything_printable_and_is_no_path(name):
    """It stands in tables of the report alone."""
    raw = merged(FEW, {"architectures": {name: [{"kind": "feedforward", "size": 4}]}})
    raw = merged(raw, {"arms": {"b": {"architecture": name}}})
    study = attempt(lambda: load_study(raw, "here"))
    if study is not None:
        check(study)
        assert study.arm("b").architecture == name and "\n" not in name and "\0" not in name


@examples(100)
@given(key=TEXTS)
def test_any_key_of_a_table(key):
    for text in (key, f"published-m{key}-s8-r2-t400-g100", f"published-m64-s8-r{key}-t400-g100"):
        attempt(lambda text=text: SimulatedTable.from_key(text))


@examples(60)
@given(file=TEXTS)
def test_any_name_of_a_table_file(tmp_path_factory, file):
    raw = merged(FEW, {"arms": {"b": {"table": {"file": file}}}})
    folder = tmp_path_factory.getbasetemp() / "tables"
    folder.mkdir(exist_ok=True)
    if not file.startswith("/"):
        refusal(lambda: load_study(raw, "here", directory=folder), StrsbpError)


@pytest.mark.parametrize(
    ("layers", "n_steps"),
    [
        ([{"kind": "feedforward", "size": 100_000}] * 2, 400),
        ([{"kind": "recurrent", "shape": [100, 100, 10]}], 400),
        ([{"kind": "feedforward", "size": 5_000}], 65_536),
        ([{"kind": "feedforward", "size": 400}] * 400, 400),
    ],
)
def test_a_network_that_would_fill_the_memory_is_refused(layers, n_steps):
    raw = merged(FEW, {"architectures": {"large": layers}})
    arm = {"title": "x", "architecture": "large", "n_steps": n_steps}
    if len(layers) == 400:
        layers[0]["size"] = 80_000  # shared by all: 6.4 billion weights between two of them
    said = refusal(lambda: load_study(merged(raw, {"arms": {"b": arm}}), "here"), SettingsError)
    assert "here, arms.b: its network has" in said and f"{LARGEST_NETWORK:,}" in said
    load_study(raw, "here")  # an architecture that no arm uses takes nothing


@examples(150)
@given(
    model=st.sampled_from([ArmSettings, LayerSettings, SimulatedTable]),
    raw=st.dictionaries(st.sampled_from(["title", "size", "kind", "shape", "table"]), VALUES)
    | VALUES,
)
def test_any_settings_of_the_package(model, raw):
    from strsbp.settings import checked

    attempt(lambda: checked(model, raw, "here"), SettingsError)
