"""What a pattern refuses, in one sentence that names the argument and the fix; and what it says of itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.patterns import (
    Engine,
    as_of_join,
    current_state,
    deduplicate,
    late_dimension,
    late_rows,
    scd2,
    tumbling_window,
)

CDC: dict[str, Any] = {"changes": "log", "key": "id", "columns": "name", "sequence": "seq"}
HOURLY: dict[str, Any] = {"source": "log", "time": "at", "size": timedelta(hours=1)}
ASOF: dict[str, Any] = {
    "left": "l",
    "right": "r",
    "key": "id",
    "left_key": "n",
    "left_time": "at",
    "right_time": "since",
}
WRONG: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
    (current_state, {**CDC, "key": []}, r"current_state\(key=...\): names no column. Give one name"),
    (current_state, {**CDC, "key": ["id", "id"]}, "names id twice. Name each column once"),
    (current_state, {**CDC, "key": ["", "id"]}, "'' is not a column name"),
    (current_state, {**CDC, "columns": ["id"]}, "'id' is also given by key. Leave it out of columns"),
    (current_state, {**CDC, "columns": "harness_x"}, "begins with harness_"),
    (current_state, {**CDC, "changes": "a..b"}, "'a..b'. Give schema.table, or another pattern"),
    (current_state, {**CDC, "changes": 7}, "changes=...*: is 7. Give schema.table"),
    (current_state, {**CDC, "deletes": "keep"}, "deletes=.*is 'keep'. Valid: drop, tombstone"),
    (current_state, {**CDC, "deletes": "tombstone"}, "deleted=.*is not given, and deletes is 'tombstone'"),
    (current_state, {**CDC, "deleted": ("op",)}, r"is \('op',\). Give the name of a boolean column"),
    (current_state, {**CDC, "slice_by": "at"}, "slice_by=.*is 'at', which it does not give. Valid: id, name. Add it"),
    (current_state, {**CDC, "slice_by": "name", "deleted": "gone"}, "mode merge takes no row away. Valid: tombstone"),
    (current_state, {**CDC, "columns": "is_deleted", "deleted": "x", "deletes": "tombstone"}, "'is_deleted' is also"),
    (deduplicate, {"source": "t", "key": "id", "columns": [], "order_by": "n", "keep": "any"}, "Valid: last, first"),
    (tumbling_window, {**HOURLY, "size": 3600}, r"size=.*is 3600. Valid: a timedelta, day, week, month, quarter, year"),
    (tumbling_window, {**HOURLY, "size": timedelta(0)}, "size=.*whole seconds, 1 or more"),
    (tumbling_window, {**HOURLY, "size": timedelta(milliseconds=1500)}, "Give whole seconds"),
    (tumbling_window, {**HOURLY, "arrived": "came"}, "lateness=.*is not given. Give both"),
    (tumbling_window, {**HOURLY, "lateness": timedelta(0)}, "arrived=.*is not given. Give both"),
    (tumbling_window, {**HOURLY, "size": "day", "time_zone": "Mars"}, "time_zone=.*is 'Mars'. Give an IANA name"),
    (tumbling_window, {**HOURLY, "measures": {"n": ("median", "x")}}, "Valid: count, count_distinct, sum, min, max, avg"),
    (tumbling_window, {**HOURLY, "measures": {"row_count": ("sum", "x")}}, "'row_count' is also given by measures"),
    (late_rows, {**HOURLY, "columns": [], "arrived": "came", "lateness": 60}, r"Use timedelta\(seconds=60\) rather than 60"),
    (as_of_join, {**ASOF, "max_age": timedelta(-1)}, "max_age=.*whole seconds"),
    (as_of_join, {**ASOF, "left_columns": "matched_at"}, "'matched_at' is also given by left_columns"),
    (as_of_join, {**ASOF, "right_columns": {"a": "at"}}, "'at' is also given by left_columns"),
    (scd2, {"source": "t", "key": "id", "columns": [], "time": "at"}, "columns=.*names no column"),
    (scd2, {"source": "t", "key": "id", "columns": "c", "time": "at", "by": "row"}, "Valid: time, column"),
    (scd2, {"source": "t", "key": "id", "columns": "c", "time": "at", "by": "column", "deleted": "x"}, "by is 'column'"),
    (late_dimension, {"dimension": "d", "facts": "f", "key": {}, "columns": "c"}, "key=.*names no column"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "arguments", "said"), WRONG, ids=[said for _, _, said in WRONG])
def test_a_wrong_argument_is_named_with_the_fix(make: Callable[..., Any], arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        make(**arguments)
    assert str(caught.value).startswith(f"{make.__name__}(") and "\n" not in str(caught.value)


def test_an_engine_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"'oracle'. Valid: postgres, bigquery, duckdb"):
        current_state(**CDC).sql("oracle")


def test_names_are_quoted_and_percent_signs_doubled_for_the_operator() -> None:
    made = deduplicate('we"ird.ta%ble', key="a%b", columns="select", order_by='x"y')
    assert '"we""ird"."ta%%ble"' in made.sql() and 't."a%%b"' in made.sql() and '"x""y"' in made.sql()
    assert "`a%%b`" in made.sql(Engine.BIGQUERY) and '"a%b"' in made.sql(Engine.DUCKDB)
    assert '"a%b" IS NULL' in made.quality()


def test_a_pattern_is_the_source_of_another() -> None:
    once = deduplicate("log", key=["id", "at"], columns="city", order_by="seq")
    assert f"FROM ({once.text}) AS t" in scd2(once, key="id", columns="city", time="at").text
    windows = tumbling_window(**HOURLY)
    with pytest.raises(ConfigurationError, match=r"is a tumbling_window, which is written per engine. Publish it"):
        deduplicate(windows, key="window_start", columns=[], order_by="window_end")


def test_a_contract_without_the_gates_or_of_another_mode_is_refused_with_the_lines_to_add() -> None:
    made = current_state(**CDC)
    names = [gate["name"] for gate in made.gates]
    made.refuse("orders", "full", [*names, "more"])
    with pytest.raises(ConfigurationError, match=r"loads in mode append.*Valid: full. Write mode: full"):
        made.refuse("orders", "append", names)
    with pytest.raises(ConfigurationError, match=r"lacks 1 gate.*: key_is_there") as caught:
        made.refuse("orders", "full", names[:1])
    assert made.quality().splitlines()[1] in str(caught.value)


def test_a_dag_file_with_a_pattern_loads_no_library_of_sql() -> None:
    code = (
        "import sys; from airflow_provider_harness.patterns import scd2; "
        "scd2('t', key='id', columns='c', time='at').sql(); print('sqlglot' in sys.modules, 'duckdb' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
