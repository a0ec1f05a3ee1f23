"""What an agent may ask. Each tool reads, and answers with the models that the JSON API and the command line have."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, TypeAdapter  # noqa: TID253  the server alone loads this module

from airflow_provider_harness.core.errors import ConfigurationError, ContractError
from airflow_provider_harness.core.slices.moments import moment_if_given
from airflow_provider_harness.mcp.callers import Caller, own_files
from airflow_provider_harness.mcp.foreign import authored, marked

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.store.pages.tables import Known
    from airflow_provider_harness.app.pages.incidents.row import Stand
    from airflow_provider_harness.core.contracts.contract import Contract

#: Characters of a text that is checked.
LONGEST = 200_000
_DAG_ID = re.compile(r"[\w.~-]{1,250}")
_FIX_FILE = "Give the text in place of the file."

Text = Annotated[str, Field(max_length=LONGEST)]
TableName = Annotated[str, Field(max_length=512, description="schema.table; public where no schema is given")]


def _json(value: Any) -> Any:
    """Dataclasses, moments and enumerations as JSON values."""
    return TypeAdapter(Any).dump_python(value, mode="json")


def explain(
    caller: Caller,
    dag: Annotated[str, Field(max_length=1_000, description="id of a Dag; at your own machine also its file")],
    as_of: Annotated[str, Field(max_length=40, description="moment after which the next run begins")] = "",
    imports: Annotated[bool, Field(description="import the file, which runs its top-level code")] = False,
) -> Any:
    """Explain a Dag step by step before it runs: inputs, outputs, columns, gates, slice of the next run, who is paged,
    what the healer may do."""
    from airflow_provider_harness.wiring.authoring import explaining

    moment = moment_if_given(as_of, "as_of")
    if caller.local:
        return authored(_json(explaining.explanations(dag, imports=imports, as_of=moment)))
    unknown = ConfigurationError(f"Dag {dag[:250]}", "is not one that you may read, or its file is not here.")
    if imports:
        own_files(caller, "imports", "Leave it out: the code is read.")
    if dag.endswith(".py") or not _DAG_ID.fullmatch(dag) or dag not in caller.readable((dag,)):
        raise unknown
    try:
        return authored(_json(explaining.explanations(dag, imports=False, as_of=moment)))
    except ConfigurationError as error:  # it names files and Dags that the caller may not know
        raise unknown from error


def check(
    caller: Caller,
    file: Annotated[str, Field(max_length=1_000, description="a Dag file, at your own machine")] = "",
    text: Annotated[Text, Field(description="the text of a Dag file")] = "",
    contracts: Annotated[
        dict[str, Text] | None,
        Field(
            description="path of a contract, as the Dag text names it -> its text, such as contracts/orders.odcs.yaml"
        ),
    ] = None,
    imports: Annotated[bool, Field(description="import the file, which runs its top-level code")] = False,
) -> Any:
    """Find the problems of a Dag and its contracts: each finding with line, what, why, and the text to add. If `stands`
    is false, there is no error and no warning."""
    from airflow_provider_harness.app.authoring.check import stands
    from airflow_provider_harness.app.authoring.finding import Stage
    from airflow_provider_harness.wiring.authoring import checking

    if bool(file) == bool(text):
        raise ConfigurationError("check", "takes a file or a text.", fix="Give one of the two.")
    if file or imports:
        own_files(caller, "file" if file else "imports", _FIX_FILE if file else "Leave it out: the code is read.")
    if file:
        found = checking.findings([file], imports=imports, stage=Stage.COMPILE)
        return {"stands": stands(found), "findings": [dict(one.row()) for one in found]}
    with _written(text, contracts or {}) as path:
        found = checking.findings([str(path)], imports=imports, stage=Stage.COMPILE, inside=path.parent)
        rows = [{name: _bare(value, path.parent) for name, value in one.row().items()} for one in found]
    return {"stands": stands(found), "findings": rows}


def _bare(value: Any, folder: Path) -> Any:
    """A text without the folder in which a Dag was written down for a while."""
    return value.replace(f"{folder}/", "") if isinstance(value, str) else value


@contextmanager
def _written(text: str, contracts: Mapping[str, str]) -> Iterator[Path]:
    """A Dag text and its contracts as files of a folder of their own, for as long as they are looked at."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="harness-") as name:
        folder = Path(name).resolve()
        for path, body in {**contracts, "dag.py": text}.items():
            place = (folder / path).resolve()
            if not path or not place.is_relative_to(folder) or place == folder or len(path) > 200:
                raise ConfigurationError(f"contract {path[:200]!r}", "is not a path below the Dag's folder.")
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(body, encoding="utf-8")
            except (OSError, ValueError) as error:
                raise ConfigurationError(f"contract {path!r}", f"cannot be written down: {error}.") from error
        yield folder / "dag.py"


