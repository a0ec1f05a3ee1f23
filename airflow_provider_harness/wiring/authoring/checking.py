"""What authors ask, put together: files from the disk, Dags from Airflow, contracts, SQL, ruff, the live database."""

from __future__ import annotations

import os
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from airflow_provider_harness.adapters.dags import costs, live, loaded, queries, rights, ruff, terms
from airflow_provider_harness.adapters.dags.loaded import Loaded
from airflow_provider_harness.app.authoring import check
from airflow_provider_harness.app.authoring.finding import Finding, Found, Stage
from airflow_provider_harness.app.authoring.model import Source
from airflow_provider_harness.app.authoring.read import parsed, with_queries
from airflow_provider_harness.app.authoring.rules import waiting
from airflow_provider_harness.wiring.authoring import asking

MOST_BESIDE = 300
"""Files beside those that are checked, which are read for the tables that they write."""


@dataclass(slots=True)
class Files:
    """Dag files that were read.

    :ivar found: file -> what was seen in it so far.
    :ivar said: file -> what Airflow said of it.
    """

    sources: list[Source] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    found: dict[str, list[Found]] = field(default_factory=dict)
    said: dict[str, Loaded] = field(default_factory=dict)


def read(paths: Sequence[str], *, imports: bool, seconds: float = loaded.SECONDS, inside: Path | None = None) -> Files:
    """Dag files, as code and, where they may be imported, as Airflow knows them.

    :param imports: import them, which runs their top-level code.
    :param seconds: how long the import of one file may take.
    :param inside: the folder outside of which no file is read that they name; None = any is.
    """
    files = Files()
    sources: list[Source] = []
    for path in paths:
        files.found[path] = []
        try:
            files.texts[path] = _text(path)
        except (OSError, SyntaxError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            files.found[path].append(Found(rule="HF009", line=1, message=f"{path} cannot be read: {why}"))
            continue
        source = parsed(path, files.texts[path])
        if isinstance(source, Found):
            files.found[path].append(source)
        else:
            sources.append(source)
    if imports:
        files.said = loaded.load([str(Path(source.path).resolve()) for source in sources], seconds)
    for source in sources:
        files.sources.append(_as_known(source, files, inside))
    return files


def _text(path: str) -> str:
    """The text of a Python file, in the encoding that it names, as Python reads it."""
    with tokenize.open(path) as file:
        return file.read()


def _as_known(source: Source, files: Files, inside: Path | None) -> Source:
    said = files.said.pop(str(Path(source.path).resolve()), None)
    if said is not None:
        files.said[source.path] = said
        source, errors = loaded.merged(source, said)
        files.found[source.path] += errors
    return with_queries(source, _beside(source.path, inside), queries.understood)


def _beside(path: str, inside: Path | None = None) -> Callable[[str], str | None]:
    """Reads files that a Dag file names, relative to it."""

    def text(name: str) -> str | None:
        file = Path(path).parent / name
        try:
            if inside is not None and not file.resolve().is_relative_to(inside):
                return None
            return file.read_text(encoding="utf-8") if file.is_file() else None
        except (OSError, ValueError):
            return None

    return text


def findings(
    paths: Sequence[str],
    *,
    imports: bool,
    stage: Stage,
    target: str = "",
    seconds: float = loaded.SECONDS,
    inside: Path | None = None,
) -> tuple[Finding, ...]:
    """Everything that is wrong with some Dag files and the contracts that they name.

    :param inside: the folder outside of which no file is read that they name; None = any is.
    """
    files = read(paths, imports=imports, seconds=seconds, inside=inside)
    contracts = terms.Terms(inside=inside)
    for source in files.sources:
        said = files.said.get(source.path)
        found = files.found[source.path]
        found += check.of_source(
            source, queries.findings, imported=bool(said and said.said and not said.said["errors"])
        )
        found += terms.findings(source, contracts, terms.timetables(source, said.said if said else None))
        found += _live(source, stage)
    for source, one in waiting.across(tuple(files.sources), _neighbours(paths)):
        files.found[source.path].append(one)
    if target:
        for path, several in ruff.asked([source.path for source in files.sources], target).items():
            files.found.setdefault(path, []).extend(several)
    return check.finished(files.found, files.texts, stage)


def _neighbours(paths: Sequence[str]) -> tuple[Source, ...]:
    """The other files of the same folders, by their text alone: which tables do they write?"""
    given = dict.fromkeys(os.path.realpath(path) for path in paths)  # Path.resolve refuses a link that leads to itself
    folders = dict.fromkeys(Path(path).parent for path in given)
    others = [file for folder in folders for file in sorted(folder.glob("*.py")) if str(file) not in given]
    made = []
    for file in others[:MOST_BESIDE]:
        text = _beside(str(file))(file.name) or ""
        source = parsed(str(file), text) if "DAG" in text or "dag" in text else None
        if isinstance(source, Source):
            made.append(with_queries(source, _beside(source.path), queries.understood))
    return tuple(made)


def _live(source: Source, stage: Stage) -> Iterator[Found]:
    if stage.rank >= Stage.PLAN.rank:
        from airflow_provider_harness.adapters.airflow.connections import find

        yield from live.connections(source, find)
        yield from _pools(source)
    if stage.rank >= Stage.TEST.rank:
        yield from live.plans(source, asking.explain, asking.in_bigquery)
        yield from costs.findings(source, asking.dry_run, asking.in_bigquery)
    if stage.rank >= Stage.DEPLOY.rank:
        yield from rights.findings(source, asking.missing)


def _pools(source: Source) -> Iterator[Found]:
    from airflow.models.pool import Pool
    from sqlalchemy.exc import SQLAlchemyError

    if not any(task.arg("pool") for _, task in source.tasks()):
        return
    try:
        known = frozenset(str(pool.pool) for pool in Pool.get_pools())
    except SQLAlchemyError as error:
        said = f"Airflow's database did not say which pools there are: {type(error).__name__}"
        yield Found(rule="HP105", line=1, message=said)
        return
    yield from live.pools(source, known)
