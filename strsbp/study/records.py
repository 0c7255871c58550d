"""What made each file of a results folder, kept beside the files so that git can carry it.

Snakemake remembers for each output the settings, the input files and their content from which
it was made, but in `.snakemake`, which no repository holds. `keep` copies that memory to
`results/<profile>/records.json` when a run ends; `restore` gives it back where it is missing, so
that on a fresh checkout Snakemake runs again what a changed setting or file affects, and no more.
Snakemake's own records are JSON files named by the url-safe base64 of the output's path.
"""

import ast
import json
import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from strsbp.errors import StrsbpError
from strsbp.files import write_text
from strsbp.settings import file_sha256

NAME = "records.json"
FORMAT = 1
STATE = Path(".snakemake")

LONG_AGO = 10**18
"""A time stamp (ns) older than any file of the project: the year 2001."""

NOT_KEPT = "results/*/prepare_data/*.npz"
"""Files that no repository holds and whose content another file describes: no record says more."""

_KEPT = ("rule", "code", "params", "software_stack_hash", "record_format_version")
"""What a rerun is decided by, beside the inputs; times, logs and hashes of a process are not."""


class RecordsError(StrsbpError):
    """A file of records is damaged or of another format."""


def keep(results: str | Path, state: str | Path = STATE) -> int:
    """Write `results`/records.json from Snakemake's memory in `state`; returns the files in it.

    Paths are as Snakemake names them, relative to the working directory. Older records of files
    that are still as they were, and of which Snakemake remembers nothing, stay.
    """
    results, state = Path(results), Path(state)
    memory = {output: record for output, record in _remembered(state) if _below(output, results)}
    jobs: dict[str, dict] = {}
    for output, job in _kept(results):
        if output not in memory and not fnmatch(output, NOT_KEPT) and _unchanged(output, job):
            _add(jobs, {**job, "outputs": {output: job["outputs"][output]}})
    for output, record in memory.items():
        if Path(output).is_file() and not fnmatch(output, NOT_KEPT):
            checksums = _checksums(record)
            # A file may be named twice, and Snakemake remembers it as often.
            inputs = [(path, checksums.get(path, "")) for path in record.get("input") or []]
            job = {key: record.get(key) for key in _KEPT}
            _add(jobs, {**job, "inputs": inputs, "outputs": {output: file_sha256(output)}})
    _write(results, list(jobs.values()))
    return sum(len(job["outputs"]) for job in jobs.values())


def restore(results: str | Path, state: str | Path = STATE) -> list[str]:
    """Give Snakemake back its memory of the files below `results`; returns those concerned.

    Only of files whose content is what records.json says, and which Snakemake in `state` does not
    remember, or remembers otherwise and from before records.json (another version was checked
    out). Their time stamps are set to one common time, now, because git leaves them in any order;
    but to a long-gone one where an input's content is another than it was, for Snakemake compares
    the content of newer inputs alone. Does nothing where there is no records.json; raises
    `RecordsError` where it is damaged.
    """
    results, state = Path(results), Path(state)
    restored = {}
    for output, job in _kept(results):
        path = _memory_path(state, output)
        record = {key: job[key] for key in _KEPT} | dict(
            input=[name for name, _ in job["inputs"]],
            input_checksums={name: value for name, value in job["inputs"] if value},
            incomplete=False,
        )
        if not _knows(path, record, results / NAME) and _unchanged(output, job):
            restored[output] = record
    now = time.time_ns()
    for output, record in restored.items():
        text = json.dumps(record)
        write_text(text, _memory_path(state, output))
        time_ns = now if _same_inputs(record) else LONG_AGO
        os.utime(output, ns=(time_ns, time_ns))
    return list(restored)


def _same_inputs(record: dict) -> bool:
    """Whether all inputs that are there have the content that they had."""
    return all(
        _sha256(path) == value.removeprefix("sha256:")
        for path, value in record["input_checksums"].items()
        if Path(path).is_file()
    )