def contract(
    caller: Caller,
    table: TableName = "",
    file: Annotated[str, Field(max_length=1_000, description="a contract file, at your own machine")] = "",
    text: Annotated[Text, Field(description="the text of a contract")] = "",
) -> Any:
    """The demands of a contract: of a table as its gates stored it, of a file, or of a text. Reports the mistakes in a
    file or text."""
    from airflow_provider_harness.app.pages import kept_contract

    if sum(map(bool, (table, file, text))) != 1:
        raise ConfigurationError("contract", "takes a table, a file or a text.", fix="Give one of the three.")
    if table:
        kept = _versions(caller, table)
        return authored(_json(kept_contract.shown(kept[-1][1])))
    try:
        found = _contracts(caller, file or text, "file" if file else "text")
    except ContractError as error:
        return {"findings": [{"said": said, **parts} for said, parts in zip(error.findings, error.parts, strict=True)]}
    return [authored(_json(kept_contract.shown(kept_contract.kept(one)))) for one in found]


def contract_difference(
    caller: Caller,
    table: TableName = "",
    old: Annotated[
        Text, Field(description="the text of a contract that consumers rely on; or its file, at your own machine")
    ] = "",
    new: Annotated[Text, Field(description="the contract that will replace it")] = "",
) -> Any:
    """The differences of a newer contract, and whether a consumer could notice them: between two texts, or the versions
    of a table."""
    from airflow_provider_harness.app.pages import table_view
    from airflow_provider_harness.core.contracts.diff import diff_all

    if bool(table) == bool(old or new) or bool(old) != bool(new):
        raise ConfigurationError("contract_difference", "takes a table, or old and new.", fix="Give one of the two.")
    if table:
        return _json(table_view.versions(_versions(caller, table)))
    before, after = (_contracts(caller, one, name) for one, name in ((old, "old"), (new, "new")))
    changes = diff_all(before, after)
    rows = [{"breaks_a_consumer": one.breaking, "where": one.where, "change": one.what} for one in changes]
    return authored(rows)


def _contracts(caller: Caller, given: str, place: str) -> tuple[Contract, ...]:
    """The contracts of a text, or of a file: a contract has more than one line."""
    from airflow_provider_harness.adapters.contracts.file import file_of
    from airflow_provider_harness.adapters.contracts.odcs import compile_file, load_contracts

    if place == "file" or (place != "text" and "\n" not in given):
        own_files(caller, place, _FIX_FILE)
        if not Path(file_of(given)).is_file():
            raise ConfigurationError(given[:1_000], "is not a file.", fix="Give the path of a contract, or its text.")
        return load_contracts(given)
    return compile_file(given, place).contracts


def _known(caller: Caller) -> list[Known]:
    """Tables whose publishing Dag the caller may read."""
    from airflow_provider_harness.wiring import pages

    found = pages.tables().known(caller.readable(pages.incidents().dags()))
    seen = caller.readable({one.dag_id for one in found})
    return [one for one in found if one.dag_id in seen]


def _table(caller: Caller, name: str) -> Known:
    known = _known(caller)
    found = next((one for one in known if one.table in (name, f"public.{name}")), None)
    if found is None:
        problem = "no gate has judged a table of this name that you may read."
        raise ConfigurationError(f"table {name}", problem, valid=[one.table for one in known][:40])
    return found


def _versions(caller: Caller, table: str) -> Sequence[tuple[datetime, Mapping[str, Any]]]:
    from airflow_provider_harness.wiring import pages

    found = _table(caller, table)
    kept = pages.tables().versions(found.table)
    if not kept:
        raise ConfigurationError(f"table {table}", "no contract of it was kept.", fix="Run its Dag once.")
    return kept


def lineage(
    caller: Caller,
    name: Annotated[str, Field(min_length=1, max_length=512, description="[database.]schema.table, or a column of it")],
    downstream: Annotated[bool, Field(description="the tables made from it, instead of its sources")] = False,
) -> Any:
    """The lineage from a table or column to its source, task by task; or to the tables made from it."""
    from airflow_provider_harness.app.pages.lineage import table_of
    from airflow_provider_harness.core.lineage import text as told
    from airflow_provider_harness.wiring import lineage as wiring_lineage

    graph = wiring_lineage.graph()
    if caller.local:
        found = [told.as_json(*walk) for walk in told.walks(graph, name, downstream=downstream)]
        return [{**walk, "hidden": 0} for walk in found]
    known = _known(caller)
    tables = {one.table for one in known}
    unknown = ConfigurationError(name, "is not a table in the lineage that you may read.", valid=sorted(tables)[:40])
    if not graph.starts(name, downstream=downstream):
        raise unknown
    walks = [walk for walk in told.walks(graph, name, downstream=downstream) if table_of(walk[0]) in tables]
    if not walks:
        raise unknown
    dags = caller.readable({one.dag_id for one in known})
    closed = {flow.task for flow in graph.flows if flow.dag_id not in dags}
    return [_readable_steps(told.as_json(*walk), closed) for walk in walks]


