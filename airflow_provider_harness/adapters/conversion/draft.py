"""A contract that is drafted from something else: its text, whatever cannot stay in it taken out and said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from airflow_provider_harness.adapters.contracts.odcs import compile_file
from airflow_provider_harness.core.errors import ConfigurationError, ContractError

HEADER = """# A draft. What it was made of does not say, and `airflow harness check` asks until these lines are gone:
# TODO(harness): who owns these tables (team), and who is paged (harness.page)?
# TODO(harness): how are they loaded (harness.load), and what becomes of rows that break a rule (harness.malformedRows)?
"""
_PROBLEM = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
#: Parts of a contract that can be taken out by themselves: an entry of these lists, or these fields.
_LISTS = ("quality", "relationships")
_FIELDS = ("logicalTypeOptions", "unique", "description", "classification", "physicalType")


class Lost(NamedTuple):
    """Something that the other side has no place for.

    :param place: where it stands in what was read.
    """

    place: str
    why: str


class Made(NamedTuple):
    """What a conversion gives.

    :param text: of a file.
    """

    text: str
    lost: Sequence[Lost]


def finished(name: str, tables: Sequence[dict[str, Any]], lost: Sequence[Lost], team: str = "") -> Made:
    """The contract of some tables, such that ``contract check`` finds nothing in it.

    :param tables: as the standard's ``schema`` has them.
    :raises ConfigurationError: not even the bare tables are a contract.
    """
    purpose = tables[0].pop("description", "") if len(tables) == 1 else ""
    body: dict[str, Any] = {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": name,
        "name": name,
        "version": "0.1.0",
        "status": "draft",
        **({"description": {"purpose": purpose}} if purpose else {}),
        **({"team": {"name": team}} if team else {}),
        "customProperties": [
            {"property": "harness.load", "value": {"mode": "full"}},
            {"property": "harness.malformedRows", "value": {"policy": "reject"}},
        ],
        "schema": list(tables),
    }
    gone = list(lost)
    while True:
        text = HEADER + yaml_of(body)
        try:
            compile_file(text, name)
        except ContractError as error:
            taken = list(_pruned(body, error.parts))
            if not taken:
                said = " ".join(error.findings[0].split())
                raise ConfigurationError(name, f"cannot be made a contract: {said}") from error
            gone += taken
        else:
            return Made(text=text, lost=tuple(dict.fromkeys(gone)))


def yaml_of(body: Any) -> str:
    """A document as YAML, with each value written where it stands."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return str(yaml.dump(body, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120))


def _pruned(body: dict[str, Any], findings: Sequence[Mapping[str, Any]]) -> Iterator[Lost]:
    """Take out what findings name, the last entry of a list first."""
    found: dict[tuple[str | int, ...], str] = {}
    for one in findings:
        path = [int(n) if n else word for n, word in _PROBLEM.findall(str(one.get("path", "")))]
        if place := _removable(path):
            found.setdefault(place, str(one.get("problem", "")))
    for place, problem in sorted(found.items(), key=lambda item: str(item[0]), reverse=True):
        holder, last = _holder(body, place)
        if holder is None or (holder is body["schema"] and len(holder) == 1):
            continue
        said = _named(body, place)
        if last == "physicalType":
            holder |= {"physicalType": "text", "logicalType": "string"}
            yield Lost(said, f"it is taken for text: {' '.join(problem.split())}")
            continue
        del holder[last]
        yield Lost(said, f"the contract cannot have it: {' '.join(problem.split())}")


def _removable(path: Sequence[str | int]) -> tuple[str | int, ...]:
    """The smallest part around a finding that can go; empty for none."""
    for depth in range(len(path) - 1, 1, -1):
        if path[depth] == "enum":
            return tuple(path[: depth + 1])  # without one of its values it would be another rule
        if isinstance(path[depth], int) and path[depth - 1] in _LISTS:
            return tuple(path[: depth + 1])
        if path[depth - 1] == "logicalTypeOptions":
            return tuple(path[: depth + 1])
    if len(path) == 3 and path[0] == "schema" and path[2] in ("physicalName", "name"):
        return tuple(path[:2])  # no name that a table can have
    return next((tuple(path[: n + 1]) for n in range(len(path)) if path[n] in _FIELDS and n > 1), ())


def _holder(body: Any, place: Sequence[str | int]) -> tuple[Any, Any]:
    for part in place[:-1]:
        try:
            body = body[part]
        except (LookupError, TypeError):
            return None, None
    there = place[-1] in body if isinstance(body, dict) else isinstance(body, list) and place[-1] in range(len(body))
    return (body, place[-1]) if there else (None, None)


def _named(body: Any, place: Sequence[str | int]) -> str:
    """A place in people's words: tables and columns by their names."""
    words = []
    for part in place:
        body = body[part]
        if isinstance(part, int) and isinstance(body, dict) and "name" in body:
            words.append(str(body["name"]))
        elif part not in ("schema", "properties"):
            words.append(f"[{part}]" if isinstance(part, int) else str(part))
    return ".".join(words).replace(".[", "[")
