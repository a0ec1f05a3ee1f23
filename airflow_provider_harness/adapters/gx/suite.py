"""The engine ``gx``: a contract compiled to an expectation suite and run by Great Expectations.

Nothing else imports Great Expectations, since that takes seconds of processor time.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.gx import data_docs as gx_docs
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.authored.reading import LOCK_SECONDS, STATEMENT_SECONDS
from airflow_provider_harness.adapters.sql.authored.whose import refuse_store
from airflow_provider_harness.adapters.sql.measure import plain, value_of
from airflow_provider_harness.adapters.sql.values import MOMENTS, NUMBERS, Family, family, kind_of, unfit
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Metric
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.pattern import compiled
from airflow_provider_harness.core.contracts.report import Measurement, Measurements
from airflow_provider_harness.core.errors import MissingExtra

if TYPE_CHECKING:
    import pandas as pd

Kwargs = dict[str, Any]
_READING = (
    f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={LOCK_SECONDS}s"
)
"""For a session of Great Expectations: it writes nothing, and neither does what it is asked."""
_EACH_READS: Kwargs = {"execution_options": {"postgresql_readonly": True}}
"""Each transaction of it begins as one that only reads, whatever a function of an author's has set for the session."""
RESULT_FORMAT: Kwargs = {"result_format": "COMPLETE", "return_unexpected_index_query": False}
"""With the query, a value with a backslash would be an error: Great Expectations writes it as a pattern."""
ROW_COUNT = "expect_table_row_count_to_be_between"
QUANTILES = "expect_column_quantile_values_to_be_between"


def _bounded(check: Check) -> Kwargs:
    return {"min_value": check.low, "max_value": check.high}


def _ranged(check: Check) -> Kwargs:
    return _bounded(check) | {"strict_min": check.low_open, "strict_max": check.high_open}


def _unique(check: Check) -> tuple[str, Kwargs]:
    if len(check.columns) == 1:
        return "expect_column_values_to_be_unique", {"column": check.columns[0]}
    kwargs = {"column_list": list(check.columns), "ignore_row_if": "any_value_is_missing"}
    return "expect_compound_columns_to_be_unique", kwargs


def _observed(name: str, **more: Any) -> Callable[[Check], tuple[str, Kwargs]]:
    """An expectation without bounds: GX observes, and the report judges by the contract's own operator."""
    return lambda check: (name, {"column": check.columns[0], **more})


def _mapped(name: str, arguments: Callable[[Check], Kwargs]) -> Callable[[Check], tuple[str, Kwargs]]:
    return lambda check: (name, {"column": check.columns[0], **arguments(check)})


def _quantile(check: Check) -> tuple[str, Kwargs]:
    ranges = {"quantiles": [check.quantile], "value_ranges": [[None, None]]}
    return QUANTILES, {"column": check.columns[0], "quantile_ranges": ranges}


def _custom(check: Check) -> tuple[str, Kwargs]:
    found = json.loads(check.gx)
    return found["type"], found["kwargs"]


EXPECTATIONS: Mapping[CheckKind, Callable[[Check], tuple[str, Kwargs]]] = {
    CheckKind.NOT_NULL: _mapped("expect_column_values_to_not_be_null", lambda c: {}),
    CheckKind.NULL_RATE: _mapped("expect_column_values_to_not_be_null", lambda c: {}),
    CheckKind.UNIQUE: _unique,
    CheckKind.ACCEPTED_VALUES: _mapped(
        "expect_column_values_to_be_in_set", lambda c: {"value_set": [value for value in c.values if value is not None]}
    ),
    CheckKind.RANGE: _mapped("expect_column_values_to_be_between", _ranged),
    CheckKind.LENGTH: _mapped("expect_column_value_lengths_to_be_between", _bounded),
    CheckKind.REGEX: _mapped("expect_column_values_to_match_regex", lambda c: {"regex": compiled(c.pattern).postgres}),
    CheckKind.ROW_COUNT: lambda check: (ROW_COUNT, {"min_value": 0}),
    CheckKind.MEAN: _observed("expect_column_mean_to_be_between"),
    CheckKind.MINIMUM: _observed("expect_column_min_to_be_between"),
    CheckKind.MAXIMUM: _observed("expect_column_max_to_be_between"),
    CheckKind.SUM: _observed("expect_column_sum_to_be_between"),
    CheckKind.STDDEV: _observed("expect_column_stdev_to_be_between"),
    CheckKind.QUANTILE: _quantile,
    CheckKind.DISTINCT_COUNT: _observed("expect_column_unique_value_count_to_be_between"),
    CheckKind.CUSTOM_GX: _custom,
}
"""Kinds that Great Expectations has -> the expectation. It has none that reads a second table or the history."""


