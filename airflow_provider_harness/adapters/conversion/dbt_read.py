"""A contract of a dbt schema file: models, seeds, snapshots and sources with their columns, constraints and tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_harness.adapters.conversion.dbt_tests import TESTS, Test, effect_of
from airflow_provider_harness.adapters.conversion.draft import Lost, Made, finished
from airflow_provider_harness.adapters.conversion.read import entries, mapping, text_of
from airflow_provider_harness.adapters.conversion.types import of_warehouse
from airflow_provider_harness.core.errors import ConfigurationError

#: What dbt needs for itself, so that nothing is lost with it.
_DBTS = frozenset(
    ("config", "docs", "access", "group", "latest_version", "quote", "quoting", "loader", "schema", "database")
)
_DBTS_CONFIG = frozenset(
    (
        "materialized",
        "enabled",
        "alias",
        "schema",
        "database",
        "meta",
        "tags",
        "contract",
        "group",
        "access",
        "docs",
        "full_refresh",
        "quoting",
    )
)
_OF_SOURCE = frozenset(("name", "tables"))
_NO_PLACE = "a contract has no place for it"
_OF_TABLE = frozenset(
    ("name", "alias", "identifier", "description", "columns", "tests", "data_tests", "constraints", "meta", "tags")
)
_OF_COLUMN = frozenset(("name", "data_type", "description", "tests", "data_tests", "constraints", "meta", "tags"))


def from_dbt(path: str, *, only: str = "", schema: str = "public") -> Made:
    """The contract of the tables of a schema file.

    :param only: name of the one table that is wanted; empty for all.
    :param schema: where tables are of which the file does not say it.
    :raises ConfigurationError: the file cannot be read, or has no such table.
    """
    data = mapping(path)
    found = [one for one in _tables(data, path, schema) if only in ("", one.name)]
    if not found:
        known = tuple(one.name for one in _tables(data, path, schema))
        what = f"has no table {only}." if only else "has no models, seeds, snapshots or sources."
        raise ConfigurationError(path, what, valid=known, fix="" if known else "Give a dbt schema file (schema.yml).")
    keys = {"version", "models", "seeds", "snapshots", "sources", "anchors"}
    lost = [Lost(key, "is not a table, and was not read") for key in data if key not in keys]
    lost += _of_sources(data)
    bare = [one for one in found if not one.given.get("columns")]
    if len(bare) == len(found):
        fix = "List them in the schema file."
        raise ConfigurationError(bare[0].place, f"{bare[0].name} has no columns.", fix=fix)
    lost += [Lost(one.name, "has no columns, so it has no contract") for one in bare]
    found = [one for one in found if one not in bare]
    for one in found:
        one.read()
        lost += one.lost
    teams = {one.team for one in found if one.team}
    name = found[0].name if len(found) == 1 else path.rpartition("/")[2].partition(".")[0]
    return finished(name, [one.body for one in found], lost, teams.pop() if len(teams) == 1 else "")


def _tables(data: Mapping[str, Any], path: str, schema: str) -> Iterator[Table]:
    for kind in ("models", "seeds", "snapshots"):
        for number, one in enumerate(entries(data.get(kind), f"{path}: {kind}")):
            yield Table(one, f"{path}: {kind}[{number}]", _config(one).get("schema") or schema)
    for number, source in enumerate(entries(data.get("sources"), f"{path}: sources")):
        place = f"{path}: sources[{number}]"
        home = source.get("schema") or source.get("name") or schema
        for at, one in enumerate(entries(source.get("tables"), f"{place}.tables")):
            yield Table(one, f"{place}.tables[{at}]", str(home))


def _of_sources(data: Mapping[str, Any]) -> Iterator[Lost]:
    """What a source says of all its tables."""
    for source in entries(data.get("sources"), "sources"):
        name = str(source.get("name"))
        yield from (Lost(f"{name}.{key}", _NO_PLACE) for key in source if key not in _OF_SOURCE | _DBTS)
        yield from (Lost(f"{name}.config.{key}", _NO_PLACE) for key in _config(source) if key not in _DBTS_CONFIG)


def _config(one: Mapping[str, Any]) -> Mapping[str, Any]:
    found = one.get("config")
    return found if isinstance(found, dict) else {}


@dataclass(slots=True)
class Table:
    """One table of the file.

    :param given: what the file says of it.
    :param place: where that stands.
    :ivar body: the same as the standard has it.
    """

    given: Mapping[str, Any]
    place: str
    schema: str
    name: str = ""
    team: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = text_of(self.given.get("name"), f"{self.place}.name")

    def lose(self, where: str, why: str) -> None:
        """Say that something has no counterpart."""
        self.lost.append(Lost(f"{self.name}.{where}" if where else self.name, why))

    def read(self) -> None:
        """Fill the body."""
        config = _config(self.given)
        physical = self.given.get("alias") or config.get("alias") or self.given.get("identifier") or self.name
        self.body = {"name": self.name, "physicalName": f"{self.schema}.{physical}", "physicalType": "table"}
        if said := self.given.get("description"):
            self.body["description"] = str(said)
        columns = {}
        for number, one in enumerate(entries(self.given.get("columns"), f"{self.place}.columns")):
            columns[text_of(one.get("name"), f"{self.place}.columns[{number}].name")] = one
        self.body["quality"] = []
        self.body["properties"] = [self._column(name, one) for name, one in columns.items()]
        self._meta(self.given.get("meta") or config.get("meta"), "meta")
        self._unknown(self.given, _OF_TABLE, "")
        if isinstance(tags := self.given.get("tags") or config.get("tags"), list | str):
            self.body["tags"] = [str(one) for one in (tags if isinstance(tags, list) else [tags])]
        self._constraints(self.given.get("constraints"), None)
        self._tests(self.given, None)
        if not self.body["quality"]:
            del self.body["quality"]

    def property(self, name: str) -> dict[str, Any] | None:
        """A column as the standard has it."""
        return next((one for one in self.body["properties"] if one["name"] == name), None)

    def _column(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        kind = of_warehouse(str(given.get("data_type") or ""))
        if kind.why:
            self.lose(f"{name}.data_type", kind.why)
        column: dict[str, Any] = {"name": name, "logicalType": kind.logical, "physicalType": kind.physical}
        if said := given.get("description"):
            column["description"] = str(said)
        if isinstance(tags := given.get("tags") or _config(given).get("tags"), list):
            column["tags"] = [str(one) for one in tags]
        self._meta(given.get("meta") or _config(given).get("meta"), f"{name}.meta")
        self._unknown(given, _OF_COLUMN, f"{name}.")
        self.body.setdefault("properties", []).append(column)
        self._constraints(given.get("constraints"), column)
        self._tests(given, column)
        return column

    def _unknown(self, given: Mapping[str, Any], known: frozenset[str], prefix: str) -> None:
        for key in given:
            if key not in known | _DBTS:
                self.lose(f"{prefix}{key}", _NO_PLACE)
        for key in _config(given):
            if key not in _DBTS_CONFIG:
                self.lose(f"{prefix}config.{key}", _NO_PLACE)

    def _meta(self, given: Any, where: str) -> None:
        for key, value in given.items() if isinstance(given, dict) else ():
            if where == "meta" and key == "owner" and isinstance(value, str):
                self.team = value
            else:
                self.lose(f"{where}.{key}", "what it means is not known; a contract has no place for it")

    def _constraints(self, given: Any, column: dict[str, Any] | None) -> None:
        where = f"{column['name']}.constraints" if column else "constraints"
        for number, one in enumerate(entries(given, f"{self.place}.{where}")):
            kind = str(one.get("type", ""))
            listed = one.get("columns")
            names = list(map(str, listed)) if isinstance(listed, list) else [column["name"]] if column else []
            if not self._constrained(kind, one, names):
                self.lose(f"{where}[{number}]", f"a constraint of type {kind or 'none'} like this is not known")

    def _constrained(self, kind: str, one: Mapping[str, Any], names: list[str]) -> bool:
        columns = [found for name in names if (found := self.property(name)) is not None]
        if kind == "primary_key" and columns and len(columns) == len(names):
            for place, found in enumerate(columns, start=1):
                found |= {"primaryKey": True, "primaryKeyPosition": place, "required": True}
            return True
        if kind == "check" and one.get("expression"):
            return self._effect(
                Test("expression_is_true", {"expression": one["expression"], "name": one.get("name")}), None
            )
        target = one.get("to_columns")
        if kind == "foreign_key" and len(names) == len(columns) == 1 and isinstance(target, list) and len(target) == 1:
            return self._effect(Test("relationships", {"to": one.get("to"), "field": target[0]}), columns[0])
        if kind == "unique" and len(names) > 1:
            return self._effect(Test("unique_combination_of_columns", {"combination_of_columns": names}), None)
        if kind in ("not_null", "unique") and columns:
            for found in columns:
                self._effect(Test(kind, {}), found)
            return True
        return False

    def _effect(self, test: Test, column: dict[str, Any] | None) -> bool:
        made = effect_of(test, column)
        if made is None:
            return False
        if column is not None:
            column |= {name: value for name, value in made.items() if name != "quality"}
        holder = self.body if column is None else column
        holder.setdefault("quality", []).extend(made.get("quality", ()))
        if not holder["quality"]:
            del holder["quality"]
        return True

    def _tests(self, given: Mapping[str, Any], column: dict[str, Any] | None) -> None:
        prefix = f"{column['name']}." if column else ""
        for key in ("tests", "data_tests"):
            listed = given.get(key)
            if listed is not None and not isinstance(listed, list):
                raise ConfigurationError(
                    f"{self.place}.{prefix}{key}", "is not a list.", fix="Begin each test with a dash."
                )
            for number, one in enumerate(listed or ()):
                self._test(one, f"{prefix}{key}[{number}]", column)

    def _test(self, given: Any, where: str, column: dict[str, Any] | None) -> None:
        test = Test.of(given)
        if test is None:
            self.lose(where, "is not a test as dbt writes it")
        elif test.name not in TESTS:
            self.lose(where, f"test {test.name} is not known; write the rule as SQL in the contract")
        elif test.jinja:
            self.lose(where, f"{test.name}: its arguments are a template, which only dbt can fill")
        elif test.filtered:
            self.lose(
                where, f"{test.name}: it looks at some rows only ({test.filtered}), and a contract's rule looks at all"
            )
        elif not self._effect(test, column):
            self.lose(where, f"{test.name}: its arguments are not those that are known")
        for said in test.more if test and test.name in TESTS else ():
            self.lose(f"{where}.{said}", _NO_PLACE)
