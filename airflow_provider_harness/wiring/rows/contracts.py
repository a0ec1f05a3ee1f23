"""Contracts put together with the Dag file that names them, and with the live tables that one may begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.wiring.rows.connections import dsn, named

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.conversion.draft import Made
    from airflow_provider_harness.core.contracts.contract import Contract


def check_contract(path: str, table: str = "") -> None:
    """Fail, with every finding, if a contract file is missing or wrong. Called when a Dag file is parsed.

    :param table: which table of a file with several is meant; empty: all are looked at.
    """
    from airflow_provider_harness.adapters.contracts.odcs import NoSuchTable, SeveralTables

    try:
        contract_of(path, like=table)
    except SeveralTables as error:
        if table or isinstance(error, NoSuchTable):
            raise


def contract_of(path: str, table: str = "", *, like: str = "") -> Contract:
    """The contract in a file, for the table that it is applied to; compiled from the file, whatever is kept on disk.

    :param like: a table by whose name one of several in a file is chosen; the contract stays one of its own table.
    """
    from airflow_provider_harness.adapters.contracts.odcs import load_contract, of_several
    from airflow_provider_harness.adapters.contracts.rules.sql import named

    contract = load_contract(path, table or like)
    if contract.features is not None and table and table == contract.features.online:
        from airflow_provider_harness.adapters.learning.online import online

        return online(contract, contract.features)
    if not table or ("." not in table and of_several(contract)):
        return contract
    return named(contract.at(table if "." in table else f"public.{table}"))


def contract_path(path: str, dag: Any) -> str:
    """The contract's file; a relative path starts at the Dag file's folder."""
    return path if Path(path).is_absolute() or dag is None else str(Path(dag.fileloc).parent / path)


def check_when_parsed(path: str, dag: Any, table: str = "", *, by_run: bool = True) -> None:
    """A wrong or missing contract is an import error of the Dag, not a failure at night; so is one of several tables that
    has none of the task's, and a schedule whose runs would leave rows out. What else does not fit is a warning.

    :param by_run: the run says which slice the task works on.
    """
    from airflow_provider_harness import config
    from airflow_provider_harness.adapters.contracts.compile_cache import check_once

    if "{{" not in path and (dag is not None or Path(path).is_absolute()):
        about = "" if "{{" in table else table
        folder, found = Path(config.airflow_home("harness_contracts")), contract_path(path, dag)
        check_once(found, folder, lambda file: check_contract(file, about), about=about)
        if by_run and dag is not None:
            _check_schedule(found, dag, about, folder)


def _check_schedule(path: str, dag: Any, table: str, folder: Path) -> None:
    """Whether the runs of a Dag own the slices of a contract; a Dag that no schedule starts is asked when it runs.

    Here alone a contract is taken as it was compiled before: whoever judges rows compiles it.

    :param folder: where it is noted that they do; a timetable of an author's own is asked each time.
    """
    from airflow_provider_harness.adapters.contracts.compile_cache import check_once

    if not getattr(dag.timetable, "can_be_scheduled", True):
        return
    told = _told(dag.timetable)
    if told:
        check_once(path, folder, lambda file: _fits(file, dag, table, folder), about=f"{table}|{told}")
    else:
        _fits(path, dag, table, folder)


def _told(timetable: Any) -> str:
    """All that makes one of Airflow's own timetables what it is; empty of others, which may look elsewhere."""
    driven = getattr(timetable, "timetable", timetable)  # by the clock, where assets drive it too
    if not all(type(part).__module__.startswith("airflow.") for part in (timetable, driven)):
        return ""
    import json

    from airflow.serialization.encoders import encode_timetable

    try:
        return f"{type(timetable).__name__} {json.dumps(encode_timetable(driven), sort_keys=True, default=str)}"
    except ValueError:  # of assets that Airflow cannot write down
        return ""


def _fits(path: str, dag: Any, table: str, folder: Path) -> bool:
    """Whether nothing is to be said of a contract and a Dag's schedule; what does not fit at all is an error."""
    import warnings

    from airflow_provider_harness.adapters.airflow.schedule import schedule_of
    from airflow_provider_harness.adapters.contracts.odcs import load_contract
    from airflow_provider_harness.core.slices.schedule_fit import ScheduleWarning, misfits, refused

    contract = load_contract(path, table, cache=folder)
    schedule = schedule_of(contract, dag.timetable)
    found = list(misfits(contract, schedule)) if schedule else []
    worst = refused(found)
    if worst is not None:
        raise ConfigurationError(f"Dag {dag.dag_id}", worst.text, fix=worst.fix)
    for one in found:
        warnings.warn_explicit(f"Dag {dag.dag_id}: {one.sentence()}", ScheduleWarning, str(dag.fileloc), 1)
    return not found


def draft(conn_id: str, table: str) -> str:
    """A first contract of a live table, as the text of a file."""
    from airflow_provider_harness.adapters.postgres.contract_draft import draft as write

    return write(dsn(conn_id, f"harness draft {table}"), table, named(conn_id))


def imported(conn_id: str, table: str) -> Made:
    """The contract of a live table with all that the catalog knows, and what a contract cannot say of it."""
    from airflow_provider_harness.adapters.conversion.database import from_database

    return from_database(dsn(conn_id, f"harness import {table}"), table, named(conn_id))
