"""What tests of dbt, dbt_utils and dbt_expectations become in a contract."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: Keys of a test that are no arguments.
_OWN = frozenset(("config", "name", "description", "arguments", "meta", "tags"))
_CONFIG = frozenset(("severity", "where", "enabled", "error_if", "warn_if", "limit", "store_failures", "fail_calc"))
_REF = re.compile(r"(?:ref|source)\(\s*(?:['\"][\w.]+['\"]\s*,\s*)?['\"]([\w.]+)['\"]\s*\)")

Effect = dict[str, Any]
Made = Callable[["Test", dict[str, Any] | None], Effect | None]


@dataclass(frozen=True, slots=True)
class Test:
    """One test as a schema file has it.

    :param name: without the package.
    :param arguments: with the test's own name and description.
    :param filtered: why it does not look at all rows, or empty.
    :param more: settings that change what it means, which a contract cannot say.
    """

    name: str
    arguments: Mapping[str, Any]
    severity: str = "error"
    filtered: str = ""
    more: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Any) -> Test | None:
        """The test of an entry; None where it is none."""
        if isinstance(given, str):
            return cls(_bare(given), {})
        if not isinstance(given, dict):
            return None
        if len(given) == 1:
            [(name, body)] = given.items()
        else:
            name, body = given.get("test_name"), {key: value for key, value in given.items() if key != "test_name"}
        parts = [body, *(body.get(key) for key in ("config", "arguments"))] if isinstance(body, dict) else [body]
        if not isinstance(name, str) or not all(isinstance(one, dict | None) for one in parts):
            return None
        return cls._built(name, body or {})

    @classmethod
    def _built(cls, name: str, body: Mapping[str, Any]) -> Test:
        config = {key: body[key] for key in _CONFIG if key in body} | (body.get("config") or {})
        nested = body.get("arguments") or {}
        arguments = {key: value for key, value in body.items() if key not in _OWN | _CONFIG} | nested
        given = {key: body[key] for key in ("name", "description") if isinstance(body.get(key), str)}
        filtered = str(config.get("where") or "") or str(arguments.pop("row_condition", "") or "")
        if config.get("enabled") is False:
            filtered = "it is switched off"
        changing = tuple(key for key in ("error_if", "warn_if", "fail_calc", "limit") if key in config)
        return cls(_bare(name), arguments | given, str(config.get("severity", "error")).lower(), filtered, changing)

    @property
    def jinja(self) -> bool:
        """Whether an argument is a template; what ``relationships`` refers to is none."""
        rest = {key: value for key, value in self.arguments.items() if key != "to"}
        return "{{" in str(rest) or "{%" in str(rest)

    @property
    def warns(self) -> bool:
        return self.severity == "warn"


def _bare(name: str) -> str:
    return name.rpartition(".")[2]


def effect_of(test: Test, column: dict[str, Any] | None) -> Effect | None:
    """What a test adds to a column, or to the table; None where its arguments are not those that are known."""
    made = TESTS[test.name](test, column)
    for rule in (made or {}).get("quality", ()):
        if test.warns:
            rule["severity"] = "warning"
        rule |= {key: test.arguments[key] for key in ("name", "description") if test.arguments.get(key)}
    return made


def _field(name: str, metric: str) -> Made:
    """A field of the column; a rule of the metric where it only warns, since a field blocks."""

    def made(test: Test, column: dict[str, Any] | None) -> Effect | None:
        if column is None:
            return None
        return {"quality": [{"metric": metric, "mustBe": 0}]} if test.warns else {name: True}

    return made


def _values(word: str) -> Made:
    def made(test: Test, column: dict[str, Any] | None) -> Effect | None:
        values = test.arguments.get(word)
        if column is None or not isinstance(values, list) or not values or None in values:
            return None
        texts = test.arguments.get("quote", True) and column["logicalType"] == "string"
        listed = [str(one) if texts else one for one in values]
        if test.warns:
            return {"quality": [{"metric": "invalidValues", "arguments": {"validValues": listed}, "mustBe": 0}]}
        return {"enum": [{"value": one} for one in listed]}

    return made


def _options(test: Test, column: dict[str, Any] | None, options: Mapping[str, Any]) -> Effect | None:
    """Options of the column's type; of a test that only warns, a rule."""
    given = {key: value for key, value in options.items() if value is not None}
    if column is None or not given:
        return None
    if not test.warns:
        return {"logicalTypeOptions": column.get("logicalTypeOptions", {}) | given}
    return {"quality": [{"metric": "invalidValues", "arguments": given, "mustBe": 0}]}


