"""Training sets: our point-in-time join on two times, and the same by hand."""

from __future__ import annotations

from typing import Any

from tests.bench.place import Place, Timed

VALUES = 100
"""Rows of features of one entity; there are ten times as many of them as requests."""
TABLES = """
CREATE TABLE public.bench_scores AS
SELECT n / {values} AS who, timestamptz '2026-01-01 00:00+00' + (n %% {values}) * interval '6 hours' AS since,
       timestamptz '2026-01-01 00:00+00' + (n %% {values}) * interval '6 hours' + (n * 7919 %% 100) * interval '1 hour' AS known,
       n %% 1000 AS score, 'word ' || n %% 100 AS word
FROM generate_series(0, {rows}::bigint - 1) AS n;
ALTER TABLE public.bench_scores ADD PRIMARY KEY (who, since, known);
CREATE TABLE public.bench_requests AS
SELECT n AS id, n * 104729 %% ({rows} / {values}) AS who, timestamptz '2026-01-02 00:00+00' + (n * 7919 %% 40000) * interval '1 minute' AS at, n %% 2 AS label
FROM generate_series(0, {rows}::bigint / 10 - 1) AS n;
VACUUM (ANALYZE, FREEZE) public.bench_scores, public.bench_requests
"""
BY_HAND = """
SELECT r.id, r.who, r.at, r.label, f.score, f.word, f.known, f.since
FROM public.bench_requests AS r
LEFT JOIN LATERAL (
  SELECT s.score, s.word, s.known, s.since FROM public.bench_scores AS s
  WHERE s.who = r.who AND s.since <= r.at AND s.known <= r.at ORDER BY s.since DESC, s.known DESC LIMIT 1
) AS f ON TRUE
"""
MADE = "id bigint, who bigint, at timestamptz, label bigint, score bigint, word text, features_known_at timestamptz, features_event_at timestamptz"
_CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: {name}
version: 1.0.0
status: active
schema:
  - name: {name}
    properties:
{columns}
customProperties:
  - {{property: {setting}, value: {value}}}
"""
_LOGICAL = {"bigint": "integer", "text": "string", "timestamptz": "timestamp"}


def _contract(name: str, columns: str, setting: str, value: str) -> Any:
    from airflow_provider_harness.adapters.contracts.odcs import compile_text

    listed = (one.split() for one in columns.split(", "))
    lines = "\n".join(
        f"      - {{name: {c}, logicalType: {_LOGICAL[kind]}, physicalType: {kind}}}" for c, kind in listed
    )
    return compile_text(_CONTRACT.format(name=name, columns=lines, setting=setting, value=value), f"{name}.odcs.yaml")


def _filled(place: Place) -> None:
    """The tables, made once for a run's rows, and an empty table for the answer."""
    found = place.execute("SELECT to_regclass('public.bench_scores') IS NOT NULL")
    if found == [(False,)] or place.execute("SELECT count(*) FROM public.bench_scores") != [(place.rows,)]:
        place.execute("DROP TABLE IF EXISTS public.bench_scores, public.bench_requests")
        for statement in TABLES.format(rows=place.rows, values=VALUES).replace("%%", "%").split(";\n"):
            place.execute(statement)
    place.execute("DROP TABLE IF EXISTS public.bench_learned")
    place.execute(f"CREATE UNLOGGED TABLE public.bench_learned ({MADE})")


def _inserted(place: Place, query: str) -> Timed:
    return lambda: place.execute(
        f"WITH made AS (INSERT INTO public.bench_learned {query} RETURNING 1) SELECT count(*) FROM made"
    )[0][0]


def by_hand(place: Place) -> Timed:
    """A hand-written LATERAL, by the index of the primary key."""
    _filled(place)
    return _inserted(place, BY_HAND)


def ours(place: Place) -> Timed:
    """The query of ``TrainingSetOperator``, in the form that it chooses; choosing is timed."""
    from airflow_provider_harness.adapters.learning import indexes, point_in_time

    _filled(place)
    values = "{version: 1, entity: [who], eventTime: since, knownAt: known}"
    columns = "who bigint, since timestamptz, known timestamptz, score bigint, word text"
    scores = _contract("bench_scores", columns, "harness.features", values)
    sets = "{version: 1, requests: public.bench_requests, time: at, features: [{contract: f, version: 1, take: [score, word]}]}"
    learned = _contract("bench_learned", MADE, "harness.trainingSet", sets)
    take = tuple((name, name) for name in scores.features.features)
    source = point_in_time.Source(
        table="public.bench_scores", contract=scores, features=scores.features, entity=(("who", "who"),), take=take
    )

    def timed() -> int:
        lookup = indexes.looked_up(place.dsn, "bench", [source])
        return _inserted(
            place, point_in_time.query(learned, learned.training_set, [source], "postgres", lookup=lookup)
        )()

    return timed