def _readable_steps(walk: dict[str, Any], closed: Container[str]) -> dict[str, Any]:
    """A walk without the steps of tasks that may not be read, and how many these are."""
    steps = [step for step in walk["steps"] if step["task"] not in closed]
    return {**walk, "steps": steps, "hidden": len(walk["steps"]) - len(steps)}


def quality(
    caller: Caller,
    table: TableName,
    slices: Annotated[int, Field(ge=1, le=120, description="how many of the newest to return")] = 14,
) -> Any:
    """The results of a table's gates, slice by slice: decisions, checks, numbers and their usual range, rows set aside,
    incidents."""
    from airflow_provider_harness.wiring import pages

    found = _table(caller, table)
    view = pages.table_view(found, slices, caller.readable(pages.incidents().dags() | {found.dag_id}))
    names = ("row", "grid", "metrics", "schema_changes", "quarantine", "incidents")
    return marked(_json({name: getattr(view, name) for name in names}))


def incidents(
    caller: Caller,
    state: Annotated[
        str, Field(description="open, all, asked, person, taken, waiting, healing, resolved or over")
    ] = "open",
    dag_id: Annotated[str, Field(max_length=250)] = "",
    table: TableName = "",
    since: Annotated[str, Field(max_length=40, description="90m, 12h, 2d, or a moment with its zone")] = "",
    search: Annotated[str, Field(max_length=200)] = "",
    limit: Annotated[int, Field(ge=1, le=200)] = 20,
) -> Any:
    """Incidents, the most urgent first: what is broken and who uses it, the cause, the state, and the next step."""
    from airflow_provider_harness.app.pages.incidents.listing import Wanted, since_of
    from airflow_provider_harness.wiring import healing as wiring
    from airflow_provider_harness.wiring import pages

    now = wiring.now()
    lists = pages.incidents()
    wanted = Wanted(
        states=_states(state),
        since=since_of(since, now),
        dag_id=dag_id,
        table=table,
        search=search,
        readable=caller.readable(lists.dags() | ({dag_id} if dag_id else set())),
    )
    found = lists.listed(wanted, now, limit)
    return marked(_json({"total": found.total, "counts": found.counts, "rows": found.rows}))


def _states(word: str) -> Sequence[Stand]:
    from airflow_provider_harness.app.pages.incidents.row import OPEN, Stand

    groups = {"open": OPEN, "all": tuple(Stand), **{one.value: (one,) for one in Stand}}
    if word not in groups:
        raise ConfigurationError(f"state {word[:40]}", "is none.", valid=tuple(groups))
    return groups[word]


def incident(
    caller: Caller,
    id: Annotated[str, Field(min_length=1, max_length=26, description="its id, or a unique prefix of it")],
) -> Any:
    """One incident: what broke, the cause with its evidence, the verdict and the rule, the acts, and the next step."""
    from airflow_provider_harness.app.pages.incidents.parts import May
    from airflow_provider_harness.wiring import pages

    found = pages.incident(_readable_incident(caller, id))
    return marked(_json(pages.incident_view(found, May(), caller.readable)))


def _readable_incident(caller: Caller, given: str) -> str:
    """The whole id of an incident whose leading Dag the caller may read."""
    from airflow_provider_harness.app.pages.incidents.place import Place
    from airflow_provider_harness.app.pages.incidents.row import leading
    from airflow_provider_harness.wiring import pages

    unknown = ConfigurationError(f"incident {given}", "is not one that you may read.", fix="Take an id of `incidents`.")
    try:
        found = pages.incident(given)
    except ConfigurationError as error:
        raise unknown from error
    dag_id = Place.of(leading(found)).dag_id
    if dag_id not in caller.readable((dag_id,)):
        raise unknown
    return found.id


def policy(
    caller: Caller,
    action: Annotated[str, Field(max_length=40, description="a word of harness://actions")] = "",
    facts: Annotated[list[str] | None, Field(max_length=40, description="name=value, by harness://facts")] = None,
    incident: Annotated[str, Field(max_length=26, description="in place of an action: its newest proposal")] = "",
) -> Any:
    """The verdict of the policy for an action and facts, or for the newest proposal of an incident: verdict, rule, and
    each rule's why."""
    from airflow_provider_harness.core.policy.policy import Usage
    from airflow_provider_harness.wiring import pages

    if not caller.oversees():
        raise ConfigurationError("policy", "needs the right to see the activity of this installation.")
    if bool(action) == bool(incident):
        raise ConfigurationError("policy", "takes an action with its facts, or an incident.", fix="Give one.")
    name = _readable_incident(caller, incident) if incident else ""
    return marked(_json(pages.policy_explained(name, action, facts or (), Usage(on_incident=0, on_dag_today=0))))


TOOLS = (explain, check, contract, contract_difference, lineage, quality, incidents, incident, policy)
"""All of them; none writes."""
