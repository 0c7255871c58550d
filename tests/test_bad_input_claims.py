"""Claims, findings, results and provenance with anything in them: judged, or refused."""

import copy
import json
import random
from pathlib import Path

import pandas as pd
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
    refusal,
)
from hypothesis import given
from hypothesis import strategies as st
from synthetic_results import ARMS, write_runs, write_surfaces

from strsbp.errors import ClaimsError
from strsbp.study.claims import Verdict, judge_claims, load_claims, read_judged
from strsbp.study.claims.findings import judge_findings, load_findings
from strsbp.study.summary import summarise_training
from strsbp.study.summary.files import ResultsError, read_csv, read_json

RESOURCES = Path(__file__).resolve().parents[1] / "resources"
CLAIMS = yaml.safe_load((RESOURCES / "claims.yaml").read_text())
FINDINGS = yaml.safe_load((RESOURCES / "findings.yaml").read_text())
VERDICTS = {verdict.value for verdict in Verdict}
SOME = {name: ARMS[name] for name in ("strsbp", "hm2bp", "tau_m_32", "fig6_published")}
SUMMARIES = ("curves", "seeds", "arms", "pairs", "runs")

CLAIM_FILES = st.sampled_from(CLAIMS["claims"]).flatmap(
    lambda claim: changed_tree({"claims": [claim]})
)
FINDING_FILES = st.sampled_from(FINDINGS["findings"]).flatmap(
    lambda finding: changed_tree({"findings": [finding]})
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The results files that claims refer to, of invented runs."""
    folder = tmp_path_factory.mktemp("results")
    metrics, provenance = write_runs(folder, seeds=(1, 2), arms=SOME)
    paths = {name: folder / f"{name}.csv" for name in SUMMARIES}
    summarise_training(metrics, provenance, **paths)
    paths["surfaces"] = write_surfaces(folder / "surfaces.csv")
    rows = [dict(spsp="published", grid=50, region="fitted", quantity="value_rms_error", value=0.3)]
    for name in ("quality", "gradients", "denominators", "measured"):
        paths[name] = folder / f"{name}.csv"
        pd.DataFrame(rows).to_csv(paths[name], index=False)
    return paths


def text_of(value) -> bytes:
    return yaml.safe_dump(value, allow_unicode=True).encode("utf-8", "surrogatepass")


@examples(120)
@given(raw=CLAIM_FILES | VALUES.map(lambda value: {"claims": value}))
def test_any_change_of_a_claim_is_judged_or_refused(tmp_path_factory, tables, raw):
    folder = tmp_path_factory.getbasetemp()
    path, out = folder / "claims.yaml", folder / "judged.csv"
    path.write_bytes(text_of(raw))
    out.unlink(missing_ok=True)
    if attempt(lambda: load_claims(path), ClaimsError) is None:
        return
    attempt(lambda: judge_claims(claims=path, tables=tables, out=out), ClaimsError)
    if out.exists():
        assert set(read_judged(out)["verdict"]) <= VERDICTS


@examples(100)
@given(raw=FINDING_FILES | VALUES.map(lambda value: {"findings": value}))
def test_any_change_of_a_finding_is_judged_or_refused(tmp_path_factory, tables, raw):
    folder = tmp_path_factory.getbasetemp()
    path, out = folder / "findings.yaml", folder / "found.csv"
    path.write_bytes(text_of(raw))
    if attempt(lambda: load_findings(path), ClaimsError) is not None:
        attempt(lambda: judge_findings(findings=path, tables=tables, out=out), ClaimsError)


@examples(80)
@given(content=damaged(text_of({"claims": CLAIMS["claims"][:2]})) | st.binary(max_size=40))
def test_any_damage_to_a_claims_file(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_bytes(content)
    attempt(lambda: load_claims(path), ClaimsError)


@pytest.mark.parametrize("kind", ["all_of", "any_of"])
@pytest.mark.parametrize("depth", [12, 40, 400, 5000])
def test_rules_in_rules_in_rules(tmp_path, tables, kind, depth):
    claim = copy.deepcopy(CLAIMS["claims"][2])
    inner = json.dumps(claim["rule"])
    nested = f'{{"kind": "{kind}", "rules": [{inner}, ' * depth + inner + "]}" * depth
    claim["rule"] = "RULE"
    path = tmp_path / "claims.yaml"
    path.write_text(json.dumps({"claims": [claim]}).replace('"RULE"', nested))
    if depth > 12:
        refusal(lambda: load_claims(path), ClaimsError)
    else:
        judge_claims(claims=path, tables=tables, out=tmp_path / "judged.csv")
        assert len(read_judged(tmp_path / "judged.csv")) == 1


def test_nothing_in_a_claims_file_is_evaluated(tmp_path):
    made = tmp_path / "made"
    path = tmp_path / "claims.yaml"
    for text in (
        f"claims: !!python/object/apply:os.mkdir ['{made}']",
        f"claims: [{{id: a, rule: {{kind: eval, code: \"__import__('os').mkdir('{made}')\"}}}}]",
    ):
        path.write_text(text)
        refusal(lambda: load_claims(path), ClaimsError)
    assert not made.exists()


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("read", [load_claims, load_findings, read_csv, read_json, read_judged])
def test_what_is_no_file_neither_hangs_nor_fills_the_memory(tmp_path, kind, read):
    path = no_file(tmp_path, kind)
    refusal(lambda: read(path))


# --- results files


def damaged_csv(path, seed) -> bytes:
    """The csv `path` with a column left out or renamed, or some cells replaced."""
    random_ = random.Random(seed)
    frame = pd.read_csv(path, dtype=str)
    for _ in range(random_.randint(1, 3)):
        column = random_.choice(list(frame.columns))
        cells = ["", "nan", "inf", "x", "-1", "1e999", "9" * 400, '"', "=1+1", "True", "\x00", "é"]
        match random_.choice(["drop", "rename", "cell", "cell", "column", "rows"]):
            case "drop":
                frame = frame.drop(columns=column)
            case "rename":
                frame = frame.rename(columns={column: random_.choice(["", "arm", "x y"])})
            case "cell":
                row = random_.randrange(len(frame)) if len(frame) else 0
                frame.loc[row, column] = random_.choice(cells)
            case "column":
                frame[column] = random_.choice(cells)
            case "rows":
                frame = frame.iloc[: random_.randrange(3)]
        if frame.columns.duplicated().any() or not len(frame.columns):
            break
    return frame.to_csv(index=False).encode()


@examples(25)
@given(name=st.sampled_from(["arms", "pairs", "runs", "surfaces"]), seed=st.integers(0, 2**32))
def test_any_damage_to_results_is_judged_or_refused(tmp_path_factory, tables, name, seed):
    folder = tmp_path_factory.getbasetemp()
    path, out = folder / "changed.csv", folder / "judged.csv"
    path.write_bytes(damaged_csv(tables[name], seed))
    some = folder / "some.yaml"
    chosen = random.Random(seed).sample(CLAIMS["claims"], 3)
    some.write_bytes(text_of({"claims": chosen}))
    out.unlink(missing_ok=True)
    attempt(lambda: judge_claims(claims=some, tables=tables | {name: path}, out=out))
    if out.exists():
        attempt(lambda: read_judged(out))  # it may hold an infinity of the results file


@pytest.fixture(scope="module")
def one_run(tmp_path_factory):
    """Metrics and provenance of one invented run."""
    metrics, provenance = write_runs(tmp_path_factory.mktemp("run"), seeds=(1,), arms=SOME)
    return metrics[0], json.loads(provenance[0].read_text())


def summarised(folder, metrics, provenance):
    out = {name: folder / f"{name}.csv" for name in SUMMARIES}
    attempt(lambda: summarise_training([metrics], [provenance], **out), ResultsError)


@examples(40)
@given(data=st.data())
def test_any_provenance_is_summarised_or_refused(tmp_path_factory, one_run, data):
    folder = tmp_path_factory.getbasetemp()
    metrics, document = one_run
    changed = data.draw(changed_tree(document) | VALUES, label="provenance")
    path = folder / "provenance.json"
    path.write_text(json.dumps(changed))
    summarised(folder, metrics, path)


@examples(40)
@given(seed=st.integers(0, 2**32))
def test_any_metrics_are_summarised_or_refused(tmp_path_factory, one_run, seed):
    folder = tmp_path_factory.getbasetemp()
    metrics, document = one_run
    provenance, changed = folder / "provenance.json", folder / "metrics.csv"
    provenance.write_text(json.dumps(document))
    changed.write_bytes(damaged_csv(metrics, seed))
    summarised(folder, changed, provenance)


@examples(80)
@given(content=st.binary(max_size=60) | TEXTS.map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_bytes_as_csv_or_json(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    attempt(lambda: read_csv(path, ("a",)), ResultsError)
    attempt(lambda: read_json(path), ResultsError)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zip"])
def test_a_compressed_csv_is_not_unpacked(tmp_path, suffix):
    import gzip

    path = tmp_path / f"claims.csv{suffix}"
    path.write_bytes(gzip.compress(b"a\n" + b"1\n" * 100))
    refusal(lambda: read_csv(path, ("a",)), ResultsError)


def test_json_nested_too_deeply(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("[" * 100_000)
    refusal(lambda: read_json(path), ResultsError)