def expectable(check: Check) -> bool:
    """Whether Great Expectations has the check; words that stand for missing values, and what is below a column, it does not know."""
    return (
        check.kind in EXPECTATIONS
        and not check.path
        and not (check.spec.metric is Metric.FAILING_ROWS and _words(check))
    )


_ANY = tuple(Family)
_APART = (*NUMBERS, *MOMENTS, Family.TEXT, Family.PADDED, Family.UUID, Family.BOOLEAN)
IN_POSTGRES: Mapping[CheckKind, tuple[Family, ...]] = {
    **dict.fromkeys((CheckKind.NOT_NULL, CheckKind.NULL_RATE), _ANY),
    **dict.fromkeys((CheckKind.UNIQUE, CheckKind.DISTINCT_COUNT), _APART),
    **dict.fromkeys((CheckKind.ACCEPTED_VALUES, CheckKind.LENGTH, CheckKind.REGEX), (Family.TEXT,)),
    CheckKind.RANGE: (Family.WHOLE,),
    **dict.fromkeys((CheckKind.MINIMUM, CheckKind.MAXIMUM, CheckKind.QUANTILE), (Family.WHOLE,)),
    **dict.fromkeys((CheckKind.MEAN, CheckKind.SUM, CheckKind.STDDEV), (Family.BINARY,)),
}
"""Kind -> of which columns in PostgreSQL Great Expectations measures it exactly: it compares with bounds as binary numbers,
tells decimals as such, and does not know NaN where it is the largest number."""
IN_FRAMES: Mapping[CheckKind, tuple[Family, ...]] = {
    **dict.fromkeys(
        (CheckKind.NOT_NULL, CheckKind.NULL_RATE), tuple(one for one in Family if one is not Family.BINARY)
    ),
    **dict.fromkeys((CheckKind.UNIQUE, CheckKind.ACCEPTED_VALUES, CheckKind.LENGTH, CheckKind.REGEX), (Family.TEXT,)),
    CheckKind.DISTINCT_COUNT: (Family.TEXT,),
}
"""The same of a frame: pandas takes NaN for null, integers beside nulls for binary numbers, and a sum of nothing for 0."""
EXACT_WHOLE = 2**53
"""Below it, every integer is a binary number."""


def exact(check: Check, contract: Contract, *, frame: bool) -> bool:
    """Whether Great Expectations measures a check as the other engines do."""
    if not expectable(check) or unfit(check, contract):
        return False
    if check.kind in (CheckKind.CUSTOM_GX, CheckKind.ROW_COUNT):
        return True
    allowed = (IN_FRAMES if frame else IN_POSTGRES).get(check.kind, ())
    kinds = [kind_of(contract, name) for name in check.columns]
    if "real" in kinds or not {family(kind) for kind in kinds} <= set(allowed):
        return False
    if check.kind is CheckKind.RANGE:
        return all(isinstance(b, int) and abs(b) < EXACT_WHOLE for b in (check.low, check.high) if b is not None)
    if check.kind is CheckKind.ACCEPTED_VALUES:
        return any(check.values) and all(value is None or isinstance(value, str) for value in check.values)
    return True


