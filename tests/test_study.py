"""Loading a study: merging overlays, and mistakes reported in one sentence."""

import functools
import importlib.machinery
import shutil
import sys
import types

import pytest
from refusals import refusal
from snakemake.utils import update_config

from strsbp.cuda.device import resolve_device
from strsbp.errors import SettingsError, TableError
from strsbp.settings import SimulatedTable, TableSettings
from strsbp.study.loading import load_profile, load_study, merged, read_config


@pytest.fixture(scope="module")
def base(root):
    """The quick study, as read."""
    return read_config(root / "config" / "config.yaml")


@pytest.mark.parametrize("profile", ["paper", "full"])
def test_merged_equals_snakemakes_configfile(root, base, profile):
    overlay = read_config(root / "config" / f"{profile}.yaml")
    by_snakemake = {}
    for config in (overlay, base, overlay):  # Snakemake's order, which determines that of arms
        update_config(by_snakemake, config)
    assert merged(base, overlay) == by_snakemake
    assert list(merged(base, overlay)["arms"]) == list(by_snakemake["arms"])


def test_defaults_apply_to_every_arm_and_its_own_keys_win(base):
    overlay = {"defaults": {"tau_s": 9}, "arms": {"hm2bp": {"tau_s": 7}}}
    study = load_study(merged(base, overlay), "here")
    assert study.arm("strsbp").tau_s == 9
    assert study.arm("hm2bp").tau_s == 7


@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        ({"dat": {}}, "here, dat: there is no such setting; known keys: profile, device"),
        ({"arms": {"strsbp": {"tau": 3}}}, "arms.strsbp.tau: there is no such setting"),
        ({"defaults": {"tau": 3}}, "here, defaults, tau: there is no such setting"),
        ({"defaults": {"tau_m": -3}}, "here, defaults, tau_m: Input should be greater than 1"),
        ({"arms": {"strsbp": {"tau_m": -3}}}, "arms.strsbp.tau_m: Input should be greater than 1"),
        ({"arms": {"strsbp": {"threshold_hidden": 1e-7}}}, "greater than or equal to 0.001"),
        (
            {
                "variants": {
                    "b": {"title": "b", "settings": {}, "arms": {"strsbp": {}, "b_strsbp": {}}}
                }
            },
            "`variants` names the unknown arm 'b_strsbp'",
        ),
        ({"figures": {"fig4": {"panels": {"a": ["nobody"]}}}}, "unknown arm 'nobody'"),
        ({"arms": {"strsbp": {"architecture": "x"}}}, "unknown architecture 'x'"),
        ({"profile": "../up"}, "here, profile"),
        (
            {"gradient_check": {"arms": ["strsbp", "nobody"]}},
            "`gradient_check` names the unknown arm 'nobody'",
        ),
        ({"arms": {"../up": {"title": "x"}}}, "here, arms"),
        ({"arms": {"strsbp": {"seeds": [1, 1]}}}, "no value may be listed twice"),
        ({"arms": {"strsbp": {"dataset": "mine"}}}, "uses the unknown data set 'mine'"),
        ({"data": {"sets": {"mnist": "a.npz"}}}, "the name 'mnist', which is taken"),
        ({"architectures": {"x": [{"kind": "feedforward"}]}}, "a feedforward layer needs `size`"),
        (
            {"architectures": {"x": [{"kind": "recurrent", "shape": [0, 1, 1]}]}},
            "three positive sizes",
        ),
        ({"published_logs": {"arms": {"strsbp": {"title": "x"}}}}, "two arms are called 'strsbp'"),
    ],
)
def test_mistakes_are_one_sentence_with_their_place(base, overlay, words):
    assert words in refusal(lambda: load_study(merged(base, overlay), "here"), SettingsError)


@pytest.mark.parametrize(
    ("text", "words"),
    [("profile: b\n", "must be 'a', like the name"), ("[]\n", "must hold `key: value` pairs")],
)
def test_a_profile_that_is_not_its_files_is_refused(root, tmp_path, text, words):
    shutil.copy(root / "config" / "config.yaml", tmp_path)
    (tmp_path / "a.yaml").write_text(text)
    assert words in refusal(lambda: load_profile(tmp_path, "a"), SettingsError)


def table(spsp, **changes):
    settings = dict(tau_m=64, tau_s=8, refractory_steps=2, n_steps=400, grid=100)
    return SimulatedTable(spsp=spsp, **{**settings, **changes})


