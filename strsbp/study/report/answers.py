"""The sentences of the report that depend on verdicts, with numbers from the results."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from strsbp.study.claims.entries import filled
from strsbp.study.claims.rules import WORDS
from strsbp.study.report.results import Results
from strsbp.study.report.text import packaged

ANCHORS = {"Q": "question", "F": "finding"}
"""How anchors of questions and findings start, by the first letter of their ids."""


def headline(results: Results) -> list[dict[str, str]]:
    """The answers that stand out: each a `title`, a `text` and the `anchor` of its reasons."""
    return [
        dict(title=entry["title"], text=text, anchor=f"{kind}-{entry['of']}")
        for entry in packaged("sections.yaml")["headline"]
        for kind in [ANCHORS.get(entry["of"][0], "claim")]
        if (text := _sentence(entry, results))
    ]


def topics(results: Results) -> list[dict]:
    """The claims by topic, each topic with its answer in one sentence."""
    judged = {claim["id"]: claim for claim in results.claims}
    found = []
    for topic in results.topics("claims"):
        claims = [judged[claim.id] for claim in topic.statements]
        answer = topic.answer and _sentence(topic.answer, results, topic.quoted)
        answer = answer or counted(claims, "Of {} claims, ")
        found.append(
            dict(topic, claims=claims, answer=answer, text=filled(topic.text, results.values))
        )
    return found


def _sentence(entry: dict, results: Results, quoted: Mapping = MappingProxyType({})) -> str | None:
    """The text of `entry` for the verdict that it rests on, if there is one."""
    judged = results.judged.get(entry["of"])
    text = judged and entry.get(judged["verdict"])
    if not text:
        return None
    text = f"{text} {entry.get('then', '')}".rstrip()
    return filled(text, results.values | results.numbers | dict(quoted=quoted))


def counted(claims: list[dict], start: str) -> str:
    """How many of `claims` have which verdict, after `start` with their number."""
    counts = Counter(claim["verdict"] for claim in claims)
    *first, last = [
        f"{counts[verdict]} {words['several' if counts[verdict] > 1 else 'one']}"
        for verdict, words in WORDS.items()
        if counts[verdict]
    ]
    return f"{start.format(len(claims))}{', '.join(first)}{' and ' if first else ''}{last}."
