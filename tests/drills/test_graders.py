"""Each drill proves both directions on a real PostgreSQL: a good repair passes, the untouched world and each wrong act fail.

One world serves all: each drill's deeds are taken back with their transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from airflow_provider_harness.testing.fixtures import postgres
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.drills.drill import Drill, Family, Record
from tests.drills.families import DRILLS
from tests.drills.grade import grade, passed
from tests.drills.world import BUILD, World, rows

__all__ = ["postgres"]
DATABASE = "harness_drills_graders"
NAMES = [drill.name for drill in DRILLS]


class Rehearsal(World):
    """A world in one transaction: what stands in the way of the Dag (locks, outages, processes) is left out."""

    connection: psycopg.Connection[tuple[Any, ...]]

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        return rows(self.connection, self.text(text))

    def hold(self, statement: str, role: str = "") -> None:
        """No second session."""

    def pause(self, seconds: float) -> None:
        """No time goes by."""

    def deploy(self, dag: str) -> None:
        """No Airflow."""


@pytest.fixture(scope="module")
def connection(postgres: PostgresServer) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    postgres.drop_database(DATABASE)
    postgres.ensure_database(DATABASE)
    with psycopg.connect(postgres.url(DATABASE)) as opened:
        rows(opened, BUILD.replace("<name>", "rehearsal"))
        yield opened
        opened.rollback()
    postgres.drop_database(DATABASE)


@pytest.fixture(params=DRILLS, ids=NAMES)
def world(
    request: pytest.FixtureRequest,
    postgres: PostgresServer,
    connection: psycopg.Connection[tuple[Any, ...]],
    tmp_path: Path,
) -> Iterator[Rehearsal]:
    built = Rehearsal(request.param, postgres, tmp_path, tmp_path, "rehearsal")
    built.connection = connection
    with connection.transaction(force_rollback=True):
        built.furnish()
        yield built


def repaired(world: World) -> Record:
    """Break the world, and repair it as a good engineer would."""
    drill = world.drill
    drill.break_it(world)
    drill.passes(world)
    drill.mend(world)
    world.publish()
    return drill.good()


def test_a_good_repair_passes_and_nothing_else(world: Rehearsal) -> None:
    drill = world.drill
    assert drill.wrong, "name plausible wrong acts first"
    with world.connection.transaction(force_rollback=True):
        drill.break_it(world)
        untouched = Record(state="failed" if drill.fails else "success")
        if drill.family is Family.QUIET and not drill.fails:
            world.publish()
        assert passed(grade(world, untouched)) == drill.idle, "the untouched world"
    for wrong in (None, *drill.wrong):
        with world.connection.transaction(force_rollback=True):
            record = repaired(world)
            found = grade(world, record if wrong is None else wrong.do(world, record))
            if wrong is None:
                assert passed(found), [fact for fact in found if not fact.holds]
            else:
                assert not passed(found), f"passes: {wrong.what}"


def test_drills_are_named_once_and_say_what_they_must(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    reserved = rows(connection, "SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')")
    assert len(set(NAMES)) == len(NAMES)
    assert not {word for (word,) in reserved} & set(NAMES)
    for drill in DRILLS:
        _complete(drill)


def _complete(drill: Drill) -> None:
    assert drill.name.isalpha() and drill.name.islower(), drill.name
    assert drill.story.endswith("."), drill.name
    assert drill.seconds > 0
    assert ("contracts/<name>" in drill.dag) == bool(drill.contract), drill.name
    compile(drill.dag.replace("<retries>", "0"), drill.name, "exec")
