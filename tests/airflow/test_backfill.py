"""Thirty days by ``airflow backfill create``, twice: each day equals the source, and late rows are counted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.demo import history
from tests.demo.breaks import Run
from tests.demo.world import HARNESS, WAREHOUSE, World

FIRST, LAST = date(2013, 1, 1), date(2013, 1, 30)


def test_thirty_days_twice(place: World, first_day: Run, dags_folder: Path) -> None:
    history.prepare(place, dags_folder)
    history.backfill(place, FIRST, LAST, 1)
    assert history.differences(place, FIRST, LAST) == {}
    history.rows_come_late(place)
    assert list(history.differences(place, FIRST, LAST)) == [history.LATE]
    history.backfill(place, FIRST, LAST, 2)
    assert history.differences(place, FIRST, LAST) == {}
    told = history.new_rows(place)
    assert len(told) == 30
    assert {key: new for key, new in told.items() if new} == {"20130115T050000Z": history.LATE_ROWS}
    with place.postgres.connect(HARNESS) as connection:
        mark = connection.execute("SELECT slice FROM harness_watermarks WHERE table_name = 'public.flights_history'")
        assert mark.fetchall() == [("20130130T050000Z",)]
        assert connection.execute("SELECT count(*) FROM harness_leases").fetchone() == (0,)
    with place.postgres.connect(WAREHOUSE) as connection:
        left = connection.execute("SELECT relname FROM pg_class WHERE relname LIKE '%\\_\\_stg\\_%'").fetchall()
        assert left == []
