"""Contracts in the Open Data Contract Standard: read, checked as a whole, compiled to the harness's ``Contract``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path as FilePath
from typing import Any

from airflow_provider_harness.adapters.bigquery.type_names import words
from airflow_provider_harness.adapters.contracts.compile_cache import cached
from airflow_provider_harness.adapters.contracts.dictionary import examples, is_measure, measures, synonyms
from airflow_provider_harness.adapters.contracts.file import file_of, regular
from airflow_provider_harness.adapters.contracts.findings import (
    Finding,
    Path,
    YamlDocument,
    did_you_mean,
    read,
    schema_findings,
)
from airflow_provider_harness.adapters.contracts.foreign_types import foreign
from airflow_provider_harness.adapters.contracts.harness_properties import HarnessProperties, zone_exists
from airflow_provider_harness.adapters.contracts.learning.features import Learning
from airflow_provider_harness.adapters.contracts.learning.terms import LearningProperties
from airflow_provider_harness.adapters.contracts.rules.checks import Checks
from airflow_provider_harness.adapters.contracts.rules.logical_types import LOGICAL, PHYSICAL, TEXTS, bare
from airflow_provider_harness.adapters.contracts.rules.names import almost_words, no_table, numbers, odd_texts
from airflow_provider_harness.adapters.contracts.rules.options import MOMENTS, wrong_type
from airflow_provider_harness.adapters.contracts.rules.slas import Slas
from airflow_provider_harness.adapters.contracts.scope import Places, Scope, physical_name, properties
from airflow_provider_harness.adapters.contracts.shape import shape_findings
from airflow_provider_harness.adapters.contracts.treatments import NAME as PERSONAL_DATA
from airflow_provider_harness.adapters.contracts.treatments import Treatments, strangers, unmet
from airflow_provider_harness.adapters.contracts.versions import Unsaid, modern
from airflow_provider_harness.core.contracts.checks import Check
from airflow_provider_harness.core.contracts.contract import (
    Column,
    Contract,
    Criticality,
    EpochUnit,
    Grain,
    LateAction,
    LatePolicy,
    Load,
    LoadMode,
    LogicalType,
    MalformedRows,
    Owner,
    QuarantinePolicy,
    Treatment,
)
from airflow_provider_harness.core.contracts.grain import OTHERS, WORDS
from airflow_provider_harness.core.contracts.schema import BUILT_IN, canonical, is_type
from airflow_provider_harness.core.errors import ContractError

_HERE = FilePath(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What a file became.

    :param contracts: one for each table, in file order.
    :param places: for each table, which field became which check.
    :param marked: the document as it is written.
    :param modern: it in the words of the standard's newest version.
    """

    contracts: tuple[Contract, ...]
    places: tuple[Places, ...]
    marked: YamlDocument
    modern: Any


class SeveralTables(ContractError):
    """A file is right, and describes several tables, of which none or no single one was named. Not retried: name it."""


class NoSuchTable(SeveralTables):
    """The path of a contract names a table that its file does not describe, or several. Not retried: name one of its
    tables."""


def load_contract(path: str, table: str = "", cache: FilePath | None = None) -> Contract:
    """The contract in a file; every mistake in it is listed in one ``ContractError``.

    :param path: a file; where it describes several tables, ``file#table`` names one.
    :param table: which table of a file with several is meant: its name, its physicalName, or any ``schema.table`` with
        the same table name.
    :param cache: folder for compiled contracts, by their content, for who parses a Dag; whoever can write there says
        what the contract is, so who judges rows gives none. None or unwritable: only memory.
    """
    named = path.rpartition("#")[2] if file_of(path) != path else table
    make = partial(_compile_table, table=named) if named else compile_text
    return cached(_text(path), path, cache, make, part=named)


def load_contracts(path: str) -> tuple[Contract, ...]:
    """The contracts of all tables that a file describes; of the one that the path names."""
    found = load_file(path).contracts
    return found if file_of(path) == path else (load_contract(path),)


def of_several(contract: Contract) -> bool:
    """Whether a contract is one of the tables of a file that describes several."""
    return contract.id.endswith(f"/{contract.name}")


