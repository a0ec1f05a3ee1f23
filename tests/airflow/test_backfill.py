"""Four days by hand, by every kind of ``airflow backfill create`` and by a clear: each equals the source, late rows count."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.demo import history
from tests.demo.breaks import Run, trigger
from tests.demo.world import HARNESS, WAREHOUSE, World

FIRST, LAST = date(2013, 1, 13), date(2013, 1, 16)
DAYS = 4


@pytest.mark.slow
def test_four_days_twice(place: World, first_day: Run, dags_folder: Path) -> None:
    history.prepare(place, dags_folder)
    by_hand = trigger(place, history.DAG_ID, FIRST, "by_hand")
    place.stack.wait_run(by_hand.dag_id, by_hand.run_id, timeout=120)
    assert history.differences(place, FIRST, FIRST) == {}
    history.backfill(place, FIRST, LAST, "none", {1: DAYS})  # the day that ran by hand has one try like the others
    assert history.differences(place, FIRST, LAST) == {}
    history.rows_come_late(place)
    assert list(history.differences(place, FIRST, LAST)) == [history.LATE]
    history.backfill(place, FIRST, LAST, "completed", {2: DAYS})
    assert history.differences(place, FIRST, LAST) == {}
    told = history.new_rows(place)
    assert len(told) == DAYS
    assert {key: new for key, new in told.items() if new} == {"20130115T050000Z": history.LATE_ROWS}
    history.fail(place, LAST)
    history.backfill(place, FIRST, LAST, "failed", {2: DAYS - 1, 3: 1})
    history.clear(place, history.LATE)
    assert history.differences(place, FIRST, LAST) == {}
    with place.postgres.connect(HARNESS) as connection:
        mark = connection.execute("SELECT slice FROM harness_watermarks WHERE table_name = 'public.flights_history'")
        assert mark.fetchall() == [("20130116T050000Z",)]
        assert connection.execute("SELECT count(*) FROM harness_leases").fetchone() == (0,)
    with place.postgres.connect(WAREHOUSE) as connection:
        left = connection.execute("SELECT relname FROM pg_class WHERE relname LIKE '%\\_\\_stg\\_%'").fetchall()
        assert left == []