def _range(test: Test, column: dict[str, Any] | None) -> Effect | None:
    said = test.arguments
    open_ = said.get("inclusive") is False or said.get("strictly") is True
    low, high = ("exclusiveMinimum", "exclusiveMaximum") if open_ else ("minimum", "maximum")
    return _options(test, column, {low: said.get("min_value"), high: said.get("max_value")})


def _lengths(test: Test, column: dict[str, Any] | None) -> Effect | None:
    said = test.arguments
    return _options(test, column, {"minLength": said.get("min_value"), "maxLength": said.get("max_value")})


def _pattern(test: Test, column: dict[str, Any] | None) -> Effect | None:
    return _options(test, column, {"pattern": test.arguments.get("regex")})


def _not_empty(test: Test, column: dict[str, Any] | None) -> Effect | None:
    return _options(
        test, column, {"minLength": 1} if test.arguments.get("trim_whitespace") is False else {"pattern": r"\S"}
    )


def _refers(test: Test, column: dict[str, Any] | None) -> Effect | None:
    to, target = str(test.arguments.get("to", "")), test.arguments.get("field")
    named = _REF.search(to)
    table = named[1] if named else to if re.fullmatch(r"[\w.]+", to) else ""
    if column is None or not table or not isinstance(target, str):
        return None
    entry: dict[str, Any] = {"to": f"{table}.{target}"}
    if test.warns:
        entry["customProperties"] = [{"property": "harness.severity", "value": "warning"}]
    return {"relationships": [*column.get("relationships", ()), entry]}


def _share(test: Test, column: dict[str, Any] | None) -> Effect | None:
    least = test.arguments.get("at_least")
    if column is None or isinstance(least, bool) or not isinstance(least, int | float):
        return None
    most = round(100 * (1 - float(least)), 6)
    return {"quality": [{"metric": "nullValues", "unit": "percent", "mustBeLessOrEqualTo": most}]}


def _together(word: str) -> Made:
    def made(test: Test, column: dict[str, Any] | None) -> Effect | None:
        names = test.arguments.get(word)
        if column is not None or not isinstance(names, list) or not names:
            return None
        rule = {"metric": "duplicateValues", "arguments": {"properties": [str(one) for one in names]}, "mustBe": 0}
        return {"quality": [rule]}

    return made


def negated(text: str) -> str:
    """What stands in a ``NOT (...)`` that a condition is as a whole; empty where it is none.

    >>> negated("NOT (a = ')')"), negated("NOT (a) OR (b)")
    ("a = ')'", '')
    """
    found = re.fullmatch(r"NOT \((.*)\)", text.strip(), re.IGNORECASE | re.DOTALL)
    depth, quoted = 0, False
    for letter in found[1] if found else "":
        quoted ^= letter == "'"
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if depth < 0:
            return ""
    return found[1] if found and depth == 0 else ""


def _true(test: Test, column: dict[str, Any] | None) -> Effect | None:
    said = test.arguments.get("expression")
    if not isinstance(said, str) or not said.strip():
        return None
    expression = f"{column['name']} {said}" if column is not None else said
    query = f"SELECT count(*) FROM ${{table}} WHERE {negated(expression) or f'NOT ({expression})'}"
    return {"quality": [{"type": "sql", "query": query, "mustBe": 0}]}


def _rows(test: Test, column: dict[str, Any] | None) -> Effect | None:
    low, high, exact = (test.arguments.get(word) for word in ("min_value", "max_value", "value"))
    if column is not None:
        return None
    bounds: dict[str, Any] = {"mustBe": exact} if exact is not None else {}
    if low is not None and high is not None:
        bounds = {"mustBeBetween": [low, high]}
    elif low is not None or high is not None:
        bounds = {"mustBeGreaterOrEqualTo": low} if low is not None else {"mustBeLessOrEqualTo": high}
    return {"quality": [{"metric": "rowCount", **bounds}]} if bounds else None


TESTS: Mapping[str, Made] = {
    "not_null": _field("required", "nullValues"),
    "unique": _field("unique", "duplicateValues"),
    "accepted_values": _values("values"),
    "relationships": _refers,
    "accepted_range": _range,
    "expression_is_true": _true,
    "not_empty_string": _not_empty,
    "not_null_proportion": _share,
    "unique_combination_of_columns": _together("combination_of_columns"),
    "expect_column_values_to_not_be_null": _field("required", "nullValues"),
    "expect_column_values_to_be_unique": _field("unique", "duplicateValues"),
    "expect_column_values_to_be_in_set": _values("value_set"),
    "expect_column_values_to_be_between": _range,
    "expect_column_value_lengths_to_be_between": _lengths,
    "expect_column_values_to_match_regex": _pattern,
    "expect_compound_columns_to_be_unique": _together("column_list"),
    "expect_table_row_count_to_be_between": _rows,
    "expect_table_row_count_to_equal": _rows,
}
"""Name of a test -> what it becomes."""