# Times 0..T, 3 apart: 0, 3, ..., 399 are 134 at T = 400. Multiples of 2 up to 400 are 200.
# Times 1..T - 1, 3 apart: 1, 4, ..., 397 are 133.
@pytest.mark.parametrize(
    ("spsp", "changes", "largest"),
    [
        ("published", {}, 134),
        ("unblocked", {}, 134),
        ("corrected", {}, 200),
        ("exact", {}, 133),
        ("published", {"n_steps": 30}, 11),
        ("corrected", {"n_steps": 30}, 15),
        ("corrected", {"n_steps": 31}, 15),
        ("corrected", {"n_steps": 30, "refractory_steps": 0}, 30),
    ],
)
def test_a_grid_is_feasible_up_to_the_largest_train(spsp, changes, largest):
    table(spsp, grid=largest, **changes).check_grid()
    with pytest.raises(SettingsError, match=f"room for {largest} spikes"):
        table(spsp, grid=largest + 1, **changes).check_grid()
    assert table(spsp, **changes).largest_count == largest


def test_a_table_file_may_be_in_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert TableSettings(file="~/table.txt").file == "/home/someone/table.txt"


def test_table_file_is_read_from_the_directory(base, tmp_path):
    (tmp_path / "good.txt").write_text("1 2 3 4 5\n" * 50)
    (tmp_path / "bad.txt").write_text("1 2 3 4\n" * 50)
    good = {"arms": {"hm2bp": {"table": {"file": "good.txt"}}}}
    assert load_study(merged(base, good), "here", directory=tmp_path).arm("hm2bp").table.file
    for name in ("bad.txt", "missing.txt"):
        bad = merged(base, {"arms": {"hm2bp": {"table": {"file": name}}}})
        load = functools.partial(load_study, bad, "here", directory=tmp_path)
        assert name in refusal(load, TableError)


@pytest.mark.parametrize("name", ["papr", "../paper", "config", ""])
def test_unknown_profile(root, name):
    with pytest.raises(SettingsError, match="known: quick, full, paper"):
        load_profile(root / "config", name)


@pytest.fixture
def devices(monkeypatch):
    """Functions that set whether CuPy is installed and what it finds, and clear cached results."""
    from strsbp.cuda import device

    class NoDevice(Exception):
        pass

    def set_cupy(n_devices):
        def count():
            if n_devices is None:
                raise NoDevice("cudaErrorNoDevice: no CUDA-capable device is detected")
            return n_devices

        module = types.ModuleType("cupy")
        runtime = types.SimpleNamespace(getDeviceCount=count, CUDARuntimeError=NoDevice)
        module.cuda = types.SimpleNamespace(runtime=runtime)
        module.__spec__ = importlib.machinery.ModuleSpec("cupy", None)
        monkeypatch.setitem(sys.modules, "cupy", module)
        device.obstacle.cache_clear()

    def remove():
        monkeypatch.setattr(device, "find_spec", lambda name: None)
        device.obstacle.cache_clear()

    yield types.SimpleNamespace(set=set_cupy, remove=remove)
    device.obstacle.cache_clear()


def test_a_gpu_is_used_if_there_is_one(devices):
    devices.set(1)
    assert resolve_device("auto") == resolve_device("cuda") == "cuda"
    assert resolve_device("cpu") == "cpu"


@pytest.mark.parametrize("found", [0, None, "no CuPy"])
def test_without_a_gpu_auto_is_the_cpu_and_cuda_an_error(devices, found):
    devices.remove() if found == "no CuPy" else devices.set(found)
    assert resolve_device("auto") == resolve_device("cpu") == "cpu"
    words = "CuPy is not installed" if found == "no CuPy" else "CuPy finds no GPU"
    message = refusal(lambda: resolve_device("cuda", "here"), SettingsError)
    assert message.startswith("here, device: 'cuda' asks for a GPU, but ") and words in message
    assert "use 'auto' or 'cpu'" in message


def test_a_cupy_that_cannot_be_loaded_is_told_by_the_cause(devices, tmp_path, monkeypatch):
    devices.set(1)
    monkeypatch.delitem(sys.modules, "cupy")
    (tmp_path / "cupy.py").write_text(
        "raise ImportError('=====\\nFailed to import CuPy.') from OSError('no libnvrtc.so')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    said = refusal(lambda: resolve_device("cuda", "here"), SettingsError)
    assert "CuPy cannot be loaded (no libnvrtc.so)" in said


def test_reading_a_study_needs_no_gpu(base, devices):
    # A node without a GPU may submit jobs to nodes that have one.
    devices.set(0)
    assert load_study(merged(base, {"device": "cuda"}), "here").device == "cuda"
