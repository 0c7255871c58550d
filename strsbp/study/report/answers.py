"""The sentences of the report that depend on verdicts, with numbers from the results."""

from collections import Counter
from collections.abc import Iterable

from strsbp.study.claims import Verdict
from strsbp.study.report.results import Results
from strsbp.study.report.text import filled, packaged

VERBS = {
    "reproduces": "reproduces",
    "partly": "reproduces partly",
    "does not reproduce": "does not",
}
"""What a claim does that has this verdict; with any other, it "is" what the verdict says."""
MANY = {"reproduces": "reproduce", "does": "do", "is": "are"}


def headline(results: Results) -> list[str]:
    """The opening paragraph: how many claims have which verdict, and what stands out."""
    entries = packaged("answers.yaml")["headline"]
    first, *rest = (_sentence(entry, results) for entry in entries)
    others = results.judged.get(entries[0]["of"], {}).get("other_verdicts")
    elsewhere = (
        f"With other settings or epochs the verdict differs: {others}."
        if first and others
        else None
    )
    counts = _counts(results.claims, "Of the study's {} claims, ")
    return [counts, *filter(None, [first, elsewhere, *rest])]


def topics(results: Results, figures: Iterable[str] = ()) -> list[dict]:
    """The claims by topic, each with its figures and an answer in one sentence.

    Claims that belong to no topic come last, with those of `figures` that no topic shows.
    """
    left = {claim["id"]: claim for claim in results.claims}
    found = []
    for topic in packaged("answers.yaml")["topics"]:
        claims = [left.pop(name) for name in topic["claims"] if name in left]
        answer = _sentence(topic["answer"], results) or _counts(claims, "Of {} claims, ")
        drawn = {
            place: [name for name in topic.get(place, []) if name in results.figures]
            for place in ("figures", "more")
        }
        found.append(topic | dict(claims=claims, answer=answer) | drawn)
    shown = {name for topic in found for name in topic["figures"] + topic["more"]}
    figures = [name for name in figures if name not in shown]
    if left or figures:
        claims = list(left.values())
        answer = _counts(claims, "Of {} claims, ") if claims else ""
        found.append(dict(id="further", title="What else was looked at", figures=figures, more=[],
                          claims=claims, answer=answer))  # fmt: skip
    return found


def _sentence(entry: dict, results: Results) -> str | None:
    """The text of `entry` for the verdict that it rests on, if there is one."""
    judged = results.judged.get(entry["of"])
    text = judged and entry.get(judged["verdict"], entry.get("otherwise"))
    if not text:
        return None
    return filled(text, results.values | results.numbers)


def _counts(claims: list[dict], start: str) -> str:
    counts = Counter(claim["verdict"] for claim in claims)
    parts = []
    for verdict in filter(counts.get, Verdict):
        verb, *rest = VERBS.get(verdict, f"is {verdict}").split()
        verb = verb if counts[verdict] == 1 else MANY[verb]
        parts.append(" ".join([str(counts[verdict]), verb, *rest]))
    *first, last = parts
    return f"{start.format(len(claims))}{', '.join(first)}{' and ' if first else ''}{last}."