def _sha256(path: str) -> str:
    status = Path(path).stat()
    return _cached_sha256(path, status.st_mtime_ns, status.st_size)


@cache
def _cached_sha256(path: str, mtime_ns: int, size: int) -> str:
    # Most inputs are files of code that many jobs share.
    return file_sha256(path)


def _knows(memory: Path, record: dict, records: Path) -> bool:
    """Whether Snakemake's file `memory` says what `record` says, or is newer than `records`."""
    if not memory.is_file():
        return False
    if memory.stat().st_mtime > records.stat().st_mtime:
        return True
    try:
        remembered = json.loads(memory.read_text())
    except ValueError:
        return False
    checksums = _checksums(remembered)
    return all(remembered.get(key) == record[key] for key in (*_KEPT, "input")) and (
        checksums == record["input_checksums"]
    )


def _checksums(record: dict) -> dict[str, str]:
    """Checksums of a record; Snakemake 9 writes them as the text of a dictionary."""
    found = record.get("input_checksums") or {}
    return ast.literal_eval(found) if isinstance(found, str) else found


def _below(path: str, folder: Path) -> bool:
    return Path(path).is_relative_to(folder)


def _memory_path(state: Path, output: str) -> Path:
    name = urlsafe_b64encode(output.encode()).decode()
    longest = 254  # Snakemake breaks longer names into folders
    parts = [name[start : start + longest] for start in range(0, len(name), longest)]
    return state.joinpath("metadata", *("@" + part for part in parts[:-1]), parts[-1])


def _remembered(state: Path) -> Iterator[tuple[str, dict]]:
    folder = state / "metadata"
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file() and not path.name.startswith("."):
            name = "".join(part.removeprefix("@") for part in path.relative_to(folder).parts)
            try:
                yield urlsafe_b64decode(name).decode(), json.loads(path.read_text())
            except ValueError:  # not a record, or one that was cut off
                continue


def _kept(results: Path) -> Iterator[tuple[str, dict]]:
    """Each existing file that records.json names, and its job with inputs by path."""
    path = results / NAME
    if not path.is_file():
        return
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise RecordsError(
                f"{path} has format {document['format']}, this version reads {FORMAT}; check out "
                "matching versions of both."
            )
        jobs = [
            {**job, "inputs": [tuple(document["inputs"][number]) for number in job["inputs"]]}
            for job in document["jobs"]
        ]
        found = [(output, job) for job in jobs for output in job["outputs"]]
    except (ValueError, KeyError, TypeError, IndexError):
        raise RecordsError(f"{path} is damaged; check it out again or delete it.") from None
    yield from ((output, job) for output, job in found if Path(output).is_file())


def _unchanged(output: str, job: dict) -> bool:
    return file_sha256(output) == job["outputs"][output]


def _add(jobs: dict[str, dict], job: dict) -> None:
    """Add `job` to `jobs`, or its outputs to those of the same job."""
    key = json.dumps({**job, "outputs": None}, sort_keys=True)
    jobs.setdefault(key, {**job, "outputs": {}})["outputs"].update(job["outputs"])


def _write(results: Path, jobs: list[dict]) -> None:
    # Most jobs share most of their inputs: each version of a file is written once.
    versions = sorted({pair for job in jobs for pair in job["inputs"]})
    numbers = {pair: number for number, pair in enumerate(versions)}
    jobs = [
        {
            **job,
            "inputs": [numbers[pair] for pair in job["inputs"]],
            "outputs": dict(sorted(job["outputs"].items())),
        }
        for job in jobs
    ]
    jobs.sort(key=lambda job: list(job["outputs"]))
    document = dict(format=FORMAT, inputs=[list(pair) for pair in versions], jobs="JOBS")
    # One job a line: a change of one run is a change of one line.
    lines = ",\n".join(json.dumps(job, ensure_ascii=False) for job in jobs)
    text = json.dumps(document, ensure_ascii=False).replace('"JOBS"', f"[\n{lines}\n]") + "\n"
    write_text(text, results / NAME)
