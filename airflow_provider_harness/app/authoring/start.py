"""A pipeline of one table to begin with: its contract, its Dag and its test, as texts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_harness.app.authoring.questions import MARK, NO_KEY
from airflow_provider_harness.core.errors import ConfigurationError

CRONS = {"hour": "0 * * * *", "day": "0 0 * * *", "week": "0 0 * * 1", "month": "0 0 1 * *"}
"""Length of a slice -> the cron expression whose intervals are as long."""
NOBODY = "nobody-yet"
"""Stands for a team that was not named."""
_TIMES = ("date", "timestamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a person said about a pipeline; empty or None for what nobody answered.

    :param name: of the Dag and of its files.
    :param conn_id: where the table is, :param table: ``schema.table`` there.
    :param target_conn_id: where it is published, as :param target_table: ``schema.table``.
    :param bigquery: the target is a BigQuery.
    :param slice_column: says which slice a row belongs to; empty: the whole table is published by each run.
    :param time_zone: IANA name, in which slices begin; :param grain: how long they are, a key of ``CRONS``.
    :param key: columns that tell rows apart, where the table has no key.
    :param owner: the team that answers for the table.
    :param latency: hours after a slice's end by which it is published, above 0.
    :param late: minutes after a slice's end from which the source is late, 0 or more.
    :param start: day of the first slice, as ISO 8601.
    """

    name: str
    conn_id: str
    table: str
    target_conn_id: str
    target_table: str
    bigquery: bool = False
    slice_column: str = ""
    time_zone: str = "UTC"
    grain: str = "day"
    key: tuple[str, ...] = ()
    owner: str = ""
    latency: float | None = None
    late: int | None = None
    start: str = ""


Document = Mapping[str, Any]
"""A contract as the standard has it: field -> value."""


def columns(document: Document) -> dict[str, Mapping[str, Any]]:
    """The columns of a drafted contract: name -> its property."""
    return {one["name"]: one for one in document["schema"][0]["properties"]}


def key_of(document: Document) -> tuple[str, ...]:
    """The primary key that the table has, in its order."""
    named = [one for one in columns(document).values() if one.get("primaryKey")]
    return tuple(one["name"] for one in sorted(named, key=lambda one: one["primaryKeyPosition"]))


def unique(document: Document) -> tuple[str, ...]:
    """The columns that are unique by themselves, and never null."""
    return tuple(name for name, one in columns(document).items() if one.get("unique") and one.get("required"))


def sliceable(document: Document) -> tuple[str, ...]:
    """The columns that can say which slice a row belongs to; those that are never null come first."""
    found = [name for name, one in columns(document).items() if one["logicalType"] in _TIMES]
    return tuple(sorted(found, key=lambda name: not columns(document)[name].get("required")))


def checked(answers: Answers, document: Document) -> Answers:
    """The answers, with the table's own key.

    :raises ConfigurationError: one of them does not fit the table.
    """
    known = columns(document)
    if not re.fullmatch(r"[A-Za-z_]\w{0,199}", answers.name):
        raise ConfigurationError(
            "--name", f"{answers.name!r} is not a name of a Dag.", fix="Use letters, digits and _."
        )
    if answers.slice_column and answers.slice_column not in sliceable(document):
        valid = sliceable(document) or ("none: leave it out",)
        raise ConfigurationError(
            "--slice-column", f"{answers.slice_column!r} is not a date or a timestamp.", valid=valid
        )
    for name in answers.key:
        if name not in known:
            raise ConfigurationError("--key", f"{name!r} is not a column of {answers.table}.", valid=tuple(known))
    if answers.grain not in CRONS:
        raise ConfigurationError("--grain", f"is {answers.grain!r}.", valid=tuple(CRONS))
    if answers.slice_column and answers.grain == "hour" and known[answers.slice_column]["logicalType"] == "date":
        fix = "Give --grain day, or a column with a time."
        raise ConfigurationError("--grain", f"is hour, and {answers.slice_column} is a date.", fix=fix)
    if answers.latency is not None and not answers.latency > 0:
        raise ConfigurationError("--latency-hours", f"is {answers.latency:g}.", fix="Give a number above 0.")
    if answers.late is not None and answers.late < 0:
        raise ConfigurationError("--late-minutes", f"is {answers.late}.", fix="Give 0 or more.")
    if (answers.conn_id, answers.table) == (answers.target_conn_id, answers.target_table):
        fix = "Give --target-conn-id or --target-table."
        raise ConfigurationError("--target-table", "is the source itself.", fix=fix)
    return replace(answers, key=key_of(document) or answers.key)


