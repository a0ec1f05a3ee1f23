"""Feature tables and training sets as tasks publish them: gated, made again, refused with the place, and served as they were learned."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_harness.adapters.store.engine import open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.cli.learning.features import features_list, features_show
from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation, HarnessUnavailable
from airflow_provider_harness.core.learning.registry import read
from airflow_provider_harness.core.lineage.graph import Transformation
from airflow_provider_harness.features import get_online_features
from airflow_provider_harness.patterns import Engine
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring.learning.features import registry
from tests.ports.features_case import REQUESTS, VALUES, features_text, request, training_text, value
from tests.ports.operators_case import Extras, dag, run
from tests.ports.sql_patterns_case import Row, Table, at, ordered
from tests.ports.targets import BigQueryTarget, PostgresTarget, Target

__all__ = ["dag"]
NAME = "features_published"
RAW = [value("1", "1", 10), value("2", "4", 20), value("1", "1", 5, who="b")]
ASKED = [request(1, at("3")), request(2, at("3"), "b"), request(3, at("3"), "c")]
LEARNED = [(1, 10, "w"), (2, 5, "w"), (3, None, None)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A warehouse with values as their source has them, and requests."""

    target: Target
    conn_id: str
    folder: Path
    dag: Any

    def fill(self, values: Sequence[Row] = RAW, requests: Sequence[Row] = ASKED) -> None:
        for name in ("raw", "requests", "scores", "online", "learned"):
            self.target.run(f"DROP TABLE IF EXISTS {self.target.home}.{name}")
        self.add("raw", VALUES, values)
        self.add("requests", REQUESTS, requests)
        self.contracts()

    def add(self, name: str, columns: dict[str, str], rows: Sequence[Row]) -> None:
        engine = Engine.BIGQUERY if isinstance(self.target, BigQueryTarget) else Engine.POSTGRES
        made = Table(columns=columns, rows=rows).sql(engine)
        there = f"{self.target.home}.{name}"
        if self.target.exists(name):
            self.target.run(f"INSERT INTO {there} {made}")
        else:
            self.target.run(f"CREATE TABLE {there} AS {made}")

    def contracts(self, *, features: dict[str, Any] | None = None, training: dict[str, Any] | None = None) -> None:
        home = self.target.home
        given = {"home": home, "slice_column": "known", "public": ["who", "since"], **(features or {})}
        (self.folder / "scores.odcs.yaml").write_text(features_text(**given))
        given = {"home": home, "slice_column": "at", "key": ["id"], "public": ["id", "at"], **(training or {})}
        (self.folder / "learned.odcs.yaml").write_text(training_text(**given))

    def publish(self, day: int) -> dict[str, Any]:
        from airflow_provider_harness.operators import FeatureTableOperator

        bounds = "known >= %(slice_start)s AND known < %(slice_end)s"
        sql = f"SELECT who, since, known, score, word FROM {self.target.home}.raw WHERE {bounds}"
        found: dict[str, Any] = run(self.task(FeatureTableOperator, "scores", sql=sql), _context(day))
        return found

    def learn(self, day: int = 3) -> dict[str, Any]:
        found: dict[str, Any] = run(self.learner(), _context(day))
        return found

    def learner(self) -> Any:
        from airflow_provider_harness.operators import TrainingSetOperator

        return self.task(TrainingSetOperator, "learned")

    def task(self, kind: Any, name: str, *, table: str = "", **more: Any) -> Any:
        return kind(
            task_id=f"t{len(self.dag.task_dict)}",
            contract=str(self.folder / f"{name}.odcs.yaml"),
            conn_id=self.conn_id,
            table=f"{self.target.home}.{table or name}",
            dag=self.dag,
            **more,
        )

    def validate(self, name: str, day: int = 3, table: str = "") -> Any:
        from airflow_provider_harness.operators import ValidateOperator

        return run(self.task(ValidateOperator, name, table=table), _context(day))

    def rows(self, name: str, columns: Sequence[str]) -> list[Row]:
        return ordered(self.target.run(f"SELECT {', '.join(columns)} FROM {self.target.home}.{name}"))


