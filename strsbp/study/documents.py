"""The generated parts of README.md and of the pages in docs/, rewritten by `make docs`.

A part stands between two comments, `<!-- NAME: begin (written by make docs) -->` and
`<!-- NAME: end -->`. Its numbers come from results/paper and benchmarks/results, its tables of keys
from the models of the settings. A test fails when a part is out of date.
"""

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

from strsbp.files import read_csv, read_json, write_text
from strsbp.study import schema
from strsbp.study.claims.judging import published_value
from strsbp.study.claims.measurements import Tables
from strsbp.study.claims.rules import KINDS
from strsbp.study.claims.units import format_measured, format_value
from strsbp.study.figures.catalogue import CLAIMS, FIGURES
from strsbp.study.report.text import duration, packaged

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results" / "paper"
EPOCHS = 10
"""Epochs after which the answers compare the methods: those of the study's Fig. 2."""


def answers() -> str:
    """The three results that matter, as a table."""
    claims = ROOT / CLAIMS
    study = " against ".join(
        format_value(published_value(claims, f"{arm}_best_error"), "error")
        for arm in ("strsbp", "hm2bp")
    )
    as_run, sizes = _two_arms("strsbp", "hm2bp")
    as_logged, _ = _two_arms("logged_strsbp", "logged_hm2bp")
    through_time, n_digits = _bptt()
    rows = [
        ["**Does ST-RSBP beat HM2-BP**, as the study ran both?", study, as_run],
        [
            "**And with the setting of the authors' own logs**, in which the error is not divided "
            "by the threshold? The division lets the regulariser drown the error (finding F10).",
            "not tried",
            as_logged,
        ],
        ["**Does backpropagation through time** beat ST-RSBP?", "not tried", through_time],
    ]
    return (
        _table(["", "The study", "Here"], rows)
        + f"\n\nBest test errors over {EPOCHS} epochs of 784-400-R400-10 on {sizes} (last row: "
        f"{n_digits:,} for training); in brackets the 95 % interval of the difference, paired over "
        "seeds."
    )


def _two_arms(a: str, b: str) -> tuple[str, str]:
    """Whether the arm `a` has a smaller error than `b`, in words, and on which images."""
    names = ("arms", "pairs")
    tables = Tables({name: RESULTS / "summarise_training" / f"{name}.csv" for name in names})
    pair = tables.pair(a, b, EPOCHS, "best_test_error")
    first, second = (
        tables.select("arms", dict(arm=arm, quantity="best_test_error", at_epoch=EPOCHS))
        for arm in (a, b)
    )
    images = (
        f"{first['n_train']:,} training and {first['n_test']:,} test images of "
        f"{first['dataset'].upper()}"
    )
    values = pair[["difference", "low", "high"]].tolist()
    return _better(first["mean"], second["mean"], values, pair["n_pairs"]), images


def _bptt() -> tuple[str, int]:
    """Whether BPTT has a smaller error than ST-RSBP, in words, and on how many images."""
    rows = read_csv(RESULTS / "bptt" / "summary.csv", ("method", "quantity", "mean", "low", "high"))
    rows = rows[rows["method"] == "bptt"].set_index("quantity")
    own = rows.loc["best_test_error"]
    versus = rows[rows["reference"] == "strsbp"].loc["best_test_error_difference"]
    values = versus[["mean", "low", "high"]].tolist()
    text = _better(own["mean"], own["mean"] - values[0], values, int(versus["n_seeds"]))
    return text, int(versus["n_train"])


def _better(a: float, b: float, difference, n: int) -> str:
    """Whether error `a` is smaller than `b`, by the interval of their difference."""
    _, low, high = difference
    answer = "yes" if high < 0 else "no, it is worse" if low > 0 else "no difference is seen"
    a, b = format_value(a, "error"), format_value(b, "error")
    return f"**{answer}**: {a} against {b}, {format_measured(*difference, 'points')}, {n} seeds"


def claims() -> str:
    """Every claim with the study's value, ours and the verdict."""
    columns = ("place", "statement", "published", "measured", "low", "high", "unit", "verdict")
    found = read_csv(RESULTS / "judge_claims" / "claims.csv", columns)
    rows = []
    for claim in found.to_dict("records"):
        ours = format_measured(claim["measured"], claim["low"], claim["high"], claim["unit"])
        published = format_value(claim["published"], claim["unit"])
        verdict = f"**{claim['verdict']}**"
        if isinstance(claim.get("other_verdicts"), str):  # at other settings, or other epochs
            verdict += f" ({claim['other_verdicts']})"
        rows.append([claim["statement"], claim["place"], published, ours, verdict])
    counts = found["verdict"].value_counts(sort=False)
    total = ", ".join(f"{verdict}: {count}" for verdict, count in counts.items())
    head = ["Claim", "In the study", "The study", "Here, with 95 % interval", "Verdict"]
    return f"{len(found)} claims; {total}.\n\n{_table(head, rows)}"


def findings() -> str:
    """Every finding with its verdict and its effects on the test error."""
    columns = ("id", "statement", "verdict", "effect_text")
    found = read_csv(RESULTS / "judge_findings" / "verdicts.csv", columns)
    rows = [
        [name, *group[["statement", "verdict"]].iloc[0], " ".join(group["effect_text"].dropna())]
        for name, group in found.groupby("id", sort=False)
    ]
    return _table(["", "Finding", "Verdict", "Effect"], rows)