def load_file(path: str) -> Compiled:
    """A whole file, and what each of its fields became."""
    return compile_file(_text(path), path)


def _text(path: str) -> str:
    try:
        return regular(file_of(path))
    except (OSError, ValueError) as error:
        reason = "is missing." if isinstance(error, FileNotFoundError) else f"cannot be read: {error}."
        fix = "Contract paths are relative to the Dag file's folder, or absolute."
        raise _wrong(path, [Finding(path=(), problem=reason, fix=fix)]) from error


@lru_cache(maxsize=256)
def compile_text(text: str, path: str) -> Contract:
    """The contract that a text in the standard's YAML form describes.

    :param path: the name that errors and the contract carry.
    """
    return _compile_table(text, path, "")


def _compile_table(text: str, path: str, table: str) -> Contract:
    """The contract of one of the tables that a text describes; the only one, where no table is named."""
    made = compile_file(text, path)
    contracts, named = made.contracts, [str(one["name"]) for one in made.modern["schema"]]
    if len(contracts) == 1 and file_of(path) == path:
        return contracts[0]
    known = list(zip(contracts, named, strict=True))
    found = [contract for contract, name in known if table in (contract.table, contract.name, name)]
    last = table.rpartition(".")[2]
    found = found or [c for c, name in known if last and last in (c.name, name, c.table.rpartition(".")[2])]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{name} ({contract.table})" for contract, name in known)
    which = f"{table!r} is none of them, or several" if table else "nothing says which is meant"
    fix = f"Give the operator's argument table one of their names, or write the contract as {file_of(path)}#NAME."
    count = f"{len(contracts)} tables" if len(contracts) > 1 else "one table"
    kind = SeveralTables if file_of(path) == path else NoSuchTable
    raise kind(path, [f"{file_of(path)}:1: schema: describes {count}, and {which}. Valid: {names}. {fix}"])


@lru_cache(maxsize=64)
def compile_file(text: str, path: str) -> Compiled:
    """The contracts of all tables that a text in the standard's YAML form describes.

    :param path: the name that errors and the contracts carry.
    """
    try:
        return _compile(text, path)
    except RecursionError as error:
        raise _wrong(path, [Finding(path=(), problem="is nested too deeply.")]) from error


def _compile(text: str, path: str) -> Compiled:
    written = read(text)
    marked = modern(written)
    findings = list(marked.findings)
    made: list[tuple[Contract, Places]] = []
    if isinstance(marked.data, dict):
        findings += shape_findings(marked.data, old=str(written.data.get("apiVersion")).startswith("v3.0"))
        findings += strangers(marked.data)
        findings += odd_texts(marked.data)
        findings += almost_words(marked.data)
        tables = marked.data.get("schema")
        if not isinstance(tables, list) or not tables:
            findings.append(
                Finding(path=("schema",), problem="must describe a table.", fix="List the tables in schema.")
            )
            tables = []
        findings += _twice(tables)
        strict = not findings
        for index in range(len(tables)):
            compiler = _Compiler(marked, path, index, tuple(finding.path for finding in findings))
            contract = compiler.contract(strict=strict)
            findings += compiler.findings
            made += [(contract, compiler.places)] if contract else []
    if findings or not made:
        ordered = sorted(dict.fromkeys(findings), key=lambda f: (f.line(marked.lines), str(f.path)))
        raise _wrong(path, ordered, marked.lines)
    contracts, places = zip(*made, strict=True)
    return Compiled(contracts=contracts, places=places, marked=written, modern=marked.data)


def _twice(tables: Sequence[Any]) -> Iterator[Finding]:
    """Tables that are described a second time."""
    known: set[str] = set()
    for index, table in enumerate(tables):
        name = str(table.get("name")) if isinstance(table, dict) else ""
        if name and name in known:
            yield Finding(path=("schema", index, "name"), problem=f"table {name} is described twice.", fix="Keep one.")
        known.add(name)


