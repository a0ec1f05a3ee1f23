"""The contracts that Dags name: what is wrong with each, and whether the Dag's schedule fits it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_harness.adapters.airflow.schedule import schedule_of
from airflow_provider_harness.adapters.contracts.file import file_of
from airflow_provider_harness.adapters.contracts.findings import read
from airflow_provider_harness.adapters.contracts.odcs import load_contract, load_contracts
from airflow_provider_harness.adapters.dags import contract_queries
from airflow_provider_harness.app.authoring import questions
from airflow_provider_harness.app.authoring.code.values import Code, Values
from airflow_provider_harness.app.authoring.finding import Found
from airflow_provider_harness.app.authoring.model import Dag, Source, Task
from airflow_provider_harness.app.authoring.rules.kinds import GATED, queries_of
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.errors import ConfigurationError, ContractError
from airflow_provider_harness.core.operators import operator_of
from airflow_provider_harness.core.slices.schedule_fit import misfits

_SETTINGS = (
    ("HC003", "harness.page"),
    ("HC006", "harness.late"),
    ("HC007", "harness.backfill"),
)
"""Finding -> the property of a contract whose lack it is."""


@dataclass(slots=True)
class Terms:
    """The contracts of some Dag files, each read once.

    :ivar named: path -> contract of each table, or the error.
    :ivar tables: table -> contract, of all that could be read, and of their neighbours.
    :ivar inside: the folder outside of which no contract is read; None = any is.
    """

    named: dict[tuple[str, str], Contract | ContractError] = field(default_factory=dict)
    tables: dict[str, Contract] = field(default_factory=dict)
    inside: Path | None = None
    _beside: set[str] = field(default_factory=set)

    def of(self, source: Source, task: Task) -> tuple[str, Contract | ContractError | None]:
        """Path and contract of a task; nothing where it names none, or only running tells which."""
        given = task.contract or task.arg("contract", "")
        if not isinstance(given, str) or not given or "{" in given:
            return "", None
        path = given if Path(given).is_absolute() else str(Path(source.path).parent / given)
        table = task.arg("table", "")
        table = table if isinstance(table, str) and "{" not in table else ""
        if (path, table) not in self.named:
            self.named[path, table] = self._load(path, table)
        return path, self.named[path, table]

    def _load(self, path: str, table: str) -> Contract | ContractError:
        if self.inside is not None and not Path(file_of(path)).resolve().is_relative_to(self.inside):
            return ContractError(path, ["is missing: it is not one of the files that were given."])
        try:
            found = load_contract(path, table)
        except ContractError as error:
            return error
        self._neighbours(Path(file_of(path)).parent)
        self.tables[found.table.lower().removeprefix("public.")] = found
        return found.at(table if "." in table else f"public.{table}") if table else found

    def _neighbours(self, folder: Path) -> None:
        """Contracts in the same folder: they say what the tables are that a query reads."""
        if str(folder) in self._beside:
            return
        self._beside.add(str(folder))
        for file in sorted(folder.glob("*.odcs.yaml"))[:200]:
            try:
                for contract in load_contracts(str(file)):
                    self.tables.setdefault(contract.table.lower().removeprefix("public."), contract)
            except ContractError:
                continue


def findings(source: Source, terms: Terms, timetables: Mapping[str, Any]) -> Iterator[Found]:
    """Everything that is wrong with the contracts of a file's Dags, and between them and the Dags.

    :param timetables: id of a Dag -> its timetable, where it is known.
    """
    told: set[str] = set()
    for dag, task in source.tasks():
        path, contract = terms.of(source, task)
        if isinstance(contract, ContractError):
            if path not in told:
                told.add(path)
                yield from _wrong(contract, path, source.path, task)
            continue
        if contract is None:
            continue
        if path not in told:
            told.add(path)
            yield from _lacks(contract, path)
        yield from _schedule(dag, task, contract, timetables.get(dag.id))
        for query in queries_of(task, source):
            if task.kind != "FreshnessSensor":
                yield from contract_queries.findings(task, query, contract, terms.tables)
    yield from questions.findings(source.text)


def _wrong(error: ContractError, path: str, dag_file: str, task: Task) -> Iterator[Found]:
    """Each mistake of a contract, where it stands; a contract that is not there is a mistake of the Dag."""
    file = file_of(path)
    for said, parts in zip(error.findings, error.parts, strict=True):
        problem, line = str(parts.get("problem", said)), int(parts.get("line", 1))
        missing = problem.startswith("is missing")
        where = f"{parts.get('path', '')}: " if parts.get("path") else ""
        valid = f" Valid: {', '.join(parts.get('valid') or ())}." if parts.get("valid") else ""
        yield Found(
            rule="HC001",
            file="" if missing else file,
            line=task.line_of("contract") if missing else line,
            message=f"{task.id}: contract {file} {problem}" if missing else f"{where}{problem}{valid}",
            fix=str(parts.get("fix", "")),
        )


def _lacks(contract: Contract, path: str) -> Iterator[Found]:
    """What a contract leaves open."""
    file = file_of(path)
    marked = read(Path(file).read_text(encoding="utf-8"))
    data = marked.data if isinstance(marked.data, dict) else {}
    named = {one.get("property") for one in data.get("customProperties") or () if isinstance(one, dict)}
    place, cut = f"contract {contract.id}", contract.load.mode is not LoadMode.FULL
    if not contract.owner.team:
        yield Found(rule="HC002", file=file, line=1, message=f"{place} names no team")
    for rule, name in _SETTINGS:
        if name not in named and (cut or rule == "HC003"):
            yield Found(rule=rule, file=file, line=1, message=f"{place} has no {name}")
    if not contract.slas and cut:
        yield Found(rule="HC004", file=file, line=1, message=f"{place} has no slaProperties about time")
    text = Path(file).read_text(encoding="utf-8")
    if cut and not (contract.key or contract.merge_key) and questions.NO_KEY not in text:
        yield Found(rule="HC005", file=file, line=1, message=f"{place} has no primaryKey")
    yield from questions.findings(text, file)


def _schedule(dag: Dag, task: Task, contract: Contract, timetable: Any) -> Iterator[Found]:
    by_run = (task.kind in GATED or operator_of(task.kind).by_slice) and not task.has("slice_key")
    if timetable is None or not by_run or not getattr(timetable, "can_be_scheduled", True):
        return
    try:
        schedule = schedule_of(contract, timetable)
        found = list(misfits(contract, schedule)) if schedule else []
    except ConfigurationError as error:
        yield Found(rule="HO123", line=dag.line_of("schedule"), message=str(error))
        return
    for one in found:
        yield Found(rule="HO115" if one.loses else "HO114", line=dag.line_of("schedule"), message=one.text, fix=one.fix)


def timetables(source: Source, told: Mapping[str, Any] | None) -> dict[str, Any]:
    """The timetables of a file's Dags: as Airflow serialized them, else as the code says them.

    :param told: what Airflow said of the file; None where it was not imported.
    """
    found: dict[str, Any] = {}
    for dag in (told or {}).get("dags", ()):
        data = ((dag.get("serialized") or {}).get("dag") or {}).get("timetable")
        if data and (made := _decoded(data)) is not None:
            found[dag["dag_id"]] = made
    for one in source.dags if told is None or not told.get("dags") else ():
        if (made := _said(one, source.values)) is not None:
            found[one.id] = made
    return found


def _decoded(data: Mapping[str, Any]) -> Any:
    from airflow.sdk.exceptions import AirflowException
    from airflow.serialization.decoders import decode_timetable

    try:
        return decode_timetable(data)  # type: ignore[arg-type]
    except (AirflowException, LookupError, TypeError, ValueError, ImportError):
        return None  # a timetable of an author's own, which no plugin registers here


def _said(dag: Dag, values: Values) -> Any:
    """A timetable by the code: a cron expression, a preset, or one of Airflow's classes with plain arguments."""
    from airflow.timetables import interval, trigger

    schedule = dag.schedule
    if isinstance(schedule, str) and (schedule.startswith("@") or len(schedule.split()) == 5):
        return (
            _made(trigger.CronTriggerTimetable, (schedule,), {"timezone": "UTC"})
            if schedule not in ("@once", "@continuous")
            else None
        )
    kind = getattr(interval, dag.timetable, None) or getattr(trigger, dag.timetable, None)
    if kind is None or not isinstance(schedule, Code) or not isinstance(schedule.node, ast.Call):
        return None
    plain = [values.of(one) for one in schedule.node.args]
    named = {word.arg: values.of(word.value) for word in schedule.node.keywords if word.arg}
    if any(isinstance(one, Code) for one in [*plain, *named.values()]):
        return None
    return _made(kind, plain, {"timezone": "UTC", **named} if "Cron" in dag.timetable else named)


def _made(kind: Any, plain: Any, named: Mapping[str, Any]) -> Any:
    from airflow.sdk.exceptions import AirflowException

    try:
        made = kind(*plain, **named)
        made.validate()
        return made
    except (AirflowException, LookupError, TypeError, ValueError):
        return None
