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
from strsbp.study.claims.entries import filled
from strsbp.study.claims.rules import KINDS
from strsbp.study.claims.units import format_measured, format_value
from strsbp.study.figures.catalogue import FIGURES
from strsbp.study.loading import load_profile
from strsbp.study.report.answers import counted, headline
from strsbp.study.report.results import Results
from strsbp.study.report.text import duration

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results" / "paper"
STUDY = load_profile(ROOT / "config", RESULTS.name)
_JUDGED = dict(claims="claims/claims", findings="findings/verdicts", answers="questions/answers")
_TABLES = {name: RESULTS / f"judge_{file}.csv" for name, file in _JUDGED.items()}
MADE = Results(STUDY, _TABLES, {}, ROOT, RESULTS, "")


def answers() -> str:
    """What came of the study: the opening of the report, as a list."""
    opening = [f"- **{answer['title']}** {answer['text']}" for answer in headline(MADE)]
    run = STUDY.arms["strsbp"]
    note = (
        f"Test errors are the best of {STUDY.figures.fig2.epochs} epochs of {run.architecture} "
        f"(R: a recurrent layer) on {STUDY.data.n_train:,} images of MNIST, unless stated "
        "otherwise. Brackets: 95 % intervals. HM2-BP: as the study reads it."
    )
    return "\n".join([counted(MADE.claims, "Of the study's {} claims, "), "", *opening, "", note])


def claims() -> str:
    """Every claim with the study's value, ours and the verdict."""
    rows = []
    for claim in MADE.claims:
        ours = format_measured(claim["measured"], claim["low"], claim["high"], claim["unit"])
        published = format_value(claim["published"], claim["unit"])
        verdict = f"**{claim['verdict']}**"
        if claim["other_verdicts"]:  # at other settings, or other epochs
            verdict += f" ({claim['other_verdicts']})"
        rows.append([claim["statement"], claim["place"], published, ours, verdict])
    total = counted(MADE.claims, "Of the study's {} claims, ")
    head = ["Claim", "In the study", "The study", "Here, with 95 % interval", "Verdict"]
    return f"{total}\n\n{_table(head, rows)}"


def findings() -> str:
    """Every finding with its verdict and its effects on the test error."""
    rows = [
        [
            name,
            *group[["statement", "verdict"]].iloc[0],
            MADE.titled(" ".join(group["effect_text"].dropna())),
        ]
        for name, group in MADE.table("findings").groupby("id", sort=False)
    ]
    return _table(["", "Finding", "Verdict", "Effect"], rows)


def questions() -> str:
    """Every open question with the statements that answer it."""
    found, rows = MADE.table("answers"), []
    for question in MADE.topics("questions"):
        title = f"**{filled(question.title, MADE.values)}**"
        for one in question.leads(found[found["id"] == question.id].to_dict("records")):
            measured = format_measured(one["measured"], one["low"], one["high"], one["unit"])
            rows.append([title, one["statement"], measured, one["verdict"]])
            title = ""
    return _table(["Question", "Statement", "Measured", "Answer"], rows)


def targets() -> str:
    """The names of the figures, which are targets of the workflow."""
    return _table(["Target", "Figure"], [[f"`{one.name}`", one.title] for one in FIGURES])


def costs() -> str:
    """What the committed runs cost."""
    runs = {path: read_json(path) for path in sorted((RESULTS / "train").glob("*/seed*.json"))}
    cpus = sorted({run["machine"]["cpu"].replace("(R)", "") for run in runs.values()})
    seconds = {path: run["seconds"] for path, run in runs.items()}
    of_report = sum(seconds[ROOT / path] for path in STUDY.runs(suffix="json"))
    return (
        f"The {len(runs)} committed training runs took {duration(sum(seconds.values()))} in total, "
        f"each on one core of an {' or '.join(cpus)} that did other work at the same time. The "
        f"runs that `make report` needs took {duration(of_report)}. The others, on which most "
        "answers about the settings of the published logs rest, "
        "[run only on request](docs/how-to/run.md): "
        "`variants` and `all_logs`."
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
    machine = read_json(folder / "machine.json")["cpu"].replace("(R)", "")
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