def _words(check: Check) -> bool:
    return check.kind in (CheckKind.NOT_NULL, CheckKind.NULL_RATE) and bool(check.values)


def suite(checks: Sequence[Check], *, frame: bool = False) -> list[Kwargs]:
    """Checks as expectations: ``type``, ``kwargs``, and ``meta`` with the ids of the checks that share it.

    One of them counts the rows.

    :param frame: whether pandas runs them, and Python reads the patterns.
    """
    found: dict[str, Kwargs] = {}
    for check in checks:
        name, kwargs = EXPECTATIONS[check.kind](check)
        if frame and check.kind is CheckKind.REGEX:
            kwargs = kwargs | {"regex": compiled(check.pattern).python}
        same = [name, check.columns] if name == QUANTILES else [name, kwargs]
        key = json.dumps(same, sort_keys=True, default=str)
        entry = found.setdefault(key, {"type": name, "kwargs": kwargs, "meta": {"harness": []}})
        entry["meta"]["harness"].append(check.id)
        if name == QUANTILES:
            _add_quantile(entry["kwargs"]["quantile_ranges"], check.quantile)
    if not any(entry["type"] == ROW_COUNT for entry in found.values()):
        found[ROW_COUNT] = {"type": ROW_COUNT, "kwargs": {"min_value": 0}, "meta": {"harness": []}}
    return list(found.values())


def _add_quantile(ranges: Kwargs, quantile: float) -> None:
    """One expectation for all quantiles of a column: of two, Great Expectations 1.24 gives both the values of the first."""
    if quantile not in ranges["quantiles"]:
        ranges["quantiles"].append(quantile)
        ranges["value_ranges"].append([None, None])


def measure_postgres(
    dsn: str, contract: Contract, rows: sql_checks.Rows, checks: Sequence[Check] | None = None, docs: str = ""
) -> Measurements:
    """A contract's checks on rows in PostgreSQL.

    :param dsn: libpq connection string.
    :param checks: only these of the contract's.
    :param docs: folder for the Data Docs of this gate; empty for none.
    """
    context = _context()
    source = context.data_sources.add_postgres(
        name="warehouse", connection_string=_url(dsn), create_temp_table=False, kwargs=_EACH_READS
    )
    condition = f" WHERE {rows.where}" if rows.where else ""
    query = f"SELECT * FROM {rows.relation}{condition}"
    try:
        _ask_first(source.get_engine())
        batch = source.add_query_asset(name="rows", query=query).add_batch_definition_whole_table("all").get_batch()
        return _run(context, batch, contract, rows, checks, docs, frame=False)
    finally:
        source.get_engine().dispose()


def _ask_first(engine: Any) -> None:
    """Each of its sessions is asked whose database it is in, before anything else is."""
    from sqlalchemy import event

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        refuse_store(lambda asked: connection.execute(asked).fetchall(), "the connection of Great Expectations")
        connection.rollback()


def measure_frame(
    frame: pd.DataFrame,
    contract: Contract,
    rows: sql_checks.Rows,
    checks: Sequence[Check] | None = None,
    docs: str = "",
) -> Measurements:
    """A contract's checks on a pandas frame; pandas takes NaN for null, and so does this."""
    context = _context()
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    return _run(context, batch, contract, rows, checks, docs, frame=True)


