"""Rule sets of Airflow's common.dataquality provider: read into a contract, and written from one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from airflow_provider_harness.adapters.conversion.draft import Lost, Made, finished, yaml_of
from airflow_provider_harness.adapters.conversion.kept import unsaid
from airflow_provider_harness.adapters.conversion.read import entries, mapping, text_of
from airflow_provider_harness.adapters.sql.checks import column as quoted
from airflow_provider_harness.adapters.sql.checks import literal
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity, Expectation, Operator, Unit
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import ConfigurationError

_DIMENSION_NAMES = ("completeness", "uniqueness", "validity", "freshness", "volume", "consistency")
_WORDS_OF: Mapping[str, tuple[str, ...]] = {"severity": ("error", "warn"), "dimension": _DIMENSION_NAMES}
"""Key of a rule -> what it may say."""
_HISTORY = ("previous_name", "id")
"""Keys by which the provider finds the earlier results of a rule."""
_TEXTS = ("name", "check", "condition", "column", "sql", "partition_clause", "description")
_NAMES = frozenset((*_TEXTS, *_WORDS_OF, *_HISTORY))
_BOUNDS: Mapping[str, Operator] = {
    "equal_to": Operator.BE,
    "greater_than": Operator.GREATER,
    "geq_to": Operator.GREATER_OR_EQUAL,
    "less_than": Operator.LESS,
    "leq_to": Operator.LESS_OR_EQUAL,
}
_WORDS = {operator: word for word, operator in _BOUNDS.items()}
_PLAIN, _QUOTED = re.compile(r"[^\W\d][\w$]*"), re.compile(r'"((?:[^"]|"")+)"|`([^`]+)`')
_TEMPLATE = re.compile(r"\{\{|\{%")
_RESERVED = frozenset(
    """all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column concurrently
    constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp current_user default
    deferrable desc distinct do else end except false fetch for foreign freeze from full grant group having ilike in initially inner intersect
    into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer
    overlaps placing primary references returning right select session_user similar some symmetric system_user table tablesample then to
    trailing true union unique user using variadic verbose when where window with""".split()  # noqa: SIM905  a list of 80 lines says no more
)
"""Words that PostgreSQL reads as a column only in quotes."""
_DIMENSIONS = {"validity": "conformity", "freshness": "timeliness", "volume": "coverage"}
#: Check -> its rule, of a column or of the table; and what the provider measures, for a rule that looks at some rows only.
_RULES: Mapping[str, tuple[dict[str, Any], str]] = {
    "null_count": ({"metric": "nullValues"}, "count(*) FILTER (WHERE {column} IS NULL)"),
    "null_ratio": (
        {"metric": "nullValues", "unit": "percent"},
        "100.0 * count(*) FILTER (WHERE {column} IS NULL) / nullif(count(*), 0)",
    ),
    "unique_violations": ({"metric": "duplicateValues"}, "count({column}) - count(DISTINCT {column})"),
    "row_count": ({"metric": "rowCount"}, "count(*)"),
    "distinct_count": ({"check": "distinct_count"}, "count(DISTINCT {column})"),
    "min": ({"check": "minimum"}, "min({column})"),
    "max": ({"check": "maximum"}, "max({column})"),
    "mean": ({"check": "mean"}, "avg({column})"),
}
CHECKS = (*_RULES, "custom_sql")


def from_ruleset(path: str, table: str) -> Made:
    """The contract of one table by a rule set, which says neither types nor keys.

    :param table: ``schema.table``; empty for the rule set's own name.
    :raises ConfigurationError: the file cannot be read, or is no rule set.
    """
    data = mapping(path)
    name = text_of(data.get("name"), f"{path}: name")
    place = table or name
    rules = entries(data.get("rules"), f"{path}: rules")
    if not rules:
        raise ConfigurationError(f"{path}: rules", "has no rule.", fix="Give a rule set with name and rules.")
    draft = _Draft(lost=[Lost(key, "is not a part of a rule set") for key in data if key not in ("name", "rules")])
    for number, rule in enumerate(rules):
        at = f"{path}: rules[{number}]"
        named = text_of(rule.get("name"), f"{at}.name")
        if named in draft.names:
            raise ConfigurationError(f"{at}.name", f"{named!r} is the name of another rule, too.", fix="Rename one.")
        _check(rule, at)
        draft.names.add(named)
    for number, rule in enumerate(rules):
        _read(rule, f"{path}: rules[{number}]", draft)
    if not draft.columns:
        raise ConfigurationError(
            f"{path}: rules", "name no column.", fix="Draft the contract from the database instead."
        )
    draft.lost += [
        Lost(f"columns.{column}", f"a rule set says no types; {one['physicalType']} is assumed")
        for column, one in draft.columns.items()
    ]
    body = {
        "name": place.rpartition(".")[2],
        "physicalName": place if "." in place else f"public.{place}",
        "physicalType": "table",
        **({"quality": draft.quality} if draft.quality else {}),
        "properties": list(draft.columns.values()),
    }
    return finished(place.rpartition(".")[2], [body], draft.lost)


@dataclass(slots=True, kw_only=True)
class _Draft:
    """What the rules read so far give.

    :param names: of all rules, and of those that a rule with two bounds becomes.
    """

    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    quality: list[dict[str, Any]] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def column(self, name: str) -> dict[str, Any]:
        """The column, which is a text until a rule says more."""
        return self.columns.setdefault(name, {"name": name, "logicalType": "string", "physicalType": "text"})

    def free(self, name: str) -> str:
        """A name that no rule has."""
        found = next(one for one in (f"{name}_{number}" for number in count(2)) if one not in self.names)
        self.names.add(found)
        return found


def _check(rule: Mapping[str, Any], place: str) -> None:
    """Refuse what the provider refuses.

    :raises ConfigurationError: a key or a word is not one of the provider's.
    """
    if strange := [key for key in rule if key not in _NAMES]:
        raise ConfigurationError(f"{place}.{strange[0]}", "is not a key of a rule.", valid=sorted(_NAMES))
    check = str(rule.get("check", ""))
    if check not in CHECKS:
        raise ConfigurationError(f"{place}.check", f"{check!r} is not known.", valid=CHECKS)
    for key, valid in _WORDS_OF.items():
        if rule.get(key) not in (None, *valid):
            raise ConfigurationError(f"{place}.{key}", f"{rule[key]!r} is not known.", valid=valid)
    if check == "custom_sql":
        text_of(rule.get("sql"), f"{place}.sql")
    elif rule.get("sql"):
        raise ConfigurationError(
            f"{place}.sql", f"does not belong to {check}.", fix="Say check: custom_sql, or leave sql out."
        )


def _read(rule: Mapping[str, Any], place: str, draft: _Draft) -> None:
    name, check = text_of(rule.get("name"), f"{place}.name"), str(rule["check"])
    where, column, expression = str(rule.get("partition_clause") or ""), "", ""
    if check not in ("row_count", "custom_sql"):
        column, expression = _column(text_of(rule.get("column"), f"{place}.column"), name, draft)
    draft.lost += _unkept(rule, name)
    bounds = _bounds(rule.get("condition"), f"{place}.condition", percent=check == "null_ratio")
    if _TEMPLATE.search(f"{rule.get('sql')} {where}"):
        draft.lost.append(Lost(name, "is a template, which a contract does not fill in"))
        return
    body = _body(check, expression, rule, where, plain=bool(column) or check == "row_count")
    if "query" in body:
        for found in _columns_of(body["query"]):
            draft.column(found)
    elif column:
        entry = draft.column(column)
        if check in ("min", "max", "mean"):
            entry |= {"logicalType": "number", "physicalType": "numeric"}
    holder = draft.quality if "query" in body or not column else draft.column(column).setdefault("quality", [])
    for number, bound in enumerate(bounds):
        named = name if number == 0 else draft.free(name)
        holder.append({"name": named, **_bounded(body, bound), **_about(rule)})


def _unkept(rule: Mapping[str, Any], name: str) -> Iterator[Lost]:
    for key in _HISTORY:
        if rule.get(key):
            yield Lost(f"{name}.{key}", "a check's history hangs on its name alone")
    if rule["check"] == "custom_sql" and rule.get("partition_clause"):
        yield Lost(f"{name}.partition_clause", "the provider does not apply it to a custom_sql rule")


def _column(written: str, rule: str, draft: _Draft) -> tuple[str, str]:
    """The column that a rule names, and how SQL names it; no column where the rule has an expression.

    The provider puts it into its query as it is written, so that PostgreSQL reads a name without quotes in lower case.
    """
    if found := _QUOTED.fullmatch(written):
        name = found[1].replace('""', '"') if found[1] else found[2]
    elif _PLAIN.fullmatch(written):
        name = written.lower()
        if name != written:
            draft.lost.append(Lost(f"{rule}.column", f"{written} has no quotes, so it is taken for {name}"))
    else:
        return "", written
    return name, quoted(name)


def _columns_of(query: str) -> Iterator[str]:
    """The columns of the table that a query names; none where it reads other tables too, or is not SQL."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        found = sqlglot.parse_one(query.replace("${table}", "the_table"), read="postgres")
    except SqlglotError:
        return
    if {table.name for table in found.find_all(exp.Table)} != {"the_table"}:
        return
    made = {one.alias.lower() for one in found.find_all(exp.Alias)}
    for column in found.find_all(exp.Column):
        if isinstance(column.this, exp.Identifier) and column.name.lower() not in made:
            yield column.name if column.this.quoted else column.name.lower()


