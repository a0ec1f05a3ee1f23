"""What a diagnosing model may ask the warehouse about: the administrator's list of relations, read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_harness.adapters.model.query_guard import Visible
from airflow_provider_harness.adapters.yaml_files.reading import parse
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.redaction.personal_data import PERSONAL

_FIX = "Correct [harness] query_file."
_RELATION = re.compile(r"[a-z_][a-z0-9_]{0,62}\.[a-z_][a-z0-9_]{0,62}")
_COLUMN = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Queryable:
    """The file.

    :param conn_id: connection of a role that is made for this.
    :param relations: ``schema.table`` to what may be seen of it.
    """

    conn_id: str
    relations: Mapping[str, Visible]


def load_queryable(path: str, contract_of: Callable[[str], Contract]) -> Queryable:
    """Read the file: ``connection``, and ``relations`` with either ``columns`` or ``contract`` each.

    :param contract_of: a contract's file -> contract; a relative path starts at the folder of this file.
    :raises ConfigurationError: it cannot be read, or says something else.
    """
    try:
        body = parse(Path(path).read_bytes(), path, _FIX)
    except (OSError, ValueError) as error:
        raise ConfigurationError(path, f"cannot be read: {error}", fix=_FIX) from error
    if not isinstance(body, dict) or set(body) != {"connection", "relations"}:
        raise ConfigurationError(path, "is a mapping of connection and relations.", fix=_FIX)
    conn_id, relations = body["connection"], body["relations"]
    if not isinstance(conn_id, str) or not conn_id:
        raise ConfigurationError(f"{path}: connection", "is the id of a connection.", fix=_FIX)
    if not isinstance(relations, dict) or not relations:
        raise ConfigurationError(f"{path}: relations", "is a mapping of schema.table, one or more.", fix=_FIX)
    seen = {name: _visible(path, name, given, contract_of) for name, given in relations.items()}
    return Queryable(conn_id=conn_id, relations=seen)


def _visible(path: str, name: Any, given: Any, contract_of: Callable[[str], Contract]) -> Visible:
    place = f"{path}: relations: {name}"
    if not isinstance(name, str) or not _RELATION.fullmatch(name) or name.startswith(("pg_", "information_schema.")):
        raise ConfigurationError(place, "is schema.table of a-z, 0-9 and _, and none of the catalog's.", fix=_FIX)
    if not isinstance(given, dict) or set(given) not in ({"columns"}, {"contract"}):
        raise ConfigurationError(place, "has either columns (those that may be seen) or contract (a file).", fix=_FIX)
    if "contract" in given:
        contract = contract_of(str(Path(path).parent / str(given["contract"])))
        columns = {column.name: column.classification.lower() not in PERSONAL for column in contract.columns}
    else:
        columns = dict.fromkeys(given["columns"], True) if isinstance(given["columns"], list) else {}
    if not columns or not all(isinstance(column, str) and _COLUMN.fullmatch(column) for column in columns):
        raise ConfigurationError(place, "names columns of a-z, 0-9 and _, one or more.", fix=_FIX)
    return Visible(columns=columns)
