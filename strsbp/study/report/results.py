"""Everything that the sections of the report may look at."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from strsbp.files import read_csv
from strsbp.settings import ArmSettings
from strsbp.spsp.compare import DRAWS
from strsbp.spsp.quality import LOW_RATE
from strsbp.study.claims.entries import Topic, load_topics
from strsbp.study.claims.judging import read_judged
from strsbp.study.report.text import numbers_as_text, symbols
from strsbp.study.settings import StudySettings


@dataclass(frozen=True)
class Results:
    """One profile's results and where they are."""

    study: StudySettings
    tables: Mapping[str, Path]
    """Results files by name; if the open questions were answered, with `answers` and the files that
    these show."""
    figures: Mapping[str, Path]
    """Svg files by name (`fig1` ...)."""
    root: Path
    """The repository, with its claims, questions, captions and citations."""
    folder: Path
    """Folder of the report, from which links to data files start."""
    command: str
    """What precedes the target in the commands shown."""

    @cached_property
    def values(self) -> dict[str, Any]:
        """What the placeholders of texts may name: the `study`, an arm with its `default` settings,
        the largest `low_rate` and the number of `draws` beside the authors' tables."""
        return dict(
            study=self.study,
            default=ArmSettings(**{"title": "default", "epochs": 1} | self.study.defaults),
            low_rate=LOW_RATE,
            draws=DRAWS,
        )

    @cached_property
    def claims(self) -> list[dict]:
        """The judged claims."""
        return read_judged(self.tables["claims"]).to_dict("records")

    @cached_property
    def judged(self) -> dict[str, dict]:
        """The judged claims and findings, and the first statement on each question, by id."""
        columns = ("id", "measured", "low", "high", "unit", "verdict")
        names = ("findings", "answers") if "answers" in self.tables else ("findings",)
        frames = (self.table(name, *columns).drop_duplicates("id") for name in names)
        rows = [row for frame in frames for row in frame.to_dict("records")]
        return {row["id"]: row for row in [*rows, *self.claims]}

    @cached_property
    def numbers(self) -> dict[str, dict[str, str]]:
        """The numbers of every judged claim and finding, as text."""
        return {
            name: numbers_as_text(row) | dict(what=self.titled(row.get("what", "")))
            for name, row in self.judged.items()
        }

    @cached_property
    def titles(self) -> dict[str, str]:
        """The title of every arm; a title that an earlier arm has is told apart by its network."""
        titles = {}
        for name, arm in self.study.all_arms.items():
            taken = arm.title in titles.values()
            titles[name] = f"{arm.title}, {arm.architecture}" if taken else arm.title
        return titles

    def named(self, text: str) -> Markup:
        """`text` as HTML, with titles in place of names of arms where it compares arms."""
        return symbols(self.titled(text))

    def titled(self, text: str) -> str:
        """`text` with titles in place of names of arms where it compares arms."""
        known = "|".join(sorted(map(re.escape, self.titles), key=len, reverse=True))
        return re.sub(
            rf"\b({known})(?= minus )|(?<=minus )({known})\b|(?<=runs of )({known})\b"
            rf"|(?<=error of )({known})\b",
            lambda found: self.titles[found[0]], str(text),
        )  # fmt: skip

    def table(self, name: str, *columns: str) -> pd.DataFrame:
        """The results file called `name`, with at least `columns`."""
        return read_csv(self.tables[name], columns)

    def topics(self, name: str) -> list[Topic]:
        """The topics of the file `name` of resources/."""
        return load_topics(self.root / "resources" / f"{name}.yaml", self.values)

    def link(self, path: str | Path) -> str:
        """`path` relative to the report, or its name alone if it lies elsewhere."""
        path, folder = Path(path).resolve(), self.folder.resolve()
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name

    def target(self, relative: str) -> str:
        """The command that makes the file `relative` of the folder."""
        return f"{self.command} {self.folder / relative}"