def _bounded(body: Mapping[str, Any], bound: Mapping[str, Any]) -> dict[str, Any]:
    """A rule with its bound where the standard has it."""
    if "check" in body:
        return {"type": "custom", "engine": "harness", "implementation": {**body, **bound}}
    return {**body, **bound}


def _body(check: str, expression: str, rule: Mapping[str, Any], where: str, *, plain: bool) -> dict[str, Any]:
    """A rule without its bound: of the standard, or a query where it looks at some rows only or at an expression."""
    if check == "custom_sql":
        query = str(rule.get("sql") or "").strip().rstrip(";").replace("{table}", "${table}")
        return {"type": "sql", "query": query}
    standard, measured = _RULES[check]
    if plain and not where:
        return dict(standard)
    some = f" WHERE {where}" if where else ""
    return {"type": "sql", "query": f"SELECT {measured.format(column=expression)} FROM ${{table}}{some}"}


def _about(rule: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if rule.get("severity") == "warn":
        said["severity"] = "warning"
    if rule.get("description"):
        said["description"] = str(rule["description"])
    if rule.get("dimension"):
        said["dimension"] = _DIMENSIONS.get(str(rule["dimension"]), str(rule["dimension"]))
    return said


def _bounds(given: Any, place: str, *, percent: bool) -> list[dict[str, Any]]:
    """The bounds of a condition; its tolerance is written into them.

    :raises ConfigurationError: it is no condition.
    """
    if not isinstance(given, dict) or not given:
        raise ConfigurationError(place, "is not a condition.", valid=(*_BOUNDS, "tolerance"))
    for word, value in given.items():
        if word not in _BOUNDS and word != "tolerance":
            raise ConfigurationError(f"{place}.{word}", "is not a word of a condition.", valid=(*_BOUNDS, "tolerance"))
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ConfigurationError(f"{place}.{word}", f"{value!r} is not a number.", fix="Give a number.")
    if given.get("equal_to") is not None and any(given.get(word) is not None for word in _BOUNDS if word != "equal_to"):
        raise ConfigurationError(place, "has equal_to and another bound.", fix="Keep one of them.")
    wide = float(given.get("tolerance") or 0)
    said = {word: given[word] for word in _BOUNDS if given.get(word) is not None}
    if not said:
        raise ConfigurationError(place, "has no bound.", valid=tuple(_BOUNDS))

    def moved(value: float, way: int) -> float:
        found = value + way * abs(value) * wide if wide else value
        return round(found * 100, 9) if percent else found

    if "equal_to" in said and wide:
        return [{str(Operator.BETWEEN): [moved(said["equal_to"], -1), moved(said["equal_to"], 1)]}]
    if said.keys() == {"geq_to", "leq_to"}:
        return [{str(Operator.BETWEEN): [moved(said["geq_to"], -1), moved(said["leq_to"], 1)]}]
    ways = {"greater_than": -1, "geq_to": -1, "less_than": 1, "leq_to": 1}
    return [{str(_BOUNDS[word]): moved(value, ways.get(word, 0))} for word, value in said.items()]


def to_ruleset(contracts: Sequence[Contract]) -> Made:
    """The rule set of a table, and what the provider has no place for.

    :raises ConfigurationError: there are several tables, and a rule set has one.
    """
    if len(contracts) > 1:
        names = tuple(one.table for one in contracts)
        fix = "Name one table, as FILE#NAME."
        raise ConfigurationError("contract export", "a rule set is about one table.", valid=names, fix=fix)
    [contract] = contracts
    lost: list[Lost] = []
    rules = []
    for check in contract.checks:
        body = _rule(check)
        if body is None:
            lost.append(Lost(f"{contract.table}: {check.id}", f"the provider has no check for {check.kind} like this"))
            continue
        rules.append({"name": check.id, **body, **_told(check)})
    lost += unsaid(contract, has=())
    lost.append(Lost(f"{contract.table}: columns", "a rule set says no types, keys and descriptions"))
    return Made(text=yaml_of({"name": contract.table, "rules": rules}), lost=lost)


def _told(check: Check) -> dict[str, Any]:
    said: dict[str, Any] = {"severity": "warn"} if check.severity is CheckSeverity.WARN else {}
    if check.description:
        said["description"] = check.description
    words = {theirs: ours for ours, theirs in _DIMENSIONS.items()}
    named = words.get(check.dimension, check.dimension)
    if named in _DIMENSION_NAMES:
        said["dimension"] = named
    return said


def _rule(check: Check) -> dict[str, Any] | None:
    """What a check is in a rule set; None where it has none."""
    kinds = {
        CheckKind.NOT_NULL: "null_count",
        CheckKind.NULL_RATE: "null_ratio",
        CheckKind.UNIQUE: "unique_violations",
        CheckKind.ROW_COUNT: "row_count",
        CheckKind.MEAN: "mean",
        CheckKind.MINIMUM: "min",
        CheckKind.MAXIMUM: "max",
        CheckKind.DISTINCT_COUNT: "distinct_count",
    }
    if check.path:
        return None
    ratio = check.kind is CheckKind.NULL_RATE and check.expect.unit is Unit.PERCENT
    condition = _condition(check.expect, ratio=ratio)
    if condition is None:
        return None
    if check.kind in kinds and len(check.columns) <= 1:
        name = kinds[check.kind] if ratio or check.kind is not CheckKind.NULL_RATE else "null_count"
        return {
            "check": name,
            **({"column": _written(check.columns[0])} if check.columns else {}),
            "condition": condition,
        }
    query = _QUERIES[check.kind](check) if check.kind in _QUERIES else ""
    return {"check": "custom_sql", "sql": query, "condition": condition} if query else None


def _written(name: str) -> str:
    """A column as the provider's query can have it: in quotes where PostgreSQL would read another name or none."""
    return name if _PLAIN.fullmatch(name) and name == name.lower() and name not in _RESERVED else quoted(name)


def _condition(expect: Expectation, *, ratio: bool) -> dict[str, Any] | None:
    if expect.unit is Unit.PERCENT and not ratio:
        return None
    values = [float(one) / 100 if ratio else one for one in expect.values if isinstance(one, int | float) or ratio]
    if len(values) != len(expect.values):
        return None
    if expect.operator is Operator.BETWEEN:
        return {"geq_to": values[0], "leq_to": values[1]}
    word = _WORDS.get(expect.operator)
    return {word: values[0]} if word else None


def _failing(tests: Iterator[str]) -> str:
    return f"SELECT count(*) FROM {{table}} WHERE {' OR '.join(tests)}"


def _sql(check: Check) -> str:
    return check.sql.replace("${table}", "{table}") if "${" not in check.sql.replace("${table}", "") else ""


def _values(check: Check) -> str:
    return _failing(iter([f"{quoted(check.columns[0])} NOT IN ({', '.join(map(literal, check.values))})"]))


def _bounded_by(expression: Callable[[Check], str]) -> Callable[[Check], str]:
    def query(check: Check) -> str:
        ends = ((check.low, check.low_open, "<"), (check.high, check.high_open, ">"))
        tests = [
            f"{expression(check)} {way}{'=' if is_open else ''} {literal(end)}"
            for end, is_open, way in ends
            if end is not None
        ]
        return _failing(iter(tests)) if tests and check.step is None else ""

    return query


def _together(check: Check) -> str:
    names = ", ".join(map(quoted, check.columns))
    return f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM {{table}} GROUP BY {names}) AS found"


_QUERIES: Mapping[CheckKind, Callable[[Check], str]] = {
    CheckKind.CUSTOM_SQL: _sql,
    CheckKind.ACCEPTED_VALUES: _values,
    CheckKind.RANGE: _bounded_by(lambda check: quoted(check.columns[0])),
    CheckKind.LENGTH: _bounded_by(lambda check: f"length({quoted(check.columns[0])})"),
    CheckKind.UNIQUE: _together,
}
"""Kind of check -> a query that measures it, where the provider has no check of its own."""
