"""The generated parts of README.md and of the pages in docs/, rewritten by `make docs`.

A part stands between two comments, `<!-- NAME: begin (written by make docs) -->` and
`<!-- NAME: end -->`. Its numbers come from results/paper and benchmarks/results, its tables of keys
from the models of the settings. A test fails when a part is out of date.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

from strsbp.files import read_csv, read_json, write_text
from strsbp.study import schema
from strsbp.study.claims import load_topics, published_value, read_judged
from strsbp.study.claims.entries import Topic, filled
from strsbp.study.claims.measurements import Tables
from strsbp.study.claims.rules import KINDS
from strsbp.study.claims.units import format_measured, format_value
from strsbp.study.figures.catalogue import CLAIMS, FIGURES
from strsbp.study.loading import load_profile
from strsbp.study.report.answers import counted
from strsbp.study.report.results import Results
from strsbp.study.report.text import duration

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results" / "paper"
STUDY = load_profile(ROOT / "config", RESULTS.name)
EPOCHS = 10
"""Epochs after which the answers compare the methods: those of the study's Fig. 2."""


def answers() -> str:
    """The results that matter, as a table."""
    study = " against ".join(
        format_value(published_value(ROOT / CLAIMS, f"{arm}_best_error"), "error")
        for arm in ("strsbp", "hm2bp")
    )
    [length] = [one for one in _questions() if "gradient_length" in one.figures]
    margin = length.statements[0].rule.high  # what counts as equal there counts so here
    as_run, sizes = _two_arms("strsbp", "hm2bp", margin)
    as_logged, _ = _two_arms("logged_strsbp", "logged_hm2bp", margin)
    same_length, _ = _two_arms("normalised_strsbp", "hm2bp", margin)
    through_time, digits = _bptt(margin)
    rows = [
        ["**Does ST-RSBP beat HM2-BP**, as the study ran both?", study, as_run],
        [
            "**Even without the division by the threshold**, as in Zhang and Li's own logs? With "
            "it, the regulariser drowns the error (finding F10).",
            "not tried",
            as_logged,
        ],
        [
            "**Even at the same length of the gradient?** ST-RSBP with its gradient scaled to the "
            "length of HM2-BP's, against HM2-BP",
            "not tried",
            same_length,
        ],
        [
            "**Does backpropagation through time** beat ST-RSBP, as the study ran it, after the "
            "same number of epochs?",
            "not tried",
            through_time,
        ],
    ]
    return (
        _table(["", "The study", "Here"], rows)
        + f"\n\nBest test errors over {EPOCHS} epochs of 784-400-R400-10 (R: a recurrent layer) on "
        f"{sizes} (last row: {digits}); in brackets the 95 % interval of the difference, with "
        f"runs paired by seed. Differences of up to {100 * margin:g} points count as none."
    )


def _two_arms(a: str, b: str, margin: float) -> tuple[str, str]:
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
    return _better(first["mean"], second["mean"], values, pair["n_pairs"], margin), images


def _bptt(margin: float) -> tuple[str, str]:
    """Whether BPTT has a smaller error than ST-RSBP, in words, and on which images."""
    rows = read_csv(RESULTS / "bptt" / "summary.csv", ("method", "quantity", "mean", "low", "high"))
    rows = rows[rows["method"] == "bptt"].set_index("quantity")
    own = rows.loc["best_test_error"]
    differences = rows.loc["best_test_error_difference"].set_index("reference")
    versus = differences.loc["strsbp"]
    values = versus[["mean", "low", "high"]].tolist()
    logged = differences.loc["strsbp_as_logged", ["mean", "low", "high"]].tolist()
    text = _better(own["mean"], own["mean"] - values[0], values, int(versus["n_seeds"]), margin)
    times = rows.loc["trained_times_flushed", "mean"]  # of CPU time, as the report compares it
    images = f"{versus['n_train']:,.0f} and {versus['n_test']:,.0f} images"
    text += f"; against ST-RSBP without the division, {format_measured(*logged, 'points')}"
    return f"{text}. A training sample takes {times:.0f} times as long", images


def _better(a: float, b: float, difference, n: int, margin: float) -> str:
    """Whether error `a` is smaller than `b`, by the interval of their difference."""
    _, low, high = difference
    if max(abs(low), abs(high)) <= margin:
        answer = "no, they are alike"
    else:
        answer = "yes" if high < 0 else "no, it is worse" if low > 0 else "no difference is seen"
    a, b = format_value(a, "error"), format_value(b, "error")
    return f"**{answer}**: {a} against {b}, {format_measured(*difference, 'points')}, {n} seeds"


