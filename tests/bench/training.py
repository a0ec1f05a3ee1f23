"""Data for models: a fine-tuning set of a table that one statement makes, a tenth of it near-duplicates."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.bench.place import Place, Timed

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: examples
version: 1.0.0
status: active
customProperties:
  - {property: harness.load, value: {mode: full}}
schema:
  - name: examples
    physicalName: public.examples
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, required: true}
      - {name: customer, logicalType: string, physicalType: text, required: true}
      - {name: question, logicalType: string, physicalType: text, required: true}
      - {name: answer, logicalType: string, physicalType: text, required: true}
"""
MADE = """
DROP TABLE IF EXISTS public.examples;
CREATE TABLE public.examples AS
SELECT n AS id, 'c' || n % 10000 AS customer,
       'Why is ' || (SELECT string_agg(md5((n - n % 10 / 9)::text || w), ' ') FROM generate_series(1, 12) w) || ' late?' || repeat('!', (n % 2)::int) AS question,
       'Since ' || (SELECT string_agg(md5((n - n % 10 / 9)::text || 'a' || w), ' ') FROM generate_series(1, 12) w) || '.' AS answer
FROM generate_series(1::bigint, {rows}) n;
ANALYZE public.examples;
"""


def fine_tuning(place: Place) -> Timed:
    """The operator's own way, from the table to the published folder."""
    import psycopg

    from airflow_provider_harness.adapters.contracts.odcs import compile_text
    from airflow_provider_harness.core.diagnosis.failure import TryKey
    from airflow_provider_harness.core.learning.fine_tuning.plan import planned
    from airflow_provider_harness.wiring.learning.fine_tuning import Order, build

    with psycopg.connect(place.dsn, autocommit=True) as connection:
        connection.execute(MADE.format(rows=place.rows).encode())
    plan = planned(
        "bench",
        {
            "form": "prompt_completion",
            "columns": {"prompt": "question", "completion": "answer"},
            "group": ["customer"],
            "labelled_at": "",
            "splits": {"train": 0.9, "test": 0.1},
            "quality": {},
            "personal_data": "mask",
            "near_duplicates": "drop",
            "similarity": 0.8,
            "max_tokens": 4096,
            "max_bad_share": 0.0,
            "seed": 1,
        },
    )
    order = Order(
        contract=compile_text(CONTRACT, "examples.odcs.yaml"),
        key=f"{datetime(2026, 1, 1, tzinfo=UTC):%Y%m%dT%H%M%SZ}",
        end="",
        conn_id="bench",
        sql="",
        path="",
        folder=f"file://{Path(place.folder)}/set",
        source="bench",
        plan=plan,
        counter="approximate",
        task=TryKey(dag_id="bench", run_id="bench", task_id="bench", map_index=-1, try_number=1),
    )

    def timed() -> int:
        manifest, _ = build(order, [])
        kept = sum(one["examples"] for one in manifest["splits"].values())
        assert manifest["rows"] == place.rows and 0.88 * place.rows < kept < 0.92 * place.rows, (place.rows, kept)
        return int(manifest["rows"])

    return timed
