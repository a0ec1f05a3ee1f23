"""Whether a search among past incidents names a cause better than the rules do: ``python -m tests.evaluation.retrieval``.

The library is every labelled set but the last two; the questions are those of ``stranger``. A past incident answers with its own category.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.diagnosis.evaluate import SETS, answer, cases

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: past
version: 1.0.0
status: active
schema:
  - name: past
    physicalName: public.past_index
    properties:
      - {name: id, logicalType: string, physicalType: text, primaryKey: true, classification: public}
      - {name: text, logicalType: string, physicalType: text, required: true, classification: public}
      - {name: category, logicalType: string, physicalType: text, required: true, classification: public}
"""
LIBRARY, ASKED = SETS[:-1], SETS[-1]


def _index(dsn: str) -> None:
    import psycopg

    from airflow_provider_harness.adapters.contracts.odcs import compile_text
    from airflow_provider_harness.core.diagnosis.failure import TryKey
    from airflow_provider_harness.wiring.learning.retrieval import Model, Order, index

    rows = {f"{name}/{case['id']}": (case["log_excerpt"], case["category"]) for name in LIBRARY for case in cases(name)}
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.past (id text, text text, category text)")
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO public.past VALUES (%s, %s, %s)", [(key, *row) for key, row in rows.items()]
            )
    index(
        compile_text(CONTRACT, "past.odcs.yaml"),
        "20260101T000000Z",
        Order(source_conn_id="past", source_table="public.past"),
        Model(name="wordllama").embedder(),
        conn_id="past",
        run="r",
        task=TryKey(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=1),
        running=[],
    )


def _found(case: Any, by: str) -> list[str]:
    """The categories of the five past incidents that are nearest to a log's end, where its error stands."""
    from airflow_provider_harness.retrieval import search

    rows = search(
        case["log_excerpt"][-1200:], conn_id="past", table="public.past_index", model="wordllama", by=by, limit=5
    )
    return [str(one.fields["category"]) for one in rows]


def main() -> None:
    """Print the share of right categories: of the rules, and of the nearest past incidents."""
    from airflow_provider_harness.testing.postgres import EmbeddedPostgres

    home = Path(tempfile.mkdtemp())
    os.environ |= {"AIRFLOW_HOME": str(home), "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"}
    with EmbeddedPostgres(home / "postgres") as embedded:
        embedded.server.ensure_database("past")
        os.environ["AIRFLOW_CONN_PAST"] = embedded.server.airflow_connection("past")
        _index(embedded.server.url("past"))
        asked = cases(ASKED)
        right = sum(answer(case["log_excerpt"], case["system"]).category == case["category"] for case in asked)
        unknown = [c for c in asked if answer(c["log_excerpt"], c["system"]).category == "unknown"]
        print(f"rules: {right} of {len(asked)}; unknown to them: {len(unknown)}")
        for by in ("vector", "keyword", "hybrid"):
            found = {case["id"]: _found(case, by) for case in asked}
            first = sum(found[case["id"]][:1] == [case["category"]] for case in asked)
            most = sum(Counter(found[c["id"]]).most_common(1)[0][0] == c["category"] for c in asked if found[c["id"]])
            among = sum(case["category"] in found[case["id"]] for case in asked)
            helped = sum(found[case["id"]][:1] == [case["category"]] for case in unknown)
            print(
                f"{by}: first {first}, most of five {most}, among five {among}; of those unknown to the rules {helped}"
            )


if __name__ == "__main__":
    main()