def left_out(answers: Answers, document: Document) -> list[str]:
    """What of the source's contract the published table's does not have, each with the reason."""
    drafted = document["schema"][0]
    singles = [to["to"] for one in drafted["properties"] for to in one.get("relationships", ())]
    several = [to for one in drafted.get("relationships", ()) for to in one["to"]]
    found = [f"foreign key to {to}: that table need not be where this one is published" for to in (*singles, *several)]
    rules = _in_sql(drafted) if answers.bigquery else []
    return found + [f"{rule['name']}: its SQL is PostgreSQL's, and the target is a BigQuery" for rule in rules]


def _in_sql(drafted: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [rule for rule in drafted.get("quality", ()) if rule.get("type") == "sql"]


def contract(answers: Answers, document: Document) -> dict[str, Any]:
    """The contract of the published table, without what ``left_out`` says."""
    drafted = document["schema"][0]
    place = {name: position for position, name in enumerate(answers.key, start=1)}
    table = {part: value for part, value in drafted.items() if part not in ("relationships", "properties")}
    table |= {"name": answers.target_table.rpartition(".")[2], "physicalName": answers.target_table}
    table["properties"] = [_property(one, place) for one in drafted["properties"]]
    if answers.bigquery:
        table["quality"] = [rule for rule in table["quality"] if rule not in _in_sql(drafted)]
    load: dict[str, Any] = {"mode": "full"}
    if answers.slice_column:
        load = {"mode": "incremental", "sliceColumn": answers.slice_column}
        load |= {"timeZone": answers.time_zone, "grain": answers.grain}
    settings = [{"property": "harness.load", "value": load}]
    settings += [{"property": "harness.malformedRows", "value": {"policy": "reject"}}]
    if answers.late is not None:
        late = {"action": "page", "waitMinutes": answers.late}
        settings.append({"property": "harness.late", "value": late})
    made = {part: document[part] for part in ("apiVersion", "kind", "description") if part in document}
    made |= {"id": answers.name, "name": answers.name, "version": "0.1.0", "status": "draft"}
    made["team"] = {"name": answers.owner or NOBODY}
    if answers.latency is not None:
        made["slaProperties"] = [{"property": "latency", "value": f"{answers.latency:g}", "unit": "h"}]
    return made | {"customProperties": settings, "schema": [table]}


def _property(drafted: Mapping[str, Any], place: Mapping[str, int]) -> dict[str, Any]:
    """A column, of the key or not."""
    said = {part: value for part, value in drafted.items() if part != "relationships"}
    if drafted["name"] in place:
        said |= {"primaryKey": True, "primaryKeyPosition": place[drafted["name"]], "required": True}
    return said


def questions(answers: Answers) -> list[str]:
    """What is open, each with the text that answers it."""
    late = "{property: harness.late, value: {action: page, waitMinutes: 60}}"
    asked = {
        "which team answers for this table? team: {name: ...}, and the owner in the Dag": not answers.owner,
        f"{NO_KEY} primaryKey: true on these columns": not answers.key,
        "by when must a slice be there? slaProperties: [{property: latency, value: 6, unit: h}]": answers.latency is None,
        f"from when on is the source late? customProperties: [{late}]": answers.late is None and bool(answers.slice_column),
    }  # fmt: skip
    return [question for question, is_open in asked.items() if is_open]


def contract_head(answers: Answers) -> str:
    """The comments above the contract."""
    more = "# To add when you know: description, classification of each column, enum, logicalTypeOptions, relationships, harness.page.\n"
    return more + "".join(f"# {MARK} {question}\n" for question in questions(answers))


def dag(answers: Answers) -> str:
    """The Dag file."""
    moves = ("PostgresExtractOperator", "BigQueryLoadOperator") if answers.bigquery else ("PostgresTransferOperator",)
    cut = bool(answers.slice_column)
    zone = _said(answers.time_zone)
    start = ", ".join(str(int(part)) for part in answers.start.split("-"))
    owner = f'"owner": {_said(answers.owner or NOBODY)},'
    todo = "" if answers.owner else f"  # {MARK} which team owns this Dag?"
    steps = [*(_sensor(answers) if cut else []), *(_bigquery(answers) if answers.bigquery else _postgres(answers))]
    order = " >> ".join(name for name, _ in steps)
    lines = [
        f'"""{_about(answers)}"""',
        "",
        "from datetime import timedelta",
        "",
        "import pendulum",
        "from airflow.sdk import DAG, CronDataIntervalTimetable",
        "",
        "from airflow_provider_harness.callbacks import DiagnoseAndHeal",
        f"from airflow_provider_harness.operators import {', '.join(sorted(moves))}",
        *(["from airflow_provider_harness.sensors import FreshnessSensor"] if cut else []),
        "",
        f'CONTRACT = "contracts/{answers.name}.odcs.yaml"',
        "",
        "with DAG(",
        f"    dag_id={_said(answers.name)},",
        f"    schedule=CronDataIntervalTimetable({_said(CRONS[answers.grain])}, timezone={zone}),",
        f"    start_date=pendulum.datetime({start}, tz={zone}),",
        "    catchup=False,",
        "    max_active_runs=1,",
        "    default_args={",
        f"        {owner}{todo}",
        '        "retries": 2,',
        '        "retry_delay": timedelta(minutes=5),',
        '        "on_failure_callback": DiagnoseAndHeal(),',
        "    },",
        "    doc_md=__doc__,",
        "):",
        *(line for _, text in steps for line in text),
        *([f"    {order}"] if len(steps) > 1 else []),
    ]
    return "\n".join(lines) + "\n"


def _about(answers: Answers) -> str:
    shown = answers.table if re.fullmatch(r"[\w.]+", answers.table) else answers.name
    each = f"by {answers.grain}" if answers.slice_column else "as a whole"
    return f"The rows of {shown}, {each}, published under their contract."


Step = tuple[str, list[str]]
"""Name of a task -> the lines that make it."""


def _task(name: str, kind: str, **given: str) -> Step:
    """One task; arguments as Python writes them."""
    arguments = {"task_id": _said(name), "contract": "CONTRACT"} | given
    return name, [
        f"    {name} = {kind}(",
        *(f"        {word}={value}," for word, value in arguments.items()),
        "    )",
    ]


def _sensor(answers: Answers) -> list[Step]:
    source = {"conn_id": _said(answers.conn_id), "table": _said(answers.table)}
    return [_task("fresh", "FreshnessSensor", **source, timeout="6 * 60 * 60")]


def _postgres(answers: Answers) -> list[Step]:
    target = {"conn_id": _said(answers.target_conn_id), "table": _said(answers.target_table)}
    source = {"source_conn_id": _said(answers.conn_id), "source_table": _said(answers.table)}
    return [_task("transfer", "PostgresTransferOperator", **target, **source)]


def _bigquery(answers: Answers) -> list[Step]:
    source = {"conn_id": _said(answers.conn_id), "table": _said(answers.table)}
    target = {"conn_id": _said(answers.target_conn_id), "table": _said(answers.target_table)}
    return [
        _task("extract", "PostgresExtractOperator", **source),
        _task("load", "BigQueryLoadOperator", **target, staged="extract.output"),
    ]


def tasks(answers: Answers) -> list[str]:
    """Names of the Dag's tasks, in their order."""
    moves = ["extract", "load"] if answers.bigquery else ["transfer"]
    return [*(["fresh"] if answers.slice_column else []), *moves]


def test_file(answers: Answers, dag_file: str) -> str:
    """The test file.

    :param dag_file: the Dag file, relative to the test's folder.
    """
    load = "incremental" if answers.slice_column else "full"
    return f'''"""The Dag {answers.name} and its contract hold what was agreed; change them and this test together."""

from pathlib import Path

import yaml
from airflow.dag_processing.dagbag import DagBag

DAG_FILE = (Path(__file__).parent / {_said(dag_file)}).resolve()
CONTRACT = DAG_FILE.parent / "contracts" / "{answers.name}.odcs.yaml"


def test_the_dag_is_imported_and_has_its_tasks_in_order():
    bag = DagBag(str(DAG_FILE))
    assert bag.import_errors == {{}}  # a contract that is wrong would be one
    dag = bag.dags["{answers.name}"]
    assert [task.task_id for task in dag.topological_sort()] == {json.dumps(tasks(answers))}


def test_the_contract_has_its_key_and_is_run_again_safely():
    contract = yaml.safe_load(CONTRACT.read_text())
    columns = contract["schema"][0]["properties"]
    assert sorted(column["name"] for column in columns if column.get("primaryKey")) == {_listed(sorted(answers.key))}
    load = next(one["value"] for one in contract["customProperties"] if one["property"] == "harness.load")
    assert load["mode"] == "{load}"
'''


def _listed(names: Sequence[str]) -> str:
    return json.dumps(list(names), ensure_ascii=False)


def _said(value: str) -> str:
    """A text as Python's source has it."""
    return json.dumps(value, ensure_ascii=False)