def _wrong(path: str, findings: Sequence[Finding], lines: Mapping[Path, int] | None = None) -> ContractError:
    """The error of a contract; its sentences begin with the file, without the table that was named, so that it can be
    opened."""
    known, file = lines or {}, file_of(path)
    return ContractError(path, [f.sentence(file, known) for f in findings], [f.parts(known) for f in findings])


@lru_cache(maxsize=1)
def _extension() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads((_HERE / "contract.schema.json").read_text())
    return found


class _Compiler:
    """One walk over one table of one document; what the schema already found wrong is passed over here."""

    def __init__(self, marked: YamlDocument, path: str, index: int, told: Sequence[Path] = ()) -> None:
        self.data: Mapping[str, Any] = marked.data
        self.lines = marked.lines
        self.path, self.told = path, told
        self.here: Path = ("schema", index)
        self.tables: Sequence[Any] = self.data["schema"]
        self.findings: list[Finding] = []
        self.checks: tuple[Check, ...] = ()
        self.places: Places = ()

    def contract(self, *, strict: bool) -> Contract | None:
        """The contract, if there is one in the document.

        :param strict: the document fits the schema, so whatever goes wrong here is a finding of its own.
        """
        try:
            return self._contract()
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            if strict and not self.findings:
                self._find(self.here, f"cannot be compiled: {error}.")
            return None

    def _contract(self) -> Contract | None:
        table = self._table()
        if table is None:
            return None
        settings, places = self._settings(table)
        name = physical_name(table)
        columns, dropped = self._columns(table, settings)
        for word, known in unmet(settings.get(PERSONAL_DATA) or {}, self.tables):
            fix = did_you_mean(word, known) or "Remove it, or give a column this classification."
            self._find((*places[PERSONAL_DATA], word), "is the classification of no column.", known, fix)
        self._spelled(table, name)
        published = name if "." in name else f"{self._home()}.{name}"
        load = self._load(table, settings, places, columns)
        scope = Scope(
            table=table,
            here=self.here,
            tables=self.tables,
            published=published,
            columns={column.name: column for column in columns},
            dropped=dropped,
            load=load,
            lines=self.lines,
            findings=self.findings,
            settings=places,
            told=self.told,
        )
        zone = str((settings.get("harness.load") or {}).get("timeZone") or "")
        slas = Slas(self.data, scope, zone)
        checks = Checks(scope, slas, self._home())
        learning = Learning(settings, scope, checks.key())
        self.checks, self.places = checks.compile(learning.rules())
        made = self._assemble(settings, places, table, scope, checks, slas)
        learned = replace(made, features=learning.features, training_set=learning.training_set)
        return replace(learned, dropped=dropped, measures=measures(table, self.here, self.findings))

    def _spelled(self, table: Mapping[str, Any], name: str) -> None:
        """A table's name as the database has it: without the quotes of SQL, and once in a file."""
        for path, given in (((*self.here, "physicalName"), name), (("servers",), "" if "." in name else self._home())):
            if problem := no_table(given):
                self._find(path, problem, fix="Write the name as the catalog has it, without quotes.")
        others = [t for t in self.tables[: int(self.here[1])] if isinstance(t, dict) and t.get("name")]
        if name in map(physical_name, others):
            self._find((*self.here, "physicalName"), f"another table of this file is {name}, too.", fix="Keep one.")

    def _home(self) -> str:
        """The schema or dataset of a table whose name says none: that of the contract's first server that has one."""
        servers = self.data.get("servers")
        named = (s.get("schema") or s.get("dataset") for s in servers or () if isinstance(s, dict))
        return str(next(filter(None, named), "public"))

    def _physical(self, written: str) -> str:
        """A type in the contract's words; empty if it is none. Where all servers are BigQuery's, its names mean what
        they mean there; where one of them is, those that nobody else has."""
        given = self.data.get("servers")
        kinds = [str(s.get("type")).lower() for s in given if isinstance(s, dict)] if isinstance(given, list) else []
        known = canonical(written) if is_type(canonical(written)) and not any(foreign(written)) else ""
        there = words(written) if "bigquery" in kinds else ""
        return (there or known) if set(kinds) == {"bigquery"} else (known or there)

    def _assemble(
        self,
        settings: Mapping[str, Any],
        places: Mapping[str, Path],
        table: Mapping[str, Any],
        scope: Scope,
        checks: Checks,
        slas: Slas,
    ) -> Contract:
        data, rows = self.data, settings.get("harness.malformedRows") or {}
        late, backfill = settings.get("harness.late") or {}, settings.get("harness.backfill") or {}
        names = tuple(scope.names.values())
        terms = HarnessProperties(settings, places, names, self.findings)
        models = LearningProperties(settings, places, names, tuple(c.id for c in self.checks), self.findings)
        said = data.get("description") or {}
        alone = len(self.tables) == 1
        return Contract(
            id=str(data.get("id", "")) if alone else f"{data.get('id', '')}/{table['name']}",
            version=str(data.get("version", "")),
            status=str(data.get("status", "")),
            name=str((alone and data.get("name")) or table["name"]),
            table=scope.published,
            columns=tuple(scope.columns.values()),
            key=checks.key(),
            checks=self.checks,
            load=scope.load,
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
            slas=slas.promises(),
            description=str(said.get("purpose") or ""),
            limitations=str(said.get("limitations") or ""),
            usage=str(said.get("usage") or ""),
            granularity=str(table.get("dataGranularityDescription") or ""),
            paged=tuple((settings.get("harness.page") or {}).get("to", ())),
            roles=tuple(str(role["role"]) for role in data.get("roles") or []),
            consumers=terms.consumers(),
            truth=terms.truth(),
            readiness=terms.readiness(),
            ai=models.ai(),
            claims=models.claims(),
            model=models.model(),
            watch=terms.watch(scope, checks.key()),
            runbook=_runbook(table) or _runbook(data),
            place=self.path,
        )

    def _find(self, path: Path, problem: str, valid: tuple[str, ...] = (), fix: str = "") -> None:
        self.findings.append(Finding(path=path, problem=problem, valid=valid, fix=fix))

    def _settings(self, table: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Path]]:
        """The harness.* properties -> their values, and where each value stands; a table's own come before the
        file's."""
        values: dict[str, Any] = {}
        places: dict[str, Path] = {}
        for owner, here in ((self.data, ()), (table, self.here)):
            found, where = self._given(owner, (*here, "customProperties"))
            values |= found
            places |= where
        for path, number in numbers(values, ()):
            if not math.isfinite(number):
                self._find((*places[str(path[0])], *path[1:]), f"{number} is not a number.", fix="Write a number.")
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

    def _given(self, owner: Mapping[str, Any], here: Path) -> tuple[dict[str, Any], dict[str, Path]]:
        values: dict[str, Any] = {}
        entries = owner.get("customProperties")
        places: dict[str, Path] = {}
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            name = str(entry.get("property", "")) if isinstance(entry, dict) else ""
            if not name.startswith("harness."):
                continue
            if name in values:
                self._find((*here, index, "property"), f"{name} is given twice.", fix="Keep one.")
            values[name], places[name] = entry.get("value"), (*here, index, "value")
        return values, places

    def _table(self) -> Mapping[str, Any] | None:
        table = self.data["schema"][self.here[1]]
        if not isinstance(table, dict) or not isinstance(table.get("properties"), list) or "name" not in table:
            self._find(self.here, "needs a name and a list of properties.", fix="List the table's columns.")
            return None
        nameless = [
            (self.here, table),
            *(((*self.here, "properties", n), p) for n, p in enumerate(table["properties"])),
        ]
        for here, entry in nameless:
            if isinstance(entry, dict) and "name" in entry and not physical_name(entry).strip():
                self._find((*here, "name"), "is empty.", fix="Give it a name.")
        if not any(properties(table, self.here)) and not any(map(is_measure, filter(_is_mapping, table["properties"]))):
            self._find((*self.here, "properties"), "lists no column.", fix="List the table's columns.")
        return table if physical_name(table).strip() else None

    def _columns(
        self, table: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> tuple[tuple[Column, ...], tuple[str, ...]]:
        """The published columns, and the names of those that are dropped."""
        columns: list[Column] = []
        dropped: list[str] = []
        slice_column = str((settings.get("harness.load") or {}).get("sliceColumn", ""))
        treatments = Treatments(settings.get(PERSONAL_DATA) or {}, slice_column, self.findings)
        for here, prop in properties(table, self.here):
            logical = prop.get("logicalType")
            if logical is None or isinstance(logical, Unsaid):
                continue  # said already
            physical = prop.get("physicalType") or _usual(prop)
            if logical in ("map", "vector"):
                fix = "Use logicalType object or array, with the physicalType that the table has."
                self._find((*here, "logicalType"), f"{logical} is not carried.", tuple(LogicalType), fix)
            if physical is None or logical not in tuple(LogicalType):
                if logical in tuple(LogicalType):
                    self._find(here, f"needs a physicalType, since {logical} has no usual one.")
                continue
            kind = self._physical(str(physical))
            if not kind:
                self._no_type(str(physical), (*here, "physicalType"))
                continue
            name = physical_name(prop)
            if name in [column.name for column in columns]:
                self._find((*here, "name"), f"column {name} is given twice.", fix="Keep one.")
            self._typed_examples(prop, here)
            treatment = treatments.of(prop, here)
            if treatment is Treatment.DROP:
                dropped.append(name)
                continue
            columns.append(
                Column(
                    name=name,
                    logical_type=LogicalType(logical),
                    physical_type=kind,
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

    def _no_type(self, written: str, place: Path) -> None:
        """What is wrong with a type that neither PostgreSQL has, nor a server of the contract."""
        problem, fix = foreign(written)
        if not problem:
            problem = f"{written[:80]!r} is not a type of PostgreSQL."
            fix = "Write only one type with its arguments: use other fields for defaults and constraints."
            fix += " Types of BigQuery are read where a server of the contract has type bigquery." * ("<" in written)
        self._find(place, problem, fix=fix)

    def _typed_examples(self, prop: Mapping[str, Any], here: Path) -> None:
        given, logical = prop.get("examples"), str(prop["logicalType"])
        options = prop.get("logicalTypeOptions")
        formed = isinstance(options, dict) and "format" in options  # such examples are written as the format says
        known = (LogicalType.INTEGER, LogicalType.NUMBER, LogicalType.BOOLEAN, *(() if formed else MOMENTS))
        if logical not in known or not isinstance(given, list):
            return
        for index, value in enumerate(given):
            if reason := wrong_type(logical, value):
                self._find((*here, "examples", index), f"{value!r} {reason}.")

    def _load(
        self,
        table: Mapping[str, Any],
        settings: Mapping[str, Any],
        places: Mapping[str, Path],
        columns: tuple[Column, ...],
    ) -> Load:
        value = settings.get("harness.load") or {}
        place = places.get("harness.load", ())
        zone = value.get("timeZone", "UTC")
        if not zone_exists(zone):
            self._find((*place, "timeZone"), f"{zone!r} is not an IANA time zone.", fix="For example America/New_York.")
            zone = "UTC"
        mode = LoadMode(value.get("mode", "full"))
        props = [prop for _, prop in properties(table, self.here)]
        parted = [physical_name(prop) for prop in props if prop.get("partitioned")]
        column = value.get("sliceColumn", "" if mode is LoadMode.FULL or len(parted) != 1 else parted[0])
        # By what the file names, not by what compiled: a column of a wrong type is one mistake, not two.
        names = tuple(physical_name(prop) for prop in props)
        if mode is not LoadMode.FULL and not column:
            self._find(place, f"mode {mode} needs the field 'sliceColumn'.", names)
        if column and column not in names:
            several = "" if len(self.tables) == 1 else f"Give table {table['name']} a harness.load of its own."
            self._find((*place, "sliceColumn"), f"{column!r} is not a column of the table.", names, several)
        elif column:
            kind = next((c.logical_type for c in columns if c.name == column), None)
            physical = next((bare(c.physical_type) for c in columns if c.name == column), "")
            self._cut_by(value, kind, physical, column, place)
            self._epoch(value, kind, column, place)
        key = tuple(value.get("key") or ())
        has_key = any(prop.get("primaryKey") for prop in props)
        self._merge_key(mode, key, names, place, has_key=has_key)
        return Load(
            mode=mode,
            slice_column=column,
            time_zone=zone,
            grain=self._grain(value, place),
            key=key,
            epoch_unit=EpochUnit(value["epochUnit"]) if "epochUnit" in value else None,
            allow_empty=bool(value.get("allowEmpty", False)),
        )

    def _cut_by(
        self, value: Mapping[str, Any], kind: LogicalType | None, physical: str, column: str, place: Path
    ) -> None:
        """Find fault with a slice column whose values are no time."""
        here, unit = (*place, "sliceColumn"), value.get("epochUnit")
        if kind not in (None, LogicalType.DATE, LogicalType.TIMESTAMP, LogicalType.INTEGER):
            self._find(here, f"{column} is a {kind}.", ("date", "timestamp", "integer"))
        elif physical in TEXTS:
            fix = "Cast it in the query of the source, and give it the type that it has then."
            self._find(here, f"{column} is a {kind} kept as {physical}.", fix=fix)
        elif physical in BUILT_IN and not LOGICAL.get(physical):
            self._find(here, f"{column} is a {physical}, which is not a moment.", ("date", "timestamp", "integer"))
        elif unit is not None and (physical == "smallint" or (physical == "integer" and unit != EpochUnit.SECONDS)):
            self._find((*place, "epochUnit"), f"{physical} has no room for {unit} since 1970.", fix="Use bigint.")

    def _grain(self, value: Mapping[str, Any], place: Path) -> Grain | None:
        if "grain" not in value:
            return None
        try:
            return Grain(value["grain"])
        except ValueError as error:
            fix = did_you_mean(value["grain"], tuple(WORDS)) or f"Or {OTHERS}."
            self._find((*place, "grain"), f"{error}.", tuple(WORDS), fix)
            return None

    def _epoch(self, value: Mapping[str, Any], kind: LogicalType | None, column: str, place: Path) -> None:
        """An integer says nothing of the time until its unit is known."""
        if kind is LogicalType.INTEGER and "epochUnit" not in value:
            self._find(place, f"{column} is an integer, so it needs the field 'epochUnit'.", tuple(EpochUnit))
        if kind not in (None, LogicalType.INTEGER) and "epochUnit" in value:
            self._find((*place, "epochUnit"), f"has no meaning, since {column} is a {kind}.", fix="Remove it.")

    def _merge_key(
        self, mode: LoadMode, key: tuple[str, ...], names: tuple[str, ...], place: Path, *, has_key: bool
    ) -> None:
        for index, name in enumerate(key):
            if name not in names:
                self._find(
                    (*place, "key", index), f"{name!r} is not a column of the table.", names, did_you_mean(name, names)
                )
            elif name in key[:index]:
                self._find((*place, "key", index), f"{name} is given twice.", fix="Keep one.")
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
            members=tuple(str(m["username"]) for m in team.get("members") or [] if m["username"]),
            channels=tuple(str(item["channel"]) for item in support),
        )


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _usual(prop: Mapping[str, Any]) -> str | None:
    """The PostgreSQL type of a property that names none."""
    options = prop.get("logicalTypeOptions")
    if prop["logicalType"] == LogicalType.TIMESTAMP and isinstance(options, dict) and options.get("timezone") is False:
        return "timestamp without time zone"
    items = prop.get("items")
    if prop["logicalType"] == LogicalType.ARRAY and isinstance(items, dict):
        inner = items.get("physicalType") or PHYSICAL.get(str(items.get("logicalType") or ""))
        return f"{inner}[]" if inner and items.get("logicalType") not in ("object", "array", "map") else None
    return PHYSICAL.get(prop["logicalType"])


def _runbook(given: Mapping[str, Any]) -> str:
    """The first authoritative definition of type runbook."""
    found = given.get("authoritativeDefinitions") or ()
    return next((str(item["url"]) for item in found if str(item.get("type")).lower() == "runbook"), "")