def claims() -> str:
    """Every claim with the study's value, ours and the verdict."""
    found = read_judged(RESULTS / "judge_claims" / "claims.csv")
    rows = []
    for claim in found.to_dict("records"):
        ours = format_measured(claim["measured"], claim["low"], claim["high"], claim["unit"])
        published = format_value(claim["published"], claim["unit"])
        verdict = f"**{claim['verdict']}**"
        if claim["other_verdicts"]:  # at other settings, or other epochs
            verdict += f" ({claim['other_verdicts']})"
        rows.append([claim["statement"], claim["place"], published, ours, verdict])
    total = counted(found.to_dict("records"), "Of the study's {} claims, ")
    head = ["Claim", "In the study", "The study", "Here, with 95 % interval", "Verdict"]
    return f"{total}\n\n{_table(head, rows)}"


def findings() -> str:
    """Every finding with its verdict and its effects on the test error."""
    found = read_csv(RESULTS / "judge_findings" / "verdicts.csv")
    results = Results(STUDY, {}, {}, ROOT, RESULTS, "")
    rows = [
        [
            name,
            *group[["statement", "verdict"]].iloc[0],
            results.titled(" ".join(group["effect_text"].dropna())),
        ]
        for name, group in found.groupby("id", sort=False)
    ]
    return _table(["", "Finding", "Verdict", "Effect"], rows)


def questions() -> str:
    """Every open question with the statements that answer it."""
    found = read_csv(RESULTS / "judge_questions" / "answers.csv")
    rows = []
    for question in _questions():
        title = f"**{filled(question.title, dict(study=STUDY))}**"
        for one in question.leads(found[found["id"] == question.id].to_dict("records")):
            measured = format_measured(one["measured"], one["low"], one["high"], one["unit"])
            rows.append([title, one["statement"], measured, one["verdict"]])
            title = ""
    return _table(["Question", "Statement", "Measured", "Answer"], rows)


def _questions() -> list[Topic]:
    return load_topics(ROOT / "resources" / "questions.yaml", dict(study=STUDY))


def targets() -> str:
    """The names of the figures, which are targets of the workflow."""
    return _table(["Target", "Figure"], [[f"`{one.name}`", one.title] for one in FIGURES])


def costs() -> str:
    """What the committed runs cost."""
    runs = {path: read_json(path) for path in sorted((RESULTS / "train").glob("*/seed*.json"))}
    cpus = sorted({run["machine"]["cpu"] for run in runs.values() if run.get("machine")})
    seconds = {path: run["seconds"] for path, run in runs.items()}
    of_report = sum(seconds[ROOT / path] for path in STUDY.runs(suffix="json"))
    return (
        f"The {len(runs)} committed training runs took {duration(sum(seconds.values()))} in total, "
        f"each on one core of an {' or '.join(cpus)} that did other work at the same time; those "
        f"that the report needs took {duration(of_report)}, the others are trained on demand."
    )


def speed() -> str:
    """The committed benchmark, as two tables."""
    folder = ROOT / "benchmarks" / "results"
    ms = read_csv(folder / "totals.csv", ("what", "ms")).set_index("what")["ms"]
    stages = {
        "training": "training",
        "inference": "inference",
        "training later": "training later, with subnormal weights",
    }
    own = [[text, f"{ms[what]:.2f} ms"] for what, text in stages.items()]
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
            _table(["784-400-R400-10, T = 400", "Per sample"], own),
            "Time that other libraries need to train the same network, per sample, by "
            "backpropagation through time, relative to ours:",
            _table(["Library", "batch of 1", "batch of 64"], others),
            f"One core of an {machine}; `make bench` and `make bench-peers` measure yours.",
        ]
    )


def rules() -> str:
    """Every rule with its keys."""
    rows = []
    for kind, rule in KINDS.items():
        keys = [
            key if field.is_required() else f"({key})"
            for key, field in rule.model_fields.items()
            if key != "kind"
        ]
        text = " ".join(rule.__doc__.split())
        rows.append([f"`{kind}`", text, ", ".join(f"`{key}`" for key in keys)])
    return _table(["Kind", "Meaning", "Keys (optional ones in brackets)"], rows)


def _table(head: list[str], rows: list[list]) -> str:
    """A Markdown table."""
    rows = [[str(cell).replace("|", "&#124;").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


_PARTS = (answers, claims, costs, findings, questions, rules, speed, targets)
BLOCKS: dict[str, Callable[[], str]] = {part.__name__: part for part in _PARTS}
BLOCKS["keys"] = schema.config_keys
_BLOCK = re.compile(
    r"(<!-- (\w+): begin \(written by make docs\) -->\n).*?(<!-- \2: end -->)", re.DOTALL
)


def documents() -> dict[Path, str]:
    """Path and expected content of every file that is wholly or partly generated."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    text = json.dumps(schema.config_schema(), indent=2, ensure_ascii=False) + "\n"
    found = {ROOT / "workflow" / "schemas" / "config.schema.json": text}
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
