"""Documents of ten passages each in an index of vectors: filled, brought up to date after one change, and searched with a filter."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from tests.bench.place import Place, Timed

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: pages
version: 1.0.0
status: active
schema:
  - name: pages
    physicalName: public.index_of_pages
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, classification: public}
      - {name: text, logicalType: string, physicalType: text, required: true, classification: public}
      - {name: team, logicalType: integer, physicalType: integer, required: true, classification: public}
"""
PASSAGES, WORDS, VOCABULARY, TEAMS, DIMENSIONS = 10, 40, 5000, 20, 256
MADE = f"""
DROP TABLE IF EXISTS public.pages_{{rows}};
CREATE TABLE public.pages_{{rows}} AS
SELECT n AS id, (SELECT string_agg('## part ' || p || E'\\n\\n' || (
         SELECT string_agg('w' || ((hashint8(n * 1000 + p * 50 + w)::bigint & 2147483647) % {VOCABULARY}), ' ') FROM generate_series(1, {WORDS}) w),
       E'\\n\\n') FROM generate_series(1, {PASSAGES}) p) AS text, (n % {TEAMS})::integer AS team
FROM generate_series(1::bigint, {{documents}}) n
"""
SEARCHES = 200


class WordVectors:
    """Implements ``app.ports.learning.Embedder``: the sum of random vectors, one for each word, so that it costs next to nothing."""

    model, version, batch = "word-vectors", "1", 512

    def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        import numpy as np

        rows = [_vectors()[[int(word) for word in re.findall(r"\bw(\d+)", text)] or [0]].sum(0) for text in texts]
        found: Sequence[Sequence[float]] = (np.array(rows) / np.linalg.norm(rows, axis=1, keepdims=True)).tolist()
        return found


@cache
def _vectors() -> Any:
    import numpy as np

    return np.random.default_rng(1).standard_normal((VOCABULARY, DIMENSIONS)).astype("float32")


def _index(place: Place, run: str) -> dict[str, int]:
    """What the operator's own way did."""
    from airflow_provider_harness.adapters.contracts.odcs import compile_text
    from airflow_provider_harness.core.diagnosis.failure import TryKey
    from airflow_provider_harness.wiring.learning.retrieval import Order, index

    contract = compile_text(CONTRACT, "pages.odcs.yaml").at(_table(place))
    order = Order(source_conn_id="bench", source_table=f"public.pages_{place.rows}")
    task = TryKey(dag_id="bench", run_id=run, task_id="bench", map_index=-1, try_number=1)
    done, tally, _ = index(
        contract, "20260101T000000Z", order, WordVectors(), conn_id="bench", run=run, task=task, running=[]
    )
    return {"passages": done.passages, "embedded": tally.embedded, "reused": tally.reused}


def _table(place: Place) -> str:
    """Each size has an index of its own."""
    return f"public.index_of_{place.rows}"


def _made(place: Place) -> None:
    table = _table(place)
    place.execute(f"DROP VIEW IF EXISTS {table}__passages, {table}; DROP TABLE IF EXISTS {table}__index")
    old = f"SELECT relname FROM pg_class WHERE relname ~ '^index_of_{place.rows}__' AND relkind = 'r'"
    for (name,) in place.execute(old):
        place.execute(f"DROP TABLE IF EXISTS public.{name} CASCADE")
    place.execute(MADE.format(rows=place.rows, documents=place.rows // PASSAGES))


def filled(place: Place) -> Timed:
    """All passages into a new index."""
    _made(place)
    return lambda: _index(place, "fill")["passages"]


def _ready(place: Place) -> None:
    """An index of all passages, which the scenario before may have left."""
    [(there,)] = place.execute(f"SELECT to_regclass('{_table(place)}__passages') IS NOT NULL")
    if not there or place.execute(f"SELECT count(*) FROM {_table(place)}__passages") != [(place.rows,)]:
        _made(place)
        _index(place, "fill")


def changed(place: Place) -> Timed:
    """One word of one document is another now."""
    _ready(place)
    word = f"w{random.SystemRandom().randrange(VOCABULARY)}"
    place.execute(
        rf"UPDATE public.pages_{place.rows} SET text = regexp_replace(text, 'w\d+$', '{word} {word}') WHERE id = 7"
    )

    import airflow.sdk.execution_time.task_runner  # noqa: F401  # every task has it before its operator begins

    def timed() -> int:
        did = _index(place, "change")
        assert did == {"passages": place.rows, "embedded": 1, "reused": PASSAGES - 1}, did
        return did["passages"]

    return timed


def searched(figure: Callable[[list[float], float], float]) -> Callable[[Place], Timed]:
    """Searches by vector and by keyword among the documents of one team in twenty, by one connection.

    :param figure: what is told of the seconds of each, and of the share of the nearest ten that were found.
    """

    def make(place: Place) -> Timed:
        from airflow_provider_harness.retrieval import searching

        _ready(place)
        dice, model = random.Random(7), WordVectors()
        texts = [text for (text,) in place.execute(f"SELECT text FROM public.pages_{place.rows} ORDER BY id LIMIT 50")]
        asked = [" ".join(dice.sample(re.findall(r"w\d+", dice.choice(texts)), 6)) for _ in range(SEARCHES)]

        def timed() -> int:
            with searching(conn_id="bench", table=_table(place), embedder=model) as search:
                return measured(search)

        def measured(search: Any) -> int:
            def found(question: str, team: int, **more: Any) -> list[tuple[str, int]]:
                return [(one.document, one.start) for one in search(question, where={"team": team}, **more)]

            found(asked[0], 0)
            seconds = []
            for number, question in enumerate(asked):
                began = time.perf_counter()
                assert len(found(question, number % TEAMS)) == 10
                seconds.append(time.perf_counter() - began)
            met = 0
            for number, question in enumerate(asked[:50]):
                near = found(question, number % TEAMS, by="vector")
                met += len(set(near) & set(found(question, number % TEAMS, by="vector", exact=True)))
            return round(figure(sorted(seconds), met / 500))

        return timed

    return make


slowest_twentieth = searched(lambda seconds, _: 1000 * seconds[int(len(seconds) * 0.95)])
nearest_found = searched(lambda _, share: 1000 * share)
