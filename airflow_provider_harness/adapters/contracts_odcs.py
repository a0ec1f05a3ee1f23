"""Contracts in the Open Data Contract Standard: read, checked as a whole, compiled to the harness's ``Contract``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from airflow_provider_harness.core.contract import (
    Column,
    Contract,
    Criticality,
    Grain,
    LateAction,
    LatePolicy,
    Load,
    LoadMode,
    LogicalType,
    MalformedRows,
    Owner,
    QuarantinePolicy,
    Sla,
    Treatment,
)
from airflow_provider_harness.core.errors import ContractError
from airflow_provider_harness.core.schema import canonical, is_type

from .contracts_cache import cached
from .contracts_checks import Checks
from .contracts_dictionary import examples, is_measure, measures, synonyms
from .contracts_marks import Finding, Marked, Path, near, read, schema_findings
from .contracts_personal import Treatments
from .contracts_terms import Terms, zone_exists

VERSIONS = ("v3.1.0", "v3.2.0")
DEFAULT_TYPES: Mapping[str, str] = {
    "string": "text",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp with time zone",
    "time": "time without time zone",
    "object": "jsonb",
}
"""Logical type -> PostgreSQL type, where the contract gives no physicalType."""

_HERE = FilePath(__file__).parent


def load_contract(path: str, cache: FilePath | None = None) -> Contract:
    """The contract in a file; every mistake in it is listed in one ``ContractError``.

    :param cache: folder for compiled contracts, by their content; None or unwritable: only memory.
    """
    return cached(_text(path), path, cache, compile_text)


def _text(path: str) -> str:
    try:
        return FilePath(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "is missing." if isinstance(error, FileNotFoundError) else f"cannot be read: {error}."
        fix = "Contract paths are relative to the Dag file's folder, or absolute."
        raise ContractError(path, [f"{path}:1: the file: {reason} {fix}"]) from error


@lru_cache(maxsize=256)
def compile_text(text: str, path: str) -> Contract:
    """The contract that a text in the standard's YAML form describes.

    :param path: the name that errors and the contract carry.
    """
    marked = read(text)
    findings = list(marked.findings)
    contract: Contract | None = None
    if isinstance(marked.data, dict):
        findings += schema_findings(marked.data, _standard())
        compiler = _Compiler(marked, path)
        contract = compiler.contract(strict=not findings)
        findings += compiler.findings
    if findings or contract is None:
        ordered = sorted(dict.fromkeys(findings), key=lambda f: (_line(f, marked), str(f.path)))
        raise ContractError(path, [finding.sentence(path, marked.lines) for finding in ordered])
    return contract


def _line(finding: Finding, marked: Marked) -> int:
    path = finding.path
    while path and path not in marked.lines:
        path = path[:-1]
    return marked.lines.get(path, 1)


@lru_cache(maxsize=1)
def _standard() -> Mapping[str, Any]:
    from importlib.resources import files

    found: dict[str, Any] = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text())
    return found


@lru_cache(maxsize=1)
def _extension() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads((_HERE.parent / "contract.schema.json").read_text())
    return found


class _Compiler:
    """One walk over one document; what the schema already found wrong is passed over here."""

    def __init__(self, marked: Marked, path: str) -> None:
        self.data: Mapping[str, Any] = marked.data
        self.path = path
        self.findings: list[Finding] = []

    def contract(self, *, strict: bool) -> Contract | None:
        """The contract, if there is one in the document.

        :param strict: the document fits the schema, so whatever goes wrong here is a finding of its own.
        """
        try:
            return self._contract()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if strict and not self.findings:
                self._find((), f"cannot be compiled: {error}.")
            return None

    def _contract(self) -> Contract | None:
        data = self.data
        if data.get("apiVersion") in ("v3.0.2", "v3.0.1", "v3.0.0", "v2.2.2", "v2.2.1", "v2.2.0"):
            self._find(("apiVersion",), f"{data['apiVersion']} is too old.", VERSIONS)
        settings, places = self._settings()
        table = self._table()
        if table is None:
            return None
        name = str(table.get("physicalName") or table.get("name"))
        columns, dropped = self._columns(table, settings)
        published = name if "." in name else f"{self._home()}.{name}"
        load = self._load(settings, places, columns)
        slas = data.get("slaProperties")
        checks = Checks(table, published, {column.name: column for column in columns}, load, self.findings, slas)
        made = self._assemble(settings, places, table, published, columns, checks, load)
        return replace(made, dropped=dropped, measures=measures(table, self.findings))

    def _home(self) -> str:
        """The schema or dataset of a table whose name says none: that of the contract's first server that has one."""
        servers = self.data.get("servers")
        named = (s.get("schema") or s.get("dataset") for s in servers or () if isinstance(s, dict))
        return str(next(filter(None, named), "public"))

    def _assemble(
        self,
        settings: Mapping[str, Any],
        places: Mapping[str, Path],
        table: Mapping[str, Any],
        published: str,
        columns: tuple[Column, ...],
        checks: Checks,
        load: Load,
    ) -> Contract:
        data, rows = self.data, settings.get("harness.malformedRows") or {}
        late, backfill = settings.get("harness.late") or {}, settings.get("harness.backfill") or {}
        terms = Terms(data, settings, places, tuple(checks.names.values()), self.findings)
        said = data.get("description") or {}
        return Contract(
            id=str(data.get("id", "")),
            version=str(data.get("version", "")),
            status=str(data.get("status", "")),
            name=str(data.get("name") or table["name"]),
            table=published,
            columns=columns,
            key=checks.key(),
            checks=checks.compile(),
            load=load,
            quarantine=QuarantinePolicy(
                policy=MalformedRows(rows.get("policy", MalformedRows.REJECT)),
                max_rows=rows.get("maxRows", 0),
                max_percent=rows.get("maxPercent", 100.0 if "maxRows" in rows else 0.0),
            ),
            late=LatePolicy(
                action=LateAction(late.get("action", LateAction.WAIT)),
                wait_minutes=late.get("waitMinutes", 0),
                until=terms.until(),
            ),
            backfill_alone=backfill.get("aloneSlices", 0),
            criticality=Criticality(settings.get("harness.criticality", Criticality.MEDIUM)),
            owner=self._owner(),
            slas=self._slas(),
            description=str(said.get("purpose") or ""),
            limitations=str(said.get("limitations") or ""),
            usage=str(said.get("usage") or ""),
            granularity=str(table.get("dataGranularityDescription") or ""),
            paged=tuple((settings.get("harness.page") or {}).get("to", ())),
            roles=tuple(str(role["role"]) for role in data.get("roles") or []),
            consumers=terms.consumers(),
            truth=terms.truth(),
            readiness=terms.readiness(),
            runbook=_runbook(table) or _runbook(data),
            place=self.path,
        )

    def _find(self, path: Path, problem: str, valid: tuple[str, ...] = (), fix: str = "") -> None:
        self.findings.append(Finding(path=path, problem=problem, valid=valid, fix=fix))

    def _settings(self) -> tuple[dict[str, Any], dict[str, Path]]:
        """The harness.* properties -> their values, and where each value stands."""
        values: dict[str, Any] = {}
        places: dict[str, Path] = {}
        entries = self.data.get("customProperties")
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            name = str(entry.get("property", "")) if isinstance(entry, dict) else ""
            if not name.startswith("harness."):
                continue
            place: Path = ("customProperties", index, "value")
            if name in values:
                self._find(("customProperties", index, "property"), f"{name} is given twice.", fix="Keep one.")
            values[name], places[name] = entry.get("value"), place
        for finding in schema_findings(values, _extension()):
            name = str(finding.path[0]) if finding.path else ""
            known = name in _extension()["properties"]
            prefix = places[name] if known else (*places[name][:-1], "property") if name in places else ()
            rest = finding.path[1:] if known else ()
            problem = finding.problem if known else f"{name!r} is not a property of the harness."
            self._find((*prefix, *rest), problem, finding.valid, finding.fix)
            if known:
                values.pop(name, None)
        return values, places

    def _table(self) -> Mapping[str, Any] | None:
        tables = self.data.get("schema")
        if not isinstance(tables, list) or len(tables) != 1 or not isinstance(tables[0], dict):
            self._find(("schema",), "must describe exactly one table.", fix="Write one contract file per table.")
            return None
        if not isinstance(tables[0].get("properties"), list) or "name" not in tables[0]:
            self._find(("schema", 0), "needs a name and a list of properties.", fix="List the table's columns.")
            return None
        return tables[0]

    def _columns(
        self, table: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> tuple[tuple[Column, ...], tuple[str, ...]]:
        """The published columns, and the names of those that are dropped."""
        columns: list[Column] = []
        dropped: list[str] = []
        slice_column = str((settings.get("harness.load") or {}).get("sliceColumn", ""))
        treatments = Treatments(settings.get("harness.personalData") or {}, slice_column, self.findings)
        for index, prop in enumerate(table["properties"]):
            if not isinstance(prop, dict) or "name" not in prop or is_measure(prop):
                continue
            here: Path = ("schema", 0, "properties", index)
            logical = prop.get("logicalType")
            if logical is None:
                self._find(here, "needs the field 'logicalType'.", tuple(LogicalType))
                continue
            physical = prop.get("physicalType") or DEFAULT_TYPES.get(logical)
            if physical is None or logical not in tuple(LogicalType):
                if logical in tuple(LogicalType):
                    self._find(here, f"needs a physicalType, since {logical} has no usual one.")
                continue
            if not is_type(canonical(str(physical))):
                fix = "Write one type, with its arguments, and nothing else: defaults and constraints are said by other fields."
                self._find((*here, "physicalType"), f"{str(physical)[:80]!r} is no type of PostgreSQL.", fix=fix)
                continue
            name = str(prop.get("physicalName") or prop["name"])
            if name in [column.name for column in columns]:
                self._find((*here, "name"), f"column {name} is given twice.", fix="Keep one.")
            treatment = treatments.of(prop, here)
            if treatment is Treatment.DROP:
                dropped.append(name)
                continue
            columns.append(
                Column(
                    name=name,
                    logical_type=LogicalType(logical),
                    physical_type=canonical(str(physical)),
                    required=bool(prop.get("required") or prop.get("primaryKey")),
                    unique=bool(prop.get("unique")),
                    classification=str(prop.get("classification") or ""),
                    description=str(prop.get("description") or ""),
                    treatment=treatment,
                    synonyms=synonyms(prop),
                    examples=examples(prop, here, self.findings),
                )
            )
        return tuple(columns), tuple(dropped)

    def _load(self, settings: Mapping[str, Any], places: Mapping[str, Path], columns: tuple[Column, ...]) -> Load:
        value = settings.get("harness.load") or {}
        place = places.get("harness.load", ())
        zone = value.get("timeZone", "UTC")
        if not zone_exists(zone):
            self._find((*place, "timeZone"), f"{zone!r} is no IANA time zone.", fix="For example America/New_York.")
            zone = "UTC"
        mode = LoadMode(value.get("mode", "full"))
        properties = [
            prop for prop in self.data["schema"][0]["properties"] if isinstance(prop, dict) and not is_measure(prop)
        ]
        parted = [str(p.get("physicalName") or p["name"]) for p in properties if p.get("partitioned") and "name" in p]
        column = value.get("sliceColumn", "" if mode is LoadMode.FULL or len(parted) != 1 else parted[0])
        # By what the file names, not by what compiled: a column of a wrong type is one mistake, not two.
        names = tuple(str(prop.get("physicalName") or prop["name"]) for prop in properties if "name" in prop)
        if mode is not LoadMode.FULL and not column:
            self._find(place, f"mode {mode} needs the field 'sliceColumn'.", names)
        if column and column not in names:
            self._find((*place, "sliceColumn"), f"{column!r} is not a column of the table.", names)
        elif column:
            kind = next((c.logical_type for c in columns if c.name == column), None)
            if kind not in (None, LogicalType.DATE, LogicalType.TIMESTAMP):
                self._find((*place, "sliceColumn"), f"{column} is a {kind}.", ("date", "timestamp"))
        key = tuple(value.get("key") or ())
        has_key = any(prop.get("primaryKey") for prop in properties)
        self._merge_key(mode, key, names, place, has_key=has_key)
        return Load(mode=mode, slice_column=column, time_zone=zone, grain=Grain(value.get("grain", "day")), key=key)

    def _merge_key(
        self, mode: LoadMode, key: tuple[str, ...], names: tuple[str, ...], place: Path, *, has_key: bool
    ) -> None:
        for index, name in enumerate(key):
            if name not in names:
                self._find((*place, "key", index), f"{name!r} is not a column of the table.", names, near(name, names))
        if key and mode is not LoadMode.MERGE:
            self._find((*place, "key"), f"has no meaning in mode {mode}.", fix="Remove it, or use mode merge.")
        if mode is LoadMode.MERGE and not key and not has_key:
            self._find(place, "mode merge needs a key.", names, "Mark the primary key, or give the field 'key'.")

    def _owner(self) -> Owner:
        team = self.data.get("team")
        team = team if isinstance(team, dict) else {"members": team or []}
        support = self.data.get("support") or []
        return Owner(
            team=str(team.get("name") or ""),
            members=tuple(str(member["username"]) for member in team.get("members") or []),
            channels=tuple(str(item["channel"]) for item in support),
        )

    def _slas(self) -> tuple[Sla, ...]:
        return tuple(
            Sla(
                prop=str(item["property"]),
                value=str(item["value"]),
                unit=str(item.get("unit") or ""),
                element=str(item.get("element") or ""),
            )
            for item in self.data.get("slaProperties") or []
        )


def _runbook(given: Mapping[str, Any]) -> str:
    """The first authoritative definition of type runbook."""
    found = given.get("authoritativeDefinitions") or ()
    return next((str(item["url"]) for item in found if str(item.get("type")).lower() == "runbook"), "")