def nonlinearity() -> str:
    """How far e_ij is from a product."""
    rows = read_csv(RESULTS / "expectation" / "summary.csv", ("spsp", "quantity", "value"))
    rows = rows[rows["quantity"] == "nonlinearity"]
    parts = [f"{100 * row.value:.3f} % (`{row.spsp}`)" for row in rows.itertuples()]
    return (
        "At the defaults and up to 100 spikes, e_ij deviates from the product by at most "
        f"{', '.join(parts)}."
    )


def questions() -> str:
    """Every statement about an open question with its answer."""
    found = read_csv(RESULTS / "judge_questions" / "answers.csv", ("id", "statement", "verdict"))
    return _table(
        ["", "Statement", "Answer"], found[["id", "statement", "verdict"]].values.tolist()
    )


def figures() -> str:
    """The figures, with the alternative texts of the report."""
    parts = []
    alts = packaged("alts.yaml")
    drawn = {path.stem for path in (RESULTS / "figures").glob("*.svg")}
    for figure in FIGURES:
        if figure.name not in drawn:
            continue  # it waits for the next run at the study's own size
        image = f"![{alts[figure.name]}](figures/{figure.name}.svg){{ loading=lazy width=520 }}"
        parts += [f"### {figure.title}", image]
    return "\n\n".join(parts)


def targets() -> str:
    """The names of the figures, which are targets of the workflow."""
    return _table(["Target", "Figure"], [[f"`{one.name}`", one.title] for one in FIGURES])


def costs() -> str:
    """What the committed runs cost."""
    provenance = [read_json(path) for path in sorted((RESULTS / "train").glob("*/seed*.json"))]
    cpus = sorted({run["machine"]["cpu"] for run in provenance if run.get("machine")})
    seconds = sum(run["seconds"] for run in provenance)
    return (
        f"The {len(provenance)} committed training runs, including those on demand, took "
        f"{duration(seconds)} of core time in total. They ran on an {' or '.join(cpus)} that did "
        "other work at the same time."
    )


def speed() -> str:
    """The committed benchmark, as two tables."""
    folder = ROOT / "benchmarks" / "results"
    totals = read_csv(folder / "totals.csv", ("what", "version", "ms"))
    ms = totals.set_index(["what", "version"])["ms"]
    own = [
        [what, f"{ms[what, 'engine']:.2f} ms", f"{ms[what, 'plain'] / ms[what, 'engine']:.1f} ×"]
        for what in ("training", "inference")
    ]
    own.append(
        ["training later, with subnormal weights", f"{ms['training later', 'engine']:.2f} ms", ""]
    )
    peers = read_csv(folder / "peers.csv", ("peer", "batch", "stage", "times_ours"))
    rows = peers[peers["stage"] == "training"].pivot(
        index="peer", columns="batch", values="times_ours"
    )
    rows = rows.drop(index="strsbp")
    others = [
        [name, *(f"{row[batch]:.0f} ×" for batch in (1, 64))] for name, row in rows.iterrows()
    ]
    machine = read_json(folder / "machine.json")["cpu"]
    return "\n\n".join(
        [
            _table(["784-400-R400-10, T = 400", "Per sample", "Faster than plain numba code"], own),
            "Time that other libraries need to train the same network, per sample, by "
            "backpropagation through time, relative to ours:",
            _table(["Library", "batch of 1", "batch of 64"], others),
            f"One core of an {machine}; `make bench` and `make bench-peers` measure yours.",
        ]
    )


def example() -> str:
    """A claim, as it stands in its file."""
    text = (ROOT / CLAIMS).read_text(encoding="utf-8")
    entries = re.split(r"(?m)^      (?=- id: )", text)
    [shown] = [entry for entry in entries if entry.startswith("- id: strsbp_better_after_20\n")]
    return f"```yaml\n{dedent(' ' * 6 + shown)}```"


def rules() -> str:
    """Every rule with its keys."""
    parts = []
    for kind, rule in KINDS.items():
        text = re.sub(r"\s+", " ", rule.__doc__).strip()
        keys = ", ".join(
            f"`{key}`" + ("" if field.is_required() else " (optional)")
            for key, field in rule.model_fields.items()
            if key != "kind"
        )
        parts.append(f"### `{kind}`\n\n{text}\n\nKeys: {keys}.")
    return "\n\n".join(parts)


def _table(head: list[str], rows: list[list]) -> str:
    """A Markdown table."""
    rows = [[str(cell).replace("|", "&#124;").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


_PARTS = (
    answers, claims, costs, example, figures, findings, nonlinearity, questions, rules, speed,
    targets,
)  # fmt: skip
BLOCKS: dict[str, Callable[[], str]] = {part.__name__: part for part in _PARTS}
BLOCKS["keys"] = schema.config_keys
_BLOCK = re.compile(
    r"(<!-- (\w+): begin \(written by make docs\) -->\n).*?(<!-- \2: end -->)", re.DOTALL
)


def documents() -> dict[Path, str]:
    """Path and expected content of every file that is wholly or partly generated."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found = {ROOT / "workflow" / "schemas" / "config.schema.json": schema.config_schema_text()}
    written = {}
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for name in {match[2] for match in _BLOCK.finditer(text)} - set(written):
            written[name] = BLOCKS[name]().strip("\n")
        renewed = _BLOCK.sub(lambda block: f"{block[1]}\n{written[block[2]]}\n\n{block[3]}", text)
        if renewed != text or _BLOCK.search(text):
            found[page] = renewed
    return found


if __name__ == "__main__":
    for path, text in documents().items():
        write_text(text, path)
        print(f"Wrote {path.relative_to(ROOT)}.")