def _context(day: int) -> dict[str, Any]:
    start = at("1") + timedelta(days=day - 1)
    end = start + timedelta(days=1)
    bounds = {"data_interval_start": start, "data_interval_end": end, "logical_date": start}
    run_of = SimpleNamespace(partition_key=None, run_type="scheduled", **bounds)
    ti = SimpleNamespace(dag_id="d", run_id=f"scheduled__{day}", task_id="t", map_index=-1, try_number=1)
    _context.tries += 1  # type: ignore[attr-defined]
    ti.try_number = _context.tries  # type: ignore[attr-defined]
    return {"dag_run": run_of, "run_id": ti.run_id, "outlet_events": Extras(), "ti": ti}


_context.tries = 0  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A harness store with nothing in it."""
    file = tmp_path_factory.mktemp("store") / "harness.db"
    engine = open_engine(f"sqlite:///{file}")
    upgrade(engine)
    engine.dispose()
    return file


@pytest.fixture
def home(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    shutil.copy(store, tmp_path / "harness.db")
    return tmp_path


@pytest.fixture
def place(postgres: PostgresServer, home: Path, monkeypatch: pytest.MonkeyPatch, dag: Any) -> Place:
    postgres.ensure_database(NAME)
    monkeypatch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection(NAME))
    made = Place(target=PostgresTarget(dsn=postgres.url(NAME)), conn_id="wh", folder=home, dag=dag)
    made.fill()
    return made


def _refused(work: Any) -> str:
    with pytest.raises((AirflowFailException, ContractViolation, ConfigurationError)) as caught:
        work()
    return str(caught.value)


def test_a_set_is_made_of_features_that_were_published_by_slices(place: Place) -> None:
    for day in (4, 1, 2, 3, 1):
        place.publish(day)
    learner = place.learner()
    told = run(learner, _context(3))
    assert (told["rows"], told["new"]) == (3, 3)
    assert place.rows("learned", ("id", "score", "word")) == ordered(LEARNED)
    assert ("ROW_NUMBER" in learner.sql, "LATERAL" in learner.sql) == (True, False)
    assert place.learn()["before"] == 3


def test_a_table_with_an_index_by_entity_and_event_time_is_looked_up(place: Place) -> None:
    place.contracts(features={"key": ["who", "since", "known"]})
    place.publish(1)
    learner = place.learner()
    run(learner, _context(3))
    assert ("ROW_NUMBER" in learner.sql, "LATERAL" in learner.sql) == (False, True)
    assert place.rows("learned", ("id", "score", "word")) == ordered(LEARNED)


def test_its_lineage_is_that_of_its_definition(place: Place) -> None:
    learner = place.learner()
    learner.render_template_fields(_context(3))
    edges = learner._lineage_edges()
    found = {(e.source.name.rpartition(".")[2], e.source_column, e.target_column, e.how) for e in edges}
    assert ("scores", "score", "score", Transformation.IDENTITY) in found
    assert ("requests", "label", "label", Transformation.IDENTITY) in found
    assert ("scores", "known", "features_known_at", Transformation.TRANSFORMATION) in found
    assert ("scores", "known", "", Transformation.JOIN) in found
    assert {one.name.rpartition(".")[2] for one in learner._lineage_inputs()} == {"requests", "scores"}


def test_a_backfill_that_adds_corrections_changes_no_row(place: Place) -> None:
    for day in (1, 2, 3, 4):
        place.publish(day)
    place.learn()
    place.add("raw", VALUES, [value("1", "5", 99), value("2", "5", 98)])
    for day in (1, 2, 3, 4, 5):
        place.publish(day)
    assert place.learn()["rows"] == 3
    assert place.rows("learned", ("id", "score", "word")) == ordered(LEARNED)


def test_features_that_were_changed_in_place_are_refused_with_the_row_and_what_was_published_stays(
    place: Place,
) -> None:
    for day in (1, 2, 3, 4):
        place.publish(day)
    place.learn()
    place.target.run("UPDATE scores SET score = 77 WHERE who = 'a'")
    said = _refused(place.learn)
    assert "training_set:rows_hash" in said
    assert "1 published rows have other features now (id 1, at 2026-01-03" in said
    assert place.rows("learned", ("id", "score", "word")) == ordered(LEARNED)
    place.contracts(training={"version": 2})
    assert place.learn()["rows"] == 3  # another version may have other rows
    assert place.rows("learned", ("id", "score"))[0] == (1, 77)


def test_a_set_that_is_published_as_a_whole_is_held_to_its_last_run(place: Place) -> None:
    place.contracts(training={"slice_column": ""})
    place.publish(1)
    place.learn(3)
    place.target.run("UPDATE scores SET score = 77 WHERE who = 'a'")
    assert "1 published rows have other features now (id 1" in _refused(lambda: place.learn(4))


def test_a_new_request_is_no_other_answer(place: Place) -> None:
    place.publish(1)
    place.learn()
    place.add("requests", REQUESTS, [request(4, at("3 10:00"), "b")])
    assert place.learn()["rows"] == 4


def test_a_label_from_the_future_is_refused_with_its_row(place: Place) -> None:
    place.contracts(training={"labels": True})
    place.publish(1)
    place.learn()
    late = datetime.now(UTC) + timedelta(days=2)
    place.add("requests", REQUESTS, [(9, "a", at("3 09:00"), 1, late)])
    said = _refused(place.learn)
    assert "training_set:labels_from_the_future" in said
    assert "1 labels from the future (id 9, at 2026-01-03" in said
    assert len(place.rows("learned", ("id",))) == 3


def test_rows_that_no_classification_lets_show_are_counted_and_not_shown(place: Place) -> None:
    place.contracts(training={"labels": True, "public": []})
    place.add("requests", REQUESTS, [(9, "a", at("3 09:00"), 1, datetime.now(UTC) + timedelta(days=2))])
    place.publish(1)
    assert "1 labels from the future (no column that names them is classified public" in _refused(place.learn)


@pytest.mark.parametrize("sliced", [True, False], ids=["sliced", "whole"])
def test_a_new_request_hides_no_feature_that_was_changed_in_place(place: Place, sliced: bool) -> None:
    place.contracts(training={} if sliced else {"slice_column": ""})
    place.publish(1)
    place.learn()
    place.target.run("UPDATE scores SET score = 77 WHERE who = 'a'")
    place.add("requests", REQUESTS, [request(4, at("3 10:00"), "b")])
    assert "1 published rows have other features now (id 1, at 2026-01-03" in _refused(place.learn)
    place.target.run("UPDATE requests SET label = 9 WHERE id = 1")
    assert place.learn()["rows"] == 4  # the changed row is asked for otherwise, so it is not a row of before


def test_requests_that_are_alike_are_counted_one_by_one(place: Place) -> None:
    place.fill(requests=[request(1, at("3")), request(1, at("3")), request(2, at("3"), "b")])
    place.contracts(training={"key": []})
    place.publish(1)
    place.learn()
    place.target.run("DELETE FROM requests WHERE ctid IN (SELECT min(ctid) FROM requests WHERE id = 1)")
    assert place.learn()["rows"] == 2
    place.target.run("UPDATE scores SET score = score + 1")
    assert "2 published rows have other features now" in _refused(place.learn)


@pytest.mark.parametrize(
    "values", [{"a": 1, "b": 0, "c": 1}, {"a": 7, "b": 8, "c": 7}], ids=["the same", "another word for it"]
)
def test_a_feature_that_is_the_label_is_refused(place: Place, values: dict[str, int]) -> None:
    truth = {"a": 1, "b": 0, "c": 1}
    place.fill(
        values=[value("1", "1", score, who=who) for who, score in values.items()],
        requests=[request(n, at("3"), "abc"[n % 3], label=truth["abc"[n % 3]]) for n in range(12)],
    )
    place.publish(1)
    assert place.learn()["rows"] == 12  # nobody said which column is the label
    text = (place.folder / "learned.odcs.yaml").read_text()
    (place.folder / "learned.odcs.yaml").write_text(text.replace("time: at,", "time: at, label: label,"))
    assert "training_set:no_label:score" in _refused(place.learn)
    place.target.run("UPDATE requests SET label = 1 - label WHERE id = 0")
    assert place.learn()["rows"] == 12  # it tells something of the label, and is not the label


def test_a_label_that_nobody_knew_at_any_time_is_refused(place: Place) -> None:
    place.contracts(training={"labels": True})
    text = (place.folder / "learned.odcs.yaml").read_text()
    (place.folder / "learned.odcs.yaml").write_text(text.replace("time: at,", "time: at, label: label,"))
    place.publish(1)
    place.add("requests", REQUESTS, [(8, "a", at("3 09:00"), None, None), (9, "a", at("3 09:00"), 1, None)])
    assert "1 labels from the future or of no time (id 9" in _refused(place.learn)


@pytest.mark.parametrize(
    ("table", "name"), [("requests", "at"), ("scores", "since"), ("scores", "known")], ids=lambda one: str(one)
)
@pytest.mark.parametrize("kind", ["timestamp", "date"])
def test_a_time_that_is_none_in_the_table_is_refused_whatever_the_contract_says(
    place: Place, table: str, name: str, kind: str
) -> None:
    place.publish(1)
    place.target.run(f"ALTER TABLE {table} ALTER {name} TYPE {kind}")
    assert f"public.{table}.{name}: is {kind}" in _refused(place.learn)


def test_a_column_that_the_requests_lack_is_named(place: Place) -> None:
    place.publish(1)
    place.target.run("ALTER TABLE requests RENAME label TO outcome")
    assert "table public.requests: has no column label. Valid: id, who, at, outcome" in _refused(place.learn)


@pytest.mark.parametrize("kind", ["bytea", "interval", "uuid", "point"])
def test_values_of_any_type_decide_a_tie(place: Place, kind: str) -> None:
    told = {"bytea": "'\\x00ff'", "interval": "'1 day'", "uuid": f"'{'0' * 32}'", "point": "'(1,2)'"}[kind]
    place.publish(1)
    for name in ("scores", "learned"):
        text = (place.folder / f"{name}.odcs.yaml").read_text()
        kinds = "name: word, logicalType: string, physicalType: "
        (place.folder / f"{name}.odcs.yaml").write_text(text.replace(f"{kinds}text", f"{kinds}{kind}"))
    place.target.run(f"ALTER TABLE scores ALTER word TYPE {kind} USING {told}::{kind}")
    learner = place.learner()
    learner.render_template_fields(_context(3))
    made = learner.sql.replace("%(slice_start)s", "'2026-01-01'").replace("%(slice_end)s", "'2027-01-01'")
    assert len(place.target.run(f"SELECT score FROM ({made}) AS q")) == 3


def test_requests_of_one_key_and_time_keep_their_rows(place: Place) -> None:
    place.fill(requests=[*ASKED, request(1, at("3")), request(1, at("3"))])
    place.contracts(training={"key": []})
    place.publish(1)
    assert place.learn()["rows"] == 5
    assert place.rows("learned", ("id", "score")).count((1, 10)) == 3


def test_a_set_whose_rows_were_lost_or_leak_fails_its_own_contract(place: Place) -> None:
    place.publish(1)
    place.learn()
    place.validate("learned")
    place.target.run("UPDATE learned SET features_known_at = at + INTERVAL '1 second' WHERE id = 1")
    assert "training_set:known_in_time" in _refused(lambda: place.validate("learned"))
    place.learn()
    place.target.run("DELETE FROM learned WHERE id = 2")
    assert "training_set:one_row_a_request" in _refused(lambda: place.validate("learned"))


def test_values_of_the_same_key_and_times_are_refused_with_their_place(place: Place) -> None:
    place.publish(1)
    place.add("raw", VALUES, [value("1", "1", 11)])
    said = _refused(lambda: place.publish(1))
    assert "unique:who,since,known" in said
    assert len(place.rows("scores", ("who",))) == 2


def test_a_version_that_is_defined_otherwise_is_refused(place: Place) -> None:
    place.publish(1)
    place.contracts(features={"max_age": "P3D"})
    assert "another definition of version 1" in _refused(lambda: place.publish(2))
    place.contracts(features={"max_age": "P3D", "version": 2})
    place.publish(2)
    said = _refused(place.learn)
    assert "have version 2, but the contract asks for version 1" in said
    place.contracts(features={"max_age": "P3D", "version": 2}, training={"features": 2})
    assert place.learn()["rows"] == 3


def test_without_the_store_nothing_is_published_and_the_task_is_retried(place: Place) -> None:
    place.publish(1)
    place.learn()
    with sqlite3.connect(place.folder / "harness.db") as store:
        store.execute("DROP TABLE harness_gate_checks")
    for work in (lambda: place.publish(2), place.learn):
        with pytest.raises(HarnessUnavailable):
            work()
    assert place.rows("learned", ("id", "score", "word")) == ordered(LEARNED)


def test_a_definition_that_was_refused_binds_nobody(place: Place) -> None:
    place.add("raw", VALUES, [value("1", "1", 11)])
    _refused(lambda: place.publish(1))
    place.target.run("DELETE FROM raw WHERE score = 11")
    place.contracts(features={"max_age": "P3D"})
    assert place.publish(1)["rows"] == 2


def test_what_is_served_is_what_a_training_set_of_the_same_moment_has(place: Place) -> None:
    place.contracts(features={"online": "public.online", "max_age": "P9000D"})
    for day in (4, 2, 3, 1):
        told = place.publish(day)
    assert told["online_rows"] == 2
    now, contract = datetime.now(UTC), str(place.folder / "scores.odcs.yaml")
    people = [{"who": "b"}, {"who": "nobody"}, {"who": "a"}, {"who": "b"}]
    served = get_online_features(contract, people, conn_id="wh", at=now)
    assert [one["score"] for one in served] == [5, None, 20, 5]
    assert served[2] == {
        "who": "a",
        "score": 20,
        "word": "w",
        "features_event_at": at("2"),
        "features_known_at": at("4"),
    }
    place.target.run("DELETE FROM requests")
    day = (now - at("1")).days + 1
    place.add("requests", REQUESTS, [request(n, now, one["who"]) for n, one in enumerate(people)])
    place.learn(day)
    learned = {row[0]: row[1:] for row in place.rows("learned", ("id", "score", "word"))}
    assert [learned[n] for n in range(4)] == [(one["score"], one["word"]) for one in served]
    assert get_online_features(contract, [], conn_id="wh") == []


def test_serving_knows_no_value_that_is_too_old_or_of_the_future(place: Place) -> None:
    place.contracts(features={"online": "public.online", "max_age": "P2D"})
    place.publish(1)
    contract, person = str(place.folder / "scores.odcs.yaml"), [{"who": "a"}]

    def score(when: datetime) -> Any:
        return get_online_features(contract, person, conn_id="wh", at=when, features=["score"])[0]["score"]

    tick = timedelta(microseconds=1)
    assert [score(when) for when in (at("1") - tick, at("1"), at("3"), at("3") + tick)] == [None, 10, 10, None]


def test_an_online_table_that_is_not_as_offline_is_found(place: Place) -> None:
    place.contracts(features={"online": "public.online"})
    place.publish(1)
    place.validate("scores", table="online")
    place.target.run("UPDATE online SET score = 1 WHERE who = 'a'")
    said = _refused(lambda: place.validate("scores", table="online"))
    assert "features:online_as_offline" in said
    assert "2" in said


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("bigint", (7, "7", 7.0, Decimal(7))),
        ("uuid", (UUID(int=7), str(UUID(int=7)), UUID(int=7).hex)),
        ("date", (date(2026, 1, 7), "2026-01-07")),
        ("text", ("'; DROP TABLE online; --",)),
        ("bytea", (b"\x00\xff",)),
    ],
)
def test_an_entity_is_found_however_its_value_is_written(place: Place, kind: str, asked: tuple[Any, ...]) -> None:
    place.contracts(features={"online": "public.online"})
    text = (place.folder / "scores.odcs.yaml").read_text()
    kinds = "name: who, logicalType: string, physicalType: "
    (place.folder / "scores.odcs.yaml").write_text(text.replace(f"{kinds}text", f"{kinds}{kind}"))
    place.target.run(f"CREATE TABLE online (who {kind}, since timestamptz, known timestamptz, score bigint, word text)")
    with psycopg.connect(place.target.dsn, autocommit=True) as connection:  # type: ignore[attr-defined]
        row = (asked[0], at("1"), at("1"), 3, "w")
        connection.execute("INSERT INTO online VALUES (%s, %s, %s, %s, %s)", row)
    contract = str(place.folder / "scores.odcs.yaml")
    served = get_online_features(contract, [{"who": one} for one in (*asked, None)], conn_id="wh")
    assert [one["score"] for one in served] == [*(3 for _ in asked), None]


def test_names_with_a_percent_sign_and_values_of_json_are_published_and_served(place: Place) -> None:
    place.contracts(features={"online": "public.online"})
    for name in ("scores", "learned"):
        text = (place.folder / f"{name}.odcs.yaml").read_text()
        kinds = "name: word, logicalType: string, physicalType: text"
        text = text.replace(kinds, "name: word, logicalType: object, physicalType: json").replace(
            "score,", "'%s%%score',"
        )
        (place.folder / f"{name}.odcs.yaml").write_text(text)
    from airflow_provider_harness.operators import FeatureTableOperator

    sql = 'SELECT who, since, known, score AS "%%s%%%%score", \'{"a": 1}\'::json AS word FROM raw WHERE known < %(slice_end)s AND known >= %(slice_start)s'
    run(place.task(FeatureTableOperator, "scores", sql=sql), _context(1))
    assert place.learn()["rows"] == 3
    assert place.rows("learned", ("id", '"%s%%score"')) == [(1, 10), (2, 5), (3, None)]
    [served] = get_online_features(str(place.folder / "scores.odcs.yaml"), [{"who": "a"}], conn_id="wh")
    assert (served["%s%%score"], served["word"]) == (10, {"a": 1})
    place.validate("scores", table="online")
    place.target.run('UPDATE scores SET "%s%%score" = 77')
    place.add("requests", REQUESTS, [request(4, at("3 10:00"), "b")])
    assert "2 published rows have other features now" in _refused(place.learn)


def test_a_version_without_an_end_is_served(place: Place) -> None:
    place.contracts(features={"online": "public.online", "scd2": True})
    place.target.run(
        "CREATE TABLE online AS SELECT who, timestamptz '2026-01-01' AS since, timestamptz '-infinity' AS known, ends::timestamptz AS ends, "
        "1::bigint AS score, 'w' AS word FROM (VALUES ('a', 'infinity'), ('b', '2026-02-01'), ('c', '20260-01-01')) AS v (who, ends)"
    )
    served = get_online_features(str(place.folder / "scores.odcs.yaml"), [{"who": who} for who in "abc"], conn_id="wh")
    assert [one["score"] for one in served] == [1, None, 1]
    assert served[0]["features_known_at"] == datetime.min.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"entities": [{"name": "a"}]}, "lack who"),
        ({"features": ["scroe"]}, "has no scroe"),
        ({"at": at("1").replace(tzinfo=None)}, "has no zone"),
        ({"at": "2026-01-01"}, "has no zone"),
        ({"features": "score"}, r"Give a list: \['score'\]"),
        ({"entities": {"who": "a"}}, "Give a list of mappings"),
        ({"entities": ["a"]}, "Give a list of mappings"),
        ({"entities": [{"who": ["a"]}]}, "Give one value"),
    ],
)
def test_what_is_asked_wrongly_of_serving_is_named(place: Place, given: dict[str, Any], said: str) -> None:
    place.contracts(features={"online": "public.online"})
    place.publish(1)
    arguments = {"entities": [{"who": "a"}], "conn_id": "wh", **given}
    with pytest.raises(ConfigurationError, match=said):
        get_online_features(str(place.folder / "scores.odcs.yaml"), **arguments)


def test_a_contract_without_a_definition_is_refused_with_what_to_add(place: Place) -> None:
    (place.folder / "scores.odcs.yaml").write_text((place.folder / "learned.odcs.yaml").read_text())
    assert "Add harness.features" in _refused(lambda: place.publish(1))
    assert "the contract has no harness.features" in _refused(place.learn)


def test_the_registry_has_what_was_published_and_which_model_took_which_version(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.publish(1)
    place.learn()
    place.contracts(features={"max_age": "P3D"})
    _refused(lambda: place.publish(2))
    assert [one.definition.max_age for one in registry()] == [0]  # what was refused is not registered
    place.contracts(features={"max_age": "P3D", "version": 2, "online": "public.online"})
    place.publish(2)
    old, new = registry()
    assert (old.table, old.definition.version, new.definition.version, new.takers) == ("public.scores", 1, 2, ())
    [taker] = old.takers
    assert (taker.table, taker.version, taker.model, taker.features) == ("public.learned", 1, "risk", ("score", "word"))
    capsys.readouterr()
    with pytest.raises(SystemExit) as done:
        features_show(SimpleNamespace(table="scores", output="json"))
    shown = json.loads(capsys.readouterr().out)
    assert done.value.code == 0
    assert [(row["version"], row["model"], row["max age s"]) for row in shown] == [(1, "risk", ""), (2, "", 259200)]
    with pytest.raises(SystemExit) as done:
        features_list(SimpleNamespace(output="table"))
    assert "public.scores" in capsys.readouterr().out


def test_a_row_of_the_registry_that_is_none_is_passed_over() -> None:
    bad = ["", "[]", "{}", '{"learning": 3, "file": ""}', '{"learning": {"features": {"version": 1}}, "file": "f"}']
    assert [read("t", "1", "2026", text) for text in bad] == [None] * len(bad)


@pytest.fixture
def in_bigquery(bigquery: BigQueryServer, home: Path, monkeypatch: pytest.MonkeyPatch, dag: Any) -> Iterator[Place]:
    bigquery.ensure_dataset(NAME)
    monkeypatch.setenv("AIRFLOW_CONN_BQ", bigquery.airflow_connection())
    made = Place(target=BigQueryTarget(server=bigquery, home=NAME), conn_id="bq", folder=home, dag=dag)
    made.fill()
    yield made
    bigquery.drop_dataset(NAME)


def test_bigquery_publishes_the_same(in_bigquery: Place) -> None:
    in_bigquery.contracts(training={"labels": True})
    in_bigquery.publish(1)
    assert in_bigquery.learn()["rows"] == 3
    assert in_bigquery.rows("learned", ("id", "score", "word")) == ordered(LEARNED)


@pytest.mark.slow
def test_bigquery_refuses_the_same(in_bigquery: Place) -> None:
    place = in_bigquery
    place.contracts(features={"online": f"{NAME}.online"}, training={"labels": True})
    place.publish(1)
    assert place.publish(4)["online_rows"] == 2
    assert place.rows("online", ("who", "score")) == [("a", 20), ("b", 5)]
    place.learn()
    assert place.learn()["before"] == 3
    place.target.run(f"UPDATE {NAME}.scores SET score = 77 WHERE who = 'a'")
    assert "1 published rows have other features now (id 1" in _refused(place.learn)
    place.add("requests", REQUESTS, [(9, "a", at("3 09:00"), 1, datetime.now(UTC) + timedelta(days=2))])
    assert "1 labels from the future (id 9" in _refused(place.learn)
    assert place.rows("learned", ("id", "score", "word")) == ordered(LEARNED)
