"""``explain`` put together: which file has the Dag, what Airflow says of it, its contracts, the policy, the next run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_provider_harness.adapters.contracts.ledger import gates_of
from airflow_provider_harness.adapters.dags import origins, terms
from airflow_provider_harness.app.authoring import explanation as told
from airflow_provider_harness.app.authoring.finding import Found
from airflow_provider_harness.app.authoring.model import Dag, Source, Task
from airflow_provider_harness.app.authoring.rules.kinds import queries_of
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import ConfigurationError, ContractError, HarnessError
from airflow_provider_harness.core.slices.slices import Run, Slice, slice_of_run
from airflow_provider_harness.wiring.authoring import checking

_TROUBLE = ("HF001", "HF002", "HF003", "HF007", "HF009")
"""Findings about a file that has no Dag to explain."""
_GATES = {"PostgresExtractOperator": "extract"}
"""Operator -> its gate in the ledger, where that does not judge every kind of check."""


def explanations(
    name: str, *, imports: bool, as_of: datetime | None, folder: str = "", seconds: float = 60.0
) -> list[dict[str, Any]]:
    """What a Dag does; of a file, each of its Dags.

    :param name: id of a Dag, or a file.
    :param as_of: the moment after which the next run is looked for; None for now.
    :param folder: where a Dag of this id is looked for; empty for Airflow's own folder.
    :raises ConfigurationError: there is no such Dag, or its file is wrong.
    """
    paths, dag_id = files_of(name, folder)
    by_file = not dag_id
    files = checking.read(paths, imports=imports, seconds=seconds)
    found = [(s, dag) for s in files.sources for dag in s.dags if by_file or dag.id == name]
    if not found:
        _none(name, files.found, by_file)
    known = terms.Terms()
    moment = as_of or datetime.now(UTC)
    return [_explained(source, dag, files, known, moment) for source, dag in found]


def files_of(name: str, folder: str = "") -> tuple[list[str], str]:
    """The files in which a Dag may be, and its id; empty where the name is a file's.

    :param name: id of a Dag, or a file.
    :param folder: where a Dag of this id is looked for; empty for Airflow's own folder.
    :raises ConfigurationError: no file names the Dag.
    """
    by_file = Path(name).is_file() or name.endswith(".py")
    return ([name], "") if by_file else (_files_with(name, folder), name)


def _files_with(dag_id: str, folder: str) -> list[str]:
    """The files of a folder in which a Dag's id stands."""
    from airflow.configuration import conf

    home = Path(folder or conf.get("core", "dags_folder"))
    if not home.is_dir():
        raise ConfigurationError(
            f"folder {home}", "is not there.", fix="Name a file, or the folder with --dags-folder."
        )
    files = sorted(home.rglob("*.py"))
    named = [file for file in files if dag_id in file.read_text(encoding="utf-8", errors="replace")]
    if not named:
        raise ConfigurationError(
            f"Dag {dag_id}",
            f"stands in no file of {home}.",
            valid=sorted(_ids(files))[:40],
            fix="Name its file, or its folder with --dags-folder.",
        )
    return [str(file) for file in named]


def _ids(files: Sequence[Path]) -> Iterator[str]:
    from airflow_provider_harness.app.authoring.read import parsed

    for file in files[: checking.MOST_BESIDE]:
        source = parsed(str(file), file.read_text(encoding="utf-8", errors="replace"))
        if isinstance(source, Source):
            yield from (dag.id for dag in source.dags)


def _none(name: str, found: Mapping[str, Sequence[Found]], by_file: bool) -> None:
    wrong = next(
        (
            f"{path}:{one.line}: {one.message.rstrip('.')}."
            for path, several in found.items()
            for one in several
            if one.rule in _TROUBLE
        ),
        "",
    )
    what = f"file {name}" if by_file else f"Dag {name}"
    raise ConfigurationError(
        what,
        wrong or "has no Dag." if by_file else wrong or "is in none of the files that name it.",
        fix="`airflow harness check` says more.",
    )


def _explained(source: Source, dag: Dag, files: checking.Files, known: terms.Terms, moment: datetime) -> dict[str, Any]:
    said = files.said.get(source.path)
    timetable = terms.timetables(source, said.said if said else None).get(dag.id)
    run = _next(timetable, dag, moment)
    notes = [one.message for one in files.found[source.path]]
    tasks = {task.id: _known(source, task, known, run) for task in dag.tasks.values()}
    about = told.About(next_run=run, enrolled=_enrolled(dag), policy=_policy(notes), tasks=tasks, notes=tuple(notes))
    return told.explanation(dag, source, about)


def _enrolled(dag: Dag) -> bool:
    """Whether failures of the Dag's tasks reach the harness by its own callback."""
    shared = dag.args.get("default_args")
    given = [dag.args, *([shared] if isinstance(shared, dict) else []), *(task.args for task in dag.tasks.values())]
    return any("DiagnoseAndHeal" in str(one.get("on_failure_callback", "")) for one in given)


def _policy(notes: list[str]) -> Any:
    from airflow_provider_harness import config
    from airflow_provider_harness.adapters.yaml_files.policy import load_policy

    try:
        return load_policy(config.read().policy_file)
    except HarnessError as error:
        notes.append(f"The policy could not be read: {error}")
        return None


def _next(timetable: Any, dag: Dag, moment: datetime) -> told.Run | None:
    """The first run of a schedule that starts after a moment."""
    from airflow.sdk.exceptions import AirflowException
    from airflow.sdk.timezone import coerce_datetime
    from airflow.timetables.base import TimeRestriction

    if timetable is None or not getattr(timetable, "can_be_scheduled", True) or dag.by_assets:
        return None
    first, last = _moment(dag.args.get("start_date")), _moment(dag.args.get("end_date"))
    try:
        before = timetable.infer_manual_data_interval(run_after=coerce_datetime(moment))
        limits = TimeRestriction(earliest=coerce_datetime(first), latest=coerce_datetime(last), catchup=True)
        begun = before if first is None or before.end >= first else None
        info = timetable.next_dagrun_info(last_automated_data_interval=begun, restriction=limits)
    except (AirflowException, ArithmeticError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError):
        return None  # a timetable of an author's own, or one that knows no such run
    if info is None:
        return None
    interval = info.data_interval
    return told.Run(
        start=interval.start if interval else None, end=interval.end if interval else None, after=info.run_after
    )


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return found if isinstance(found, datetime) else None


def _known(source: Source, task: Task, known: terms.Terms, run: told.Run | None) -> told.Known:
    _, contract = known.of(source, task)
    if isinstance(contract, ContractError):
        return told.Known(wrong=str(contract))
    if contract is None:
        return told.Known()
    edges = origins.edges(task, queries_of(task, source), contract, known.tables)
    gate = _GATES.get(task.kind, "")
    elsewhere = frozenset(check.id for check in contract.checks if gate and gate not in gates_of(check.kind))
    return told.Known(contract=contract, piece=_slice(contract, task, run), edges=edges, elsewhere=elsewhere)


def _slice(contract: Contract, task: Task, run: told.Run | None) -> Slice | None:
    if run is None or run.start is None or task.has("slice_key"):
        return None
    try:
        return slice_of_run(
            contract,
            Run(
                interval_start=run.start,
                interval_end=run.end,
                logical_date=run.start,
                run_after=run.after,
                scheduled=True,
            ),
        )
    except ConfigurationError:
        return None
