"""Everything that the sections of the report may look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pandas as pd

from strsbp.files import ResultsError, read_csv
from strsbp.settings import ArmSettings
from strsbp.study.claims import read_judged
from strsbp.study.settings import StudySettings


class Table(NamedTuple):
    """A table of the report; cells are text or safe HTML."""

    headers: list[str]
    rows: list[list]
    numeric: set[int]
    """Columns that are aligned right."""

    @classmethod
    def of(cls, rows: list[dict], text: set[str]) -> "Table":
        """The table of `rows` (header: cell); the columns `text` are aligned left."""
        headers = list(rows[0]) if rows else []
        numeric = {index for index, header in enumerate(headers) if header not in text}
        return cls(headers, [list(row.values()) for row in rows], numeric)


@dataclass(frozen=True)
class Results:
    """One profile's results and where they are."""

    study: StudySettings
    claims_csv: Path
    tables: Mapping[str, Path]
    """Results files by name; if the open questions were answered, with `answers` and the files that
    these show."""
    figures: Mapping[str, Path]
    """Svg files by name (`fig1` ...)."""
    captions: Path
    """Folder with `plot_<figure>.rst`."""
    questions: Path
    """The file of open questions."""
    folder: Path
    """Folder of the report, from which links to data files start."""
    command: str
    """What precedes the target in the commands shown."""

    @cached_property
    def values(self) -> dict[str, Any]:
        """What the placeholders of texts may name: the `study`, an arm with its `default` settings
        and, as in Snakemake's own report, `snakemake.config`."""
        return dict(
            study=self.study,
            default=ArmSettings(**{"title": "default", "epochs": 1} | self.study.defaults),
            snakemake=SimpleNamespace(config=self.study.model_dump(mode="json")),
        )

    @cached_property
    def claims(self) -> list[dict]:
        """The judged claims."""
        return read_judged(self.claims_csv).to_dict("records")

    def table(self, name: str, *columns: str) -> pd.DataFrame:
        """The results file called `name`, with at least `columns`."""
        if name not in self.tables:
            raise ResultsError(f"The report needs the results file '{name}'; name its path.")
        return read_csv(self.tables[name], columns)

    def link(self, path: str | Path) -> str:
        """`path` relative to the report, or its name alone if it lies elsewhere."""
        path, folder = Path(path).resolve(), self.folder.resolve()
        return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name

    def target(self, relative: str) -> str:
        """The command that makes the file `relative` of this profile's results folder."""
        return f"{self.command} results/{self.study.profile}/{relative}"
