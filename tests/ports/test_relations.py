"""Which tables a warehouse has, as its catalog says to its user."""

from __future__ import annotations

import uuid

from airflow_provider_harness.adapters.learning.relations import of_bigquery, of_postgres
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer


def test_postgresql_lists_what_its_user_may_read_and_none_of_our_own(postgres: PostgresServer, database: str) -> None:
    role = f"reader_{uuid.uuid4().hex[:8]}"
    with postgres.connect(database) as connection:
        connection.execute(
            f"""
            CREATE TABLE a (x int) PARTITION BY LIST (x); CREATE TABLE a1 PARTITION OF a FOR VALUES IN (1);
            CREATE VIEW v AS SELECT x FROM a; CREATE TABLE hidden (x int); CREATE TABLE "odd Name" (x int);
            CREATE TABLE a__quarantine (x int); CREATE TABLE a__stg_20130101 (x int);
            CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}; REVOKE SELECT ON hidden FROM {role}
            """.encode()
        )
    dsn = f"{postgres.url(database)}?options=-crole%3D{role}"
    assert of_postgres(dsn) == ["public.a", "public.odd Name", "public.v"]
    with postgres.connect(database) as connection:
        connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_bigquery_lists_the_tables_of_each_dataset(bigquery: BigQueryServer) -> None:
    name = f"lists_{uuid.uuid4().hex[:8]}"
    bigquery.ensure_dataset(name)
    client = bigquery.client()
    for table in ("t", "t__quarantine"):
        client.query(f"CREATE TABLE {name}.{table} AS SELECT 1 AS n").result()
    assert [one for one in of_bigquery(client) if one.startswith(f"{name}.")] == [f"{name}.t"]
    bigquery.drop_dataset(name)