def _context() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # read at import; it would send usage to its maker
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its own use of Python's old modules
        try:
            import great_expectations as gx
        except ModuleNotFoundError as error:
            raise MissingExtra("Engine gx", "gx") from error
        from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def _url(dsn: str) -> str:
    from psycopg.conninfo import conninfo_to_dict
    from sqlalchemy.engine import URL

    given = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
    names = {"user": "username", "password": "password", "dbname": "database"}
    if "," not in given.get("host", "/") and not given.get("host", "/").startswith("/"):
        names |= {"host": "host", "port": "port"}  # else they stay in the query, as libpq wants sockets and lists
    given["options"] = f"{given.get('options', '')} {_READING}".strip()
    parts: dict[str, Any] = {theirs: given.pop(ours) for ours, theirs in names.items() if ours in given}
    if "port" in parts:
        parts["port"] = int(parts["port"])
    url = URL.create("postgresql+psycopg", **parts, query=given)
    return url.render_as_string(hide_password=False)


def _run(
    context: Any,
    batch: Any,
    contract: Contract,
    rows: sql_checks.Rows,
    checks: Sequence[Check] | None,
    docs: str,
    *,
    frame: bool,
) -> Measurements:
    from great_expectations.core.expectation_suite import ExpectationSuite
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    began = time.perf_counter()
    wanted = {check.id: check for check in (contract.checks if checks is None else checks) if expectable(check)}
    values: dict[str, Measurement] = {}
    expectations = []
    for entry in suite(tuple(wanted.values()), frame=frame):
        try:
            expectations.append(ExpectationConfiguration(**entry).to_domain_obj())
        except Exception as error:  # noqa: BLE001 - what GX refuses is an error of this check alone, whatever its kind
            refused = Measurement(value=None, error=_first_line(str(error)))
            values |= dict.fromkeys(entry["meta"]["harness"], refused)
    number = 0
    plan = ExpectationSuite(name=contract.id, expectations=expectations)
    told = batch.validate(plan, result_format=RESULT_FORMAT)
    for result in told.results:
        if result.expectation_config.type == ROW_COUNT:
            number = int(result.result.get("observed_value", number))
        for name in result.expectation_config.meta["harness"]:
            values[name] = _measurement(wanted[name], result, contract, rows)
    spent = round(1000 * (time.perf_counter() - began))
    if docs:
        gx_docs.publish(context, plan, told, contract, docs)
    return Measurements(rows=number, values=values, milliseconds=spent)


def _measurement(check: Check, result: Any, contract: Contract, rows: sql_checks.Rows) -> Measurement:
    error = _raised(result.exception_info)
    if error:
        return Measurement(value=None, error=error)
    found = result.result
    if check.kind is CheckKind.CUSTOM_GX:
        return Measurement(value=int(not result.success), samples=_observation(found))
    if check.spec.metric is Metric.FAILING_ROWS:
        return Measurement(value=int(found["unexpected_count"] or 0))
    if check.spec.metric is Metric.EXCESS_ROWS:
        keys = {_key(value) for value in found.get("unexpected_list") or ()}
        return Measurement(value=int(found["unexpected_count"] or 0) - len(keys))
    value = found.get("observed_value")
    if check.kind is CheckKind.QUANTILE:
        value = value["values"][value["quantiles"].index(check.quantile)]
    value = value.item() if hasattr(value, "item") else value
    return Measurement(value=value_of(check, value, contract, rows))


def _key(value: Any) -> str:
    """A key that a row shares with others, however it is written: minus zero is zero."""
    parts = list(value.values()) if isinstance(value, Mapping) else [value]
    return json.dumps([part + 0.0 if isinstance(part, float) else part for part in parts], default=str)


def _observation(found: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """What GX saw, without a row of the data."""
    named = ("observed_value", "element_count", "unexpected_count", "unexpected_percent")
    seen = {name: plain(found[name]) for name in named if found.get(name) is not None}
    return (seen,) if seen else ()


def _raised(info: Any) -> str:
    """The first exception of an expectation that could not be run; GX has two forms of telling."""
    if not info:
        return ""
    parts = [info] if "raised_exception" in info else list(info.values())
    for part in parts:
        if isinstance(part, dict) and part.get("raised_exception"):
            return _first_line(str(part.get("exception_message") or "raised an exception"))
    return ""


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "no reason given")[:300]
