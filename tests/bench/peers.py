"""Peers, each really run, at the fastest setting that its documentation has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.bench.place import Place, Timed

CONN = "bench"
"""Airflow connection of the bench's database, from the environment."""
NULL_CHECKS = ("id", "qty", "price", "status", "created_at", "uid")
SETS = {"status": ("new", "paid", "sent", "done"), "note": ("gift", "rush", "fragile")}
RANGES = {"qty": (0, 1000), "price": (0, 100000), "score": (0, 1)}
PATTERN = "^[0-9a-f]{20}$"
OLDEST = datetime.now(UTC) - timedelta(days=3650)


def _operators() -> None:
    """Let ``execute`` be called outside of a task."""
    from airflow.sdk.bases.operator import ExecutorSafeguard

    ExecutorSafeguard.test_mode = True


def postgres_to_gcs(place: Place) -> Timed:
    """PostgresToGCSOperator (google 22.8), export_format=parquet, row groups of 100,000 (its default), client-side cursor.

    The upload is a stand-in that drops the file. date, uuid and jsonb are cast to text in the query: the operator
    cannot write them.
    """
    from airflow.providers.google.cloud.hooks.gcs import GCSHook
    from airflow.providers.google.cloud.transfers.postgres_to_gcs import PostgresToGCSOperator

    _operators()
    uploaded: list[int] = []
    GCSHook.__init__ = lambda self, **_: None
    GCSHook.upload = lambda self, *_, **__: uploaded.append(1)
    columns = "id, qty, price, name, status, created_at, day::text, active, score, payload::text, note, uid::text"
    operator = PostgresToGCSOperator(
        task_id="peer",
        postgres_conn_id=CONN,
        sql=f"SELECT {columns} FROM ({place.source}) AS q",
        bucket="stand-in",
        filename="part-{}.parquet",
        export_format="parquet",
    )

    def timed() -> int:
        operator.execute({})
        assert uploaded
        return place.rows

    return timed


def generic_transfer(place: Place) -> Timed:
    """GenericTransfer (common-sql 2.4) into a logged table, insert_args executemany=True, commit_every=50,000.

    jsonb is cast to text in the query: what the hook reads it cannot write.
    """
    from airflow.providers.common.sql.operators.generic_transfer import GenericTransfer

    _operators()
    place.fresh("public.generic")
    place.execute("ALTER TABLE public.generic ALTER payload TYPE text")
    columns = "id, qty, price, name, status, created_at, day, active, score, payload::text, note, uid"
    operator = GenericTransfer(
        task_id="peer",
        sql=f"SELECT {columns} FROM ({place.source}) AS q",
        destination_table="public.generic",
        source_conn_id=CONN,
        destination_conn_id=CONN,
        insert_args={"executemany": True, "commit_every": 50_000},
    )

    def timed() -> int:
        operator.execute({})
        [(rows,)] = place.execute("SELECT count(*) FROM public.generic")
        assert rows == place.rows
        return place.rows

    return timed


def airflow_checks(place: Place) -> Timed:
    """SQLColumnCheckOperator and SQLTableCheckOperator (common-sql 2.4): the twenty checks in one statement each."""
    from airflow.providers.common.sql.operators.sql import SQLColumnCheckOperator, SQLTableCheckOperator

    _operators()
    columns: dict[str, dict[str, Any]] = {name: {"null_check": {"equal_to": 0}} for name in NULL_CHECKS}
    columns.setdefault("score", {})
    columns["id"]["unique_check"] = {"equal_to": 0}
    columns["status"]["distinct_check"] = {"equal_to": 4}
    checks = {f"{name}_range": f"SUM(CASE WHEN {name} < {low} OR {name} > {high} THEN 1 ELSE 0 END) = 0"
              for name, (low, high) in RANGES.items()}  # fmt: skip
    checks |= {f"{name}_set": f"SUM(CASE WHEN {name} NOT IN {values} THEN 1 ELSE 0 END) = 0"
               for name, values in SETS.items()}  # fmt: skip
    checks |= {
        "name_pattern": f"SUM(CASE WHEN name !~ '{PATTERN}' THEN 1 ELSE 0 END) = 0",
        "row_count": "COUNT(*) > 0",
        "fresh": f"MAX(created_at) > '{OLDEST}'",
        "mean": "AVG(price) BETWEEN 1 AND 100000",
        "null_rate": "SUM(CASE WHEN note IS NULL THEN 1 ELSE 0 END) <= 0.6 * COUNT(*)",
        "foreign_key": "SUM(CASE WHEN qty NOT IN (SELECT id FROM public.dim) THEN 1 ELSE 0 END) = 0",
        "composite": "COUNT(*) = COUNT(DISTINCT (name, created_at))",
    }
    del columns["score"]
    assert len(columns) + 2 + len(checks) == 20
    operators = [
        SQLColumnCheckOperator(task_id="columns", conn_id=CONN, table="public.src", column_mapping=columns),
        SQLTableCheckOperator(
            task_id="table",
            conn_id=CONN,
            table="public.src",
            checks={name: {"check_statement": statement} for name, statement in checks.items()},
        ),
    ]

    def timed() -> int:
        for operator in operators:
            operator.execute({})
        return place.rows

    return timed


def _expectations() -> list[Any]:
    from great_expectations import expectations as gx

    foreign = "SELECT qty FROM {batch} WHERE qty NOT IN (SELECT id FROM public.dim)"
    return [
        *(gx.ExpectColumnValuesToNotBeNull(column=name) for name in NULL_CHECKS),
        gx.ExpectColumnValuesToNotBeNull(column="note", mostly=0.4),
        *(gx.ExpectColumnValuesToBeBetween(column=n, min_value=a, max_value=b) for n, (a, b) in RANGES.items()),
        *(gx.ExpectColumnValuesToBeInSet(column=name, value_set=list(values)) for name, values in SETS.items()),
        gx.ExpectColumnValuesToMatchRegex(column="name", regex=PATTERN),
        gx.ExpectColumnValuesToBeUnique(column="id"),
        gx.ExpectCompoundColumnsToBeUnique(column_list=["name", "created_at"]),
        gx.ExpectTableRowCountToBeBetween(min_value=1),
        gx.ExpectColumnMaxToBeBetween(column="created_at", min_value=OLDEST),
        gx.ExpectColumnMeanToBeBetween(column="price", min_value=1, max_value=100000),
        gx.ExpectColumnUniqueValueCountToBeBetween(column="status", min_value=4, max_value=4),
        gx.UnexpectedRowsExpectation(unexpected_rows_query=foreign),
    ]


def great_expectations(place: Place) -> Timed:
    """Great Expectations 1.24 on PostgreSQL, result_format=BOOLEAN_ONLY; context and batch are made before the clock."""
    import warnings

    import great_expectations as gx

    warnings.simplefilter("ignore")
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_postgres(
        name="bench", connection_string=place.dsn.replace("postgresql:", "postgresql+psycopg:")
    )
    asset = source.add_table_asset(name="src", table_name="src", schema_name="public")
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    wanted = _expectations()
    assert len(wanted) == 20
    suite = gx.ExpectationSuite(name="twenty", expectations=wanted)

    def timed() -> int:
        found = batch.validate(suite, result_format="BOOLEAN_ONLY")
        assert found.success, [r.expectation_config.type for r in found.results if not r.success]
        return place.rows

    return timed


SETTINGS: dict[str, Callable[[Place], Timed]] = {
    "postgres_to_gcs": postgres_to_gcs,
    "generic_transfer": generic_transfer,
    "airflow_checks": airflow_checks,
    "great_expectations": great_expectations,
}
